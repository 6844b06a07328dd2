"""From columns of categories to rows per block: which entries go to which tuple of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .record import Key, fits_category
from .refusal import HistTypeError, HistValueError
from .signature import Signature, check_text

__all__ = ["by_category"]

Rows = np.ndarray[Any, Any]
_DROPPED = object()


def by_category(
    signature: Signature, columns: Sequence[Any], beside: Mapping[str, Any], said: str
) -> tuple[list[tuple[Key, Rows | None]], int | None]:
    """The blocks that a fill touches, in order of first appearance, and the fill's length.

    `beside` are the weights and samples, whose lengths must fit.
    Rows are None where a block takes all entries; the length is None where all is scalar (one
    entry). Entries that fit no category and no overflow fall away, as in `hist.Hist`.
    """
    cats = {i: _labels(signature, i, columns[i], said) for i in signature.category_axes}
    arrays = {
        signature.axes[i].name or f"{i}": cats[i] if i in cats else columns[i]
        for i in range(len(signature.axes))
        if np.ndim(cats[i] if i in cats else columns[i])
    }
    arrays |= {name: values for name, values in beside.items() if np.ndim(values)}
    lengths = {len(a) for a in arrays.values()}
    if len(lengths) > 1:
        told = ", ".join(f"{n} {len(a)}" for n, a in arrays.items())
        raise HistValueError(f"{said}: the arrays differ in length ({told})")
    length = lengths.pop() if lengths else None

    scalars = {i: c for i, c in cats.items() if np.ndim(c) == 0}
    resolved = {i: _resolve(signature, i, c[()]) for i, c in scalars.items()}
    varying = [i for i in signature.category_axes if i not in scalars]
    if any(v is _DROPPED for v in resolved.values()):
        return [], length
    if not varying:
        return [(tuple(resolved[i] for i in signature.category_axes), None)], length

    groups: dict[Key, list[Rows]] = {}
    for picked, rows in _tuples([cats[i] for i in varying]):
        here = dict(resolved)
        for i, label in zip(varying, picked, strict=True):
            here[i] = _resolve(signature, i, label)
        if not any(v is _DROPPED for v in here.values()):
            key: Key = tuple(here[i] for i in signature.category_axes)
            groups.setdefault(key, []).append(rows)
    # several unknown labels share the overflow category: its rows go back into one rising array
    return [
        (key, rows[0] if len(rows) == 1 else np.sort(np.concatenate(rows)))
        for key, rows in groups.items()
    ], length


def _labels(signature: Signature, position: int, values: Any, said: str) -> Rows:
    """The labels of one category axis as an array of text or of integers, 0-D or 1-D."""
    ax = signature.axes[position]
    said = f"{said}: axis {ax.name or position!r}"
    array = np.asarray(values)
    if array.ndim > 1:
        raise HistValueError(f"{said} takes a label or a flat array, not shape {array.shape}")
    text = signature.uhi["axes"][position]["type"] == "category_str"
    if array.size == 0:
        return array.astype("U1" if text else np.int64)
    if text and array.dtype.kind == "O" and all(isinstance(v, str) for v in array.flat):
        array = array.astype("U")
    if array.dtype.kind not in ("U" if text else "iu"):
        wanted = "text labels" if text else "whole-number labels"
        raise HistTypeError(f"{said} takes {wanted}, not {array.dtype}")
    return array


def _resolve(signature: Signature, position: int, label: Any) -> Any:
    """The label as it is stored: itself, None for the overflow category, or dropped."""
    ax = signature.axes[position]
    plain = check_text(str(label)) if isinstance(label, str) else int(label)
    if ax.traits.growth or plain in signature.declared[position]:
        if isinstance(plain, int) and not fits_category(plain):
            raise HistValueError(
                f"histogram {signature.name!r}: axis {ax.name or position!r} has labels of 32 bits: "
                f"{plain} is too large"
            )
        return plain
    return None if ax.traits.overflow else _DROPPED


def _tuples(columns: list[Rows]) -> list[tuple[tuple[Any, ...], Rows]]:
    """The distinct tuples over columns of equal length, by first appearance, with their rows."""
    if len(columns[0]) == 0:
        return []
    codes = np.unique(columns[0], return_inverse=True)[1]
    for column in columns[1:]:
        found, inverse = np.unique(column, return_inverse=True)
        codes = np.unique(codes * len(found) + inverse, return_inverse=True)[1]
    first = np.unique(codes, return_index=True)[1]
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(first) + 1))
    return [
        (tuple(c[first[n]] for c in columns), order[bounds[n] : bounds[n + 1]])
        for n in np.argsort(first, kind="stable")
    ]
