"""PathView: a path as a notebook shows it, live, saved, and in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hepnb as hn
from hepnb import _bind
from hepnb.widgets import PathView
from hepnb.widgets.path_graph import lay_out

HOSTILE = "</script><img src=x onerror=alert(1)>"


class GoodJets(hn.Module):
    """Jets to be counted."""

    uses = ("Jet.pt", "Jet.eta")
    produces = ("good_jets",)
    threshold: float = hn.param(30.0, unit="GeV", help="least transverse momentum")
    eta: float = hn.param(2.4)
    note: str = hn.param("")


@pytest.fixture
def path() -> hn.Path:
    path = hn.Path("top pairs")
    path.weight("genWeight")
    path.select(HOSTILE, "HLT_IsoMu24")
    path.add_module(GoodJets(threshold=25.0, note=HOSTILE))

    @path.define
    def pair(Muon: Any, pt: float = 20.0) -> Any:
        """The two leading muons."""
        return Muon[Muon.pt > pt][:, :2]

    path.define("mass", "sum(pair.mass)")

    @path.define
    def smeared(mass: Any, rng: Any) -> Any:
        return mass * rng.normal()

    path.define("unused", "2 * mass")
    path.category("channel", mm="count(pair) == 2", other="count(pair) != 2")
    path.hist("mass", mass="smeared: 50, 0, 100 [m / GeV]", by=["channel", "dataset"])
    path.hist("jets", n="count(good_jets): 0, 10, int")
    path.table("events", ["run", "mass"])
    return path


@pytest.mark.browser
@pytest.mark.parametrize(("theme", "width"), [("light", 1000), ("dark", 1000), ("dark", 320)])
def test_a_path_on_a_page(
    bare: Callable[..., Any], path: hn.Path, artifacts: Path, theme: str, width: int
) -> None:
    on = bare(PathView(path), theme, width)
    page = on.page
    assert on.violations() == []
    page.screenshot(path=artifacts / f"path-{theme}-{width}.png", full_page=True)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    region = page.get_by_role("region", name="Path top pairs")
    assert "11 steps, 1 not needed" in region.inner_text()
    assert HOSTILE in region.inner_text()
    parameters = page.get_by_role("table", name="Parameters")
    assert "● changed" in parameters.locator("tbody tr").first.inner_text()
    assert "least transverse momentum" in parameters.inner_text()
    smeared = page.get_by_role("table", name="Steps").locator("tbody tr").nth(5)
    assert "rng" in smeared.inner_text()


@pytest.mark.browser
def test_the_graph_by_keyboard_and_as_text(bare: Callable[..., Any], path: hn.Path) -> None:
    on = bare(PathView(path))
    node = on.page.locator(".hepnb-node").filter(has_text="smeared")
    node.focus()
    assert node.get_attribute("aria-label") == "definition smeared; from mass; for histogram mass"
    kept = on.page.locator(".hepnb-node:not(.hepnb-dim)").all_text_contents()
    assert sorted(kept) == ["Muon", "mass", "mass", "pair", "smeared"]
    on.page.get_by_text("as a list").press("Enter")
    assert "definition pair; from Muon (pt); for mass, category channel" in (
        on.page.get_by_role("listitem").all_inner_texts()
    )


def test_every_box_has_its_place_and_edges_go_to_the_right(path: hn.Path) -> None:
    graph = PathView(path).graph
    nodes = graph["nodes"]
    assert [node["name"] for node in nodes[:4]] == ["HLT_IsoMu24", "Jet", "Muon", "genWeight"]
    assert len({(node["x"], node["y"]) for node in nodes}) == len(nodes)
    for edge in graph["edges"]:
        a, b = nodes[edge["from"]], nodes[edge["to"]]
        assert a["x"] + a["width"] < b["x"]
    assert max(node["x"] + node["width"] for node in nodes) < graph["width"]
    assert max(node["y"] + node["height"] for node in nodes) <= graph["height"]


def test_a_circle_or_a_column_that_reads_itself_is_drawn_all_the_same() -> None:
    def step(name: str, reads: str) -> dict[str, Any]:
        return {"kind": "definition", "name": name, "makes": [name], "reads": {reads: []}}

    graph = lay_out({"inputs": {}, "steps": [step("a", "b"), step("b", "a"), step("c", "c")]})
    assert len(graph["edges"]) == 2
    assert all("x" in node for node in graph["nodes"])
    assert lay_out({"inputs": {}, "steps": []})["width"] == 0


def test_a_saved_notebook_has_all_of_it_in_text(path: hn.Path) -> None:
    data, _ = path._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    page = data["text/html"]
    assert "<script" not in page
    assert "&lt;/script&gt;" in page
    for word in ("25.0 (changed)", "GeV", "smeared(mass, rng)", "<svg role=", "dataset, rng"):
        assert word in page
    assert path._repr_mimebundle_()[0]["text/html"] == page
    assert "  * threshold = 25.0 GeV (default 30.0): least transverse" in data["text/plain"]


def test_a_terminal_gets_text(path: hn.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bind, "in_terminal", lambda: True)
    data = path._repr_mimebundle_()
    assert list(data) == ["text/plain"]
    assert data["text/plain"].startswith("Path 'top pairs'\nreads HLT_IsoMu24, Jet.eta, Jet.pt")


@pytest.mark.browser
def test_what_is_wrong_with_a_path_is_said(bare: Callable[..., Any]) -> None:
    path = hn.Path("circle")
    path.define("a", "b + 1")
    path.define("b", "a + 1")
    path.hist("a", a="a: 10, 0, 1")
    on = bare(PathView(path))
    assert "go round in a circle" in on.page.get_by_role("alert").inner_text()
    assert on.page.locator(".hepnb-node").count() == 3
    assert on.violations() == []


def test_anything_else_is_refused_in_a_line() -> None:
    with pytest.raises(hn.HepnbError, match=r"PathView needs a path \(hn.Path\(...\)\), not int"):
        PathView(3)  # type: ignore[arg-type]
