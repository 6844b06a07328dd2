"""A correction of correctionlib as a function of columns of any shape."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ...errors import DataError, nearest, one_line
from .shapes import called, elementwise

__all__ = ["Correction"]


class Correction:
    """One correction, or compound correction, of a file; see `hn.lookup`.

    It holds the text of the file: a worker compiles it once, and the hash of a path covers it.
    """

    def __init__(self, text: str, name: str, source: str) -> None:
        self._text, self._name, self._where = text, name, called(source)
        self.source = source
        self._inputs = [(str(v.name), str(v.type)) for v in self._compiled.inputs]

    @property
    def arguments(self) -> tuple[str, ...]:
        """What it is called with: the names of its inputs."""
        return tuple(name for name, _ in self._inputs)

    @property
    def content(self) -> tuple[Any, ...]:
        """What decides what it finds, wherever it was read."""
        return self._text, self._name

    def __repr__(self) -> str:
        return f"<{self._where}: of {', '.join(name for name, _ in self._inputs)}>"

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_compiled"}

    @cached_property
    def _compiled(self) -> Any:
        try:
            import correctionlib
        except ImportError:
            raise DataError(
                f"{self._where}: needs correctionlib: pip install correctionlib"
            ) from None
        try:
            found = correctionlib.CorrectionSet.from_string(self._text)
        except Exception as error:  # noqa: BLE001  a foreign library
            raise DataError(
                f"{self._where}: is no set of corrections ({one_line(error)})"
            ) from None
        for several in (found, found.compound):
            if self._name in list(several):
                return several[self._name]
        names = [*found, *found.compound]
        has = f"; it has {', '.join(names[:6])}"
        raise DataError(
            f"{self._where}: no correction {self._name!r}{nearest(self._name, names) or has}"
        )

    def __call__(self, *values: Any) -> Any:
        """The correction at these values, float64, in their common shape."""
        names = self.arguments
        if len(values) != len(names):
            raise DataError(
                f"{self._where}: takes {len(names)} values ({', '.join(names)}), not {len(values)}"
            )
        given = [self._as_asked(v, *asked) for v, asked in zip(values, self._inputs, strict=True)]
        if all(isinstance(value, str) for value in given):
            return self._evaluate(*given)
        return elementwise(self._evaluate, given, self._where)

    def _as_asked(self, value: Any, name: str, kind: str) -> Any:
        if (kind == "string") != isinstance(value, str):
            wanted = "a text" if kind == "string" else "numbers"
            raise DataError(f"{self._where}: {name!r} is {wanted}")
        return np.asarray(value) if isinstance(value, list | tuple) else value

    def _evaluate(self, *values: Any) -> Any:
        exact = [self._exactly(v, *asked) for v, asked in zip(values, self._inputs, strict=True)]
        try:
            return self._compiled.evaluate(*exact)
        except Exception as error:  # noqa: BLE001  a foreign library
            raise DataError(f"{self._where}: {one_line(error)}") from None

    def _exactly(self, value: Any, name: str, kind: str) -> Any:
        """The value in the type of the input. Raises DataError for fractions where it is whole."""
        if kind == "string":
            return value
        given = np.asarray(value)
        made = given.astype(_DTYPES[kind])
        if kind == "int" and not np.array_equal(made, given):
            raise DataError(f"{self._where}: {name!r} is whole numbers: round() them first")
        return made


_DTYPES = {"real": np.float64, "int": np.int64}
