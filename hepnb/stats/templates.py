"""Templates: the histograms of every channel and process, with their variations, as a fit takes them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hist
import numpy as np

from ..errors import StatsError, nearest
from .axes import NOMINAL, category, chosen, in_memory, labels_of

__all__ = ["Template", "Templates"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]*")
_FLOWS = ("omit", "merge")


@dataclass(frozen=True)
class Template:
    """One process in one channel: its nominal histogram and `(up, down)` of each nuisance that moves it.

    `scales` are factors `(up, down)` of nuisances that change its rate alone. All histograms have
    the same axis, without flow bins.
    """

    nominal: hist.Hist[Any]
    shapes: dict[str, tuple[hist.Hist[Any], hist.Hist[Any]]]
    scales: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Templates:
    """Everything a fit needs to know: `channels[channel][process]` and `data[channel]`.

    Made by `Templates.of`; handed over by `write_combine(FOLDER)` and `write_pyhf(FILE)`.
    """

    channels: dict[str, dict[str, Template]]
    data: dict[str, hist.Hist[Any]]
    signal: tuple[str, ...] = ()
    is_asimov: bool = False

    @classmethod
    def of(
        cls,
        h: Any,
        *,
        signal: str | Sequence[str],
        data: str | Sequence[str] = (),
        process: str = "dataset",
        channel: str | None = None,
        scales: Mapping[str, float | Mapping[str, float | tuple[float, float]]] | None = None,
        flow: str = "omit",
    ) -> Templates:
        """Cut a histogram into templates: axes `process`, `channel`, `variation` and one of numbers.

        `h` is scaled already (`run.hist("mass", lumi=59.8)`), in events. `signal` and `data` are
        names or patterns of processes; the data are summed. Without data, the sum of all processes
        stands for them (an Asimov data set), and the files say so. Each nuisance has `NAME_up` and
        `NAME_down` on the axis `variation`: reduce other variations first. A nuisance that leaves a
        process as it is, is no nuisance of it. `scales` are uncertainties of rates, such as
        `{"lumi": 1.016, "xsec": {"tt": 1.05, "zz": (1.04, 0.97)}}`: factors up, or (up, down).
        `flow="merge"` adds under- and overflow to the first and last bin; else they are left out.
        Raises `StatsError` in one line.

        >>> import hist
        >>> h = (hist.Hist.new.StrCat(["tt", "zz"], name="dataset")
        ...      .StrCat(["nominal", "jes_up", "jes_down"], name="variation").Reg(2, 0, 1, name="m").Double())
        >>> h.view()[...] = [[[5, 1], [6, 1], [4, 1]], [[2, 2], [2, 2], [2, 2]]]
        >>> found = Templates.of(h, signal="zz", scales={"lumi": 1.02})
        >>> found.nuisances, list(found.channels["all"]["tt"].shapes), found.data["all"].values()
        (('jes', 'lumi'), ['jes'], array([7., 3.]))
        >>> found
        Templates(all: tt, zz; signal zz; nuisances jes, lumi; the sum of all processes stands for data)
        """
        made = in_memory(h)
        if flow not in _FLOWS:
            raise StatsError(f"flow is one of {', '.join(_FLOWS)}, not {flow!r}")
        _check_axes(made, process, channel)
        processes = labels_of(made, process)
        are_data = chosen(processes, data, "process") if data else []
        simulated = [p for p in processes if p not in are_data]
        are_signal = chosen(simulated, signal, "process")
        rates = _rates(scales or {}, simulated)
        channels = ("all",) if channel is None else labels_of(made, channel)
        _check_names([*channels, *simulated])
        found: dict[str, dict[str, Template]] = {}
        seen: dict[str, hist.Hist[Any]] = {}
        for name in channels:
            part: Any = made if channel is None else made[{channel: name}]
            found[name] = {
                p: _template(part[{process: p}], rates.get(p, {}), flow) for p in simulated
            }
            if are_data:
                seen[name] = _sum(_nominal(part[{process: p}], flow) for p in are_data)
            else:
                seen[name] = _sum(template.nominal for template in found[name].values())
        return cls(found, seen, tuple(are_signal), is_asimov=not are_data)

    def __repr__(self) -> str:
        """The names; the numbers are in `channels` and `data`."""
        processes = dict.fromkeys(p for channel in self.channels.values() for p in channel)
        return (
            f"Templates({', '.join(self.channels)}: {', '.join(processes)}; "
            f"signal {', '.join(self.signal)}; nuisances {', '.join(self.nuisances) or 'none'}; "
            f"{'the sum of all processes stands for data' if self.is_asimov else 'with data'})"
        )

    @property
    def nuisances(self) -> tuple[str, ...]:
        """What moves any template: first shapes, then scales."""
        every = [t for templates in self.channels.values() for t in templates.values()]
        shapes = (name for template in every for name in template.shapes)
        scales = (name for template in every for name in template.scales)
        return tuple(dict.fromkeys([*shapes, *scales]))

    def write_combine(self, folder: str | Path) -> Path:
        """Write `card.txt` and `templates.root` for CMS Combine into a folder; gives the card.

        The shapes are `CHANNEL/PROCESS` and `CHANNEL/PROCESS_NUISANCEUp` and `Down`, with
        `autoMCStats` where the histograms have variances. Raises `StatsError` for a file that
        cannot be written.

        >>> import hist, tempfile
        >>> h = hist.Hist.new.StrCat(["h", "zz"], name="dataset").Reg(2, 0, 1, name="m").Weight()
        >>> _ = h.fill(["h", "zz", "zz"], [0.2, 0.4, 0.6])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(Templates.of(h, signal="h").write_combine(folder).read_text().splitlines()[1])
        imax 1 number of channels
        """
        from .combine import write_combine

        return write_combine(self, Path(folder))

    def to_pyhf(self, *, parameter: str = "mu") -> dict[str, Any]:
        """A workspace of pyhf (HistFactory as JSON), schema 1.0.0; `parameter` scales the signal.

        >>> import hist
        >>> h = hist.Hist.new.StrCat(["h", "zz"], name="dataset").Reg(2, 0, 1, name="m").Weight()
        >>> _ = h.fill(["h", "zz", "zz"], [0.2, 0.4, 0.6])
        >>> Templates.of(h, signal="h").to_pyhf()["observations"]
        [{'name': 'all', 'data': [2.0, 1.0]}]
        """
        from .histfactory import workspace

        return workspace(self, parameter)

    def write_pyhf(self, file: str | Path, *, parameter: str = "mu") -> Path:
        """Write the workspace of `to_pyhf` as a JSON file; gives its path."""
        from .histfactory import write_workspace

        return write_workspace(self, Path(file), parameter)


def _check_axes(h: hist.Hist[Any], process: str, channel: str | None) -> None:
    wanted = [process, *([channel] if channel else [])]
    for name in wanted:
        category(h, name)
    others = [a.name for a in h.axes if a.name not in (*wanted, "variation")]
    if len(others) != 1:
        raise StatsError(
            f"a template has one axis of numbers, not {len(others)} ({', '.join(others)}): "
            "sum over the others, or name the channel"
        )


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise StatsError(
                f"{name!r} is no name for a file of a fit: letters, digits and _ . + - only"
            )


def _rates(scales: Mapping[str, Any], processes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of each process the factors (up, down) of each nuisance."""
    found: dict[str, dict[str, Any]] = {}
    _check_names(list(scales))
    for nuisance, said in scales.items():
        each = said if isinstance(said, Mapping) else dict.fromkeys(processes, said)
        for process, factor in each.items():
            if process not in processes:
                raise StatsError(
                    f"scale {nuisance!r}: no process {process!r}{nearest(process, processes)}"
                )
            sides = factor if isinstance(factor, tuple) else (factor,)
            if not sides or len(sides) > 2 or not all(map(_is_factor, sides)):
                raise StatsError(
                    f"scale {nuisance!r} of {process!r}: a factor above 0, or two (up, down), "
                    f"not {factor!r}"
                )
            up, down = sides if len(sides) == 2 else (sides[0], 1 / sides[0])
            found.setdefault(process, {})[nuisance] = (float(up), float(down))
    return found


def _is_factor(value: Any) -> bool:
    return isinstance(value, int | float | np.floating) and 0 < float(value) < math.inf


def _template(h: Any, scales: dict[str, Any], flow: str) -> Template:
    nominal = _nominal(h, flow)
    shapes: dict[str, tuple[hist.Hist[Any], hist.Hist[Any]]] = {}
    if "variation" in [axis.name for axis in h.axes]:
        labels = [label for label in labels_of(h, "variation") if label != NOMINAL]
        for label in labels:
            nuisance, _, side = label.rpartition("_")
            both = {f"{nuisance}_up", f"{nuisance}_down"}
            if side not in ("up", "down") or not both <= set(labels):
                raise StatsError(
                    f"variation {label!r} has no up and down: "
                    "reduce it first (hn.stats.envelope, rms, hessian or mirror)"
                )
            _check_names([nuisance])
            if nuisance in scales:
                raise StatsError(f"{nuisance!r} is a variation and a scale: name one otherwise")
        for nuisance in dict.fromkeys(label.rpartition("_")[0] for label in labels):
            up, down = (
                _flat(h[{"variation": f"{nuisance}_{side}"}], flow) for side in ("up", "down")
            )
            if not all(np.array_equal(x.values(), nominal.values()) for x in (up, down)):
                shapes[nuisance] = (up, down)
    return Template(nominal, shapes, scales)


def _nominal(h: Any, flow: str) -> hist.Hist[Any]:
    if "variation" not in [axis.name for axis in h.axes]:
        return _flat(h, flow)
    if NOMINAL not in labels_of(h, "variation"):
        raise StatsError("the histogram has no variation 'nominal'")
    return _flat(h[{"variation": NOMINAL}], flow)


def _flat(h: Any, flow: str) -> hist.Hist[Any]:
    """A histogram of one axis without flow bins: what was in them is merged, or left out."""
    (axis,) = h.axes
    view: Any = h.view(flow=True).copy()
    first, last = int(axis.traits.underflow), int(axis.traits.overflow)
    inside = view[first : len(view) - last]
    if flow == "merge":
        for part in view.dtype.names or (...,):
            if first:
                inside[part][0] += view[part][0]
            if last:
                inside[part][-1] += view[part][-1]
    made = hist.Hist(axis, storage=h.storage_type())
    made.view()[...] = inside
    return made


def _sum(parts: Iterable[hist.Hist[Any]]) -> hist.Hist[Any]:
    first, *others = parts
    return sum(others, first)
