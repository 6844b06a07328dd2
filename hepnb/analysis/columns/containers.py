"""Which container an ATLAS link leads to: its key is a checksum of the container's name and kind.

xAOD files keep a link as a key and an index. The key is not explained in every file, but follows from the
name: the last 30 bits of a CRC-64 of the name and then of the bytes of the class's number (`CLID`). Sources:
`StringPool::stringToKey` (SGTools) and `crc64` (CxxUtils) of https://gitlab.cern.ch/atlas/athena, the numbers
from `CLASS_DEF` in its Event/xAOD.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

__all__ = ["keys_of"]

_POLYNOMIAL = 0x95AC9329AC4BC9B5
_ALL = 0xFFFF_FFFF_FFFF_FFFF
_BITS = (1 << 30) - 1
_CLASSES = {
    "Electron": 1087532415,
    "Photon": 1105575213,
    "Muon": 1178459224,
    "TauJet": 1177172564,
    "TauTrack": 1306133771,
    "Jet": 1244316195,
    "BTagging": 1264356158,
    "TrackParticle": 1287425431,
    "NeutralParticle": 1293931985,
    "Vertex": 1092961325,
    "CaloCluster": 1219821989,
    "MuonSegment": 1129401482,
    "TruthParticle": 1237340765,
    "TruthVertex": 1239726567,
}


@cache
def keys_of(container: str) -> tuple[int, ...]:
    """The keys that links into a container of this name may have: one for each class it may be of.

    >>> 490246363 in keys_of("InDetTrackParticles"), 490246363 in keys_of("GSFTrackParticles")
    (True, False)
    """
    crc = _crc64(_ALL, container.encode())
    return tuple(_crc64(crc, bytes(_bytes(number))) & _BITS for number in _CLASSES.values())


def _crc64(crc: int, data: bytes) -> int:
    table = _table()
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def _bytes(number: int) -> Iterator[int]:
    """From the last to the first that is not 0."""
    while number:
        yield number & 0xFF
        number >>= 8


@cache
def _table() -> tuple[int, ...]:
    made = []
    for part in range(256):
        for _ in range(8):
            part = (part >> 1) ^ _POLYNOMIAL if part & 1 else part >> 1  # noqa: PLW2901
        made.append(part)
    return tuple(made)
