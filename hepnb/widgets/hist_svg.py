"""A picture of a histogram as static SVG: what a saved notebook shows without a kernel.

Pure strings, the same input gives the same text; no scripts, no style sheet, every label escaped.
The live picture is drawn by widgets_js/src/compose.ts from the same numbers with the same
conventions.
"""

from __future__ import annotations

from html import escape

import numpy as np

from .hist_drawing import Drawing, Panel
from .hist_svg_axes import Box, bottom_axis, flow_marks, frame, label, left_axis
from .hist_svg_curves import curves, legend, panel
from .hist_svg_heat import heat
from .hist_ticks import Scale, numbered

__all__ = ["svg"]

WIDTH, HEIGHT, LOWER = 640, 330, 100
LEFT, RIGHT, TOP, BOTTOM = 72, 18, 24, 48


def svg(drawing: Drawing, title: str) -> str:
    """The drawing as one `<svg>` element with `title` as its accessible name."""
    if drawing.heat is not None:
        height, parts = heat(drawing, drawing.heat, WIDTH)
    else:
        height, parts = _curves(drawing)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'width="{WIDTH}" style="max-width:100%;height:auto" '
        f'font-family="system-ui,sans-serif" font-size="12" fill="currentColor">'
        f"<title>{escape(title)}</title>"
    )
    return "".join([head, *parts, "</svg>"])


def _curves(drawing: Drawing) -> tuple[float, list[str]]:
    """The height, and the parts: frame, curves, legend, and the panel below."""
    edges = drawing.x.edges
    x = Scale(float(edges[0]), float(edges[-1]), LEFT, WIDTH - RIGHT, drawing.x.log)
    low, high = _value_range(drawing)
    listed = legend(drawing, x, Box(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM))
    box = Box(LEFT, TOP + listed.above, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM)
    high = listed.roomed(low, high)
    y = Scale(low, high, box.bottom, box.y, drawing.log)
    out = flow_marks(drawing.x, x, box, along="x")
    out += curves(drawing, x, y)
    out.append(frame(box))
    out += bottom_axis(drawing.x, x, box, words=drawing.below is None)
    out += left_axis(y, box, numbered(low, high, 6, log=drawing.log, factored=True))
    out += listed.draw(box)
    upright = f'x="{-box.y:g}" y="14" text-anchor="end" transform="rotate(-90)"'
    out.append(label(drawing.ylabel, upright))
    bottom = box.bottom
    if drawing.below is not None:
        lower = Box(box.x, bottom + 8, box.width, LOWER)
        out += _panel(drawing, drawing.below, x, lower)
        bottom = lower.bottom
    height = bottom + BOTTOM
    out.append(label(drawing.x.label, f'x="{box.right:g}" y="{height - 10:g}" text-anchor="end"'))
    return height, out


def _panel(drawing: Drawing, below: Panel, x: Scale, box: Box) -> list[str]:
    y = Scale(*below.range, box.bottom, box.y, log=False)
    out = panel(below, drawing, x, y, box)
    out.append(frame(box))
    out += bottom_axis(drawing.x, x, box, words=True)
    out += left_axis(y, box, numbered(*below.range, 4, log=False), top=0)
    words = below.label if len(below.label) < 18 else below.kind
    middle = f'x="{-(box.y + box.height / 2):g}" y="14" text-anchor="middle"'
    out.append(f'<text {middle} transform="rotate(-90)">{escape(words)}</text>')
    return out


def _value_range(drawing: Drawing) -> tuple[float, float]:
    """What the y axis must hold, with room."""
    lows, highs = [np.zeros(0)], [np.zeros(0)]
    for curve in drawing.curves:
        down = curve.values if curve.floor is None else curve.floor
        up = curve.values
        if drawing.bars and curve.low is not None and curve.high is not None:
            down, up = curve.low, curve.high
        lows.append(np.where((curve.values > 0) & (down <= 0), curve.values, down))
        highs.append(up)
    if drawing.band is not None and drawing.bars:
        highs.append(drawing.band[1])
    every = np.concatenate([*lows, *highs])
    every = every[np.isfinite(every)]
    if drawing.log:
        positive = every[every > 0]
        if not len(positive):
            return 0.5, 2.0
        return float(positive.min()) * 0.5, float(positive.max()) * 2
    if not len(every):
        return 0.0, 1.0
    low, high = float(every.min()), float(every.max())
    if not drawing.zero:
        room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        return low - room, high + room
    low, high = min(low, 0.0), max(high, 0.0)
    room = (high - low) * 0.07 or 1.0
    return (low - room if low < 0 else 0.0), high + room
