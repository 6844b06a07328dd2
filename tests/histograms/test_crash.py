"""kill -9 of a real writer at random moments: every acknowledged contribution counts once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hepnb.histograms import Store, StoreWriter

TRIALS = 100 if os.environ.get("HEPNB_SOAK") else 15
KILLS = 3
CHUNKS = 300
LATEST = 0.12  # seconds: about as long as a writer needs for all of it

NURSERY = """
import os, sys, threading
sys.path.insert(0, sys.argv[1])
from conftest import SIGNATURES, chunk
from hepnb.histograms import StoreWriter
records = [chunk(n) for n in range(int(sys.argv[2]))]
print("ready", flush=True)

def fill(directory):
    if os.path.exists(directory + "/manifest"):
        writer = StoreWriter.open(directory)
    else:
        writer = StoreWriter.create(directory, SIGNATURES)
    def folding():
        while True:
            writer.fold()
    threading.Thread(target=folding, daemon=True).start()
    for n in range(len(records)):
        order = n ^ 1  # neighbours swapped: folds meet gaps
        if not writer.contributed(f"chunk-{order}"):
            writer.append(records[order])
            os.write(1, f"{order}\\n".encode())
    os.write(1, b"all\\n")
    writer.seal()

for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        fill(line.rstrip())
        os._exit(0)
    print(pid, flush=True)
    next(sys.stdin)  # until then its id is nobody else's
    os.waitpid(pid, 0)
    print("ended", flush=True)
"""


@pytest.fixture
def nursery() -> Iterator[subprocess.Popen[str]]:
    """A process that makes writers: one for each directory that it is told."""
    here = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-c", NURSERY, str(here), str(CHUNKS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(here.parents[1])},
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


def run_and_kill(nursery: subprocess.Popen[str], directory: Path, after: float) -> set[int]:
    """Let a writer fill, kill it `after` seconds from its first acknowledgement; what it told."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{directory}\n")
    nursery.stdin.flush()
    pid = int(nursery.stdout.readline())
    told = [nursery.stdout.readline()]
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    nursery.stdin.write("killed\n")
    nursery.stdin.flush()
    while told[-1] != "ended\n":
        told.append(nursery.stdout.readline())
    return {int(line) for line in told if line.strip().isdigit()}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kill_9(
    tmp_path: Path,
    nursery: subprocess.Popen[str],
    record: Callable[[int], bytes],
    bits_of: Callable[[Store], list[bytes]],
) -> None:
    rng = random.Random(0)
    records = [record(n) for n in range(CHUNKS)]
    killed = 0
    for trial in range(TRIALS):
        directory = tmp_path / f"{trial}"
        acknowledged: set[int] = set()
        for _ in range(KILLS):
            acknowledged |= run_and_kill(nursery, directory, rng.uniform(0, LATEST))
            store = Store.open(directory)
            there = [e.order for e in store.ledger()]
            assert len(there) == len(set(there)) == store.committed
            assert acknowledged <= set(there)
            assert len(there) <= len(acknowledged) + KILLS  # appended, killed before it was told
            seen = bits_of(store)
            killed += not store.sealed
        with StoreWriter.create(tmp_path / f"{trial}-again", store.signatures) as again:
            for n in there:
                assert n is not None
                again.append(records[n])
            assert bits_of(Store.open(again.directory)) == seen
        with StoreWriter.open(directory) as writer:
            assert writer.orders() == set(there)
            writer.fold()
            assert bits_of(Store.open(directory)) == seen
    print(f"{TRIALS} trials, {killed} of {TRIALS * KILLS} kills met a store that was being filled")
    assert killed
