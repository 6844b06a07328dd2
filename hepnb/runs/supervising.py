"""The process of a supervisor: it starts the zygote, then imports what it supervises with.

Both import their libraries at the same time so, and the zygote, which needs longest, is first.
Meanwhile the cell looks into the first files: as long as it may still refuse the run, it holds it.
Run as `python -m hepnb.runs.supervising RUNDIR`.
"""

from __future__ import annotations

import gc
import sys
from functools import partial
from pathlib import Path

from ..errors import RunError
from .directory import RunDirectory
from .engines.launching import first_zygote
from .spec import SAID, RunSpec


def main(path: str) -> None:
    """Supervise the run in this directory until it ends."""
    directory = RunDirectory(Path(path))
    try:
        directory.check_private()
        settings = RunSpec.read(directory.spec).settings
    except RunError as error:
        sys.exit(f"{SAID}{error}")
    # Imports make hundreds of thousands of objects, and all of them stay.
    gc.disable()
    zygote = first_zygote(directory, settings)
    from .engines.local import LocalEngine
    from .supervisor import main as supervise

    gc.enable()
    sys.stdin.buffer.read()  # at an end, unless the run is held
    supervise(path, partial(LocalEngine, zygote=zygote))


if __name__ == "__main__":
    main(sys.argv[1])
