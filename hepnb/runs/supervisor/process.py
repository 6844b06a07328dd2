"""The process of a supervisor: it starts the zygote, then imports what it supervises with.

Both import their libraries at the same time so, and the zygote, which needs longest, is first.
Meanwhile the cell looks into the first files: as long as it may still refuse the run, it holds it.
A spare one (`hepnb.runs.starting.spare`) does not know its run yet, and waits to be told.
Run as `python -m hepnb.runs.supervisor.process RUNDIR`, or `... spare NAME`.
"""

from __future__ import annotations

import gc
import json
import select
import sys
from functools import partial
from io import FileIO
from pathlib import Path

from ...errors import RunError
from ..directory import RunDirectory
from ..engines.launching import first_zygote, told
from ..processes import print_into
from ..settings import Settings
from ..spec import LONGEST_HOLD, SAID, SPARE, RunSpec


def main(where: str) -> None:
    """Supervise the run in this directory until it ends, or the one that it will be told."""
    directory = None if where == SPARE else RunDirectory(Path(where))
    # Imports make hundreds of thousands of objects, and all of them stay.
    gc.disable()
    zygote = first_zygote(directory, _settings(directory) if directory else None)
    from ..engines.local import LocalEngine
    from .supervisor import main as supervise

    gc.enable()
    told_by = FileIO(0, closefd=False)  # what is read ahead `select` does not see
    if directory is None:
        line = told_by.readline()
        if not line:
            return  # the notebook is gone
        directory = RunDirectory(Path(json.loads(line)))
        print_into(directory.supervisor_log)
        zygote = told(zygote, directory, _settings(directory))
    select.select([told_by], [], [], LONGEST_HOLD)
    supervise(str(directory.path), partial(LocalEngine, zygote=zygote))


def _settings(directory: RunDirectory) -> Settings:
    try:
        directory.check_private()
        return RunSpec.read(directory.spec).settings
    except RunError as error:
        sys.exit(f"{SAID}{error}")


if __name__ == "__main__":
    main(sys.argv[1])
