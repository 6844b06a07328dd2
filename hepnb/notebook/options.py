"""The options that `%%hepanalysis` and `%hepanalysis scan|plan` share, and their meaning."""

# IPython leaves its magics untyped.
# mypy: allow-untyped-calls, allow-untyped-decorators

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument

from .arguments import names_value, number_value, seconds_value, text_value

__all__ = ["POLICIES", "START_OPTIONS", "data_option", "start_options", "start_settings"]

POLICIES = ("fail", "skip")
START_OPTIONS = (
    "--workers",
    "--chunk",
    "--out",
    "--on-error",
    "--variations",
    "--retries",
    "--timeout",
    "--memory",
    "--seed",
    "--threads",
    "--nice",
    "--allow-duplicates",
)
F = TypeVar("F", bound=Callable[..., Any])


def data_option(function: F) -> F:
    """`--data`, which is needed."""
    option = argument(
        "--data",
        nargs="+",
        required=True,
        metavar="FILES",
        help="files, globs or folders, or a variable that holds them (also $name, {name})",
    )
    return option(function)  # type: ignore[no-any-return]


def start_options(function: F) -> F:
    """The settings of a run, as `path.start` has them."""
    for option in (
        argument("--workers", "-w", default="2", metavar="N", help="worker processes [2]"),
        argument("--chunk", metavar="N", help="events per chunk [chosen from the file's size]"),
        argument("--out", metavar="DIR", help="the run directory, a new one"),
        argument(
            "--on-error",
            default="fail",
            metavar="fail|skip",
            help="what an exception in the analysis does: end the run, or lose that chunk [fail]",
        ),
        argument(
            "--variations",
            default="all",
            metavar="NAMES",
            help='systematic variations: "nominal", patterns such as "jes*,pdf_up", or $names [all]',
        ),
        argument("--retries", default="0", metavar="N", help="further tries of such a chunk [0]"),
        argument("--timeout", metavar="S", help="how long a chunk may take [s]"),
        argument("--memory", metavar="SIZE", help='the most memory of a worker, such as "2 GB"'),
        argument("--seed", default="0", metavar="N", help="where random numbers start [0]"),
        argument("--threads", default="1", metavar="N", help="threads of each worker [1]"),
        argument("--nice", default="10", metavar="N", help="how far workers step back [10]"),
        argument(
            "--allow-duplicates", action="store_true", help="the same file may count more than once"
        ),
    ):
        function = option(function)
    return function


def start_settings(given: Namespace, names: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed as keywords of `path.start`. Raises UsageError."""
    policy = text_value(given.on_error, names)
    if policy not in POLICIES:
        raise UsageError(f"--on-error {policy}: fail or skip")
    return {
        "workers": number_value("--workers", given.workers, names),
        "chunk": number_value("--chunk", given.chunk, names),
        "out": text_value(given.out, names) if given.out else None,
        "on_error": policy,
        "variations": names_value(given.variations, names),
        "retries": number_value("--retries", given.retries, names),
        "timeout": seconds_value("--timeout", given.timeout, names),
        "memory": text_value(given.memory, names) if given.memory else None,
        "seed": number_value("--seed", given.seed, names),
        "threads": number_value("--threads", given.threads, names),
        "nice": number_value("--nice", given.nice, names),
        "allow_duplicates": given.allow_duplicates,
    }
