"""Kinematics of objects with fields pt, eta, phi, mass: for definitions and for expressions.

Everything is computed in float64, whatever the file stores; pt and mass carry the same unit (GeV in
NanoAOD), angles are radians. Objects may be flat (one per event) or jagged of equal shape.
"""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np

__all__ = ["deltaphi", "deltar", "mass"]


def mass(*objects: Any) -> Any:
    r"""Invariant mass of two or more objects, in the unit of their pt (float64).

    With :math:`E^2 = p_T^2\cosh^2\eta + m^2`, :math:`m^2 = (\sum E)^2 - |\sum \vec p|^2`
    (Particle Data Group, Review of Particle Physics, section "Kinematics", eq. 49.1 ff.). Rounding
    below zero gives 0. Objects need the fields pt, eta, phi, mass.

    >>> import awkward as ak
    >>> a = ak.Array({"pt": [45.6], "eta": [0.0], "phi": [0.0], "mass": [0.0]})
    >>> b = ak.Array({"pt": [45.6], "eta": [0.0], "phi": [3.141592653589793], "mass": [0.0]})
    >>> float(mass(a, b)[0])
    91.2
    """
    if len(objects) < 2:
        raise TypeError(f"mass takes two or more objects, got {len(objects)}")
    energy, px, py, pz = _four_momentum(objects[0])
    for item in objects[1:]:
        e, x, y, z = _four_momentum(item)
        energy, px, py, pz = energy + e, px + x, py + y, pz + z
    return np.sqrt(np.maximum(energy * energy - px * px - py * py - pz * pz, 0.0))


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


def _four_momentum(item: Any) -> tuple[Any, Any, Any, Any]:
    pt, eta, phi, m = (_float(item[name]) for name in ("pt", "eta", "phi", "mass"))
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return np.sqrt(px * px + py * py + pz * pz + m * m), px, py, pz
