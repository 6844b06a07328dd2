"""A file that is there whole, or not at all: written beside its place, then put there in one step.

Whoever reads it sees the old file or the new one; a process that is killed leaves a hidden file that ends
in `.part`. The store has its own way, through `hepnb.histograms.durable`, since it must say what it leaves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["PART", "written_whole"]

PART = ".part"
"""How a file ends that is being written."""
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST = 200  # bytes of the name; file systems take 255


@contextmanager
def written_whole(file: Path, *, mode: int = 0o600, durable: bool = False) -> Iterator[Path]:
    """An empty file to be written into, which takes the place of `file` at the end of the block.

    Where the block raises, `file` stays as it was and nothing is left. `durable`: it outlives a power cut
    from then on. Raises OSError where the disk refuses.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "answer.txt")
    ...     with written_whole(file) as part:
    ...         _ = part.write_text("42")
    ...     file.read_text(), len(list(Path(folder).iterdir()))
    ('42', 1)
    """
    name = os.fsdecode(os.fsencode(file.name)[:_LONGEST])
    part = file.with_name(f".{name}-{os.urandom(6).hex()}{PART}")
    os.close(os.open(part, _FRESH, mode))
    try:
        yield part
        if durable:
            _sync(part)
        part.replace(file)
        if durable:
            _sync(file.absolute().parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
