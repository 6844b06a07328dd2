"""Class modules: computations that keep something between chunks (a table, a model, a file)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import PathError, nearest

if TYPE_CHECKING:
    from .dataset import Dataset

__all__ = ["Module", "Rows", "find_module"]


class Rows(Mapping[str, Any]):
    """The columns a module declared in `uses`, on the rows it sees: `rows.Muon.pt` or `rows["Muon"]`.

    `len(rows)` is the number of rows; `rows.dataset` the metadata of the dataset.
    """

    def __init__(self, columns: Mapping[str, Any], length: int, dataset: Dataset) -> None:
        self._columns = columns
        self._length = length
        self.dataset = dataset

    def __getitem__(self, name: str) -> Any:
        if name not in self._columns:
            raise KeyError(f"{name!r} is not in the module's uses{nearest(name, self._columns)}")
        return self._columns[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(str(error.args[0])) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return self._length


class Module:
    """Base of class modules: say what is read and made, then override the hooks that are needed.

    `uses` lists columns and fields (`"nMuon"`, `"Muon.pt"`), `produces` the columns that `process`
    returns: a mapping by name, or the array itself when there is one. Both may be set on the
    instance, from the parameters of `__init__`. A module runs once per chunk, in its place:
    `process(events)` gets the columns of `uses` on the rows that pass the selects above
    (`events.Muon.pt`, `len(events)`, `events.dataset`) and returns one value or list per row.

    >>> class Scale(Module):
    ...     uses = ("Muon.pt",)
    ...     produces = ("mev",)
    ...     def process(self, events):
    ...         return events.Muon.pt * 1000.0
    """

    uses: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()

    def setup(self) -> None:
        """Once per worker, before the first chunk: open files, load models."""

    def begin_dataset(self, dataset: Dataset) -> None:
        """Before the first chunk of a dataset in this worker."""

    def process(self, events: Rows) -> Any:
        """Compute the columns of `produces` for the rows of one chunk; see the class."""

    def end_dataset(self, dataset: Dataset) -> None:
        """After the last chunk of a dataset in this worker."""

    def finish(self) -> None:
        """Once per worker, after the last chunk."""


def find_module(name: str) -> type[Module]:
    """The module class of that name, the latest defined; every subclass of `Module` is registered."""
    found: dict[str, type[Module]] = {}
    stack = [Module]
    while stack:
        for kind in stack.pop().__subclasses__():
            found[kind.__name__] = kind
            stack.append(kind)
    if name not in found:
        raise PathError(f"add_module: no module class named {name!r}{nearest(name, found)}")
    return found[name]
