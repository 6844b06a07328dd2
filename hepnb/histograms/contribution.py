"""What one chunk of data adds to a store: filled by a worker, shipped as one record.

A fill goes into a small dense block per tuple of categories, by boost-histogram itself, on the
dense axes in reverse order: its memory is then exactly the C order that packs and exports keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import boost_histogram as bh
import numpy as np

from ..errors import nearest
from .blocks import Blocks
from .categories import by_category
from .record import BlockEntry, Key, Record, TableEntry, check_label, write_body
from .refusal import HistKeyError, HistTypeError, HistValueError
from .signature import Signature, check_name
from .sparse_block import SparseBlock

__all__ = ["Contribution"]

Array = np.ndarray[Any, Any]
_SPARSE_BELOW = 0.3


@dataclass
class _Block:
    """One block being filled."""

    hist: Any  # bh.Histogram or SparseBlock on the reversed dense axes
    weighted: bool = False

    def numbers(self, signature: Signature) -> dict[str, Array]:
        """Each field as a flat array in C order of the dense axes."""
        fields = signature.cell.split(self.hist.view(flow=True))
        return {f: a.T.reshape(-1) for f, a in fields.items()}


@dataclass(frozen=True)
class _Part:
    """Bins of one block (all of them, or the rising `where`) to be added to, or to be set."""

    name: str
    key: Key
    where: Array | None
    numbers: Mapping[str, Array]
    weighted: bool
    assigns: bool


class Contribution:
    """What one chunk (or one job) adds to any number of histograms and tables of one store.

    >>> import hist
    >>> s = Signature.from_axes("m", [hist.axis.Regular(4, 0, 4, name="x")])
    >>> c = Contribution({"m": s})
    >>> c.fill("m", x=[0.5, 1.5])
    >>> body = c.encode("chunk-0", 0, {"events": 2})
    """

    def __init__(self, signatures: Mapping[str, Signature]) -> None:
        self._signatures = signatures
        self._blocks: dict[tuple[str, Key], _Block] = {}
        self._parts: list[_Part] = []
        self._tables: dict[str, list[dict[str, Array]]] = {}

    def fill(self, name: str, /, *, weight: Any = None, sample: Any = None, **columns: Any) -> None:
        """Fill histogram `name`: one scalar or 1-D array per axis name, and weights if any.

        Mean storages take what they average as `sample`; MultiCell takes weights of shape
        (entries, variations).
        Everything is checked before anything changes. Raises HistKeyError, HistTypeError or
        HistValueError (all StoreErrors) naming the axis or the weight.
        """
        signature = self._signature(name)
        names = [ax.name for ax in signature.axes]
        if "sample" in names and sample is not None:  # an axis may have this name
            columns, sample = {**columns, "sample": sample}, None
        for column in columns:
            if column not in names:
                raise HistTypeError(
                    f"histogram {name!r} has no axis {column!r}{nearest(column, names)}"
                )
        missing = [n for n in names if n not in columns]
        if missing:
            raise HistTypeError(f"histogram {name!r}: no values for axis {missing[0]!r}")
        self.fill_in_order(signature, [columns[n] for n in names], weight, sample)

    def fill_in_order(
        self, signature: Signature, values: Sequence[Any], weight: Any, sample: Any = None
    ) -> None:
        """Fill with the values of each axis in the axes' order."""
        said = f"histogram {signature.name!r}"
        columns = [
            _column(v, signature.axes[i], i, said) if i in signature.dense_axes else v
            for i, v in enumerate(values)
        ]
        weight = weight_of(weight, signature, said)
        sample = sample_of(sample, signature, said)
        beside = {"weight": weight, "sample": sample}
        groups, length = by_category(signature, columns, beside, said)
        dense = [columns[i] for i in reversed(signature.dense_axes)]
        for key, rows in groups:
            if rows is not None and rows.size == 0:
                continue
            picked = [c if np.ndim(c) == 0 or rows is None else c[rows] for c in dense]
            w, x = (v if rows is None or np.ndim(v) == 0 else v[rows] for v in beside.values())
            n = length if rows is None else rows.size
            if n == 0:
                continue
            if not dense:
                picked = [np.zeros(1 if n is None else n, np.int64)]
            elif n is not None and all(np.ndim(c) == 0 for c in picked):
                picked[0] = np.full(n, picked[0])  # every column a scalar, but n entries
            block = self._block(signature, key)
            if x is not None and n is not None and np.ndim(x) == 0:
                x = np.full(n, x)
            beside_it = {"weight": w} if x is None else {"weight": w, "sample": x}
            block.hist.fill(*picked, **beside_it)
            block.weighted |= w is not None

    def add_hist(self, signature: Signature, full: Any) -> None:
        """Add all contents of a `hist.Hist` that has the axes of `signature`."""
        view, lost = full.view(flow=True), full.variances() is None
        leading = [slice(None)] * signature.cell.value_dims
        for place in np.ndindex(*(full.axes[i].extent for i in signature.category_axes)):
            at: list[Any] = [slice(None)] * full.ndim
            key: list[str | int | None] = []
            for i, n in zip(signature.category_axes, place, strict=True):
                at[i] = n
                key.append(full.axes[i].value(n) if n < full.axes[i].size else None)
            fields = signature.cell.split(view[(*leading, *at, ...)])
            numbers = signature.cell.mended({f: a.reshape(-1) for f, a in fields.items()})
            self.add_block(signature, tuple(key), numbers, lost)

    def add_blocks(self, signature: Signature, blocks: Blocks) -> None:
        """Add all blocks of another histogram of these axes."""
        for key in blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
            self.add_block(signature, key, blocks.read(key, 0, signature.bins), blocks.weighted())

    def add_block(
        self, signature: Signature, key: Key, numbers: Mapping[str, Array], weighted: bool
    ) -> None:
        for label, i in zip(key, signature.category_axes, strict=True):
            check_label(signature, i, label)
        where = np.flatnonzero(signature.cell.used(numbers))
        part = {f: a[where] for f, a in numbers.items()}
        self._parts.append(_Part(signature.name, key, where, part, weighted, False))

    def assign(
        self, name: str, key: Key, where: Array | None, numbers: Mapping[str, Array]
    ) -> None:
        """Give bins of one block new contents: those numbered `where` (rising), or all in C order.

        What was there before is forgotten, whatever else this contribution holds.
        """
        self._parts.append(_Part(name, key, where, numbers, False, True))

    def table(self, name: str, columns: Mapping[str, Any]) -> None:
        """Add rows to the flat table `name`: 1-D arrays of numbers or booleans of equal length."""
        check_name(name)
        made = {check_name(n): np.atleast_1d(np.asarray(c)) for n, c in columns.items()}
        for column, values in made.items():
            if values.ndim != 1 or values.dtype.kind not in "biufc":
                raise HistTypeError(
                    f"table {name!r}: column {column!r} must be a flat array of numbers, "
                    f"not {values.ndim}-dimensional {values.dtype}"
                )
        if len({len(v) for v in made.values()}) > 1:
            lengths = ", ".join(f"{n} {len(v)}" for n, v in made.items())
            raise HistValueError(f"table {name!r}: columns differ in length ({lengths})")
        before = self._tables.setdefault(name, [])
        if before and list(before[0]) != list(made):
            raise HistValueError(f"table {name!r}: columns {list(made)}, before {list(before[0])}")
        before.append(made)

    def encode(self, id: str, order: int | None, meta: Mapping[str, Any]) -> bytes:
        """One record body: who (`id`, unique), when (`order`), `meta` and all that was filled."""
        entries, sections = [], []
        for (name, key), block in self._blocks.items():
            entry, parts = _encode_block(self._signatures[name], key, block)
            entries.append(entry)
            sections.append(parts)
        for made in self._parts:
            entry, parts = _encode_part(self._signatures[made.name], made)
            entries.append(entry)
            sections.append(parts)
        tables, columns = [], []
        for name, pieces in self._tables.items():
            whole = {n: np.concatenate([p[n] for p in pieces]) for n in pieces[0]}
            whole = {n: c.astype(c.dtype.newbyteorder("<"), copy=False) for n, c in whole.items()}
            rows = len(next(iter(whole.values()))) if whole else 0
            described = tuple((n, c.dtype) for n, c in whole.items())
            tables.append(TableEntry(name, rows, described, 0))
            columns.append(list(whole.values()))
        record = Record(id, order, dict(meta), tuple(entries), tuple(tables))
        return bytes(write_body(record, sections, columns))

    def _signature(self, name: str) -> Signature:
        if name not in self._signatures:
            raise HistKeyError(f"no histogram {name!r}{nearest(name, self._signatures)}")
        return self._signatures[name]

    def _block(self, signature: Signature, key: Key) -> _Block:
        found = self._blocks.get((signature.name, key))
        if found is None:
            axes = [signature.axes[i] for i in reversed(signature.dense_axes)]
            if not axes:
                axes = [bh.axis.Integer(0, 1, underflow=False, overflow=False)]
            large = signature.bins >= SparseBlock.LARGE
            found = _Block(
                SparseBlock(axes, signature.storage)
                if large
                else bh.Histogram(*axes, storage=signature.new_storage())
            )
            self._blocks[signature.name, key] = found
        return found


def _encode_block(signature: Signature, key: Key, block: _Block) -> tuple[BlockEntry, list[Array]]:
    few = block.hist.filled() if isinstance(block.hist, SparseBlock) else None
    if few is not None:
        sums = dict(zip(signature.fields, few[1], strict=True))
        return _encode(signature, key, few[0], sums, block.weighted)
    numbers = block.numbers(signature)
    where = np.flatnonzero(signature.cell.used(numbers))
    if where.size < _SPARSE_BELOW * signature.bins:
        return _encode(
            signature, key, where, {f: n[where] for f, n in numbers.items()}, block.weighted
        )
    return _encode(signature, key, None, numbers, block.weighted)


def _encode_part(signature: Signature, made: _Part) -> tuple[BlockEntry, list[Array]]:
    entry, parts = _encode(signature, made.key, made.where, made.numbers, made.weighted)
    return replace(entry, assigns=made.assigns), parts


def _encode(
    signature: Signature,
    key: Key,
    where: Array | None,
    numbers: Mapping[str, Array],
    weighted: bool,
) -> tuple[BlockEntry, list[Array]]:
    parts = [np.asarray(numbers[f], signature.dtype) for f in signature.fields]
    if not all(np.isfinite(p).all() for p in parts):
        raise HistValueError(
            f"histogram {signature.name!r}: the weights or their squares add up to more than a "
            "number holds; scale them down"
        )
    index_bytes = 4 if signature.bins <= 1 << 32 else 8
    if where is not None:
        parts.insert(0, where.astype(f"<u{index_bytes}"))
    entry = BlockEntry(
        signature.name,
        key,
        signature.bins,
        None if where is None else int(where.size),
        index_bytes,
        signature.cell,
        weighted,
        0,
    )
    return entry, parts


def _column(values: Any, ax: Any, position: int, said: str) -> Any:
    """One dense axis' values as a scalar or 1-D array that boost-histogram takes as it is."""
    said = f"{said}: axis {ax.name or position!r}"
    array = np.asarray(values)
    if array.ndim > 1:
        raise HistValueError(f"{said} takes a scalar or a flat array, not shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise HistTypeError(f"{said} takes numbers, not {array.dtype}")
    if isinstance(ax, (bh.axis.Integer, bh.axis.Boolean)):
        if array.dtype.kind == "f":
            raise HistTypeError(f"{said} takes whole numbers, not {array.dtype}; round them first")
        if array.dtype.itemsize >= 4 and array.dtype != np.int32:
            array = np.clip(array, -(2**31), 2**31 - 1).astype(np.int32)  # its index is 32 bit
    return array if array.ndim else array[()]


def weight_of(weight: Any, signature: Signature, said: str) -> Any:
    """Checked weights: None, one number, one per entry, or (MultiCell) a row per entry."""
    n = signature.cell.variations
    if n:
        array = _finite("weight", weight if weight is not None else (), 2, said)
        if array.ndim != 2 or array.shape[1] != n:
            raise HistValueError(
                f"{said}: MultiCell storage takes a weight of shape (entries, {n}), "
                f"not {array.shape if weight is not None else None}"
            )
        return array
    if weight is None:
        return None
    array = _finite("weight", weight, 1, said)
    if signature.cell.whole and (array != np.floor(array)).any():
        raise HistValueError(
            f"{said}: {signature.storage} storage counts; use Weight for fractional weights"
        )
    return array if array.ndim else array[()]


def sample_of(sample: Any, signature: Signature, said: str) -> Any:
    """Checked samples: there for mean storages, and for no other."""
    if not signature.cell.takes_sample:
        if sample is not None:
            raise HistTypeError(f"{said}: {signature.storage} storage takes no sample; use Mean")
        return None
    if sample is None:
        raise HistTypeError(f"{said}: {signature.storage} storage needs sample=, what it averages")
    array = _finite("sample", sample, 1, said)
    return array if array.ndim else array[()]


def _finite(what: str, values: Any, most: int, said: str) -> Array:
    array = np.asarray(values)
    if array.ndim > most or array.dtype.kind not in "biuf":
        raise HistTypeError(
            f"{said}: {what} must be a number or a flat array of numbers, "
            f"not {array.dtype} of shape {array.shape}"
        )
    array = array.astype(np.float64, copy=False)
    bad = np.argwhere(~np.isfinite(np.atleast_1d(array)))
    if len(bad):
        first = tuple(int(i) for i in bad[0])
        shown = ", ".join(map(str, first))
        raise HistValueError(
            f"{said}: {what}[{shown}] is {np.atleast_1d(array)[first]} "
            f"({len(bad)} of {array.size} not finite); select or mend those events first"
        )
    return array
