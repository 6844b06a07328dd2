"""`ChunkLook`: one chunk, computed as far as it goes, with its columns at the step that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import PathError, nearest, one_line
from ..loop.statistics import Statistics
from ..steering.plan import describe
from ..steering.steps import Result
from ..steering.variations import NOMINAL

if TYPE_CHECKING:
    import awkward as ak

    from ..dataset import Dataset
    from ..loop.program import Program
    from ..loop.result import ChunkResult

__all__ = ["ChunkLook"]

T = TypeVar("T")


class _Watched(Statistics):
    """Costs that remember the step in which something was raised first."""

    failed = ""

    def timed(self, name: str, rows: int, compute: Callable[[], T], phase: str = "process") -> T:
        try:
            return super().timed(name, rows, compute, phase)
        except Exception:
            self.failed = self.failed or name
            raise


class ChunkLook:
    """One chunk of a path, with its columns live: `look["ht"]`, `look.Jet.pt`, on the rows of a step.

    The path was run on the chunk as a worker does. Where it failed `error` is the exception and `step`
    the step that raised it; columns are those that this step sees. Otherwise `error` is None, `result`
    what the chunk gives, and columns are those below all selects. `rows` is their number, `events`
    the branches as they were read. `variation` says whose values they are.

    Made by `hn.debug`. Raises `PathError` for an unknown column, step or variation.
    """

    def __init__(
        self,
        program: Program,
        events: ak.Array,
        dataset: Dataset,
        *,
        first: int = 0,
        key: str = "",
        file: str = "",
        variation: str = NOMINAL,
    ) -> None:
        self.program, self.events, self.dataset = program, events, dataset
        self.file, self.first, self.variation = file, first, variation
        self.error: Exception | None = None
        self.result: ChunkResult | None = None
        costs = _Watched()
        stack = program.stack(events, dataset, first_entry=first, file=key, statistics=costs)
        known = (NOMINAL, *program.variations)
        if variation not in known:
            raise PathError(f"debug: no variation {variation!r}{nearest(variation, known)}")
        try:
            self.result = program.process_stack(stack)
        except Exception as error:  # noqa: BLE001  the user's code
            self.error = error
        self._stack, self._plan = stack, stack.plan
        self._layer = stack.layer(variation)
        self._steps = {describe(step): i for i, step in enumerate(stack.steps)}
        self.step = costs.failed
        if self.error is not None and not self.step:
            self.step = next((name for name in self._steps if name in str(self.error)), "")
        self._at = self._steps.get(self.step, len(stack.steps) - 1)
        self._all = stack.steps

    @property
    def level(self) -> int:
        """The set of rows that the step sees (`levels`)."""
        step = self._all[self._at]
        return self._plan.computed_at.get(self._at, step.level)

    @property
    def rows(self) -> int:
        """The number of events that the step sees."""
        return self._layer.rows(self.level)

    @property
    def entries(self) -> Any:
        """Their entries in the file, int64."""
        return self._layer.entries(self.level)

    def columns(self) -> list[str]:
        """The names of the columns of the file that are read, and of those defined above the step."""
        made = [
            name
            for name, owner in self._plan.owners.items()
            if owner in self._plan.computed_at and self._plan.computed_at[owner] <= self.level
        ]
        return [*self._layer.chunk.readings, *(n for n in made if n != self.step)]

    def __getitem__(self, name: str) -> Any:
        known = self.columns()
        if name not in known:
            raise PathError(f"debug: no column {name!r} above {self.step!r}{nearest(name, known)}")
        return self._layer.whole(name, self.level)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except PathError as error:
            raise AttributeError(str(error)) from None

    def __dir__(self) -> Iterator[str]:
        yield from super().__dir__()
        yield from self.columns()

    def at(self, step: str) -> ChunkLook:
        """The same chunk as another step sees it, by the name of a definition, select, histogram..."""
        found = [s for s in self._steps if s == step or s.endswith(f" {step!r}")]
        if not found:
            raise PathError(f"debug: no step {step!r}{nearest(step, self._steps)}")
        other = object.__new__(ChunkLook)
        other.__dict__.update(self.__dict__, _at=self._steps[found[0]], step=found[0])
        return other

    def __repr__(self) -> str:
        last = self.first + len(self.events)
        lines = [f"{self.file}:{self.first}-{last} of {self.dataset.name!r}, {self.variation}"]
        if self.error is not None:
            lines.append(f"  {self.step or 'it'} raised {one_line(self.error)}")
        else:
            done = sum(isinstance(step, Result) for step in self._all)
            lines.append(f"  nothing went wrong in {len(self._all)} steps, {done} of them results")
        seen = f"of {len(self.events)} events this step sees" if self.step else "events pass"
        lines.append(f"  {self.rows} {seen}; columns: {', '.join(self.columns())}")
        return "\n".join(lines)
