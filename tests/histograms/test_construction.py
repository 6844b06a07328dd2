"""An H5Hist is made of whatever a hist.Hist is made of, in memory and on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

from hepnb.errors import HepnbError
from hepnb.histograms import H5Hist

X = hist.axis.Regular(3, 0, 3, name="x")
FILLED = hist.Hist(X, name="n", label="l", storage="Weight").fill([1, 2, 9], weight=[1, 2, 3])
WAYS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((X, hist.storage.Weight()), {}),
    ((X, "weight"), {"name": "n", "label": "l", "metadata": "m"}),
    ((hist.Hist.new.Reg(3, 0, 3, name="x"), X.__class__(2, 0, 1, name="y")), {}),
    ((FILLED,), {}),
    ((FILLED,), {"name": "other"}),
    ((FILLED._to_uhi_(),), {}),
    ((X,), {"data": np.arange(3.0)}),
    ((X, "Int64"), {"data": np.arange(5)}),
    ((X,), {"storage": "Weight", "data": np.arange(10.0).reshape(5, 2)}),
]


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize(("args", "options"), WAYS)
def test_it_is_made_like_hist(
    args: tuple[Any, ...], options: dict[str, Any], on_disk: bool, tmp_path: Path
) -> None:
    want = hist.Hist(*args, **options)
    made = H5Hist(*args, **options, path=tmp_path / "s" if on_disk else None)
    assert made == want
    assert list(map(repr, made.axes)) == list(map(repr, want.axes))
    assert [a.label for a in made.axes] == [a.label for a in want.axes]
    facts = [(h.name, h.label, h.storage_type) for h in (made, want)]
    assert facts[0] == facts[1]
    assert made.metadata == options.get("metadata")
    made.close()


CHAINS = [
    "Reg(3, 0, 1, name='x')",
    "Reg(3, 0, 1, circular=True)",
    "Reg(3, 1, 9, transform=hist.axis.transform.log)",
    "Log(3, 1, 9)",
    "Sqrt(3, 1, 9)",
    "Pow(3, 1, 9, power=2)",
    "Var([0, 1, 4], flow=False)",
    "Int(0, 3, overflow=False)",
    "Bool()",
    "IntCat([1, 2], growth=True)",
    "StrCat(['a'])",
]


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("storage", ["Double", "Int64", "Weight", "Mean", "MultiCell"])
def test_shortcuts_are_those_of_hist(chain: str, storage: str) -> None:
    end = f"{storage}({3 if storage == 'MultiCell' else ''})"
    text = f"H.new.{chain}.Reg(2, 0, 1, name='y', label='text').{end}"
    made, want = (eval(text, {"H": H, "hist": hist}) for H in (H5Hist, hist.Hist))
    assert type(made) is H5Hist
    assert list(map(repr, made.axes)) == list(map(repr, want.axes))
    assert repr(made.storage) == repr(want.storage)
    assert repr(H5Hist.new.Reg(3, 0, 1)) == "ConstructProxy(H5Hist, Regular(3, 0, 1))"


def test_a_shortcut_takes_path_and_data(tmp_path: Path) -> None:
    made = H5Hist.new.Reg(3, 0, 1).Double(name="n", data=[1.0, 2, 3], path=tmp_path / "s")
    assert (made.name, made.path, made.sum()) == ("n", tmp_path / "s", 6)
    made.close()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda _h, _s: H5Hist.from_hist(3), "is no histogram; give an H5Hist or a hist.Hist"),
        (lambda _h, _s: H5Hist.from_uhi(3), "is no histogram"),
        (lambda h, _: H5Hist.merge(h, 3), "is no histogram"),
        (lambda h, _: h.add(None), "is no histogram"),
        (lambda h, _: h.contribution(3).__enter__(), "id 3: give a text"),
        (lambda _, s: H5Hist.open(s, mode="w"), "mode='w': give 'a' .* 'r' to read only"),
        (
            lambda _, s: H5Hist.from_hist(_growing(), path=s / "t"),
            "fixed on disk; leave out the path",
        ),
        (lambda _, s: H5Hist.merge(_growing(), path=s / "t"), "fixed on disk; leave out the path"),
    ],
)
def test_what_is_not_meant_is_said_in_one_line(act: Any, said: str, tmp_path: Path) -> None:
    with H5Hist(X, path=tmp_path / "s") as h:
        with pytest.raises(HepnbError, match=said):
            act(h, tmp_path / "s")
        assert str(h) == repr(h)
    assert not (tmp_path / "s" / "t").exists()


def _growing() -> H5Hist:
    return H5Hist(hist.axis.Regular(3, 0, 3, growth=True, name="x")).fill(x=1)


@pytest.mark.parametrize(
    ("args", "options", "kind", "said"),
    [
        ((X, X), {}, KeyError, "two axes have one name"),
        ((X, "nonsense"), {}, TypeError, "storage 'nonsense' is not one of"),
        (((3, 0, 1),), {}, TypeError, "is a tuple, not an axis"),
        ((7,), {}, TypeError, "not an axis"),
        ((X,), {"data": [1.0, 2]}, ValueError, "no histogram can be made of this"),
        (({"axes": 1},), {}, ValueError, "no histogram can be made of this"),
        ((X,), {"metadata": {"a": 1}}, TypeError, "metadata"),
    ],
)
def test_what_cannot_be_made_leaves_nothing(
    args: Any, options: Any, kind: type[Exception], said: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=said) as caught:
        H5Hist(*args, **options, path=tmp_path / "s")
    assert isinstance(caught.value, HepnbError)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "s").exists()
