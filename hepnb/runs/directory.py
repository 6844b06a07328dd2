"""The directory of a run: where it is, what lies in it, who may touch it.

A run directory is a histogram store (wal/, packs/, manifest, ...) with the run's own few files
beside it. It is private to its owner (0700), and one of another owner, or open to others, is
refused before anything in it is used. This file knows names and rights, not contents.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from ..errors import RunError, nearest

__all__ = [
    "RunDirectory",
    "all_runs",
    "find_run",
    "is_astray",
    "is_held",
    "registered",
    "runtime_directory",
    "state_directory",
    "the_one",
]

_LONGEST_SOCKET_PATH = 100
D = TypeVar("D")


def state_directory() -> Path:
    """Where runs live unless told otherwise: `HEPNB_STATE_DIR`, or XDG's state home."""
    if chosen := os.environ.get("HEPNB_STATE_DIR"):
        return Path(chosen)
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "hepnb"


def runtime_directory() -> Path:
    """Where sockets go that a run directory cannot hold: `XDG_RUNTIME_DIR`, else the one for
    temporary files."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    fits = 0 < len(given) < _LONGEST_SOCKET_PATH // 2 and os.access(given, os.W_OK | os.X_OK)
    if fits:
        return Path(given)
    import tempfile

    return Path(tempfile.gettempdir())


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run by name."""

    path: Path

    @classmethod
    def create(cls, name: str, out: str | os.PathLike[str] | None = None) -> RunDirectory:
        """A new, private, empty run directory, registered so that it can be found by its id.

        Raises RunError where `out` is there already or cannot be made.
        """
        slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:24] or "run"
        run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{slug}-{os.urandom(4).hex()}"
        registry = state_directory() / "runs"
        is_path = isinstance(out, str | os.PathLike | None)
        if not is_path or "\0" in str(out):
            raise RunError(f"out={out!r}: give the path of a directory that is not there yet")
        path = registry / run_id if out is None else Path(out).absolute()
        try:
            if path.is_dir() and out is not None:
                raise RunError(
                    f"run directory {out} is there already: give another out=, or remove it"
                )
            state_directory().mkdir(mode=0o700, parents=True, exist_ok=True)
            registry.mkdir(mode=0o700, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700)
            path.chmod(0o700)
            if out is not None:
                (registry / run_id).symlink_to(path, target_is_directory=True)
        except OSError as error:
            registered = out is None or str(error.filename).startswith(str(state_directory()))
            mend = (
                "set HEPNB_STATE_DIR to a place you can write" if registered else "give another out"
            )
            raise RunError(
                f"run directory {path} cannot be made ({error.filename}: {error.strerror}): {mend}"
            ) from None
        directory = cls(path)
        (path / "id").write_text(run_id + "\n")
        return directory

    def discard(self) -> None:
        """Remove it again, before anything was done in it; what cannot go does not hide why it should."""
        import shutil

        link = state_directory() / "runs" / self.id
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            link.unlink()

    @cached_property
    def id(self) -> str:
        """The run's id, which stays the same when the directory is moved."""
        try:
            return (self.path / "id").read_text().strip()
        except OSError:
            return self.path.name

    @property
    def spec(self) -> Path:
        """What was asked (JSON)."""
        return self.path / "spec.json"

    @property
    def bundle(self) -> Path:
        """The frozen path, pickled by value; only a worker of the same user ever loads it."""
        return self.path / "bundle.pkl"

    @property
    def source(self) -> Path:
        """What the run was made of, as text (a folder)."""
        return self.path / "source"

    @property
    def status(self) -> Path:
        """The last snapshot, replaced every few seconds and at the end (JSON)."""
        return self.path / "status.json"

    def last_snapshot(self) -> dict[str, Any] | None:
        """What `status` holds; some seconds old while the run goes on. None before there is one."""
        try:
            kept: dict[str, Any] = json.loads(self.status.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return kept

    @property
    def log(self) -> Path:
        """The directory of the log: pairs of a text and an index."""
        return self.path / "log"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor itself printed: empty unless hepnb is at fault."""
        return self.path / "supervisor.log"

    @property
    def spares(self) -> Path:
        """A file for each process that was told of the run where it had waited for one, by its name."""
        return self.path / "spares"

    @property
    def cancel_request(self) -> Path:
        """A file that asks the run to end, from where its socket cannot be reached."""
        return self.path / "cancel"

    @property
    def how_to_resume(self) -> str:
        """The end of a message about a run that was interrupted."""
        return f"hn.resume({self.id!r}) goes on"

    def check_private(self) -> None:
        """Raise RunError unless the directory is ours and closed to everybody else."""
        try:
            info = self.path.stat()
        except OSError as error:
            raise RunError(f"run directory {self.path}: {error.strerror}") from None
        if info.st_uid != os.getuid():
            raise RunError(
                f"run directory {self.path} belongs to user id {info.st_uid}, not to you: "
                "copy it, then attach to the copy"
            )
        if info.st_mode & 0o077:
            raise RunError(
                f"run directory {self.path} is open to other users: chmod 700 it, then try again"
            )

    def is_gone(self) -> bool:
        """Whether the directory was deleted, or moved away: nobody can reach the run any more."""
        try:
            self.path.stat()
        except OSError as error:
            # A network file system that does not answer comes back.
            return isinstance(error, FileNotFoundError | NotADirectoryError)
        return False

    def is_supervised(self) -> bool:
        """Whether a living process holds the run's lock, on this host.

        The lock is let go by the system when its process ends, however it ends: a process that
        got the same number since, or a socket that was left behind, deceives nobody.
        """
        return is_held(self.path / "store.lock")

    def supervisor(self) -> tuple[int, str] | None:
        """Process and host of the last supervisor, or None where there never was one."""
        try:
            said = json.loads((self.path / "store.lock").read_text())
            return int(said["pid"]), str(said["host"])
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def register(self) -> None:
        """Let the run be found by its id: one that was moved is known again where it is now."""
        entry = state_directory() / "runs" / self.id
        with contextlib.suppress(OSError):
            if is_astray(entry):
                entry.unlink()
            if not entry.exists():
                entry.symlink_to(self.path.resolve(), target_is_directory=True)

    def listen(self) -> socket.socket:
        """The run's listening socket, inside the directory where the file system can hold one."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.setblocking(False)
        old_umask = os.umask(0o077)
        try:
            target = self.path / "sock"
            target.unlink(missing_ok=True)
            (self.path / "socket").unlink(missing_ok=True)
            try:
                if len(os.fsencode(target)) > _LONGEST_SOCKET_PATH:
                    raise OSError("the path is too long for a socket")
                listener.bind(str(target))
            except OSError:
                # Network file systems refuse sockets, and a socket's path holds 108 bytes: then
                # it stands in a private directory of its own, and a file here says where.
                import tempfile

                target = Path(tempfile.mkdtemp(prefix="hepnb-", dir=runtime_directory())) / "sock"
                listener.bind(str(target))
                (self.path / "socket").write_text(str(target))
        finally:
            os.umask(old_umask)
        listener.listen(32)
        return listener

    def socket_path(self) -> Path:
        """Where the run listens, if it does."""
        pointer = self.path / "socket"
        try:
            return Path(pointer.read_text())
        except OSError:
            return self.path / "sock"

    def close_socket(self) -> None:
        """Remove the socket and what was made for it."""
        path = self.socket_path()
        path.unlink(missing_ok=True)
        if path.parent != self.path:
            path.parent.rmdir()
            (self.path / "socket").unlink(missing_ok=True)


def is_held(lock: Path) -> bool:
    """Whether a living process of this host holds this lock, if it was ever made."""
    import fcntl

    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # No lock was ever made, or nothing can be started here: see StoreLock.
        return False
    return False


def registered(record: str) -> Iterator[Path]:
    """Every directory that is registered for this user and holds this record, newest first.

    Raises RunError where they cannot be listed.
    """
    registry = state_directory() / "runs"
    try:
        entries = sorted(registry.iterdir(), reverse=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(
            f"runs cannot be listed in {registry} ({error.strerror}): "
            "set HEPNB_STATE_DIR to a directory of yours"
        ) from None
    for entry in entries:
        if (entry / record).is_file() and not is_astray(entry):
            yield entry.resolve()


def is_astray(entry: Path) -> bool:
    """Whether a link in the registry leads nowhere, or to another run: where it led is a new one."""
    return entry.is_symlink() and (not entry.exists() or RunDirectory(entry).id != entry.name)


def the_one(text: str, known: Mapping[str, D], what: str) -> D | None:
    """What has this id, or the only one with this part of an id. Raises RunError for several."""
    matches = [text] if text in known else [found for found in known if text and text in found]
    if len(matches) > 1:
        raise RunError(
            f"{text!r} fits {len(matches)} {what}: {', '.join(matches[:4])}; say more of the id"
        )
    return known[matches[0]] if matches else None


def all_runs() -> Iterator[RunDirectory]:
    """Every run that is registered for this user, newest first."""
    return map(RunDirectory, registered("spec.json"))


def find_run(run: str | os.PathLike[str]) -> RunDirectory:
    """The directory of a run given by its id, the start of it, its name's id part, or its path.

    Raises RunError where there is none, or more than one.
    """
    if not isinstance(run, str | os.PathLike):
        raise RunError(f"{run!r} is no run: give its id or its directory")
    text = os.fspath(run)
    as_path = Path(text)
    # Text that no file can be named by is no id either, and is told below.
    with contextlib.suppress(OSError):
        if (as_path / "spec.json").is_file():
            return RunDirectory(as_path.absolute())
    known = {entry.id: entry for entry in all_runs()}
    if found := the_one(text, known, "runs"):
        return found
    if moved := _moved_away(text):
        raise RunError(
            f"run {moved.name} is not in {moved.readlink()} any more: if it was moved, attach to "
            "its directory once, and its id is known again"
        )
    raise RunError(
        f"no run {text!r} under {state_directory() / 'runs'}{nearest(text, known)}; "
        "hn.runs() and `hepnb runs` list them"
    )


def _moved_away(text: str) -> Path | None:
    """The link of a run of this id, or part of an id, that leads nowhere."""
    with contextlib.suppress(OSError):
        for entry in (state_directory() / "runs").iterdir():
            if text and text in entry.name and is_astray(entry):
                return entry
    return None
