"""Pictures for a talk or a note, drawn the way the field draws them.

Only finished histograms are drawn here; the live picture in the notebook is the explorer's. No
function touches pyplot's current figure or the user's rcParams, and the same histograms give the
same bytes, so that a picture can be compared, cached and committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

__all__ = ["spectrum"]

_SIZE = (11.0, 7.5)
_STYLES: tuple[dict[str, Any], ...] = (
    {"color": "#3f90da", "linewidth": 1.8},
    {"color": "#bd1f01", "linewidth": 1.4, "linestyle": (0, (4, 1.5))},
    {"color": "#832db6", "linewidth": 1.4, "linestyle": (0, (1, 1))},
)


def spectrum(
    lines: Mapping[str, Any],
    files: Sequence[Path | str],
    *,
    x_label: str = r"$m_{\mu\mu}$ [GeV]",
    y_label: str = "Events / bin",
    experiment: str = "CMS",
    label: str = "Open Data",
    details: str = "",
    marks: Sequence[tuple[str, float]] = (),
) -> None:
    r"""Draw one-dimensional histograms as steps, both axes logarithmic, into every file.

    `lines` maps the text of the legend to a histogram (UHI's PlottableHistogram), the first one
    on top; `files` end in `.png`, `.svg` or `.pdf`. `experiment`, `label` and `details` are the line
    above the frame, left and right: whatever is no measurement must say so there. `marks` are
    names written above the first histogram at a position on the x axis.

    >>> import hist, tempfile
    >>> h = hist.Hist.new.Reg(40, 0.3, 200, transform=hist.axis.transform.log).Int64().fill([3.1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     spectrum({"opposite sign": h}, [Path(folder, "m.png")], experiment="", label="Test")
    ...     Path(folder, "m.png").stat().st_size > 0
    True
    """
    import matplotlib as mpl
    import mplhep
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    style = {**mplhep.style.CMS, "font.size": 20, "svg.hashsalt": "hepnb", "svg.fonttype": "path"}
    with mpl.rc_context({key: value for key, value in style.items() if value is not None}):
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        # Drawn in reverse, so that the first one lies on top.
        numbered = list(enumerate(lines.values()))
        for number, histogram in reversed(numbered):
            edges, counts = histogram.axes[0].edges, histogram.values()
            axes.stairs(counts, edges, **_STYLES[number % len(_STYLES)])
        _frame(axes, list(lines.values()), x_label, y_label)
        keys = [Line2D([], [], **_STYLES[number % len(_STYLES)]) for number, _ in numbered]
        axes.legend(keys, list(lines), loc="upper right")
        mplhep.label.exp_label(
            exp=experiment,
            text=label,
            rlabel=details,
            data=True,  # else mplhep puts "Simulation" before the text
            loc=0,
            ax=axes,
            fontsize=(24, 20, 18, 18),
        )
        figure.draw_without_rendering()
        if lines:
            _annotate(axes, next(iter(lines.values())), marks)
        for file in files:
            figure.savefig(file, dpi=150, metadata=_anonymous(Path(file)))


def _anonymous(file: Path) -> dict[str, None]:
    """Metadata that would make two pictures of one histogram differ."""
    match file.suffix:
        case ".svg":
            return {"Date": None, "Creator": None}
        case ".pdf":
            return {"CreationDate": None, "Creator": None, "Producer": None}
        case _:
            return {"Software": None}


def _frame(axes: Axes, histograms: Sequence[Any], x_label: str, y_label: str) -> None:
    """Limits that leave room for names above the peaks, plain numbers along x, labels."""
    import numpy as np
    from matplotlib.ticker import FuncFormatter, NullFormatter

    edges = np.concatenate([histogram.axes[0].edges for histogram in histograms])
    counts = np.concatenate([histogram.values() for histogram in histograms])
    axes.set_xlim(edges.min(), edges.max())
    axes.set_ylim(0.6, 12.0 * max(float(counts.max(initial=0.0)), 10.0))
    axes.set(xscale="log", yscale="log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)


def _annotate(axes: Axes, histogram: Any, marks: Sequence[tuple[str, float]]) -> None:
    """Write each name above its peak: centred, or to the right of a taller neighbour."""
    placed: list[Text] = []
    for name, position in sorted(marks, key=lambda mark: mark[1]):
        low, high = axes.get_xlim()
        if not low < position < high:
            continue
        text = axes.text(position, 1.0, name, va="bottom", fontsize=17, color="#333333", zorder=5)
        heights = {}
        for side in ("center", "left"):
            _stand(text, position, side)
            heights[side] = _highest(axes, histogram, text)
        side = "left" if heights["left"] < 0.4 * heights["center"] else "center"
        _stand(text, position, side)
        text.set_y(1.25 * heights[side])
        while any(_overlap(text, other) for other in placed):
            text.set_y(1.15 * float(text.get_position()[1]))
        placed.append(text)


def _stand(text: Text, position: float, side: str) -> None:
    """Centre a text at a position, or let it begin a little before it."""
    text.set_horizontalalignment("center" if side == "center" else "left")
    text.set_x(position if side == "center" else 0.97 * position)


def _highest(axes: Axes, histogram: Any, text: Text) -> float:
    """The highest bin under a text."""
    import numpy as np

    box = text.get_window_extent().transformed(axes.transData.inverted())
    edges = histogram.axes[0].edges
    under = (edges[1:] > box.x0) & (edges[:-1] < box.x1)
    return max(1.0, float(np.max(histogram.values()[under], initial=0.0)))


def _overlap(text: Text, other: Text) -> bool:
    return bool(text.get_window_extent().overlaps(other.get_window_extent()))
