"""A run from end to end: toy events, one worker, a histogram on disk, the right number in it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from ..errors import HepnbError
from .finding import Finding

__all__ = ["run_of_toys"]

_EVENTS = 2000
_PATIENCE = 60.0


def run_of_toys() -> Finding:
    """Start, wait, read back: what `path.start` needs, all of it at once."""
    from .._bind import Path as AnalysisPath
    from ..runs.directory import state_directory
    from ..runs.handle.client import ENDED
    from ..samples import toy_dimuon

    with tempfile.TemporaryDirectory(
        prefix="doctor-", dir=state_directory(), ignore_cleanup_errors=True
    ) as folder:
        file = toy_dimuon(Path(folder, "toy.root"), events=_EVENTS)
        path = AnalysisPath("doctor")
        path.hist("n", n="count(Muon): 0, 100, int")
        began = time.monotonic()
        run: Any = None
        try:
            run = path.start(file, workers=1, chunk=_EVENTS // 2, out=Path(folder, "run"))
            run.wait(_PATIENCE)
            counted = int(run.hist("n").sum(flow=True))
        except HepnbError as error:
            return Finding("a run", str(error), _mend(run))
        finally:
            if run is not None:
                if run.status not in ENDED:
                    run.kill()
                _forget(state_directory() / "runs" / run.id)
        took = time.monotonic() - began
    if counted != _EVENTS:
        return Finding(
            "a run", f"counted {counted} of {_EVENTS} events", "report this: it is a bug"
        )
    return Finding("a run", f"{_EVENTS:,} events in {took:.1f} s, every one counted once")


def _forget(registered: Path) -> None:
    if registered.is_symlink():
        registered.unlink()


def _mend(run: Any) -> str:
    words = run.error.traceback.strip().splitlines() if run is not None and run.error else []
    return words[-1] if words else "mend the lines above first; then report this: it may be a bug"
