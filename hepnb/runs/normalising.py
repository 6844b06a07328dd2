"""Events expected at a luminosity: the sums of weights of a run's datasets, and its histograms scaled.

Nothing is scaled while histograms are filled. A simulated dataset has the factor
luminosity x cross section / sum of weights, in which the sum is over the events that the run has
processed: of a file that is lost neither the events nor the weights count.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..errors import RunError

if TYPE_CHECKING:
    import hist

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


def _share(file: FileState) -> Fraction:
    return Fraction(file.events_done, file.entries) if file.entries else Fraction(1)


def scaled(h: Any, datasets: Iterable[Mapping[str, Any]], lumi: float) -> hist.Hist[Any]:
    """A histogram in events at a luminosity [fb^-1]: simulated datasets are scaled, data are not.

    Raises RunError where a cross section or a sum of weights is not known, or where the histogram
    mixes datasets of different factors.
    """
    import hist
    import numpy as np

    if not lumi > 0:
        raise RunError(f"lumi is an integrated luminosity in fb^-1, not {lumi!r}")
    factors = {row["dataset"]: _factor(row, lumi) for row in datasets}
    made: Any = h.to_hist()
    if made.kind != "COUNT":
        raise RunError(f"histogram {h.name!r} holds means: they have no luminosity")
    names = [axis.name for axis in made.axes]
    if "dataset" in names:
        place = names.index("dataset")
        each = np.array([factors[label] for label in made.axes[place]])
        factor = each.reshape([-1, *[1] * (len(names) - place - 1)])
    elif len(set(factors.values())) == 1:
        factor = np.array(next(iter(factors.values())))
    else:
        raise RunError(
            f"histogram {h.name!r} mixes datasets that scale differently: "
            "fill it by='dataset', then sum over them"
        )
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


def _factor(row: Mapping[str, Any], lumi: float) -> float:
    name = row["dataset"]
    if row["kind"] == "data":
        if row["files_lost"] or row["events_lost"]:
            warnings.warn(
                f"dataset {name!r} lost {row['files_lost']} of {row['files']} files "
                f"({row['events_lost']} events): its data are not those of {lumi} fb^-1",
                UserWarning,
                stacklevel=4,
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
