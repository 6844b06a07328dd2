"""The explorer's picture as a matplotlib figure, in the style of an experiment.

Drawn from the same numbers as the live picture. A style sets fonts, sizes and ticks; it writes no
name of a collaboration on the figure. Neither pyplot nor the user's rcParams are touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import HepnbError, nearest
from .hist_drawing import Curve, Drawing, DrawnAxis, Heat, Panel
from .hist_svg_curves import COLOURS, is_data
from .hist_svg_heat import z_range
from .labels import Runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["STYLES", "draw"]

Array = NDArray[np.float64]
STYLES = ("CMS", "ATLAS", "LHCb1", "LHCb2", "LHCb", "ALICE", "DUNE", "Belle II")
_PLAIN: dict[str, Any] = {
    "figure.figsize": (8.0, 6.0),
    "font.size": 13.0,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "xaxis.labellocation": "right",
    "yaxis.labellocation": "top",
    "legend.frameon": False,
}
_BELLE = {**_PLAIN, "font.size": 16.0, "lines.linewidth": 1.6}
_SHAPES = "osv^D"
_DASHES = ("-", (0, (6, 2)), (0, (1.5, 2)), (0, (7, 2, 1.5, 2)), (0, (4, 4)))


def draw(drawing: Drawing, style: str | None = None) -> Figure:
    """The drawing as a figure; `style` is one of `STYLES`, None is plain.

    Raises `HepnbError` for a style that there is not.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    settings: Any = _settings(style)
    with mpl.rc_context(settings):
        drawn = Figure(layout="constrained")
        FigureCanvasAgg(drawn)
        if drawing.heat is not None:
            _heat(drawn, drawing, drawing.heat)
        else:
            _curves(drawn, drawing)
        # Ticks and labels take the style when they are drawn: do it while the style holds.
        drawn.draw_without_rendering()
    return drawn


def _settings(style: str | None) -> dict[str, Any]:
    """The rcParams of a style, with a font that has Greek letters at the end of its list."""
    if style is None:
        return _PLAIN
    if style not in STYLES:
        raise HepnbError(
            f"figure: style can be None or {', '.join(STYLES)}, not {style!r}"
            f"{nearest(style, STYLES)}"
        )
    if style == "Belle II":
        return _BELLE
    import mplhep

    found = getattr(mplhep.style, "LHCb1" if style == "LHCb" else style)
    settings = {key: value for key, value in found.items() if value is not None}
    from matplotlib.font_manager import fontManager

    here = {font.name.lower(): font.name for font in fontManager.ttflist}
    family = settings.get("font.family", "sans-serif")
    wanted = [name for name in settings.get(f"font.{family}", []) if name.lower() in here]
    fonts = [*(here[name.lower()] for name in wanted[:1]), "DejaVu Sans"]
    return {**settings, "font.family": fonts, "mathtext.fontset": "dejavusans"}


def _curves(drawn: Figure, drawing: Drawing) -> None:
    if drawing.below is None:
        main = drawn.add_subplot()
        last = main
    else:
        main, last = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        _panel(last, drawing, drawing.below)
        main.label_outer()
    edges = drawing.x.edges
    order = sorted(range(len(drawing.curves)), key=lambda i: (is_data(drawing, i), -i))
    if not drawing.stacked:
        order.reverse()
    for i in order:
        _curve(main, drawing, i)
    if drawing.band is not None and drawing.bars:
        low, high = drawing.band
        hatched: dict[str, Any] = {
            "facecolor": "none",
            "edgecolor": "0.4",
            "hatch": "////",
            "linewidth": 0,
        }
        main.stairs(high, edges, baseline=low, fill=True, label="error of the sum", **hatched)
    main.set_ylabel(_text(drawing.ylabel))
    if edges[-1] > edges[0]:
        main.set_xlim(edges[0], edges[-1])
    if drawing.x.log:
        main.set_xscale("log")
    if drawing.log:
        main.set_yscale("log")
    elif drawing.zero and not any((curve.values < 0).any() for curve in drawing.curves):
        main.set_ylim(bottom=0)
    _outside(main, drawing.x)
    _below(last, drawing.x)
    if any(curve.label for curve in drawing.curves):
        handles, labels = main.get_legend_handles_labels()
        data = [c.label for i, c in enumerate(drawing.curves) if is_data(drawing, i)]
        first = sorted(range(len(labels)), key=lambda k: labels[k] not in data)
        main.legend(
            [handles[k] for k in first],
            [_plain(labels[k]) for k in first],
            loc="upper right",
            fontsize="small",
        )
        _make_room(main, drawing)


def _curve(axes: Axes, drawing: Drawing, i: int) -> None:
    """One series, in the manner its kind asks for."""
    curve, edges = drawing.curves[i], drawing.x.edges
    alone = len(drawing.curves) == 1 and curve.kind == "points"
    colour = "black" if alone or is_data(drawing, i) else COLOURS[i % len(COLOURS)]
    named: dict[str, Any] = {"label": curve.label or None, "color": colour}
    if curve.base is not None:
        axes.stairs(curve.values, edges, baseline=curve.base, fill=True, **named)
        return
    if curve.floor is not None:
        axes.stairs(curve.values, edges, baseline=curve.floor, fill=True, **named)
        return
    bars = drawing.bars and curve.low is not None and curve.high is not None
    if curve.kind in ("step", "filled"):
        dash: dict[str, Any] = {"linestyle": _DASHES[i % len(_DASHES)], "linewidth": 1.5}
        axes.stairs(curve.values, edges, baseline=None, **named, **dash)
        if curve.kind == "filled":
            axes.stairs(np.nan_to_num(curve.values), edges, fill=True, color=colour, alpha=0.35)
        if bars:
            _errors(axes, drawing.x, curve, color=colour, fmt="none", elinewidth=1.2)
        return
    shape = "o" if alone or is_data(drawing, i) else _SHAPES[i % len(_SHAPES)]
    mark: dict[str, Any] = (
        {"fmt": "none"} if curve.kind == "errorbar" else {"fmt": shape, "markersize": 5}
    )
    _errors(axes, drawing.x, curve, across=curve.kind == "errorbar", **mark, **named)


def _errors(
    axes: Axes, axis: DrawnAxis, curve: Curve, *, across: bool = False, **style: Any
) -> None:
    edges = axis.edges
    middle = (edges[1:] + edges[:-1]) / 2
    if axis.log:
        middle = np.sqrt(edges[1:] * edges[:-1])
    spread = None
    if curve.low is not None and curve.high is not None:
        spread = np.nan_to_num([curve.values - curve.low, curve.high - curve.values])
        spread = np.maximum(spread, 0)
    width = [middle - edges[:-1], edges[1:] - middle] if across else None
    axes.errorbar(middle, curve.values, yerr=spread, xerr=width, **style)


def _panel(axes: Axes, drawing: Drawing, below: Panel) -> None:
    """Ratios with the reference's band around 1, or pulls around 0."""
    edges = drawing.x.edges
    if below.band is not None:
        low, high = (np.clip(np.nan_to_num(e, nan=1.0), *below.range) for e in below.band)
        axes.stairs(high, edges, baseline=low, fill=True, color="0.8")
    axes.axhline(1 if below.kind == "ratio" else 0, color="0.3", linewidth=1, linestyle="--")
    for curve, i in zip(below.curves, below.at, strict=True):
        colour = "black" if is_data(drawing, i) else COLOURS[i % len(COLOURS)]
        if below.kind == "pull" and len(below.curves) == 1:
            values = np.nan_to_num(curve.values)
            axes.stairs(values, edges, fill=True, color=colour, alpha=0.6)
        else:
            shape = "o" if is_data(drawing, i) else _SHAPES[i % len(_SHAPES)]
            _errors(axes, drawing.x, curve, fmt=shape, markersize=3.5, color=colour)
    axes.set_ylim(*below.range)
    words = below.label if len(below.label) < 16 else below.kind
    axes.set_ylabel(_plain(words), loc="center")


def _heat(drawn: Figure, drawing: Drawing, heat: Heat) -> None:
    """Colours with the sums along each axis at the sides; empty bins stay blank."""
    from matplotlib.colors import LogNorm, Normalize

    grid = drawn.add_gridspec(2, 2, width_ratios=(5, 1), height_ratios=(1, 5))
    main = drawn.add_subplot(grid[1, 0])
    top = drawn.add_subplot(grid[0, 0], sharex=main)
    side = drawn.add_subplot(grid[1, 1], sharey=main)
    norm = LogNorm(*z_range(heat)) if heat.log else Normalize(*z_range(heat))
    blank = ~np.isfinite(heat.values) | (heat.values == 0) | (heat.log & (heat.values < 0))
    cells = np.ma.masked_array(heat.values, blank)
    mesh = main.pcolormesh(
        drawing.x.edges, heat.y.edges, cells, norm=norm, cmap="cividis", rasterized=True
    )
    bar = drawn.colorbar(mesh, ax=[top, main, side], pad=0.02, aspect=30)
    bar.set_label(_text(heat.label))
    top.stairs(heat.top.values, drawing.x.edges, color=COLOURS[0])
    side.stairs(heat.side.values, heat.y.edges, orientation="horizontal", color=COLOURS[0])
    if heat.log:
        top.set_yscale("log")
        side.set_xscale("log")
    if drawing.x.log:
        main.set_xscale("log")
    if heat.y.log:
        main.set_yscale("log")
    top.tick_params(labelbottom=False)
    side.tick_params(labelleft=False)
    for axes in (top, side):
        axes.tick_params(labelsize="small")
    main.set_ylabel(_text(drawing.ylabel))
    _below(main, drawing.x)
    if heat.y.items:
        main.set_yticks(heat.y.edges[:-1] + 0.5, [_plain(item) for item in heat.y.items])
        main.tick_params(axis="y", which="minor", left=False, right=False)


def _below(axes: Axes, axis: DrawnAxis) -> None:
    """The label of the x axis, and the names of categories."""
    axes.set_xlabel(_text(axis.label))
    if axis.items:
        turned = 30 if sum(map(len, axis.items)) > 40 else 0
        ends: Any = "right" if turned else "center"
        names = [_plain(item) for item in axis.items]
        axes.set_xticks(axis.edges[:-1] + 0.5, names, rotation=turned, ha=ends)
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)


def _outside(axes: Axes, axis: DrawnAxis) -> None:
    """Shade and name the bins of what lies outside."""
    pairs = ((axis.under, axis.edges[:2], "below"), (axis.over, axis.edges[-2:], "above"))
    for shown, ends, name in pairs:
        if not shown:
            continue
        axes.axvspan(*ends, color="0.9", zorder=0)
        if not axis.items:
            middle = np.sqrt(ends[0] * ends[1]) if axis.log else ends.mean()
            place: Any = {"transform": axes.get_xaxis_transform(), "rotation": 90}
            axes.text(middle, 0.02, name, ha="center", va="bottom", fontsize="xx-small", **place)


def _make_room(axes: Axes, drawing: Drawing) -> None:
    """Raise the end of the y axis until no curve runs through the legend."""
    legend = axes.get_legend()
    if legend is None:
        return
    axes.get_figure().draw_without_rendering()  # type: ignore[union-attr]
    box = legend.get_window_extent().transformed(axes.transAxes.inverted())
    edges = drawing.x.edges
    spots = axes.transAxes.inverted().transform(
        axes.transData.transform([(edge, axes.get_ylim()[1]) for edge in edges])
    )[:, 0]
    under = (spots[1:] > box.x0 - 0.02) & (spots[:-1] < box.x1 + 0.02)
    highest = 0.0
    for curve in drawing.curves:
        tops = curve.high if drawing.bars and curve.high is not None else curve.values
        highest = max([highest, *tops[under][np.isfinite(tops[under])].tolist()])
    low, high = axes.get_ylim()
    share = max(0.3, box.y0 - 0.03)
    if drawing.log and highest > low:
        axes.set_ylim(low, max(high, low * (highest / low) ** (1 / share)))
    elif not drawing.log:
        axes.set_ylim(low, max(high, low + (highest - low) / share))


def _text(runs: Runs) -> str:
    """A label in matplotlib's words: what is above or below the line as mathtext."""
    out = []
    for part, level in runs:
        if level == 0:
            out.append(_plain(part))
        else:
            inside = "".join(f"\\{c}" if c in "_^{}#%&$" else c for c in part if c != "\\")
            mark = "^" if level > 0 else "_"
            out.append(f"$\\mathregular{{{{}}{mark}{{{inside}}}}}$")
    return "".join(out)


def _plain(text: str) -> str:
    """Text that is no mathtext."""
    return text.replace("$", r"\$")
