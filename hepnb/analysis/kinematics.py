"""Kinematics of objects with fields pt, eta, phi, mass: for definitions and for expressions.

Everything is computed in float64, whatever the file stores; pt and mass carry the same unit (GeV in
NanoAOD), angles are radians. Objects may be flat (one per event) or jagged of equal shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import awkward as ak
import numpy as np

from .columns.flat import Flat, aligned, as_awkward, as_flat, column
from .columns.picked import Picked
from .columns.source import Collection

__all__ = ["deltaphi", "deltar", "mass", "pt"]


def mass(*objects: Any) -> Any:
    r"""Invariant mass of two or more objects, in the unit of their pt (float64).

    With :math:`E^2 = p_T^2\cosh^2\eta + m^2`, the square is :math:`\sum_i m_i^2 + 2 \sum_{i<j}
    [E_i E_j - p_{T,i}\,p_{T,j} (\cos(\phi_i - \phi_j) + \sinh\eta_i \sinh\eta_j)]` (the square of
    the summed four-momenta: Particle Data Group, Review of Particle Physics, "Kinematics").
    Rounding below zero gives 0. Objects need the fields pt, eta, phi, mass.

    >>> import awkward as ak
    >>> a = ak.Array({"pt": [45.6], "eta": [0.0], "phi": [0.0], "mass": [0.0]})
    >>> b = ak.Array({"pt": [45.6], "eta": [0.0], "phi": [3.141592653589793], "mass": [0.0]})
    >>> float(mass(a, b)[0])
    91.2
    """
    if len(objects) < 2:
        raise TypeError(f"mass takes two or more objects, got {len(objects)}")
    return _computed(_mass, objects, ("pt", "eta", "phi", "mass"))


def _mass(*columns: Any) -> Any:
    momenta = [_momentum(*columns[i : i + 4]) for i in range(0, len(columns), 4)]
    square: Any = 0.0
    for i, (pt_a, phi_a, slope_a, energy_a, m_a) in enumerate(momenta):
        square = square + m_a * m_a
        for pt_b, phi_b, slope_b, energy_b, _ in momenta[i + 1 :]:
            cosine = np.cos(phi_a - phi_b) + slope_a * slope_b
            square = square + 2.0 * (energy_a * energy_b - pt_a * pt_b * cosine)
    return np.sqrt(np.maximum(square, 0.0))


def _momentum(pt: Any, eta: Any, phi: Any, m: Any) -> tuple[Any, Any, Any, Any, Any]:
    """pt, phi, sinh(eta), energy and mass of an object."""
    slope = np.sinh(eta)
    return pt, phi, slope, np.sqrt(pt * pt * (1.0 + slope * slope) + m * m), m


def pt(*objects: Any) -> Any:
    """Transverse momentum of the sum of two or more objects with fields pt and phi (float64).

    >>> import awkward as ak
    >>> a, b = ak.Array({"pt": [3.0], "phi": [0.0]}), ak.Array({"pt": [4.0], "phi": [1.5707963267948966]})
    >>> float(pt(a, b)[0])
    5.0
    """
    if len(objects) < 2:
        raise TypeError(f"pt takes two or more objects, got {len(objects)}")
    return _computed(_pt, objects, ("pt", "phi"))


def _pt(*columns: Any) -> Any:
    px: Any = 0.0
    py: Any = 0.0
    for size, angle in zip(columns[::2], columns[1::2], strict=True):
        px, py = px + size * np.cos(angle), py + size * np.sin(angle)
    return np.sqrt(px * px + py * py)


def deltaphi(a: Any, b: Any) -> Any:
    """Difference in azimuth in [-pi, pi) of two angles or two objects with a field phi (float64).

    >>> round(float(deltaphi(3.0, -3.0)), 6)
    -0.283185
    """
    return _computed(_deltaphi, (_angle(a), _angle(b)))


def _deltaphi(a: Any, b: Any) -> Any:
    return (a - b + np.pi) % (2.0 * np.pi) - np.pi


def _angle(value: Any) -> Any:
    is_object = isinstance(value, Picked | Collection) or (
        isinstance(value, ak.Array) and ak.fields(value)
    )
    return value["phi"] if is_object else value


def deltar(a: Any, b: Any) -> Any:
    """Distance sqrt(deta^2 + dphi^2) of two objects with fields eta and phi (float64)."""
    return _computed(_deltar, (a, b), ("eta", "phi"))


def _deltar(eta_a: Any, phi_a: Any, eta_b: Any, phi_b: Any) -> Any:
    deta = eta_a - eta_b
    dphi = _deltaphi(phi_a, phi_b)
    return np.sqrt(deta * deta + dphi * dphi)


def _computed(
    function: Callable[..., Any], objects: Sequence[Any], fields: Sequence[str] = ()
) -> Any:
    """A function of the fields of all objects, where none of them is missing."""
    columns = (
        [_float(item[field]) for item in objects for field in fields]
        if fields
        else [_float(item) for item in objects]
    )
    if any(isinstance(column, ak.Array) for column in columns):
        return function(*(as_awkward(column) for column in columns))
    values, lists, missing = aligned(columns)
    if missing is None:
        made = column(lists, function(*values), None)
    else:
        there = np.flatnonzero(~missing)
        result = np.zeros(len(missing))
        result[there] = function(*(v[there] if np.ndim(v) else v for v in values))
        made = Flat(lists, result, missing)
    by_awkward = any(isinstance(item, ak.Array) for item in objects)
    return as_awkward(made) if by_awkward else made


def _float(value: Any) -> Any:
    """The values in float64, flat where they can be."""
    flat = as_flat(value.layout) if isinstance(value, ak.Array) else value
    if flat is None:
        return ak.values_astype(value, np.float64)
    if isinstance(flat, Flat):
        return Flat(flat.lists, flat.values.astype(np.float64), flat.missing)
    return np.asarray(flat, dtype=np.float64)
