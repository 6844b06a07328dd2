"""The chunks of packs, coded outside HDF5: `hdf5plugin`'s own bitshuffle-lz4, called directly.

HDF5 runs its filters under one lock for the whole process. The same functions of the same library
called here release the interpreter, so threads code different chunks at once. Where hdf5plugin does
not offer them, or a dataset is packed otherwise, HDF5 does it.

    chunk = bytes of all numbers u8 | bytes of a part u4 (both big endian) | per part: length u4, lz4 |
            what is left of fewer than 8 numbers, as it is
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any

import h5py
import hdf5plugin
import numpy as np

__all__ = ["codes", "decode", "encode"]

Array = np.ndarray[Any, Any]

_HEAD = struct.Struct(">QI")
_LENGTH = struct.Struct(">I")
_FILTER = 32008
_LZ4 = 2
_PART = 1024  # numbers coded together: what bitshuffle chooses for 8 bytes each


def _functions() -> Any:
    """`compress_lz4`, `decompress_lz4` and `compress_lz4_bound` of hdf5plugin's library, or None."""
    found = []
    try:
        library = ctypes.CDLL(hdf5plugin.get_config().registered_filters["bshuf"])
        for name, buffers in (
            ("compress_lz4", 2),
            ("decompress_lz4", 2),
            ("compress_lz4_bound", 0),
        ):
            function = getattr(library, f"bshuf_{name}")
            function.argtypes = [ctypes.c_void_p] * buffers + [ctypes.c_size_t] * 3
            function.restype = ctypes.c_int64
            found.append(function)
    except (KeyError, OSError, AttributeError):
        return None
    return found


_FUNCTIONS = _functions()


def codes(dataset: h5py.Dataset) -> bool:
    """Whether the chunks of this dataset, of 8-byte numbers, can be coded here."""
    made = dataset.id.get_create_plist()
    if _FUNCTIONS is None or dataset.dtype.itemsize != 8 or made.get_nfilters() != 1:
        return False
    number, _, values, _ = made.get_filter(0)
    return bool(number == _FILTER and len(values) > 4 and values[4] == _LZ4)


def encode(values: Array) -> bytes:
    """A chunk of contiguous 8-byte numbers, as the filter writes it."""
    compress, _, bound = _FUNCTIONS
    out = np.empty(bound(values.size, 8, _PART), np.uint8)
    length = compress(values.ctypes.data, out.ctypes.data, values.size, 8, _PART)
    if length < 0:
        raise ValueError(f"bitshuffle refuses {values.size} numbers ({length})")
    head = _HEAD.pack(values.nbytes, _PART * 8)
    return head + out[:length].tobytes()


def decode(chunk: bytes, into: Array) -> None:
    """Unpack a chunk into the contiguous 8-byte numbers `into`; ValueError when it is not whole."""
    part = _checked(chunk, into.nbytes)
    source = ctypes.cast(ctypes.c_char_p(chunk), ctypes.c_void_p).value or 0
    used = _FUNCTIONS[1](source + _HEAD.size, into.ctypes.data, into.size, 8, part)
    if used != len(chunk) - _HEAD.size:
        raise ValueError("its lz4 is damaged")


def _checked(chunk: bytes, size: int) -> int:
    """The numbers in one part, after a look that every length stays inside the chunk."""
    try:
        total, part = _HEAD.unpack_from(chunk)
        if total != size or part < 64 or part % 64:
            raise ValueError("it says another size")
        left = size % 64
        at, length_at = _HEAD.size, _LENGTH.unpack_from
        for _ in range(-(-(size - left) // part)):
            at += _LENGTH.size + length_at(chunk, at)[0]
    except struct.error:
        raise ValueError("it is cut short") from None
    if at + left != len(chunk):
        raise ValueError("its parts do not fill it")
    return int(part // 8)
