"""Events that no file holds: so many of each dataset, cut into chunks, each with its seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..analysis.reading.generated import events_generated
from ..errors import DataError

if TYPE_CHECKING:
    from ..analysis import Dataset

__all__ = ["generated", "number_in", "seed_of_generator"]

_SEEDS = 900_000_000


def generated(data: Any) -> tuple[Dataset, ...]:
    """The datasets meant by a number of events, or by numbers by name.

    A `Dataset` with metadata of its own has `"generated://10000"` as its file. Raises DataError for
    anything else.

    >>> [(d.name, d.files) for d in generated({"Z": 10})]
    [('Z', ('generated://10',))]
    """
    from ..analysis import Dataset, as_datasets

    if _is_number(data):
        data = {"generated": data}
    if isinstance(data, Mapping) and all(map(_is_number, data.values())):
        made = [Dataset(name, f"generated://{events}", kind="mc") for name, events in data.items()]
        return as_datasets(made)
    datasets = [data] if isinstance(data, Dataset) else data
    if not isinstance(datasets, Iterable) or not all(isinstance(d, Dataset) for d in datasets):
        raise DataError(
            "nothing is read here: give the number of events, numbers by name {'Z': 10_000}, or "
            "datasets of 'generated://10000'"
        )
    found = as_datasets(list(datasets))
    for dataset in found:
        for file in dataset.files:
            number_in(file)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def number_in(file: str) -> int:
    """The number of events of `generated://1000`. Raises DataError for another form."""
    events = events_generated(file)
    if events is None:
        raise DataError(f"{file}: nothing is read here: write 'generated://10000'")
    return events


def seed_of_generator(seed: int) -> int:
    """A seed that generators take: 1 to 900 000 000, as of Pythia.

    >>> seed_of_generator(0), seed_of_generator(2**32 - 1)
    (1, 694967296)
    """
    return 1 + seed % _SEEDS
