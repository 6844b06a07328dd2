"""`PathView`: a path at a glance, its steps and parameters, and which column comes from which.

A path does not change by itself, so neither does its view: two traits, sent once, and no requests. The
browser's half is widgets_js/src/path_view.ts.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import traitlets

from ..errors import HepnbError
from ._wire import STATIC, LiveWidget
from .path_graph import lay_out
from .static_table import table

if TYPE_CHECKING:
    from ..analysis import Path

__all__ = ["PathView"]


class PathView(LiveWidget):
    """The steps of a path, their parameters (changed ones are marked), and the graph of columns.

    A notebook shows a path like this by itself. Raises `HepnbError` for anything but a path.

    >>> import hepnb as hn
    >>> path = hn.Path("p")
    >>> path.define("ht", "sum(Jet.pt)")
    >>> hn.PathView(path)
    Path 'p'
    reads Jet.pt
    definition  ht  sum(Jet.pt)  (not needed)
    """

    _esm = STATIC / "path_view.js"
    _css = STATIC / "path_view.css"

    path = traitlets.Dict().tag(sync=True, echo_update=False)
    graph = traitlets.Dict().tag(sync=True, echo_update=False)

    def __init__(self, path: Path) -> None:
        from ..analysis import Path
        from ..analysis.steering.description import describe_path

        if not isinstance(path, Path):
            raise HepnbError(f"PathView needs a path (hn.Path(...)), not {type(path).__name__}")
        described = describe_path(path)
        super().__init__(path=described, graph=lay_out(described))

    def _static_text(self) -> str:
        from ..analysis.steering.description import as_text

        return as_text(self.path)

    def _static_html(self) -> str:
        from ..analysis.steering.description import columns

        steps = self.path["steps"]
        out = [f"<div><b>Path {escape(self.path['name'])}</b></div>"]
        if self.path["problem"]:
            out.append(f"<div><b>⚠ {escape(self.path['problem'])}</b></div>")
        rows = [
            (s["kind"], s["name"], s["formula"], columns(s["reads"]), ", ".join(s["varies"]))
            for s in steps
        ]
        out.append(table("Steps", ("step", "name", "how", "reads", "varies with"), rows))
        parameters = [
            (
                s["name"],
                p["name"],
                f"{p['value'] or '?'}{' (changed)' if p['changed'] else ''}",
                p["unit"],
                p["default"] or "",
                p["help"],
            )
            for s in steps
            for p in s["parameters"]
        ]
        heads = ("step", "parameter", "value", "unit", "default", "meaning")
        if parameters:
            out.append(table("Parameters", heads, parameters))
        return f"<div>{''.join(out)}{self._static_graph()}</div>"

    def _static_graph(self) -> str:
        """The graph in the colour of the text, so that it can be seen on any page."""
        graph = self.graph
        if not graph["nodes"]:
            return ""
        drawn = []
        for edge in graph["edges"]:
            a, b = graph["nodes"][edge["from"]], graph["nodes"][edge["to"]]
            drawn.append(
                f'<path d="{_curve(a, b)}" fill="none" stroke="currentColor" opacity=".5"/>'
            )
        for node in graph["nodes"]:
            x, y, width, height = (node[key] for key in ("x", "y", "width", "height"))
            dash = ' stroke-dasharray="4 3"' if node["kind"] == "input" else ""
            drawn.append(
                f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="none"'
                f' stroke="currentColor"{dash}/><text x="{x + 8}" y="{y + 16}" fill="currentColor"'
                f' font-family="monospace" font-size="12">{escape(node["label"])}</text>'
            )
        width, height = graph["width"], graph["height"]
        return (
            f'<svg role="img" aria-label="Columns of the path" width="{width}" height="{height}"'
            f' viewBox="0 0 {width} {height}" style="max-width:100%;height:auto">{"".join(drawn)}</svg>'
        )


def _curve(a: dict[str, Any], b: dict[str, Any]) -> str:
    """From the right side of one box to the left side of another."""
    x1, y1 = a["x"] + a["width"], a["y"] + a["height"] // 2
    x2, y2 = b["x"], b["y"] + b["height"] // 2
    bend = max(20, (x2 - x1) // 2)
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
