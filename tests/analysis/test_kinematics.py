"""Masses, momenta and angles against the sum of four-vectors in extended precision."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepnb.analysis.kinematics import deltaphi, deltar, mass, pt

momentum = st.tuples(
    st.floats(1, 500),
    st.floats(-2.5, 2.5),
    st.floats(-np.pi, np.pi),
    st.sampled_from([0.000511, 0.105658, 4.18]),
)


def objects(rows: list[tuple[float, ...]]) -> ak.Array:
    return ak.Array(
        {name: [row[i] for row in rows] for i, name in enumerate(("pt", "eta", "phi", "mass"))}
    )


def four(row: tuple[float, ...]) -> np.ndarray:
    size, eta, phi, m = (np.longdouble(x) for x in row)
    px, py, pz = size * np.cos(phi), size * np.sin(phi), size * np.sinh(eta)
    return np.array([np.sqrt(px * px + py * py + pz * pz + m * m), px, py, pz])


@given(st.lists(st.tuples(momentum, momentum, momentum), min_size=1, max_size=5))
def test_mass_and_pt_are_those_of_the_summed_four_vectors(
    rows: list[tuple[tuple[float, ...], ...]],
) -> None:
    parts = [objects([row[i] for row in rows]) for i in range(3)]
    for k in (2, 3):
        total = [sum(four(p) for p in row[:k]) for row in rows]
        expected = [np.sqrt(max(t[0] ** 2 - t[1] ** 2 - t[2] ** 2 - t[3] ** 2, 0)) for t in total]
        scale = max(float(t[0]) for t in total)
        np.testing.assert_allclose(
            mass(*parts[:k]), np.array(expected, float), atol=1e-7 * scale, rtol=1e-6
        )
        momenta = [float(np.hypot(t[1], t[2])) for t in total]
        np.testing.assert_allclose(pt(*parts[:k]), momenta, atol=1e-9 * scale)


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_deltaphi_is_the_short_way_round(a: float, b: float) -> None:
    difference = float(deltaphi(a, b))
    assert -np.pi <= difference < np.pi
    assert np.isclose(np.cos(difference), np.cos(a - b), atol=1e-9)
    assert np.isclose(np.sin(difference), np.sin(a - b), atol=1e-9)


def test_float32_input_is_computed_in_float64() -> None:
    a = ak.values_astype(objects([(45.0, 2.0, 0.1, 0.1)]), np.float32)
    assert mass(a, a).dtype == np.float64
    assert float(mass(a, a)[0]) == pytest.approx(0.2, rel=1e-4)


def test_jagged_objects_keep_their_shape() -> None:
    a = ak.Array([[{"eta": 0.0, "phi": 0.0}], []])
    b = ak.Array([[{"eta": 3.0, "phi": 4.0 - 2 * np.pi}], []])
    assert ak.num(deltar(a, b)).tolist() == [1, 0]
    assert deltar(a, b)[0, 0] == pytest.approx(np.hypot(3.0, 4.0 - 2 * np.pi))


@pytest.mark.parametrize("function", [mass, pt])
def test_one_object_is_not_enough(function) -> None:
    with pytest.raises(TypeError, match="two or more"):
        function(objects([(1.0, 0.0, 0.0, 0.0)]))
