"""Kinematics of objects with fields pt, eta, phi, mass: for definitions and for expressions.

Everything is computed in float64, whatever the file stores; pt and mass carry the same unit (GeV in
NanoAOD), angles are radians. Objects may be flat (one per event) or jagged of equal shape.
"""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np

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
    momenta = [_momentum(item) for item in objects]
    square: Any = 0.0
    for i, (pt_a, phi_a, slope_a, energy_a, m_a) in enumerate(momenta):
        square = square + m_a * m_a
        for pt_b, phi_b, slope_b, energy_b, _ in momenta[i + 1 :]:
            cosine = np.cos(phi_a - phi_b) + slope_a * slope_b
            square = square + 2.0 * (energy_a * energy_b - pt_a * pt_b * cosine)
    return np.sqrt(np.maximum(square, 0.0))


def pt(*objects: Any) -> Any:
    """Transverse momentum of the sum of two or more objects with fields pt and phi (float64).

    >>> import awkward as ak
    >>> a, b = ak.Array({"pt": [3.0], "phi": [0.0]}), ak.Array({"pt": [4.0], "phi": [1.5707963267948966]})
    >>> float(pt(a, b)[0])
    5.0
    """
    if len(objects) < 2:
        raise TypeError(f"pt takes two or more objects, got {len(objects)}")
    px: Any = 0.0
    py: Any = 0.0
    for item in objects:
        size, angle = _float(item["pt"]), _float(item["phi"])
        px, py = px + size * np.cos(angle), py + size * np.sin(angle)
    return np.sqrt(px * px + py * py)


def deltaphi(a: Any, b: Any) -> Any:
    """Difference in azimuth in [-pi, pi) of two angles or two objects with a field phi (float64).

    >>> round(float(deltaphi(3.0, -3.0)), 6)
    -0.283185
    """
    difference = _angle(a) - _angle(b)
    return (difference + np.pi) % (2.0 * np.pi) - np.pi


def deltar(a: Any, b: Any) -> Any:
    """Distance sqrt(deta^2 + dphi^2) of two objects with fields eta and phi (float64)."""
    deta = _float(a["eta"]) - _float(b["eta"])
    dphi = deltaphi(a, b)
    return np.sqrt(deta * deta + dphi * dphi)


def _angle(value: Any) -> Any:
    return _float(value["phi"] if isinstance(value, ak.Array) and ak.fields(value) else value)


def _float(value: Any) -> Any:
    """The values in float64; flat arrays become NumPy arrays, which compute faster."""
    if not isinstance(value, ak.Array):
        return np.asarray(value, dtype=np.float64)
    if value.ndim == 1 and not isinstance(value.type.content, ak.types.OptionType):
        return np.asarray(ak.to_numpy(value), dtype=np.float64)
    return ak.values_astype(value, np.float64)


def _momentum(item: Any) -> tuple[Any, Any, Any, Any, Any]:
    """pt, phi, sinh(eta), energy and mass of an object."""
    pt, eta, phi, m = (_float(item[name]) for name in ("pt", "eta", "phi", "mass"))
    slope = np.sinh(eta)
    return pt, phi, slope, np.sqrt(pt * pt * (1.0 + slope * slope) + m * m), m
