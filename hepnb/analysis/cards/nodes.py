"""A card as a tree of values that know where they stand, read from YAML that may be hostile.

Nothing is constructed but texts, numbers, lists and mappings. Plain scalars mean what YAML 1.2 says
(`yes` and `010` are texts and numbers as one reads them), and a tag, a repeated key, a tab, a repeated
anchor or more nesting, size or repetition than any card needs is refused with its line and column.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ...errors import CardError, HepnbError, nearest, one_line

__all__ = ["Mapping", "Mark", "Node", "Scalar", "Sequence", "parse", "plain_value"]

LARGEST = 2_000_000  # bytes
DEEPEST = 20
MOST_NODES = 200_000
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True)
class Mark:
    """A place in a card: file, line and column from 1, and the number of characters before it."""

    file: str
    line: int = 1
    column: int = 1
    index: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def error(self, message: str) -> CardError:
        """The error that says `message` of this place, in one line that can be read."""
        line = " ".join(message.split())
        return CardError(f"{self}: {line if len(line) <= 400 else line[:397] + '...'}")


@dataclass
class Node(ABC):
    """A value and its extent in the text, `mark` to `end`."""

    mark: Mark
    end: Mark

    called = "a value"

    def error(self, message: str) -> CardError:
        """The error that says `message` of this value."""
        return self.mark.error(message)

    @contextmanager
    def blamed(self, *others: type[Exception]) -> Iterator[None]:
        """Give errors of what is done with this value its place; those of the types `others`, too."""
        try:
            yield
        except CardError:
            raise
        except HepnbError as error:
            raise self.error(str(error)) from None
        except others as error:
            raise self.error(one_line(error)) from None

    @property
    @abstractmethod
    def plain(self) -> Any:
        """The value without its places."""


@dataclass
class Scalar(Node):
    """A text, number, truth value or nothing."""

    text: str = ""
    quoted: bool = False

    @property
    def plain(self) -> str | int | float | bool | None:
        """The value as YAML 1.2 reads it."""
        return self.text if self.quoted else plain_value(self.text)

    @property
    def called(self) -> str:  # type: ignore[override]
        """How messages call it."""
        value = self.plain
        if value is None:
            return "nothing"
        kind = "text" if isinstance(value, str) else "number"
        kind = "true or false" if isinstance(value, bool) else kind
        return f"the {kind} {_short(self.text)}" if kind != "true or false" else self.text


@dataclass
class Sequence(Node):
    """A list; `flow` ones are written in brackets."""

    items: list[Node] = field(default_factory=list)
    flow: bool = False

    called = "a list"

    @property
    def plain(self) -> list[Any]:
        """The list of values."""
        return [item.plain for item in self.items]


@dataclass
class Mapping(Node):
    """Values by key, in the order of the text. `flow` ones are written in braces."""

    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    flow: bool = False

    called = "a mapping"

    @property
    def plain(self) -> dict[str, Any]:
        """The mapping of values."""
        return {key: node.plain for key, node in self.items()}

    def items(self) -> Iterator[tuple[str, Node]]:
        """Keys and values in the order of the text."""
        return ((key, node) for key, (_, node) in self.entries.items())

    def get(self, key: str) -> Node | None:
        """The value of a key; None where it is not there, or nothing."""
        node = self.entries[key][1] if key in self.entries else None
        return None if isinstance(node, Scalar) and node.plain is None else node

    def section(self, key: str) -> Mapping:
        """The mapping below a key, an empty one where it is not there."""
        node = self.get(key)
        return node if isinstance(node, Mapping) else Mapping(self.mark, self.end)


def plain_value(text: str) -> str | int | float | bool | None:
    """What a text without quotes means in a card.

    >>> plain_value("25"), plain_value("1e-3"), plain_value("true"), plain_value("yes")
    (25, 0.001, True, 'yes')
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text) and len(text) < 30:
        return int(text)
    return float(text) if _FLOAT.match(text) else text


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def parse(content: bytes, file: str, what: str = "card") -> Mapping:
    """The tree of a card. Raises `CardError` with the place for anything that is not a plain card.

    `what` is what messages call it, where it is something else.

    >>> tree = parse(b"hepnb: 1\\nselects: {two: count(Muon) == 2}\\n", "card.yaml")
    >>> tree.plain, str(tree.section("selects").mark)
    ({'hepnb': 1, 'selects': {'two': 'count(Muon) == 2'}}, 'card.yaml:2:10')
    """
    start = Mark(file)
    if len(content) > LARGEST:
        raise start.error(
            f"the {what} has {len(content) / 1e6:.1f} MB; at most {LARGEST / 1e6:.0f} MB are read"
        )
    text = _decode(content, file)
    tree = _Builder(text, file).build()
    if not isinstance(tree, Mapping):
        found = "nothing" if tree is None else tree.called
        raise start.error(f"a {what} is a mapping of names to values, not {found}")
    return tree


def _decode(content: bytes, file: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        raise _mark(file, before, len(before)).error(
            f"byte 0x{content[error.start]:02x} is not UTF-8; save the card as UTF-8"
        ) from None
    for sign, mend in (("\ufeff", "a byte-order mark; save as UTF-8 without one"),
                       ("\t", "a tab; indent with blanks"),
                       ("\0", "a NUL character; remove it")):  # fmt: skip
        at = text.find(sign)
        if at >= 0:
            raise _mark(file, text, at).error(f"here is {mend}")
    return text


def _mark(file: str, text: str, index: int) -> Mark:
    """The place of a character."""
    before = text[:index]
    last = before.rfind("\n")
    return Mark(file, before.count("\n") + 1, index - last, index)


class _Builder:
    """Builds the tree from the events of the parser, without recursion."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._open: list[tuple[Node, Scalar | None]] = []  # with the key that waits for its value
        self._anchors: dict[str, tuple[Node, int]] = {}  # with the number of nodes inside
        self._started: list[tuple[str | None, int]] = []
        self._nodes = 0
        self._root: Node | None = None

    def build(self) -> Node | None:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents = 0
        try:
            for event in yaml.parse(self._text, Loader=loader):
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise self._at(event.start_mark).error("a second document; keep one a file")
                self._take(event)
        except yaml.reader.ReaderError as error:
            mark = _mark(self._file, self._text, int(error.position))
            raise mark.error("a character that YAML does not allow; remove it") from None
        except yaml.MarkedYAMLError as error:
            place = error.problem_mark or error.context_mark
            mark = self._at(place) if place else Mark(self._file)
            said = " ".join(str(error.problem or error.context).split())
            raise mark.error(f"not YAML: {said}") from None
        return self._root

    def _at(self, mark: Any) -> Mark:
        return Mark(self._file, mark.line + 1, mark.column + 1, mark.index)

    def _take(self, event: Any) -> None:
        import yaml

        if isinstance(event, yaml.ScalarEvent):
            self._check(event)
            start, end = self._at(event.start_mark), self._at(event.end_mark)
            scalar = Scalar(start, end, event.value, bool(event.style))
            self._keep(event.anchor, scalar, 1)
            self._put(scalar)
        elif isinstance(event, yaml.AliasEvent):
            mark = self._at(event.start_mark)
            if event.anchor not in self._anchors:
                raise mark.error(
                    f"alias *{event.anchor}: no such anchor above{nearest(str(event.anchor), self._anchors)}"
                )
            known, size = self._anchors[event.anchor]
            self._count(size, mark)
            self._put(known)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._check(event)
            mark = self._at(event.start_mark)
            if len(self._open) >= DEEPEST:
                raise mark.error(f"nested more than {DEEPEST} deep")
            flow = bool(event.flow_style)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            self._open.append(
                (
                    Sequence(mark, mark, flow=flow) if is_list else Mapping(mark, mark, flow=flow),
                    None,
                )
            )
            self._started.append((event.anchor, self._nodes))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            node, _ = self._open.pop()
            node.end = self._at(event.end_mark)
            anchor, before = self._started.pop()
            self._keep(anchor, node, self._nodes - before + 1)
            self._put(node)

    def _check(self, event: Any) -> None:
        mark = self._at(event.start_mark)
        self._count(1, mark)
        if event.tag is not None:
            raise mark.error(f"tag {event.tag!r}: a card has plain values; remove it")

    def _count(self, more: int, mark: Mark) -> None:
        self._nodes += more
        if self._nodes > MOST_NODES:
            raise mark.error(
                f"more than {MOST_NODES:,} values, with repetitions by aliases counted"
            )

    def _keep(self, anchor: str | None, node: Node, size: int) -> None:
        if anchor is None:
            return
        if anchor in self._anchors:
            raise node.error(f"anchor &{anchor} is given twice; choose another name")
        self._anchors[anchor] = (node, size)

    def _put(self, node: Node) -> None:
        """Hang a finished value into what is open."""
        if not self._open:
            self._root = node
            return
        parent, key = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        assert isinstance(parent, Mapping)
        if key is not None:
            parent.entries[key.text] = (key, node)
            self._open[-1] = (parent, None)
            return
        if not isinstance(node, Scalar):
            raise node.error(f"a key is a text, not {node.called}")
        if node.text == "<<" and not node.quoted:
            raise node.error("'<<' merges nothing here; write the values out, or use 'defaults:'")
        if node.text in parent.entries:
            before = parent.entries[node.text][0].mark
            raise node.error(
                f"key {_short(node.text)} is given twice (first in line {before.line}); remove one"
            )
        self._open[-1] = (parent, node)
