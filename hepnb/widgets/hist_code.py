"""A view as a UHI index: the Python expression a person copies, and the same index applied.

Both come from the same pieces, each a value beside its source text, so that what is drawn is what
the expression gives. widgets_js/src/code.ts writes the same text.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import hist

from .hist_axes import AxisInfo, Item
from .hist_view import CURVES, Role, Step, View

__all__ = ["Selection", "selection"]

Key = str | int


@dataclass(frozen=True)
class _Piece:
    value: Any
    text: str


_NONE = _Piece(None, "None")
_SUM = _Piece(sum, "sum")
_SHOWN: tuple[Role, ...] = ("x", "y", *CURVES)


@dataclass(frozen=True)
class Selection:
    """An index in up to three moves: `h[{...}]`, `[{...}]`, `.project(...)`.

    The second move exists for categories picked and added: picking keeps the overflow of the
    axis, which is not one of the picked, so it is cut off before the sum. And for unequal bins in
    a range: merging them in the same move would lose what lies outside.
    """

    index: tuple[tuple[Key, _Piece], ...]
    then: tuple[tuple[Key, _Piece], ...]
    project: tuple[Key, ...]

    def code(self, base: str) -> str:
        """The expression, with `base` as the source text of the histogram."""
        out = base if self.index or self.project else f"{base}[:]"
        for move in (self.index, self.then):
            if move:
                out += "[{" + ", ".join(f"{key!r}: {piece.text}" for key, piece in move) + "}]"
        if self.project:
            out += f".project({', '.join(map(repr, self.project))})"
        return out.replace("'", '"') if '"' not in out and "\\" not in out else out

    def apply(self, h: Any) -> Any:
        """The selected histogram, in memory."""
        with warnings.catch_warnings():
            # boost-histogram warns that picking is experimental; tests pin what is relied upon
            warnings.filterwarnings("ignore", message="List indexing selection is experimental")
            for move in (self.index, self.then):
                if move:
                    h = h[{key: piece.value for key, piece in move}]
        if not self.index and not self.project:  # the one axis, whole
            return h[:]
        return h.project(*self.project) if self.project else h


def selection(view: View, axes: Sequence[AxisInfo]) -> Selection:
    """The index for a view (see `hist_view`) of a histogram with these axes."""
    index: list[tuple[Key, _Piece]] = []
    summed: list[tuple[Key, _Piece]] = []
    kept: list[AxisInfo] = []
    later: list[tuple[AxisInfo, _Piece]] = []
    for axis, step in zip(axes, view, strict=True):
        piece = _piece(axis, step)
        if piece is not None:
            index.append((axis.index_key, piece))
        elif step.role == "sum":
            summed.append((axis.index_key, _SUM))
        if step.role in _SHOWN:
            kept.append(axis)
            if step.cuts and (step.start > 0 or step.stop < axis.size):
                later.append((axis, _slice(_NONE, _NONE, _groups(step))))
        elif step.role == "pick" and len(step.items) > 1:
            kept.append(axis)
            if axis.overflow and not axis.boolean:
                later.append((axis, _slice(_Piece(0, "0"), _Piece(len, "len"), _SUM)))
    if index:
        index = sorted([*index, *summed], key=lambda item: _position(item[0], axes))
    else:  # nothing but sums: `h.project(...)` says it best
        kept = list(axes)
    then = tuple((_key(axis, kept), piece) for axis, piece in later)
    pairs = list(zip(axes, view, strict=True))
    shown = [axis for role in _SHOWN for axis, step in pairs if step.role == role]
    kept = [axis for axis in kept if axis in shown or axis not in [cut for cut, _ in later]]
    said = shown == kept and (index or len(kept) == 1)
    project = () if said else tuple(_key(axis, kept) for axis in shown)
    return Selection(tuple(index), then, project)


def _position(key: Key, axes: Sequence[AxisInfo]) -> int:
    return next(axis.position for axis in axes if axis.index_key == key)


def _key(axis: AxisInfo, kept: Sequence[AxisInfo]) -> Key:
    """Name of an axis once others are gone; an axis without a name has moved up."""
    return axis.name or kept.index(axis)


def _piece(axis: AxisInfo, step: Step) -> _Piece | None:
    """The index of one axis; None where it stays whole, or is summed with its flow."""
    if step.role == "sum":
        return None if step.flow else _slice(_Piece(0, "0"), _Piece(len, "len"), _SUM)
    if step.role == "bin":
        return _loc(axis, step.start)
    if not axis.dense:
        return _categories(axis, step)
    whole = step.start == 0 and step.stop == axis.size
    if step.role == "range":
        start = _Piece(0, "0") if step.start == 0 else _loc(axis, step.start)
        stop = _Piece(len, "len") if step.stop == axis.size else _loc(axis, step.stop)
        return _slice(start, stop, _SUM)
    if whole and step.rebin == 1 and not step.cuts:
        return None
    start = _NONE if step.start == 0 else _loc(axis, step.start)
    stop = _NONE if step.stop == axis.size else _loc(axis, step.stop)
    if step.cuts:
        return _slice(start, stop, _groups(step) if whole else _NONE)
    rebin = _Piece(complex(0, step.rebin), f"{step.rebin}j") if step.rebin > 1 else _NONE
    return _slice(start, stop, rebin)


def _groups(step: Step) -> _Piece:
    groups = [b - a for a, b in itertools.pairwise(step.cuts)]
    return _Piece(hist.rebin(groups=groups), f"hist.rebin(groups={groups})")


def _slice(start: _Piece, stop: _Piece, step: _Piece) -> _Piece:
    parts = [start, stop] if step.value is None else [start, stop, step]
    return _Piece(
        slice(start.value, stop.value, step.value),
        f"slice({', '.join(part.text for part in parts)})",
    )


def _categories(axis: AxisInfo, step: Step) -> _Piece | None:
    if axis.boolean and (step.role != "pick" or len(step.items) > 1):
        return None
    if step.role == "pick" and len(step.items) == 1:
        return _item(step.items[0])
    if step.role != "pick" and step.items == axis.items:
        return None
    items = [_item(item) for item in step.items]
    return _Piece([i.value for i in items], f"[{', '.join(i.text for i in items)}]")


def _item(item: Item) -> _Piece:
    if isinstance(item, bool | str):
        return _Piece(item, repr(item))
    return _Piece(complex(0, item), f"{item}j")


def _loc(axis: AxisInfo, edge: int) -> _Piece:
    return _Piece(*axis.location(edge))
