"""What travels from the kernel to the workers: the frozen path, its datasets, its source lines.

The bundle is pickled by value, so functions and classes of notebook cells travel whole. It is
written into the run's private directory and loaded there only, by workers of the same user.
"""

from __future__ import annotations

import linecache
import os
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RunError

if TYPE_CHECKING:
    from ..analysis import Dataset
    from .job import Job

__all__ = ["Bundle", "modules_by_value"]

_LARGEST = 256 << 20
_LARGEST_SOURCES = 4 << 20


@dataclass(frozen=True)
class Bundle:
    """A job, the datasets it runs on, and the text of notebook cells for tracebacks."""

    job: Job
    datasets: tuple[Dataset, ...]
    sources: Mapping[str, str] = field(default_factory=dict)

    def write(self, file: Path) -> int:
        """Pickle into a new file that only the owner can read; returns its size in bytes.

        Raises RunError where something captured cannot travel, or is too large to.
        """
        import cloudpickle

        local = modules_by_value()
        for module in local:
            cloudpickle.register_pickle_by_value(module)
        try:
            data = cloudpickle.dumps(self)
        except Exception as error:  # noqa: BLE001  pickle raises anything
            raise RunError(
                f"the path cannot be sent to workers: {type(error).__name__}: {error}; "
                "open files, locks and connections inside the functions that use them"
            ) from None
        finally:
            for module in local:
                cloudpickle.unregister_pickle_by_value(module)
        if len(data) > _LARGEST:
            raise RunError(
                f"the path captures {len(data) / 1e6:.0f} MB of objects: "
                "load large tables inside a function or a module's setup()"
            )
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        return len(data)

    @classmethod
    def read(cls, file: Path) -> Bundle:
        """Load a bundle: this runs code, so the caller has checked whose directory it is."""
        import cloudpickle

        bundle = cloudpickle.loads(file.read_bytes())
        if not isinstance(bundle, cls):
            raise RunError(f"{file} is not a bundle but a {type(bundle).__name__}")
        for name, text in bundle.sources.items():
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        return bundle

    @staticmethod
    def cell_sources() -> dict[str, str]:
        """The source of every notebook cell that has run, newest first, up to a few MB."""
        sources: dict[str, str] = {}
        size = 0
        for name, entry in reversed(list(linecache.cache.items())):
            if len(entry) != 4 or Path(name).is_file():
                continue
            text = "".join(entry[2])
            size += len(text)
            if size > _LARGEST_SOURCES:
                break
            sources[name] = text
        return sources


def modules_by_value() -> list[types.ModuleType]:
    """Modules imported from the working directory: they may be edited, so they travel by value."""
    here = f"{Path.cwd()}{os.sep}"
    prefix = (f"{sys.prefix}{os.sep}", f"{Path(__file__).parents[1]}{os.sep}")
    return [
        module
        for name, module in list(sys.modules.items())
        if name != "__main__"
        and (file := getattr(module, "__file__", None))
        and file.startswith(here)
        and not file.startswith(prefix)
        and "site-packages" not in file
    ]
