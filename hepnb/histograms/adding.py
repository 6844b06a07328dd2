"""Adding whole histograms: whether two fit together, and the blocks of one as contributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .blocks import Blocks
from .contribution import Contribution
from .record import Key
from .refusal import HistTypeError, HistValueError
from .signature import Signature

__all__ = ["block_by_block", "check_alike", "merged_signature"]


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


def block_by_block(signature: Signature, blocks: Blocks) -> Iterator[tuple[Key, Contribution]]:
    """Each block as a contribution of its own."""
    for key in blocks.keys():  # noqa: SIM118 (a method of Blocks, not of a dict)
        made = Contribution({signature.name: signature})
        made.add_block(signature, key, blocks.read(key, 0, signature.bins), blocks.weighted())
        yield key, made
