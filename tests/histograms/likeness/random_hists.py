"""Random axes, fills, indexes and values for tests against hist.Hist: most of them do something."""

from __future__ import annotations

from typing import Any

import boost_histogram as bh
import hist
import numpy as np
from hypothesis import strategies as st

CATEGORY = (hist.axis.StrCategory, hist.axis.IntCategory)
STORAGES = [
    *("Double", "Int64", "AtomicInt64", "Unlimited", "Weight", "Mean", "WeightedMean"),
    "MultiCell(2)",
]
LABELS = ["ee", "mm", "é", "tt bar"]
KINDS = ["regular", "log", "sqrt", "pow", "variable", "integer", "bool", "str", "int"]


def storage_of(name: str) -> Any:
    """What hist.Hist takes."""
    return bh.storage.MultiCell(2) if name.startswith("MultiCell") else name


@st.composite
def axes(draw: st.DrawFn, name: str, *, grows_dense: bool, all_known: bool) -> Any:
    """One axis of any kind that a store holds; with `all_known` categories never grow in fact."""
    kind = draw(st.sampled_from(KINDS))
    own = {"name": name, "label": draw(st.sampled_from(["", "label"]))}
    flows = {"underflow": draw(st.booleans()), "overflow": draw(st.booleans())}
    bins = draw(st.integers(1, 6))
    if kind in ("regular", "variable", "integer") and grows_dense and draw(st.booleans()):
        own, flows = {**own, "growth": True}, {}
    if kind == "regular":
        if "growth" not in own and draw(st.integers(0, 7)) == 0:
            return hist.axis.Regular(bins, 0, 3, circular=True, **own)
        return hist.axis.Regular(bins, -1, 3, **flows, **own)
    if kind in ("log", "sqrt", "pow"):
        shape = {"log": hist.axis.transform.log, "sqrt": hist.axis.transform.sqrt}
        transform = shape.get(kind, hist.axis.transform.Pow(2))
        return hist.axis.Regular(bins, 0.5, 3.5, transform=transform, **own)
    if kind == "variable":
        return hist.axis.Variable(np.cumsum(range(1, bins + 2)) * 0.5 - 1, **flows, **own)
    if kind == "integer":
        return hist.axis.Integer(-1, bins, **flows, **own)
    if kind == "bool":
        return hist.axis.Boolean(**own)
    growth = draw(st.booleans())
    flow = {} if growth else {"flow": draw(st.booleans())}
    labels: Any = LABELS if kind == "str" else list(range(5))
    known = st.lists(st.sampled_from(labels), unique=True, min_size=not growth)
    some = labels if growth and all_known else draw(known)
    category = hist.axis.StrCategory if kind == "str" else hist.axis.IntCategory
    return category(some, growth=growth, **flow, **own)


def values_of(draw: st.DrawFn, ax: Any, n: int, rng: np.random.Generator) -> Any:
    """`n` entries for one axis, some beyond its ends, or one scalar category."""
    if isinstance(ax, CATEGORY):
        labels = LABELS if isinstance(ax, hist.axis.StrCategory) else list(range(5))
        if not ax.traits.growth and not ax.traits.overflow:
            labels = list(ax)  # see test_entries_without_a_place_fall_away
        return draw(st.sampled_from(labels)) if draw(st.booleans()) else rng.choice(labels, n)
    if isinstance(ax, hist.axis.Boolean):
        return rng.random(n) < 0.5
    if isinstance(ax, hist.axis.Integer):
        return rng.integers(-3, 9, n)
    x = rng.uniform(-2, 6, n)
    odd = [np.nan, np.inf, -np.inf, 0.0, -1.0, 3.0]
    x[rng.random(n) < 0.1] = rng.choice(odd[3:] if ax.traits.growth else odd)
    return x


def beside_of(storage: str, n: int, weighted: bool, rng: np.random.Generator) -> dict[str, Any]:
    """Weights, whose sums are exact, and samples; the weights of a mean do not add up to nothing."""
    if storage.startswith("MultiCell"):
        return {"weight": rng.integers(-4, 5, (n, 2)) * 0.25}
    out: dict[str, Any] = {}
    if "Mean" in storage:
        out["sample"] = rng.integers(-8, 9, n) * 0.5
    if weighted and "Mean" in storage:
        out["weight"] = rng.integers(1, 5, n) * 0.25
    elif weighted:
        out["weight"] = rng.integers(-4, 5, n) * (1 if "Int64" in storage else 0.25)
    return out


@st.composite
def items(draw: st.DrawFn, ax: Any, *, to_set: bool = False) -> Any:
    """One item of an index that this axis has (of one that may be set: bins and plain slices)."""
    n = len(ax)
    if n == 0:
        return draw(st.sampled_from([slice(None), slice(None)] if to_set else [slice(None), sum]))
    options: list[st.SearchStrategy[Any]] = [
        st.just(slice(None)),
        st.integers(-n, n - 1),
        places(ax),
        slices(ax, stepped=not to_set),
    ]
    if not to_set:
        options += [st.just(sum), st.just(slice(None, None, sum)), st.just(len_or_last(ax))]
        if isinstance(ax, CATEGORY):
            options.append(st.lists(places(ax) | st.integers(0, n - 1), min_size=1, max_size=3))
        else:
            options.append(st.just(bh.rebin(draw(st.integers(1, n)))))
    if ax.traits.underflow:
        options.append(st.just(bh.underflow))
    if ax.traits.overflow:
        options.append(st.just(bh.overflow))
    if isinstance(ax, hist.axis.StrCategory) and not to_set:
        options.append(st.sampled_from(["*", ["*"], f"{ax.value(0)[0]}*", ["?*", ax.value(0)]]))
    return draw(st.one_of(options))


def len_or_last(ax: Any) -> Any:
    """A callable that is a bin."""
    return len if ax.traits.overflow else lambda axis: len(axis) - 1


@st.composite
def places(draw: st.DrawFn, ax: Any) -> Any:
    """A value that lies in a bin of the axis, in any way of saying it."""
    at = draw(st.integers(0, len(ax) - 1))
    if isinstance(ax, hist.axis.StrCategory):
        return draw(st.sampled_from([ax.value(at), bh.loc(ax.value(at))]))
    if isinstance(ax, (hist.axis.IntCategory, hist.axis.Boolean)):
        return bh.loc(ax.value(at))
    value = ax.value(at) if isinstance(ax, hist.axis.Integer) else float(ax.centers[at])
    return draw(st.sampled_from([bh.loc(value), value * 1j, value * 1j + 0]))


@st.composite
def slices(draw: st.DrawFn, ax: Any, *, stepped: bool) -> Any:
    """A slice that holds bins, with any kind of end, and of step."""
    n = len(ax)
    first = draw(st.integers(0, n - 1))
    last = draw(st.integers(first + 1, n))
    ends: list[Any] = [first, last]
    for i in (0, 1):
        kind = draw(st.sampled_from(["none", "int", "int", "value", "negative"]))
        if kind == "none" or ax.traits.circular:
            ends[i] = None
        elif kind == "value" and ends[i] < n:
            value = ax.value(ends[i]) if ax.traits.discrete else float(ax.centers[ends[i]])
            ends[i] = value if isinstance(value, str) else bh.loc(value)
        elif kind == "negative" and 0 < ends[i] < n:
            ends[i] -= n
    inside = n if ax.traits.circular else last - first
    steps = [None, None, sum]
    if not isinstance(ax, CATEGORY):
        steps += [bh.rebin(draw(st.integers(1, inside))), complex(0, draw(st.integers(1, inside)))]
        if ends == [None, None] and not ax.traits.circular:
            cut = draw(st.integers(0, n - 1))
            steps.append(hist.rebin(groups=[cut, n - cut] if cut else [n]))
    return slice(*ends, draw(st.sampled_from(steps)) if stepped else None)


@st.composite
def odd_items(draw: st.DrawFn, ax: Any) -> Any:
    """One item that may well be an error."""
    labels = LABELS if isinstance(ax, hist.axis.StrCategory) else list(range(5))
    value = st.sampled_from([-2, -1, 0, 1, 2, 40])
    place = st.sampled_from(labels).map(bh.loc) if isinstance(ax, CATEGORY) else value.map(bh.loc)
    bound = st.none() | st.integers(-7, 7) | place | st.just(len)
    step = st.sampled_from([None, sum, bh.rebin(3), 2j])
    odd = [True, 1.5, None, "zz", "zz*", ["mm"], [], bh.underflow, bh.overflow, bh.rebin(9), 99]
    return draw(st.builds(slice, bound, bound, step) | place | st.sampled_from(odd))


@st.composite
def gathers(draw: st.DrawFn, now: Any) -> Any:
    """An index with arrays of bin numbers."""
    length = draw(st.integers(1, 4))
    index: list[Any] = []
    for ax in now:
        bins = st.lists(st.integers(0, len(ax) - 1), min_size=length, max_size=length)
        index.append(draw(bins.map(np.array) | st.integers(0, len(ax) - 1) | st.just(slice(None))))
    index[0] = np.atleast_1d(np.array(index[0] if not isinstance(index[0], slice) else 0))
    return tuple(index)


@st.composite
def values(draw: st.DrawFn, h: Any, index: list[Any]) -> Any:
    """A value that fits the bins of `index`: one for all, an array without or with flow bins, ones."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    kind = draw(st.sampled_from(["one", "inner", "inner", "ends", "ends", "broadcast", "wrong"]))
    shape = []
    for ax, item in zip(h.axes, index, strict=True):
        if isinstance(item, slice):
            inner = len(range(*_bounds(ax, item)))
            open_ends = ax.traits.underflow * (item.start is None) + ax.traits.overflow * (
                item.stop is None
            )
            extra = {"ends": open_ends, "wrong": 7}.get(kind, 0)
            one = kind == "broadcast" and draw(st.booleans())
            shape.append(1 if one else inner + extra)
    fields = len(h.view().dtype.names or ())
    if isinstance(h.storage, bh.storage.MultiCell):
        # boost-histogram takes one value for all bins of a MultiCell only where all are picked
        return rng.integers(1, 9, (2, *shape)) * 1.0
    array = rng.integers(1, 9, () if kind == "one" else shape) * 1.0
    if fields:  # value and variance; a mean's weights come first, twice as large as their squares
        array = array[..., None] * ([1, 1] if fields == 2 else [2, 2, 1, 1][-fields:])
    return array if array.ndim else float(array)


def _bounds(ax: Any, item: slice) -> tuple[int, int]:
    ends = []
    for end, default in ((item.start, 0), (item.stop, len(ax))):
        bin_of = default if end is None else ax.index(end) if isinstance(end, str) else end
        bin_of = bin_of(ax) if callable(bin_of) else bin_of
        ends.append(int(bin_of) + len(ax) if bin_of < 0 else int(bin_of))
    return ends[0], ends[1]
