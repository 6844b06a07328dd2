"""Downloads over real HTTP: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import awkward as ak
import pytest
import uproot

from hepnb.errors import DataError
from hepnb.samples import Excerpt, Source, toy_dimuon
from hepnb.samples.checksums import content
from hepnb.samples.download import fetch

if TYPE_CHECKING:
    from .conftest import FileServer

PAYLOAD = bytes(range(256)) * 8_000


def plain(server: FileServer, payload: bytes = PAYLOAD) -> Source:
    server.files["/x.bin"] = payload
    return Source("x.bin", len(PAYLOAD), hashlib.sha256(PAYLOAD).hexdigest(), f"{server.url}/x.bin")


def test_a_download_is_what_was_meant(file_server: FileServer, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    target = tmp_path / "deep" / "x.bin"
    fetch(plain(file_server), target, "Events", lambda *step: seen.append(step))
    assert target.read_bytes() == PAYLOAD
    assert seen == sorted(seen)
    assert seen[-1] == (len(PAYLOAD), len(PAYLOAD))


def test_wrong_bytes_are_refused_and_not_kept(file_server: FileServer, tmp_path: Path) -> None:
    source = plain(file_server, payload=PAYLOAD[::-1])
    with pytest.raises(DataError, match="is not the file that was meant"):
        fetch(source, tmp_path / "x.bin", "Events")
    assert list(tmp_path.iterdir()) == []


def test_half_a_file_is_refused_and_not_kept(file_server: FileServer, tmp_path: Path) -> None:
    source = plain(file_server)
    file_server.broken.add("/x.bin")
    with pytest.raises(DataError, match=r"ended after \d+ of \d+ bytes"):
        fetch(source, tmp_path / "x.bin", "Events")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_one_line(file_server: FileServer, tmp_path: Path) -> None:
    source = plain(file_server)
    file_server.files.clear()
    with pytest.raises(DataError, match=r"could not be downloaded: 404 Not Found") as caught:
        fetch(source, tmp_path / "x.bin", "Events")
    assert "\n" not in str(caught.value)


def test_nobody_listening_is_found_out_at_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        source = Source("x", 1, "", f"http://127.0.0.1:{free.getsockname()[1]}/x")
    start = time.monotonic()
    with pytest.raises(DataError, match="could not be downloaded"):
        fetch(source, tmp_path / "x.bin", "Events")
    assert time.monotonic() - start < 5


def test_a_silent_server_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hepnb.samples.download.PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        with pytest.raises(DataError, match="timed out"):
            fetch(Source("x", 1, "", address), tmp_path / "x.bin", "Events")
    assert list(tmp_path.iterdir()) == []


def test_many_at_once_make_one_good_file(file_server: FileServer, tmp_path: Path) -> None:
    source, target = plain(file_server), tmp_path / "x.bin"
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(fetch, source, target, "Events") for _ in range(8)]:
            assert done.result() == target
    assert target.read_bytes() == PAYLOAD
    assert list(tmp_path.iterdir()) == [target]


@pytest.fixture
def large(file_server: FileServer, tmp_path: Path) -> Path:
    """A file of 900 000 events, served; only its beginning is wanted."""
    file = toy_dimuon(tmp_path / "large.root", events=900_000, seed=3)
    file_server.files["/large.root"] = file.read_bytes()
    return file


def test_an_excerpt_is_cut_from_the_beginning(
    file_server: FileServer, large: Path, tmp_path: Path
) -> None:
    small = toy_dimuon(tmp_path / "small.root", events=200_000, seed=3)
    excerpt = Excerpt(f"{file_server.url}/large.root", 200_000, content(small, "Events"))
    source = Source("cut.root", small.stat().st_size, "", excerpt)
    target = fetch(source, tmp_path / "cut.root", "Events")
    cut, first = (uproot.open(file)["Events"].arrays() for file in (target, small))
    assert ak.array_equal(cut, first)
    assert file_server.sent < 0.5 * large.stat().st_size


def test_an_excerpt_with_other_events_is_refused(
    file_server: FileServer, large: Path, tmp_path: Path
) -> None:
    source = Source("cut.root", 1, "", Excerpt(f"{file_server.url}/{large.name}", 1_000, "00"))
    with pytest.raises(DataError, match="does not begin with the events that were meant"):
        fetch(source, tmp_path / "cut.root", "Events")
    assert list(tmp_path.iterdir()) == [large]
