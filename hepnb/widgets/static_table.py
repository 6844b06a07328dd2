"""A table of a saved page: every text escaped, no script, no style sheet."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from .labels import number

__all__ = ["table"]


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Rows of cells as HTML; whole numbers with thin spaces, anything else as its text.

    >>> table("Log", ["level", "lines"], [["<INFO>", 1]])
    '<table><caption>Log</caption><tr><th>level</th><th>lines</th></tr><tr><td>&lt;INFO&gt;</td><td>1</td></tr></table>'
    """
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    return f"<td>{escape(number(value) if isinstance(value, int) else str(value))}</td>"
