"""Several histograms of the same axes as one, with categories in front that say which is which.

Nothing is copied: a block of the whole is a block of its part, read when it is asked for. So it takes
no space, its numbers are those of the parts, bit by bit, and it is live while they fill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..errors import StoreError
from .adding import check_alike
from .blocks import Blocks
from .contribution import Contribution
from .manifest import Labels
from .record import Key
from .refusal import HistTypeError, PackGoneError
from .signature import Signature

if TYPE_CHECKING:
    from .h5hist import H5Hist

__all__ = ["SideBySideBlocks", "SideBySideHome", "side_by_side"]

T = TypeVar("T")
Array = np.ndarray[Any, Any]
Opener = Callable[[], "H5Hist | None"]
_TRIES = 100


def side_by_side(
    axes: Sequence[Any], parts: Mapping[Key, Opener], like: Signature, directory: Path
) -> H5Hist:
    """One read-only histogram of category `axes` and then those of `like`.

    `parts` open the histogram of each tuple of labels, or give None as long as there is none: its
    bins are empty until `refresh` finds it. `directory` is where all of them lie. Raises
    HistTypeError or HistValueError when a part has other axes than `like`.

    >>> import hist
    >>> from pathlib import Path
    >>> from hepnb.histograms import H5Hist
    >>> h = H5Hist.new.Reg(2, 0, 2, name="x").Double().fill(x=[0.5, 1.5, 1.5])
    >>> cut = hist.axis.StrCategory(["loose", "tight"], name="cut", overflow=False)
    >>> both = side_by_side([cut], {("loose",): lambda: h}, h.signature, Path())
    >>> both["loose", :].values().tolist(), both["tight", :].values().tolist()
    ([1.0, 2.0], [0.0, 0.0])
    """
    from .h5hist import H5Hist

    signature = Signature.from_axes(
        like.name, [*axes, *like.axes], like.storage, metadata=like.metadata
    )
    made = H5Hist.__new__(H5Hist)
    made._begin(SideBySideHome(signature, like, parts, directory))
    return made


class SideBySideBlocks:
    """The blocks of all parts at one moment (see `blocks.Blocks`)."""

    def __init__(self, signature: Signature, parts: Mapping[Key, Blocks]) -> None:
        self._parts, self._signature = parts, signature
        self._leading = len(next(iter(parts))) if parts else 0

    def labels(self) -> Labels:
        """The labels of each category axis: those in front, then all that any part has."""
        declared = [
            self._signature.uhi["axes"][i]["categories"] for i in self._signature.category_axes
        ]
        seen: list[dict[str | int, None]] = [dict.fromkeys(labels) for labels in declared]
        for part in self._parts.values():
            for known, labels in zip(seen[self._leading :], part.labels(), strict=True):
                known.update(dict.fromkeys(labels))
        return tuple(tuple(known) for known in seen)

    def keys(self) -> Iterable[Key]:
        """The tuples of labels that have a block."""
        return [(*front, *key) for front, part in self._parts.items() for key in part.keys()]  # noqa: SIM118

    def read(self, key: Key, lo: int, hi: int) -> Mapping[str, Array]:
        """Bins [lo, hi) of a block, one flat array per field."""
        front, rest = key[: self._leading], key[self._leading :]
        return self._parts[front].read(rest, lo, hi)

    def weighted(self) -> bool:
        """Whether any fill of any part had weights."""
        return any(part.weighted() for part in self._parts.values())


class SideBySideHome:
    """Where they live: each part in its own home, opened when it is there."""

    def __init__(
        self,
        signature: Signature,
        like: Signature,
        parts: Mapping[Key, Opener],
        directory: Path,
    ) -> None:
        self.signature, self.directory = signature, directory
        self._like, self._openers = like, dict(parts)
        self._parts: dict[Key, H5Hist] = {}
        self._opened = 0
        self._open()

    def _open(self) -> bool:
        """Open what is there by now; whether that is any more than before."""
        for front in [front for front in self._openers if front not in self._parts]:
            part = self._openers[front]()
            if part is not None:
                check_alike(self._like, part.signature)
                self._parts[front] = part
        before, self._opened = self._opened, len(self._parts)
        return self._opened > before

    @property
    def version(self) -> int:
        """Grows whenever a part has changed, or has come."""
        return self._opened + sum(part.version for part in self._parts.values())

    @property
    def sealed(self) -> bool:
        """Whether all parts are there and nothing more will come to any."""
        there = len(self._parts) == len(self._openers)
        return there and all(part.sealed for part in self._parts.values())

    @property
    def committed(self) -> int:
        """Contributions to all parts."""
        return sum(part.committed for part in self._parts.values())

    @property
    def folded(self) -> int:
        """Contributions folded."""
        return sum(part.folded for part in self._parts.values())

    def read(self, what: Callable[[Blocks], T]) -> T:
        """Read one snapshot of each part; newer ones when a fold has taken packs away."""
        for _ in range(_TRIES):
            # A snapshot may be looked at after `read` has given it: only its packs may go.
            now = {front: self._parts[front]._home.read(_itself) for front in self._in_order()}
            try:
                return what(SideBySideBlocks(self.signature, now))
            except PackGoneError as gone:
                reason = gone
                self.refresh()
        raise StoreError(str(reason))

    def _in_order(self) -> list[Key]:
        return [front for front in self._openers if front in self._parts]

    def new_contribution(self) -> Contribution:
        """It is for reading."""
        raise HistTypeError(f"{self.signature.name!r} is made of several: fill one of those")

    def contribute(self, _contents: Any, _unique_id: str) -> bool:
        """It is for reading."""
        raise HistTypeError(f"{self.signature.name!r} is made of several: fill one of those")

    def contributed(self, unique_id: str) -> bool:
        """Whether a part knows this id."""
        return any(part.was_contributed(unique_id) for part in self._parts.values())

    def refresh(self) -> bool:
        """See what came to the parts since, and which parts came."""
        changed = [part.refresh() for part in self._parts.values()]
        return self._open() or any(changed)

    def close(self) -> None:
        """Close the files of all parts, which open again when they are needed."""
        for part in self._parts.values():
            part.close()


def _itself(blocks: Blocks) -> Blocks:
    return blocks
