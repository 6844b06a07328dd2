"""An explorer as one HTML file: the widget's own script and style, and the numbers, inlined.

Nothing in it is fetched, and no name of a category or an axis is ever read as markup: all data is
JSON whose every `<` is escaped.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape

from ._wire import STATIC

__all__ = ["page"]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>:root {{ color-scheme: light dark }} body {{ margin: 16px; max-width: 1000px }}</style>
</head><body><main></main>
<noscript>{static}</noscript>
<script type="application/json" id="hepnb-saved">{saved}</script>
<script type="module">{script}</script>
</body></html>
"""


def page(
    title: str,
    shown: str,
    models: Mapping[str, Mapping[str, object]],
    look: Mapping[str, object],
    static: str,
) -> str:
    """The text of the file.

    `models` are the traits of each histogram by name, `shown` the one that is shown first, and
    `static` the HTML for a browser without scripts.
    """
    saved = {
        "shown": shown,
        "models": models,
        "look": look,
        "esm": (STATIC / "hist_explorer.js").read_text(encoding="utf-8"),
        "css": (STATIC / "hist_explorer.css").read_text(encoding="utf-8"),
    }
    text = json.dumps(saved, default=_bytes, allow_nan=False).replace("<", "\\u003c")
    script = (STATIC / "hist_page.js").read_text(encoding="utf-8")
    return _PAGE.format(title=escape(title), static=static, saved=text, script=script)


def _bytes(value: object) -> object:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} cannot be saved")
