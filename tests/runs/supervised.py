"""A supervisor to which things happen, started in the place of the real one.

`HEPNB_TEST_KILL` is `step number when`: it kills itself at the so-many-th time of that step in this
life, `before` or `after` it is done. Steps are whatever changes the directory of a run.
`HEPNB_TEST_FULL` names one of the places in a run's directory: the disk has no space for it as long
as the file `full` lies beside the directory.
`HEPNB_TEST_AHEAD` is for how many seconds of work a worker has short chunks ahead.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hepnb.histograms import fold, journal, ledger, manifest, writer
from hepnb.runs.directory import RunDirectory
from hepnb.runs.supervisor import leasing, supervisor
from hepnb.runs.supervisor.reporting import Reporter

STEP, NUMBER, WHEN = os.environ.get("HEPNB_TEST_KILL", "none 0 never").split()
FULL = os.environ.get("HEPNB_TEST_FULL")
FLAG = Path(sys.argv[1]).parent / "full"
counts: Counter[str] = Counter()
leasing._AHEAD_SECONDS = float(os.environ.get("HEPNB_TEST_AHEAD", leasing._AHEAD_SECONDS))


def at(step: str, when: str) -> None:
    """Die here, if this is the place."""
    if (step, str(counts[step]), when) == (STEP, NUMBER, WHEN):
        os.kill(os.getpid(), signal.SIGKILL)


def patch(owner: Any, name: str, step: Callable[..., str]) -> None:
    real = getattr(owner, name)

    def steps(*args: Any, **kwargs: Any) -> Any:
        this = step(*args, **kwargs)
        counts[this] += 1
        at(this, "before")
        result = real(*args, **kwargs)
        at(this, "after")
        return result

    setattr(owner, name, steps)


def always(name: str) -> Callable[..., str]:
    return lambda *_, **__: name


for method in ("append", "tombstone", "sync", "seal", "close"):
    patch(writer.StoreWriter, method, always(method))
patch(writer.StoreWriter, "note", lambda _, meta: f"note-{meta['k']}")
patch(manifest.Manifest, "save", always("manifest"))
patch(ledger.Ledger, "extend", always("ledger"))
patch(journal.Journal, "rotate", always("rotate"))
patch(journal.Journal, "forget", always("forget"))
patch(fold, "write_pack", always("pack"))
patch(writer, "write_index", always("index"))
patch(Reporter, "keep_on_disk", lambda _, now=False: "last-status" if now else "status")
patch(RunDirectory, "close_socket", always("close-socket"))


def patch_write(name: str) -> None:
    real = getattr(os, name)

    def write(fd: int, *rest: Any) -> int:
        if FULL and f"/{FULL}/" in str(Path(f"/proc/self/fd/{fd}").readlink()) and FLAG.exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return int(real(fd, *rest))

    setattr(os, name, write)


patch_write("write")
patch_write("pwrite")
supervisor.main(sys.argv[1])
