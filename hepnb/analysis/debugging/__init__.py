"""A chunk under the magnifying glass: its live columns, and the chunks that failed, kept to be replayed."""

from __future__ import annotations

from .look import ChunkLook
from .saved import SavedChunk, save_chunk

__all__ = ["ChunkLook", "SavedChunk", "save_chunk"]
