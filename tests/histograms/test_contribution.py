"""A fill is checked before it changes anything, and the error names what is wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import hist
import numpy as np
import pytest

from hepnb.errors import HepnbError
from hepnb.histograms import Contribution, H5Hist, Signature


@pytest.fixture
def h() -> H5Hist:
    return H5Hist(
        hist.axis.StrCategory(["ee"], growth=True, name="channel"),
        hist.axis.Regular(4, 0, 4, name="x"),
        hist.axis.Integer(0, 3, name="n"),
        storage="Weight",
        name="h",
    )


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"weight": [1, np.nan]}, r"weight\[1\] is nan"),
        ({"weight": [np.inf, 1]}, r"weight\[0\] is inf .1 of 2"),
        ({"weight": [1, 2, 3]}, r"differ in length .*weight 3"),
        ({"weight": "heavy"}, "weight must be a number"),
        ({"x": [1, 2, 3]}, r"differ in length .*x 3"),
        ({"x": [[1], [2]]}, r"axis 'x'.*shape"),
        ({"x": ["1", "2"]}, "axis 'x' takes numbers"),
        ({"x": np.array([1, None])}, "axis 'x' takes numbers"),
        ({"n": [1.0, 2.0]}, "axis 'n' takes whole numbers"),
        ({"channel": [1, 2]}, "axis 'channel' takes text"),
        ({"chanel": "ee"}, "no axis 'chanel'; did you mean 'channel'"),
    ],
)
def test_a_bad_fill_changes_nothing(h: H5Hist, columns: dict[str, Any], said: str) -> None:
    good: dict[str, Any] = {"channel": ["mm", "ee"], "x": [1, 2], "n": [0, 1]}
    with h.contribution("one") as c:
        c.fill(**good)
        with pytest.raises(HepnbError, match=said) as caught:
            c.fill(**{**good, **columns})
        assert "\n" not in str(caught.value)
        with pytest.raises(HepnbError, match="no values for axis 'n'"):
            c.fill(channel="ee", x=1)
    assert h.sum().value == 2.0


def test_weights_whose_sum_is_no_number_change_nothing(h: H5Hist) -> None:
    h.fill(channel="ee", x=1, n=1)
    for weight in (1e200, [1e308, 1e308]):
        with pytest.raises(HepnbError, match=r"'h': the weights or their squares add up to more"):
            h.fill(channel="ee", x=[1, 1], n=1, weight=weight)
    assert h.sum().value == 1.0


def test_growing_numbers_beyond_32_bit_are_refused() -> None:
    h = H5Hist(hist.axis.IntCategory([], growth=True, name="run"), name="h")
    h.fill(run=[7])
    for number in (1 << 31, 2**64 - 1, -(1 << 31) - 1):
        with pytest.raises(HepnbError, match=f"axis 'run' has labels of 32 bits: {number} is too"):
            h.fill(run=np.array([number]))
    assert list(h.axes[0]) == [7]


def test_labels_are_text_that_every_format_holds(h: H5Hist) -> None:
    for label in ("a\0b", "mu\udcff"):
        with pytest.raises(HepnbError, match="cannot be stored") as caught:
            h.fill(channel=label, x=1, n=1)
        assert str(caught.value).isprintable()
    h.fill(channel="</µ> *\n", x=1, n=1)
    assert list(h.axes[0]) == ["ee", "</µ> *\n"]


def test_an_error_inside_a_contribution_commits_nothing(h: H5Hist) -> None:
    def half() -> None:
        with h.contribution("one") as c:
            c.fill(channel="ee", x=1, n=1)
            raise RuntimeError("user")

    with pytest.raises(RuntimeError, match="user"):
        half()
    assert (h.committed, h.sum().value) == (0, 0.0)


def test_fills_by_position_and_scalars(h: H5Hist) -> None:
    h.fill("ee", [1, 2], 1, weight=2)
    h.fill("ee", 1.5, n=2)
    assert h.sum().value == 5.0
    with pytest.raises(TypeError, match="by position"):
        h.fill("ee", 1, 1, 1)


def test_whole_numbers_beyond_32_bit_are_overflow() -> None:
    made = H5Hist(hist.axis.Integer(0, 3, name="n"))
    made.fill(n=np.array([1, 2**32 + 1, -(2**40)]))
    assert made.values(flow=True).tolist() == [1, 0, 1, 0, 1]


def test_int64_counts(h: H5Hist) -> None:
    made = H5Hist(hist.axis.Boolean(name="b"), storage="Int64")
    made.fill(b=[True, True, False], weight=[2, 3, 1])
    assert made.values().tolist() == [1, 5]
    with pytest.raises(ValueError, match="Int64 storage counts"):
        made.fill(b=True, weight=0.5)


@pytest.mark.parametrize("events", [3, 100_000])
def test_sparse_and_dense_records_hold_the_same(events: int) -> None:
    signature = Signature.from_axes(
        "h",
        [hist.axis.Regular(50, 0, 1, name="x"), hist.axis.Regular(60, 0, 1, name="y")],
        "Weight",
    )
    rng = np.random.default_rng(0)
    columns = {"x": rng.random(events), "y": rng.random(events)}
    weight = rng.normal(1, 1, events)
    made = Contribution({"h": signature})
    made.fill("h", **columns, weight=weight)
    size = len(made.encode("a", 0, {}))
    assert size < 2000 if events == 3 else size > 40_000
    h = H5Hist(*signature.axes, storage="Weight").fill(**columns, weight=weight)
    want = hist.Hist(*signature.axes, storage="Weight").fill(**columns, weight=weight)
    assert np.array_equal(h.view(flow=True), want.view(flow=True))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"x": np.zeros(2), "y": np.zeros(3)}, "differ in length"),
        ({"x": np.array(["a"])}, "column 'x' must be a flat array of numbers"),
        ({"x": np.zeros((2, 2))}, "2-dimensional"),
        ({"a/b": np.zeros(2)}, "cannot hold '/'"),
    ],
)
def test_tables_are_flat_numbers(columns: dict[str, Any], said: str) -> None:
    with pytest.raises(HepnbError, match=said):
        Contribution({}).table("t", columns)


def test_meta_must_be_plain() -> None:
    with pytest.raises(HepnbError, match="msgpack"):
        Contribution({}).encode("a", 0, {"x": object()})


def test_an_axis_may_be_called_sample() -> None:
    axes = [hist.axis.StrCategory([], growth=True, name="sample"), hist.axis.Boolean(name="b")]
    made = H5Hist(*axes).fill(sample="data", b=[True, False])
    assert made.committed == 1
    assert made.project("b").sum() == 2


@pytest.mark.parametrize("storage", ["Double", "Weight", "Int64"])
@pytest.mark.parametrize("labels", [1, 3, 40])
def test_labels_that_are_filled_together_hold_what_each_would_alone(
    storage: str, labels: int
) -> None:
    """Bit by bit, in several calls, with a category beside and dense axes with flow."""
    axes = [
        hist.axis.StrCategory([], name="dataset", growth=True),
        hist.axis.StrCategory([], name="variation", growth=True),
        hist.axis.Regular(5, 0, 1, name="x"),
        hist.axis.Variable([0, 0.2, 0.9], name="y"),
    ]
    signatures = {"h": Signature.from_axes("h", axes, storage)}
    chance = np.random.default_rng(1)
    together, alone = Contribution(signatures), Contribution(signatures)
    names = [f"v{n}" for n in range(labels)]
    for dataset in ("a", "b", "a"):
        columns = {"x": chance.normal(0.5, 0.5, 500), "y": chance.normal(0.5, 0.5, 500)}
        weights: dict[str, Any] = {n: chance.normal(1, 1, 500) for n in names}
        if storage == "Int64":
            weights = dict.fromkeys(names)
        together.fill_each("h", "variation", weights, dataset=dataset, **columns)
        for name, weight in weights.items():
            alone.fill("h", weight=weight, dataset=dataset, variation=name, **columns)
    assert blocks_of(together) == blocks_of(alone)


def test_labels_together_are_as_alone_whatever_the_axes_and_weights() -> None:
    category = partial(hist.axis.StrCategory, [], growth=True)
    jets, x = hist.axis.IntCategory([0, 1, 2], name="jets"), hist.axis.Regular(4, 0, 4, name="x")
    numbers, per_entry = np.array([0, 2, 2]), {"a": np.ones(3), "b": np.full(3, 2.0)}
    for axes, columns, weights in (
        ([jets], {"jets": numbers}, per_entry),
        ([jets, x], {"jets": numbers, "x": numbers}, per_entry),
        ([], {}, per_entry),
        ([x], {"x": numbers}, {"a": 1.0, "b": 2.0}),
        ([x], {"x": np.zeros(0)}, {"a": np.zeros(0), "b": np.zeros(0)}),
    ):
        signature = Signature.from_axes("h", [category(name="variation"), *axes], "Weight")
        together, alone = Contribution({"h": signature}), Contribution({"h": signature})
        together.fill_each("h", "variation", weights, **columns)
        for name, weight in weights.items():
            alone.fill("h", weight=weight, variation=name, **columns)
        assert blocks_of(together) == blocks_of(alone)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"x": np.zeros(3)}, "weight 2"),
        ({"x": np.zeros(2)}, "x 2, weight 3"),
        ({}, "no values for axis 'x'"),
        ({"x": np.zeros(3), "y": 1}, "no axis 'y'"),
    ],
)
def test_labels_together_are_checked_as_alone(columns: dict[str, Any], said: str) -> None:
    axes = [hist.axis.StrCategory([], name="v", growth=True), hist.axis.Regular(4, 0, 4, name="x")]
    made = Contribution({"h": Signature.from_axes("h", axes, "Weight")})
    with pytest.raises(HepnbError, match=said):
        made.fill_each("h", "v", {"a": np.ones(3), "b": np.ones(2)}, **columns)
    assert not list(made._encoded())


def blocks_of(contribution: Contribution) -> dict[Any, Any]:
    return {
        (entry.hist, entry.key): (entry.weighted, [part.tobytes() for part in parts])
        for entry, parts in contribution._encoded()
    }
