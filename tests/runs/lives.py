"""What the tests of runs that die and go on share: a path that takes a while, and what it gave."""

from __future__ import annotations

import time

import hepnb as hn

CHUNK = 23
CHUNKS = 18 + 14
"""Of 400 and 300 events."""


def slow_path(seconds: float = 0.02) -> hn.Path:
    """The path of `undisturbed`, slower."""
    path = hn.Path("pt")

    @path.define
    def slow(w):
        time.sleep(seconds)
        return w

    path.weight("w", "slow")
    path.select("some", "count(Muon) >= 1")
    path.hist("pt", pt="Muon.pt: 20, 0, 100", storage="Weight")
    path.hist("n", n="count(Muon): 5, -0.5, 4.5", storage="Weight")
    return path


def reach(run, chunks: int) -> None:
    """Wait until so many chunks are committed, while the run goes on."""
    deadline = time.monotonic() + 60
    while run.progress["chunks"] < chunks:
        assert run.status in ("starting", "running", "paused")
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_lost(run) -> None:
    """Wait until a run has ended, as lost."""
    assert run._client.wait(60)
    assert run.status == "lost", run


def exported(run, tmp_path) -> dict[str, bytes]:
    out = {}
    for name in run.histograms:
        run.hist(name).export(tmp_path / f"{name}.h5")
        out[name] = (tmp_path / f"{name}.h5").read_bytes()
        (tmp_path / f"{name}.h5").unlink()
    return out


def counted(run):
    """All that a run tells of what it counted, but for times and rates."""
    snapshot = run.snapshot()
    timeless = ("events", "events_total", "events_lost", "chunks", "chunks_total", "bytes", "files")
    return {
        "progress": {name: snapshot["progress"][name] for name in timeless},
        "statistics": [(row["module"], row["calls"], row["events"]) for row in run.statistics],
        "files": [
            (row["file"], row["status"], row["events"], row["events_done"], row["reason"])
            for row in run.files
        ],
        **{name: snapshot[name] for name in ("cutflow", "collections", "overlaps", "schema")},
    }
