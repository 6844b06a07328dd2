"""Events expected at a luminosity: the sums of weights of a run's datasets, and its histograms scaled.

Nothing is scaled while histograms are filled. A simulated dataset has the factor
luminosity x cross section / sum of weights, in which the sum is over the events that the run has
processed: of a file that is lost neither the events nor the weights count. Where there are normalised
weights, each of their variations has a sum of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from numbers import Real
from typing import TYPE_CHECKING, Any

from ..analysis.steering.variations import NOMINAL
from ..errors import RunError
from .own_sums import OwnTotals

if TYPE_CHECKING:
    import hist
    import numpy as np

    from .plan import FileState, Plan
    from .spec import RunSpec
    from .tally import Tally

__all__ = ["datasets_of", "scaled"]

_PB_PER_FB = 1000.0


def datasets_of(spec: RunSpec, plan: Plan, tally: Tally) -> list[dict[str, Any]]:
    """One row per dataset: its facts, what was processed and lost, and the sum of weights of that."""
    files: dict[str, list[FileState]] = {name: [] for name in spec.datasets}
    for file in plan.files:
        files.setdefault(file.spec.dataset, []).append(file)
    rows = []
    for name, theirs in files.items():
        facts = spec.datasets.get(name, {"kind": "data", "xsec": None, "sumw": None})
        rows.append(
            {
                "dataset": name,
                "kind": facts["kind"],
                "xsec": facts["xsec"],
                "sumw": _sumw(facts["sumw"], tally.sumw(name), theirs),
                "own_sums": tally.own_sums(name).plus(_told(theirs)).relative(),
                "events": sum(file.events_done for file in theirs),
                "events_lost": sum(file.events_lost for file in theirs),
                "files": len(theirs),
                "files_lost": sum(file.status == "failed" for file in theirs),
            }
        )
    return rows


def _sumw(
    said: str | float | None, summed: float | None, files: Sequence[FileState]
) -> float | None:
    """Of what was processed: a file, or a dataset, that was processed in part counts in that part."""
    if isinstance(said, str):
        told = [(file.sumw, _share(file)) for file in files if file.sumw is not None]
        return float(sum(Fraction(w) * share for w, share in told)) if told else summed
    whole = sum(file.entries or 0 for file in files)
    if said is None or not whole:
        return said
    return said * sum(file.events_done for file in files) / whole


def _told(files: Sequence[FileState]) -> OwnTotals:
    """The sums of normalised weights that files tell."""
    totals = OwnTotals()
    for file in files:
        if file.own_sums is not None:
            totals.add(*file.own_sums, _share(file))
    return totals


def _share(file: FileState) -> Fraction:
    return Fraction(file.events_done, file.entries) if file.entries else Fraction(1)


def scaled(
    h: Any, datasets: Iterable[Mapping[str, Any]], lumi: float, *, own_sums: bool = False
) -> hist.Hist[Any]:
    """A histogram in events at a luminosity [fb^-1]: simulated datasets are scaled, data are not.

    `own_sums`: it was filled with normalised weights, and each variation has a sum of them of its own.
    Raises RunError where a cross section or a sum of weights is not known, or where the histogram
    mixes datasets of different factors.
    """
    import hist
    import numpy as np

    given: Any = lumi
    if not isinstance(given, Real) or not 0 < float(given) < np.inf:
        raise RunError(f"lumi is an integrated luminosity in fb^-1, not {lumi!r}")
    made: Any = h.to_hist()
    if made.kind != "COUNT":
        raise RunError(f"histogram {h.name!r} holds means: they have no luminosity")
    axes = {axis.name: axis for axis in made.axes}
    labels = list(axes.get("variation", [NOMINAL]))
    factors = {}
    for row in datasets:  # no comprehension, which is a frame of its own to some versions of Python
        relative = _relative(row, labels if own_sums else [])
        factors[row["dataset"]] = _factor(row, lumi) / relative
    if "dataset" in axes:
        table = np.array([np.broadcast_to(factors[name], len(labels)) for name in axes["dataset"]])
    elif len({tuple(np.broadcast_to(f, len(labels))) for f in factors.values()}) == 1:
        table = np.broadcast_to(next(iter(factors.values())), (1, len(labels)))
    else:
        raise RunError(
            f"histogram {h.name!r} mixes datasets that scale differently: "
            "fill it by='dataset', then sum over them"
        )
    factor = _beside(table, list(axes))
    view = made.view(flow=True)
    if not view.dtype.names:
        made = hist.Hist(
            *made.axes, storage=hist.storage.Double(), name=made.name, label=made.label
        )
        made.view(flow=True)[...] = view * factor
    else:
        view["value"] *= factor
        view["variance"] *= factor**2
    result: hist.Hist[Any] = made
    return result


def _relative(row: Mapping[str, Any], labels: Sequence[str]) -> Any:
    """How much larger the sum of weights of each variation is than that of its dataset; 1 for none."""
    import numpy as np

    own = row.get("own_sums")
    if not own or not labels:
        return np.ones(1)
    found = np.array([own.get(label, own[NOMINAL]) for label in labels])
    if not found.all():
        label = labels[int(np.argmin(found != 0))]
        raise RunError(f"dataset {row['dataset']!r}: the weights of {label!r} add up to 0")
    return found


def _beside(table: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Factors by dataset and variation, of the shape that multiplies a histogram with these axes."""
    import numpy as np

    places = {name: names.index(name) for name in ("dataset", "variation") if name in names}
    shape = [1] * len(names)
    for name, length in zip(("dataset", "variation"), table.shape, strict=True):
        if name in places:
            shape[places[name]] = length
    ordered = table.T if places.get("variation", 0) < places.get("dataset", 0) else table
    return np.ascontiguousarray(ordered).reshape(shape)


def _factor(row: Mapping[str, Any], lumi: float) -> float:
    name = row["dataset"]
    if row["kind"] == "data":
        if row["files_lost"] or row["events_lost"]:
            events = f" ({row['events_lost']} events)" if row["events_lost"] else ""
            warnings.warn(
                f"dataset {name!r} lost {row['files_lost']} of {row['files']} files{events}: "
                f"its data are not those of {lumi} fb^-1",
                UserWarning,
                stacklevel=4,  # who called run.hist
            )
        return 1.0
    if row["xsec"] is None:
        raise RunError(f"dataset {name!r} has no cross section: hn.Dataset(..., xsec=...) in pb")
    if not row["sumw"]:
        raise RunError(
            f"dataset {name!r} has no sum of weights: hn.Dataset(..., sumw='genWeight'), a branch "
            "such as 'Runs.genEventSumw', or the number"
        )
    return float(lumi * _PB_PER_FB * row["xsec"] / row["sumw"])
