"""Axis labels and numbers as people of the field write them.

Labels come as plain text or with the little TeX that histograms carry (`$p_{T}$ [GeV]`); they
leave as runs of text that are on the line, below it, or above it. This is no TeX engine: a command
it does not know is written out by its name.
"""

from __future__ import annotations

import math
import re

__all__ = ["Runs", "number", "plain", "runs", "short", "unit"]

Runs = tuple[tuple[str, int], ...]
"""Pieces of a label: text and its level (-1 subscript, 0 on the line, +1 superscript)."""

_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega"
)
_LARGE = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_SYMBOLS = {
    **dict(zip(_SMALL.split(), "αβγδεζηθικλμνξπρστυφχψω", strict=True)),
    **dict(zip(_LARGE.split(), "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True)),
    "varphi": "φ", "varepsilon": "ε", "ell": "ℓ", "pm": "±", "mp": "∓", "to": "→",
    "rightarrow": "→", "times": "×", "cdot": "·", "leq": "≤", "geq": "≥", "le": "≤", "ge": "≥",
    "approx": "≈", "sqrt": "√", "infty": "∞", "prime": "′", "circ": "°", "sum": "Σ", "ast": "*",
    "quad": " ", "left": "", "right": "", "partial": "∂", "hbar": "ℏ", "sim": "∼", "perp": "⊥",
    "parallel": "∥", "mid": "|", "vert": "|",
}  # fmt: skip
_ACCENTS = {
    "bar": "\u0305",
    "overline": "\u0305",
    "hat": "\u0302",
    "tilde": "\u0303",
    "vec": "\u20d7",
}
_STYLES = {
    "mathrm",
    "text",
    "textrm",
    "rm",
    "mathit",
    "mathbf",
    "textbf",
    "mathcal",
    "operatorname",
}
_TOKEN = re.compile(r"\\([A-Za-z]+) ?|\\(.)|([_^{}$~])|([^\\_^{}$~]+)")
_UNITS = {
    "GeV",
    "MeV",
    "TeV",
    "keV",
    "eV",
    "cm",
    "mm",
    "um",
    "μm",
    "m",
    "ns",
    "ps",
    "rad",
    "deg",
    "%",
}


def runs(label: str) -> Runs:
    r"""Split a label into runs.

    >>> runs(r"$p_{T}^{\mu}$ [GeV]")
    (('p', 0), ('T', -1), ('μ', 1), (' [GeV]', 0))
    >>> runs("n_jets")
    (('n_jets', 0),)
    """
    pieces: list[tuple[str, int]] = []
    for position, part in enumerate(label.split("$")):
        inside = position % 2 == 1 and label.count("$") > position
        pieces += _math(part) if inside else [(_symbols(part), 0)]
    joined: list[tuple[str, int]] = []
    for text, level in pieces:
        if joined and joined[-1][1] == level:
            joined[-1] = (joined[-1][0] + text, level)
        elif text:
            joined.append((text, level))
    return tuple(joined)


def _symbols(text: str) -> str:
    return re.sub(r"\\([A-Za-z]+)", lambda found: _SYMBOLS.get(found[1], found[0]), text)


def _math(source: str) -> list[tuple[str, int]]:
    """Runs of a piece between dollars: a stack of levels, one for each open brace."""
    out: list[tuple[str, int]] = []
    levels, level, once, accent = [0], 0, False, ""
    for command, escaped, mark, text in _TOKEN.findall(source):
        if mark == "{":
            levels.append(level)
            once = False
            continue
        if mark == "}":
            if len(levels) > 1:
                levels.pop()
            level = levels[-1] if len(levels) > 1 else 0
            continue
        if mark in ("_", "^"):
            level, once = (-1 if mark == "_" else 1), True
            continue
        if command in _STYLES:
            continue
        if command in _ACCENTS:
            accent = _ACCENTS[command]
            continue
        here = _SYMBOLS.get(command, command) if command else text or escaped.strip() or " "
        if mark == "~":
            here = " "
        elif text:
            here = text if once or levels[-1] else text.replace(" ", "\u2009")
        if accent:
            here, accent = here[0] + accent + here[1:], ""
        if once:  # `x_1y`: without braces only one character is lowered
            out.append((here[:1], level))
            level, once, here = levels[-1] if len(levels) > 1 else 0, False, here[1:]
        out.append((here, level))
    return out


def plain(label: str) -> str:
    r"""A label as one line of text, for screen readers and `text/plain`.

    >>> plain(r"$m_{\mu\mu}$ [GeV]")
    'm_μμ [GeV]'
    """
    marks = {-1: "_", 0: "", 1: "^"}
    return "".join(marks[level] + text for text, level in runs(label))


def unit(label: str) -> str:
    """The unit a label ends with, or the empty string.

    >>> unit("mass [GeV]"), unit("pt (GeV)"), unit("eta (leading)")
    ('GeV', 'GeV', '')
    >>> unit("m(mumu) / GeV"), unit("E / p")
    ('GeV', '')
    """
    found = re.search(r"\[([^\[\]]+)\]\s*$", label)
    if found:
        return plain(found[1]).strip()
    found = re.search(r"\(([^()]+)\)\s*$|/\s*([^/\s]+)\s*$", label)
    last = (found[1] or found[2]) if found else ""
    return last if last in _UNITS else ""


def short(value: float) -> str:
    """A number of an axis, six digits at most.

    >>> short(2.0), short(0.1 + 0.2), short(-1e7)
    ('2', '0.3', '-1e7')
    """
    text = f"{value:.6g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    return "0" if text == "-0" else text


def number(value: float) -> str:
    """A content or a count: thin spaces between thousands, three digits after a weighted point.

    >>> number(1234567.0), number(0.1234567), number(float("nan"))
    ('1\u2009234\u2009567', '0.1235', 'not a number')
    """
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", "\u2009")
    return f"{value:,.1f}".replace(",", "\u2009") if abs(value) >= 1000 else f"{value:.4g}"
