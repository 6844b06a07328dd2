"""`python -m bench [NAME ...]`: run these benchmarks, or all of them, and print their tables.

hepnb is compiled first, as whatever is installed is: a clone may never have been, and every process
would do it anew.
"""

from __future__ import annotations

import compileall
import sys
from pathlib import Path

import hepnb

from . import (
    cache,
    engine,
    histograms,
    logs,
    overhead,
    peers,
    scans,
    service,
    starting,
    systematics,
    widgets,
    widgets_log,
)

ALL = {
    "overhead": overhead.main,
    "engine": engine.main,
    "peers": peers.main,
    "systematics": systematics.main,
    "cache": cache.main,
    "starting": starting.main,
    "scans": scans.main,
    "logs": logs.main,
    "histograms": histograms.main,
    "service": service.main,
    "widgets": widgets.main,
    "widgets_log": widgets_log.main,
}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(ALL)
    if unknown := [name for name in chosen if name not in ALL]:
        sys.exit(f"bench: no benchmark {unknown[0]!r}; there are {', '.join(ALL)}")
    compileall.compile_dir(Path(hepnb.__file__).parent, quiet=1)
    for benchmark in chosen:
        ALL[benchmark]()
