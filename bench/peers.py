"""The same analysis in coffea's iterative executor: CPU time, same process, same file."""

from __future__ import annotations

import time

from .dimuon import coffea_loop, hepnb_path, input_file, same_counts
from .table import interleaved, show

__all__ = ["main"]

_CHUNK = 100_000
_COPIES = 10


def main(repeats: int = 5) -> None:
    """Print the CPU time of hepnb's chunks, one after the other, against coffea's."""
    import hist

    from hepnb.analysis import as_datasets, open_events
    from hepnb.histograms import Contribution, H5Hist, Signature

    file = str(input_file())
    program = hepnb_path().freeze()
    (dataset,) = as_datasets([file])
    signatures = {
        h.name: Signature.from_axes(h.name, h.axes, h.storage, h.label) for h in program.histograms
    }
    loop = coffea_loop(_CHUNK)

    def ours() -> hist.Hist:
        events_file = open_events(file, None)
        columns = program.columns(events_file.branches)
        total = H5Hist(*signatures["mass"].axes)
        for start in range(0, events_file.entries, _CHUNK):
            stop = min(start + _CHUNK, events_file.entries)
            result = program.process(
                events_file.read(columns, start, stop), dataset, first_entry=start
            )
            contribution = Contribution(signatures)
            for fill in result.fills:
                contribution.fill(fill.hist, weight=fill.weight, **fill.categories, **fill.columns)
                total.fill(**fill.categories, **fill.columns)
            contribution.encode("bench", start, {})
        events_file.close()
        return total.to_hist()

    def timed(work: object) -> float:
        began = time.process_time()
        for _ in range(_COPIES):
            work()  # type: ignore[operator]
        return (time.process_time() - began) / _COPIES

    same_counts(ours(), loop([file]))
    found = interleaved(
        {
            "coffea, iterative executor": lambda: timed(lambda: loop([file])),
            "hepnb, same chunks": lambda: timed(ours),
        },
        repeats,
    )
    show("dimuon spectrum, CPU time per pass", found, "coffea, iterative executor", "at most 0.5")


if __name__ == "__main__":
    main()
