"""The zygote of a run: loads the heavy libraries and the user's code once, then forks workers.

It stays single-threaded, so its forks are safe. It is the only place (with its children) where a
pickle is ever loaded, and that pickle lies in a directory that only its owner can write.
Run as `python -m hepnb.runs.engines.zygote FD RUNDIR`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path

import msgpack

from ...errors import one_line
from ..bundle import Bundle
from ..directory import RunDirectory
from ..processes import print_into
from ..spec import RunSpec
from .limits import limit_address_space

__all__ = ["main"]

_HEAVY = (
    "numpy",
    "numpy.ma",
    "numpy.random",
    "awkward",
    "uproot",
    "hist",
    "hepnb.analysis.steering.checking",
    "hepnb.analysis.reading.events",
    "hepnb.analysis.loop.processing",
    "hepnb.analysis.loop.random",
    "hepnb.histograms.adding",
    "hepnb.histograms.contribution",
    "hepnb.runs.engines.worker",
)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def load(directory: RunDirectory, spec: RunSpec) -> Bundle:
    """The user's code, from a directory that nobody else can write."""
    directory.check_private()
    os.chdir(spec.working_directory)
    sys.path[:] = [*spec.python_path, *(p for p in sys.path if p not in spec.python_path)]
    return Bundle.read(directory.bundle)


def main(descriptor: int, directory: RunDirectory | None) -> None:
    """Serve the supervisor until it closes the socket, or dies; it says of which run, if need be."""
    control = socket.socket(fileno=descriptor)
    # Imports make hundreds of thousands of objects, and all of them stay.
    gc.disable()
    try:
        for module in _HEAVY:
            importlib.import_module(module)
        from ...analysis.reading.events import decompress_fast

        decompress_fast()
        if directory is None:
            path = control.recv(1 << 16)
            if not path:
                return
            directory = RunDirectory(Path(os.fsdecode(path)))
            print_into(directory.supervisor_log)
        spec = RunSpec.read(directory.spec)
        bundle = load(directory, spec)
    except BaseException as error:  # noqa: BLE001  the user's code
        text = "".join(traceback.format_exception(error))
        title = f"the analysis cannot be loaded: {one_line(error)}"
        failure = {"k": "failed", "title": title, "traceback": text[-20_000:]}
        _say(control, failure)
        return
    gc.freeze()
    gc.enable()
    _say(control, {"k": "ready"})
    _serve(control, bundle, spec, directory.path)


def _say(control: socket.socket, message: dict[str, str]) -> None:
    # Where the supervisor was killed meanwhile nobody listens: the end of the socket follows.
    with contextlib.suppress(OSError):
        control.send(msgpack.packb(message, unicode_errors="backslashreplace"))


def _serve(control: socket.socket, bundle: Bundle, spec: RunSpec, home: Path) -> None:
    wake_read, wake_write = os.pipe()
    for end in (wake_read, wake_write):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: set[int] = set()
    _adopt_orphans()
    while True:
        ready, _, _ = select.select([control.fileno(), wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 4096)
            _reap(control, children)
        if control.fileno() in ready:
            message, descriptors = _next_request(control)
            if not message:
                break
            pid = os.fork()
            if pid == 0:
                control.close()
                os.close(wake_read)
                os.close(wake_write)
                _become_worker(descriptors, bundle, spec, home)
            children.add(pid)
            for descriptor in descriptors:
                os.close(descriptor)
    for pid in children:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
    _end_all_children()


def _adopt_orphans() -> None:
    """What the user's code starts in a session of its own becomes ours when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _end_all_children() -> None:
    """Workers, and whatever they have left; only once there is nobody is the run over."""
    with contextlib.suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                import psutil

                for child in psutil.Process().children():
                    with contextlib.suppress(psutil.Error):
                        child.kill()
                os.waitpid(-1, 0)


def _next_request(control: socket.socket) -> tuple[bytes, list[int]]:
    """The supervisor's next message and the channels with it; no message where it has hung up."""
    try:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 3)
    except ConnectionResetError:
        # It hung up before it had read all that was said to it.
        return b"", []
    return message, descriptors


def _reap(control: socket.socket, children: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid not in children:
            continue  # what a worker has left
        children.discard(pid)
        # What the user's code forked would live on, and hold the worker's channels open.
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        try:
            control.send(msgpack.packb({"k": "exit", "pid": pid, "status": status}))
        except OSError:
            return


def _become_worker(descriptors: list[int], bundle: Bundle, spec: RunSpec, home: Path) -> None:
    """In the forked child: take the channels, die with the zygote, and never return."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    status = 1
    # Where memory runs out the machine should take a worker, not the kernel or the supervisor.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    with contextlib.suppress(OSError):
        os.nice(spec.settings.nice)
    try:
        channel = socket.socket(fileno=descriptors[0])
        os.dup2(descriptors[1], 1)
        os.dup2(descriptors[2], 2)
        os.close(descriptors[1])
        os.close(descriptors[2])
        _show_stacks()
        limit_address_space(spec.settings.memory)
        from .worker import serve

        serve(channel, bundle, spec, home)
        status = 0
    except BaseException:  # noqa: BLE001  a fork must never return into the zygote
        with contextlib.suppress(Exception):
            traceback.print_exc()
            sys.stderr.flush()
    finally:
        os._exit(status)


def _show_stacks() -> None:
    """Have the stack printed where the process crashes, and on SIGUSR1 wherever it is.

    To a descriptor of its own: the user's code may close or replace stderr.
    """
    import faulthandler

    errors = os.dup(2)
    faulthandler.enable(errors)
    faulthandler.register(signal.SIGUSR1, errors)


if __name__ == "__main__":
    main(int(sys.argv[1]), RunDirectory(Path(sys.argv[2])))
