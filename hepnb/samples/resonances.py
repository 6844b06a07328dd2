"""The resonances that decay to two muons: masses and widths as measured, windows as counted.

Masses and widths: S. Navas et al. (Particle Data Group), Phys. Rev. D 110, 030001 (2024).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MARKS", "MUON_MASS", "RESONANCES", "Resonance"]

MUON_MASS = 0.1056583755
"""GeV."""


@dataclass(frozen=True)
class Resonance:
    """One peak of the dimuon spectrum; masses, width and window in GeV.

    `window` is the half-open mass range [low, high) in which the demo counts pairs. It is chosen
    for a detector resolution of about 1 % and says nothing about background.
    """

    name: str
    label: str
    mass: float
    width: float
    window: tuple[float, float]


RESONANCES: tuple[Resonance, ...] = (
    Resonance("eta", r"$\eta$", 0.547862, 1.31e-6, (0.52, 0.58)),
    Resonance("rho/omega", r"$\rho,\omega$", 0.78266, 8.68e-3, (0.72, 0.84)),
    Resonance("phi", r"$\phi$", 1.019461, 4.249e-3, (0.98, 1.06)),
    Resonance("J/psi", r"$J/\psi$", 3.096900, 92.6e-6, (2.95, 3.25)),
    Resonance("psi(2S)", r"$\psi(2S)$", 3.686097, 293e-6, (3.58, 3.80)),
    Resonance("Upsilon(1S)", r"$\Upsilon(1S)$", 9.46040, 54.02e-6, (9.20, 9.70)),
    Resonance("Upsilon(2S)", r"$\Upsilon(2S)$", 10.02340, 31.98e-6, (9.80, 10.20)),
    Resonance("Upsilon(3S)", r"$\Upsilon(3S)$", 10.35510, 20.32e-6, (10.20, 10.60)),
    Resonance("Z", r"$Z$", 91.1880, 2.4955, (80.0, 102.0)),
)
"""In order of mass. The rho is broad and lies under the omega: they are one peak, named for both."""

MARKS: tuple[tuple[str, float], ...] = (
    *((resonance.label, resonance.mass) for resonance in RESONANCES[:5]),
    (r"$\Upsilon(1S,2S,3S)$", 9.46040),
    *((resonance.label, resonance.mass) for resonance in RESONANCES[8:]),
)
"""Names to write into a picture of the whole spectrum, where the three Upsilons are one place."""
