"""kill -9 of a real writer at random moments: every acknowledged contribution counts once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hepnb.histograms import Store, StoreWriter

TRIALS = 100 if os.environ.get("HEPNB_SOAK") else 15
KILLS = 3
CHUNKS = 300

WRITER = """
import sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from conftest import SIGNATURES, chunk
from hepnb.histograms import StoreWriter
directory = Path(sys.argv[1])
if (directory / "manifest").exists():
    writer = StoreWriter.open(directory)
else:
    writer = StoreWriter.create(directory, SIGNATURES)
def folding():
    while True:
        writer.fold()
threading.Thread(target=folding, daemon=True).start()
for n in range(int(sys.argv[3])):
    order = n ^ 1  # neighbours swapped: folds meet gaps
    if not writer.contributed(f"chunk-{order}"):
        writer.append(chunk(order))
        sys.stdout.write(f"{order}\\n")
        sys.stdout.flush()
writer.seal()
"""


def run_and_kill(directory: Path, log: Path, after: float) -> None:
    """Let a writer fill, and kill it `after` seconds from its first acknowledgement."""
    with log.open("ab") as out:
        start = out.tell()
        here = str(Path(__file__).parent)
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(directory), here, str(CHUNKS)],
            stdout=out,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        while log.stat().st_size == start and process.poll() is None:
            time.sleep(0.005)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kill_9(
    tmp_path: Path, record: Callable[[int], bytes], bits_of: Callable[[Store], list[bytes]]
) -> None:
    rng = random.Random(0)
    for trial in range(TRIALS):
        directory, log = tmp_path / f"{trial}", tmp_path / f"{trial}.log"
        log.touch()
        for _ in range(KILLS):
            run_and_kill(directory, log, rng.uniform(0, 0.25))
            acknowledged = {int(n) for n in log.read_text().split("\n")[:-1]}
            store = Store.open(directory)
            there = [e.order for e in store.ledger()]
            assert len(there) == len(set(there)) == store.committed
            assert acknowledged <= set(there)
            assert len(there) <= len(acknowledged) + KILLS  # appended, killed before it was told
            seen = bits_of(store)
        with StoreWriter.create(tmp_path / f"{trial}-again", store.signatures) as again:
            for n in there:
                assert n is not None
                again.append(record(n))
            assert bits_of(Store.open(again.directory)) == seen
        with StoreWriter.open(directory) as writer:
            assert writer.orders() == set(there)
            writer.fold()
            assert bits_of(Store.open(directory)) == seen
