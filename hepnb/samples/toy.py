"""Toy dimuon events: the known resonances on a continuum, in the branches of the CMS sample.

For the demo where there is no network, and for tests that need to know what is in a file. It is
tuned by eye to look like the real spectrum; it is not a physics simulation and has no cross
sections, no trigger and no correlations beyond the kinematics of a two-body decay.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .resonances import MUON_MASS, RESONANCES

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

__all__ = ["MOMENTUM_RESOLUTION", "toy_dimuon"]

MOMENTUM_RESOLUTION = 0.015
"""Relative, per muon; a pair's mass is then known to 0.015 / sqrt(2), which is about 1.1 %."""

MIN_PT, MAX_ETA = 3.0, 2.4

MULTIPLICITIES = (0.03, 0.14, 0.52, 0.22, 0.09)
"""Probabilities of 0 to 4 muons in an event."""

OPPOSITE_SIGN = 0.76
"""Share of pairs with opposite charges; the rest is the same continuum without resonances."""

SHARES = (0.004, 0.008, 0.007, 0.09, 0.007, 0.014, 0.007, 0.006, 0.18)
"""Share of opposite-sign pairs in each of `RESONANCES`; the rest is continuum."""

BATCH = 200_000


def toy_dimuon(file: str | Path, events: int = 100_000, seed: int = 2012) -> Path:
    """Write `events` toy events to a new ROOT file and return it; the same seed, the same events.

    The tree `Events` has `nMuon` (int32: the type uproot gives to counters), and per muon
    `Muon_pt` [GeV], `Muon_eta`, `Muon_phi` [rad], `Muon_mass` [GeV] (float32) and `Muon_charge`
    (int32). If an event has two or more muons, the first two are the pair, in either order. Same
    events means the same numbers from the same NumPy; the bytes of the file differ by a UUID.

    >>> import tempfile, uproot
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     uproot.open(toy_dimuon(Path(folder, "toy.root"), events=1000))["Events"].num_entries
    1000
    """
    import awkward as ak
    import numpy as np
    import uproot

    rng = np.random.default_rng(seed)
    jagged = {name: f"var * {kind}" for name, kind in _BRANCHES.items()}
    with uproot.recreate(file) as root:
        tree = root.mktree("Events", jagged, counter_name=lambda _branch: "nMuon")
        for start in range(0, events, BATCH):
            counts, muons = _events(rng, min(BATCH, events - start))
            columns = {name: ak.unflatten(muons[name], counts) for name in _BRANCHES}
            tree.extend({"nMuon": counts, **columns})
    return Path(file)


_BRANCHES = {
    "Muon_pt": "float32",
    "Muon_eta": "float32",
    "Muon_phi": "float32",
    "Muon_mass": "float32",
    "Muon_charge": "int32",
}


def _events(
    rng: np.random.Generator, events: int
) -> tuple[npt.NDArray[np.int32], dict[str, npt.NDArray[np.generic]]]:
    """Counts per event, and flat columns of muons in the order of the events."""
    import numpy as np

    counts = rng.choice(5, size=events, p=MULTIPLICITIES).astype(np.int32)
    total = int(counts.sum())
    pt = _soft_pt(rng, total)
    eta = rng.uniform(-MAX_ETA, MAX_ETA, total)
    phi = rng.uniform(-np.pi, np.pi, total)
    charge = rng.choice(np.array([-1, 1], dtype=np.int32), total)

    first = (np.cumsum(counts) - counts)[counts >= 2]
    opposite = rng.random(len(first)) < OPPOSITE_SIGN
    pairs = _pairs(rng, _masses(rng, opposite))
    for place in (0, 1):
        pt[first + place], eta[first + place], phi[first + place] = pairs[place]
    charge[first + 1] = np.where(opposite, -charge[first], charge[first])
    return counts, {
        "Muon_pt": pt.astype(np.float32),
        "Muon_eta": eta.astype(np.float32),
        "Muon_phi": phi.astype(np.float32),
        "Muon_mass": np.full(total, MUON_MASS, dtype=np.float32),
        "Muon_charge": charge,
    }


def _soft_pt(rng: np.random.Generator, size: int) -> Floats:
    """Transverse momenta of muons that belong to no pair, falling steeply above threshold."""
    return MIN_PT + rng.exponential(4.0, size)


def _masses(rng: np.random.Generator, opposite: npt.NDArray[np.bool_]) -> Floats:
    """True pair masses in GeV: Breit-Wigner resonances for opposite signs, on a continuum."""
    import numpy as np

    mass = _continuum(rng, len(opposite))
    kind = rng.choice(len(SHARES) + 1, size=len(opposite), p=[*SHARES, 1 - sum(SHARES)])
    for number, resonance in enumerate(RESONANCES):
        chosen = np.flatnonzero(opposite & (kind == number))
        # Within ten half-widths, so that no tail reaches below the threshold of two muons.
        edge = np.arctan(10.0)
        tangent = np.tan(rng.uniform(-edge, edge, len(chosen)))
        mass[chosen] = resonance.mass + 0.5 * resonance.width * tangent
    return mass


def _continuum(rng: np.random.Generator, size: int) -> Floats:
    """Heavy flavour and Drell-Yan in one smooth curve of log(mass), from 0.25 GeV."""
    import numpy as np

    kind = rng.choice(3, size=size, p=[0.60, 0.22, 0.18])
    centre = np.log(np.array([28.0, 2.2, 6.0]))[kind]
    log_mass = rng.normal(centre, np.array([0.42, 0.70, 1.30])[kind])
    threshold = np.log(0.25)
    mass: Floats = np.exp(threshold + np.abs(log_mass - threshold))
    return mass


def _pairs(rng: np.random.Generator, mass: Floats) -> tuple[tuple[Floats, ...], ...]:
    """Measured (pt, eta, phi) of both muons of each pair, all within the acceptance."""
    import numpy as np

    found = np.empty((2, 3, len(mass)))
    missing = np.arange(len(mass))
    while len(missing):
        muons = _decay(rng, mass[missing])
        inside = np.all((muons[:, 0] > MIN_PT) & (np.abs(muons[:, 1]) < MAX_ETA), axis=0)
        found[:, :, missing[inside]] = muons[:, :, inside]
        missing = missing[~inside]
    return tuple(tuple(muon) for muon in found)


def _decay(rng: np.random.Generator, mass: Floats) -> Floats:
    """Isotropic decay of a boosted pair into two muons, momenta smeared; shape (2, 3, pairs).

    The boost is the textbook one along the parent's momentum p with energy E: a momentum k with
    energy e in the rest frame becomes k + p (p.k / (m (E + m)) + e / m).
    """
    import numpy as np

    size = len(mass)
    light = mass < 15.0
    parent_pt = np.where(light, 15.0 + rng.gamma(2.5, 6.0, size), rng.gamma(2.0, 6.0, size))
    parent_phi = rng.uniform(-np.pi, np.pi, size)
    rapidity = rng.normal(0.0, 1.1, size)
    parent = np.array(
        [
            parent_pt * np.cos(parent_phi),
            parent_pt * np.sin(parent_phi),
            np.hypot(mass, parent_pt) * np.sinh(rapidity),
        ]
    )
    energy = np.sqrt(mass**2 + np.sum(parent**2, axis=0))

    cosine = rng.uniform(-1.0, 1.0, size)
    azimuth = rng.uniform(-np.pi, np.pi, size)
    sine = np.sqrt(1.0 - cosine**2)
    momentum = np.sqrt(0.25 * mass**2 - MUON_MASS**2)
    direction = np.array([sine * np.cos(azimuth), sine * np.sin(azimuth), cosine])

    muons = []
    for sign in (1.0, -1.0):
        rest = sign * momentum * direction
        along = np.sum(parent * rest, axis=0) / (mass * (energy + mass)) + 0.5
        x, y, z = rest + parent * along
        pt = np.hypot(x, y)
        smeared = pt * rng.normal(1.0, MOMENTUM_RESOLUTION, size)
        muons.append(np.array([smeared, np.arcsinh(z / pt), np.arctan2(y, x)]))
    return np.array(muons)
