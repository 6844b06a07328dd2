"""`hepnb hist serve`: its options, its signals and its log; the server itself is `server.py`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import StoreError
from .protocol import LONGEST_RAW, SOCKET

if TYPE_CHECKING:
    from .door import Door

__all__ = ["add_arguments", "serve"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `serve`."""
    parser.add_argument("--store", required=True, metavar="DIR", help="the store, made if missing")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--socket", metavar="PATH", help=f"Unix socket [DIR/{SOCKET}]")
    where.add_argument(
        "--tcp", metavar="[HOST:]PORT", help="TCP under TLS; without HOST on this host only"
    )
    for option, says in (
        ("--cert", "the server's certificate, PEM"),
        ("--key", "its private key, mode 0600"),
        ("--token", "the file that holds the clients' token, mode 0600"),
    ):
        parser.add_argument(option, metavar="FILE", help=f"with --tcp: {says}")
    parser.add_argument(
        "--longest",
        type=int,
        default=LONGEST_RAW >> 20,
        metavar="MB",
        help="the largest record taken and histogram sent [%(default)s]",
    )
    parser.add_argument("--json", action="store_true", help="print the address as one JSON object")


def serve(given: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; then fold, seal and return 0."""
    from .server import Server

    if not 1 <= given.longest <= 2048:
        raise StoreError(f"--longest {given.longest}: give 1 to 2048 MB")
    door = _door(given)
    try:
        server = Server(given.store, door, given.longest << 20)
    except BaseException:
        door.close()
        raise
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each client is a file
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    said = {"address": str(door.address), "store": os.fspath(given.store), "pid": os.getpid()}
    line = json.dumps(said) if given.json else f"{said['store']} is served at {said['address']}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    server.run()
    return 0


def _door(given: argparse.Namespace) -> Door:
    from .door import Door

    if given.tcp is None:
        for option in ("cert", "key", "token"):
            if getattr(given, option) is not None:
                raise StoreError(f"--{option} goes with --tcp; a Unix socket checks the user id")
        try:
            Path(given.store).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the directory {given.store}: {error.strerror}; choose another --store"
            ) from None
        return Door.unix(given.socket or Path(given.store) / SOCKET)
    for option in ("cert", "key", "token"):
        if getattr(given, option) is None:
            raise StoreError(f"--tcp needs --{option} FILE")
    return Door.tcp(given.tcp, Path(given.cert), Path(given.key), Path(given.token))
