"""What is drawn of a slice: right by itself, and the same in the kernel and in the browser."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest

from hepnb.errors import HepnbError
from hepnb.widgets.hist_display import display
from hepnb.widgets.hist_intervals import garwood
from hepnb.widgets.hist_look import Look, read_look, write_look
from hepnb.widgets.hist_slice import Slice, SliceAxis

JS = Path(__file__).parents[2] / "widgets_js"
AXIS = SliceAxis(
    key="x",
    label=(("x [GeV]", 0),),
    unit="GeV",
    edges=np.array([0.0, 1, 2, 3, 4]),
    items=(),
    under=True,
    over=True,
    circular=False,
    discrete=False,
    log=False,
    width=1.0,
)


def counts(*values: float, **changes: Any) -> Slice:
    """A slice of one series over AXIS, or of several, one after the other."""
    return Slice(
        axes=(AXIS,),
        series=changes.pop("series", ("",)),
        stacked=changes.pop("stacked", False),
        kind="count",
        values=np.array(values, dtype=float).reshape(-1, 6),
        variances=None,
        counts=True,
        **changes,
    )


TAIL = math.erfc(1 / math.sqrt(2)) / 2  # of a Gaussian beyond one sigma


def at_most(n: int, mean: float) -> float:
    """The probability of `n` events or fewer."""
    return math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(n + 1))


def test_poisson_intervals_are_garwoods() -> None:
    some = [*range(130), 200, 999, 5000]
    low, high = garwood(np.array(some, dtype=float))
    for i, n in enumerate(some):
        assert at_most(n, high[i]) == pytest.approx(TAIL, abs=1e-8)
        assert n == 0 or at_most(n - 1, low[i]) == pytest.approx(1 - TAIL, abs=1e-8)
    assert low[0] == 0
    assert np.isnan(garwood(np.array([-1.0, 0.5]))).all()


def test_data_points_carry_them_also_when_summed_and_scaled() -> None:
    part = counts(9, 0, 4, 4, 0, 7)
    [curve] = display(part, Look(kind="points", cumulative="up", normalise="area")).curves
    assert curve.values.tolist() == [0, 0.5, 1, 1]
    assert curve.high is not None
    assert curve.high[0] == pytest.approx(-math.log(TAIL) / 8)


def test_data_in_a_weighted_histogram_are_counts_all_the_same() -> None:
    values = np.array([[0.0, 4, 0, 9, 1, 0]])
    part = replace(counts(*[0] * 6), values=values, variances=values, counts=False)
    [curve] = display(part, Look(kind="points")).curves
    assert curve.high is not None
    assert curve.high[1] == pytest.approx(-math.log(TAIL))
    [curve] = display(replace(part, variances=values + 0.5), Look(kind="points")).curves
    assert curve.high is not None
    assert curve.high[1] == math.sqrt(0.5)


def test_flow_is_drawn_as_bins_only_where_asked() -> None:
    part = counts(9, 0, 4, 4, 0, 7)
    assert display(part, Look()).curves[0].values.tolist() == [0, 4, 4, 0]
    drawn = display(part, Look(flow=True))
    assert drawn.curves[0].values.tolist() == [9, 0, 4, 4, 0, 7]
    assert drawn.x.edges.tolist() == [-1, 0, 1, 2, 3, 4, 5]
    assert (drawn.x.under, drawn.x.over) == (True, True)


def test_density_is_that_of_boost_histogram() -> None:
    h = bh.Histogram(bh.axis.Variable([0, 1, 2, 3, 4]))
    h.fill(np.random.default_rng(2).normal(2, 2, 500))
    drawn = display(counts(*h.values(flow=True)), Look(normalise="density"))
    assert np.allclose(drawn.curves[0].values, hist.Hist(h).density())


def test_a_stack_adds_up_and_its_reference_is_the_data() -> None:
    part = counts(
        0,
        1,
        2,
        3,
        4,
        0,
        0,
        1,
        1,
        1,
        1,
        0,
        0,
        3,
        3,
        3,
        3,
        0,
        series=("a", "b", "data"),
        stacked=True,
    )
    drawn = display(part, Look(below="ratio", reference="data"))
    a, b, data = drawn.curves
    assert b.base is not None
    assert b.base.tolist() == a.values.tolist() == [1, 2, 3, 4]
    assert b.values.tolist() == [2, 3, 4, 5]
    assert (data.kind, data.values.tolist()) == ("points", [3, 3, 3, 3])
    assert drawn.below is not None
    assert drawn.below.curves[0].values.tolist() == [1.5, 1, 0.75, 0.6]
    assert drawn.band is not None
    assert np.allclose(drawn.band[1] - b.values, np.sqrt(b.values))


def test_a_ratio_of_few_events_has_room_around_one() -> None:
    """None is known to 50 %: a range of 0.98 to 1.02 would hold none of them."""
    part = counts(0, 1, 0, 1, 1, 0, 0, 9, 9, 9, 9, 0, series=("data", "mc"))
    panel = display(part, Look(below="ratio", reference="mc")).below
    assert panel is not None
    assert panel.range == (0, 2)


def test_pulls_use_the_errors_that_face_each_other() -> None:
    part = counts(0, 4, 9, 0, 16, 0, 0, 9, 4, 0, 16, 0, series=("a", "b"))
    panel = display(part, Look(below="pull")).below
    assert panel is not None
    expected = np.array([5, -5, np.nan, 0]) / math.sqrt(13)
    assert np.allclose(panel.curves[0].values, expected, equal_nan=True)


def test_statistics_of_a_gaussian() -> None:
    x = np.linspace(-5, 5, 201)
    contents = np.diff([math.erf(v / math.sqrt(2)) / 2 for v in x]) * 1e6
    part = replace(
        counts(*[0] * 6),
        axes=(replace(AXIS, edges=x, under=False, over=False),),
        values=contents[np.newaxis],
        variances=contents[np.newaxis],
        counts=False,
    )
    [box] = display(part, Look()).statistics
    assert box.mean == pytest.approx(0, abs=1e-9)
    assert box.std == pytest.approx(1, rel=1e-3)
    assert box.fwhm == pytest.approx(2 * math.sqrt(2 * math.log(2)), rel=1e-3)
    assert box.effective
    assert box.entries == pytest.approx(1e6, rel=1e-4)


def test_a_profile_is_the_mean_of_y() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 4, 5000), rng.uniform(-2, 6, 5000)
    h = bh.Histogram(bh.axis.Regular(4, 0, 4), bh.axis.Regular(4, 0, 4))
    h.fill(x, y)
    part = replace(counts(*[0] * 6), axes=(AXIS, AXIS), values=h.values(flow=True).T[np.newaxis])
    [curve] = display(part, Look(profile=True)).curves
    inside = (y >= 0) & (y < 4)
    for i in range(4):
        here = np.floor(y[inside & (np.floor(x) == i)]) + 0.5
        assert curve.values[i] == pytest.approx(here.mean())
        assert curve.high is not None
        error = here.std() / math.sqrt(len(here))
        assert curve.high[i] - curve.values[i] == pytest.approx(error)


def test_a_look_is_read_back_and_errors_name_the_mend() -> None:
    look = read_look({"kind": "points", "below": "pull", "reference": "data", "logx": False})
    assert read_look(write_look(look)) == look
    with pytest.raises(HepnbError, match="did you mean 'normalise'"):
        read_look({"normalize": "area"})
    with pytest.raises(HepnbError, match="did you mean 'points'"):
        read_look({"kind": "point"})
    with pytest.raises(HepnbError, match="'logy' can be True, False, not 1"):
        read_look({"logy": 1})


def random_slice(rng: np.random.Generator) -> Slice:
    """Any slice: categories or bins, infinite edges, weights, stacks, thinned ones, one or two axes."""
    two = rng.random() < 0.4
    axes = tuple(_random_axis(rng, name) for name in ("xy" if two else "x"))
    several = 1 if two else int(rng.integers(1, 4))
    shape = [len(axis.edges) - 1 + axis.under + axis.over for axis in reversed(axes)]
    weighted = rng.random() < 0.5
    values = rng.poisson(10.0 ** rng.uniform(-1, 4), (several, *shape)).astype(float)
    variances = None
    if weighted:
        variances = values.copy()  # data among weighted histograms
        if rng.random() < 0.8:
            values = values * rng.uniform(-0.2, 2)
            variances = values**2 / 7 + 0.1 if rng.random() < 0.8 else None
    thinned = rng.random() < 0.2
    return Slice(
        axes=axes,
        series=tuple("abc"[:several]) if several > 1 else ("",),
        stacked=several > 1 and rng.random() < 0.5,
        kind="mean" if weighted and rng.random() < 0.2 else "count",
        values=values,
        variances=variances,
        counts=not weighted,
        group=3 if thinned else 1,
        low=values * 0.5 if thinned else None,
        sums=values * 2 if thinned else None,
    )


def _random_axis(rng: np.random.Generator, name: str) -> SliceAxis:
    n = int(rng.integers(1, 7))
    items: tuple[str, ...] = ()
    edges = np.cumsum(rng.uniform(0.1, 3, n + 1)) - (3 if rng.random() < 0.5 else 0)
    if rng.random() < 0.2:
        edges[0] = -np.inf
    if rng.random() < 0.2:
        edges[-1] = np.inf
    if rng.random() < 0.2:
        items, edges = tuple(f"item {i}" for i in range(n)), np.arange(n + 1.0)
    return SliceAxis(
        key=name,
        label=((f"{name} [cm]", 0),),
        unit="cm" if rng.random() < 0.5 else "",
        edges=edges,
        items=items,
        under=not items and bool(rng.random() < 0.7),
        over=bool(rng.random() < 0.7),
        circular=False,
        discrete=bool(rng.random() < 0.1),
        log=bool(rng.random() < 0.3),
        width=float(rng.uniform(0.1, 3)) if rng.random() < 0.5 else None,
    )


def random_look(rng: np.random.Generator) -> Look:
    def one(*choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))]

    return read_look(
        {
            "kind": one("step", "errorbar", "filled", "points"),
            "errors": one(True, False),
            "logx": one(None, True, False),
            "logy": one(True, False),
            "flow": one(True, False),
            "normalise": one(None, None, "area", "density", "width"),
            "cumulative": one(None, None, "up", "down"),
            "profile": one(True, False),
            "reference": one(None, "a", "b"),
            "below": one(None, "ratio", "pull"),
        }
    )


def plain(value: Any) -> Any:
    """Arrays as lists, and numbers that JSON has no word for by name."""
    if isinstance(value, np.ndarray):
        return [plain(float(v)) for v in value.ravel()]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    return value


DRIVER = """
import { display } from "./src/display";
import { readFileSync } from "node:fs";
const number = (v: unknown) => typeof v === "string" ? Number(v.replace("inf", "Infinity")) : v;
const array = (a: unknown[] | null) => a && Float64Array.from(a, number as () => number);
const cases = JSON.parse(readFileSync(0, "utf8"));
const out = cases.map(({ slice, look }: any) => display({
  ...slice,
  axes: slice.axes.map((axis: any) => ({ ...axis, edges: array(axis.edges) })),
  series: slice.series.map((label: string) => ({ label })),
  values: array(slice.values), variances: array(slice.variances),
  low: array(slice.low), sums: array(slice.sums),
}, look));
process.stdout.write(JSON.stringify(out, (_, v) => v instanceof Float64Array ? [...v].map(
  (x) => Number.isNaN(x) ? "nan" : Number.isFinite(x) ? x : x > 0 ? "inf" : "-inf") : v));
"""


@pytest.fixture(scope="module")
def in_browser(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The browser's transforms, run by Node as esbuild bundles them."""
    esbuild, node = JS / "node_modules/.bin/esbuild", shutil.which("node")
    if node is None or not esbuild.exists():
        pytest.skip("needs node and the packages of widgets_js (npm ci)")
    bundle = tmp_path_factory.mktemp("js") / "display.mjs"
    options = ["--bundle", "--format=esm", "--platform=node", f"--outfile={bundle}", "--loader=ts"]
    options += ["--log-level=error"]
    subprocess.run([esbuild, *options], input=DRIVER, text=True, cwd=JS, check=True)

    def drive(cases: list[Any]) -> Any:
        done = subprocess.run(
            [node, bundle], input=json.dumps(cases), text=True, capture_output=True, check=True
        )
        return json.loads(done.stdout)

    return drive


def differences(here: Any, there: Any, where: str) -> list[str]:
    """Where two drawings differ, and by what; numbers may by rounding."""
    if isinstance(here, dict) and isinstance(there, dict) and here.keys() == there.keys():
        pairs = [(here[key], there[key], f"{where}.{key}") for key in here]
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        pairs = [(one, there[i], f"{where}[{i}]") for i, one in enumerate(here)]
    else:
        if isinstance(here, float) and isinstance(there, int | float):
            there = pytest.approx(there, rel=1e-9, abs=1e-9)
        return [] if here == there else [f"{where}: {here} here, {there} there"]
    return [found for pair in pairs for found in differences(*pair)]


@pytest.mark.browser
def test_the_browser_draws_the_same_numbers(in_browser: Any) -> None:
    rng = np.random.default_rng(20)
    cases = [(random_slice(rng), random_look(rng)) for _ in range(400)]
    wire = [{"slice": plain(asdict(s)), "look": write_look(look)} for s, look in cases]
    for i, ((part, look), there) in enumerate(zip(cases, in_browser(wire), strict=True)):
        here = plain(asdict(display(part, look)))
        assert differences(here, there, "drawing") == [], f"case {i}, {look}"
