"""The sample of the benchmarks: NanoAOD's names, shapes and precision, no physics.

Objects are ordered in pt and floats have the mantissa that NanoAOD leaves them; of the branches, most
are read by nobody, as in real files. A cluster has 50,000 events.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np

__all__ = ["WEIGHTS", "nano_file"]

WEIGHTS = ("puWeight", "l1Weight", "btagWeight", "lepWeight", "trigWeight")
_CLUSTER = 50_000
_PATHS = 100
_BITS = np.uint32(0xFFFFF800)  # 12 bits of mantissa


def nano_file(file: Path, events: int) -> Path:
    """Write so many events to a file."""
    import uproot

    chance = np.random.default_rng(7)
    with uproot.recreate(file, compression=uproot.ZSTD(5)) as out:
        for first in range(0, events, _CLUSTER):
            data = _cluster(chance, first, min(_CLUSTER, events - first))
            if not first:
                tree = out.mktree(
                    "Events",
                    {
                        n: v.type.content if isinstance(v, ak.Array) else v.dtype
                        for n, v in data.items()
                    },
                    counter_name=lambda name: f"n{name}",
                    field_name=lambda outer, inner: f"{outer}_{inner}" if outer else inner,
                )
            tree.extend(data)
    return file


def _cluster(chance: np.random.Generator, first: int, events: int) -> dict[str, Any]:
    data: dict[str, Any] = {"genWeight": chance.choice([1.0, -1.0], events, p=[0.97, 0.03])}
    for name in WEIGHTS:
        data[name] = chance.normal(1, 0.1, events)
        data[f"{name}Up"] = data[name] * (1 + abs(chance.normal(0, 0.03, events)))
        data[f"{name}Down"] = data[name] * (1 - abs(chance.normal(0, 0.03, events)))
    data = {name: _short(values) for name, values in data.items()}
    data |= {
        "run": np.ones(events, np.uint32),
        "luminosityBlock": np.arange(first, first + events, dtype=np.uint32) // 1000,
        "event": np.arange(first, first + events, dtype=np.uint64),
    }
    data |= {f"HLT_Path{n}": chance.random(events) < 0.02 for n in range(_PATHS)}
    data["Jet"] = _objects(chance, events, 6, 15, 45)
    muons = _objects(chance, events, 1.2, 5, 28)
    charge = ak.values_astype(np.sign(muons.phi), np.int32)
    data["Muon"] = ak.with_field(muons, charge, "charge")
    return data


def _objects(
    chance: np.random.Generator, events: int, mean: float, least: float, scale: float
) -> Any:
    counts = chance.poisson(mean, events)
    total = int(counts.sum())
    pt = least + chance.exponential(scale, total)
    pt = pt[np.lexsort((-pt, np.repeat(np.arange(events), counts)))]
    columns = {
        "pt": pt, "eta": chance.normal(0, 1.6, total),
        "phi": chance.uniform(-np.pi, np.pi, total), "mass": pt * 0.1,
        "jesUnc": 0.01 + 0.2 / pt, "jerUnc": 0.02 + 0.3 / pt, "quality": chance.random(total),
    }  # fmt: skip
    made = {k: _short(v) for k, v in columns.items()}
    return ak.zip({k: ak.unflatten(v, counts) for k, v in made.items()})


def _short(values: Any) -> Any:
    """As float32 of reduced precision."""
    return (np.asarray(values, np.float32).view(np.uint32) & _BITS).view(np.float32)
