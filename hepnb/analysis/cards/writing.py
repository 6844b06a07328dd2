"""Writing computed values back into a card: below `computed:`, and nowhere else.

The text is changed at the places that the reader of the card knows, so that comments, line ends, quotes
and indents stay as they are, byte by byte. The new text is read again before it takes the place of the
old one, in one step, and not if the file has changed since it was read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath

from ...errors import CardError
from ...whole import written_whole
from .layout import CARD
from .nodes import Mapping as Branch
from .nodes import Node, Sequence, parse

__all__ = ["with_computed", "write"]

_ALIAS = re.compile(r"\s*:?\s*\*[^\s,\[\]{}]+")

Computed = Mapping[str, Mapping[str, int | float | str]]


def with_computed(content: bytes, file: str, computed: Computed) -> bytes:
    """The bytes of a card with other values below `computed:` of the datasets that are named.

    Raises `CardError` for a dataset that shares its text with another one, through an alias.

    >>> card = b"hepnb: 1\\ndatasets:\\n  tt: {files: a.root}  # top\\n"
    >>> with_computed(card, "card.yaml", {"tt": {"events": 5}}).decode().splitlines()[-1]
    '  tt: {files: a.root, computed: {events: 5}}  # top'
    """
    tree = parse(content, file)
    text = content.decode("utf-8")
    datasets = tree.section("datasets")
    edits = []
    for name, values in computed.items():
        node = datasets.entries[name][1]
        key = datasets.entries[name][0]
        assert isinstance(node, Branch)
        shared = [n for n, other in datasets.items() if other is node and n != name]
        if shared or node.mark.index < key.mark.index:
            raise key.error(
                f"dataset {name!r} is an alias of another place: write it out to keep computed values"
            )
        edits.append(_edit(text, node, _flow(values)))
    for start, stop, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[stop:]
    made = text.encode("utf-8")
    _verify(tree, made, file, computed)
    return made


def _flow(values: Mapping[str, int | float | str]) -> str:
    """Values on one line, as YAML reads them back to the last digit."""
    inside = ", ".join(f"{key}: {_value(value)}" for key, value in values.items())
    return f"{{{inside}}}"


def _value(value: float | str) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _edit(text: str, node: Branch, value: str) -> tuple[int, int, str]:
    """Start, end and new text of the change of one dataset."""
    if "computed" in node.entries:
        key, old = node.entries["computed"]
        # What was written as a block begins behind the key, and ends where its last value does.
        start = text.index(":", key.end.index) + 1
        return start, _end(text, old, start), f" {value}"
    stop = _end_of_last(text, node)
    if node.flow:
        return stop, stop, f", computed: {value}"
    # A block text (| or >) ends at the beginning of a line, all else within one.
    line = stop if text[stop - 1] == "\n" else text.find("\n", stop) + 1
    indent = " " * (next(iter(node.entries.values()))[0].mark.column - 1)
    newline = "\r\n" if "\r\n" in text else "\n"
    if not line:
        return len(text), len(text), f"{newline}{indent}computed: {value}"
    return line, line, f"{indent}computed: {value}{newline}"


def _end_of_last(text: str, node: Branch) -> int:
    key, last = list(node.entries.values())[-1]
    return _end(text, last, key.end.index)


def _end(text: str, value: Node, start: int) -> int:
    """Where the text of a value that stands behind `start` ends: of a block, where its last value does."""
    if value.mark.index < start:  # an alias of what stands above
        alias = _ALIAS.match(text, start)
        return alias.end() if alias else start
    if isinstance(value, Branch) and not value.flow:
        return _end_of_last(text, value)
    if isinstance(value, Sequence) and not value.flow:
        return _end(text, value.items[-1], value.mark.index)
    return value.end.index


def _verify(old: Branch, content: bytes, file: str, computed: Computed) -> None:
    """The card is the same but for what was computed; anything else would be a fault of the above."""
    expected = old.plain
    for name, values in computed.items():
        known = expected["datasets"][name]
        expected["datasets"][name] = {**known, "computed": dict(values)}
    try:
        new = parse(content, file)
        CARD.check(new, "the card")
        same = new.plain == expected
    except CardError:
        same = False
    if not same:
        raise old.error("computed values cannot be written here: write each dataset as a block")


def write(file: FilePath, before: bytes, content: bytes) -> None:
    """Let `content` take the place of a card that still is as it was read, in one step.

    The mode of the file stays. Raises `CardError` if the file is another one by now, or cannot be written.
    """
    file = file.resolve()
    try:
        with written_whole(file, durable=True) as part:
            part.write_bytes(content)
            part.chmod(file.stat().st_mode & 0o7777)
            if file.read_bytes() != before:
                raise CardError(f"{file}: changed while it was computed; run it again")
    except OSError as error:
        raise CardError(f"{file}: {error.strerror}; nothing is written") from None
