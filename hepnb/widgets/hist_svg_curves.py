"""The curves, the lower panel and the legend of a static picture, as SVG text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from .hist_drawing import Drawing, Panel
from .hist_svg_axes import Box, inner, shortened
from .hist_ticks import Scale

__all__ = ["COLOURS", "Legend", "curves", "is_data", "legend", "panel"]

Array = NDArray[np.float64]
# Petroff's ten (arXiv:2107.02270) with the faint ones darkened, to be seen on light and on dark.
COLOURS = (
    "#3f90da", "#d08700", "#d03a1c", "#85978f", "#9a52cc",
    "#a96b59", "#e76300", "#a09358", "#808690", "#3fa3a8",
)  # fmt: skip
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 5", "12 4", "3 2 3 6", "1 3")
_BAND = 'fill="currentColor" fill-opacity=".25"'
_SUM = "error of the sum"
_LINE = 17
_MOST_BARS = 1000


def is_data(drawing: Drawing, i: int) -> bool:
    """Whether curve `i` is the data beside a stack."""
    return drawing.stacked and drawing.curves[i].base is None


def _colour(drawing: Drawing, i: int) -> str:
    alone = len(drawing.curves) == 1 and drawing.curves[0].kind == "points"
    return "currentColor" if is_data(drawing, i) or alone else COLOURS[i % len(COLOURS)]


def _line(drawing: Drawing, i: int, width: float = 1.5) -> str:
    dash = DASHES[i % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'fill="none" stroke="{_colour(drawing, i)}" stroke-width="{width}"{dashed}'


def curves(drawing: Drawing, x: Scale, y: Scale) -> list[str]:
    """All series, the data of a stack last."""
    out = []
    xs = [x(float(edge)) for edge in drawing.x.edges]
    order = sorted(range(len(drawing.curves)), key=lambda i: is_data(drawing, i))
    for i in order:
        curve = drawing.curves[i]
        if curve.base is not None:
            d = _area(xs, _pixels(curve.values, y), _pixels(curve.base, y))
            out.append(f'<path d="{d}" fill="{COLOURS[i % len(COLOURS)]}"/>')
    if drawing.band is not None and drawing.bars:
        low, high = (_pixels(ends, y) for ends in drawing.band)
        out.append(f'<path d="{_area(xs, high, low)}" {_BAND}/>')
    for i in order:
        if drawing.curves[i].base is None:
            out += _curve(drawing, i, xs, y)
    return out


def _curve(drawing: Drawing, i: int, xs: Sequence[float], y: Scale) -> list[str]:
    curve, colour = drawing.curves[i], _colour(drawing, i)
    base = y(0.0) if not y.log and y.low < 0 else y.start
    ys = _pixels(curve.values, y)
    solid = [base if v is None else v for v in ys]
    if curve.floor is not None:
        d = _area(xs, ys, _pixels(curve.floor, y))
        return [f'<path d="{d}" fill="{colour}" stroke="{colour}" stroke-width=".7"/>']
    out = []
    bars = drawing.bars and curve.low is not None and len(ys) <= _MOST_BARS
    low = [] if curve.low is None else _pixels(curve.low, y)
    high = [] if curve.high is None else _pixels(curve.high, y)
    if curve.kind == "filled":
        d = _area(xs, solid, [base] * len(ys))
        out.append(f'<path d="{d}" fill="{colour}" fill-opacity=".4"/>')
        if bars:
            out.append(f'<path d="{_boxes(xs, high, low)}" {_BAND}/>')
    if curve.kind in ("step", "filled"):
        out.append(f'<path d="{_steps(xs, solid, base)}" {_line(drawing, i)}/>')
    if bars and curve.kind != "filled":
        out.append(f'<path d="{_errors(xs, high, low)}" fill="none" stroke="{colour}"/>')
    if curve.kind == "errorbar":
        spans = [f"M{xs[k]:g} {v:g}H{xs[k + 1]:g}" for k, v in enumerate(ys) if v is not None]
        out.append(f'<path d="{"".join(spans)}" fill="none" stroke="{colour}"/>')
    elif curve.kind == "points":
        out += _marks(xs, ys, colour, 3)
    return out


def panel(below: Panel, drawing: Drawing, x: Scale, y: Scale, box: Box) -> list[str]:
    """The comparison: its band, the line of agreement, and each bin."""
    xs = [x(float(edge)) for edge in drawing.x.edges]
    out = []
    if below.band is not None:
        low, high = (_pixels(np.clip(ends, *below.range), y) for ends in below.band)
        out.append(f'<path d="{_boxes(xs, high, low)}" {_BAND}/>')
    agreed = y(1.0 if below.kind == "ratio" else 0.0)
    dashes = 'stroke="currentColor" stroke-dasharray="4 3"'
    out.append(f'<path d="M{box.x:g} {agreed:g}H{box.right:g}" {dashes}/>')
    for curve, i in zip(below.curves, below.at, strict=True):
        colour = _colour(drawing, i)
        if below.kind == "pull" and len(below.curves) == 1:
            tops = _pixels(np.clip(curve.values, 0, below.range[1]), y)
            bottoms = _pixels(np.clip(curve.values, below.range[0], 0), y)
            area = _boxes(xs, tops, bottoms)
            out.append(f'<path d="{area}" fill="{colour}" fill-opacity=".5"/>')
            continue
        if curve.low is not None and curve.high is not None:
            high, low = (
                _pixels(np.clip(ends, *below.range), y) for ends in (curve.high, curve.low)
            )
            out.append(f'<path d="{_errors(xs, high, low)}" fill="none" stroke="{colour}"/>')
        outside = (curve.values < below.range[0]) | (curve.values > below.range[1])
        out += _marks(xs, _pixels(np.where(outside, np.nan, curve.values), y), colour, 2.3)
        out += _arrows(xs, curve.values, below.range, box, colour)
    return out


def _arrows(
    xs: Sequence[float], values: Array, limits: tuple[float, float], box: Box, colour: str
) -> list[str]:
    """Triangles at the edge of the panel for what lies beyond it."""
    out = []
    for k, value in enumerate(values):
        middle = (xs[k] + xs[k + 1]) / 2
        if value > limits[1]:
            out.append(f"M{middle - 3:g} {box.y + 7:g}h6l-3 -6Z")
        elif value < limits[0]:
            out.append(f"M{middle - 3:g} {box.bottom - 7:g}h6l-3 6Z")
    return [f'<path d="{"".join(out)}" fill="{colour}"/>'] if out else []


@dataclass(frozen=True, eq=False)
class Legend:
    """The legend: inside at the upper right or left, or in rows above the frame.

    `order` numbers the curves; None is the band of a stack.
    """

    drawing: Drawing
    order: tuple[int | None, ...]
    left: float
    above: float
    highest: float | None
    share: float

    def roomed(self, low: float, high: float) -> float:
        """The upper end of the y axis that leaves the legend its room."""
        if self.highest is None or not self.highest > low:
            return high
        if self.drawing.log:
            return float(max(high, low * (self.highest / low) ** (1 / self.share)))
        return float(max(high, low + (self.highest - low) / self.share))

    def draw(self, box: Box) -> list[str]:
        out = []
        wide = _column(self.drawing)
        columns = max(1, int(box.width // wide)) if self.above else 1
        for place, i in enumerate(self.order):
            x = box.x + (place % columns) * wide if self.above else self.left
            top = box.y - self.above if self.above else box.y + 6
            y = top + _LINE * (place // columns) + 9
            curve = None if i is None else self.drawing.curves[i]
            if i is None or curve is None:
                swatch = f'<path d="M{x:g} {y - 5:g}h26v10h-26Z" {_BAND}/>'
            elif curve.base is not None:
                swatch = (
                    f'<path d="M{x:g} {y - 5:g}h26v10h-26Z" fill="{COLOURS[i % len(COLOURS)]}"/>'
                )
            elif curve.kind == "points":
                swatch = "".join(_marks([x, x + 26], [y], _colour(self.drawing, i), 3))
            else:
                swatch = f'<path d="M{x:g} {y:g}h26" {_line(self.drawing, i, 2)}/>'
            name = escape(shortened(curve.label if curve else _SUM, 220))
            out.append(f'{swatch}<text x="{x + 34:g}" y="{y + 4:g}">{name}</text>')
        return out


def legend(drawing: Drawing, x: Scale, box: Box) -> Legend:
    """Where the legend goes: on the side with the lower curves, above the frame where it is long."""
    found = drawing.curves
    order: list[int | None] = [*range(len(found))]
    if drawing.stacked:
        order = [*sorted(range(len(found)), key=lambda i: (not is_data(drawing, i), -i))]
        order += [None] if drawing.band is not None and drawing.bars else []
    if len(found) < 2 and not (found and found[0].label):
        return Legend(drawing, (), 0, 0, None, 1)
    if len(order) > 6:
        rows = -(-len(order) // max(1, int(box.width // _column(drawing))))
        return Legend(drawing, tuple(order), 0, rows * _LINE + 6, None, 1)
    widest = _column(drawing)
    share = 1 - (_LINE * len(order) + 12) / box.height
    start, stop = (x(edge) for edge in inner(drawing.x))
    sides = []
    for left in (stop - widest, start + 10):
        sides.append((_highest(drawing, x, left - 6, left + widest), left))
    if sides[0][0] <= sides[1][0]:
        highest, left = sides[0]
    else:
        highest, left = sides[1]
    return Legend(drawing, tuple(order), left, 0, highest, share)


def _column(drawing: Drawing) -> float:
    """Pixels of the widest entry."""
    names = [len(shortened(curve.label, 220)) for curve in drawing.curves]
    names += [len(_SUM)] if drawing.stacked else []
    return max(names, default=0) * 7.0 + 44


def _highest(drawing: Drawing, x: Scale, start: float, stop: float) -> float:
    """The highest content or error between two pixels."""
    xs = np.array([x(float(edge)) for edge in drawing.x.edges])
    here = (xs[1:] >= start) & (xs[:-1] <= stop)
    tops = [0.0]
    drawn = [c.high if drawing.bars and c.high is not None else c.values for c in drawing.curves]
    if drawing.band is not None and drawing.bars:
        drawn.append(drawing.band[1])
    for ends in drawn:
        known = ends[here][np.isfinite(ends[here])]
        tops += [float(known.max())] if len(known) else []
    return max(tops)


def _pixels(values: Array, y: Scale) -> list[float | None]:
    lowest = y.low
    return [
        None if not np.isfinite(v) else y.start if v <= lowest else y(v) for v in values.tolist()
    ]


def _steps(xs: Sequence[float], ys: Sequence[float], base: float) -> str:
    if not ys:
        return ""
    path = [f"M{xs[0]:g} {base:g}"]
    path += [f"V{y:g}H{xs[i + 1]:g}" for i, y in enumerate(ys)]
    return "".join([*path, f"V{base:g}"])


def _area(
    xs: Sequence[float], tops: Sequence[float | None], bottoms: Sequence[float | None]
) -> str:
    there = [f"V{t:g}H{xs[i + 1]:g}" for i, t in enumerate(tops) if t is not None]
    back = [f"V{b:g}H{xs[i]:g}" for i, b in enumerate(bottoms) if b is not None]
    first = next((b for b in bottoms if b is not None), 0)
    return "".join([f"M{xs[0]:g} {first:g}", *there, *reversed(back), "Z"]) if there else ""


def _boxes(
    xs: Sequence[float], tops: Sequence[float | None], bottoms: Sequence[float | None]
) -> str:
    return "".join(
        f"M{xs[i]:g} {low:g}V{high:g}H{xs[i + 1]:g}V{low:g}Z"
        for i, (high, low) in enumerate(zip(tops, bottoms, strict=True))
        if high is not None and low is not None
    )


def _errors(
    xs: Sequence[float], tops: Sequence[float | None], bottoms: Sequence[float | None]
) -> str:
    return "".join(
        f"M{(xs[i] + xs[i + 1]) / 2:g} {low:g}V{high:g}"
        for i, (high, low) in enumerate(zip(tops, bottoms, strict=True))
        if high is not None and low is not None and high != low
    )


def _marks(xs: Sequence[float], ys: Sequence[float | None], colour: str, size: float) -> list[str]:
    """A disc in the middle of each bin, as one path."""
    width = 2 * size
    discs = [
        f"M{(xs[i] + xs[i + 1]) / 2 - size:g} {y:g}a{size:g} {size:g} 0 1 0 {width:g} 0"
        f"a{size:g} {size:g} 0 1 0 {-width:g} 0"
        for i, y in enumerate(ys)
        if y is not None
    ]
    return [f'<path d="{"".join(discs)}" fill="{colour}"/>']
