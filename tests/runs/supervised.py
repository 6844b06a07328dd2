"""A supervisor that kills itself at a chosen step, started in the place of the real one.

`HEPNB_TEST_KILL` is `step number when`: at the so-many-th time of that step in this life, `before`
or `after` it is done. Steps are whatever changes the directory of a run.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from hepnb.histograms import fold, journal, ledger, manifest, writer
from hepnb.runs import supervisor
from hepnb.runs.directory import RunDirectory
from hepnb.runs.reporting import Reporter

STEP, NUMBER, WHEN = os.environ["HEPNB_TEST_KILL"].split()
counts: Counter[str] = Counter()


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

supervisor.main(sys.argv[1])
