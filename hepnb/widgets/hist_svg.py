"""A picture of a histogram as static SVG: what a saved notebook shows without a kernel.

Pure strings, the same input gives the same text; no scripts, no style sheet, every label escaped.
The live picture is drawn by widgets_js/src/plot.ts with the same conventions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from .hist_picture import Curve, Picture
from .labels import Runs, short

__all__ = ["log_ticks", "svg", "ticks"]

WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 72, 16, 26, 52
COLOURS = ("#3f6fd9", "#c26a00", "#c01f33", "#7b3f74", "#5c5c66", "#0b7f6f", "#8a5a2b", "#7a21dd")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 5", "12 4", "3 2 3 6", "1 3")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class _Scale:
    """Values to pixels, linear or logarithmic."""

    low: float
    high: float
    start: float
    stop: float
    log: bool

    def __call__(self, value: float) -> float:
        if self.log:
            if value <= self.low:
                return self.start
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return round(self.start + part * (self.stop - self.start), 2)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values at steps of 1, 2 or 5.

    >>> ticks(0, 10, 5)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    raw = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> tuple[list[float], list[float]]:
    """Labelled and unlabelled ticks of a logarithmic axis.

    >>> log_ticks(1, 1000)[0]
    [1.0, 10.0, 100.0, 1000.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [m * 10.0**p for p in powers for m in range(1, 10)]
    inside = [v for v in every if low * 0.9999 <= v <= high * 1.0001]
    decades = math.log10(high / low)
    keep = {1} if decades > 2.5 else {1, 2, 5}
    skip = max(1, math.ceil(len(powers) / 9))

    def labelled(value: float) -> bool:
        power = math.floor(math.log10(value) + 1e-9)
        return round(value / 10.0**power) in keep and power % skip == 0

    return [v for v in inside if labelled(v)], [v for v in inside if not labelled(v)]


def _log_text(major: Sequence[float]) -> Callable[[float], str]:
    """Numbers for few decades, else `1`, `10`, then powers: 10²."""
    if all(0.009 < value < 11_000 for value in major):
        return short

    def text(value: float) -> str:
        power = math.floor(math.log10(value) + 1e-9)
        if 0 <= power <= 1:
            return short(value)
        digit = round(value / 10.0**power)
        head = "" if digit == 1 else f"{digit}×"
        return f"{head}10{str(power).translate(_SUPERSCRIPTS)}"

    return text


def _label(label: Runs, at: str) -> str:
    out, level = [], 0
    for text, wanted in label:
        shift = (level - wanted) * 0.35
        size = ' font-size="75%"' if wanted else ""
        out.append(f'<tspan dy="{shift:.2f}em"{size}>{escape(text)}</tspan>')
        level = wanted
    return f"<text {at}>{''.join(out)}</text>"


def _y_range(curves: Sequence[Curve], *, log: bool) -> tuple[float, float]:
    highs, lows = [], []
    for curve in curves:
        for i, value in enumerate(curve.values.tolist()):
            error = 0.0 if curve.errors is None else float(curve.errors[i])
            low = value if curve.low is None else float(curve.low[i])
            if math.isfinite(value + error):
                highs.append(value + error)
                lows.append(low - error if low - error < 0 else low)
    if log:
        positive = [v for v in lows + highs if v > 0] or [1.0]
        return min(positive) * 0.5, max(positive) * 2.0
    high, low = max([*highs, 0.0]), min([*lows, 0.0])
    room = (high - low) * 0.08 or 1.0
    return (low - room if low < 0 else 0.0), high + room


def _steps(xs: Sequence[float], ys: Sequence[float], base: float) -> str:
    path = [f"M{xs[0]:g} {base:g}"]
    for i, y in enumerate(ys):
        path.append(f"V{y:g}H{xs[i + 1]:g}")
    return "".join([*path, f"V{base:g}"])


def svg(picture: Picture, title: str, *, logx: bool | None = None, logy: bool = False) -> str:
    """The picture as one `<svg>` element with `title` as its accessible name."""
    log = picture.log if logx is None else logx
    log = log and not picture.items and bool(picture.edges[0] > 0)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    x = _Scale(float(picture.edges[0]), float(picture.edges[-1]), LEFT, right, log)
    y_low, y_high = _y_range(picture.curves, log=logy)
    y = _Scale(y_low, y_high, bottom, TOP, logy)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'width="{WIDTH}" style="max-width:100%;height:auto" '
        f'font-family="system-ui,sans-serif" font-size="12" fill="currentColor">'
        f"<title>{escape(title)}</title>"
        f'<rect x="{LEFT}" y="{TOP}" width="{right - LEFT}" height="{bottom - TOP}" fill="none" '
        f'stroke="currentColor"/>'
    )
    out = [head]
    out += _x_axis(picture, x, bottom, log=log)
    out += _y_axis(y, logy=logy)
    out += _curves(picture, x, y, bottom)
    out.append(_label(picture.xlabel, f'x="{right}" y="{HEIGHT - 10}" text-anchor="end"'))
    middle = f'x="{-TOP}" y="14" text-anchor="end" transform="rotate(-90)"'
    out.append(_label(picture.ylabel, middle))
    return "".join([*out, "</svg>"])


def _curves(picture: Picture, x: _Scale, y: _Scale, bottom: float) -> list[str]:
    out: list[str] = []
    xs = [x(float(edge)) for edge in picture.edges]
    base = bottom if y.log else y(0.0)
    for i, curve in enumerate(picture.curves):
        colour, dash = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        ys = [y(v) if math.isfinite(v) else base for v in curve.values.tolist()]
        style = f'fill="none" stroke="{colour}"'
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        if xs[1:]:
            out.append(f'<path d="{_steps(xs, ys, base)}" {style} stroke-width="1.5"{dashed}/>')
        if curve.errors is not None and len(ys) <= 500:
            bars = []
            for left, next_, value, error in zip(
                xs, xs[1:], curve.values, curve.errors, strict=False
            ):
                if error > 0 and math.isfinite(value + error):
                    bars.append(
                        f"M{(left + next_) / 2:g} {y(value - error):g}V{y(value + error):g}"
                    )
            out.append(f'<path d="{"".join(bars)}" {style} opacity=".7"/>')
        if curve.label:
            top = TOP + 18 + 16 * i
            edge = WIDTH - RIGHT
            out.append(f'<path d="M{edge - 34} {top - 4}h24" {style} stroke-width="2"{dashed}/>')
            name = escape(curve.label)
            out.append(f'<text x="{edge - 40}" y="{top}" text-anchor="end">{name}</text>')
    return out


def _x_axis(picture: Picture, x: _Scale, bottom: float, *, log: bool) -> list[str]:
    out = []
    if picture.items:
        width = (x.stop - x.start) / max(1, len(picture.items))
        every = max(1, math.ceil(48 / max(width, 1e-9)))
        for i, item in enumerate(picture.items):
            if i % every == 0:
                name = (
                    item
                    if len(item) * 7 < width * every
                    else item[: max(3, int(width * every / 7))] + "…"
                )
                out.append(
                    f'<text x="{x(i + 0.5):g}" y="{bottom + 17}" text-anchor="middle">'
                    f"{escape(name)}</text>",
                )
        return out
    show: Callable[[float], str] = short
    if log:
        major, minor = log_ticks(x.low, x.high)
        show = _log_text(major)
    else:
        major = ticks(x.low, x.high, 7)
        minor = [v for v in ticks(x.low, x.high, 35) if v not in major]
    for value in minor:
        out.append(_tick(f"M{x(value):g} {bottom}v-4"))
    for value in major:
        out.append(_tick(f"M{x(value):g} {bottom}v-8"))
        at = f'x="{x(value):g}" y="{bottom + 17}" text-anchor="middle"'
        out.append(f"<text {at}>{show(value)}</text>")
    return out


def _y_axis(y: _Scale, *, logy: bool) -> list[str]:
    out = []
    if logy:
        major, minor = log_ticks(y.low, y.high)
        show, factor = _log_text(major), 0
    else:
        major = ticks(y.low, y.high, 5)
        minor = [v for v in ticks(y.low, y.high, 25) if v not in major]
        size = max(abs(y.high), abs(y.low))
        power = math.floor(math.log10(size))
        factor = power if power >= 5 or power <= -4 else 0
        show = short
    for value in minor:
        out.append(_tick(f"M{LEFT} {y(value):g}h4"))
    for value in major:
        out.append(_tick(f"M{LEFT} {y(value):g}h8"))
        text = show(value / 10.0**factor)
        out.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:g}" text-anchor="end">{text}</text>')
    if factor:
        power_text = str(factor).translate(_SUPERSCRIPTS)
        out.append(f'<text x="{LEFT}" y="{TOP - 8}">×10{power_text}</text>')
    return out


def _tick(path: str) -> str:
    return f'<path d="{path}" stroke="currentColor"/>'
