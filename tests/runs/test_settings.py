"""What is set about workers reaches them, is recorded, and is refused in a line where it is nonsense."""

from __future__ import annotations

import json
import os
import random

import numpy as np
import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.runs.settings import Settings, within


def made_of(function) -> hn.Path:
    path = hn.Path("settings")
    path.define("x", function)
    path.hist("x", x="x: 100, 0, 1")
    path.table("t", {"event": "event", "x": "x"})
    return path


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"memory": "2 gigs"}, "memory='2 gigs': give a size such as '2 GB', or a number of bytes"),
        ({"memory": "2"}, "memory='2': give a size"),
        ({"memory": "10 MB"}, "memory='10 MB': a worker needs 300 MB at least"),
        ({"memory": True}, "memory=True"),
        ({"timeout": 0}, "timeout=0: give a number of seconds above 0"),
        ({"timeout": "1 h"}, "timeout='1 h': give a number of seconds"),
        ({"timeout": float("inf")}, "timeout=inf"),
        ({"retries": -1}, "retries=-1: give a whole number, at least 0"),
        ({"seed": 1.5}, "seed=1.5: give a whole number"),
        ({"threads": 0}, "threads=0"),
        ({"nice": 20}, "nice=20: give a whole number, at least 0 and at most 19"),
        ({"environment": "A=1"}, "environment='A=1': give a mapping"),
        ({"environment": {"A": 1}}, "environment: A=1: give a text"),
        ({"environment": {"A=B": "1"}}, "environment: 'A=B' is no name"),
        ({"parameters": {"a": object()}}, "parameters: a is the object <object"),
        ({"parameters": {"a": [2**64]}}, "parameters: a is the int 18446744073709551616: give a"),
        ({"parameters": {"a": "\ud800"}}, r"parameters: a is the str '.*': give a number of 64"),
        ({"workers": 1000}, "workers=1000: give a whole number, at least 1 and at most 256"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_a_line(numbered, given, said):
    with pytest.raises(RunError, match=f"^{said.replace('(', '.')}") as caught:
        made_of(lambda event: event).start(numbered[0], **given)
    assert "\n" not in str(caught.value)
    assert hn.runs() == []


def test_times_to_wait():
    assert [within(None), within(0), within(2)] == [None, 0.0, 2.0]
    for nonsense in (-1, float("nan"), float("inf"), "1", True):
        with pytest.raises(RunError, match=f"^timeout={nonsense!r}: give a number of seconds, or"):
            within(nonsense)


@pytest.mark.parametrize(
    ("text", "size"),
    [("2 GB", 2e9), ("2gb", 2e9), ("0.5 GiB", 2**29), ("400 MB", 4e8), (10**9, 1e9)],
)
def test_an_amount_of_memory_has_many_spellings(text, size):
    assert Settings.of(memory=text).memory == size


def test_settings_reach_the_workers_and_are_recorded(numbered):
    def x(event):
        import logging

        # Threads that BLAS began before the worker was forked are not there any more.
        assert (np.ones((600, 600)) @ np.ones((600, 600)))[0, 0] == 600
        kept = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "MINE", "MPLBACKEND")}
        logging.getLogger("told").warning(json.dumps({"nice": os.nice(0)} | kept))
        return event * 0.0

    run = made_of(x).start(
        numbered[0][0],
        workers=1,
        threads=2,
        nice=7,
        environment={"MINE": "a b=c"},
        seed=5,
        parameters={"pt": np.int64(20), "edges": (0, np.float32(0.5)), "region": None},
    )
    run.wait(60)
    assert run.parameters == {"pt": 20, "edges": [0, 0.5], "region": None}
    (said,) = (json.loads(r["text"]) for r in run.log if r["logger"] == "told")
    assert said == {
        "nice": os.nice(0) + 7,
        "OMP_NUM_THREADS": "2",
        "MINE": "a b=c",
        "MPLBACKEND": "agg",
    }
    kept = json.loads((run.directory / "spec.json").read_text())["settings"]
    assert kept["environment"] == {"MINE": "a b=c"}
    assert (kept["seed"], kept["threads"], kept["nice"]) == (5, 2, 7)


def drawn(event, rng):
    """All three kinds of random numbers, one of each per event."""
    legacy = np.random.uniform(0, 1, len(event))  # noqa: NPY002
    python = np.array([random.random() for _ in event])
    return (legacy + python + rng.uniform()) / 3


def test_random_numbers_follow_from_the_seed_alone(numbered):
    """Not from workers, the order of chunks, or the run."""
    tables = [
        made_of(drawn).start(numbered[0], chunk=50, workers=workers, seed=seed).wait(60).table("t")
        for workers, seed in ((1, 0), (3, 0), (2, 1))
    ]
    assert tables[0].equals(tables[1])
    assert len(set(tables[0]["x"])) == 700
    assert not set(tables[0]["x"]) & set(tables[2]["x"])


def test_the_argument_rng_follows_the_seed_for_any_chunk(numbered):
    def x(event, rng):
        return rng.uniform()

    def table(**settings):
        return made_of(x).start(numbered[0], **settings).wait(60).table("t")

    assert table(chunk=50, seed=3).equals(table(chunk=175, seed=3))
    assert not table(seed=3).equals(table(seed=4))
