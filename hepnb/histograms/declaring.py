"""Adding a histogram to a store that is being written, and saying how two signatures differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from .fold import grown_labels
from .manifest import Manifest
from .signature import Signature

if TYPE_CHECKING:
    from .writer import StoreWriter

__all__ = ["check_same", "declare"]


def declare(writer: StoreWriter, signature: Signature) -> bool:
    """Add a histogram to the store of `writer`; False when it is there with these very axes.

    It is durable when this returns. Waits for a fold that is going on; safe while other threads
    append. StoreError says what differs when the name is taken by another histogram.

    >>> import hist, tempfile
    >>> from hepnb.histograms import Signature, StoreWriter
    >>> s = Signature.from_axes("m", [hist.axis.Regular(4, 0, 4, name="x")])
    >>> with StoreWriter.create(tempfile.mkdtemp(), {}) as writer:
    ...     declare(writer, s), declare(writer, s)
    (True, False)
    """
    added = False

    def change(before: Manifest) -> Manifest:
        nonlocal added
        known = before.signatures.get(signature.name)
        if known is not None:
            check_same(known, signature)
            return before
        added = True
        signatures = {**before.signatures, signature.name: signature}
        labels = grown_labels(signatures, before.labels, ())
        return replace(before, signatures=signatures, labels=labels, sealed=False)

    writer.revise(change)
    return added


def check_same(known: Signature, asked: Signature) -> None:
    """Refuse, naming the first difference, unless `asked` has the axes and storage of `known`."""
    said = f"histogram {known.name!r} is there already, with another"
    if asked.storage != known.storage:
        _differ(f"{said} storage", known.storage, asked.storage)
    if len(asked.axes) != len(known.axes):
        _differ(f"{said} number of axes", len(known.axes), len(asked.axes))
    for i, (ours, theirs) in enumerate(zip(known.uhi["axes"], asked.uhi["axes"], strict=True)):
        a, b = _facts(ours), _facts(theirs)
        for key in {**a, **b}:
            if a.get(key) != b.get(key):
                axis = ours.get("metadata", {}).get("name") or i
                _differ(f"{said} {key} of axis {axis!r}", a.get(key), b.get(key))


def _facts(form: Mapping[str, Any], of: str = "") -> dict[str, Any]:
    """The UHI form of an axis as flat facts, each under a name that a person understands."""
    out: dict[str, Any] = {}
    for key, value in form.items():
        if isinstance(value, dict):
            out |= _facts(value, f"{key} " if key == "metadata" else "")
        else:
            out[of + key] = value
    return out


def _differ(what: str, there: object, here: object) -> None:
    raise StoreError(
        f"{what}: {_short(there)} there and {_short(here)} here; take another name, or those axes"
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
