"""What a path says of files and arrays to go on with: snapshots, and batches for training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Literal

from ...errors import PathError, nearest
from ..loop.skims import FORMATS
from .checking import check_name
from .declared import Declared, texts
from .steps import ALL_READ, Skim

__all__ = ["SkimmedPath"]


class SkimmedPath(Declared):
    """The part of `Path` that knows of snapshots and batches."""

    def snapshot(
        self,
        name: str,
        columns: str | Sequence[str] = ALL_READ,
        *,
        any_variation: bool = True,
        format: Literal["ttree", "rntuple", "parquet"] = "ttree",
    ) -> None:
        """Write the events that get here to files: a skim, from which the rest can be run again.

        Events are kept that pass the selects above in the nominal or, with `any_variation`, in any
        variation of a column. `columns` are names of the file (`run`, `Jet_pt`, `Jet` for all its
        fields, patterns such as `HLT_*`), kept as they are read, before corrections and variations,
        or columns of the path, kept with their nominal values; by default all that the path reads.
        `run.skim(name)` has the files, one per chunk. Each has the sum of weights of all events that
        it stands for as `Runs.genEventSumw`, and their number as `Runs.genEventCount`. Raises `PathError`
        for an unknown format, and without what it needs.

        >>> from hepnb.analysis import Path
        >>> path = Path("two")
        >>> path.select("two muons", "count(Muon) == 2")
        >>> path.snapshot("skim", ["run", "Muon"])
        """
        check_name(name, "a snapshot", file=True)
        place = f"snapshot {name!r}"
        if format not in FORMATS:
            raise PathError(
                f"{place}: format is one of {', '.join(FORMATS)}, not {format!r}"
                f"{nearest(str(format), FORMATS)}"
            )
        if format == "parquet":
            try:
                import_module("pyarrow")
            except ImportError:
                raise PathError(
                    f"{place}: Parquet needs pyarrow: pip install 'hepnb[parquet]'"
                ) from None
        wanted = None if columns == ALL_READ else texts(columns, f"{place}: columns")
        if wanted == ():
            raise PathError(f"{place}: no columns")
        self._add(Skim(name, wanted, bool(any_variation), format))

    def batches(
        self,
        data: Any,
        columns: Sequence[str],
        *,
        size: int = 1024,
        shuffle: int = 16_384,
        seed: int = 0,
        part: Literal["train", "valid", "all"] = "train",
        valid: float = 0.2,
        to: Literal["numpy", "matrix"] = "numpy",
    ) -> Iterator[Any]:
        """The events that pass the whole path in batches, to train with; nominal, in this process.

        `columns` are names and expressions with one value per event. A batch is a dict of them with
        arrays of shape (size,), or with `to="matrix"` a float32 array of shape (size, columns); the
        last may be smaller. Of the events a fraction `valid` is `part="valid"`, the others are
        "train": which is drawn from `seed`, file and place of the event, so it is the same in every
        process. `shuffle` events are held and mixed (0: none, the order of the files). Missing
        numbers are NaN. Raises `PathError` in one line, `DataError` for a file that cannot be read.

        >>> import tempfile, hepnb as hn
        >>> from hepnb.samples import toy_dimuon
        >>> path = hn.Path("train")
        >>> path.define("leading", "max(Muon.pt)")
        >>> path.select("a muon", "count(Muon) > 0")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = toy_dimuon(f"{folder}/toy.root", events=1000)
        ...     first = next(path.batches(file, ["leading", "count(Muon)"], size=64, to="matrix"))
        >>> first.shape, first.dtype
        ((64, 2), dtype('float32'))
        """
        from .batches import batches

        return batches(self, data, columns, size, shuffle, seed, part, valid, to)
