"""`python -m bench [NAME ...]`: run these benchmarks, or all of them, and print their tables."""

from __future__ import annotations

import sys

from . import engine, histograms, logs, overhead, peers, scans, service, starting

ALL = {
    "overhead": overhead.main,
    "engine": engine.main,
    "peers": peers.main,
    "starting": starting.main,
    "scans": scans.main,
    "logs": logs.main,
    "histograms": histograms.main,
    "service": service.main,
}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(ALL)
    if unknown := [name for name in chosen if name not in ALL]:
        sys.exit(f"bench: no benchmark {unknown[0]!r}; there are {', '.join(ALL)}")
    for benchmark in chosen:
        ALL[benchmark]()
