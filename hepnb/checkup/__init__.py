"""`hepnb doctor`: what must be right on a machine before runs and widgets work, looked at one by one."""

from __future__ import annotations

from .finding import Finding, Report
from .looks import doctor

__all__ = ["Finding", "Report", "doctor"]
