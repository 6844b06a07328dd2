"""The histograms of a scan as one: what `runs.hist(name)` gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import RunError, StoreError, nearest
from ..directory import RunDirectory
from ..spec import RunSpec
from .directory import ScanDirectory, ScanSpec
from .grid import Grid, Value, label, said

if TYPE_CHECKING:
    from ...histograms import H5Hist, Signature

__all__ = ["scan_hist"]


def scan_hist(
    scan: ScanDirectory, asked: ScanSpec, runs: Sequence[RunDirectory], name: str | None
) -> H5Hist:
    """One histogram with a category axis per parameter in front of those that every run's has.

    Raises RunError where the histogram is not the same in all runs.
    """
    import hist

    from ...histograms.side_by_side import side_by_side

    like = _common(asked, runs, name)
    grid = Grid(asked.lists)
    own = {ax.name for ax in like.axes}
    axes = []
    for parameter in asked.lists:
        categories = grid.categories(parameter)
        kind: Any = (
            hist.axis.StrCategory if isinstance(categories[0], str) else hist.axis.IntCategory
        )
        called = f"scan_{parameter}" if parameter in own else parameter
        axes.append(kind(list(categories), name=called, overflow=False))
    parts = {
        _key(grid, point): _opener(run, like.name)
        for point, run in zip(asked.points, runs, strict=True)
    }
    return side_by_side(axes, parts, like, scan.path)


def _key(grid: Grid, point: Mapping[str, Value]) -> tuple[Any, ...]:
    whole = {name: isinstance(grid.categories(name)[0], int) for name in point}
    return tuple(value if whole[name] else label(value) for name, value in point.items())


def _opener(run: RunDirectory, name: str) -> Callable[[], H5Hist | None]:
    def open_it() -> H5Hist | None:
        from ...histograms import Store

        if not (run.path / "manifest").exists():
            return None
        return Store.open(run.path).hist(name)

    return open_it


def _common(asked: ScanSpec, runs: Sequence[RunDirectory], name: str | None) -> Signature:
    """The signature that all runs share."""
    from ...histograms import Signature
    from ...histograms.adding import check_alike

    first: Signature | None = None
    for point, run in zip(asked.points, runs, strict=True):
        known = RunSpec.read(run.spec).signatures
        wanted = next(iter(known)) if name is None and len(known) == 1 else name
        if wanted is None or wanted not in known:
            raise RunError(
                f"the run with {said(point)} has no histogram {wanted!r} "
                f"(it has {', '.join(known) or 'none'}){nearest(str(wanted), known)}"
            )
        found = Signature.from_dict(dict(known[wanted]))
        if first is None:
            first, start = found, point
            continue
        try:
            check_alike(first, found)
        except StoreError as error:
            raise RunError(
                f"{error}: it differs between {said(start)} and {said(point)}; read the runs apart, "
                f"runs[i].hist({wanted!r})"
            ) from None
    if first is None:
        raise RunError("the scan has no runs: every combination was skipped")
    return first
