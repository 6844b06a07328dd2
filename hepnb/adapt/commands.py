"""`hn.adapt.command`: any external program as a run, one invocation per chunk.

What it prints is in the run's log; the files that it makes are kept in the run's directory, those of a
chunk all together or not at all; histograms in them are added to the run's, once.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analysis.loop.result import ChunkResult, HistSpec
from ..analysis.reading.rootfiles import REMOTE
from ..errors import DataError, RunError, nearest, one_line
from ..given import given_mapping, given_names
from .adapter import Adapter
from .external import External
from .generated import generated, number_in, seed_of_generator
from .written import read_histograms

if TYPE_CHECKING:
    from ..analysis import Dataset
    from ..analysis.loop.statistics import Statistics
    from ..analysis.loop.task import ChunkTask
    from ..runs import Run

__all__ = ["PLACES", "CommandJob", "command", "command_of_card"]

PLACES = ("input", "output", "dataset", "first", "last", "events", "seed", "chunk")
_RANGE = {"first", "last", "events"}
_PLACE = re.compile(r"\{([a-z]+)\}")
_WHOLE = 1 << 60
_OUTPUTS = "outputs"


class command(Adapter):
    """An external program, started once per chunk.

    `template` is the command, word by word. In each word `{input}` is the file, `{dataset}` its
    dataset, `{first}` and `{last}` the first and the last event (counted from 0), `{events}` how many,
    `{seed}` a seed from 1 to 900 000 000, `{chunk}` the chunk's number, `{output}` a fresh directory for
    what it makes; other braces stay. No shell is involved.

    `histograms`: patterns of files in `{output}` whose histograms are the run's: `*.root`, or `*.json`
    of UHI. `progress`: a regular expression with a group `events`, and perhaps `total`, that is
    looked for in what it prints; programs that can, write to `$HEPNB_STATUS` instead. `keep`: whether
    files are kept, in the run's directory under `outputs`; `run.result()` lists them.

    Without `{input}` nothing is read, and `start(10_000)` gives the number of events. With it, files
    are cut into chunks of events where the command has `{first}`, `{last}` or `{events}`, and are
    given whole otherwise: then what is counted are files. Raises RunError for a template that makes
    no sense.
    """

    def __init__(
        self,
        template: Sequence[str],
        *,
        histograms: str | Sequence[str] = (),
        progress: str | None = None,
        keep: bool = True,
        name: str | None = None,
    ) -> None:
        given: Any = template
        is_list = isinstance(given, Sequence) and not isinstance(given, str | bytes)
        if not is_list or not all(isinstance(word, str) for word in given):
            raise RunError("command is a list of words: ['root', '-b', 'macro.C']")
        if not template or not template[0]:
            raise RunError("the command is empty: give the program and its arguments")
        patterns = given_names(histograms, "command: histograms", RunError)
        if progress is not None:
            (progress,) = given_names(progress, "command: progress", RunError)
        self._job = CommandJob(
            tuple(template), patterns, progress, keep, name or Path(template[0]).name
        )
        for place in self._job.places - {*PLACES}:
            if hint := nearest(place, PLACES):
                raise RunError(f"command: no placeholder {{{place}}}{hint}")

    def job(self) -> CommandJob:
        """The command, which nothing changes."""
        return self._job

    def start(
        self, data: Any, workers: int = 2, *, chunk: int | None = None, **settings: Any
    ) -> Run:
        """Run the command on files, or for a number of events; returns at once.

        See `Path.start` for the settings.
        """
        if "input" not in self._job.places:
            return super().start(generated(data), workers, chunk=chunk, **settings)
        if not self._job.is_cut:
            if chunk is not None:
                raise RunError("chunk= cuts files, but the command has no {first} and {last}")
            chunk = _WHOLE
        return super().start(data, workers, chunk=chunk, **settings)


def command_of_card(section: Mapping[str, Any], *, allow_exec: bool) -> command:
    """The command that a card describes: `command`, and keywords of `hn.adapt.command`.

    Raises RunError where programs from cards are not allowed, or for an unknown key.
    """
    section = given_mapping(section, "the command of a card", RunError)
    if allow_exec is not True:
        words = repr(section.get("command"))  # so that it cannot play with the terminal
        said = words if len(words) <= 200 else f"{words[:200]}..."
        raise RunError(
            f"this card runs a program of its own, {said}: read it, then allow it: "
            "--allow-exec, or allow_exec=True"
        )
    known = ("command", "histograms", "progress", "keep", "name")
    for key in section:
        if key not in known:
            raise RunError(f"no key {key!r} of a command{nearest(str(key), known)}")
    options = {key: value for key, value in section.items() if key != "command"}
    return command(section.get("command", ()), **options)


@dataclass(frozen=True)
class CommandJob:
    """The job of a command."""

    template: tuple[str, ...]
    patterns: tuple[str, ...]
    progress: str | None
    keep: bool
    name: str
    histograms: tuple[HistSpec, ...] = ()
    variations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            pattern = re.compile(self.progress) if self.progress else None
        except re.error as error:
            raise RunError(f"progress={self.progress!r}: {error}") from None
        if pattern and "events" not in pattern.groupindex:
            raise RunError(f"progress={self.progress!r} has no group (?P<events>...)")
        for pattern_of_files in self.patterns:
            parts = Path(pattern_of_files).parts
            if not parts or ".." in parts or Path(pattern_of_files).is_absolute():
                raise RunError(
                    f"histograms={pattern_of_files!r}: name files in the output directory"
                )

    @property
    def places(self) -> set[str]:
        """The placeholders in the template."""
        return {place for word in self.template for place in _PLACE.findall(word)}

    @property
    def is_cut(self) -> bool:
        """Whether files are cut into ranges of events."""
        return not self.places.isdisjoint(_RANGE)

    @property
    def lines(self) -> list[str]:
        """The command."""
        return [f"{self.name}: an external command", *(f"  {word}" for word in self.template)]

    def check(self, dataset: Dataset, branches: Callable[[], tuple[str, ...]]) -> None:  # noqa: ARG002
        """Raise RunError where there is no such program."""
        if "{" not in self.template[0] and shutil.which(self.template[0]) is None:
            raise RunError(f"there is no program {self.template[0]!r}: give its path")

    def open(self, path: str, tree: str | None, dataset: Dataset) -> CommandInput:
        """A file, or a number of events."""
        if path.startswith("generated://"):
            return CommandInput(self, dataset, "", "generated", "events", number_in(path))
        is_remote = REMOTE.match(path) is not None
        given = path if is_remote else str(Path(path).absolute())
        if self.is_cut:
            from ..analysis.reading.events import open_events

            with open_events(path, tree) as file:
                return CommandInput(self, dataset, given, file.uuid, file.tree, file.entries)
        try:
            facts = None if is_remote else Path(path).stat()
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}") from None
        content = f" {facts.st_size} {facts.st_mtime_ns}" if facts else ""
        return CommandInput(self, dataset, given, given + content, "file", 1)

    def finish(self) -> None:
        """Each invocation has its own end."""

    def result(self, directory: Path) -> list[Path]:
        """The directories of files that were kept, of all chunks so far, in their order."""
        from ..histograms import Store

        orders = sorted(
            entry.order
            for entry in Store.open(directory).ledger()
            if entry.order is not None and entry.meta["k"] == "chunk"
        )
        found = [_kept(directory, order) for order in orders]
        return [folder for folder in found if folder.is_dir()]


def _kept(directory: Path, order: int) -> Path:
    return directory / _OUTPUTS / f"{order:06}"


class CommandInput:
    """What one invocation after the other works on."""

    clusters = ()
    bytes_read = 0

    def __init__(
        self, job: CommandJob, dataset: Dataset, path: str, uuid: str, tree: str, entries: int
    ) -> None:
        self._job, self._dataset, self._path = job, dataset, path
        self.uuid, self.tree, self.entries = uuid, tree, entries

    def describe(self) -> None:
        """What it reads is not known."""

    def process(self, task: ChunkTask, costs: Statistics) -> Iterator[ChunkResult]:
        """Run the command, read its histograms, keep its files."""
        outputs = task.directory / _OUTPUTS
        outputs.mkdir(mode=0o700, exist_ok=True)
        attempt = f".{task.order:06}-"
        for left in outputs.glob(f"{attempt}*"):
            shutil.rmtree(left, ignore_errors=True)  # by a worker that was killed
        made = Path(tempfile.mkdtemp(prefix=attempt, dir=outputs))
        try:
            costs.timed(self._job.name, task.events, lambda: self._run(task, made))
            hists = read_histograms(made, self._job.patterns)
            if self._job.keep and any(made.iterdir()):
                kept = _kept(task.directory, task.order)
                # An earlier attempt may have come this far, and no further.
                shutil.rmtree(kept, ignore_errors=True)
                made.rename(kept)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        yield ChunkResult(events=task.events, hists=hists)

    def _run(self, task: ChunkTask, made: Path) -> None:
        job = self._job

        def tell(events: float, total: float | None) -> None:
            task.tell(events if not total else events / total * task.events)

        environment = {**os.environ, "HEPNB_OUTPUT": str(made)}
        pattern = re.compile(job.progress) if job.progress else None
        external = External(self._command(task, made), environment, pattern, tell)
        try:
            status = external.run()
        except (OSError, ValueError) as error:
            raise RunError(f"{job.name} cannot be started: {one_line(error)}") from None
        if status:
            ended = (
                f"was killed by signal {status - 128}" if status > 128 else f"ended with {status}"
            )
            said = f": {external.last_lines}" if external.last_lines else ", and printed nothing"
            raise RunError(f"{job.name} {ended}{said}")

    def _command(self, task: ChunkTask, made: Path) -> list[str]:
        values = {
            "input": self._path,
            "output": str(made),
            "dataset": self._dataset.name,
            "first": str(task.start),
            "last": str(task.stop - 1),
            "events": str(task.events),
            "seed": str(seed_of_generator(task.seed)),
            "chunk": str(task.order),
        }
        return [
            _PLACE.sub(lambda match: values.get(match[1], match[0]), word)
            for word in self._job.template
        ]

    def close(self) -> None:
        """Nothing is open."""
