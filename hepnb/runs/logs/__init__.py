"""The log of a run: one ordered log of records on disk, appended by one writer, read by anybody.

`levels` knows the words by which programs say how serious a line is, `lines` makes records of what
was printed, `block` is the form on disk, `segments` the files and their rotation, `writer` and
`reader` are the two ends. Text is data: nothing here or later renders it as markup.
"""

from __future__ import annotations

from .block import shortened
from .levels import LEVELS, level_of_number
from .matching import places
from .reader import LogFile
from .writer import LogWriter

__all__ = ["LEVELS", "LogFile", "LogWriter", "level_of_number", "places", "shortened"]
