"""Batches for training: every event once, split and mixed in the same way everywhere."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import ClassVar

import numpy as np
import pytest
import uproot

from hepnb.analysis import Dataset, Module, Path
from hepnb.analysis.module.module import Rows
from hepnb.analysis.steering import batches
from hepnb.errors import PathError


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    home: FilePath = tmp_path_factory.mktemp("train")
    made = []
    for number, events in enumerate((900, 600)):
        made.append(str(home / f"{number}.root"))
        x = np.arange(events, dtype=np.float64) + 10_000 * number
        with uproot.recreate(made[-1]) as file:
            file["Events"] = {"x": x, "n": np.arange(events, dtype=np.int32)}
    return made


@pytest.fixture
def path() -> Path:
    made = Path("train")
    made.define("y", "2 * x")
    made.select("even", "n % 2 == 0")
    made.hist("x", x="x: 10, 0, 1000")
    made.snapshot("skim")
    return made


def rows(made) -> np.ndarray:
    return np.concatenate([batch["x"] for batch in made])


def test_parts_hold_every_event_that_passes_once(files, path) -> None:
    train, valid, every = (
        rows(path.batches(files, ["x"], size=64, part=part)) for part in ("train", "valid", "all")
    )
    want = np.concatenate([np.arange(0, 900, 2.0), 10_000 + np.arange(0, 600, 2.0)])
    assert sorted(every) == list(want)
    assert sorted(np.concatenate([train, valid])) == list(want)
    assert 0.1 < len(valid) / len(want) < 0.3
    other = rows(path.batches(files, ["x"], part="valid", seed=1))
    assert set(other) != set(valid)
    assert len(rows(path.batches(files, ["x"], part="train", valid=0.0))) == len(want)


def test_the_split_does_not_depend_on_chunks_or_selects(files, path, monkeypatch) -> None:
    valid = rows(path.batches(files, ["x"], part="valid", shuffle=0))
    monkeypatch.setattr(batches, "_CHUNK", 70)
    assert rows(path.batches(files, ["x"], part="valid", shuffle=0)).tolist() == valid.tolist()
    everything = rows(Path("all").batches(files, ["x", "n"], part="valid", shuffle=0))
    assert [x for x in everything if x % 2 == 0] == valid.tolist()


def test_mixed_the_same_each_time(files, path, monkeypatch) -> None:
    def made(**how):
        return rows(path.batches(files, ["x"], size=50, part="all", **how)).tolist()

    plain = made(shuffle=0)
    assert plain == sorted(plain)
    mixed = made(shuffle=100)
    assert mixed != plain
    assert sorted(mixed) == plain
    assert made(shuffle=100, seed=3) != mixed
    monkeypatch.setattr(batches, "_CHUNK", 70)
    assert made(shuffle=100) == mixed


def test_forms(files, path) -> None:
    found = list(path.batches(files, ["x", "y", "n + 1"], size=200, part="all", shuffle=0))
    assert [len(batch["x"]) for batch in found] == [200, 200, 200, 150]
    assert list(found[0]) == ["x", "y", "n + 1"]
    assert (found[1]["y"] == 2 * found[1]["x"]).all()
    matrix = list(path.batches(files, ["x", "y"], size=200, part="all", shuffle=0, to="matrix"))
    assert matrix[0].shape == (200, 2)
    assert matrix[0].dtype == np.float32
    np.testing.assert_array_equal(matrix[3][:, 0], found[3]["x"].astype(np.float32))


def test_mistakes_in_a_line(files, path, tmp_path) -> None:
    with pytest.raises(PathError, match=r"part is one of train, valid, all, not 'test'"):
        path.batches(files, ["x"], part="test")
    with pytest.raises(PathError, match="size is at least 1"):
        path.batches(files, ["x"], size=0)
    with pytest.raises(PathError, match="columns: expected names, not the int 3"):
        path.batches(files, 3)
    with pytest.raises(PathError, match="no columns"):
        path.batches(files, [])
    with pytest.raises(PathError, match="no column 'z'"):
        next(path.batches(files, ["z"]))
    with uproot.recreate(tmp_path / "jagged.root") as file:
        file.mktree("Events", {"Jet": "var * {pt: float32}"}).extend({"Jet": [[{"pt": 1.0}] * 2]})
    data = Dataset("jets", tmp_path / "jagged.root")
    with pytest.raises(PathError, match="one value per object; one per event is needed"):
        next(Path("jets").batches(data, ["Jet.pt"]))


class Counted(Module):
    """How many rows the module has seen before."""

    uses, produces = ("x",), ("before",)
    calls: ClassVar[list[str]] = []

    def setup(self) -> None:
        self.calls.append("setup")
        self.seen = 0

    def process(self, events: Rows) -> np.ndarray:
        self.seen += len(events)
        return np.full(len(events), self.seen - len(events))

    def finish(self) -> None:
        self.calls.append("finish")


def test_a_module_lives_through_all_files_and_ends_with_the_loop(files) -> None:
    path = Path("counted")
    path.add_module(Counted)
    found = list(path.batches(files, ["before"], size=900, part="all", shuffle=0))
    assert [set(batch["before"]) for batch in found] == [{0}, {900}]
    assert Counted.calls == ["setup", "finish"]
    Counted.calls.clear()
    some = path.batches(files, ["before"], size=10, part="all")
    next(some)
    some.close()
    assert Counted.calls == ["setup", "finish"]
