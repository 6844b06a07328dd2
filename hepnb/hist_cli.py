"""`hepnb hist ...`: what a store holds, giving it away, adding up, checking, tidying, serving."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .strict import strict_json

__all__ = ["add_hist"]


def add_hist(parts: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Put the parts of the verb `hist` into the parser of the command."""
    from .histograms.service.serving import add_arguments

    info = add(parts, "info", _info, "Say what a store holds.")
    export = add(parts, "export", _export, "Write one self-contained UHI file (HDF5) from a store.")
    merge = add(
        parts, "merge", _merge, "Add stores up into a new one; each contribution counts once."
    )
    check = add(
        parts, "check", _check, "Verify checksums, packs, journal and ledger; changes nothing."
    )
    compact = add(
        parts, "compact", _compact, "Fold the journal and rewrite packs that hold little."
    )
    merge.add_argument("out", metavar="OUT", type=Path, help="the new store")
    merge.add_argument("stores", metavar="DIR", type=Path, nargs="+", help="the stores to add")
    for verb in (info, export, check, compact):
        verb.add_argument("store", metavar="DIR", type=Path, help="the store, or a run's directory")
    export.add_argument("file", metavar="FILE", type=Path, help="the file, *.h5")
    export.add_argument("--name", dest="only", metavar="NAME", help="this histogram only")
    for verb in (info, export, merge, check, compact):
        verb.add_argument(
            "--json", action="store_true", help="print one JSON object and nothing else"
        )
    serve = "Keep the histograms that any number of clients fill (hn.RemoteHist), until SIGTERM."
    add_arguments(add(parts, "serve", _serve, serve))


def _say(given: argparse.Namespace, facts: dict[str, Any], text: str) -> None:
    print(strict_json(facts) if given.json else text)


def _info(given: argparse.Namespace) -> None:
    from .histograms.summary import summary_of, summary_text

    facts = summary_of(given.store)
    _say(given, facts, summary_text(facts))


def _export(given: argparse.Namespace) -> None:
    from .histograms import Store

    store = Store.open(given.store)
    source = store if given.only is None else store.hist(given.only)
    file = source.export(given.file)
    names = list(store.names) if given.only is None else [given.only]
    size = file.stat().st_size
    facts = {"file": str(file), "histograms": names, "bytes": size}
    _say(given, facts, f"{file}: {', '.join(names)}; {size:,} bytes")


def _merge(given: argparse.Namespace) -> None:
    from .histograms.merge import merge_stores
    from .histograms.summary import summary_of, summary_text

    facts = summary_of(merge_stores(given.out, given.stores))
    _say(given, facts, summary_text(facts))


def _check(given: argparse.Namespace) -> int:
    from .histograms.verify import problems_of

    found = problems_of(given.store)
    facts = {"store": str(given.store), "whole": not found, "problems": found}
    _say(given, facts, "\n".join(found) or f"{given.store} is whole")
    return 1 if found else 0


def _compact(given: argparse.Namespace) -> None:
    from .histograms import StoreWriter
    from .histograms.summary import bytes_of

    before = bytes_of(given.store)
    with StoreWriter.open(given.store) as writer:
        writer.compact()
        waiting = writer.tail_records
    after = bytes_of(given.store)
    facts = {"store": str(given.store), "before": before, "after": after, "waiting": waiting}
    left = f"; {waiting} records wait for one that is missing" if waiting else ""
    _say(given, facts, f"{given.store}: {before:,} bytes before, {after:,} after{left}")


def _serve(given: argparse.Namespace) -> int:
    from .histograms.service.serving import serve

    return serve(given)
