"""`path.explain()`: what a path does, what its hash covers, and what that cannot see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .description import as_text, describe_path

if TYPE_CHECKING:
    from .path import Path

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """A path as text, with its hash.

    `libraries` are the versions that stand for the code of packages, `unseen` what may change
    without a change of the hash, each with the step that uses it.
    """

    steps: str
    hash: str
    libraries: dict[str, str]
    unseen: tuple[str, ...]

    def __repr__(self) -> str:
        known = ", ".join(f"{name} {version}" for name, version in self.libraries.items())
        lines = [self.steps, f"hash {self.hash}", f"  covers by their versions: {known}"]
        if self.unseen:
            lines += ["  does not see:", *(f"    {one}" for one in self.unseen)]
        return "\n".join(lines)


def explain(path: Path) -> Explanation:
    """Explain a path; see `Path.explain`."""
    found = path.freeze().fingerprint()
    libraries = dict(sorted(found.libraries.items()))
    return Explanation(as_text(describe_path(path)), found.digest, libraries, found.unseen)
