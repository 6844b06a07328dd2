"""`%%hepanalysis` starts a run from a cell of definitions; `%hepanalysis` looks after runs."""

# IPython leaves its magics untyped.
# mypy: allow-untyped-calls, allow-untyped-decorators

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from ..errors import RunError, nearest
from .arguments import data_value, handle_name, number_value, text_value, unquoted
from .cell import path_from_cell
from .completion import VERBS

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..runs import Run

__all__ = ["HepMagics"]

_POLICIES = ("fail", "skip")


@magics_class
class HepMagics(Magics):
    """The two faces of `hepanalysis`, and the last run they spoke of."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._last: Run | None = None

    # -- %%hepanalysis ----------------------------------------------------------------------

    @magic_arguments("%hepanalysis")
    @argument("name", metavar="NAME", help="what the analysis is called")
    @argument(
        "--data",
        nargs="+",
        required=True,
        metavar="FILES",
        help="files, globs or folders, or a variable that holds them (also $name, {name})",
    )
    @argument("--workers", "-w", default="2", metavar="N", help="worker processes [2]")
    @argument("--chunk", metavar="N", help="events per chunk [chosen from the file's size]")
    @argument("--out", metavar="DIR", help="the run directory, a new one")
    @argument(
        "--on-error",
        default="fail",
        metavar="fail|skip",
        help="what an exception in the analysis does: end the run, or lose that chunk [fail]",
    )
    @argument(
        "--allow-duplicates", action="store_true", help="the same file may count more than once"
    )
    @argument("-o", dest="handle", default="run", metavar="NAME", help="name of the handle [run]")
    @cell_magic("hepanalysis")  # type: ignore[arg-type]
    @no_var_expand
    def start(self, line: str, cell: str) -> None:
        """Run the definitions of this cell over data, in the background.

        The cell's body builds a path, named `path`; then the run starts and shows itself, and the
        kernel is free again:

            %%hepanalysis dimuon --data files --workers 2 -o run
            path.select("two muons", "count(Muon) == 2")
            @path.define
            def pair_pt(Muon):
                return Muon.pt[:, 0] + Muon.pt[:, 1]
            path.hist("pt", pt="pair_pt: 50, 0, 100 [GeV]")

        An exception in the body starts nothing. Running the cell again makes a new run.
        """
        __tracebackhide__ = True
        given = parse_argstring(self.start, line)
        names = self.shell.user_ns
        handle = handle_name(given.handle)
        options = _options(given, names)
        data = data_value(given.data, names)
        path = path_from_cell(self.shell, text_value(given.name, names), cell)
        run = path.start(data, **options)
        names[handle] = run
        self._show(run)

    # -- %hepanalysis -----------------------------------------------------------------------

    @magic_arguments("hepanalysis")
    @argument("verb", nargs="?", default="", metavar="|".join(VERBS), help="what to do")
    @argument("run", nargs="?", metavar="ID", help="a run's id or part of it [the last run]")
    @argument("-o", dest="handle", metavar="NAME", help="attach: the variable that gets the run")
    @argument("-n", dest="count", default="20", metavar="N", help="log: how many records [20]")
    @argument("--level", metavar="LEVEL", help="log: only this level, such as warning")
    @line_magic("hepanalysis")  # type: ignore[arg-type]
    @no_var_expand
    def look_after(self, line: str) -> Any:
        """List runs, ask how one goes, read its log, cancel it, or attach to it.

        runs            every run of yours, newest first
        status [ID]     how far it is, what failed
        log [ID]        its last log records
        cancel [ID]     end it soon; what is committed stays
        attach ID -o r  show it here, live, and name it
        """
        __tracebackhide__ = True
        given = parse_argstring(self.look_after, line)
        if given.verb not in VERBS:
            said = f"no {given.verb!r}{nearest(given.verb, VERBS)}; it" if given.verb else "it"
            raise UsageError(f"%hepanalysis: {said} takes one of {', '.join(VERBS)}")
        return getattr(self, f"_{given.verb}")(given)

    def _runs(self, _given: Namespace) -> Any:
        from ..runs import list_runs

        return list_runs()

    def _status(self, given: Namespace) -> None:
        from ..runs.text import status_text

        _say(status_text(self._which(given).snapshot()))

    def _log(self, given: Namespace) -> None:
        from ..runs.text import level_name, log_text

        count = number_value("-n", given.count, self.shell.user_ns) or 20
        level = level_name(unquoted(given.level) if given.level else None)
        _say(log_text(self._which(given), count, level))

    def _cancel(self, given: Namespace) -> None:
        from ..runs.text import cancel

        _say(cancel(self._which(given, running=True)))

    def _attach(self, given: Namespace) -> None:
        run = self._which(given)
        if given.handle:
            self.shell.user_ns[handle_name(given.handle)] = run
        self._show(run)

    def _show(self, run: Run) -> None:
        """Live in a notebook, one line in a terminal; and it is the one spoken of from now on."""
        self._last = run
        if getattr(self.shell, "kernel", None) is None:
            _say(repr(run))
        else:
            display(run)

    def _which(self, given: Namespace, running: bool = False) -> Run:
        """The run that is meant: by its id, else the last of this notebook, else the newest."""
        from ..runs import attach, list_runs

        if given.run:
            return attach(text_value(given.run, self.shell.user_ns))
        if self._last is not None:
            return self._last
        rows = [row for row in list_runs() if not running or row["state"] in _ALIVE]
        if not rows:
            raise RunError("there is no run yet" if not running else "no run is running")
        if running and len(rows) > 1:
            ids = ", ".join(row["id"] for row in rows[:4])
            raise UsageError(f"{len(rows)} runs are running ({ids}): say which")
        return attach(rows[0]["id"])


_ALIVE = ("starting", "running")


def _options(given: Namespace, names: dict[str, Any]) -> dict[str, Any]:
    policy = text_value(given.on_error, names)
    if policy not in _POLICIES:
        raise UsageError(f"--on-error {policy}: fail or skip")
    return {
        "workers": number_value("--workers", given.workers, names),
        "chunk": number_value("--chunk", given.chunk, names),
        "out": text_value(given.out, names) if given.out else None,
        "on_error": policy,
        "allow_duplicates": given.allow_duplicates,
    }


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
