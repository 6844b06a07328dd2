"""Slicing in the browser, in the kernel and by boost-histogram: random histograms, random views.

The built bundle runs in a real Chromium. Contents that are whole numbers must agree bit by bit;
sums of other weights may differ by the order of summation, so by a few units in the last place of
the sum of their magnitudes.
"""

from __future__ import annotations

import base64
import json
import math
import random
from collections.abc import Iterator
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest

from hepnb.histograms import H5Hist
from hepnb.widgets._wire import STATIC
from hepnb.widgets.hist_axes import AxisInfo, describe
from hepnb.widgets.hist_code import selection
from hepnb.widgets.hist_page import _bytes
from hepnb.widgets.hist_slice import Slice, read_slice
from hepnb.widgets.hist_view import read_view, write_view
from hepnb.widgets.hist_whole import pack

CASES = 500
NAMES = ["tt̄", "it's", 'say "no"', "</script>", "a\\b", "{x}", "new\nline", "", "sum", "zz", "ww"]
STORAGES = ["Double", "Int64", "Weight", "Mean", "WeightedMean", "Unlimited", "AtomicInt64"]

pytestmark = pytest.mark.filterwarnings("ignore:List indexing selection is experimental")


def random_axis(rng: random.Random, name: str) -> Any:
    flow: Any = {"underflow": rng.random() < 0.8, "overflow": rng.random() < 0.8}
    low = rng.choice([0.0, -5.5, 0.3, 17.0])
    n = rng.randint(1, 9)
    kind = rng.choice(["reg", "reg", "log", "sqrt", "circular", "var", "inf", "int", "str", "str"])
    kind = rng.choice([kind, kind, kind, "grow", "intcat", "bool"])
    if kind == "reg":
        return hist.axis.Regular(n, low, low + rng.uniform(0.1, 300), name=name, **flow)
    if kind == "log":
        log = hist.axis.transform.log
        return hist.axis.Regular(n, 0.3, 0.3 + rng.uniform(1, 300), transform=log, name=name)
    if kind == "sqrt":
        return hist.axis.Regular(n, 0, 9.5, transform=hist.axis.transform.sqrt, name=name)
    if kind == "circular":
        return hist.axis.Regular(n, 0, 2 * math.pi, circular=True, name=name)
    if kind in ("var", "inf"):
        edges = sorted({round(rng.uniform(-40, 40), rng.randint(0, 5)) for _ in range(n + 1)})
        edges = [*edges, 50.0, *([math.inf] if kind == "inf" else [])]
        return hist.axis.Variable(edges, name=name, **flow)
    if kind == "int":
        return hist.axis.Integer(int(low), int(low) + n, name=name, **flow)
    if kind == "intcat":
        return hist.axis.IntCategory(rng.sample(range(-20, 20), min(n, 4)), name=name)
    if kind == "bool":
        return hist.axis.Boolean(name=name)
    items = rng.sample(NAMES, min(n, 5))
    return hist.axis.StrCategory(items, growth=kind == "grow", name=name)


def random_histogram(rng: random.Random) -> hist.Hist[Any]:
    named = rng.random() < 0.8
    axes: Any = [random_axis(rng, name if named else "") for name in "abcd"[: rng.randint(1, 4)]]
    h: hist.Hist[Any] = hist.Hist(*axes, storage=rng.choice(STORAGES))
    numbers = np.random.default_rng(rng.randrange(2**32))
    shape = h.axes.extent
    counts = numbers.integers(0, 2 ** rng.choice([3, 12, 20, 40]), size=shape)
    view: Any = h.view(flow=True)
    whole = rng.random() < 0.5
    weights = counts if whole else numbers.normal(1, 5, size=shape)
    names = view.dtype.names
    if names is None:
        view[...] = counts if "Int64" in type(h.storage_type()).__name__ else weights
        if not whole and h.storage_type is hist.storage.Double:
            h *= 1.0  # weights whose squares are not known
    elif names == ("value", "variance"):
        view["value"], view["variance"] = weights, np.abs(weights) * (1 if whole else 1.3)
    else:
        filled = numbers.integers(0, 6, size=shape)
        for field in names:
            view[field] = filled if field in ("count", "sum_of_weights") else filled * 0.75
        view["value"] = np.where(filled > 0, numbers.normal(3, 2, size=shape), 0)
    return h


def random_step(rng: random.Random, axis: AxisInfo, role: str) -> dict[str, Any]:
    step: dict[str, Any] = {"as": role}
    if role == "sum":
        return {"as": "sum", "flow": rng.random() < 0.5} if rng.random() < 0.5 else step
    if role == "bin":
        step["bin"] = rng.randrange(axis.size)
    elif role in ("overlay", "stack", "pick") or not axis.dense:
        if role != "pick" and rng.random() < 0.3:
            return {**step, "items": None}
        step["items"] = rng.sample(list(axis.choices), rng.randint(1, len(axis.choices)))
    elif not axis.circular:
        assert axis.edges is not None
        start = rng.randrange(axis.size)
        stop = rng.randint(start + 1, axis.size)
        if rng.random() < 0.7:
            limits = [float(axis.edges[start]), float(axis.edges[stop])]
            step["range"] = [
                None if rng.random() < 0.2 or not math.isfinite(v) else v for v in limits
            ]
        if role in ("x", "y") and not axis.discrete:
            if rng.random() < 0.4:
                step["rebin"] = rng.randint(1, stop - start)
            elif rng.random() < 0.5:
                inner = sorted(rng.sample(range(1, axis.size), rng.randint(0, axis.size - 1)))
                step["rebin"] = [None, *(float(axis.edges[i]) for i in inner), None]
                if rng.random() < 0.5:
                    step.pop("range", None)
    return step


def random_view(rng: random.Random, axes: tuple[AxisInfo, ...]) -> dict[str, Any]:
    order = rng.sample(axes, len(axes))
    roles = ["x", rng.choice(["y", "overlay", "stack", "", ""])]
    view: dict[str, Any] = {}
    for axis in order:
        role = roles.pop(0) if roles else ""
        if not role or (role in ("overlay", "stack") and not axis.choices):
            free = ["sum", "range", "bin"] if axis.dense else ["sum", "pick"]
            role = rng.choice([r for r in free if r != "range" or not axis.circular])
        view[axis.key] = random_step(rng, axis, role)
    return view


def random_case(rng: random.Random) -> tuple[hist.Hist[Any], dict[str, Any]]:
    h = random_histogram(rng)
    view = random_view(rng, describe(h.axes))
    for step in view.values():
        if h.kind == bh.Kind.MEAN and isinstance(step.get("rebin"), list):
            del step["rebin"]  # refused, see test_hist_explorer.py
    return h, view


def wire(value: object) -> Any:
    return json.loads(json.dumps(value, default=_bytes, allow_nan=False))


def check_numbers(got: np.ndarray[Any, Any], slice_: Slice, expected: np.ndarray[Any, Any]) -> None:
    """Bit by bit for whole numbers; else to the order of summation."""
    if slice_.kind == "count" and (expected == np.floor(expected)).all():
        np.testing.assert_array_equal(got, expected)
    else:
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * 5 * got.size)


RUN = """async ({ esm, jobs }) => {
  const revive = (value) => {
    if (value && typeof value === "object") {
      if ("$bytes" in value)
        return new DataView(Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0)).buffer);
      for (const key of Object.keys(value)) value[key] = revive(value[key]);
    }
    return value;
  };
  const lower = (value) => {
    if (value instanceof Float64Array) {
      let text = "";
      for (const byte of new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
        text += String.fromCharCode(byte);
      return { $bytes: btoa(text) };
    }
    if (Array.isArray(value)) return value.map(lower);
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, lower(v)]));
    return value;
  };
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { sliced } = await import(url);
  return jobs.map(({ frame, whole, views }) => lower(sliced(revive(frame), revive(whole), views)));
}"""


def floats(value: dict[str, str]) -> np.ndarray[Any, Any]:
    return np.frombuffer(base64.b64decode(value["$bytes"]), dtype="<f8")


@pytest.fixture(scope="module")
def browser_page(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    yield page
    page.close()


def run_in_browser(page: Any, jobs: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    esm = (STATIC / "hist_explorer.js").read_text(encoding="utf-8")
    found: list[list[dict[str, Any]]] = page.evaluate(RUN, {"esm": esm, "jobs": wire(jobs)})
    return found


@pytest.mark.browser
def test_the_browser_the_kernel_and_boost_histogram_slice_alike(browser_page: Any) -> None:
    rng = random.Random(20261122)
    cases = [random_case(rng) for _ in range(CASES)]
    jobs = []
    for h, view in cases:
        frame = {"base": "h", "axes": [axis.to_wire() for axis in describe(h.axes)]}
        jobs.append({"frame": frame, "whole": pack(h, 1), "views": [view]})
    tried: set[str] = set()
    for (h, view), (here,) in zip(cases, run_in_browser(browser_page, jobs), strict=True):
        axes = describe(h.axes)
        steps = read_view(view, axes)
        chosen = selection(steps, axes)
        assert here["code"] == chosen.code("h"), view
        assert here["view"] == wire(write_view(steps, axes)), view
        selected = eval(here["code"], {"h": h, "hist": hist})  # what a person pastes
        assert chosen.apply(h) == selected
        expected = read_slice(selected, steps, axes)
        check_slice(here["slice"], expected)
        check_bins(expected, selected)
        tried |= {s.role for s in steps} | {type(a.axis).__name__ for a in axes}
        tried.add(h.storage_type.__name__)
    assert {*STORAGES, "x", "y", "overlay", "stack", "range", "bin", "pick", "sum"} <= tried
    assert {"Regular", "Variable", "Integer", "StrCategory", "IntCategory", "Boolean"} <= tried


def check_slice(here: dict[str, Any], expected: Slice) -> None:
    shape = expected.values.shape
    check_numbers(floats(here["values"]).reshape(shape), expected, expected.values)
    assert (here["variances"] is None) == (expected.variances is None)
    if expected.variances is not None:
        check_numbers(floats(here["variances"]).reshape(shape), expected, expected.variances)
    assert [series["label"] for series in here["series"]] == list(expected.series)
    for word in ("stacked", "kind", "counts", "group", "low", "sums"):
        assert here[word] == getattr(expected, word), word
    for got, axis in zip(here["axes"], expected.axes, strict=True):
        np.testing.assert_array_equal(floats(got.pop("edges")), axis.edges)
        rest = wire(axis.to_wire())
        rest.pop("edges")
        assert got == rest


def check_bins(made: Slice, selected: Any) -> None:
    """The axes of a slice are those that boost-histogram gives."""
    for axis, truth in zip(made.axes, selected.axes, strict=False):
        assert axis.under == truth.traits.underflow
        if not axis.items:
            np.testing.assert_allclose(axis.edges, truth.edges, rtol=1e-12, atol=1e-12)
        elif not isinstance(truth, bh.axis.Boolean):
            assert list(axis.items) == [str(truth.value(i)) for i in range(len(truth))]


def test_a_store_is_sliced_in_the_kernel_as_boost_histogram_slices() -> None:
    rng = random.Random(11)
    for _ in range(150):
        h, view = random_case(rng)
        if type(h.storage_type()).__name__ in ("Unlimited", "AtomicInt64"):
            continue  # a store has no such storage
        store = H5Hist.from_hist(h)
        axes = describe(store.axes)
        steps = read_view(view, axes)
        ours, truth = (
            read_slice(selection(steps, axes).apply(source), steps, axes) for source in (store, h)
        )
        check_numbers(ours.values, truth, truth.values)
        if truth.variances is not None and ours.variances is not None:
            check_numbers(ours.variances, truth, truth.variances)
        assert (ours.series, ours.counts) == (truth.series, truth.counts)
