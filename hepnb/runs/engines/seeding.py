"""Random numbers of a chunk: the global generators start from the run's seed and the chunk alone.

So code that draws from them gives the same results with any number of workers, whichever dies.
What a definition gets as `rng` does not depend on chunks either; its key holds the seed, too.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterator

__all__ = ["event_key", "generators_put_back", "seed_generators", "seed_of"]


def seed_of(seed: int, dataset: str, file: str, start: int) -> int:
    """The seed of one chunk, of 32 bits: by what it holds, not by when and where it is computed.

    >>> seed_of(0, "data", "9d58", 0) == seed_of(0, "data", "9d58", 0)
    True
    >>> seed_of(0, "data", "9d58", 0) == seed_of(1, "data", "9d58", 0)
    False
    """
    key = "\n".join([str(seed), dataset, file, str(start)])
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "little")


def event_key(file: str, seed: int) -> str:
    """What stands for the file in the key of the argument `rng`."""
    return f"{file} {seed}" if seed else file


def seed_generators(seed: int) -> None:
    """Let `numpy.random.normal` and its like, and Python's `random`, start from here."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  people use it


@contextlib.contextmanager
def generators_put_back() -> Iterator[None]:
    """Leave both generators as they were found."""
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
