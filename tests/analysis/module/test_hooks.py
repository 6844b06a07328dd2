"""Hooks of modules around runs and events, and modules that see one event at a time."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np
import pytest

import hepnb as hn
from hepnb.analysis import Conditions, Dataset, Module, Path
from hepnb.errors import DataError, PathError

DATA = Dataset("toy", "https://example.org/toy.root")


class Runs(Module):
    """A scale that depends on the run."""

    uses = ("nMuon",)
    produces = ("scaled", "run_seen")
    scales: dict[int, float] = hn.param({1: 10.0, 3: 100.0})

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.seen: list[str] = []

    def begin_run(self, run: int) -> None:
        self.seen.append(f"begin {run}")
        self.run, self.scale = run, Conditions(self.scales).at(run)

    def process(self, events: Any) -> Any:
        self.seen.append(f"{len(events)} events")
        return {"scaled": events.nMuon * self.scale, "run_seen": self.run}

    def end_run(self, run: int) -> None:
        self.seen.append(f"end {run}")


def columns(path: Path, chunks: list[ak.Array], dataset: Dataset = DATA) -> tuple[Any, Any]:
    """All rows of the table `t`, and what the first module has seen."""
    program = path.freeze()
    rows: dict[str, list[Any]] = {}
    first = 0
    for chunk in chunks:
        read = chunk[list(program.columns(chunk.fields, dataset))]
        for name, values in program.process(read, dataset, first_entry=first).tables["t"].items():
            rows.setdefault(name, []).extend(values.tolist())
        first += len(chunk)
    program.finish()
    return rows, getattr(program.steps[0], "module", None)


@pytest.mark.parametrize("run_column", ["run", "runNumber", "number"])
def test_runs_are_bracketed_stretch_by_stretch(make: Any, run_column: str) -> None:
    runs = np.array([1, 1, 2, 3, 3, 1], dtype=np.uint32)
    events = make([[1], [1, 2], [1], [], [1, 2, 3], [1]], **{run_column: runs})
    path = Path()
    path.add_module("Runs")
    path.table("t", ["scaled", "run_seen"])
    dataset = DATA if run_column != "number" else Dataset("d", "https://x/y", run_column="number")
    rows, module = columns(path, [events], dataset)
    assert rows["scaled"] == [10, 20, 10, 0, 300, 10]
    assert rows["run_seen"] == [1, 1, 2, 3, 3, 1]
    assert module.seen == [
        "begin 1", "2 events", "end 1", "begin 2", "1 events", "end 2",
        "begin 3", "2 events", "end 3", "begin 1", "1 events", "end 1",
    ]  # fmt: skip
    for size in (1, 2, 5):
        split = [events[at : at + size] for at in range(0, len(events), size)]
        assert columns(path, split, dataset)[0] == rows


def test_a_chunk_without_events_is_a_stretch_of_its_first_run(make: Any) -> None:
    path = Path()
    path.select("many", "nMuon > 5")
    path.add_module("Runs")
    path.table("t", ["scaled"])
    program = path.freeze()
    events = make([[1], [2]], run=np.array([7, 8]))
    read = events[list(program.columns(events.fields, DATA))]
    result = program.process(read, DATA)
    assert program.steps[1].module.seen == ["begin 7", "0 events", "end 7"]  # type: ignore[union-attr]
    assert result.tables["t"]["scaled"].tolist() == []
    phases = [row[1] for row in result.statistics if row[0] == "Runs"]
    assert phases == ["setup", "begin_dataset", "begin_run", "process", "end_run"]


def test_what_is_no_column_is_refused_in_runs_too(make: Any) -> None:
    class Nothing(Runs):
        produces = ("nothing",)

        def process(self, events: Any) -> Any:  # noqa: ARG002
            return {"nothing": None}

    path = Path()
    path.add_module(Nothing)
    path.table("t", ["nothing"])
    with pytest.raises(PathError, match=r"'Nothing': returned NoneType, not one value or list"):
        columns(path, [make([[1], [2]], run=np.array([1, 2]))])


def test_a_file_without_run_numbers_is_refused_in_a_line(make: Any) -> None:
    path = Path()
    path.add_module("Runs")
    with pytest.raises(PathError, match=r"'Runs' has begin_run .* hn.Dataset\(..., run_column="):
        path.columns(make([[1]]).fields)
    dataset = Dataset("d", "https://x/y", run_column="runn")
    with pytest.raises(PathError, match=r"no column 'runn', .* did you mean 'run'?"):
        path.freeze().columns([*make([[1]]).fields, "run"], dataset)


def test_run_hooks_hold_under_variations_and_in_sub_paths(make: Any) -> None:
    runs = np.array([1, 1, 3, 3])
    events = make([[10], [10, 20], [30], [40]], run=runs)
    mc, path, sub = Dataset("mc", "https://x/y", kind="mc"), Path(), Path("sub")
    path.vary("Muon.pt", jes={"up": "Muon.pt + 15"})
    sub.select("hard", "max(Muon.pt) > 20")
    sub.add_module("Runs")
    sub.hist("h", x="scaled: 10, 0, 300")
    path.add_independent_path(sub)
    program = path.freeze()
    read = events[list(program.columns(events.fields, mc))]
    found = {v: f.columns["x"].tolist() for f in program.process(read, mc).fills for v in f.weights}
    assert found == {"nominal": [100, 100], "jes_up": [10, 20, 100, 100]}


def test_conditions_hold_until_the_next() -> None:
    conditions = Conditions({10: "a", 20: "b"})
    assert [conditions.at(run) for run in (10, 19, 20, 10**9)] == ["a", "a", "b", "b"]
    with pytest.raises(DataError, match="none for run 9; the first are of run 10"):
        conditions.at(9)
    with pytest.raises(DataError, match="no values"):
        Conditions({})


class Slow(Module):
    """The same as `Fast`, event by event."""

    uses = ("Muon.pt", "Muon.eta", "met", "dataset")
    produces = {"lead": "?float64", "good": "var * {pt: float64, big: bool}", "n": "int64"}  # noqa: RUF012
    pt: float = hn.param(20.0)

    def event(self, event: Any) -> Any:
        assert event.dataset.name == "toy"
        good = [muon for muon in event.Muon if muon.pt > self.pt and muon["eta"] < 5]
        return {
            "lead": max((muon.pt for muon in event.Muon), default=None),
            "good": [{"pt": m.pt, "big": m.pt > event.met} for m in good],
            "n": len(good),
        }


class Decide(Module):
    uses, produces = ("Muon.pt",), ("keep",)

    def event(self, event: Any) -> bool:
        return len(event.Muon) > 1 and event.Muon[0].pt > 30


def test_a_module_that_sees_one_event_at_a_time(make: Any) -> None:
    events = make([[40, 21, 5], [], [31, 12], [8]], met=[30.0, 0, 0, 0])
    path = Path()
    path.add_module(Slow)
    path.add_module(Decide)
    path.table("t", {"lead": "lead", "n": "n", "sum": "sum(good.pt)", "big": "count(good.big)"})
    path.select("kept", "keep")
    path.hist("h", x="good.pt: 10, 0, 100")
    for split in ([events], [events[:1], events[1:2], events[2:]]):
        rows, _ = columns(path, split)
        np.testing.assert_array_equal(rows.pop("lead"), [40, np.nan, 31, 8])
        assert rows == {"n": [2, 0, 1, 0], "sum": [61, 0, 31, 0], "big": [1, 0, 1, 0]}


def test_no_events_have_the_declared_types(make: Any) -> None:
    path = Path()
    path.select("none", "count(Muon) > 9")
    path.add_module(Slow)
    path.add_module(Decide)
    path.table("t", {"pt": "sum(good.pt)", "n": "n", "lead": "lead"})
    path.select("kept", "keep")
    path.hist("h", x="good.pt: 10, 0, 100")
    rows, _ = columns(path, [make([[1], [2]], met=[1.0, 2.0])])
    assert rows == {"pt": [], "n": [], "lead": []}


@pytest.mark.parametrize(
    ("produces", "answer", "message"),
    [
        (("a", "b"), 1, "event returned int, but produces says ['a', 'b']"),
        (("a", "b"), {"a": 1}, "event returned ['a'], but produces says ['a', 'b']"),
        (("a",), [1, 2], "produces = {..., 'a': 'var * int64'}"),
        ({"a": "var * nonsense"}, [1], "column 'a': what event returned is no column"),
        (("a",), object(), "column 'a': what event returned is no column"),
    ],
)
def test_what_event_returns_must_fit(make: Any, produces: Any, answer: Any, message: str) -> None:
    class Wrong(Module):
        uses = ("nMuon",)

        def event(self, event: Any) -> Any:  # noqa: ARG002
            return answer

    path = Path()
    module = Wrong()
    module.produces = produces
    path.add_module(module)
    path.table("t", ["a"])
    with pytest.raises(PathError) as caught:
        columns(path, [make([[1]])])
    assert message in str(caught.value)


def test_an_event_says_what_it_has(make: Any) -> None:
    class Misspelt(Module):
        uses, produces = ("Muon.pt",), ("x",)

        def event(self, event: Any) -> Any:
            return event.Muon[0].Pt

    path = Path()
    path.add_module(Misspelt)
    path.table("t", ["x"])
    with pytest.raises(AttributeError, match="the Muon has no 'Pt'; did you mean 'pt'"):
        columns(path, [make([[1]])])
