"""Adding whole histograms: whether two fit together, and the blocks of one as contributions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .blocks import Blocks
from .contribution import Contribution
from .manifest import Labels
from .record import Key
from .refusal import HistTypeError, HistValueError
from .signature import CATEGORY, Signature, relabelled

__all__ = [
    "FullBlocks",
    "check_alike",
    "in_batches",
    "merged_signature",
    "place_of",
    "signature_of",
]

Array = np.ndarray[Any, Any]
_BATCH_BYTES = 32 << 20


def check_alike(signature: Signature, other: Any) -> None:
    """Refuse to add `other` (a histogram or a signature) where storage or axes differ."""
    said = f"histogram {signature.name!r}"
    if not isinstance(other, Signature):
        other = Signature.from_axes("other", other.axes, other.storage, in_memory=True)
    if other.storage != signature.storage:
        raise HistTypeError(
            f"{said} has {signature.storage} storage, the other one {other.storage}"
        )
    if len(other.axes) != len(signature.axes):
        raise HistValueError(f"{said} has {len(signature.axes)} axes, not {len(other.axes)}")
    both = zip(signature.uhi["axes"], other.uhi["axes"], strict=True)
    for i, (mine, theirs) in enumerate(both):
        if _shape(mine) != _shape(theirs):
            raise HistValueError(
                f"{said}: axis {signature.axes[i].name or i!r} is {signature.axes[i]}, "
                f"the other one {other.axes[i]}"
            )


def _shape(form: Mapping[str, Any]) -> dict[str, Any]:
    """What must be equal of an axis: all but its label, and its range where it grows."""
    out = {k: v for k, v in form.items() if k not in ("metadata", "writer_info")}
    out["name"] = form["metadata"].get("name", "")
    own = dict(form.get("writer_info", {}).get("boost-histogram", {}))
    if own.get("growth"):
        for ranged in ("categories", "lower", "upper", "bins", "edges"):
            out.pop(ranged, None)
    return {**out, **own}


def merged_signature(signatures: Sequence[Signature]) -> Signature:
    """The signature of the sum of histograms; refuses those that do not fit together."""
    if not signatures:
        raise HistValueError("nothing to merge: give at least one histogram")
    for other in signatures[1:]:
        check_alike(signatures[0], other)
    return signatures[0]


def signature_of(name: str, full: Any) -> Signature:
    """The signature under which a `hist.Hist` and others of its kind are added up.

    Category axes that grow have no labels of their own in it: these come with the blocks, and may be
    others in each histogram. Raises StoreError for an axis or storage that a store cannot hold.

    >>> import hist
    >>> a, b = (hist.Hist.new.StrCat([c], growth=True).Reg(4, 0, 4).Double() for c in "ab")
    >>> signature_of("m", a) == signature_of("m", b)
    True
    """
    axes = [
        relabelled(a, ()) if isinstance(a, CATEGORY) and a.traits.growth else a for a in full.axes
    ]
    return Signature.from_axes(name, axes, full.storage_type, getattr(full, "label", None) or "")


class FullBlocks:
    """The blocks of a `hist.Hist` (see `blocks.Blocks`)."""

    def __init__(self, full: Any, signature: Signature) -> None:
        self._full, self._signature = full, signature
        self._weighted = signature.cell.uhi in ("double", "int") and full.variances() is None

    def labels(self) -> Labels:
        """The labels of each category axis."""
        return tuple(tuple(self._full.axes[i]) for i in self._signature.category_axes)

    def keys(self) -> Iterable[Key]:
        """All tuples of labels, overflow included."""
        columns = []
        for i, labels in zip(self._signature.category_axes, self.labels(), strict=True):
            over = [None] if self._full.axes[i].traits.overflow else []
            columns.append([*labels, *over])
        return itertools.product(*columns)

    def read(self, key: Key, lo: int, hi: int) -> Mapping[str, Array]:
        """Bins [lo, hi) of a block, one flat array per field."""
        cell = self._signature.cell
        at = place_of(self._full, self._signature, key)
        fields = cell.split(self._full.view(flow=True))
        return cell.mended({f: a[at].flat[lo:hi] for f, a in fields.items()})

    def weighted(self) -> bool:
        """Whether the variances are lost."""
        return self._weighted


def place_of(full: Any, signature: Signature, key: Key) -> tuple[Any, ...]:
    """The index of a block in an array of the numbers of `full`."""
    at: list[Any] = [slice(None)] * full.ndim
    for i, label in zip(signature.category_axes, key, strict=True):
        at[i] = full.axes[i].size if label is None else full.axes[i].index(label)
    return (*at, ...)


def in_batches(
    signature: Signature, blocks: Blocks, new: Callable[[], Contribution]
) -> Iterator[Contribution]:
    """All blocks, in contributions of some MB, or of one block where it is larger."""
    made = new()
    for key in blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
        made.add_block(signature, key, blocks)
        if made.nbytes > _BATCH_BYTES:
            yield made
            made = new()
    yield made
