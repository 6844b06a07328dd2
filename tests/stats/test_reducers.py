"""What variations amount to, against NumPy and the formulas."""

from __future__ import annotations

import hist
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hepnb as hn
from hepnb.errors import StatsError
from hepnb.stats import envelope, hessian, mirror, rms


def filled(values: np.ndarray, storage: object = None) -> hist.Hist:
    """A histogram whose variation axis, in the middle, has a nominal and `pdf_0`, `pdf_1`, ..."""
    labels = ["nominal", *(f"pdf_{n}" for n in range(len(values) - 1))]
    h = hist.Hist(
        hist.axis.StrCategory(["a", "b"], name="dataset", growth=True),
        hist.axis.StrCategory(labels, name="variation", growth=True),
        hist.axis.Regular(2, 0, 1, name="x"),
        storage=storage or hist.storage.Weight(),
    )
    view = h.view(flow=True)
    both = np.stack([values, 2 * values])
    if isinstance(storage, hist.storage.Double | hist.storage.Int64):
        view[...] = both
    else:
        view["value"], view["variance"] = both, abs(both) / 3
    return h


def without_nominal(h: hist.Hist) -> hist.Hist:
    axis = hist.axis.StrCategory(["pdf_0"], name="variation")
    return hist.Hist(h.axes[0], axis, h.axes[2], storage=h.storage_type())


contents = st.integers(2, 8).flatmap(
    lambda n: st.lists(
        st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), min_size=n + 1, max_size=n + 1
    )
)


@given(contents)
def test_all_reducers_equal_numpy_in_every_bin_and_flow(rows) -> None:
    values = np.array(rows)
    h = filled(values)
    nominal, others = values[0], values[1:]
    others = others if others.any() else others + nominal  # not varied at all
    spread = others.std(axis=0, ddof=1)
    square = np.sqrt(((others - nominal) ** 2).sum(axis=0))
    expected = {
        envelope: (
            np.maximum(nominal, others.max(axis=0)),
            np.minimum(nominal, others.min(axis=0)),
        ),
        rms: (nominal + spread, nominal - spread),
        hessian: (nominal + square, nominal - square),
    }
    for reduce, sides in expected.items():
        found = reduce(h, "pdf_*", "pdf")
        assert list(found.axes["variation"]) == ["nominal", "pdf_up", "pdf_down"]
        for label, want in zip(("up", "down"), sides, strict=True):
            part = found[{"dataset": "a", "variation": f"pdf_{label}"}]
            np.testing.assert_allclose(part.values(flow=True), want, rtol=1e-12, atol=1e-9)
            np.testing.assert_array_equal(part.variances(flow=True), abs(nominal) / 3)
        kept = found[{"variation": "nominal"}]
        assert kept == h[{"variation": "nominal"}]


def test_what_was_not_varied_stays_the_nominal() -> None:
    h = filled(np.array([[10.0] * 4, [13] * 4, [6] * 4]))
    for number in range(2):  # as where an array of weights is not in the files of `b`
        h.view(flow=True)["value"][1, 1 + number] = 0
    h.view(flow=True)["value"][0, 1:, 2] = 0  # one bin alone is a variation as any other
    for reduce in (envelope, rms, hessian):
        found = reduce(h, "pdf_*", "pdf")
        for side in ("up", "down"):
            assert found["b", f"pdf_{side}", :] == h["b", "nominal", :]
    assert [found["a", "pdf_up", i].value for i in range(2)] == [15, 10 + 200**0.5]
    shifted = mirror(h, "pdf_0")
    assert shifted["b", "pdf_0_down", :] == h["b", "nominal", :]


def test_pairs_take_the_larger_of_both_to_each_side() -> None:
    h = filled(np.array([[10.0] * 4, [13] * 4, [6] * 4, [11] * 4, [14] * 4]))
    found = hessian(h, ["pdf_0", "pdf_1", "pdf_2", "pdf_3"], "pdf", pairs=True)
    up, down = (found["a", f"pdf_{side}", 0].value for side in ("up", "down"))
    assert (up, down) == (15.0, 6.0)  # 3 and 4 in quadrature; 4 and nothing
    with pytest.raises(StatsError, match="3 variations are no pairs"):
        hessian(h, ["pdf_0", "pdf_1", "pdf_2"], "pdf", pairs=True)


def test_whole_counts_and_several_nuisances() -> None:
    h = filled(np.array([[10] * 4, [13] * 4, [6] * 4, [11] * 4]), hist.storage.Int64())
    found = mirror(rms(h, ["pdf_0", "pdf_1"], "pdf"), "pdf_2", "shower")
    assert list(found.axes["variation"]) == [
        "nominal", "pdf_up", "pdf_down", "shower_up", "shower_down"
    ]  # fmt: skip
    assert found["a", "shower_down", 0] == 9.0
    assert found["b", "nominal", 0] == 20.0


def test_of_a_histogram_on_disk(tmp_path) -> None:
    h = filled(np.array([[10.0] * 4, [13] * 4, [6] * 4]))
    with hn.H5Hist(*h.axes, storage=h.storage_type(), path=tmp_path / "h") as stored:
        stored[...] = h.view(flow=True)
        assert envelope(stored, "pdf_*", "pdf") == envelope(h, "pdf_*", "pdf")


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda h: envelope(h, "scale_*", "s"), "no variation is called 'scale_.'"),
        (lambda h: envelope(h["a", :, :].project("x"), "pdf_*", "s"), "has no axis 'variation'"),
        (lambda h: envelope(h, [], "s"), "no variation is named"),
        (lambda h: rms(h, "pdf_0", "s"), "needs two replicas"),
        (lambda h: mirror(h, "pdf_*"), "2 variations have no mirror image"),
        (lambda h: envelope(mirror(h, "pdf_0", "s"), "pdf_1", "s"), "a variation 's_up' already"),
        (lambda _: envelope(3, "pdf_*", "s"), "expected a histogram, not int"),
        (lambda h: envelope(without_nominal(h), "pdf_0", "s"), "has no variation 'nominal'"),
        (
            lambda _: envelope(filled(np.full((3, 4), np.nan)), "pdf_*", "s"),
            "bins that are not finite",
        ),
        (
            lambda h: envelope(hist.Hist(*h.axes, storage=hist.storage.Mean()), "pdf_*", "s"),
            "not of means",
        ),
    ],
)
def test_what_cannot_be_reduced_is_said_in_a_line(act, said) -> None:
    h = filled(np.array([[10.0] * 4, [13] * 4, [6] * 4]))
    with pytest.raises(StatsError, match=said) as caught:
        act(h)
    assert "\n" not in str(caught.value)
