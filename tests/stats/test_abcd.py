"""The ABCD method against its formula, toys and hist's own arithmetic."""

from __future__ import annotations

import hist
import numpy as np
import pytest

from hepnb.errors import StatsError
from hepnb.stats import abcd

X, Y = 0.3, 0.2
"""How often a background event is inside in x, and in y."""


def regions(events: int, seed: int, weight: float = 1.0) -> hist.Hist:
    """Background whose x and y are independent."""
    chance = np.random.default_rng(seed)
    h = hist.Hist(
        hist.axis.Boolean(name="iso"),
        hist.axis.Regular(4, 0, 1, name="m"),
        hist.axis.StrCategory(["same", "opposite"], name="sign"),
        storage=hist.storage.Weight(),
    )
    iso, mass = chance.random(events) < X, chance.random(events) * 1.1
    sign = np.where(chance.random(events) < Y, "opposite", "same")
    return h.fill(iso=iso, m=mass, sign=sign, weight=weight)


def test_it_predicts_what_is_there_and_how_well() -> None:
    """Of 400 toys the pulls of prediction minus truth have mean 0 and width 1."""
    pulls = []
    for seed in range(400):
        h = regions(20_000, seed)
        found = abcd(h, "iso", "sign", inside=(True, "opposite"))
        truth = h[{"iso": True, "sign": "opposite"}]
        spread = np.sqrt(found.variances() + truth.variances())
        pulls.append((found.values() - truth.values()) / spread)
    every = np.concatenate(pulls)
    assert abs(every.mean()) < 5 / np.sqrt(len(every)) + 0.02
    assert every.std() == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize("inside", [(True, "opposite"), (False, "same"), (True, "same")])
@pytest.mark.parametrize("ratio", ["bin", "total"])
def test_each_corner_equals_the_formula(inside, ratio) -> None:
    h = regions(5_000, 1, weight=0.7)
    x, y = inside
    other = {"same": "opposite", "opposite": "same"}[y]
    corner = {
        "b": h[{"iso": not x, "sign": y}], "c": h[{"iso": x, "sign": other}],
        "d": h[{"iso": not x, "sign": other}],
    }  # fmt: skip
    (b, vb), (c, vc), (d, vd) = (
        (r.values(flow=True), r.variances(flow=True)) for r in corner.values()
    )
    if ratio == "total":
        c, vc, d, vd = (np.where(r.sum() == 0, 0, r.sum()) for r in (c, vc, d, vd))
        c, vc, d, vd = (np.broadcast_to(r, b.shape) for r in (c, vc, d, vd))
    kept = (b != 0) & (c != 0) & (d != 0)
    assert kept.any()
    found = abcd(h, "iso", "sign", inside=inside, ratio=ratio)
    assert [axis.name for axis in found.axes] == ["m"]
    value, variance = found.values(flow=True), found.variances(flow=True)
    b, vb, c, vc, d, vd = (r[kept] for r in (b, vb, c, vc, d, vd))
    np.testing.assert_allclose(value[kept], b * c / d)
    expected = (b * c / d) ** 2 * (vb / b**2 + vc / c**2 + vd / d**2)
    np.testing.assert_allclose(variance[kept], expected)
    assert not value[~kept].any()


def test_without_other_axes_it_is_one_number() -> None:
    h = regions(5_000, 1)
    found = abcd(h.project("iso", "sign"), "iso", "sign", inside=(True, "opposite"))
    n = {(i, s): h[{"iso": i, "sign": s}].sum(flow=True).value
         for i in (True, False) for s in ("same", "opposite")}  # fmt: skip
    b, c, d = n[False, "opposite"], n[True, "same"], n[False, "same"]
    assert found.value == pytest.approx(b * c / d)
    assert found.variance == pytest.approx((b * c / d) ** 2 * (1 / b + 1 / c + 1 / d))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": "isolation"}, r"no axis 'isolation' \(axes: "),
        ({"x": "m"}, "axis 'm' has 4 bins: regions are two"),
        ({"inside": (True, "opposit")}, "no bin 'opposit': it has 'same', 'opposite'"),
        ({"inside": (True,)}, r"inside is \(bin of x, bin of y\), .* not \(True,\)"),
        ({"inside": True}, "not True"),
        ({"x": "sign"}, "x and y are both 'sign'"),
        ({"ratio": "all"}, "ratio is 'bin' or 'total'"),
    ],
)
def test_what_is_no_region_is_said_in_a_line(change, said) -> None:
    asked = {"x": "iso", "y": "sign", "inside": (True, "opposite"), **change}
    with pytest.raises(StatsError, match=said):
        abcd(regions(500, 1), **asked)


def test_an_empty_region_is_no_zero() -> None:
    h = regions(500, 1)
    h[{"iso": False, "sign": "same", "m": 2}] = (0, 0)
    with pytest.raises(StatsError, match=r"region D is empty in 1 bins.*ratio='total'"):
        abcd(h, "iso", "sign", inside=(True, "opposite"))
    found = abcd(h, "iso", "sign", inside=(True, "opposite"), ratio="total")
    assert found[2].value > 0
    weighted = hist.Hist.new.Bool(name="x").Bool(name="y").Double().fill([True], [True], weight=2)
    with pytest.raises(StatsError, match="storage='Weight'"):
        abcd(weighted, "x", "y")


def test_whole_numbers_as_labels_are_corners_by_their_value() -> None:
    h = hist.Hist.new.IntCat([1, 0], name="x").Bool(name="y").Weight()
    for number, (x, y) in enumerate([(1, True), (1, False), (0, True), (0, False)]):
        h.fill([x] * (number + 1), [y] * (number + 1))
    assert abcd(h, "x", "y", inside=(1, True)).value == pytest.approx(3 * 2 / 4)
    assert abcd(h, "x", "y", inside=(0, True)).value == pytest.approx(1 * 4 / 2)
    with pytest.raises(StatsError, match="no bin 2: it has 1, 0"):
        abcd(h, "x", "y", inside=(2, True))
