"""The files of a snapshot: TTree, RNTuple or Parquet, whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np

from ...errors import DiskError, HepnbError, PathError, RunError, one_line
from ...whole import written_whole
from .skims import FACTS, FORMATS, Skimmed

__all__ = ["FOLDER", "write_skim"]

FOLDER = "snapshots"
_LIST = " list"
"""What the list of a collection is called beside its counter; the file does not have the name."""


def write_skim(directory: Path, name: str, stem: str, skim: Skimmed) -> str:
    """Write the rows that a snapshot keeps of a chunk; returns the file's place in the run's directory.

    It is written under another name, synced and renamed, so a process that is killed leaves nothing
    that could be taken for it. Whoever writes the same rows of the same chunk writes the same
    columns and the same uuid. Raises `PathError` for columns that the format cannot hold, `DiskError`
    for a full disk, `RunError` where the run's directory is out of reach.
    """
    if not directory.is_dir():
        raise RunError(
            f"snapshot {name!r}: no directory {directory} here: "
            "workers on other machines must see the run's directory"
        )
    folder = directory / FOLDER / name
    file = folder / f"{stem}{FORMATS[skim.format]}"
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        with written_whole(file, durable=True) as part:
            {"ttree": _tree, "rntuple": _ntuple, "parquet": _parquet}[skim.format](part, skim)
    except (HepnbError, MemoryError):
        raise
    except OSError as error:
        raise DiskError(f"snapshot {name!r}: {file} cannot be written ({error.strerror})") from None
    except Exception as error:
        raise PathError(
            f"snapshot {name!r}: {skim.format} cannot hold these columns ({one_line(error)}): "
            "another format=, or other columns="
        ) from error
    return str(file.relative_to(directory))


def _sums(skim: Skimmed) -> dict[str, np.ndarray]:
    """What a tree `Runs` has: one row for all events of the chunk."""
    sums: dict[str, np.ndarray] = {"genEventCount": np.array([skim.events], dtype=np.int64)}
    if skim.sumw is not None:
        sums["genEventSumw"] = np.array([skim.sumw])
    own = {} if skim.own_sums is None else skim.own_sums.columns()
    return sums | {name: np.array([total]) for name, total in own.items()}


def _recreate(part: Path, skim: Skimmed) -> Any:
    """A new ROOT file, whose uuid follows from what is in it."""
    import uproot

    identity = _identity(skim)
    return uproot.recreate(part, uuid_function=lambda: identity)


def _identity(skim: Skimmed) -> uuid.UUID:
    digest = hashlib.sha256(repr((skim.key, skim.events, skim.sumw, skim.own_sums)).encode())
    for name, column in skim.columns.items():
        form, length, buffers = ak.to_buffers(column)
        digest.update(repr((name, form.to_json(), length)).encode())
        for key in sorted(buffers):
            digest.update(np.asarray(buffers[key]).tobytes())
    return uuid.UUID(bytes=digest.digest()[:16])


def _tree(part: Path, skim: Skimmed) -> None:
    """A tree whose collections have one counter each, as in NanoAOD."""
    jagged = {n: c for n, c in skim.columns.items() if not c.layout.purelist_isregular}
    deep = [name for name, column in jagged.items() if column.ndim > 2]
    if deep:
        raise PathError(
            f"snapshot: {deep[0]!r} has lists of lists, which a TTree cannot hold: "
            "format='parquet' or 'rntuple', or leave it out of columns="
        )
    together = {field for fields in skim.collections.values() for field in fields}
    columns: dict[str, Any] = {
        name: column
        for name, column in skim.columns.items()
        if name not in together and name not in skim.collections
    }
    for counter, fields in skim.collections.items():
        columns[counter + _LIST] = ak.zip({field: skim.columns[field] for field in fields})
    kinds = {name: _kind(column) for name, column in columns.items()}
    with _recreate(part, skim) as file:
        tree = file.mktree(
            "Events",
            kinds,
            counter_name=lambda n: n.removesuffix(_LIST) if n.endswith(_LIST) else f"n{n}",
            field_name=lambda _, field: field,
        )
        tree.extend({name: _plain(column) for name, column in columns.items()})
        sums = _sums(skim)
        file.mktree("Runs", {name: values.dtype for name, values in sums.items()}).extend(sums)


def _kind(column: ak.Array) -> Any:
    """The type of a column in the words of uproot."""
    plain = _plain(column)
    if isinstance(plain, np.ndarray):
        return np.dtype((plain.dtype, plain.shape[1:]))
    return str(column.type.content)


def _plain(column: ak.Array) -> Any:
    """Without lists, or with such of one length, as a NumPy array."""
    return ak.to_numpy(column) if column.layout.purelist_isregular else column


def _ntuple(part: Path, skim: Skimmed) -> None:
    with _recreate(part, skim) as file:
        file.mkrntuple("Events", {name: _plain(c) for name, c in skim.columns.items()})
        file.mkrntuple("Runs", _sums(skim))


def _parquet(part: Path, skim: Skimmed) -> None:
    from pyarrow import Table, parquet

    trees: Mapping[str, Any] = {"Runs": {n: v[0].item() for n, v in _sums(skim).items()}}
    facts = json.dumps({"trees": trees, "uuid": str(_identity(skim))})
    arrays = {n: ak.to_arrow(c, extensionarray=False) for n, c in skim.columns.items()}
    table = Table.from_pydict(arrays)
    parquet.write_table(table.replace_schema_metadata({FACTS: facts.encode()}), part)
