"""Whatever is done to an H5Hist gives what the same gives on a hist.Hist, flow bins included."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boost_histogram as bh
import h5py
import hist
import numpy as np
import pytest
import uhi.io.hdf5
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hepnb.errors import HepnbError
from hepnb.histograms import H5Hist

from . import random_hists as some

ERRORS = (IndexError, KeyError, TypeError, ValueError, RuntimeError)
CASES = int(os.environ.get("HEPNB_CASES", "0")) or min(
    2000, max(300, settings.default.max_examples)
)
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "2 * a": lambda a, _: 2 * a,
    "a / 4": lambda a, _: a / 4,
    "a + 1": lambda a, _: a + 1,
    "a / b": lambda a, b: a / b,
}
FLOORS = {"set": 0.6, "index": 0.75, "lazy": 0.6, "gather": 0.8, "method": 0.5, "operator": 0.4}


class Pair:
    """An H5Hist and a hist.Hist that are treated alike."""

    def __init__(self, draw: Any, directory: str, census: Counter[str]) -> None:
        self.draw, self.census = draw, census
        self.storage = draw(st.sampled_from(some.STORAGES))
        self.rng = np.random.default_rng(draw(st.integers(0, 1000)))
        multi = self.storage.startswith("MultiCell")  # forgets all when an axis grows
        grows = not multi and draw(st.integers(0, 4)) == 0
        self.made = [
            draw(some.axes(f"a{i}", grows_dense=grows, all_known=multi), label="axis")
            for i in range(draw(st.integers(1, 3)))
        ]
        on_disk = not any(
            ax.traits.growth for ax in self.made if not isinstance(ax, some.CATEGORY)
        ) and draw(st.integers(0, 2))
        self.path = Path(directory) / "h" if on_disk else None
        own = {"name": "h", "label": "text", "storage": some.storage_of(self.storage)}
        self.want = hist.Hist(*self.made, **own)
        self.h = H5Hist(*self.made, **own, path=self.path)
        self.ids = 0

    def entries(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Columns, and weights and samples beside them."""
        n = self.draw(st.integers(1, 40))
        columns = {ax.name: some.values_of(self.draw, ax, n, self.rng) for ax in self.made}
        beside = some.beside_of(self.storage, n, self.draw(st.booleans()), self.rng)
        if all(np.ndim(c) == 0 for c in columns.values()):
            columns[self.made[0].name] = np.full(n, columns[self.made[0].name])
        return columns, beside

    def fill(self) -> None:
        """Fill alone, in a contribution, one that comes twice, or by adding a histogram."""
        columns, beside = self.entries()
        n = max(np.size(c) for c in columns.values())
        # boost-histogram 1.8 loses all of a fill with a scalar growing category whose first
        # entry lies beyond an axis without flow; with arrays it does not
        arrays = {k: np.full(n, c) if np.ndim(c) == 0 else c for k, c in columns.items()}
        how = self.draw(st.sampled_from(["fill", "contribution", "add", "+="]))
        self.census[how] += 1
        self.ids += 1
        if how == "fill":
            self.h.fill(**columns, **beside)
        elif how == "contribution":
            for _ in range(self.draw(st.integers(1, 2))):
                with self.h.contribution(f"id {self.ids}") as c:
                    c.fill(**columns, **beside)
        else:
            other = hist.Hist(*self.want.axes, storage=self.want.storage).fill(**arrays, **beside)
            if other.axes != self.want.axes and self.h.signature.grows_dense:
                self.h.fill(**columns, **beside)  # only equal ranges can be added
            elif how == "+=":
                self.h += other
            else:
                for _ in range(2):
                    self.h.add(other, unique_id=f"id {self.ids}")
        self.want.fill(**arrays, **beside)
        assert how != "contribution" or self.h.was_contributed(f"id {self.ids}")

    def set(self) -> None:
        """Set the same bins to the same contents, or be refused alike."""
        index = [self.draw(some.items(ax, to_set=True)) for ax in self.want.axes]
        if self.draw(st.integers(0, 9)) == 0:
            index[0] = self.draw(some.odd_items(self.want.axes[0]))
            value: Any = 3.0
        else:
            value = self.draw(some.values(self.want, index))
        before = self.h.to_hist()
        got, want = (set_outcome(h, index, value) for h in (self.h, self.want))
        self.count("set", want)
        if want is None:
            assert got is None, f"{got!r} where hist sets {index}"
            return
        # of a wrong item and a wrong value, either may be met first
        assert isinstance(got, HepnbError), f"{got!r} where hist raises {want!r}"
        assert isinstance(got, ERRORS)
        assert_same(self.h.to_hist(), before)

    def reopen(self) -> None:
        """Close, and go on in the store."""
        if self.path is not None:
            self.h.close()
            self.h = H5Hist.open(self.path)

    def index(self) -> None:
        """The same index, of some form, direct and lazy."""
        multi = self.storage.startswith("MultiCell")
        index: Any = [self.draw(some.items(ax)) for ax in self.want.axes]
        if self.draw(st.integers(0, 9)) == 0:
            at = self.draw(st.integers(0, len(index) - 1))
            index[at] = self.draw(some.odd_items(self.want.axes[at]))
        if multi:  # boost-histogram picks variations instead of categories
            index = [slice(None) if _lists(item) else item for item in index]
        if self.want.kind == bh.Kind.MEAN:  # see test_means_are_merged_in_groups_too
            index = [slice(None) if _groups(item) else item for item in index]
        form = self.draw(st.sampled_from(["tuple", "dict", "dots"]))
        index = tuple(index)
        if form == "dict":
            chosen = range(len(index)) if self.draw(st.booleans()) else [0]
            index = {(self.made[i].name if i else 0): index[i] for i in chosen}
        elif form == "dots":
            index = (..., index[-1])
        want, others = outcome(self.want, index), faults(self.want, index)
        self.count("index", want)
        assert_same(outcome(self.h, index), want, others)
        lazy = outcome(self.h.lazy, index)
        if "index it directly" in str(lazy):
            self.count("lazy", lazy)
        else:
            self.count("lazy", want)
            assert_same(lazy.to_hist() if isinstance(lazy, H5Hist) else lazy, want, others)

    def gather(self) -> None:
        """Single bins, as an array."""
        if self.storage.startswith("MultiCell") or not all(self.want.shape):
            return  # of a MultiCell, boost-histogram takes variations for bins
        index = self.draw(some.gathers(self.want.axes))
        want = outcome(self.want, index)
        self.count("gather", want)
        got = outcome(self.h, index)
        if isinstance(want, Exception):
            assert_same(got, want)
        else:
            assert_close(np.asarray(got), np.asarray(want))

    def method(self) -> None:
        """What else can be asked of a histogram."""
        ax = self.draw(st.integers(0, len(self.made) - 1))
        name, n = self.made[ax].name, max(len(self.want.axes[ax]), 1)
        first = self.draw(st.integers(0, n - 1))
        last = self.draw(st.none() | st.integers(first + 1, n))
        asked: Callable[[Any], Any] = self.draw(
            st.sampled_from(
                [
                    lambda h: h.integrate(name),
                    lambda h: h.integrate(name, first, last),
                    lambda h: h.integrate(name, list(h.axes[ax])[:2]),
                    lambda h: h.sort(name, reverse=True),
                    lambda h: h.stack(name)[0],
                    lambda h: h.profile(name),
                    lambda h: h.T,
                    # of an axis without categories, hist cannot leave the flow bins out
                    lambda h: h.project(name, flow=not all(h.shape)),
                    lambda h: h.expand_cats().popitem()[1],
                ]
            )
        )
        if self.storage.startswith("MultiCell"):
            asked = lambda h: h.integrate(name, first, last)
        want = attempt(lambda: asked(self.want))
        self.count("method", want)
        assert_same(attempt(lambda: asked(self.h)), want, exact=False)
        operation = OPERATIONS[self.draw(st.sampled_from(sorted(OPERATIONS)))]
        other = self.want.copy()
        want = attempt(lambda: operation(self.want, other))
        self.count("operator", want)
        for a, b in ((self.h, other), (self.want, self.h), (self.h, self.h)):
            assert_same(attempt(lambda a=a, b=b: operation(a, b)), want, exact=False)

    def compare(self) -> None:
        """All of it, projections and sums; on disk also by another reader and exported."""
        assert_same(self.h.to_hist(), self.want)
        keep = self.draw(st.permutations(range(len(self.made))))
        keep = keep[: self.draw(st.integers(1, len(self.made)))]
        assert_same(self.h.project(*keep), self.want.project(*keep))
        for flow in (True, False):
            if all(len(ax) for ax in self.want.axes):
                assert_same(self.h.sum(flow=flow), self.want.sum(flow=flow))
        if self.path is None:
            return
        assert_same(H5Hist.open(self.path, mode="r").to_hist(), self.want)
        if not self.storage.startswith(("MultiCell", "Mean", "WeightedMean")):
            with h5py.File(self.h.export(self.path.with_suffix(".h5"))) as file:
                read = hist.Hist(uhi.io.hdf5.read(file["h"]))
            want = self.want
            for ax in read.axes:  # those that grow come in another order
                if isinstance(ax, some.CATEGORY) and ax.traits.growth and len(ax):
                    assert sorted(ax) == sorted(want.axes[ax.name])
                    picks = {ax.name: [bh.loc(label) for label in ax]}
                    want = attempt(lambda want=want, picks=picks: want[picks])
            assert_close(read.view(flow=True), want.view(flow=True))

    def count(self, what: str, outcome: Any) -> None:
        """Whether it did something, or was refused."""
        self.census[f"{what} {'refused' if isinstance(outcome, Exception) else 'done'}"] += 1


def _lists(item: Any) -> bool:
    return isinstance(item, list) or (isinstance(item, str) and "*" in item)


def _groups(item: Any) -> bool:
    return isinstance(item, slice) and getattr(item.step, "groups", None) is not None


def set_outcome(h: Any, index: list[Any], value: Any) -> Any:
    try:
        h[tuple(index)] = value
    except ERRORS as error:
        return error
    return None


def attempt(act: Callable[[], Any]) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # hist calls list picks experimental
        try:
            return act()
        except (*ERRORS, AttributeError) as error:
            return error


def outcome(h: Any, index: Any) -> Any:
    return attempt(lambda: h[index])


def faults(h: Any, index: Any) -> list[Any]:
    """What hist says to each item alone: of several wrong items, either error may come first."""
    if isinstance(index, dict):
        return [outcome(h, {axis: item}) for axis, item in index.items()]
    if index[0] is ...:
        return []
    every = slice(None)
    return [
        outcome(h, tuple(item if i == j else every for j in range(len(index))))
        for i, item in enumerate(index)
    ]


def assert_same(got: Any, want: Any, others: Sequence[Any] = (), *, exact: bool = True) -> None:
    """Equal axes, contents, flow bins, names, labels, storage; or errors of the same kind."""
    if isinstance(want, Exception):
        kinds = [k for k in ERRORS if any(isinstance(e, k) for e in (want, *others))]
        assert isinstance(got, (HepnbError, type(want))), f"{got!r} where hist raises {want!r}"
        assert not exact or any(isinstance(got, k) for k in kinds)
        assert "\n" not in str(got)
        return
    if isinstance(got, Exception):
        raise got
    assert type(got) is type(want)
    if isinstance(want, (bh.accumulators.Mean, bh.accumulators.WeightedMean)):
        for part in ("count", "sum_of_weights", "sum_of_weights_squared", "value", "variance"):
            mine, theirs = getattr(got, part, 0), getattr(want, part, 0)
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)
        return
    if not isinstance(want, bh.Histogram):
        assert got == want
        return
    assert list(map(repr, got.axes)) == list(map(repr, want.axes))
    assert [a.__dict__ for a in got.axes] == [a.__dict__ for a in want.axes]
    assert got.storage_type is want.storage_type
    assert (got.name, got.label) == (want.name, want.label)
    assert_close(got.view(flow=True), want.view(flow=True))
    if got.kind == bh.Kind.COUNT:
        assert (got.variances() is None) <= (want.variances() is None)
        assert not exact or got == want


def assert_close(got: Any, want: Any) -> None:
    """Equal numbers; those of means but for rounding, as they are merged in another order."""
    if want.dtype.names is None or "variance" in want.dtype.names:
        assert np.array_equal(got, want) or np.array_equal(got, want, equal_nan=True)
        return
    for field in want.dtype.names:
        mine, theirs = np.asarray(got[field]), np.asarray(want[field])
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.timeout(3600)
def test_whatever_is_done() -> None:
    """Random axes, storages, fills, sets, folds, reopenings, indexes, methods and operators.

    Most of what is tried must do something: a test of refusals alone would show little.
    """
    census: Counter[str] = Counter()

    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def case(data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as directory:
            pair = Pair(data.draw, directory, census)
            steps = {"fill": pair.fill, "set": pair.set, "reopen": pair.reopen}
            for _ in range(data.draw(st.integers(1, 4))):
                steps[data.draw(st.sampled_from(["fill", "fill", "set", "reopen"]))]()
            pair.compare()
            for _ in range(3):
                pair.index()
            pair.gather()
            pair.method()
            pair.h.close()

    case()
    for what, floor in FLOORS.items():
        done, refused = census[f"{what} done"], census[f"{what} refused"]
        assert done >= floor * (done + refused), (what, census)
    assert min(census[how] for how in ("fill", "contribution", "add", "+=")) > CASES / 30
    print(f"{CASES} cases: {dict(sorted(census.items()))}")


def test_an_axis_grows_to_the_very_edges_of_hist() -> None:
    """Of a grown axis the ends do not say all: its edges are sums, which rounding made."""
    differ = 0
    for seed in (121, 172, *range(200)):
        rng = np.random.default_rng(seed)
        ax = hist.axis.Regular(int(rng.integers(1, 9)), -1, 3, growth=True, name="a")
        want, h = hist.Hist(ax), H5Hist(ax)
        for _ in range(3):
            x = rng.normal(0, rng.choice([1, 5]), int(rng.integers(1, 9)))
            want.fill(a=x)
            h.fill(a=x)
        assert h.to_hist() == want, seed
        assert (h + want).sum() == 2 * want.sum()
        edges = want.axes[0].edges
        differ += want.axes[0] != hist.axis.Regular(
            len(edges) - 1, edges[0], edges[-1], growth=True, name="a"
        )
    assert differ, "all of these could be made of their ends again"
