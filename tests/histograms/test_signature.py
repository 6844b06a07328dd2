"""Axes, names and metadata survive every journey; what cannot be stored is refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

from hepnb.errors import HepnbError, StoreError
from hepnb.histograms import H5Hist, Signature

AXES = [
    hist.axis.Regular(50, 0.25, 300, transform=hist.axis.transform.log, name="m", label="mass"),
    hist.axis.Regular(7, 0.1, 0.7, overflow=False, name="f"),
    hist.axis.Regular(7, -np.pi, np.pi, circular=True, name="phi"),
    hist.axis.Variable([0, 1.1, 3], name="v", underflow=False),
    hist.axis.Integer(-2, 5, name="i", metadata="text"),
    hist.axis.Boolean(name="b"),
    hist.axis.StrCategory(["é"], name="s"),
    hist.axis.IntCategory([3, 1], name="c", growth=True),
    hist.axis.Regular(9, 1, 5, transform=hist.axis.transform.Pow(1.7), name="p"),
]


def test_signatures_survive_json_exactly() -> None:
    made = Signature.from_axes("h", AXES, hist.storage.Weight(), label="text")
    again = Signature.from_dict(json.loads(json.dumps(made.to_dict())))
    assert again == made
    assert again != Signature.from_axes("h", AXES[1:], "Weight", label="text")
    assert again.label == "text"
    for ax, back in zip(AXES, again.axes, strict=True):
        assert back == ax
        assert back.__dict__ == ax.__dict__


@pytest.mark.parametrize("seed", range(3))
def test_limits_come_back_to_the_last_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(50):
        low = rng.uniform(0.001, 5)
        up = low + rng.exponential(20)
        for transform in (None, hist.axis.transform.log, hist.axis.transform.sqrt):
            ax = hist.axis.Regular(11, low, up, transform=transform, name="x")
            assert Signature.from_axes("h", [ax]).axes[0] == ax


@pytest.mark.parametrize(
    ("axis", "storage", "said"),
    [
        (hist.axis.Regular(3, 0, 1, growth=True, name="x"), "Double", "axis 'x' .* grows"),
        (hist.axis.Boolean(name="b", metadata=[1]), "Double", "metadata 'metadata' is a list"),
        (hist.axis.Boolean(name="b"), "Median", "storage 'Median' is not one of"),
        (hist.axis.Boolean(name="b"), "MultiCell(0)", "is not one of"),
        ("x", "Double", "not an axis"),
        (hist.axis.StrCategory(["a\0b"], name="c"), "Double", "cannot be stored"),
        (hist.axis.Boolean(name="b", label="mu\udcff"), "Double", "cannot be stored"),
    ],
)
def test_what_cannot_be_stored_is_refused(axis: Any, storage: Any, said: str) -> None:
    with pytest.raises(HepnbError, match=said) as caught:
        Signature.from_axes("h", [axis], storage)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\nb", "x" * 300])
def test_names_can_be_groups(name: str) -> None:
    with pytest.raises(StoreError, match="name"):
        Signature.from_axes(name, AXES)


def test_uhi_both_ways(tmp_path: Path) -> None:
    full = hist.Hist(AXES[5], AXES[6], AXES[7], storage="Weight", name="n", label="l")
    full.fill(b=[True, False], s=["é", "other"], c=[1, 9], weight=[2, 3])
    for path in (None, tmp_path / "s"):
        made = H5Hist.from_uhi(full._to_uhi_(), path=path)
        assert made.to_hist() == full
        assert (made.name, made.label) == ("n", "l")
        assert hist.Hist(made._to_uhi_()) == full
        assert made.shape == full.shape
        assert made.axes.name == full.axes.name
        assert made.storage_type is full.storage_type
        made.close()
    assert H5Hist.open(tmp_path / "s").to_hist() == full
    with pytest.raises(StoreError, match="holds a store already"):
        H5Hist(*AXES, path=tmp_path / "s")


def test_a_result_too_large_for_memory_is_refused() -> None:
    made = H5Hist(*(hist.axis.Regular(5000, 0, 1, name=n) for n in "xyz"), name="big")
    with pytest.raises(StoreError, match="would take 1001"):
        made.values()
