"""`path.explain()`: what a path does, what its hash covers, and what that cannot see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..language.expression import Expression
from .description import as_text, describe_path
from .steps import formulas

if TYPE_CHECKING:
    from .path import Path

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """A path as text, with its hash.

    `lookups` are the tables that its expressions call, by name. `libraries` are the versions that stand for the code of packages, `unseen` what may change
    without a change of the hash, each with the step that uses it.
    """

    steps: str
    lookups: tuple[str, ...]
    hash: str
    libraries: dict[str, str]
    unseen: tuple[str, ...]

    def __repr__(self) -> str:
        known = ", ".join(f"{name} {version}" for name, version in self.libraries.items())
        lines = [self.steps, *(f"lookup {one}" for one in self.lookups)]
        lines += [f"hash {self.hash}", f"  covers by their versions: {known}"]
        if self.unseen:
            lines += ["  does not see:", *(f"    {one}" for one in self.unseen)]
        return "\n".join(lines)


def explain(path: Path) -> Explanation:
    """Explain a path; see `Path.explain`."""
    program = path.freeze()
    found = program.fingerprint()
    called = {
        f"{name}  {table!r}": None
        for step in program.steps
        for formula in formulas(step)
        if isinstance(formula, Expression)
        for name, table in formula.lookups or ()
    }
    libraries = dict(sorted(found.libraries.items()))
    steps = as_text(describe_path(path))
    return Explanation(steps, tuple(called), found.digest, libraries, found.unseen)
