"""The hash of a path: the same in every process, another one for whatever changes the result."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import textwrap
import threading
import types
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

import cloudpickle
import numpy as np
import pytest

import hepnb as hn
from hepnb.analysis import Path
from hepnb.errors import DataError

STEERING = """
import threading
import awkward as ak
import hepnb as hn
import numpy as np
import mine

CUT = 30.0
TABLE = np.arange(3.0)
NAMES = {"muon", "electron", "jet"}

class Scale(hn.Module):
    uses, produces = ("nMuon",), ("scaled",)
    factor: float = hn.param(2.0)
    words = {"b", "a"}

    def process(self, events):
        return helper(events.nMuon) * self.factor

def helper(x):
    return x + CUT if "muon" in NAMES else x

def make(edge=1.5):
    path = hn.Path("p")
    path.add_module(Scale, factor=3.0)

    @path.define
    def leading(Muon, least=5.0):
        '''The hardest.'''
        # a remark
        hard = Muon.pt[(Muon.pt > least) & (Muon.eta < edge)]
        return ak.fill_none(ak.max(hard, axis=1), TABLE[0]) + mine.shift(0)

    path.define("other", lambda leading: np.sqrt(leading) if {1, 2} else leading)
    path.vary("Muon.pt", jes=lambda Muon: (Muon.pt * 1.02, Muon.pt * 0.98))
    path.select("some", "nMuon > 0")
    path.weight("gen", "genWeight", up=1.1, down=0.9)
    path.category("kind", few="nMuon < 2", many="nMuon >= 2")
    path.hist("h", x="other: 10, 1, 20, log", y="scaled: [0, 1, 5]", by="kind")
    path.table("t", ["leading"])
    return path
"""
MINE = """
SHIFT = 1.0
def shift(x):
    return x + SHIFT
def unused(x):
    return x
"""


ASKED = """
import json, sys, types
for steering, mine in json.load(sys.stdin):
    known = {}
    for name, text in (("mine", mine), ("steering", steering)):
        module = sys.modules[name] = types.ModuleType(name)
        exec(compile(text, name, "exec"), vars(module))
    print(module.make().hash)
"""


def hashes(asked: list[tuple[str, str]], seed: int) -> list[str]:
    """The hashes that another process finds."""
    env = os.environ | {"PYTHONHASHSEED": str(seed)}
    run = subprocess.run(
        [sys.executable, "-c", ASKED],
        env=env,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_the_hash_is_that_of_the_content_in_every_process() -> None:
    same = {
        "nothing": (STEERING, MINE),
        "lines and remarks": ("\n\n# x\n" + STEERING.replace("# a remark", ""), MINE),
        "what nothing uses": (STEERING, MINE.replace("return x\n", "return -x\n")),
    }
    edits = {
        "a constant": ("CUT = 30.0", "CUT = 31.0"),
        "a helper": ("x + CUT", "x - CUT"),
        "an array": ("arange(3.0)", "arange(4.0)"),
        "a set": ('"jet"', '"tau"'),
        "a closure": ("edge=1.5", "edge=1.6"),
        "a default": ("least=5.0", "least=6.0"),
        "a parameter": ("factor=3.0", "factor=4.0"),
        "a module": ("* self.factor", "/ self.factor"),
        "of a class": ('{"b", "a"}', '{"b", "c"}'),
        "an expression": ("nMuon > 0", "nMuon > 1"),
        "an axis": ("10, 1, 20, log", "10, 1, 21, log"),
        "edges": ("[0, 1, 5]", "[0, 2, 5]"),
        "a variation": ("1.02", "1.03"),
        "a library's function": ("np.sqrt", "np.cbrt"),
    }
    other = {name: (STEERING.replace(*edit), MINE) for name, edit in edits.items()}
    other["a module of mine"] = (STEERING, MINE.replace("SHIFT = 1.0", "SHIFT = 2.0"))
    asked = [*same.values(), *other.values()]
    assert len(set(asked)) == len(asked)
    found = hashes(asked, seed=1)
    assert len(set(found[: len(same)])) == 1
    assert len(set(found[len(same) - 1 :])) == len(other) + 1
    assert hashes(asked, seed=2) == found


def cell(number: int, code: str) -> Callable[..., Any]:
    """A function of a notebook cell that was executed as the so-manieth."""
    names: dict[str, Any] = {"__name__": "__main__"}
    text = "\n" * number + textwrap.dedent(code)
    exec(compile(text, f"<ipython-input-{number}>", "exec"), names)  # noqa: S102
    return names["f"]


def test_cells_that_are_run_again_and_journeys_change_nothing() -> None:
    code = """
        def g(x): return f if x else x + 1
        def f(Muon): return [g(m) for m in Muon.pt]
    """
    paths = [Path(), Path()]
    for number, path in enumerate(paths):
        path.define("x", cell(number, code))
        path.table("t", ["x"])
    assert paths[0].hash == paths[1].hash
    assert cloudpickle.loads(cloudpickle.dumps(paths[0].freeze())).hash == paths[0].hash


def test_what_the_hash_cannot_see_is_named() -> None:
    lock = threading.Lock()
    path = Path("p")

    @path.define
    def x(Muon: Any) -> Any:
        with lock:
            return not_there_yet(Muon)  # type: ignore[name-defined]  # noqa: F821

    path.table("t", ["x"])
    explanation = path.explain()
    assert explanation.unseen == (
        "definition 'x': a lock, which has no content to compare",
        "definition 'x': 'not_there_yet', which is not defined yet",
    )
    assert "definition  x  x(Muon)" in repr(explanation)
    assert f"hash {path.hash}" in repr(explanation)
    assert "does not see:\n    definition 'x': a lock" in repr(explanation)
    assert f"hepnb {hn.__version__}" in repr(explanation)


def test_files_environment_and_chance_are_named_and_leave_the_hash_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def path_with(function: Any) -> Path:
        path = Path("p")
        path.define("x", function)
        path.table("t", ["x"])
        return path

    own = np.random.default_rng(1)
    chance = "random numbers that depend on chunks and workers: take the argument rng"
    for function, unseen in (
        (lambda nMuon: nMuon * np.load("sf.npy"), "what is read by 'load'"),
        (lambda nMuon: nMuon * float_of("sf.txt"), "what is read by 'read_text'"),
        (lambda nMuon: nMuon * float(os.environ["FACTOR"]), "the environment, os.environ"),
        (lambda nMuon: nMuon * np.random.normal(), chance),  # noqa: NPY002
        (lambda nMuon: nMuon * random.random(), chance),
        (lambda nMuon: nMuon * own.normal(), chance),
    ):
        path = path_with(function)
        before = path.hash
        monkeypatch.setenv("OTHER", before)
        np.random.normal()  # noqa: NPY002
        random.random()
        assert path.hash == before
        (named,) = path.explain().unseen
        assert named.startswith(f"definition 'x': {unseen}")


def test_numbers_of_numpy_are_not_those_of_python() -> None:
    """Beside float32 they make float64."""

    def path_with(cut: Any) -> Path:
        path = Path()
        path.define("x", lambda Muon: Muon.pt * cut)
        path.table("t", ["x"])
        return path

    assert path_with(2.0).hash != path_with(np.float64(2.0)).hash


def test_a_module_without_a_file_has_a_hash() -> None:
    path, module = Path(), types.ModuleType("of_a_notebook")
    path.define("x", lambda nMuon: nMuon if module else 0)
    path.table("t", ["x"])
    assert path.explain().unseen == (
        "definition 'x': module 'of_a_notebook' as a whole, by the text of its file",
    )


def test_a_resource_is_known_by_its_content(tmp_path: FilePath, make: Any, process: Any) -> None:
    opened: list[str] = []

    def load(file: str) -> float:
        opened.append(file)
        return float(FilePath(file).read_text())

    def path_with(file: FilePath) -> Path:
        path, factor = Path(), hn.resource(str(file), float_of)
        path.define("x", lambda nMuon: nMuon * factor())
        path.table("t", ["x"])
        return path

    file, moved = tmp_path / "f.txt", tmp_path / "moved.txt"
    file.write_text("3")
    moved.write_text("3")
    path = path_with(file)
    assert path.hash == path_with(moved).hash
    assert process(path, make([[1], [1, 2]])).tables["t"]["x"].tolist() == [3, 6]
    before, program = path.hash, cloudpickle.dumps(path_with(moved).freeze())
    file.write_text("4")
    assert path_with(file).hash != before
    moved.write_text("4")
    changed = cloudpickle.loads(program)
    events = make([[1]])[["nMuon"]]
    with pytest.raises(DataError, match=r"moved.txt: was changed since the run began"):
        changed.process(events, hn.Dataset("d", "https://x/y"))
    once = hn.resource(str(file), load)
    assert (once(), once(), len(opened)) == (4.0, 4.0, 1)
    with pytest.raises(DataError, match=r"nowhere.json: No such file"):
        hn.resource("nowhere.json")
    file.write_text("{")
    with pytest.raises(DataError, match=r"f.json: cannot be read"):
        hn.resource(str(file.rename(tmp_path / "f.json")))()
    (tmp_path / "f.json.gz").write_bytes(gzip.compress(b"{}")[:10] + b"\xff" * 20)
    with pytest.raises(DataError, match=r"f.json.gz: cannot be read"):
        hn.resource(str(tmp_path / "f.json.gz"))()


def float_of(file: str) -> float:
    return float(FilePath(file).read_text())
