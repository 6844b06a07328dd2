"""The frames that cross every socket of hepnb: `u32 length, u8 kind`, then msgpack.

Kind 1 is one msgpack map. Kind 2 is a msgpack map that is followed by raw bytes: the map's field
`raw` says how many. Both sides read with `FrameReader`, which trusts nothing: a frame that is too
long or not a map ends the connection. The page docs/protocol.md is the contract for runs,
docs/service.md the one for services. Nothing is ever unpickled.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import msgpack

__all__ = ["PROTOCOL", "FrameError", "FrameReader", "encode"]

PROTOCOL = 1
MAP, MAP_AND_RAW = 1, 2
_HEADER = struct.Struct("!IB")
_LONGEST_MAP = 64 << 20
_LONGEST_RAW = 2 << 30


class FrameError(Exception):
    """The other side does not speak this protocol; the connection has to end."""


def encode(message: Mapping[str, Any]) -> bytes:
    """One frame. Raw bytes, announced by the field `raw`, are sent behind it by the caller.

    What is no Unicode (a file name of another encoding) is shown with backslashes.

    >>> encode({"k": "hello"})[:5].hex()
    '0000000901'
    """
    body: bytes = msgpack.packb(message, use_bin_type=True, unicode_errors="backslashreplace")
    return _HEADER.pack(len(body), MAP_AND_RAW if "raw" in message else MAP) + body


class FrameReader:
    """Cuts a stream of bytes into `(message, raw)` pairs; keeps what is not whole yet.

    >>> reader = FrameReader()
    >>> frame = encode({"k": "hello"})
    >>> list(reader.feed(frame[:6])), list(reader.feed(frame[6:]))
    ([], [({'k': 'hello'}, b'')])

    `longest_map` and `longest_raw` (bytes) bound what one frame may hold; they may be changed
    between frames, as a side comes to trust the other.
    """

    def __init__(self, longest_map: int = _LONGEST_MAP, longest_raw: int = _LONGEST_RAW) -> None:
        self.longest_map, self.longest_raw = longest_map, longest_raw
        self._bytes = bytearray()
        self._waiting: dict[str, Any] | None = None

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Add bytes and yield every frame they complete.

        Raises FrameError for anything that is not this protocol.
        """
        self._bytes += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> tuple[dict[str, Any], bytes] | None:
        if self._waiting is None:
            if len(self._bytes) < _HEADER.size:
                return None
            length, kind = _HEADER.unpack_from(self._bytes)
            if length > self.longest_map or kind not in (MAP, MAP_AND_RAW):
                raise FrameError(f"frame of kind {kind} and {length} bytes")
            end = _HEADER.size + length
            if len(self._bytes) < end:
                return None
            message = self._decode(bytes(self._bytes[_HEADER.size : end]))
            del self._bytes[:end]
            if kind == MAP:
                return message, b""
            raw = message.get("raw")
            if not isinstance(raw, int) or not 0 <= raw <= self.longest_raw:
                raise FrameError(f"raw part of {raw!r} bytes")
            self._waiting = message
        size = self._waiting["raw"]
        if len(self._bytes) < size:
            return None
        message, self._waiting = self._waiting, None
        raw_bytes = bytes(self._bytes[:size])
        del self._bytes[:size]
        return message, raw_bytes

    @staticmethod
    def _decode(body: bytes) -> dict[str, Any]:
        try:
            message = msgpack.unpackb(body, raw=False, strict_map_key=False)
        except (TypeError, ValueError, msgpack.UnpackException) as error:
            raise FrameError(f"not msgpack: {error}") from None
        if not isinstance(message, dict):
            raise FrameError(f"a {type(message).__name__} where a map was expected")
        return message
