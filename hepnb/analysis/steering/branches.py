"""Sub-paths: a path that some of the events go through, or all of them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ...errors import PathError, nearest
from ..language.formula import make_formula
from .declared import Declared, texts
from .steps import Branch

if TYPE_CHECKING:
    from .path import Path

__all__ = ["BranchedPath", "make_branch"]

_AFTER = ("end", "continue")


class BranchedPath(Declared):
    """The part of `Path` that knows of sub-paths."""

    def if_(
        self,
        condition: Any,
        path: Path,
        then: Literal["end", "continue"] = "end",
        *,
        merge_back: str | Sequence[str] | None = None,
        fill: Any = None,
    ) -> None:
        """Send the events for which the condition holds through a sub-path.

        With `then="end"` these events end there: what stands below sees the others alone. With
        "continue" all go on, and the columns that the sub-path makes come back (those in `merge_back`,
        if given): where an event did not reach them they hold `fill`, a value or `{column: value}`; by
        default they are missing.

        A sub-path sees all columns of the path; what it defines is its own, so two may use the same
        names, except for histograms and tables. Its selects and weights hold inside it alone, and its
        lines of the cutflow have its name in front. Raises `PathError` in one line.

        >>> from hepnb.analysis import Path
        >>> pairs = Path("pairs")
        >>> pairs.define("mass", "mass(Muon[:, 0], Muon[:, 1])")
        >>> path = Path("muons")
        >>> path.if_("count(Muon) == 2", pairs, then="continue", fill=-1.0)
        >>> path.hist("mass", mass="mass: 100, -1, 120")
        """
        self._add(make_branch(condition, path, then, merge_back, fill))

    def add_independent_path(
        self, path: Path, merge_back: str | Sequence[str] = (), *, fill: Any = None
    ) -> None:
        """Run a path on the events beside this one: nothing in it changes what stands below.

        The columns in `merge_back` come back, with `fill` for events that a select of it drops (by
        default they are missing); see `if_`.

        >>> from hepnb.analysis import Path
        >>> checks = Path("checks")
        >>> checks.select("hard", "max(Jet.pt) > 500")
        >>> checks.define("ratio", "max(Jet.pt) / sum(Jet.pt)")
        >>> path = Path()
        >>> path.add_independent_path(checks, merge_back="ratio", fill=0.0)
        """
        self._add(make_branch(None, path, "continue", merge_back, fill))


def make_branch(
    condition: Any, path: Any, then: str, merge_back: str | Sequence[str] | None, fill: Any
) -> Branch:
    """The step of a sub-path. Raises `PathError` for what makes none."""
    if not isinstance(path, Declared):
        raise PathError(f"a sub-path is a path (hn.Path(...)), not {type(path).__name__}")
    place = f"sub-path {path.name!r}"
    if then not in _AFTER:
        raise PathError(
            f"{place}: then is 'end' or 'continue', not {then!r}{nearest(str(then), _AFTER)}"
        )
    ends = then == "end"
    columns = None if merge_back is None else texts(merge_back, f"{place}: merge_back")
    if ends and (columns or fill is not None):
        raise PathError(f"{place}: nothing comes back from events that end; then='continue'?")
    if isinstance(fill, Mapping) and columns is not None:
        for name in fill:
            if name not in columns:
                raise PathError(
                    f"{place}: fill names {name!r}, which is not merged back{nearest(name, columns)}"
                )
    formula = None if condition is None else make_formula(condition, f"{place}, condition")
    return Branch(path.name, path, formula, ends, columns, fill)
