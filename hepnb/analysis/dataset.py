"""Datasets: a name, its files and what is known about them. Nothing here opens a file.

A file that does not exist is kept, so that the ledger of a run can name it; only when none of the
files exists is that an error at once.
"""

from __future__ import annotations

import glob
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, Literal

from ..errors import DataError, nearest
from ..given import given_mapping
from .reading.defaults import read_missing
from .reading.naming import SCHEMAS
from .reading.rootfiles import REMOTE
from .reading.units import read_units

__all__ = ["Dataset", "as_datasets"]

_FIELDS = (
    "name",
    "files",
    "tree",
    "kind",
    "xsec",
    "sumw",
    "schema",
    "units",
    "conversion",
    "missing",
)
_KINDS = ("data", "mc")
_TREE = re.compile(r"^(?P<file>.+\.root):(?P<tree>[^:]+)$", re.IGNORECASE)


@dataclass(frozen=True, init=False)
class Dataset:
    """A named set of files with its metadata; what `dataset` means in a definition or expression.

    `files` is a path, a glob pattern, a directory (all its `*.root`, sorted) or a list of these;
    `"file.root:tree"` names the tree as well. `xsec` is the cross section in pb, and `sumw` the sum of
    weights of all simulated events that it belongs to: a branch of another tree of the files, such as
    `"Runs.genEventSumw"`, an expression that is summed over the events, such as `"genWeight"` (only
    of files that are no skim), or the number. `schema` is the kind of file ("nanoaod", "physlite",
    "lhcb", "flat") where hepnb should not find it by itself; `units` the unit of its energies, and
    `convert` the one a path shall see: `units="MeV", convert="GeV"`, or
    `convert={"GeV": ["lep_pt", "met_*"]}` for these columns alone. `missing` is what a column that a
    file lacks does: "error" loses the file, "skip" leaves it out and says so, and
    `{"HLT_Mu17": False, "Jet.qgl": -1.0}` gives the values of these columns instead. Any further
    keyword is metadata:

    >>> d = Dataset("tt", "https://example.org/tt.root", tree="Events", kind="mc", xsec=831.8, era="2018")
    >>> d.era, d.kind, d.xsec
    ('2018', 'mc', 831.8)
    >>> Dataset("tt", ["https://example.org/1.root", "https://example.org/2.root"], kind="mc", era="2018")
    Dataset('tt', ['https://example.org/1.root', ...], kind='mc', era='2018') of 2 files

    Raises `DataError` for a kind that is neither data nor mc, an unknown schema or unit, and for a
    pattern without files.
    """

    name: str
    files: tuple[str, ...]
    tree: str | None
    kind: Literal["data", "mc"]
    xsec: float | None
    sumw: str | float | None
    schema: str | None
    units: str | None
    conversion: tuple[str | None, tuple[str, ...] | None]
    missing: str | Mapping[str, bool | int | float]
    meta: Mapping[str, Any] = field(hash=False)

    def __init__(
        self,
        name: str,
        files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        tree: str | None = None,
        kind: Literal["data", "mc"] = "data",
        xsec: float | None = None,
        sumw: str | float | None = None,
        meta: Mapping[str, Any] | None = None,
        *,
        schema: str | None = None,
        units: str | None = None,
        convert: str | Mapping[str, str | Iterable[str]] | None = None,
        missing: str | Mapping[str, bool | int | float] = "error",
        **more: Any,
    ) -> None:
        if str(name) != name or not name or not name.isprintable():
            raise DataError(f"a dataset's name is one line of text, not {name!r}")
        if kind not in _KINDS:
            raise DataError(f"dataset {name!r}: kind is 'data' or 'mc', not {kind!r}")
        if xsec is not None and not _number(xsec) >= 0:
            raise DataError(f"dataset {name!r}: xsec is a cross section in pb, not {xsec!r}")
        if not isinstance(sumw, str | None) and not _number(sumw) > 0:
            raise DataError(f"dataset {name!r}: sumw is a sum of weights, not {sumw!r}")
        where = f"dataset {name!r}"
        if schema is not None and schema not in tuple(SCHEMAS):
            known_ones = f"; there are {', '.join(SCHEMAS)}"
            raise DataError(
                f"{where}: no schema {schema!r}{nearest(str(schema), SCHEMAS) or known_ones}"
            )
        conversion = read_units(where, units, convert)
        found, inner = _resolve(files, f"dataset {name!r}")
        if tree is not None and inner is not None and tree != inner:
            raise DataError(f"dataset {name!r}: tree={tree!r}, but its files say {inner!r}")
        known = {**given_mapping(meta or {}, f"dataset {name!r}: meta", DataError), **more}
        for key in known:
            if key in _FIELDS:
                raise DataError(
                    f"dataset {name!r}: {key!r} in meta is a field of the dataset itself"
                )
        values = (
            *(name, found, tree or inner, kind, xsec, sumw),
            *(schema, units, conversion, read_missing(where, missing), MappingProxyType(known)),
        )
        for key, value in zip((*_FIELDS, "meta"), values, strict=True):
            object.__setattr__(self, key, value)

    def __repr__(self) -> str:
        """As it is written, without what was not said; of many files the first."""
        many = len(self.files) > 1
        first = ", ".join(map(repr, self.files[:1]))
        unit, columns = self.conversion
        said: dict[str, Any] = {key: getattr(self, key) for key in _FIELDS[2:8]}
        said["convert"] = unit if columns is None else {unit: list(columns)}
        if self.missing != "error":
            said["missing"] = dict(self.missing) if isinstance(self.missing, Mapping) else "skip"
        words = [repr(self.name), f"[{first}, ...]" if many else first]
        words += [f"{key}={value!r}" for key, value in said.items() if value is not None]
        words += [f"{key}={value!r}" for key, value in self.meta.items()]
        return f"Dataset({', '.join(words)})" + (f" of {len(self.files)} files" if many else "")

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or "meta" not in self.__dict__:
            raise AttributeError(key)
        if key in self.meta:
            return self.meta[key]
        hint = nearest(key, [*_FIELDS, *self.meta])
        raise AttributeError(f"dataset {self.name!r} has no {key!r}{hint}")

    def __reduce__(self) -> tuple[Any, ...]:
        state = {key: getattr(self, key) for key in _FIELDS} | {"meta": dict(self.meta)}
        return _restore, (state,)


def _number(value: Any) -> float:
    """The value; NaN for what is no number."""
    return float(value) if isinstance(value, Real) else math.nan


def _restore(state: dict[str, Any]) -> Dataset:
    """Rebuild a dataset as it was, without looking at the file system again."""
    dataset = object.__new__(Dataset)
    for key, value in {**state, "meta": MappingProxyType(state["meta"])}.items():
        object.__setattr__(dataset, key, value)
    return dataset


def as_datasets(data: Any) -> tuple[Dataset, ...]:
    """The datasets that `data` means, with globs and directories resolved.

    `data` is a path, glob or directory (or a list of them: one dataset named after their common
    stem), a mapping of names to files, a `Dataset` or a list of datasets, a run card (`hn.Card`) or the
    path of one (`*.yaml`). Raises `DataError` when nothing matches, when no file at all exists, or
    when two datasets share a name, `CardError` for a mistake in a card.

    >>> as_datasets("https://example.org/muons.root:Events")[0].name
    'muons'
    """
    from .cards import Card, is_card

    if is_card(data):
        data = Card.read(data)
    if isinstance(data, Card):
        data = data.datasets
    if isinstance(data, Dataset):
        made: tuple[Dataset, ...] = (data,)
    elif isinstance(data, Mapping):
        made = tuple(v if isinstance(v, Dataset) else Dataset(k, v) for k, v in data.items())
    elif isinstance(data, str | os.PathLike):
        made = (_named(data),)
    elif isinstance(data, Iterable):
        items = list(data)
        whole = all(isinstance(item, Dataset) for item in items)
        if not whole and any(isinstance(item, Dataset) for item in items):
            raise DataError(
                "data mixes datasets with plain files: make each file a Dataset(name, files)"
            )
        made = tuple(items) if whole else (_named(items),)
    else:
        raise DataError(
            f"data is a path, a list of paths, a mapping of names to files, or datasets, not {type(data).__name__}"
        )
    if not made:
        raise DataError("data is empty: no dataset, no file")
    names = [dataset.name for dataset in made]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"two datasets are named {name!r}: names must differ")
    files = [file for dataset in made for file in dataset.files]
    if not any(REMOTE.match(file) or _exists(file) for file in files):
        more = f" (nor any of the {len(files) - 1} others)" if len(files) > 1 else ""
        raise DataError(f"no such file: {files[0]}{more}")
    return made


def _named(files: Any) -> Dataset:
    """One dataset named after the common stem of its files."""
    found, _ = _resolve(files, "data")
    stems = [FilePath(file.split("?", 1)[0]).stem for file in found]
    shortest = min(stems, key=len)
    same = [len({stem[i] for stem in stems}) == 1 for i in range(len(shortest))]
    common = shortest[: [*same, False].index(False)].rstrip("_-. ")
    name = "".join(c if c.isprintable() else "_" for c in common)
    return Dataset(name or "data", files)


def _resolve(files: Any, where: str) -> tuple[tuple[str, ...], str | None]:
    """Every file of a path, glob, directory or list, and the tree that `file.root:tree` named."""
    if not isinstance(files, str | os.PathLike | Iterable):
        raise DataError(f"{where}: files are paths, not {type(files).__name__}")
    entries = [files] if isinstance(files, str | os.PathLike) else list(files)
    if not entries:
        raise DataError(f"{where}: no files given")
    found: list[str] = []
    trees: set[str] = set()
    for entry in entries:
        if not isinstance(entry, str | os.PathLike):
            raise DataError(f"{where}: a file is given as a path, not as {type(entry).__name__}")
        text = os.fspath(entry)
        match = None if _exists(text) else _TREE.match(text)
        if match:
            text = match["file"]
            trees.add(match["tree"])
        found.extend(_expand(text, where))
    if len(trees) > 1:
        raise DataError(f"{where}: files name different trees: {', '.join(sorted(trees))}")
    return tuple(found), next(iter(trees), None)


def _expand(text: str, where: str) -> Iterator[str]:
    """One entry made plain: itself when remote or a literal path, else what the pattern matches."""
    if REMOTE.match(text):
        yield text
        return
    path = FilePath(os.path.expanduser(text))  # noqa: PTH111  (leaves an unknown ~user as it is)
    if _exists(path) and path.is_dir():
        inside = sorted(str(p) for p in path.glob("*.root") if p.is_file())
        inside = inside or sorted(str(p) for p in path.glob("*.parquet") if p.is_file())
        if not inside:
            raise DataError(f"{where}: no *.root file in directory {text}")
        yield from inside
    elif any(c in text for c in "*?[") and not _exists(path):
        matched = sorted(p for p in glob.glob(str(path), recursive=True) if FilePath(p).is_file())  # noqa: PTH207
        if not matched:
            raise DataError(f"{where}: no file matches {text}")
        yield from matched
    else:
        yield str(path)


def _exists(path: str | os.PathLike[str]) -> bool:
    """Whether there is such a file; a name that no file can have, or that is out of reach, is none."""
    try:
        return FilePath(path).exists()
    except OSError:
        return False
