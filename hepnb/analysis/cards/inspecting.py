"""What a card says of files, held against the files: are they there, do they have its columns?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import DataError
from ..reading.events import open_events

if TYPE_CHECKING:
    from .card import Card

__all__ = ["check_data"]


def check_data(card: Card) -> dict[str, int]:
    """Open the first file of each dataset and look for the columns; returns the number of files of each.

    Raises `CardError` with the place of a dataset or step that does not fit.
    """
    if card.command is not None:  # what its files hold is for the program to know
        return {dataset.name: len(dataset.files) for dataset in card.datasets}
    program = card.path.freeze()
    for dataset in card.datasets:
        node = next(sample.node for sample in card.samples if sample.name == dataset.name)
        try:
            with open_events(dataset.files[0], dataset.tree) as events:
                branches = events.branches
        except DataError as error:
            raise node.error(f"dataset {dataset.name!r}: {error}") from None
        with card.placed():
            program.columns(branches, dataset)
    return {dataset.name: len(dataset.files) for dataset in card.datasets}
