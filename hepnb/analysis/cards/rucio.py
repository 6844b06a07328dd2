"""`rucio:SCOPE:NAME`: the files of a dataset, container or file, where Rucio says that they lie on disk.

Rucio's own client asks, with the user's `rucio.cfg` and proxy: it knows all ways to say who one is. Of the
replicas of a file that with the best priority is taken; `HEPNB_RSE` limits where they may be, by an
expression of Rucio's. How it answers: `list_replicas` in https://rucio.github.io/documentation/html/client_api
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ...errors import DataError, one_line

__all__ = ["files_of"]

PATIENCE = 60
_SCHEMES = ("root", "https")
_NEEDED = (
    "RUCIO_HOME must have etc/rucio.cfg, RUCIO_ACCOUNT your account, and a grid proxy be there"
)


def files_of(name: str) -> list[str]:
    """The addresses of the files, one replica of each, in the order of their names.

    Raises `DataError` for a name without a scope, without Rucio's client or its configuration, where
    Rucio refuses or does not answer, and where a file has no replica on disk: none is left out.
    """
    scope, colon, rest = name.partition(":")
    if not (scope and colon and rest):
        raise DataError(f"{name!r} has no scope: write rucio:SCOPE:NAME")
    # A container may have files of several scopes, and of one name in two of them.
    best = {(row["name"], str(row.get("scope"))): _best(row) for row in _replicas(scope, rest)}
    lost = sorted(file for (file, _), address in best.items() if address is None)
    if lost:
        raise DataError(
            f"{len(lost)} of {len(best)} files, such as {lost[0]}, have no replica on disk that can be "
            "read here: ask for them with a rule (rucio rule add), or set HEPNB_RSE to other sites"
        )
    if not best:
        raise DataError("Rucio knows no file of it: is the name right?")
    return [best[file] or "" for file in sorted(best)]


def _replicas(scope: str, name: str) -> list[Mapping[str, Any]]:
    try:
        from rucio.client.replicaclient import ReplicaClient
        from rucio.common.exception import RucioException
    except ImportError as error:
        raise DataError(
            f"needs Rucio's client ({one_line(error)}): pip install 'hepnb[rucio]'"
        ) from None
    try:
        with _own_words():
            client = ReplicaClient(timeout=PATIENCE, logger=_silent())
        rows = list(
            client.list_replicas(
                [{"scope": scope, "name": name}],
                schemes=list(_SCHEMES),
                ignore_availability=False,
                rse_expression=os.environ.get("HEPNB_RSE") or None,
            )
        )
    except RucioException as error:
        raise DataError(f"{_first(error)}; {_NEEDED}") from None
    except (OSError, ValueError) as error:  # of requests, too
        raise DataError(
            f"Rucio does not answer ({one_line(error)}): try again; {_NEEDED}"
        ) from None
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("name"), str):
            raise DataError(f"Rucio answers something else than replicas: {str(row)[:200]!r}")
    return rows


def _best(row: Mapping[str, Any]) -> str | None:
    """The replica on disk whose priority is best (1), of equal ones the first by its address."""
    places = row.get("pfns") or {}
    found = [
        (facts.get("priority") or sys.maxsize, address)
        for address, facts in places.items()
        if facts.get("type", "DISK") == "DISK" and address.partition("://")[0] in _SCHEMES
    ]
    return min(found)[1] if found else None


def _first(error: Exception) -> str:
    """Kind and first lines of an error of Rucio's, which may go on for a page."""
    return one_line(error).removesuffix(".")[:300]


def _silent() -> logging.Logger:
    """What goes wrong is in the error; Rucio's client would print it as well."""
    logger = logging.getLogger("hepnb.rucio")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger


@contextmanager
def _own_words() -> Iterator[None]:
    """Keep the words that this process was called with: Rucio's client shortens the first of them."""
    words = list(sys.argv)
    try:
        yield
    finally:
        sys.argv[:] = words
