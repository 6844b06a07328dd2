"""Class modules: computations that keep something between chunks (a table, a model, a file)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ...errors import nearest
from ..steering.cells import Place, place_of_caller
from .parameters import Param, parameters_of, set_parameters
from .registry import register

if TYPE_CHECKING:
    import numpy as np

    from ..dataset import Dataset
    from ..steering.path import Path
    from ..steering.steps import Branch
    from .rowwise import Event

__all__ = ["Module", "Rows"]


class Rows(Mapping[str, Any]):
    """The columns a module declared in `uses`, on the rows it sees: `rows.Muon.pt` or `rows["Muon"]`.

    `len(rows)` is the number of rows; `rows.dataset` the metadata of the dataset, `rows.file` the uuid
    of the file, `rows.entries` the entries in it (int64, shape (rows,)).
    """

    def __init__(
        self, columns: Mapping[str, Any], entries: np.ndarray, dataset: Dataset, file: str = ""
    ) -> None:
        self._columns = columns
        self.entries = entries
        self.dataset, self.file = dataset, file

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
        return len(self.entries)


class Module:
    """Base of class modules: say what is read and made, then override the hooks that are needed.

    `uses` lists columns and fields (`"nMuon"`, `"Muon.pt"`), `produces` the columns that `process`
    returns: a mapping by name, or the array itself when there is one. Both may be properties, or set
    on the instance, where they depend on parameters. Parameters are declared with `hn.param` and
    given by name; a class with an `__init__` of its own takes what that takes. A module runs once per
    chunk, in its place:
    `process(events)` gets the columns of `uses` on the rows that pass the selects above
    (`events.Muon.pt`, `len(events)`, `events.dataset`) and returns one value or list per row.

    A class is known by its name (`path.add_module("Scale", factor=10)`, `hn.modules`).

    >>> from hepnb.analysis import param
    >>> class Scale(Module):
    ...     uses = ("Muon.pt",)
    ...     produces = ("scaled",)
    ...     factor: float = param(1000.0, help="what the momenta are multiplied with")
    ...     def process(self, events):
    ...         return events.Muon.pt * self.factor
    >>> Scale(factor=10).factor
    10.0

    Raises `PathError` for parameters that are not declared, missing, or of another type.
    """

    uses: Iterable[str] = ()
    produces: Iterable[str] = ()
    _branches: tuple[Branch, ...] = ()
    _places: tuple[Place, ...] = ()

    def __init__(self, **parameters: Any) -> None:
        set_parameters(self, parameters)

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__(**words)
        for name, value in list(vars(cls).items()):
            if isinstance(value, Param):
                value.declare(cls, name)
        register(cls)

    def if_(
        self,
        condition: Any,
        path: Path,
        then: Literal["end", "continue"] = "end",
        *,
        merge_back: str | Sequence[str] | None = None,
        fill: Any = None,
    ) -> None:
        """Behind this module, send the events for which the condition holds through a sub-path.

        As `Path.if_` does, which says it all.
        """
        from ..steering.branches import make_branch

        made, place = make_branch(condition, path, then, merge_back, fill), place_of_caller()
        kept = zip(self._branches, self._places, strict=True)
        others = [(b, p) for b, p in kept if not (b.name == made.name and place.again(p))]
        self._branches = (*(b for b, _ in others), made)
        self._places = (*(p for _, p in others), place)

    def __getstate__(self) -> dict[str, Any]:
        hidden = ("_branches", "_places")
        return {name: value for name, value in vars(self).items() if name not in hidden}

    def __repr__(self) -> str:
        said = (f"{name}={getattr(self, name)!r}" for name in parameters_of(type(self)))
        return f"{type(self).__name__}({', '.join(said)})"

    def setup(self) -> None:
        """Once per worker, before the first chunk: open files, load models."""

    def begin_dataset(self, dataset: Dataset) -> None:
        """Before the first chunk of a dataset in this worker, and after one of another dataset."""

    def begin_run(self, run: int) -> None:
        """Before `process` is called with rows of this run number: look up what holds for it.

        With this hook or `end_run`, `process` is called once for each stretch of rows of one run.
        """

    def process(self, events: Rows) -> Any:
        """Compute the columns of `produces` for the rows of one chunk; see the class.

        Unless it is overridden, `event` is called for each row, if there is one.
        """
        if type(self).event is Module.event:
            return None
        from .rowwise import each_event

        return each_event(self, events)

    def event(self, event: Event) -> Any:
        """Instead of `process`: one event, such as `event.Muon[0].pt`. Easy, and a hundred times slower.

        Returns the columns of `produces` as a mapping, or the value itself where there is one; None
        is a missing value. Lists and records need their types, so that a chunk without events has them,
        too: `produces = {"good": "var * {pt: float64}"}`.
        """

    def end_run(self, run: int) -> None:
        """After the rows of a stretch of this run number."""

    def end_dataset(self, dataset: Dataset) -> None:
        """After the last chunk of a dataset in this worker, or before one of another dataset."""

    def finish(self) -> None:
        """Once per worker, after the last chunk."""

    @property
    def _has_run_hooks(self) -> bool:
        kind = type(self)
        return kind.begin_run is not Module.begin_run or kind.end_run is not Module.end_run
