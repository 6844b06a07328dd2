"""The `hepnb` command: one verb per subcommand, each a few lines over the room that does the work.

Exit status: 0 when all went well, 1 when something failed or part of the input was lost (one line on
stderr says what, and the mend), 2 when the command line itself was not understood.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import __version__
from .errors import HepnbError, RunError, nearest
from .strict import strict_json

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    given, rest = _parser().parse_known_args(arguments)
    if rest:
        given.parser.error(
            f"unrecognized arguments: {' '.join(rest)}{_hint(given.parser, rest[0])}"
        )
    try:
        return int(given.verb(given) or 0)
    except HepnbError as error:
        print(f"hepnb {given.name}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"hepnb {given.name}: interrupted", file=sys.stderr)
    except BrokenPipeError:
        # The reader (`| head`) has had enough; nothing more can be said to it.
        sys.stderr.close()
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hepnb", description="Particle-physics analysis that runs behind the notebook."
    )
    parser.add_argument("--version", action="version", version=f"hepnb {__version__}")
    verbs = parser.add_subparsers(dest="name", required=True, metavar="VERB")
    _add_demo(verbs)
    _add_lab(verbs)
    _add_cards(verbs)
    _add_runs(verbs)
    _add_hist(verbs)
    _add_data(verbs)
    _add_doctor(verbs)
    return parser


def _add(verbs: Any, name: str, function: Any, says: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=says, description=says)
    parser.set_defaults(verb=function, parser=parser)
    return parser


def _parts(verbs: Any, name: str, says: str) -> Any:
    """Where the parts of a verb go that has several."""
    parser = verbs.add_parser(name, help=says, description=says)
    return parser.add_subparsers(dest="part", required=True, metavar="VERB")


def _hint(parser: argparse.ArgumentParser, word: str) -> str:
    """The option that was meant, as in the errors of a path."""
    known = [option for action in parser._actions for option in action.option_strings]
    return nearest(word, known) if word.startswith("-") else ""


def _positive(text: str) -> int:
    try:
        number = int(text.replace("_", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


# -- demo, lab --------------------------------------------------------------------------------


def _add_demo(verbs: Any) -> None:
    demo = _add(
        verbs,
        "demo",
        _demo,
        "Fill the dimuon spectrum of CMS open data in the background; write histograms and pictures.",
    )
    demo.add_argument(
        "--data", nargs="+", metavar="FILE", help="ROOT files instead of the sample (same branches)"
    )
    demo.add_argument("--workers", type=_positive, default=2, metavar="N", help="processes [2]")
    demo.add_argument(
        "--out", metavar="DIR", help="folder for the results [hepnb-demo, then hepnb-demo-2, ...]"
    )
    demo.add_argument("--chunk", type=_positive, metavar="N", help="events per chunk [5000]")
    demo.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def _demo(given: argparse.Namespace) -> int:
    from .demo import CHUNK, demo

    return demo(
        given.data,
        workers=given.workers,
        out=given.out,
        chunk=given.chunk or CHUNK,
        as_json=given.json,
    )


def _add_lab(verbs: Any) -> None:
    lab = _add(verbs, "lab", _lab, "Copy the starterkit into a folder and open it in JupyterLab.")
    lab.add_argument(
        "--dir", default="hepnb-starterkit", metavar="DIR", help="the folder [%(default)s]"
    )
    lab.add_argument(
        "--port", type=_positive, metavar="N", help="the port [the first free from 8888]"
    )
    lab.add_argument("--no-browser", action="store_true", help="only print the address")


def _lab(given: argparse.Namespace) -> None:
    from .notebook.lab import copy_starterkit, open_lab

    copied = copy_starterkit(Path(given.dir))
    print(f"starterkit in {copied.folder}: {len(copied.new)} files copied")
    if copied.kept:
        print(f"kept as you changed them: {', '.join(copied.kept)} (remove them to get ours back)")
    open_lab(copied.folder, browser=not given.no_browser, port=given.port)


# -- run, card --------------------------------------------------------------------------------


def _add_cards(verbs: Any) -> None:
    from .card_cli import add_card
    from .run_cli import add_run

    add_run(verbs, _add, _positive)
    says = "Check a run card, print its schema, compute its sums of weights, compare two."
    add_card(_parts(verbs, "card", says), _add)


# -- runs -------------------------------------------------------------------------------------


def _add_runs(verbs: Any) -> None:
    runs = _add(verbs, "runs", _runs, "List your runs, newest first.")
    runs.add_argument("--json", action="store_true", help="print them as JSON")
    attach = _add(
        verbs, "attach", _attach, "Follow a run to its end; an interrupt ends the following only."
    )
    log = _add(verbs, "log", _log, "Print the last records of a run's log.")
    log.add_argument("-n", type=_positive, default=100, metavar="N", help="how many [100]")
    log.add_argument("--level", metavar="LEVEL", help="only this level, such as warning")
    cancel = _add(verbs, "cancel", _cancel, "End a run soon; what is committed stays.")
    gc = _add(verbs, "gc", _gc, "Remove runs that ended long ago, and what dead runs left behind.")
    gc.add_argument("id", nargs="*", metavar="ID", help="only these runs, whatever their age")
    gc.add_argument("--older", default="30d", metavar="AGE", help="ended so long ago [%(default)s]")
    gc.add_argument("--dry-run", action="store_true", help="only say what would go")
    gc.add_argument("--json", action="store_true", help="print JSON and nothing else")
    resume = _add(
        verbs, "resume", _resume, "Go on with a run that was interrupted, or that pauses."
    )
    for verb in (attach, log, cancel, resume):
        verb.add_argument("id", metavar="ID", help="a run's id, part of it, or its directory")
    for verb in (attach, log):
        verb.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _runs(given: argparse.Namespace) -> None:
    from .runs import list_runs

    rows = list_runs()
    print(strict_json(rows) if given.json else (rows or "no runs yet"))


def _attach(given: argparse.Namespace) -> int:
    from .runs import RunSet
    from .runs.handle.finding import attach
    from .runs.handle.text import follow, status_text

    run = attach(given.id)
    follow(run, None if given.json else sys.stdout)
    if isinstance(run, RunSet):
        print(strict_json(run.rows()) if given.json else run)
    else:
        print(strict_json(run.snapshot()) if given.json else status_text(run.snapshot()))
    return 0 if run.status == "done" else 1


def _log(given: argparse.Namespace) -> None:
    from .runs import RunSet
    from .runs.handle.finding import attach
    from .runs.handle.text import level_name, log_text

    level = level_name(given.level)
    run = attach(given.id)
    if isinstance(run, RunSet):
        raise RunError(
            f"{run.id} is a scan of {len(run)} runs: say which (hepnb attach lists them)"
        )
    if given.json:
        print(strict_json(run.log_page(-given.n, given.n, level and [level])["records"]))
    else:
        print(log_text(run, given.n, level))


def _cancel(given: argparse.Namespace) -> None:
    from .runs.handle.finding import attach
    from .runs.handle.text import cancel

    print(cancel(attach(given.id)))


def _resume(given: argparse.Namespace) -> None:
    from .runs.handle.finding import resume

    print(resume(given.id))


def _gc(given: argparse.Namespace) -> None:
    from .runs.handle.cleaning import chosen, clean, litter, seconds_of

    items = [chosen(run) for run in given.id] if given.id else litter(seconds_of(given.older))
    gone = items if given.dry_run else clean(items)
    if given.json:
        print(strict_json([{"path": str(g.path), "why": g.why, "size": g.size} for g in gone]))
        return
    for item in gone:
        print(f"{item.path}: {item.why}, {item.size / 1e6:.1f} MB")
    freed = sum(item.size for item in gone) / 1e6
    print(f"{freed:.1f} MB {'would be' if given.dry_run else 'are'} free again")


# -- hist -------------------------------------------------------------------------------------


def _add_hist(verbs: Any) -> None:
    from .hist_cli import add_hist

    says = "Look at, give away, add up, check, tidy and serve stores of histograms."
    add_hist(_parts(verbs, "hist", says), _add)


# -- data -------------------------------------------------------------------------------------


def _add_data(verbs: Any) -> None:
    parts = _parts(verbs, "data", "What hepnb keeps of files that it has read.")
    cache = _add(parts, "cache", _data_cache, "Say what the column cache takes, or empty it.")
    cache.add_argument("--clear", action="store_true", help="remove everything in it")
    cache.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def _data_cache(given: argparse.Namespace) -> None:
    from .analysis.reading.cache import column_cache
    from .runs.policy import Policy

    cache = column_cache(Policy.of_site().cache)
    if cache is None:
        raise RunError("the column cache is switched off (HEPNB_CACHE_SIZE, or the site's policy)")
    pieces, size = cache.clear() if given.clear else cache.usage()
    facts = {"folder": str(cache.folder), "limit": cache.limit, "pieces": pieces, "size": size}
    if given.json:
        print(strict_json({**facts, "cleared": given.clear}))
        return
    what = "removed" if given.clear else f"of {cache.limit / 1e9:g} GB"
    print(f"{cache.folder}: {pieces} pieces, {size / 1e6:.1f} MB {what}")


# -- doctor -----------------------------------------------------------------------------------


def _add_doctor(verbs: Any) -> None:
    doctor = _add(
        verbs, "doctor", _doctor, "Look whether runs and widgets can work here; say what to mend."
    )
    doctor.add_argument("--json", action="store_true", help="print JSON and nothing else")


def _doctor(given: argparse.Namespace) -> int:
    from .checkup import doctor

    report = doctor(None if given.json else lambda finding: print(finding, flush=True))
    if given.json:
        print(strict_json(report.as_data()))
    else:
        print(report.verdict)
    return 0 if report.ok else 1
