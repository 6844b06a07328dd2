"""The parts of a run's dashboard on a bare page: progress, collections, statistics, files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hepnb as hn
from hepnb.widgets import CollectionsView, ProgressView, RunsView, RunView, StatisticsView

THEMES = ("light", "dark")


def copied(on: Any) -> list[list[str]]:
    """The rows of the CSV on the clipboard."""
    on.page.get_by_text("copied").wait_for()
    return list(csv.reader(io.StringIO(on.page.evaluate("() => navigator.clipboard.readText()"))))


@pytest.fixture(scope="module")
def real_run(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run over 200 events of NanoAOD, in 40 chunks; one of its files cannot be read."""
    home = tmp_path_factory.mktemp("runs")
    (home / "broken.root").write_bytes(b"root\x00\x00")
    path = hn.Path("top pairs")
    path.weight("sign", "where(genWeight > 0, 1, -1)")
    path.select("two jets", "count(Jet) >= 2")
    path.define("muons", "Muon[Muon.pt > 5 and Muon.dz < 1]")
    path.hist("pt", pt="Jet.pt: 50, 0, 500 [pT / GeV]")
    path.hist("jets", n="Electron.jetIdx: -1, 10, int")
    path.hist("n", n="count(muons): 0, 5, int")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEPNB_STATE_DIR", str(home / "state"))
        file = data_dir / "nanoaod/nanoAOD_2015_CMS_Open_Data_ttbar.root"
        data = {"tt": [str(file), str(home / "broken.root")], "other": [str(file)]}
        run = path.start(data, workers=2, chunk=5, on_error="skip", allow_duplicates=True)
        assert not run.wait(120).files[0]["reason"]
        yield run


@pytest.mark.browser
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "part", [ProgressView, CollectionsView, StatisticsView], ids=lambda part: part.__name__
)
def test_a_real_run(
    bare: Callable[..., Any], real_run: hn.Run, artifacts: Path, part: type[RunView], theme: str
) -> None:
    view = part(real_run)
    on = bare(view, theme)
    name = part.__name__.removesuffix("View").lower()
    assert "1 file failed" in on.page.get_by_role("alert").inner_text()
    assert on.violations() == []
    on.page.screenshot(path=artifacts / f"{name}-real-{theme}.png", full_page=True)
    view.close()


@pytest.mark.browser
def test_the_real_numbers_of_a_real_run(bare: Callable[..., Any], real_run: hn.Run) -> None:
    view = CollectionsView(real_run)
    on = bare(view)
    text = on.page.get_by_role("region").inner_text()
    muons = next(row for row in real_run.collections if row["name"] == "Muon")
    assert f"{muons['total'] / muons['events']:.3f}" in text
    on.page.get_by_role("button", name="Muon", exact=True).press("Enter")
    assert "dz (with sign) wrt first PV, in cm" in on.page.get_by_role("region").inner_text()
    on.page.get_by_role("button", name="copy as CSV: Fields").click()
    fields = {row[0]: row for row in copied(on)}
    assert fields["dz"][2:] == ["float32", "cm", "dz (with sign) wrt first PV, in cm"]
    links = on.page.locator(".hepnb-arc").count()
    assert links > 5
    assert view.to_frame().set_index("name").total["Muon"] == muons["total"]
    view.close()


@pytest.mark.browser
def test_the_slider_goes_back_through_the_run_and_stays(bare: Callable[..., Any], run: Any) -> None:
    on = bare(CollectionsView(run))
    slider = on.page.get_by_role("slider", name="After")
    assert slider.get_attribute("aria-valuetext").endswith("(latest)")
    slider.focus()
    slider.press("Home")
    assert slider.get_attribute("aria-valuetext") == "200\u2009000 events, 4 chunks"
    rows = on.page.get_by_role("table", name="Collections").locator("tbody tr")
    assert "404\u2009000" in rows.filter(has_text="Muon").inner_text()  # 2 each, and 1 %
    slider.press("ArrowRight")
    # It stays at its moment when others come, and when every other one is let go.
    kept = [moment for moment in run.now["history"] if moment["chunks"] in (8, 16)]
    run.tell(history=kept)
    on.settle()
    assert slider.get_attribute("aria-valuetext") == "400\u2009000 events, 8 chunks"
    slider.press("End")
    run.tell(progress={**run.now["progress"], "events": 1_300_000, "chunks": 26})
    on.settle()
    assert (
        slider.get_attribute("aria-valuetext") == "1\u2009300\u2009000 events, 26 chunks (latest)"
    )


@pytest.mark.browser
def test_references_by_keyboard_and_as_text(bare: Callable[..., Any], run: Any) -> None:
    on = bare(CollectionsView(run))
    node = on.page.get_by_role("img", name="Jet: Jet → Muon (muonIdx1, muonIdx2)")
    node.focus()
    assert "Muon → Jet (jetIdx)" in on.page.get_by_role("status").last.inner_text()
    assert on.page.locator(".hepnb-arc.hepnb-dim").count() == 1
    run.tell()
    on.settle()
    assert node.evaluate("(node) => node === document.activeElement")
    on.page.get_by_text("as a list").press("Enter")
    assert on.page.get_by_role("listitem").all_inner_texts() == [
        "Jet → Muon (muonIdx1, muonIdx2)", "Muon → GenPart (genPartIdx)", "Muon → Jet (jetIdx)",
    ]  # fmt: skip
    assert "<script>alert(1)</script>" in _fields_of(on, "Muon")


def _fields_of(on: Any, name: str) -> str:
    on.page.get_by_role("button", name=name, exact=True).click()
    text: str = on.page.get_by_role("table", name="Fields").inner_text()
    return text


@pytest.mark.browser
def test_stalled_workers_are_called_out(bare: Callable[..., Any], run: Any) -> None:
    on = bare(ProgressView(run))
    notice = on.page.get_by_role("status").filter(has_text="Stalled")
    assert "worker 2: over 1 min on Run2012BC_DoubleMuParked_Muons_2.root" in notice.inner_text()
    workers = [{**worker, "stalled": False} for worker in run.now["workers"]]
    run.tell(workers=workers)
    on.settle()
    assert not notice.is_visible()


@pytest.mark.browser
def test_the_cutflow_of_a_dataset_sorted_and_copied(bare: Callable[..., Any], run: Any) -> None:
    on = bare(StatisticsView(run))
    page = on.page
    assert (
        "In no row: 1 file failed, 61\u2009540 events lost."
        in page.get_by_role("tabpanel").inner_text()
    )
    page.get_by_label("of", exact=True).select_option("ZZ <b>")
    page.get_by_role("button", name="copy as CSV: Cutflow").click()
    rows = copied(on)
    assert rows[0] == ["cut", "events", "of previous", "weighted", "weighted of previous", "of all"]
    assert rows[1][:2] == ["all", "301000"]
    assert float(rows[3][5]) == pytest.approx(0.391)
    run.tell()
    on.settle()
    assert page.get_by_label("of", exact=True).input_value() == "ZZ <b>"
    page.get_by_role("button", name="CPU time", exact=True).press("Enter")
    first = page.get_by_role("table", name="Modules").locator("tbody tr").first
    assert "41.2 s" in first.inner_text()
    assert on.violations() == []


@pytest.mark.browser
@pytest.mark.parametrize(
    "part", [ProgressView, CollectionsView, StatisticsView], ids=lambda part: part.__name__
)
def test_a_narrow_page(
    bare: Callable[..., Any], run: Any, artifacts: Path, part: type[RunView]
) -> None:
    on = bare(part(run), "dark", width=320)
    name = part.__name__.removesuffix("View").lower()
    on.page.screenshot(path=artifacts / f"{name}-narrow.png", full_page=True)
    assert on.page.evaluate("() => document.documentElement.scrollWidth") <= 320
    assert on.violations() == []


def test_a_run_of_an_older_hepnb_is_shown(make_run: Callable[..., Any]) -> None:
    run = make_run()
    for key in ("schema", "history", "cutflows"):
        del run.now[key]
    view = RunView(run)
    assert view.schema == {}
    assert "Muon" in view._repr_mimebundle_()[0]["text/html"]


def test_the_schema_travels_once(run: Any) -> None:
    view = RunView(run)
    view.comm.take()
    run.tell()
    run.tell(state="done")
    assert view._pump.join(5)
    sent = [m["state"] for m in view.comm.take() if m.get("method") == "update"]
    assert sent
    assert all("schema" not in state["state"] and "schema" not in state for state in sent)


def test_tables_of_a_view_as_frames(run: Any) -> None:
    frame = StatisticsView(run).to_frame()
    assert frame.groupby("phase").cpu.sum()["read"] == pytest.approx(41.2)


def test_the_progress_of_a_scan_is_the_table_of_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hepnb.samples import toy_dimuon

    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))

    def make(least: float) -> hn.Path:
        path = hn.Path("counts")
        path.hist("n", n=f"count(Muon[Muon.pt > {least}]): 0, 5, int")
        return path

    runs = hn.scan(make, str(toy_dimuon(tmp_path / "toy.root", events=100)), least=[0, 9])
    runs.wait(60)
    view = hn.ProgressView(runs)
    assert isinstance(view, RunsView)
    assert [row["parameters"] for row in view.rows] == [{"least": 0}, {"least": 9}]
    assert repr(view) == "Scan counts: 2"
    assert {row["events_lost"] for row in view.rows} == {0}
