"""The records of a run, in JSON: replaced in one step, for the owner's eyes only, read with care."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import RunError

__all__ = ["read_record", "write_record"]


def write_record(file: Path, fields: Mapping[str, Any]) -> None:
    """Write, or replace. Raises OSError where the disk refuses: then the old one stays."""
    draft = file.with_suffix(".draft")
    text = json.dumps(fields)  # in C; `json.dump` goes piece by piece, in Python
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(file)


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
