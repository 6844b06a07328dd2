"""Shows the examples in docstrings as code.

The examples stand in the prose as `>>>` lines, where Markdown reads quotations. This extension of
griffe, named in mkdocs.yml, puts each of them between fences.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"^( *)>>> .*(?:\n\1\S.*)*", re.MULTILINE)


def fenced(text: str) -> str:
    """The text with a fence around each example, which ends at the first empty line.

    >>> print(fenced("One line.\\n\\n>>> 1 + 1\\n2\\n\\nMore."))
    One line.
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    <BLANKLINE>
    More.
    """
    return EXAMPLE.sub(lambda found: f"{found[1]}```pycon\n{found[0]}\n{found[1]}```", text)


class FenceDoctests(griffe.Extension):
    """Called by griffe for each object it has read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Fence the examples of one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
