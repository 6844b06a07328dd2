"""`%%hepanalysis` starts a run from a cell of definitions; `%hepanalysis` looks after runs."""

# IPython leaves its magics untyped.
# mypy: allow-untyped-calls, allow-untyped-decorators

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from ..errors import nearest
from .arguments import data_value, handle_name, parameters, parsed, text_value
from .cell import path_from_cell
from .options import data_option, start_options, start_settings
from .verbs import VERBS, Verbs

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["HepMagics"]


@magics_class
class HepMagics(Magics):
    """The two faces of `hepanalysis`."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._verbs = Verbs(shell)

    @magic_arguments("%hepanalysis")
    @argument("name", metavar="NAME", help="what the analysis is called")
    @data_option
    @argument(
        "--with",
        dest="given",
        metavar="A,B",
        help="variables that the run is made with: kept as run.parameters",
    )
    @argument("-o", dest="handle", default="run", metavar="NAME", help="name of the handle [run]")
    @start_options
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
        given = parsed(self.start, line)
        names = self.shell.user_ns
        handle = handle_name(given.handle)
        settings = start_settings(given, names)
        if given.given:
            settings["parameters"] = parameters(given.given, names)
        data = data_value(given.data, names)
        path = path_from_cell(self.shell, text_value(given.name, names), cell)
        self._verbs.name_and_show(path.start(data, **settings), handle)

    @line_magic("hepanalysis")  # type: ignore[arg-type]
    @no_var_expand
    def look_after(self, line: str) -> Any:
        """Look after runs.

        runs                 every run of yours, newest first
        status [ID]          how far it is, what failed
        attach ID [-o r]     show it here, live, and name it
        log [ID] [-n 50] [--level error]
                             its last log records
        wait [ID]            wait until it has ended
        cancel [ID]          end it soon; what is committed stays
        pause [ID]           start no further chunk
        resume [ID]          go on, after a pause or when its supervisor is gone
        scan MAKER pt=20,25 iso=$values --data files [-o runs]
                             all combinations of parameters
        plan PATH --data files
                             what a run would read and keep
        doctor               whether everything works here

        An ID is a variable that holds the run, its id, or any part of that. Without one the last run
        of this notebook is meant, or else the newest.
        """
        __tracebackhide__ = True
        verb, rest = [*line.split(maxsplit=1), "", ""][:2]
        if verb not in VERBS:
            said = f"no {verb!r}{nearest(verb, VERBS)}; it" if verb else "it"
            raise UsageError(f"%hepanalysis: {said} takes one of {', '.join(VERBS)}")
        return getattr(self._verbs, verb)(rest)
