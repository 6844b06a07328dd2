"""10k events into a block of a million bins, from `fill` to acknowledged, against histserv.

Both servers run in processes of their own on this machine. A contribution to hepnb's is durable
when it is acknowledged (fdatasync); histserv keeps its histograms in memory.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import hist
import numpy as np

from .table import interleaved, show

__all__ = ["main"]

_BINS, _EVENTS, _FILLS = 1_000_000, 10_000, 5
Array = np.ndarray[tuple[int], np.dtype[np.float64]]
Case = Callable[[], float]


def main(repeats: int = 7) -> None:
    """Print the time of one acknowledged fill for each server."""
    axis = hist.axis.Regular(_BINS, 0, 1, name="x")
    rng = np.random.default_rng(1)
    x, weight = rng.random(_EVENTS), rng.normal(1, 0.1, _EVENTS)
    with _ours(axis, x, weight) as ours:
        if find_spec("histserv") is None:
            print("\nhistserv is not installed, so it is not compared: pip install histserv==0.2.1")
            show(_title(), interleaved(ours, repeats), next(iter(ours)))
            return
        with _theirs(axis, x, weight) as theirs:
            found = interleaved({**theirs, **ours}, repeats)
        for peer in theirs:
            show(_title(), found, peer, "at most 0.050")


def _title() -> str:
    return f"{_EVENTS:,} events into {_BINS:,} bins of Weight, acknowledged, per fill"


def _timed(fill: Callable[[], object]) -> Case:
    fill()  # the connection and the first block

    def case() -> float:
        began = time.perf_counter()
        for _ in range(_FILLS):
            fill()
        return (time.perf_counter() - began) / _FILLS

    return case


@contextmanager
def _ours(axis: hist.axis.Regular, x: Array, weight: Array) -> Iterator[dict[str, Case]]:
    import hepnb as hn

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hepnb", "hist", "serve", "--json", "--store", folder]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert server.stdout is not None
        try:
            address = json.loads(server.stdout.readline())["address"]
            with hn.RemoteHist(address, "h", axis, storage="Weight") as h:

                def fill() -> None:
                    h.fill(x=x, weight=weight)
                    h.flush()

                yield {"hepnb, durable": _timed(fill)}
                sent = h.snapshot().sum().value
            with hn.H5Hist.open(Path(folder), "h") as stored:
                assert np.isclose(stored.sum().value, sent, rtol=1e-12)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
            server.stdout.close()


# histserv's own server listens on all interfaces; this is the same one on the loopback.
_HISTSERV = """
import asyncio
import grpc
from histserv.protos.hist_pb2_grpc import add_HistogrammerServiceServicer_to_server as add
from histserv.service import Histogrammer

async def main():
    limits = [("grpc.max_receive_message_length", 1 << 29), ("grpc.max_send_message_length", -1)]
    server = grpc.aio.server(options=limits)
    add(Histogrammer(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()

asyncio.run(main())
"""


@contextmanager
def _theirs(axis: hist.axis.Regular, x: Array, weight: Array) -> Iterator[dict[str, Case]]:
    from histserv import Client

    command = [sys.executable, "-c", _HISTSERV]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert server.stdout is not None
    try:
        with Client(address=f"127.0.0.1:{int(server.stdout.readline())}") as client:
            remote = client.init(hist.Hist(axis, storage="Weight"))

            def fill(codec: str | None) -> Case:
                return _timed(lambda: remote.fill(x=x, weight=weight, compression=codec))

            yield {f"histserv, {codec or 'no codec'}": fill(codec) for codec in (None, "lz4")}
    finally:
        server.terminate()
        server.wait(60)
        server.stdout.close()


if __name__ == "__main__":
    main()
