"""Frames, axes, labels and marks of a static picture, as SVG text. Every label is escaped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

from .hist_drawing import DrawnAxis
from .hist_ticks import Scale, Ticks, numbered
from .labels import Runs

__all__ = ["Box", "bottom_axis", "flow_marks", "frame", "label", "left_axis", "right_axis", "tick"]


@dataclass(frozen=True)
class Box:
    """Pixels from the upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


def frame(box: Box, style: str = 'fill="none" stroke="currentColor"') -> str:
    return (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" {style}/>'
    )


def tick(path: str) -> str:
    return f'<path d="{path}" stroke="currentColor"/>'


def label(text: Runs, at: str) -> str:
    """A label with its sub- and superscripts; `at` are the attributes that place it."""
    out, level = [], 0
    for part, wanted in text:
        shift = (level - wanted) * 0.35
        size = ' font-size="75%"' if wanted else ""
        out.append(f'<tspan dy="{shift:.2f}em"{size}>{escape(part)}</tspan>')
        level = wanted
    return f"<text {at}>{''.join(out)}</text>"


def bottom_axis(axis: DrawnAxis, x: Scale, box: Box, *, words: bool, way: int = 1) -> list[str]:
    """The axis below a box. `way` -1 puts the ticks outside, off a heat map."""
    if axis.items:
        return _names(axis, x, box) if words else []
    low, high = inner(axis)
    found = numbered(low, high, 7, log=axis.log)
    out = [tick(f"M{x(v):g} {box.bottom:g}v{-4 * way}") for v in found.minor]
    free = -math.inf
    for value, text in found.major:
        out.append(tick(f"M{x(value):g} {box.bottom:g}v{-8 * way if way > 0 else 5}"))
        half = len(text) * 3.6
        if words and x(value) - half > free:
            free = x(value) + half + 6
            at = f'x="{x(value):g}" y="{box.bottom + 17:g}" text-anchor="middle"'
            out.append(f"<text {at}>{text}</text>")
    return out


def inner(axis: DrawnAxis) -> tuple[float, float]:
    """First and last coordinate without the flow bins."""
    return float(axis.edges[int(axis.under)]), float(axis.edges[-1 - int(axis.over)])


def _names(axis: DrawnAxis, x: Scale, box: Box) -> list[str]:
    """Names of categories, as many and as much of them as there is room for."""
    width = box.width / max(1, len(axis.items))
    every = max(1, math.ceil(48 / max(width, 1e-9)))
    out = []
    for i, item in list(enumerate(axis.items))[::every]:
        name = shortened(item, width * every)
        at = f'x="{x(float(axis.edges[0]) + i + 0.5):g}" y="{box.bottom + 17:g}"'
        out.append(f'<text {at} text-anchor="middle">{escape(name)}</text>')
    return out


def shortened(text: str, room: float) -> str:
    """A text that fits into so many pixels."""
    most = max(3, int(room / 7))
    return text if len(text) <= most else text[: most - 1] + "…"


def left_axis(y: Scale, box: Box, found: Ticks, *, way: int = 1, top: float = -9) -> list[str]:
    """The axis at the left of a box; its words stay below `top` pixels from the box's top."""
    out = [tick(f"M{box.x:g} {y(v):g}h{4 * way}") for v in found.minor]
    for value, text in found.major:
        out.append(tick(f"M{box.x:g} {y(value):g}h{8 * way if way > 0 else -5}"))
        if y(value) - 6 >= box.y + top:
            at = f'x="{box.x - 7:g}" y="{y(value) + 4:g}" text-anchor="end"'
            out.append(f"<text {at}>{text}</text>")
    if found.factor:
        out.append(f'<text x="{box.x:g}" y="{box.y - 7:g}">{found.factor}</text>')
    return out


def left_names(axis: DrawnAxis, y: Scale, box: Box, room: float) -> list[str]:
    every = max(1, math.ceil(14 * len(axis.items) / box.height))
    out = []
    for i, item in list(enumerate(axis.items))[::every]:
        at = f'x="{box.x - 7:g}" y="{y(float(axis.edges[0]) + i + 0.5) + 4:g}" text-anchor="end"'
        out.append(f"<text {at}>{escape(shortened(item, room))}</text>")
    return out


def right_axis(y: Scale, box: Box, found: Ticks) -> list[str]:
    """The axis at the right of a colour bar."""
    out = [tick(f"M{box.right:g} {y(v):g}h-3") for v in found.minor]
    for value, text in found.major:
        out.append(tick(f"M{box.right:g} {y(value):g}h-6"))
        out.append(f'<text x="{box.right + 5:g}" y="{y(value) + 4:g}">{text}</text>')
    if found.factor:
        out.append(f'<text x="{box.x:g}" y="{box.y - 7:g}">{found.factor}</text>')
    return out


def flow_marks(
    axis: DrawnAxis, scale: Scale, box: Box, *, along: str, over_cells: bool = False
) -> list[str]:
    """Shades and names the bins that hold what lies outside of an axis; the cells of a heat map,
    whose colours say something, are outlined instead."""
    area_style, name_style = 'fill="currentColor" opacity=".1"', ""
    if over_cells:
        area_style = 'fill="none" stroke="currentColor" stroke-dasharray="3 2"'
        name_style = ' fill="#fff" stroke="#1b1c1f" stroke-width="2.5" paint-order="stroke"'
    out = []
    pairs = ((axis.under, 0, "below"), (axis.over, len(axis.edges) - 2, "above"))
    for shown, at, name in pairs:
        if not shown:
            continue
        ends = sorted((scale(float(axis.edges[at])), scale(float(axis.edges[at + 1]))))
        size, middle = ends[1] - ends[0], sum(ends) / 2
        if along == "x":
            area = Box(ends[0], box.y, size, box.height)
            place = f'transform="translate({middle + 4:g} {box.bottom - 6:g}) rotate(-90)"'
        else:
            area = Box(box.x, ends[0], box.width, size)
            place = f'x="{box.x + 6:g}" y="{middle + 4:g}"'
        out.append(frame(area, area_style))
        if not axis.items and size >= 11:
            out.append(f'<text {place} font-size="10.5"{name_style}>{name}</text>')
    return out
