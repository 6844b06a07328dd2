"""What one chunk of data adds to a store: filled by a worker, shipped as one record.

A fill goes into a small dense block per tuple of categories, by boost-histogram itself, on the
dense axes in reverse order: its memory is then exactly the C order that packs and exports keep.
Blocks too large for that keep what is filled. What all blocks hold together is bounded: beyond it
they are written to a private file and begun anew, so that one block may stand in a record in several
entries, which add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boost_histogram as bh
import numpy as np

from ..errors import StoreError, nearest
from .blocks import Blocks
from .body import Body, PrivateFile
from .categories import by_category
from .durable import Buffer
from .entries import column_of, rows_of, sample_of, values_of, weight_of
from .fused import MOST_FUSED, FusedBlock
from .record import BlockEntry, Key, Record, TableEntry, check_label, write_body, write_sections
from .refusal import HistKeyError, HistTypeError, HistValueError
from .signature import Signature, check_name
from .sparse_block import SparseBlock

__all__ = ["Contribution"]

Array = np.ndarray[Any, Any]
_SPARSE_BELOW = 0.3
_BLOCK_BYTES = 2000  # of a block, beside its numbers
_STEP = 1 << 16
_ENTRIES = 1 << 20  # that are filled together, at most


@dataclass
class _Block:
    """One block being filled."""

    hist: Any  # bh.Histogram or SparseBlock on the reversed dense axes
    weighted: bool = False

    def nbytes(self, signature: Signature) -> int:
        """About what it holds in memory."""
        if isinstance(self.hist, SparseBlock):
            return _BLOCK_BYTES + self.hist.nbytes
        return _BLOCK_BYTES + signature.bins * 8 * len(signature.fields)

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

    def __init__(
        self,
        signatures: Mapping[str, Signature],
        *,
        most: int | None = None,
        directory: Path | None = None,
    ) -> None:
        """Hold at most `most` bytes in memory (any number without), the rest in `directory`."""
        self._signatures = signatures
        self._most, self._directory = most, directory
        self._held = 0
        self._file: PrivateFile | None = None
        self._written: list[BlockEntry] = []
        self._torn = False
        self._blocks: dict[tuple[str, Key], _Block] = {}
        self._fused: dict[tuple[str, tuple[Key, ...]], FusedBlock] = {}
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
        if "sample" in [ax.name for ax in signature.axes] and sample is not None:
            columns, sample = {**columns, "sample": sample}, None  # an axis may have this name
        self.fill_in_order(signature, values_of(signature, columns), weight, sample)

    def fill_each(
        self, name: str, axis: str, weights: Mapping[str, Any], /, **columns: Any
    ) -> None:
        """Fill histogram `name` once for each label of a category `axis`, with the weights of that label.

        Without such an axis there is one label only. Many labels together cost little more than one,
        where the columns of other categories are scalars. Raises as `fill` does.
        """
        signature = self._signature(name)
        labels = list(weights)
        if axis not in [ax.name for ax in signature.axes]:
            self.fill(name, weight=weights[labels[0]], **columns)
            return
        most = MOST_FUSED if self._can_fuse(signature, columns) else 1
        for low in range(0, len(labels), most):
            some = {label: weights[label] for label in labels[low : low + most]}
            if len(some) > 1 and all(np.ndim(w) for w in some.values()):
                self._fill_fused(signature, some, columns, axis)
                continue
            for label, weight in some.items():
                self.fill(name, weight=weight, **{axis: label}, **columns)

    def _can_fuse(self, signature: Signature, columns: Mapping[str, Any]) -> bool:
        """Whether there are few bins, and one combination of the other categories."""
        categories = [signature.axes[i].name for i in signature.category_axes]
        return (
            self._most is None
            and signature.bins < SparseBlock.LARGE
            and FusedBlock.fits(signature)
            and not any(np.ndim(columns[name]) for name in categories if name in columns)
        )

    def _fill_fused(
        self, signature: Signature, weights: Mapping[str, Any], columns: dict[str, Any], axis: str
    ) -> None:
        said = f"histogram {signature.name!r}"
        values = values_of(signature, {**columns, axis: ""})
        for i in signature.dense_axes:
            values[i] = column_of(values[i], signature.axes[i], i, said)
        place = [ax.name for ax in signature.axes].index(axis)
        keys, checked = [], []
        for label, given in weights.items():
            values[place], weight = label, weight_of(given, signature, said)
            for key, _ in by_category(signature, values, {"weight": weight}, said)[0]:
                keys.append(key)
                checked.append(weight)
        if not keys or not len(checked[0]):
            return
        which = (signature.name, tuple(keys))
        dense = list(reversed(signature.dense_axes))
        if which not in self._fused:
            self._fused[which] = FusedBlock(signature, [signature.axes[i] for i in dense], keys)
            self._holds(self._fused[which].nbytes)
        self._fused[which].fill([values[i] for i in dense], checked)

    def fill_in_order(
        self, signature: Signature, values: Sequence[Any], weight: Any, sample: Any = None
    ) -> None:
        """Fill with the values of each axis in the axes' order."""
        said = f"histogram {signature.name!r}"
        columns = [
            column_of(v, signature.axes[i], i, said) if i in signature.dense_axes else v
            for i, v in enumerate(values)
        ]
        weight = weight_of(weight, signature, said)
        sample = sample_of(sample, signature, said)
        beside = {"weight": weight, "sample": sample}
        groups, length = by_category(signature, columns, beside, said)
        dense = [columns[i] for i in reversed(signature.dense_axes)]
        step = _ENTRIES if self._most is None else min(_ENTRIES, max(1000, self._most // 100))
        for key, rows in groups:
            n = length if rows is None else rows.size
            for lo in range(0, 1 if n is None else n, step):
                at = slice(lo, lo + step)
                picked = [rows_of(c, rows, at) for c in dense]
                shown = {name: rows_of(v, rows, at) for name, v in beside.items() if v is not None}
                self._fill_block(signature, key, picked, shown, n and min(n - lo, step))

    def _fill_block(
        self,
        signature: Signature,
        key: Key,
        columns: list[Any],
        beside: dict[str, Any],
        n: int | None,
    ) -> None:
        """Fill `n` entries of one block (None: all is scalar), weights and samples `beside` them."""
        if not columns:
            columns = [np.zeros(1 if n is None else n, np.int64)]
        elif n is not None and all(np.ndim(c) == 0 for c in columns):
            columns[0] = np.full(n, columns[0])  # every column a scalar, but n entries
        if n is not None and np.ndim(beside.get("sample", ())) == 0:
            beside["sample"] = np.full(n, beside["sample"])
        block, before = self._block(signature, key)
        block.hist.fill(*columns, **beside)
        block.weighted |= "weight" in beside
        self._holds(block.nbytes(signature) - before)

    def add_blocks(self, signature: Signature, blocks: Blocks) -> None:
        """Add all blocks of another histogram of these axes."""
        for key in blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
            self.add_block(signature, key, blocks)

    def add_block(self, signature: Signature, key: Key, blocks: Blocks) -> None:
        """Add one block of another histogram of these axes, a range of bins after the other."""
        for label, i in zip(key, signature.category_axes, strict=True):
            check_label(signature, i, label)
        step = signature.bins
        if self._most is not None:
            step = max(1, self._most // (_STEP * 32 * len(signature.fields))) * _STEP
        for lo in range(0, signature.bins, step):
            numbers = blocks.read(key, lo, min(lo + step, signature.bins))
            where = np.flatnonzero(signature.cell.used(numbers))
            if lo and not where.size:
                continue
            part = {f: a[where] for f, a in numbers.items()}
            made = _Part(signature.name, key, where + lo, part, blocks.weighted(), False)
            self._parts.append(made)
            self._holds(_BLOCK_BYTES + where.size * 8 * (1 + len(part)))

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

    @property
    def nbytes(self) -> int:
        """About what it holds, in memory and in its file."""
        return self._held + (self._file.size if self._file is not None else 0)

    def encode(self, id: str, order: int | None, meta: Mapping[str, Any]) -> bytes:
        """One record body: who (`id`, unique), when (`order`), `meta` and all that was filled."""
        return b"".join(self.body(id, order, meta).pieces())

    def body(self, id: str, order: int | None, meta: Mapping[str, Any]) -> Body:
        """The same, where it stands: the numbers that were written to a file stay there."""
        if self._torn:
            raise StoreError(f"record {id!r} could not be written whole; fill it again")
        if self._file is not None:
            self._write_out()
        entries, tail = list(self._written), list[Buffer]()
        for entry, parts in self._encoded():
            entries.append(entry)
            tail += write_sections(parts)
        tables = []
        for name, pieces in self._tables.items():
            whole = {n: np.concatenate([p[n] for p in pieces]) for n in pieces[0]}
            whole = {n: c.astype(c.dtype.newbyteorder("<"), copy=False) for n, c in whole.items()}
            rows = len(next(iter(whole.values()))) if whole else 0
            tables.append(TableEntry(name, rows, tuple((n, c.dtype) for n, c in whole.items()), 0))
            tail += write_sections(whole.values())
        head = write_body(Record(id, order, dict(meta), tuple(entries), tuple(tables)))
        if self._file is None:
            return Body.of(b"".join([head, *tail]))
        return Body.chain(Body.of(head), self._file.body, Body.of(b"".join(tail)))

    def _encoded(self) -> Iterator[tuple[BlockEntry, list[Array]]]:
        for (name, key), block in self._blocks.items():
            yield _encode_block(self._signatures[name], key, block)
        for (name, _), fused in self._fused.items():
            for key, numbers in fused.blocks():
                yield _encode_numbers(self._signatures[name], key, numbers, weighted=True)
        for made in self._parts:
            yield _encode_part(self._signatures[made.name], made)

    def _holds(self, more: int) -> None:
        """So many bytes more are in memory; when these are too many, all that adds goes to the file."""
        self._held += more
        if self._most is not None and self._held > self._most:
            self._write_out()

    def _write_out(self) -> None:
        self._torn = True
        if self._file is None:
            assert self._directory is not None
            self._file = PrivateFile(self._directory)
        assigning = [p for p in self._parts if p.assigns]
        self._parts = [p for p in self._parts if not p.assigns]
        for entry, parts in self._encoded():
            self._file.append(write_sections(parts))
            self._written.append(entry)
        self._torn = False
        self._blocks, self._fused, self._parts, self._held = {}, {}, assigning, 0

    def _signature(self, name: str) -> Signature:
        if name not in self._signatures:
            raise HistKeyError(f"no histogram {name!r}{nearest(name, self._signatures)}")
        return self._signatures[name]

    def _block(self, signature: Signature, key: Key) -> tuple[_Block, int]:
        """The block, and how many bytes of it are counted."""
        found = self._blocks.get((signature.name, key))
        before = 0 if found is None else found.nbytes(signature)
        if found is None:
            axes = [signature.axes[i] for i in reversed(signature.dense_axes)]
            if not axes:
                axes = [bh.axis.Integer(0, 1, underflow=False, overflow=False)]
            size = signature.bins * 8 * len(signature.fields)
            dense = self._most is None or size <= self._most
            found = _Block(
                SparseBlock(axes, signature.storage, dense=dense)
                if signature.bins >= SparseBlock.LARGE or not dense
                else bh.Histogram(*axes, storage=signature.new_storage())
            )
            self._blocks[signature.name, key] = found
        return found, before


def _encode_block(signature: Signature, key: Key, block: _Block) -> tuple[BlockEntry, list[Array]]:
    few = block.hist.filled() if isinstance(block.hist, SparseBlock) else None
    if few is not None:
        sums = dict(zip(signature.fields, few[1], strict=True))
        return _encode(signature, key, few[0], sums, block.weighted)
    return _encode_numbers(signature, key, block.numbers(signature), weighted=block.weighted)


def _encode_numbers(
    signature: Signature, key: Key, numbers: Mapping[str, Array], *, weighted: bool
) -> tuple[BlockEntry, list[Array]]:
    """All bins of a block: those that are filled, where they are few."""
    where = np.flatnonzero(signature.cell.used(numbers))
    if where.size < _SPARSE_BELOW * signature.bins:
        return _encode(signature, key, where, {f: n[where] for f, n in numbers.items()}, weighted)
    return _encode(signature, key, None, numbers, weighted)


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
