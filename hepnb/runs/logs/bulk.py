"""Many lines as one piece of bytes: counted, compared and cut by NumPy, with no object per line.

A worker may print a hundred thousand lines a second: what is done here for each of them takes some
nanoseconds, and all of it together less than a tenth of a microsecond.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np

__all__ = ["BULK", "Lines"]

BULK = 6_000
"""Bytes of text from which on this is faster than one line after the other."""

_NEWLINE = ord("\n")
_FIRST_SEEN, _LAST_SEEN = ord("!"), ord("~")
_WORD = 8
_FEW = 8


class Lines(Sequence[str]):
    r"""Whole lines of UTF-8, each with its newline; a line is made when it is asked for.

    >>> lines = Lines(b"one\ntwo\ntwo\n")
    >>> len(lines), lines[1], lines[1:].data
    (3, 'two', b'two\ntwo\n')
    """

    def __init__(self, data: bytes, ends: np.ndarray | None = None) -> None:
        self.data = data
        if ends is not None:
            self.ends = ends

    @cached_property
    def array(self) -> np.ndarray:
        """The data, as NumPy sees it."""
        import numpy as np

        return np.frombuffer(self.data, np.uint8)

    @cached_property
    def ends(self) -> np.ndarray:
        """Where the newline of each line is."""
        ends: np.ndarray = (self.array == _NEWLINE).nonzero()[0]
        return ends

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many bytes each line has, its newline included."""
        lengths = self.ends.copy()
        lengths[1:] -= self.ends[:-1]
        lengths[:1] += 1
        return lengths

    @cached_property
    def begins(self) -> np.ndarray:
        """Where each line begins."""
        begins: np.ndarray = self.ends - self.lengths
        begins += 1
        return begins

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Lines: ...
    def __getitem__(self, index: int | slice) -> str | Lines:
        if isinstance(index, slice):
            first, last, _ = index.indices(len(self))
            begin = int(self.ends[first - 1]) + 1 if first else 0
            ends = self.ends[first:last] - begin
            return Lines(self.data[begin : begin + int(ends[-1]) + 1 if len(ends) else begin], ends)
        begin = self.ends[index - 1] + 1 if index else 0
        return self.data[begin : self.ends[index]].decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self.data.decode().split("\n")[:-1])

    def only(self, wanted: np.ndarray) -> Lines:
        """The lines for which `wanted` is true."""
        import numpy as np

        data = self.array[np.repeat(wanted, self.lengths)].tobytes()
        return Lines(data, np.cumsum(self.lengths[wanted]) - 1)

    def are_blank(self) -> np.ndarray:
        """Which lines have nothing to be seen."""
        blank: np.ndarray = self.lengths == 1
        # What begins and ends with what is, or may be, a space is looked at by itself.
        at = self._are_unseen(self.begins).nonzero()[0]
        if len(at):
            at = at[self._are_unseen(self.ends[at] - 1)]
            for number in at[~blank[at]].tolist():
                blank[number] = self[number].isspace()
        return blank

    def _are_unseen(self, places: np.ndarray) -> np.ndarray:
        """Where there are bytes of spaces, of control characters, or of what is not ASCII."""
        unseen: np.ndarray = self.array[places] - _FIRST_SEEN > _LAST_SEEN - _FIRST_SEEN
        return unseen

    def are_repeats(self) -> np.ndarray:
        """Which lines are the same as the one before."""
        import numpy as np

        same = np.zeros(len(self), dtype=bool)
        # The eight bytes that end each line; of a shorter one those before it are shifted away.
        words = np.ndarray(len(self.data), "<u8", bytes(_WORD) + self.data, offset=1, strides=(1,))
        ends = words[self.ends]
        if self.lengths.min(initial=_WORD) < _WORD:
            ends >>= (8 * np.maximum(_WORD - self.lengths, 0)).astype(np.uint64)
        may_be = (ends[1:] == ends[:-1]) & (self.lengths[1:] == self.lengths[:-1])
        at = may_be.nonzero()[0] + 1
        if len(at) > len(self) // _FEW:
            lines = self.data.split(b"\n")
            same[1:] = list(map(operator.eq, lines[1:-1], lines))
        else:
            for number in at.tolist():
                same[number] = self[number] == self[number - 1]
        return same
