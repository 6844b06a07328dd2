"""What `%hepanalysis VERB ...` does: one method a verb, each with its own arguments and help."""

# IPython leaves its magics untyped.
# mypy: allow-untyped-calls, allow-untyped-decorators

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from ..errors import RunError
from .arguments import (
    data_value,
    handle_name,
    list_value,
    number_value,
    parsed,
    text_value,
    unquoted,
)
from .options import data_option, start_options, start_settings

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..runs import Run, RunSet

__all__ = ["VERBS", "Verbs"]

VERBS = (
    "runs",
    "status",
    "attach",
    "log",
    "wait",
    "cancel",
    "pause",
    "resume",
    "scan",
    "plan",
    "doctor",
)
_which = argument(
    "run", nargs="?", metavar="ID", help="its variable, id or a part of that [the last run]"
)
_named = argument("-o", dest="handle", metavar="NAME", help="the variable that gets it")


class Verbs:
    """The verbs, in a shell; `last` is the run that was spoken of last."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self.last: Run | RunSet | None = None

    # -- looking ----------------------------------------------------------------------------

    @magic_arguments("%hepanalysis runs")
    def runs(self, line: str) -> Any:
        """List every run of yours, newest first."""
        from .._bind import list_runs

        parsed(self.runs, line)
        return list_runs()

    @magic_arguments("%hepanalysis status")
    @_which
    def status(self, line: str) -> None:
        """Say how far it is, what was lost, what failed."""
        from ..runs import RunSet
        from ..runs.handle.text import status_text

        run = self._meant(parsed(self.status, line))
        _say(repr(run) if isinstance(run, RunSet) else status_text(run.snapshot()))

    @magic_arguments("%hepanalysis attach")
    @_which
    @_named
    def attach(self, line: str) -> None:
        """Show a run here, live, and name it."""
        given = parsed(self.attach, line)
        handle = _handle(given)
        self.name_and_show(self._meant(given), handle)

    @magic_arguments("%hepanalysis log")
    @_which
    @argument("-n", dest="count", default="20", metavar="N", help="how many records [20]")
    @argument("--level", metavar="LEVEL", help="only this level, such as warning")
    def log(self, line: str) -> None:
        """Print the last records of its log."""
        from ..runs.handle.text import level_name, log_text

        given = parsed(self.log, line)
        count = number_value("-n", given.count, self._names) or 0
        if count < 1:
            raise UsageError(f"-n {given.count}: at least 1")
        level = level_name(unquoted(given.level) if given.level else None)
        _say(log_text(self._one(given), count, level))

    # -- steering ---------------------------------------------------------------------------

    @magic_arguments("%hepanalysis wait")
    @_which
    def wait(self, line: str) -> None:
        """Wait until it has ended; an interrupt ends the waiting only."""
        run = self._meant(parsed(self.wait, line))
        run.wait()
        _say(repr(run))

    @magic_arguments("%hepanalysis cancel")
    @_which
    def cancel(self, line: str) -> None:
        """End it soon; what is committed stays."""
        from ..runs.handle.text import cancel

        _say(cancel(self._meant(parsed(self.cancel, line), running=True)))

    @magic_arguments("%hepanalysis pause")
    @_which
    def pause(self, line: str) -> None:
        """Start no further chunk; `resume` goes on."""
        from ..runs.handle.client import ENDED

        run = self._one(parsed(self.pause, line), running=True)
        if run.status not in ENDED:
            run.pause()
        if run.status in ENDED:
            _say(f"run {run.id} is {run.status} already: there is nothing to pause")
        else:
            _say(f"run {run.id} pauses; %hepanalysis resume goes on")

    @magic_arguments("%hepanalysis resume")
    @_which
    @_named
    def resume(self, line: str) -> None:
        """Go on with a run that pauses, or whose supervisor is gone."""
        given = parsed(self.resume, line)
        handle = _handle(given)
        self.name_and_show(self._meant(given).resume(), handle)

    # -- starting ---------------------------------------------------------------------------

    @magic_arguments("%hepanalysis scan")
    @argument("maker", metavar="FUNCTION", help="makes the path of one combination")
    @argument("lists", nargs="+", metavar="NAME=VALUES", help="pt=20,25,30 iso=$values")
    @data_option
    @argument("--max-parallel", metavar="N", help="runs at once [what the cores allow]")
    @argument("-o", dest="handle", default="runs", metavar="NAME", help="name of the set [runs]")
    @start_options
    def scan(self, line: str) -> None:
        """Run all combinations of parameters in the background."""
        from .._bind import scan
        from ..runs.scans.scanning import settings_of_scans

        given = parsed(self.scan, line)
        handle = _handle(given)
        settings: dict[str, Any] = start_settings(given, self._names)
        if given.max_parallel:
            at_once = number_value("--max-parallel", given.max_parallel, self._names)
            settings["max_parallel"] = at_once
        taken = settings_of_scans()
        lists: dict[str, Any] = {}
        for text in given.lists:
            name, values = list_value(text, self._names)
            if name in lists:
                raise UsageError(f"{name} is given twice: write {name}=VALUE,VALUE")
            if name in taken:
                raise UsageError(f"{name} is a setting of the runs: name the parameter otherwise")
            lists[name] = values
        maker = self._variable(given.maker, "a function that makes a path")
        data = data_value(given.data, self._names)
        self.name_and_show(scan(maker, data, **settings, **lists), handle)

    @magic_arguments("%hepanalysis plan")
    @argument("path", metavar="PATH", help="the variable that holds the path")
    @data_option
    @start_options
    def plan(self, line: str) -> Any:
        """Say what a run would read and keep, without starting it."""
        from .._bind import plan

        given = parsed(self.plan, line)
        settings = start_settings(given, self._names)
        del settings["out"]  # nothing is written
        path = self._variable(given.path, "a path")
        return plan(path, data_value(given.data, self._names), **settings)

    @magic_arguments("%hepanalysis doctor")
    def doctor(self, line: str) -> None:
        """Look whether runs and widgets can work here; say what to mend."""
        from ..checkup import doctor

        parsed(self.doctor, line)
        _say(doctor(lambda finding: _say(str(finding))).verdict)

    # -- inside -----------------------------------------------------------------------------

    @property
    def _names(self) -> dict[str, Any]:
        names: dict[str, Any] = self._shell.user_ns
        return names

    def name_and_show(self, run: Run | RunSet, handle: str | None) -> None:
        """Live in a notebook, one line in a terminal; and it is the one spoken of from now on."""
        self.last = run
        if handle:
            self._names[handle] = run
        if getattr(self._shell, "kernel", None) is None:
            _say(repr(run))
        else:
            display(run)

    def _variable(self, text: str, what: str) -> Any:
        name = text.strip("${}")
        if name not in self._names:
            raise UsageError(f"no variable {name!r}: give the name of {what}")
        return self._names[name]

    def _one(self, given: Namespace, *, running: bool = False) -> Run:
        """The run that is meant, which must not be a scan."""
        from ..runs import RunSet

        run = self._meant(given, running=running)
        if isinstance(run, RunSet):
            raise UsageError(f"{run.id} is a scan of {len(run)} runs: say which")
        return run

    def _meant(self, given: Namespace, *, running: bool = False) -> Run | RunSet:
        """What is meant: by its variable or id, else the last of this notebook, else the newest."""
        from .._bind import attach, list_runs
        from ..runs import Run, RunSet
        from ..runs.handle.listing import ALIVE

        if isinstance(named := self._names.get(given.run), Run | RunSet):
            return named
        if given.run:
            return attach(text_value(given.run, self._names))
        if self.last is not None:
            return self.last
        rows = [row for row in list_runs() if not running or row["state"] in ALIVE]
        if not rows:
            raise RunError("there is no run yet" if not running else "no run is running")
        if running and len(rows) > 1:
            ids = ", ".join(row["id"] for row in rows[:4])
            raise UsageError(f"{len(rows)} runs are running ({ids}): say which")
        return attach(rows[0]["id"])


def _handle(given: Namespace) -> str | None:
    return handle_name(given.handle) if given.handle else None


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
