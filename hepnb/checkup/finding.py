"""One finding per thing looked at: ok, or a problem and its mend, a line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import one_line

__all__ = ["Finding", "Look", "Report", "looked"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and, where that is a problem, the mend."""

    what: str
    found: str
    mend: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing has to be mended."""
        return not self.mend

    def __str__(self) -> str:
        if self.ok:
            return f"ok       {self.what}: {self.found}"
        return f"problem  {self.what}: {self.found}\n         mend: {self.mend}"


Look = Callable[[], Finding]


def looked(what: str, look: Look) -> Finding:
    """The finding of one look; a look that fails itself is a problem and hides no other one."""
    try:
        return look()
    except Exception as error:  # noqa: BLE001  any machine may refuse anything
        return Finding(what, one_line(error), "look into it by hand: hepnb could not")


class Report(list[Finding]):
    """All findings; prints as one line each, problems with their mend below."""

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return all(finding.ok for finding in self)

    def as_data(self) -> list[dict[str, Any]]:
        """Plain data: `what`, `found`, `mend` and `ok` of each."""
        return [asdict(finding) | {"ok": finding.ok} for finding in self]

    @property
    def verdict(self) -> str:
        """The last line: how many problems there are."""
        problems = sum(not finding.ok for finding in self)
        return "all is well" if not problems else f"{problems} of {len(self)} need mending"

    def __repr__(self) -> str:
        return "\n".join([*map(str, self), self.verdict])
