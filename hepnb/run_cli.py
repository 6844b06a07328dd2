"""`hepnb run`: start a run card, or a steering file that makes a path, and follow it to its end."""

from __future__ import annotations

import argparse
import linecache
import sys
import traceback
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import HepnbError, RunError, one_line
from .strict import strict_json

if TYPE_CHECKING:
    from ._bind import Card, Run

__all__ = ["add_choices", "add_run", "read_card"]


def add_run(
    verbs: Any, add: Callable[..., argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    """Put the verb `run` into the parser of the command."""
    run = add(verbs, "run", _run, "Run a card (*.yaml) or a steering file (*.py), and wait for it.")
    run.add_argument("file", metavar="CARD_OR_PY", help="card.yaml, or steer.py with path and data")
    run.add_argument("--data", nargs="+", metavar="FILE", help="run on these files instead")
    add_choices(run)
    run.add_argument("--variations", default="all", metavar="NAMES", help="which to make [all]")
    run.add_argument("--workers", type=positive, default=2, metavar="N", help="processes [2]")
    run.add_argument("--chunk", type=positive, metavar="N", help="events per chunk")
    run.add_argument("--out", metavar="DIR", help="the run directory, a new one")
    run.add_argument("--on-error", choices=("fail", "skip"), default="fail", help="[fail]")
    run.add_argument("--engine", choices=("local", "inline"), default="local", help="[local]")
    run.add_argument(
        "--allow-exec", action="store_true", help="let a card run the program that it names"
    )
    run.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def add_choices(verb: argparse.ArgumentParser) -> None:
    """Let a verb choose what of a card it takes: see `read_card`."""
    verb.add_argument("--datasets", metavar="NAMES", help="only these of a card: names or patterns")
    verb.add_argument("--source", metavar="NAME", help="which source of datasets that have several")
    verb.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter of the card"
    )
    verb.add_argument("--refresh", action="store_true", help="ask catalogues of files again")


def read_card(given: argparse.Namespace) -> Card:
    """The card `file`, with the choices of the command line."""
    from ._bind import Card

    return Card.read(
        given.file,
        datasets=given.datasets,
        source=given.source,
        parameters=_parameters(given.set),
        refresh=given.refresh,
    )


def _run(given: argparse.Namespace) -> int:
    from .runs.handle.text import follow, status_text

    settings = {
        "workers": given.workers,
        "chunk": given.chunk,
        "out": given.out,
        "on_error": given.on_error,
        "engine": given.engine,
        "variations": given.variations,
    }
    card = None
    if given.file.endswith(".py"):
        run = _steered(given, settings)
    else:
        card = read_card(given)
        run = card.start(given.data, allow_exec=given.allow_exec, **settings)
    try:
        follow(run, None if given.json else sys.stdout)
    except KeyboardInterrupt:
        raise RunError(f"following ended, the run goes on: hepnb attach {run.id}") from None
    snapshot = run.snapshot()
    print(strict_json(snapshot) if given.json else status_text(snapshot))
    if card is not None:
        _refuse_overlaps(card, snapshot)
    return 0 if run.status == "done" else 1


def _refuse_overlaps(card: Card, snapshot: Mapping[str, Any]) -> None:
    """Processes that a split calls exclusive must be; each event counted once, but say so."""
    count = snapshot["overlaps"].get("process", 0)
    if count and card.split:
        raise RunError(
            f"{count:,} events are in more than one process (each counts in the first); "
            "change their 'where:', or say 'exclusive: false'"
        )


def _steered(given: argparse.Namespace, settings: Mapping[str, Any]) -> Run:
    """Run what a steering file makes: `path`, and `data` unless the command line has it."""
    from ._bind import Path as SteeringPath

    for option in ("datasets", "source", "refresh", "allow-exec"):
        if getattr(given, option.replace("-", "_")):
            raise RunError(f"--{option} is for cards; {given.file} makes its data itself")
    parameters = _parameters(given.set)
    made = _execute(Path(given.file), parameters)
    path, data = made.get("path"), given.data or made.get("data")
    if not isinstance(path, SteeringPath):
        raise RunError(f"{given.file} makes no path: write path = hn.Path(...)")
    if data is None:
        raise RunError(f"{given.file} names no data: write data = ..., or pass --data")
    return path.start(data, parameters=parameters, **settings)


def _execute(file: Path, names: Mapping[str, Any]) -> dict[str, Any]:
    """The names that a steering file makes; those of --set are there before it begins."""
    try:
        text = file.read_text(encoding="utf-8")
        code = compile(text, str(file), "exec", dont_inherit=True)
    except OSError as error:
        raise RunError(f"{file}: {error.strerror}") from None
    except SyntaxError as error:
        raise RunError(f"{file}:{error.lineno}: {one_line(error)}") from None
    except ValueError as error:
        raise RunError(f"{file}: {one_line(error)}") from None
    module = types.ModuleType("hepnb_steering")
    module.__dict__.update(names, __file__=str(file))
    sys.path.insert(0, str(file.resolve().parent))
    try:
        exec(code, module.__dict__)  # noqa: S102  what the user asked to run
    except HepnbError:
        raise
    except Exception as error:
        lines = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)
        ]
        where = f":{lines[-1]}" if lines else ""
        linecache.checkcache(str(file))
        raise RunError(f"{file}{where}: {one_line(error)}") from error
    return module.__dict__


def _parameters(words: list[str]) -> dict[str, Any]:
    """The parameters in words such as `pt=25`: they mean what they mean in a card.

    >>> _parameters(["pt=25", "tag=tight", "scale=1e-3", "loose=true", "suffix="])
    {'pt': 25, 'tag': 'tight', 'scale': 0.001, 'loose': True, 'suffix': ''}
    """
    from .analysis.cards.nodes import plain_value

    found: dict[str, Any] = {}
    for word in words:
        key, sign, text = word.partition("=")
        if not sign or not key.isidentifier():
            raise RunError(f"--set {word}: write --set KEY=VALUE, such as --set pt=25")
        value = plain_value(text.strip())
        found[key] = text if value is None else value
    return found
