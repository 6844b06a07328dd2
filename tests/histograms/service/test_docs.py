"""What docs/service.md shows runs as it stands there, coffea's processor included."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from hepnb.frames import FrameReader, encode
from hepnb.histograms.service.protocol import PROTOCOL

from .conftest import PROJECT, Service

PAGE = PROJECT / "docs" / "service.md"

DRIVER = """
from coffea.nanoevents import NanoAODSchema
NanoAODSchema.error_missing_event_ids = NanoAODSchema.warn_missing_crossrefs = False
run = processor.Runner(
    executor=processor.IterativeExecutor(status=False), schema=NanoAODSchema, chunksize=30_000
)
before = h.snapshot().sum(flow=True).value
for _ in range(2):  # again: nothing changes
    found = run({"dimuon": {"files": {FILE: "Events"}}}, MuonPt(h))
    assert found["events"] == 100_000
    after = h.snapshot().sum(flow=True).value
    print("muons", after - before)
"""


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_example_runs(make_service: Callable[..., Service], tmp_path: Path) -> None:
    service = make_service(name="hists")
    run(blocks()[0], tmp_path)
    assert service.sum("pt") == 1.9


@pytest.mark.slow
@pytest.mark.skipif(find_spec("coffea") is None, reason="needs coffea: pip install 'hepnb[coffea]'")
def test_the_processor_runs_in_coffea(
    make_service: Callable[..., Service], tmp_path: Path, dimuon_file: Path
) -> None:
    make_service(name="hists")
    said = run("\n".join([*blocks(), f"FILE = {str(dimuon_file)!r}", DRIVER]), tmp_path)
    first, second = (float(n) for n in re.findall(r"muons (\S+)", said))
    assert first == second > 200_000


def test_the_table_names_every_request(service: Service) -> None:
    """Each message of the protocol's table is answered as the table says."""
    rows = re.findall(
        r"^\| `\{\"k\": \"(\w+)\".*?\| `\{\"k\": \"(\w+)\"", PAGE.read_text(), re.MULTILINE
    )
    assert [k for k, _ in rows] == ["hello", "open", "add", "has", "state", "hist"]
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(20)
        line.connect(service.address.removeprefix("unix:"))
        line.sendall(encode({"k": "hello", "protocol": PROTOCOL}))
        (welcome,) = FrameReader().feed(line.recv(1 << 16))
        assert welcome[0]["k"] == dict(rows)["hello"]
        line.sendall(encode({"k": "state", "n": 4}))
        (state,) = FrameReader().feed(line.recv(1 << 16))
        assert state[0] == {
            "k": dict(rows)["state"],
            "n": 4,
            "value": {"names": [], "committed": 0, "folded": 0},
        }
