"""A heat map of a static picture: an embedded PNG with its projections and its colour bar."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from .hist_drawing import Curve, Drawing, DrawnAxis, Heat
from .hist_svg_axes import (
    Box,
    bottom_axis,
    flow_marks,
    frame,
    inner,
    label,
    left_axis,
    left_names,
    right_axis,
)
from .hist_ticks import Scale, numbered

__all__ = ["heat", "z_range"]

Array = NDArray[np.float64]
Pixels = NDArray[np.uint8]
_ANCHORS = (
    "00224e 003170 2a3f6d 434e6c 575d6d 6a6c71 7d7c78 918b78 a59c74 bbad6d d1bf61 e9d34e fee838"
)
_TOP, _BOTTOM, _HIGH, _ABOVE, _BESIDE, _GAP = 24, 48, 300, 56, 76, 8


def heat(drawing: Drawing, shown: Heat, width: float) -> tuple[float, list[str]]:
    """The height, and the parts: cells, axes, projections and the bar."""
    names = max((len(item) * 7 for item in shown.y.items), default=0)
    left = min(30.0 + names, 150.0) if names else 72.0
    box = Box(left, _TOP + _ABOVE + _GAP, width - left - _BESIDE - 120, _HIGH)
    edges = drawing.x.edges
    x = Scale(float(edges[0]), float(edges[-1]), box.x, box.right, drawing.x.log)
    y = Scale(float(shown.y.edges[0]), float(shown.y.edges[-1]), box.bottom, box.y, shown.y.log)
    low, high = z_range(shown)
    out = [_cells(drawing, shown, x, y, box)]
    out += flow_marks(drawing.x, x, box, along="x", over_cells=True)
    out += flow_marks(shown.y, y, box, along="y", over_cells=True)
    out.append(frame(box))
    out += bottom_axis(drawing.x, x, box, words=True, way=-1)
    if shown.y.items:
        out += left_names(shown.y, y, box, left - 30)
    else:
        out += left_axis(y, box, numbered(*inner(shown.y), 6, log=shown.y.log), way=-1)
    above = Box(box.x, _TOP, box.width, _ABOVE)
    beside = Box(box.right + _GAP, box.y, _BESIDE, box.height)
    out += _projection(shown.top, drawing.x, x, above, upright=True, log=shown.log)
    out += _projection(shown.side, shown.y, y, beside, upright=False, log=shown.log)
    bar = Box(beside.right + 14, box.y, 12, box.height)
    out.append(_image(_colours(np.linspace(1, 0, 256)[:, np.newaxis]), bar))
    out.append(frame(bar))
    z = Scale(low, high, bar.bottom, bar.y, shown.log)
    out += right_axis(z, bar, numbered(low, high, 6, log=shown.log, factored=True))
    turned = f'x="{-bar.y:g}" y="{width - 6:g}" text-anchor="end" transform="rotate(-90)"'
    out.append(label(shown.label, turned))
    side = f'x="{-box.y:g}" y="14" text-anchor="end" transform="rotate(-90)"'
    out.append(label(drawing.ylabel, side))
    height = box.bottom + _BOTTOM
    out.append(label(drawing.x.label, f'x="{box.right:g}" y="{height - 10:g}" text-anchor="end"'))
    return height, out


def z_range(shown: Heat) -> tuple[float, float]:
    """What the colours span: from zero or the lowest content; positive contents if logarithmic."""
    known = shown.values[np.isfinite(shown.values)]
    if not shown.log:
        low = min(0.0, float(known.min(initial=0.0)))
        high = max(0.0, float(known.max(initial=0.0)))
        return low, (high if high > low else low + 1)
    known = known[known > 0]
    if not len(known):
        return 0.1, 1.0
    low, high = float(known.min()), float(known.max())
    return low, (high if high > low else low * 10)


def _cells(drawing: Drawing, shown: Heat, x: Scale, y: Scale, box: Box) -> str:
    """The contents as an image with one colour for each pixel; empty bins stay blank."""
    if not shown.values.size:
        return ""
    wide, high = round(box.width), round(box.height)
    columns = _bins(drawing.x.edges, [x.invert(box.x + i + 0.5) for i in range(wide)])
    rows = _bins(shown.y.edges, [y.invert(box.y + j + 0.5) for j in range(high)])
    low, top = z_range(shown)
    with np.errstate(all="ignore"):
        if shown.log:
            part = np.log(shown.values / low) / np.log(top / low)
        else:
            part = (shown.values - low) / (top - low)
    blank = ~np.isfinite(part) | (shown.values == 0)
    part = np.where(blank, np.nan, np.clip(part, 0, 1))
    return _image(_colours(part)[np.ix_(rows, columns)], box)


def _bins(edges: Array, places: list[float]) -> NDArray[np.intp]:
    return np.clip(np.searchsorted(edges, places, side="right") - 1, 0, len(edges) - 2)


def _colours(part: Array) -> Pixels:
    """Cividis, uint8 [rows, columns, 4]; NaN is transparent."""
    anchors = np.array([list(bytes.fromhex(text)) for text in _ANCHORS.split()], dtype=float)
    place = np.nan_to_num(part) * (len(anchors) - 1)
    levels = np.arange(len(anchors))
    out = np.empty((*part.shape, 4), dtype=np.uint8)
    for k in range(3):
        out[..., k] = np.round(np.interp(place, levels, anchors[:, k]))
    out[..., 3] = np.where(np.isnan(part), 0, 255)
    return out


def _image(pixels: Pixels, box: Box) -> str:
    """An `<image>` with the pixels as PNG (ISO/IEC 15948)."""
    high, wide = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 6, 0, 0, 0))]
    chunks += [(b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    place = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<image {place} preserveAspectRatio="none" href="{source}"/>'


def _projection(
    curve: Curve, axis: DrawnAxis, along: Scale, box: Box, *, upright: bool, log: bool
) -> list[str]:
    """The sums along one axis as steps beside the heat map, with one number."""
    known = curve.values[np.isfinite(curve.values)]
    positive = known[known > 0]
    if log and len(positive):
        low, high = float(positive.min()) * 0.5, float(positive.max()) * 2
    else:
        log, low = False, min(0.0, float(known.min(initial=0.0)))
        high = max(0.0, float(known.max(initial=0.0))) * 1.08
        high = high if high > low else low + 1
    start, stop = (box.bottom, box.y) if upright else (box.x, box.right)
    scale = Scale(low, high, start, stop, log)
    base = scale(0.0) if low < 0 else start
    path = [f"M{along(float(axis.edges[0])):g} {base:g}"]
    if not upright:
        path = [f"M{base:g} {along(float(axis.edges[0])):g}"]
    for i, value in enumerate(curve.values.tolist()):
        at = scale(value) if np.isfinite(value) and value > low else start
        to = along(float(axis.edges[i + 1]))
        path.append(f"V{at:g}H{to:g}" if upright else f"H{at:g}V{to:g}")
    path.append(f"V{base:g}" if upright else f"H{base:g}")
    out = [f'<path d="{"".join(path)}" fill="none" stroke="#3f90da" stroke-width="1.5"/>']
    out.append(frame(box, 'fill="none" stroke="currentColor" opacity=".45"'))
    found = numbered(low, high, 2, log=log, factored=True)
    if found.major:
        value, text = found.major[-1]
        words = text + (found.factor if value else "")
        if upright:
            place = f'x="{box.x - 7:g}" y="{scale(value) + 4:g}" text-anchor="end"'
        else:
            place = f'x="{scale(value):g}" y="{box.bottom + 17:g}" text-anchor="middle"'
        out.append(f"<text {place}>{words}</text>")
    return out
