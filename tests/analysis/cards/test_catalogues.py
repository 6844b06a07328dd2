"""`dbs:` and `rucio:` against a server on loopback that answers as their documentation says.

The real services have never been asked from here. DBS's server demands TLS with a certificate of the
client's, as the grid does; Rucio is asked by its own client.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import hepnb as hn
from hepnb.analysis.cards import sources
from hepnb.errors import CardError

PROJECT = Path(__file__).resolve().parents[3]
TT = "/TT_TuneCP5/RunIISummer20UL18NanoAODv9-v1/NANOAODSIM"
PROXY = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
    "-keyout key.pem -out cert.pem"
)


@dataclass
class Catalogue:
    """A server of both kinds: `answer` (status, headers, body) is what it says, `asked` what it heard."""

    address: str = ""
    answer: tuple[int, dict[str, str], bytes] = (200, {}, b"[]")
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def says(self, value: object, status: int = 200, **headers: str) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.answer = (status, {"Content-Type": "application/json", **headers}, body)

    def has(self, *replicas: dict[str, object]) -> None:
        """Answer as Rucio does: one JSON object a line."""
        body = "".join(f"{json.dumps(row)}\n" for row in replicas).encode()
        self.answer = (200, {"Content-Type": "application/x-json-stream"}, body)


def handler_for(catalogue: Catalogue) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/auth/userpass":
                known = self.headers["X-Rucio-Password"] == "secret"
                headers = {
                    "X-Rucio-Auth-Token": "token",
                    "X-Rucio-Auth-Token-Expires": "Fri, 01 Jan 2100 00:00:00 UTC",
                }
                told = {"ExceptionClass": "CannotAuthenticate", "ExceptionMessage": "who are you"}
                self.reply(200 if known else 401, headers if known else told, b"")
                return
            asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            catalogue.asked.append((urlsplit(self.path).path, dict(asked)))
            self.reply(*catalogue.answer)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            catalogue.asked.append((self.path, body))
            self.reply(*catalogue.answer)

        def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            if int(headers.get("Content-Length", 0)) > len(body):
                catalogue.go_on.wait(60)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """hepnb's own plug-ins as an installation of this checkout has them, and an empty cache."""
    points = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["entry-points"]
    info = tmp_path / "site" / f"hepnb-{hn.__version__}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: hepnb\nVersion: {hn.__version__}\n"
    )
    lines = [f"{name} = {value}" for name, value in points[sources.GROUP].items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{sources.GROUP}]", *lines, ""]))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(sources, "_registered", {})
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("HEPNB_OFFLINE", "HEPNB_XROOTD", "HEPNB_RSE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "localhost,127.0.0.1")


def served(catalogue: Catalogue, context: ssl.SSLContext | None = None) -> Iterator[Catalogue]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_for(catalogue)) as server:
        server.daemon_threads = True
        port = server.server_address[1]
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.handle_error = lambda *_: None  # type: ignore[method-assign]
        catalogue.address = f"http{'s' if context else ''}://localhost:{port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield catalogue
        catalogue.go_on.set()
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and a certificate that is its own authority, as one file `proxy` too."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("grid")
    subprocess.run(PROXY.split(), cwd=folder, check=True, capture_output=True)
    (folder / "proxy").write_bytes(
        (folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes()
    )
    command = ["openssl", "x509", "-in", "cert.pem", "-noout", "-hash"]
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    (folder / "authorities").mkdir()
    shutil.copy(folder / "cert.pem", folder / "authorities" / f"{said.stdout.strip()}.0")
    return folder


@pytest.fixture
def dbs(grid: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogue]:
    """DBS behind TLS that lets in who shows the proxy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(grid / "cert.pem", grid / "key.pem")
    context.load_verify_locations(grid / "cert.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    for catalogue in served(Catalogue(), context):
        reader = f"{catalogue.address}/dbs/prod/{{instance}}/DBSReader"
        monkeypatch.setenv("HEPNB_DBS", reader)
        monkeypatch.setenv("X509_USER_PROXY", str(grid / "proxy"))
        monkeypatch.setenv("X509_CERT_DIR", str(grid / "authorities"))
        yield catalogue


@pytest.fixture
def rucio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogue]:
    """Rucio's client, and a server that it is configured for."""
    pytest.importorskip(
        "rucio.client", reason="Rucio's client is not installed: pip install 'hepnb[rucio]'"
    )
    for catalogue in served(Catalogue()):
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc" / "rucio.cfg").write_text(
            f"[client]\nrucio_host = {catalogue.address}\nauth_host = {catalogue.address}\n"
            "auth_type = userpass\nusername = me\npassword = secret\naccount = me\n"
            f"auth_token_file_path = {tmp_path}/token/of_me\nrequest_retries = 0\n"
        )
        monkeypatch.setenv("RUCIO_HOME", str(tmp_path))
        # Rucio reads its configuration once in the life of a process.
        from rucio.common import config

        config.clean_cached_config()
        yield catalogue
        config.clean_cached_config()


def files(source: str, **options: object) -> list[str]:
    text = f"hepnb: 1\ndatasets:\n  a: {{files: '{source}'}}\n"
    card = hn.Card(text.encode(), "card.yaml", **options)  # type: ignore[arg-type]
    return list(card.datasets[0].files)


def test_dbs_lists_the_valid_files_of_a_dataset(
    dbs: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    dbs.says([{"logical_file_name": f"/store/mc/{n}.root"} for n in (2, 1)])
    found = [f"root://cms-xrd-global.cern.ch//store/mc/{n}.root" for n in (1, 2)]
    assert files(f"dbs:{TT}") == found
    path, asked = dbs.asked[0]
    assert path == "/dbs/prod/global/DBSReader/files"
    assert asked == {"dataset": TT, "validFileOnly": "1"}
    assert files(f"dbs:{TT}") == found  # once asked, it works offline
    assert len(dbs.asked) == 1
    monkeypatch.setenv("HEPNB_XROOTD", "root://cache.example.org:1094/")
    assert files(f"dbs:{TT}")[0] == "root://cache.example.org:1094//store/mc/1.root"
    files("dbs:/TT/me-mine-v1/USER")
    assert [path for path, _ in dbs.asked[1:]] == [
        "/dbs/prod/global/DBSReader/files",
        "/dbs/prod/phys03/DBSReader/files",
    ]


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        ([], 200, r"DBS \(global\) has no valid file of it"),
        (
            [{"message": "DBSError Code:118\n bad", "http": {}}],
            400,
            "400 .*: DBSError Code:118 bad",
        ),
        ([{"message": "DBSError Code:118"}], 200, "something else than files: DBSError Code:118"),
        ("maintenance", 200, "something else than files: maintenance"),
        (b'[{"logical_file_name": "/store', 200, "something else than JSON"),
        (b"<html>no</html>", 403, r"refuses the grid proxy \(403\): voms-proxy-init --voms cms"),
        (b"<html>busy</html>", 503, "503 .*: <html>busy"),
    ],
)
def test_what_dbs_refuses_is_told(dbs: Catalogue, value: object, status: int, reason: str) -> None:
    dbs.says(value, status)
    with pytest.raises(
        CardError, match=rf"^card\.yaml:3:14: source dbs:/TT\S+: .*{reason}"
    ) as told:
        files(f"dbs:{TT}")
    assert "\n" not in str(told.value)


def test_dbs_wants_a_name_and_a_proxy(
    dbs: Catalogue, grid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CardError, match="no dataset of DBS: write /PRIMARY/PROCESSED/TIER"):
        files("dbs:/TT/*/NANOAODSIM")
    monkeypatch.setenv("X509_USER_PROXY", str(tmp_path / "none"))
    with pytest.raises(CardError, match=r"no grid proxy at .*none: voms-proxy-init --voms cms"):
        files(f"dbs:{TT}")
    monkeypatch.setenv("X509_USER_PROXY", str(grid / "cert.pem"))  # a key is missing
    with pytest.raises(CardError, match=r"cert\.pem is no grid proxy"):
        files(f"dbs:{TT}")
    monkeypatch.setenv("X509_USER_PROXY", str(grid / "proxy"))
    monkeypatch.setenv("X509_CERT_DIR", str(tmp_path))  # nobody vouches for the server
    with pytest.raises(CardError, match=r"does not answer .*CERTIFICATE_VERIFY_FAILED"):
        files(f"dbs:{TT}")
    monkeypatch.setenv("HEPNB_DBS", "http://localhost:1/{instance}")
    with pytest.raises(CardError, match=r"localhost:1/global does not answer .*ConnectionRefused"):
        files(f"dbs:{TT}")
    assert dbs.asked == []


def test_dbs_is_not_waited_for_without_end(dbs: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    from hepnb.analysis.cards import dbs as plug_in

    dbs.says(b"[", **{"Content-Length": "1000"})  # and then nothing more, the line stays open
    monkeypatch.setattr(plug_in, "PATIENCE", 0.2)
    with pytest.raises(CardError, match=r"does not answer .*timed out"):
        files(f"dbs:{TT}")


def replica(name: str, **places: tuple[str, int]) -> dict[str, object]:
    """A row as Rucio has it: `places` is the site, and its kind and priority."""
    pfns = {
        f"root://{site}.example.org:1094//data/{name}": {
            "rse": site,
            "type": kind,
            "domain": "wan",
            "priority": priority,
            "volatile": False,
            "client_extract": False,
        }
        for site, (kind, priority) in places.items()
    }
    rses = {facts["rse"]: [address] for address, facts in pfns.items()}
    return {"scope": "mc", "name": name, "bytes": 1, "rses": rses, "pfns": pfns}


def test_rucio_tells_the_best_replica_of_each_file(
    rucio: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    rucio.has(
        replica("b.root", far=("DISK", 2), near=("DISK", 1), vault=("TAPE", 3)),
        replica("a.root", far=("DISK", 1)),
    )
    monkeypatch.setenv("HEPNB_RSE", "tier=2&type=DATADISK")
    assert files("rucio:mc:tt.root") == [
        "root://far.example.org:1094//data/a.root",
        "root://near.example.org:1094//data/b.root",
    ]
    path, asked = rucio.asked[0]
    assert path == "/replicas/list"
    assert asked["dids"] == [{"scope": "mc", "name": "tt.root"}]
    assert asked["schemes"] == ["root", "https"]
    assert asked["rse_expression"] == "tier=2&type=DATADISK"
    assert asked["ignore_availability"] is False


def test_files_of_one_name_in_two_scopes_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    from hepnb.analysis.cards import rucio as plug_in

    rows = [replica("a.root", far=("DISK", 1)), replica("a.root", near=("DISK", 1))]
    rows[1]["scope"] = "user.me"
    monkeypatch.setattr(plug_in, "_replicas", lambda *_: rows)
    assert plug_in.files_of("mc:both") == [
        "root://far.example.org:1094//data/a.root",
        "root://near.example.org:1094//data/a.root",
    ]


def test_rucio_leaves_no_file_out(rucio: Catalogue) -> None:
    rucio.has(replica("a.root", far=("DISK", 1)), replica("b.root", vault=("TAPE", 1)))
    with pytest.raises(CardError, match=r"1 of 2 files, such as b\.root, have no replica on disk"):
        files("rucio:mc:tt")
    rucio.has()
    with pytest.raises(CardError, match="Rucio knows no file of it"):
        files("rucio:mc:tt")
    with pytest.raises(CardError, match="has no scope: write rucio:SCOPE:NAME"):
        files("rucio:tt")


def test_what_rucio_refuses_is_told(rucio: Catalogue, tmp_path: Path) -> None:
    told = {"ExceptionClass": "DataIdentifierNotFound", "ExceptionMessage": "no mc:tt"}
    rucio.says({}, 404, **told)
    with pytest.raises(CardError, match=r"DataIdentifierNotFound: .*no mc:tt; RUCIO_HOME") as said:
        files("rucio:mc:tt")
    assert "\n" not in str(said.value)
    rucio.says(b'{"name": 3}\n', **{"Content-Type": "application/x-json-stream"})
    with pytest.raises(CardError, match="something else than replicas"):
        files("rucio:mc:tt")


def test_rucio_asks_who_one_is(
    rucio: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rucio.common import config

    written = tmp_path / "etc" / "rucio.cfg"
    written.write_text(written.read_text().replace("secret", "wrong"))
    config.clean_cached_config()
    with pytest.raises(CardError, match=r"CannotAuthenticate: .*who are you; RUCIO_HOME must have"):
        files("rucio:mc:tt")
    written.unlink()
    config.clean_cached_config()
    with pytest.raises(CardError, match=r"ConfigNotFound: .*; RUCIO_HOME must have") as told:
        files("rucio:mc:tt")
    assert "\n" not in str(told.value)
    monkeypatch.setitem(sys.modules, "rucio.client.replicaclient", None)
    with pytest.raises(CardError, match=r"source rucio:mc:tt: .*pip install 'hepnb\[rucio\]'"):
        files("rucio:mc:tt")
    assert rucio.asked == []


def test_an_old_answer_is_used_and_its_date_said(
    dbs: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dbs.says([{"logical_file_name": "/store/a.root"}])
    first = files(f"dbs:{TT}")
    (kept,) = (tmp_path / "cache" / "sources").iterdir()
    answer = json.loads(kept.read_text())
    kept.write_text(json.dumps(answer | {"asked": "2026-01-31T12:00:00+00:00"}))
    with pytest.warns(UserWarning, match=r"the 1 files of 2026-01-31; --refresh .* asks again"):
        assert files(f"dbs:{TT}") == first
    instead = "without --refresh the 1 files of 2026-01-31 are taken"
    dbs.says({}, 500)
    with pytest.raises(CardError, match=f"500 .*; {instead}"):
        files(f"dbs:{TT}", refresh=True)
    monkeypatch.setenv("HEPNB_OFFLINE", "1")
    with pytest.raises(CardError, match=f"HEPNB_OFFLINE is set; {instead}"):
        files(f"dbs:{TT}", refresh=True)
    dbs.says([{"logical_file_name": "/store/b.root"}])
    monkeypatch.delenv("HEPNB_OFFLINE")
    assert files(f"dbs:{TT}", refresh=True) != first
    files(f"dbs:{TT}")  # fresh again: nothing is said


def test_a_plug_in_of_the_users_comes_before_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "more" / "mine-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hepnb.sources]\ndbs = mine_dbs:ask\n")
    (tmp_path / "more" / "mine_dbs.py").write_text(
        "def ask(name):\n    return [f'https://example.org{name}.root']\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "more")])
    assert files(f"dbs:{TT}") == [f"https://example.org{TT}.root"]
