"""The same analysis in coffea's iterative executor: CPU time, same process, same file."""

from __future__ import annotations

import time
from collections.abc import Callable

from .dimuon import coffea_loop, hepnb_path, input_file
from .signatures import signatures_of
from .table import interleaved, show

__all__ = ["main"]

_PASSES = 10


def main(repeats: int = 5) -> None:
    """Print the CPU time of hepnb's chunks, one after the other, against coffea's.

    A chunk of the whole file costs both the opening of the file, which for this file is most of
    the work; with smaller chunks hepnb keeps the file open and coffea opens it again.
    """
    print("CPU time, one process, what each ships with: workers of hepnb decompress with isa-l")
    file = str(input_file())
    for chunk in (100_000, 25_000):
        _compare(file, chunk, repeats)


def _compare(file: str, chunk: int, repeats: int) -> None:
    import uproot.compression

    from hepnb.analysis import as_datasets, open_events
    from hepnb.analysis.reading.events import decompress_fast
    from hepnb.histograms import Contribution

    program = hepnb_path().freeze()
    (dataset,) = as_datasets([file])
    signatures = signatures_of(program)
    loop = coffea_loop(chunk)
    reader = uproot.compression._DecompressZLIB
    standard = reader.library

    def ours() -> float:
        """What a worker does with one file; the pairs it filled."""
        decompress_fast()
        pairs = 0
        with open_events(file, None) as opened:
            columns = program.columns(opened.branches)
            for start in range(0, opened.entries, chunk):
                stop = min(start + chunk, opened.entries)
                events = opened.read(columns, start, stop)
                contribution = Contribution(signatures)
                for fill in program.process(events, dataset, first_entry=start).fills:
                    contribution.fill(
                        fill.hist, weight=fill.weight, **fill.categories, **fill.columns
                    )
                    pairs += len(fill.columns["mass"])
                contribution.encode("bench", start, {})
        reader.library = standard
        return float(pairs)

    def theirs() -> float:
        return float(loop([file]).values(flow=True).sum())

    def timed(work: Callable[[], float]) -> float:
        began = time.process_time()
        for _ in range(_PASSES):
            work()
        return (time.process_time() - began) / _PASSES

    if ours() != theirs():
        raise SystemExit(f"the two analyses differ: {ours():.0f} and {theirs():.0f} pairs")
    cases = {"coffea, iterative executor": lambda: timed(theirs), "hepnb": lambda: timed(ours)}
    found = interleaved(cases, repeats)
    show(f"100,000 events, chunks of {chunk:,}", found, "coffea, iterative executor", "at most 0.5")


if __name__ == "__main__":
    main()
