"""Templates for CMS Combine: a file of ROOT histograms and the card that reads it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StatsError

if TYPE_CHECKING:
    from .templates import Template, Templates

__all__ = ["write_combine"]

SHAPES = "templates.root"


def write_combine(templates: Templates, folder: Path) -> Path:
    """Both files of all channels; the path of the card."""
    import uproot

    contents: dict[str, Any] = {}
    for channel, processes in templates.channels.items():
        contents[f"{channel}/data_obs"] = templates.data[channel]
        for process, template in processes.items():
            _add(contents, f"{channel}/{process}", template.nominal)
            for nuisance, sides in template.shapes.items():
                for side, h in zip(("Up", "Down"), sides, strict=True):
                    _add(contents, f"{channel}/{process}_{nuisance}{side}", h)
    card = folder / "card.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with uproot.recreate(folder / SHAPES) as file:
            for name, h in contents.items():
                file[name] = h
        card.write_text(_card(templates))
    except OSError as error:
        raise StatsError(f"{folder} cannot be written: {error.strerror}") from error
    return card


def _add(contents: dict[str, Any], name: str, h: Any) -> None:
    if name in contents:
        raise StatsError(f"two templates would be called {name!r}: rename a process or a nuisance")
    contents[name] = h


def _card(templates: Templates) -> str:
    columns = [(c, p, t) for c, ps in templates.channels.items() for p, t in ps.items()]
    processes = list(dict.fromkeys(p for _, p, _ in columns))
    background = [p for p in processes if p not in templates.signal]
    # Combine knows a signal by a number that is not positive.
    number = {p: -n for n, p in enumerate(templates.signal)}
    number |= {p: n for n, p in enumerate(background, 1)}
    observed = templates.data
    said = "the data are the sum of all processes (Asimov)" if templates.is_asimov else "real data"
    rule = "-" * 40
    lines = [
        f"# shapes in {SHAPES}; {said}",
        f"imax {len(templates.channels)} number of channels",
        f"jmax {len(processes) - 1} number of processes minus 1",
        "kmax * number of nuisance parameters",
        rule,
        f"shapes * * {SHAPES} $CHANNEL/$PROCESS $CHANNEL/$PROCESS_$SYSTEMATIC",
        rule,
        _row("bin", "", templates.channels),
        _row("observation", "", (_number(observed[c].sum(flow=False)) for c in templates.channels)),
        rule,
        _row("bin", "", (c for c, _, _ in columns)),
        _row("process", "", (p for _, p, _ in columns)),
        _row("process", "", (str(number[p]) for _, p, _ in columns)),
        _row("rate", "", (_number(t.nominal.sum(flow=False)) for _, _, t in columns)),
        rule,
    ]
    for nuisance in templates.nuisances:
        effects = [_effect(t, nuisance) for _, _, t in columns]
        if any(effect != "-" for effect in effects):
            is_shape = any(nuisance in t.shapes for _, _, t in columns)
            lines.append(_row(nuisance, "shape" if is_shape else "lnN", effects))
    if all(t.nominal.variances() is not None for _, _, t in columns):
        lines.append("* autoMCStats 10")
    return "\n".join(lines) + "\n"


def _effect(template: Template, nuisance: str) -> str:
    if nuisance in template.shapes:
        return "1"
    if nuisance not in template.scales:
        return "-"
    up, down = template.scales[nuisance]
    return _number(up) if abs(up * down - 1) < 1e-12 else f"{_number(down)}/{_number(up)}"


def _number(value: Any) -> str:
    return repr(float(getattr(value, "value", value)))


def _row(name: str, kind: str, cells: Iterable[str]) -> str:
    return " ".join([f"{name:<20}", f"{kind:<6}", *(f"{cell:<14}" for cell in cells)]).rstrip()
