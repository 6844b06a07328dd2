"""The records of a run, in JSON: replaced in one step, for the owner's eyes only, read with care."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import RunError
from ..whole import written_whole

__all__ = ["read_record", "write_record"]


def write_record(file: Path, fields: Mapping[str, Any]) -> None:
    """Write, or replace. Raises OSError where the disk refuses: then the old one stays."""
    text = json.dumps(fields)  # in C; `json.dump` goes piece by piece, in Python
    with written_whole(file) as part:
        part.write_text(text, encoding="utf-8")


def read_record(file: Path, version: int) -> dict[str, Any]:
    """What `write_record` wrote with this `version` in it.

    Raises RunError for another version, and OSError, ValueError, KeyError or TypeError where it is
    no such record at all.
    """
    fields: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if fields["version"] != version:
        raise RunError(
            f"{file} has format {fields['version']}, this hepnb reads {version}: "
            "use the hepnb version that wrote it"
        )
    return fields
