"""Parameters of class modules: what they take, what they refuse in a line, and where they are shown."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, Literal, NewType

import cloudpickle
import numpy as np
import pytest

import hepnb as hn
from hepnb.analysis import Module, Path
from hepnb.analysis.steering.description import as_text, describe_path
from hepnb.errors import PathError


class Everything(Module):
    """One of each kind."""

    uses = ("Muon.pt",)
    truth: bool = hn.param(False)
    count: int = hn.param(3)
    pt: float = hn.param(30, unit="GeV", help="least transverse momentum")
    label: str = hn.param()
    edges: list[float] = hn.param([0.0, 1.0])
    window: tuple[float, float] = hn.param((60, 120))
    ids: tuple[int, ...] = hn.param((11, 13))
    table: dict[str, float] = hn.param({})
    least: float | None = hn.param(None)
    mode: Literal["loose", "tight"] = hn.param("tight")
    call: Callable[..., Any] = hn.param(np.abs)
    anything: Any = hn.param(None)
    plain = hn.param(1.5)


class Own(Module):
    cut: float = hn.param(20.0)

    def __init__(self, scale: float = 1.0, cut: float | None = None) -> None:
        self.scale = scale
        if cut is not None:
            self.cut = cut


class Tighter(Everything):
    pt: float = hn.param(50.0, unit="GeV")
    more: int = hn.param(1)


def made(**given: Any) -> Everything:
    return Everything(label="x", **given)


@pytest.mark.parametrize(
    ("name", "value", "want"),
    [
        ("pt", 25, 25.0),
        ("pt", np.float32(0.5), 0.5),
        ("pt", np.int64(3), 3.0),
        ("count", np.uint8(7), 7),
        ("truth", np.bool_(True), True),
        ("edges", np.array([1, 2]), [1.0, 2.0]),
        ("edges", (1, 2.5), [1.0, 2.5]),
        ("window", [1, 2], (1.0, 2.0)),
        ("ids", [13], (13,)),
        ("table", {"a": 1}, {"a": 1.0}),
        ("least", None, None),
        ("least", 2, 2.0),
        ("mode", "loose", "loose"),
        ("anything", {1}, {1}),
        ("plain", 2, 2.0),
    ],
)
def test_what_fits_is_taken_in_its_type(name: str, value: Any, want: Any) -> None:
    module = made(**{name: value})
    got = getattr(module, name)
    assert got == want
    assert type(got) is type(want)
    setattr(module, name, value)
    assert getattr(module, name) == want


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("pt", "30", "pt [GeV] is a number, not '30'"),
        ("pt", True, "pt [GeV] is a number, not True"),
        ("pt", None, "pt [GeV] is a number, not None"),
        ("count", 3.0, "count is a whole number, not 3.0"),
        ("truth", 1, "truth is True or False, not 1"),
        ("label", 3, "label is a text, not 3"),
        ("edges", 3, "edges is a list of numbers, not 3"),
        ("edges", ["a"], "edges is a list of numbers, not list ['a']"),
        ("edges", "12", "edges is a list of numbers, not '12'"),
        ("window", (1,), "window is (a number, a number), not tuple (1,)"),
        ("ids", (1.5,), "ids is a tuple of whole numbers"),
        ("table", {"a": "b"}, "table is a dict from a text to a number"),
        ("least", "x", "least is a number or None, not 'x'"),
        ("mode", "tigt", "mode is one of 'loose', 'tight', not 'tigt'; did you mean 'tight'?"),
        ("call", 3, "call is a Callable, not 3"),
        ("counts", 3, "module 'Everything' has no parameter 'counts'; did you mean 'count'?"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(name: str, value: Any, message: str) -> None:
    given = {"label": "x"} | {name: value}
    with pytest.raises(PathError) as caught:
        Path().add_module(Everything, **given)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_parameter_without_a_default_is_asked_for() -> None:
    with pytest.raises(PathError, match="'Everything': label has no default; give label=a text"):
        Everything()


def test_defaults_are_not_shared() -> None:
    one, other = made(), made()
    one.edges.append(5.0)
    assert other.edges == [0.0, 1.0]
    assert made().edges == [0.0, 1.0]


def test_a_class_may_have_an_init_of_its_own_and_inherit() -> None:
    assert (Own(2.0).cut, Own(cut=5).cut) == (20.0, 5.0)
    with pytest.raises(PathError, match="cut is a number"):
        Own(cut="x")  # type: ignore[arg-type]
    module = Tighter(label="x", truth=True)
    assert (module.pt, module.more, module.truth) == (50.0, 1, True)
    assert repr(Own()) == "Own(cut=20.0)"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"x": hn.param()}, "parameter 'x' needs a type"),
        ({"x": hn.param("a"), "__annotations__": {"x": float}}, "x is a number, not 'a'"),
        (
            {"x": hn.param(1), "__annotations__": {"x": "Unknown"}},
            "the type 'Unknown' is not known",
        ),
        (
            {"x": hn.param(1.0), "__annotations__": {"x": NewType("Pt", float)}},
            "x: no value can be checked to be a Pt (TypeError: isinstance",
        ),
    ],
)
def test_a_class_that_declares_nonsense_is_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(PathError) as caught:
        type("Nonsense", (Module,), body)
    assert message in str(caught.value)
    assert "Nonsense" not in hn.modules


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_values_travel(dumps: Any) -> None:
    module = pickle.loads(dumps(made(pt=7)))
    assert (module.pt, module.label) == (7.0, "x")


def test_a_class_of_a_notebook_travels_with_its_parameters() -> None:
    class Local(Module):
        pt: float = hn.param(30.0)
        name: str = hn.param()

    kind = pickle.loads(cloudpickle.dumps(Local))
    assert kind(name="a").pt == 30.0
    with pytest.raises(PathError, match="name has no default"):
        kind()


def test_declared_parameters_are_described() -> None:
    path = Path("p")
    path.add_module("Everything", label="x", pt=25)
    (step,) = describe_path(path)["steps"]
    rows = {row["name"]: row for row in step["parameters"]}
    assert rows["pt"] == {
        "name": "pt",
        "value": "25.0",
        "default": "30.0",
        "changed": True,
        "unit": "GeV",
        "help": "least transverse momentum",
    }
    assert [name for name, row in rows.items() if row["changed"]] == ["pt", "label"]
    assert "* pt = 25.0 GeV (default 30.0): least transverse momentum" in as_text(
        describe_path(path)
    )


def test_modules_are_found_by_name_and_the_latest_counts() -> None:
    class Twice(Module):
        """First."""

    first = Twice  # which a cell that is run again defines once more

    class Twice(Module):  # type: ignore[no-redef]
        """Second."""

        produces = ("bee",)
        sting: float = hn.param(1.0, help="how it stings")

    assert hn.modules["Twice"] is Twice is not first
    for words in ("twice", "BEE second", "stings"):
        assert "Twice" in hn.modules.search(words)
    assert "Twice" not in hn.modules.search("twice wasp")
    assert list(hn.modules.search("bee").search("sting")) == ["Twice"]
    assert "Twice   bee    sting = 1.0  Second." in repr(hn.modules.search("bee"))
    assert repr(hn.modules.search("nobody has this")) == "(no modules with nobody has this)"
    assert "<td>Second.</td>" in hn.modules.search("bee")._repr_html_()  # type: ignore[attr-defined]
    with pytest.raises(PathError, match="no module class named 'Twise'; did you mean 'Twice'"):
        _ = hn.modules["Twise"]
