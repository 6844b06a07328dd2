"""Starting where an earlier run of the same path on the same data ended: its chunks are not run again.

What is the same is known by a key: the hash of the path with its datasets, files and settings that
count. The earlier run's store is copied, so each of both has its own; then the new run goes on from
the journal, as a resumed one does. Nothing is taken over where something could be another one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import HepnbError, RunError
from ..directory import RunDirectory, all_runs, find_run
from ..job import HasHash, Job
from ..spec import RunSpec

if TYPE_CHECKING:
    from ...analysis import Dataset
    from .preparing import Prepared

__all__ = ["Earlier", "find_earlier", "key_of"]

_STORE = ("manifest", "ledger", "wal", "packs")
_UNCHANGED = (".h5", ".root", ".parquet")
_LOSSES = {"lost chunk", "file"}


def key_of(job: Job, datasets: tuple[Dataset, ...], spec: RunSpec) -> tuple[str, str]:
    """What two runs have in common that give the same chunks; or else "" and why there is none."""
    if not isinstance(job, HasHash):
        return "", "what it runs has no hash"
    try:
        found = job.fingerprint()
        known = [found.of([d.name, d.kind, d.xsec, d.sumw, dict(d.meta)]) for d in datasets]
    except Exception as error:  # noqa: BLE001  objects of the user's
        return "", f"its hash cannot be made ({type(error).__name__}: {error})"
    if found.unseen:
        return "", f"its hash does not see everything: {found.unseen[0]} (see path.explain())"
    files = [(file.dataset, file.path, file.tree) for file in spec.files]
    settings = [spec.chunk, spec.settings.seed, spec.allow_duplicates, spec.on_error]
    text = json.dumps([found.digest, known, files, settings])
    return hashlib.sha256(text.encode()).hexdigest(), ""


@dataclass(frozen=True)
class Earlier:
    """A run whose chunks can be taken over."""

    directory: RunDirectory

    @property
    def origin(self) -> str:
        """The run by whose id the chunks are called."""
        return RunSpec.read(self.directory.spec).origin or self.directory.id

    def copy_into(self, directory: RunDirectory) -> None:
        """Copy the store: packs and files of snapshots never change and are linked
        where that works; then note it.

        Raises RunError where it could not be done.
        """
        from ...analysis.loop.skim_files import FOLDER
        from ...histograms import StoreWriter

        try:
            for name in (*_STORE, FOLDER):
                _copy(self.directory.path / name, directory.path / name)
            if self.directory.is_supervised():
                raise RunError(f"run {self.directory.id} was resumed meanwhile: try again")
            with StoreWriter.open(directory.path) as store:
                meta = {"run": directory.id}
                store.revise(lambda m: replace(m, sealed=False, meta={**m.meta, **meta}))
                store.note({"k": "reused", "run": self.directory.id, "time": time.time()})
        except (OSError, HepnbError) as error:
            directory.discard()
            if isinstance(error, HepnbError):
                raise
            raise RunError(f"run {self.directory.id} cannot be copied: {error}") from None


def _copy(old: Path, new: Path) -> None:
    if old.is_dir():
        new.mkdir(mode=0o700)
        for inner in old.iterdir():
            _copy(inner, new / inner.name)
    elif old.exists():
        if old.suffix in _UNCHANGED:
            try:
                os.link(old, new)
                return
            except OSError:
                pass  # another file system, or one without links
        shutil.copyfile(old, new)


def find_earlier(prepared: Prepared, reuse: bool | str | os.PathLike[str]) -> Earlier | None:
    """The run whose chunks `reuse` means: the newest that fits (True), or a certain one.

    Raises RunError where that one cannot be reused, or the path has no hash to know it by.
    """
    if reuse is False:
        return None
    key, why_not = key_of(prepared.job, prepared.datasets, prepared.spec)
    if not key:
        raise RunError(f"reuse: chunks of this path cannot be known again: {why_not}")
    if reuse is not True:
        directory = find_run(reuse)
        if problem := _problem(directory, key, prepared):
            raise RunError(f"run {directory.id} cannot be reused: {problem}")
        return Earlier(directory)
    fitting = (
        Earlier(directory) for directory in all_runs() if not _problem(directory, key, prepared)
    )
    return next(fitting, None)


def _problem(directory: RunDirectory, key: str, prepared: Prepared) -> str:
    """Why a run cannot be reused, or the empty string."""
    try:
        directory.check_private()
        spec = RunSpec.read(directory.spec)
        if spec.key != key:
            return "its path, data or settings are others"
        if spec.python != prepared.spec.python:
            return f"it was started with Python {spec.python}"
        if directory.is_supervised():
            return "it is still going on"
        if not (directory.path / "manifest").exists():
            return "it has not begun"
        notes = list(_notes(directory.path))
        if any(note["k"] in _LOSSES for note in notes):
            return "it lost files or chunks"
        return next(_changed(notes, prepared), "")
    except HepnbError as error:
        return str(error)


def _notes(directory: Path) -> Iterator[Mapping[str, Any]]:
    from ...histograms import Store

    yield from (entry.meta for entry in Store.open(directory).ledger())


def _changed(notes: list[Mapping[str, Any]], prepared: Prepared) -> Iterator[str]:
    """Files that are no longer what was read."""
    datasets = {dataset.name: dataset for dataset in prepared.datasets}
    for note in notes:
        if note["k"] != "opened":
            continue
        file = prepared.spec.files[note["file"]]
        now = prepared.job.open(file.path, file.tree, datasets[file.dataset])
        try:
            if (now.uuid, now.tree, now.entries) != (note["uuid"], note["tree"], note["entries"]):
                yield f"{file.path} is another file now"
        finally:
            now.close()
