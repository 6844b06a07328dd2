"""A real file server on loopback that counts requests and can misbehave on demand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass
class FileServer:
    """Serves `files` (path -> bytes); a path in `broken` is cut in half while it is sent."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    sent: int = 0
    requests: int = 0


def handler_for(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            server.requests += 1
            data = server.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            size, span = len(data), self.headers.get("Range")
            if span and "," not in span:
                start, _, stop = span.removeprefix("bytes=").partition("-")
                data = data[int(start) : int(stop or size - 1) + 1]
                self.send_response(206)
                last = int(start) + len(data) - 1
                self.send_header("Content-Range", f"bytes {start}-{last}/{size}")
            else:
                self.send_response(200)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if body:
                data = data[: len(data) // 2] if self.path in server.broken else data
                server.sent += len(data)
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def file_server() -> Iterator[FileServer]:
    server = FileServer()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_for(server)) as httpd:
        httpd.daemon_threads = True
        server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield server
        httpd.shutdown()
        thread.join()


@pytest.fixture
def clean_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no data folder, downloads allowed."""
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("HEPNB_DATA_DIR", raising=False)
    monkeypatch.delenv("HEPNB_OFFLINE", raising=False)
    return tmp_path / "cache"
