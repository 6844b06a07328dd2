"""A frozen path: it travels, its errors keep their frames, its numbers equal a direct computation."""

from __future__ import annotations

import pickle
import subprocess
import sys
import traceback
from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import cloudpickle
import numpy as np
import pytest
import uproot

from hepnb.analysis import Dataset, Module, Path, open_events
from hepnb.analysis.kinematics import mass
from hepnb.errors import PathError

NOTEBOOK = """
import numpy as np, awkward as ak
from hepnb.analysis import Module, Path
cut = 20.0
def scale(x): return x * factor
factor = 2.0
path = Path("nb")
@path.define
def hard(Muon): return scale(Muon[Muon.pt > cut].pt)
class Ratio(Module):
    uses = ("Muon.pt", "nMuon")
    produces = ("ratio",)
    def __init__(self, power): self.power = power
    def setup(self): self.ready = True
    def process(self, events):
        assert self.ready
        return ak.sum(events.Muon.pt, axis=1) ** self.power / np.maximum(events.nMuon, 1)
path.add_module("Ratio", power=1)
path.define("half", lambda ratio: ratio / 2)
path.hist("h", x="hard: 10, 0, 100")
path.hist("r", x="half: 10, 0, 100")
"""


def test_functions_and_classes_of_a_notebook_travel_to_a_fresh_process(
    tmp_path: FilePath, events: ak.Array
) -> None:
    main = sys.modules["__main__"].__dict__
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(NOTEBOOK, "<ipython-input-1>", "exec"), names)  # noqa: S102
    program = names["path"].freeze()
    shipped = tmp_path / "program.pkl"
    columns = list(program.columns(events.fields))
    shipped.write_bytes(
        cloudpickle.dumps((program, Dataset("d", "https://a/b.root", kind="mc", era="x")))
    )
    (tmp_path / "events.pkl").write_bytes(pickle.dumps(events[columns]))
    code = (
        "import pickle, sys; program, d = pickle.load(open(sys.argv[1], 'rb')); e = pickle.load(open(sys.argv[2], 'rb'));"
        "print([f.columns['x'].tolist() for f in program.process(e, d).fills]); print(program.modules, d.era)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(shipped), str(tmp_path / "events.pkl")],
        capture_output=True, text=True, check=True, cwd=FilePath(__file__).parents[3],
    )  # fmt: skip
    values, modules = out.stdout.splitlines()
    assert eval(values) == [[80.0, 42.0, 62.0, 110.0, 108.0], [11.0, 0.0, 10.75, 4.0, 27.25]]
    assert modules == "('Ratio',) x"
    assert "hard" not in main


def test_users_exceptions_pass_unchanged_with_their_frames(process: Any, events: ak.Array) -> None:
    path = Path()

    def deep(x: Any) -> Any:
        raise ZeroDivisionError("mine")

    @path.define
    def broken(Muon: Any) -> Any:
        return deep(Muon.pt)

    path.hist("h", x="broken: 1, 0, 1")
    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        process(path, events)
    assert [f.name for f in traceback.extract_tb(caught.value.__traceback__)][-2:] == [
        "broken",
        "deep",
    ]
    assert caught.value.__notes__ == ["in definition 'broken', on 5 rows of 'toy'"]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda Muon: Muon.pt[:3], "returned 3 rows for 5"),
        (lambda nMuon: object(), "returned object, not one value or list per row"),  # noqa: ARG005
        (lambda nMuon: None, "returned NoneType"),  # noqa: ARG005
        (lambda nMuon: "text", "returned 4 rows for 5|returned str"),  # noqa: ARG005
    ],
)
def test_what_a_definition_may_return(
    function: Any, message: str, process: Any, events: ak.Array
) -> None:
    path = Path()
    path.define("x", function)
    path.hist("h", x="x: 1, 0, 1")
    with pytest.raises(PathError, match=message) as caught:
        process(path, events)
    assert "definition 'x'" in str(caught.value)


def test_a_scalar_is_the_same_for_all_rows(process: Any, events: ak.Array) -> None:
    path = Path()
    path.define(
        "x",
        lambda dataset, variation: 2.5 if dataset.kind == "mc" and variation == "nominal" else 0.0,
    )
    path.hist("h", x="x: 1, 0, 1", y="nMuon: 0, 5, int")
    assert process(path, events).fills[0].columns["x"].tolist() == [2.5] * 5


def test_masked_values_are_missing(process: Any, events: ak.Array) -> None:
    path = Path()
    path.define("few", lambda nMuon: np.ma.masked_greater(nMuon, 1))
    path.hist("h", x="few: 5, 0, 5")
    path.select("none", lambda nMuon: np.ma.masked_less(nMuon, 9) > 0)
    result = process(path, events)
    assert result.fills[0].columns["x"].tolist() == [0, 1]
    assert result.cutflow[-1][:2] == ("none", 0)


def test_columns_cannot_be_changed_by_accident(process: Any, events: ak.Array) -> None:
    path = Path()

    @path.define
    def rude(nMuon: Any) -> Any:
        nMuon += 1
        return nMuon

    path.hist("h", x="rude: 1, 0, 1")
    with pytest.raises(ValueError, match="read-only"):
        process(path, events)

    inside = Path()

    @inside.define
    def doubled(Muon: Any) -> Any:
        flat = ak.to_numpy(ak.flatten(Muon.pt))
        flat *= 2
        return ak.unflatten(flat, ak.num(Muon.pt))

    inside.hist("h", x="doubled: 1, 0, 1", y="Muon.pt: 1, 0, 1")
    with pytest.raises(ValueError, match="read-only"):
        process(inside, events)
    assert ak.flatten(events.Muon_pt).tolist() == [40, 21, 5, 31, 12, 8, 55, 54]

    polite = Path()

    @polite.define
    def extended(Muon: Any) -> Any:
        Muon["pt"] = Muon.pt * 0
        return Muon.pt

    polite.hist("h", x="extended: 1, 0, 1", y="Muon.pt: 1, 0, 1")
    columns = process(polite, events).fills[0].columns
    assert columns["x"].tolist() == [0.0] * 8
    assert columns["y"].tolist() == [40, 21, 5, 31, 12, 8, 55, 54]


def test_singletons_and_flat_ntuples(process: Any) -> None:
    events = ak.zip(
        {
            "MET_pt": np.array([10.0, 20.0], np.float32), "MET_phi": np.array([0.0, 1.0], np.float32),
            "lep_n": np.array([1, 2], np.uint32), "lep_pt": ak.Array([[1.0], [2.0, 3.0]]), "lep_type": ak.Array([[11], [13, 13]]),
        },
        depth_limit=1,
    )  # fmt: skip
    path = Path()
    path.define("twice", lambda MET: 2 * MET.pt)
    path.hist("met", x="MET.pt: 1, 0, 1", y="twice: 1, 0, 1")
    path.select("muons", "all(lep.type == 13) and count(lep) == lep_n")
    path.hist("lep", pt="lep.pt: 1, 0, 1")
    met, lep = process(path, events).fills
    assert met.columns["x"].tolist() == [10.0, 20.0]
    assert met.columns["y"].tolist() == [20.0, 40.0]
    assert lep.columns["pt"].tolist() == [2.0, 3.0]


def test_fields_of_different_lengths_are_an_error_that_names_both(
    process: Any, events: ak.Array
) -> None:
    broken = ak.with_field(events, events.Muon_pt[:, :1], "Muon_odd")
    path = Path()
    path.hist("h", x="Muon.pt + Muon.odd: 1, 0, 1")
    with pytest.raises(
        Exception, match=r"Muon_(pt|odd) and Muon_(pt|odd) have different numbers of objects"
    ):
        process(path, broken)


def test_collections_and_statistics_are_reported(process: Any, events: ak.Array) -> None:
    path = Path()
    path.define("good", "Muon[Muon.pt > 20]")
    path.select("some", "count(good) >= 1")
    path.hist("h", x="good.pt: 1, 0, 1")
    result = process(path, events)
    assert result.collections == {"Muon": (5, 8, 0, 3), "good": (5, 5, 0, 2)}
    assert result.sizes == {"Muon": (1, 1, 2, 1), "good": (2, 1, 2)}
    assert [row[:4] for row in result.statistics] == [
        ("good", "process", 1, 5),
        ("select 'some'", "process", 1, 5),
        ("histogram 'h'", "process", 1, 3),
    ]
    assert all(row[4] >= 0 and row[5] >= 0 and row[6] > 1 << 20 for row in result.statistics)


class Recorder(Module):
    uses = ("nMuon",)

    def __init__(self) -> None:
        self.seen: list[str] = []

    def setup(self) -> None:
        self.seen.append("setup")

    def begin_dataset(self, dataset: Dataset) -> None:
        self.seen.append(f"begin {dataset.name}")

    def process(self, events: Any) -> None:
        self.seen.append(f"{len(events)} of {events.dataset.name}")

    def end_dataset(self, dataset: Dataset) -> None:
        self.seen.append(f"end {dataset.name}")

    def finish(self) -> None:
        self.seen.append("finish")


def test_hooks_of_a_module_come_in_order(events: ak.Array) -> None:
    path = Path()
    mine = path.add_module(Recorder())
    program = path.freeze()
    assert isinstance(mine, Recorder)
    chunk = events[list(program.columns(events.fields))]
    a, b = (Dataset(name, "https://x/y.root") for name in "ab")
    for dataset in (a, a, b):
        program.process(chunk, dataset)
    program.finish()
    (step,) = program.steps
    assert step.module.seen == [  # type: ignore[union-attr]
        "setup", "begin a", "5 of a", "5 of a", "end a", "begin b", "5 of b", "end b", "finish",
    ]  # fmt: skip
    assert mine.seen == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("Recordr",), "no module class named 'Recordr'; did you mean 'Recorder'?"),
        ((3,), "expected a Module"),
        ((Recorder, {"x": 1}), "unexpected keyword argument 'x'"),
        ((Recorder(), {"x": 1}), "parameters go with a class"),
    ],
)
def test_modules_that_cannot_be_added(args: Any, message: str) -> None:
    with pytest.raises(PathError) as caught:
        Path().add_module(args[0], **(args[1] if len(args) > 1 else {}))
    assert message in str(caught.value)


def test_the_dimuon_spectrum_equals_a_direct_computation(muon_file: FilePath) -> None:
    path = Path("dimuon")
    path.select("two muons", "count(Muon) == 2")
    path.define("pair_mass", lambda Muon: mass(Muon[:, 0], Muon[:, 1]))
    path.category("charge", opposite="sum(Muon.charge) == 0", same="sum(Muon.charge) != 0")
    path.hist("mass", mass="pair_mass: 300, 2, 120, log", by="charge")
    program = path.freeze()
    got: dict[str, list[np.ndarray]] = {"opposite": [], "same": []}
    with open_events(muon_file) as file:
        columns = program.columns(file.branches)
        assert set(columns) == {f"Muon_{f}" for f in ("pt", "eta", "phi", "mass", "charge")}
        for first in range(0, file.entries, 7777):
            chunk = file.read(columns, first, min(first + 7777, file.entries))
            for fill in program.process(chunk, Dataset("d", muon_file), first_entry=first).fills:
                got[str(fill.categories["charge"])].append(fill.columns["mass"])
    with uproot.open(muon_file) as root:
        a = root["Events"].arrays(library="ak")
    a = a[ak.num(a.Muon_pt) == 2]
    p, eta, phi, m = (
        ak.to_numpy(a[f"Muon_{f}"]).astype("f8") for f in ("pt", "eta", "phi", "mass")
    )
    px, py, pz = p * np.cos(phi), p * np.sin(phi), p * np.sinh(eta)
    e = np.sqrt(px**2 + py**2 + pz**2 + m**2)
    squared = e.sum(1) ** 2 - px.sum(1) ** 2 - py.sum(1) ** 2 - pz.sum(1) ** 2
    opposite = ak.to_numpy(ak.sum(a.Muon_charge, axis=1)) == 0
    for label, chosen in (("opposite", opposite), ("same", ~opposite)):
        values = np.concatenate(got[label])
        assert len(values) == chosen.sum()
        np.testing.assert_allclose(
            values, np.sqrt(np.maximum(squared[chosen], 0)), rtol=1e-6, atol=1e-4
        )
        edges = np.geomspace(2, 120, 31)
        assert (
            np.histogram(values, edges)[0].tolist()
            == np.histogram(np.sqrt(squared[chosen]), edges)[0].tolist()
        )
