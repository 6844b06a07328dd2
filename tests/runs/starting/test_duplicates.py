"""Events that several streams hold: each counts once, whatever the workers and chunks."""

from __future__ import annotations

import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.errors import RunError


@pytest.fixture
def streams(tmp_path):
    """Two streams, of two files each, with events in common: in a file, in a stream, in both."""
    chance = np.random.default_rng(7)
    files, every = {}, []
    for stream in ("e", "m"):
        for part in (0, 1):
            keys = chance.integers([1, 1, 0], [3, 5, 60], (300, 3))
            keys[:, 2] += 2**40  # an event number that a float64 sum of keys would confuse
            file = tmp_path / f"{stream}{part}.root"
            with uproot.recreate(file) as root:
                root["Events"] = {
                    "run": keys[:, 0].astype(np.uint32),
                    "luminosityBlock": keys[:, 1].astype(np.uint32),
                    "event": keys[:, 2].astype(np.uint64),
                }
            files.setdefault(stream, []).append(str(file))
            every += [(stream, *key) for key in keys.tolist()]
    return files, every


@pytest.mark.parametrize(("workers", "chunk"), [(1, 1000), (2, 37)])
def test_each_event_counts_once_where_it_comes_first(streams, workers, chunk) -> None:
    files, every = streams
    found = hn.find_duplicates(files, workers=workers, chunk=chunk)
    first: dict[tuple[int, ...], str] = {}
    for stream, *key in every:
        first.setdefault(tuple(key), stream)
    kept = {s: sum(stream == s for stream in first.values()) for s in files}
    assert found.events == 1200
    assert {r["dataset"]: 600 - r["copies"] for r in found.table} == kept
    assert "copies among 1200 events" in repr(found)

    path = hn.Path("unique")
    path.add_module(hn.Unique(found))
    path.select("unique", "is_unique")
    path.table("kept", ["run", "luminosityBlock", "event"])
    path.hist("n", n="run: 0, 5, int", by="dataset")
    run = path.start(files, workers=workers, chunk=chunk).wait(60)
    got = {s: run.hist("n")[{"dataset": s}].sum(flow=True) for s in files}
    assert got == kept
    table = run.table("kept")
    assert set(map(tuple, table.to_numpy().tolist())) == set(first)
    assert len(table) == len(first)


def test_data_that_cannot_be_read_are_no_answer(streams, tmp_path) -> None:
    files, _ = streams
    (tmp_path / "bad.root").write_bytes(b"nothing")
    with pytest.raises(RunError, match="could not read all of the data"):
        hn.find_duplicates({**files, "bad": str(tmp_path / "bad.root")}, on_error="skip")
