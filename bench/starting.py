"""How long a physicist waits: importing, the cell, the first progress, a worker.

Everything is measured from a real kernel process that is warm: the libraries have been imported
once on this machine, the kernel has run the cell before, and a supervisor waits beside it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .dimuon import input_file
from .table import interleaved, show

__all__ = ["main"]

_CELL = """%%hepanalysis bench --data {file} --workers 2 -o run
path.select("two muons", "nMuon == 2")
path.define("pair_mass", "mass(Muon[:, 0], Muon[:, 1])")
path.hist("mass", mass="pair_mass: 300, 0.3, 300, log")
"""
_THINKS = 1.5  # seconds between two cells, at least
_WATCH = """
import time
while run.progress["events"] == 0 and run.status in ("starting", "running"): time.sleep(0.002)
first = time.time()
_ = run.wait(60)
"""


def _import(statement: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - began


def main(repeats: int = 5) -> None:
    """Print import times, and in one kernel the times to the cell's end and the first progress."""
    found = interleaved(
        {
            "python -c pass": lambda: _import("pass"),
            "import hepnb": lambda: _import("import hepnb"),
            "import numpy": lambda: _import("import numpy"),
        },
        repeats,
    )
    show("import", found, "python -c pass", "hepnb at most 0.15 s above python")
    _kernel(repeats)


def _kernel(repeats: int) -> None:
    from jupyter_client.manager import start_new_kernel

    file = input_file()
    with tempfile.TemporaryDirectory(prefix="hepnb-bench-") as home:
        manager, client = start_new_kernel(cwd=home)

        def run(code: str) -> dict[str, str]:
            wanted = {"began": "began", "cell": "cell", "first": "first"}
            reply = client.execute_interactive(
                code, user_expressions=wanted, output_hook=lambda _: None, timeout=120
            )["content"]
            if reply["status"] != "ok":
                raise SystemExit("\n".join(reply["traceback"]))
            expressions = reply["user_expressions"]
            return {
                k: v["data"]["text/plain"] for k, v in expressions.items() if v["status"] == "ok"
            }

        try:
            run(f"import os; os.environ['HEPNB_STATE_DIR'] = {str(Path(home) / 'state')!r}")
            run("%load_ext hepnb")
            cells, firsts = [], []
            for _ in range(repeats + 1):
                time.sleep(_THINKS)
                run("import time; began = time.time()")
                sent = time.time()
                run(_CELL.format(file=file))
                cells.append(time.time() - sent)
                firsts.append(float(run(_WATCH)["first"]) - sent)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    found = {"the cell returns": cells[1:], "first events committed": firsts[1:]}
    show("from Shift+Enter, warm kernel", found, "the cell returns", "first progress below 1 s")
    print(f"  cold: the cell returns after {cells[0]:.2f} s, first events after {firsts[0]:.2f} s")
    _workers(repeats)


def _workers(repeats: int) -> None:
    """A fresh interpreter with the libraries of a worker against a fork of the zygote."""
    import hepnb as hn

    file = str(input_file())
    libraries = "import numpy, awkward, uproot, hist, hepnb.analysis, hepnb.histograms"
    births: list[float] = []
    with tempfile.TemporaryDirectory(prefix="hepnb-bench-") as home:
        path = hn.Path("workers")
        path.hist("n", n="nMuon: 5, -0.5, 4.5")

        def fork() -> float:
            run = path.start(file, workers=1, out=Path(home) / f"run{len(births)}")
            began = time.perf_counter()
            while not any(row["pid"] for row in run.workers):
                time.sleep(0.001)
            births.append(time.perf_counter() - began)
            run.wait()
            return births[-1]

        found = interleaved(
            {"fresh interpreter": lambda: _import(libraries), "first worker of a run": fork},
            repeats,
        )
    show("worker start", found, "fresh interpreter")


if __name__ == "__main__":
    main()
