"""Snapshots: an analysis of the skim equals that of the original, bit by bit, with its normalisation."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.errors import PathError, RunError

from .lives import is_lost, reach

CHUNK = 150
FORMATS = ("ttree", "rntuple", "parquet")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files of simulated events: 400, 300, and one that an earlier skim left without events."""
    home = tmp_path_factory.mktemp("nano")
    chance = np.random.default_rng(7)
    made = []
    for number, events in enumerate((400, 300, 0)):
        made.append(str(home / f"mc{number}.root"))
        counts = chance.integers(0, 4, events)
        pt = ak.unflatten(chance.exponential(30, counts.sum()).astype(np.float32), counts)
        pdf = ak.unflatten(chance.normal(1, 0.1, 3 * events), np.full(events, 3))
        with uproot.recreate(made[-1]) as file:
            tree = file.mktree(
                "Events",
                {
                    "run": "uint32",
                    "genWeight": "float32",
                    "MET_pt": "float32",
                    "good": "bool",
                    "Jet": "var * {pt: float32, charge: int8}",
                    "PdfWeight": "var * float32",
                },
            )
            tree.extend(
                {
                    "run": np.arange(events, dtype=np.uint32),
                    "genWeight": chance.normal(2, 3, events).astype(np.float32),
                    "MET_pt": chance.exponential(20, events).astype(np.float32),
                    "good": chance.random(events) < 0.9,
                    "Jet": ak.zip({"pt": pt, "charge": ak.values_astype(pt > 20, np.int8)}),
                    "PdfWeight": ak.values_astype(pdf, np.float32),
                }
            )
            sums = {"genEventSumw": chance.normal(900, 1, 2), "other": np.arange(2.0)}
            file.mktree("Runs", dict.fromkeys(sums, "float64")).extend(sums)
    return made


def analysis(**snapshot) -> hn.Path:
    path = hn.Path("jets")
    path.vary("Jet.pt", jes=("Jet.pt * 1.3", "Jet.pt * 0.7"))
    path.vary("MET_pt", soft={"1": "MET_pt + 9"})
    path.replace("MET_pt", "MET_pt * 1.1")
    path.weight("genWeight")
    path.weight("pdf", 1.0, each="PdfWeight", count=3)
    path.define("hard", "Jet[Jet.pt > 25]")
    path.select("good", "good")
    path.select("hard jets", "count(hard) >= 1 and MET_pt > 15")
    if snapshot:
        path.snapshot("skim", **snapshot)
    path.define("ht", "sum(hard.pt)")
    path.hist("ht", ht="ht: 30, 0, 300", n="count(Jet): 0, 5, int", storage="Weight")
    path.select("more", "MET_pt > 20")
    path.hist("met", met="MET_pt: 30, 0, 150", q="sum(Jet.charge): 0, 5, int", storage="Weight")
    return path


def mc(files, sumw="Runs.genEventSumw", **more):
    return hn.Dataset("mc", files, kind="mc", xsec=2.5, sumw=sumw, **more)


def same(run, other) -> None:
    for name in ("ht", "met"):
        one, two = run.hist(name).to_hist(), other.hist(name).to_hist()
        assert one.axes["variation"] == two.axes["variation"]
        assert len(one.axes["variation"]) == 7
        assert one.view(flow=True).tobytes() == two.view(flow=True).tobytes()
        scaled = [r.hist(name, lumi=3.0) for r in (run, other)]
        np.testing.assert_allclose(*(h.values(flow=True) for h in scaled), rtol=1e-13)
        np.testing.assert_allclose(*(h.variances(flow=True) for h in scaled), rtol=1e-13)
    assert other.datasets[0]["sumw"] == pytest.approx(run.datasets[0]["sumw"], rel=1e-14)


@pytest.mark.parametrize("format", FORMATS)
def test_the_analysis_of_a_skim_equals_that_of_the_original(files, format) -> None:
    path = analysis(format=format)
    chosen = {"workers": 2} if format == "ttree" else {"engine": "inline"}
    run = path.start([mc(files)], chunk=CHUNK, **chosen).wait(60)
    skims = run.skim("skim")["mc"]
    # One per chunk, and one for the sum of weights of the file without events.
    assert len(skims) == 3 + 2 + 1
    assert all(Path(file).stat().st_mode & 0o777 == 0o600 for file in skims)
    again = analysis().start([mc(skims)], engine="inline").wait(60)
    assert 0 < again.progress["events"] < 600
    same(run, again)
    if format == "ttree":
        third = path.start([mc(skims)], engine="inline").wait(60)
        same(run, analysis().start([mc(third.skim("skim")["mc"])], engine="inline").wait(60))


def test_sums_of_the_events_themselves_and_other_rows(files) -> None:
    path = analysis(any_variation=False)
    run = path.start([mc(files, sumw="genWeight")], chunk=CHUNK, engine="inline").wait(60)
    skims = run.skim("skim")["mc"]
    again = analysis().start([mc(skims)], engine="inline").wait(60)
    assert again.datasets[0]["sumw"] == pytest.approx(run.datasets[0]["sumw"], rel=1e-14)
    before, after = (r.hist("ht").to_hist()[{"variation": "nominal"}] for r in (run, again))
    assert before.view(flow=True).tobytes() == after.view(flow=True).tobytes()
    assert again.progress["events"] == run.cutflow[2]["raw"]
    counts = [uproot.open(file)["Runs/genEventCount"].array()[0] for file in skims]
    assert counts == [CHUNK] * 2 + [100] + [CHUNK] * 2


@pytest.mark.parametrize("format", FORMATS)
def test_dtypes_collections_and_columns_of_the_path(files, format) -> None:
    path = hn.Path("columns")
    path.replace("MET_pt", "MET_pt * 2")
    path.define("hard", "Jet[Jet.pt > 25]")
    path.define("leading", "max(Jet.pt)")
    path.select("many", "count(Jet) > 1")
    path.snapshot("some", ["Jet", "MET.pt", "r*n", "hard", "leading"], format=format)
    run = path.start(files[:2], chunk=CHUNK, engine="inline").wait(60)
    made = run.skim("some")["mc"]
    whole, rows = (
        ak.concatenate([_columns(file) for file in made]),
        ak.concatenate([uproot.open(file)["Events"].arrays() for file in files[:2]]),
    )
    rows = rows[rows.nJet > 1]
    for name in ("run", "Jet_pt", "Jet_charge", "MET_pt", "nJet"):
        assert whole[name].to_list() == rows[name].to_list()
        assert str(whole[name].type) == str(rows[name].type)
    assert ak.all(whole.hard_pt > 25)
    assert whole.nhard.to_list() == ak.num(whole.hard_pt).to_list()
    assert whole.leading.to_list() == ak.max(rows.Jet_pt, axis=1).to_list()
    assert "good" not in whole.fields
    if format == "ttree":
        assert str(uproot.open(made[0])["Events/hard_pt"].typename) == "float[]"
        assert "nJet_pt" not in whole.fields


@pytest.mark.parametrize("format", FORMATS)
def test_arrays_in_an_event_and_lists_of_lists(tmp_path, format) -> None:
    with uproot.recreate(tmp_path / "x.root") as file:
        cov = np.arange(36, dtype=np.float32).reshape(4, 3, 3)
        file.mktree("Events", {"x": "int32", "cov": np.dtype((np.float32, (3, 3)))}).extend(
            {"x": np.arange(4, dtype=np.int32), "cov": cov}
        )
    path = hn.Path("arrays")
    path.select("later", "x > 1")
    path.snapshot("skim", ["x", "cov"], format=format)
    run = path.start(tmp_path / "x.root", engine="inline")
    (made,) = run.skim("skim")["x"]
    assert _columns(made).cov.to_list() == cov[2:].tolist()
    path.define("pairs", lambda x: ak.Array([[[1.0], []]] * len(x)))
    path.snapshot("deep", ["pairs"], format=format)
    if format == "ttree":
        with pytest.raises(PathError, match="'pairs' has lists of lists, which a TTree cannot"):
            path.start(tmp_path / "x.root", engine="inline")
    elif format == "parquet":
        run = path.start(tmp_path / "x.root", engine="inline")
        assert _columns(run.skim("deep")["x"][0]).pairs.to_list() == [[[1.0], []]] * 2


def _columns(file):
    from hepnb.analysis import open_events

    with open_events(file) as opened:
        return opened.read(opened.branches, 0, opened.entries)


def test_killed_and_resumed_it_is_written_once(files) -> None:
    quiet = analysis(columns="all that is read").start([mc(files)], chunk=70, engine="inline")
    path = analysis(columns="all that is read")

    @path.select
    def slow(MET_pt):
        import time

        time.sleep(0.1)
        return MET_pt >= 0

    run = path.start([mc(files)], chunk=70, workers=2)
    reach(run, 3)
    os.kill(next(row["pid"] for row in run.workers if row["pid"]), signal.SIGKILL)
    reach(run, 5)
    run.kill()
    is_lost(run)
    before = run.skim("skim")["mc"]
    uuids = [uproot.open(file).file.uuid for file in before]
    run.resume()
    run.wait(60)
    after = run.skim("skim")["mc"]
    assert set(before) <= set(after)
    assert len(after) == len(quiet.skim("skim")["mc"]) == 12
    kept = {file: uproot.open(file).file.uuid for file in after}
    assert [kept[file] for file in before] == uuids
    # Whoever writes a chunk writes the same, to the uuid.
    assert list(kept.values()) == [
        uproot.open(file).file.uuid for file in quiet.wait(60).skim("skim")["mc"]
    ]
    for one, two in zip(after, quiet.skim("skim")["mc"], strict=True):
        assert ak.array_equal(_columns(one), _columns(two))


def test_chunks_that_are_taken_over_bring_their_files(files) -> None:
    old = analysis(format="ttree").start([mc(files)], chunk=CHUNK, engine="inline").wait(60)
    new = analysis(format="ttree").start([mc(files)], chunk=CHUNK, workers=1, reuse=old.id)
    found = new.wait(60).skim("skim")["mc"]
    shutil.rmtree(old.directory)
    assert len(found) == 6
    assert all(file.startswith(str(new.directory)) for file in found)
    same(new, analysis().start([mc(found)], engine="inline"))


def test_only_committed_chunks_are_listed_and_lost_files_are_told(files) -> None:
    run = analysis(format="ttree").start([mc(files)], chunk=CHUNK, engine="inline").wait(60)
    listed = run.skim("skim")["mc"]
    folder = run.directory / "snapshots" / "skim"
    (folder / "chunk-000099.root").touch()
    assert run.skim("skim")["mc"] == listed
    with pytest.raises(RunError, match=r"no files of a snapshot 'skin'; did you mean 'skim'\?"):
        run.skim("skin")
    (folder / "chunk-000001.root").unlink()
    with pytest.raises(RunError, match=r"chunk-000001\.root of snapshot 'skim' is gone"):
        run.skim("skim")


def test_a_chunk_without_rows_carries_its_sums(files) -> None:
    path = hn.Path("none")
    path.select("never", "MET_pt < 0")
    path.snapshot("skim", ["run", "Jet"])
    run = path.start([mc(files, sumw="genWeight")], chunk=CHUNK, engine="inline").wait(60)
    counted = hn.Path("counted")
    counted.hist("n", n="count(Jet): 0, 5, int")
    again = counted.start([mc(run.skim("skim")["mc"])], engine="inline").wait(60)
    assert again.progress["events"] == 0
    assert again.datasets[0]["sumw"] == pytest.approx(run.datasets[0]["sumw"], rel=1e-14)


def test_mistakes_in_a_line(files, monkeypatch) -> None:
    path = hn.Path("wrong")
    with pytest.raises(PathError, match="format is one of ttree, rntuple, parquet, not 'tree'"):
        path.snapshot("skim", format="tree")
    with pytest.raises(PathError, match="snapshot 'skim': no columns"):
        path.snapshot("skim", [])
    path.snapshot("skim", ["Jets"])
    with pytest.raises(PathError, match=r"snapshot 'skim': no column 'Jets'"):
        path.start(files, engine="inline")
    path = hn.Path("label")
    path.category("kind", good="good")
    path.snapshot("skim", ["kind"])
    with pytest.raises(PathError, match="'kind' is a category, which no file can hold"):
        path.check()
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(PathError, match=r"Parquet needs pyarrow: pip install 'hepnb\[parquet\]'"):
        path.snapshot("flat", format="parquet")
