"""Scans: every combination becomes a run of its own, whatever happens to the others and to us."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import awkward as ak
import hist
import numpy as np
import pytest

import hepnb as hn
from hepnb.cli import main
from hepnb.errors import DataError, HepnbError, PathError, RunError
from hepnb.runs import policy
from hepnb.runs.handle.cleaning import chosen, litter
from hepnb.runs.handle.text import progress_line
from hepnb.runs.processes import detached
from hepnb.runs.scans import conducting

from .conftest import states, until


def spectrum(pt, kind="all"):
    """The muons above a threshold; one combination is no analysis."""
    if (pt, kind) == (30, "positive"):
        return None
    path = hn.Path("spectrum")
    chosen = "Muon.charge > 0" if kind == "positive" else "Muon.charge != 0"
    path.define("chosen", f"Muon[(Muon.pt > {pt}) & ({chosen})]")
    path.hist("pt", pt="chosen.pt: 20, 0, 100")
    path.hist("n", n="count(chosen): 5, -0.5, 4.5")
    return path


def test_each_combination_is_a_run_and_all_are_one_histogram(numbered, capsys):
    files, _ = numbered
    runs = hn.scan(spectrum, files, pt=[10, 30], kind=["all", "positive"], workers=1, chunk=100)
    assert len(runs) == 3
    assert runs.points[2] == {"pt": 30, "kind": "all"}
    assert runs.skipped == ({"pt": 30, "kind": "positive"},)
    assert runs.wait(300) is runs
    assert runs.status == "done"

    for run, point in zip(runs, runs.points, strict=True):
        assert isinstance(run, hn.Run)
        assert run.status == "done"
        assert run.parameters == point
        alone = spectrum(**point).start(files, workers=2, chunk=100).wait(200)
        for name in ("pt", "n"):
            assert run.hist(name).to_hist() == alone.hist(name).to_hist()
    assert runs[0].hist("pt").sum() > runs[1].hist("pt").sum() > 0

    assert runs[{"pt": 10, "kind": "positive"}] is runs[1]
    assert runs[-1] is runs[2]
    assert runs.at(pt=10) == runs[0:2] == [runs[0], runs[1]]
    assert runs.at(kind="positive") == [runs[1]]

    whole = runs.hist("n")
    assert [(type(ax), ax.name) for ax in whole.axes] == [
        (hist.axis.IntCategory, "pt"),
        (hist.axis.StrCategory, "kind"),
        (hist.axis.Regular, "n"),
    ]
    full = whole.to_hist()
    for run, point in zip(runs, runs.points, strict=True):
        mine = full[hist.loc(point["pt"]), point["kind"], :]
        np.testing.assert_array_equal(mine.view(flow=True), run.hist("n").view(flow=True))
    assert full[hist.loc(30), "positive", sum] == 0
    assert [ax.name for ax in runs.hist("pt").axes] == ["scan_pt", "kind", "pt"]
    assert whole.sealed

    frame = runs.to_frame()
    assert list(frame["pt"]) == [10, 10, 30]
    assert list(frame["state"]) == ["done"] * 3
    assert list(frame["events"]) == [700] * 3
    assert runs.progress["done"] == 3
    assert runs.progress["events"] == 2100
    text = repr(runs).splitlines()
    assert text[0] == f"<RunSet {runs.id}: 3 runs, 3 done>"
    assert text[1].split()[:4] == ["run", "pt", "kind", "state"]
    assert text[3].split()[:6] == ["1", "10", "positive", "done", "700", "700"]

    again = hn.attach(runs.id)
    assert isinstance(again, hn.RunSet)
    assert again.points == runs.points
    assert hn.attach(runs.directory).id == hn.attach("scan-spectrum").id == runs.id
    assert hn.attach(runs[1].id).parameters == {"pt": 10, "kind": "positive"}
    for place in (runs.directory, runs[0].directory):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
    rows = {row["id"]: row for row in hn.runs()}
    assert set(rows) >= {runs.id, *(run.id for run in runs)}
    assert (rows[runs.id]["name"], rows[runs.id]["events"]) == ("spectrum (scan of 3)", 2100)
    assert rows[runs[1].id]["parameters"] == {"pt": 10, "kind": "positive"}
    assert main(["attach", runs.id, "--json"]) == 0
    assert [row["events"] for row in json.loads(capsys.readouterr().out)] == [700] * 3
    assert main(["cancel", runs.id]) == 0
    assert "is done already" in capsys.readouterr().out
    assert main(["log", runs.id]) == 1
    assert "is a scan of 3 runs: say which" in capsys.readouterr().err
    view = runs.show()
    assert [row["state"] for row in view.rows] == ["done"] * 3
    assert f"hn.attach('{runs.id}')" == view.attach
    view.close()
    inside = [item.path for item in litter(0.0) if item.path.is_relative_to(runs.directory)]
    assert inside == [runs.directory], "a scan goes as a whole"
    with pytest.raises(RunError, match="there is nothing to resume"):
        again.resume()
    with pytest.raises(RunError, match="no run is failed or cancelled or lost"):
        again.rerun_failed()


def test_ten_runs_at_once(tmp_path, make_file):
    pt = make_file(tmp_path / "ten.root", 500)
    make = ten_thresholds
    runs = hn.scan(make, tmp_path / "ten.root", least=range(10), workers=1, max_parallel=10)
    runs.wait(300)
    assert states(runs) == ["done"] * 10
    flat = ak.to_numpy(ak.flatten(pt))
    for least, run in enumerate(runs):
        expected = np.histogram(flat[flat > least], bins=20, range=(0, 100))[0]
        np.testing.assert_array_equal(run.hist().values(), expected)
        assert run.progress["events"] == 500
    whole = runs.hist("pt").values()
    np.testing.assert_array_equal(
        whole.sum(axis=1), [(flat[flat < 100] > n).sum() for n in range(10)]
    )
    began = max(run.snapshot()["started"] for run in runs)
    ended = min(run.snapshot()["ended"] for run in runs)
    assert began < ended, "they did not go on at once"


def ten_thresholds(least):
    path = hn.Path("ten")
    path.hist("pt", pt=f"Muon.pt[Muon.pt > {least}]: 20, 0, 100")
    return path


def test_not_more_at_once_than_allowed(numbered, gated):
    files, _ = numbered
    make, gates = gated
    runs = hn.scan(make, files, n=range(5), workers=1, max_parallel=2)
    until(lambda: len(list(gates.glob("began-*"))) == 2)
    assert states(runs) == ["running", "running", "waiting", "waiting", "waiting"]
    until(lambda: runs[4].status == "waiting")
    assert {row["id"]: row["state"] for row in hn.runs()}[runs[4].id] == "waiting"
    with pytest.raises(RunError, match="goes on: cancel it first"):
        chosen(runs.id)
    assert runs.status == "running"
    (gates / "open").touch()
    runs.wait(300)
    spans = [(run.snapshot()["started"], run.snapshot()["ended"]) for run in runs]
    at_once = [sum(a <= start < b for a, b in spans) for start, _ in spans]
    assert max(at_once) == 2
    assert max(began for began, _ in spans[:2]) < min(began for began, _ in spans[2:])


def test_it_is_live_while_it_runs(numbered, gated):
    files, _ = numbered
    make, gates = gated
    runs = hn.scan(make, files, n=["a", "b"], workers=1, max_parallel=1)
    until((gates / "began-a").exists)
    whole = runs.hist("number")
    assert whole.sum() == 0
    assert not whole.sealed
    (gates / "open-a").touch()
    until((gates / "began-b").exists)
    assert whole.refresh()
    np.testing.assert_array_equal(whole.values().sum(axis=1), [700, 0])
    (gates / "open").touch()

    async def main():
        return await runs

    # In a thread of its own: where browser tests came first, this one has an event loop already.
    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(lambda: asyncio.run(main())).result(60) is runs
    whole.refresh()
    np.testing.assert_array_equal(whole.values().sum(axis=1), [700, 700])
    assert states(runs) == ["done", "done"]


HOSTILE = ["<script>alert(1)</script>", "../../etc/passwd\n\x1b[31mred", "\u202etac' or 1"]


def plain(cut):
    path = hn.Path("plain")
    path.hist("n", n="count(Muon): 5, -0.5, 4.5", label=f"n {HOSTILE.index(cut)}")
    return path


def test_hostile_texts_are_texts(numbered):
    files, _ = numbered
    runs = hn.scan(plain, files[:1], cut=HOSTILE, workers=1, max_parallel=3).wait(300)
    text = repr(runs)
    assert len(text.splitlines()) == len(runs) + 2
    assert text.replace("\n", "").isprintable()
    page = runs.show()._repr_mimebundle_()[0]["text/html"]
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert list(runs.hist("n").axes["cut"]) == HOSTILE
    assert all(runs[{"cut": text}] is run for text, run in zip(HOSTILE, runs, strict=True))
    assert {run.directory.parent for run in runs} == {runs.directory / "runs"}
    assert hn.attach(runs.id).points == runs.points


def broken(pt):
    path = hn.Path("broken")
    path.hist("pt", pt="Muon.pt: 20, 0, 100" if pt < 30 else "Muon.pT: 20, 0, 100")
    return path


def raising(pt):
    if pt > 20:
        raise KeyError("no scale factors")
    return broken(pt)


def nothing(**_):
    return None


def unsendable(**_):
    lock = threading.Lock()
    path = hn.Path("locked")

    @path.define
    def number(event):
        with lock:
            return event

    path.hist("number", number="number: 10, 0, 2000")
    return path


@pytest.mark.parametrize(
    ("make", "options", "error", "text"),
    [
        (broken, {"pt": [20, 30]}, PathError, r"^pt=30: .*'Muon' has no field 'pT'"),
        (broken, {}, RunError, "at least one parameter"),
        (broken, {"pt": [20, 20]}, RunError, "has 20 twice"),
        (broken, {"pt": [20], "workers": 0}, RunError, "workers"),
        (broken, {"pt": [20], "max_parallel": 0}, RunError, "max_parallel=0"),
        (broken, {"pt": [20], "nice": "x"}, RunError, "nice"),
        (broken, {"pt": [20], "engine": "inline"}, RunError, "^engine is for path.start"),
        (broken, {"pt": [20], "parameters": {"a": 1}}, RunError, "^parameters is for path.start"),
        (broken, {"pt": [2**64]}, RunError, "pt=18446744073709551616: parameters: pt is the int"),
        (broken, {"pt": range(300), "b": range(300)}, RunError, "90,000 combinations"),
        (lambda pt: pt, {"pt": [20]}, RunError, "pt=20: <lambda> gave a int: return a hn.Path"),
        (None, {"pt": [20]}, RunError, "a function of the parameters that makes a path, not None"),
        (broken, {"ptt": [20]}, RunError, r"^broken\(pt\) does not fit the .* ptt: missing"),
        (broken, {"pt": [20], "iso": [1]}, RunError, "fit .* pt, iso: got an unexpected .* 'iso'"),
        (nothing, {"pt": [1, 2]}, RunError, "nothing gave None for all 2 combinations"),
        (unsendable, {"pt": [20]}, RunError, "pt=20: the path cannot be sent"),
    ],
)
def test_nothing_starts_when_anything_is_wrong(numbered, tmp_path, make, options, error, text):
    files, _ = numbered
    with pytest.raises(error, match=text) as caught:
        hn.scan(make, files, **options)
    assert len(str(caught.value).splitlines()) == 1
    runs = tmp_path / "state" / "runs"
    assert not runs.exists() or not list(runs.iterdir())


def test_an_exception_of_the_function_says_where_and_data_is_checked_first(numbered):
    files, _ = numbered
    with pytest.raises(KeyError, match="no scale factors") as caught:
        hn.scan(raising, files, pt=[20, 25])
    assert caught.value.__notes__ == ["in raising(pt=25): nothing was started"]
    with pytest.raises(DataError, match="no such file"):
        hn.scan(raising, "nowhere.root", pt=[20])
    with pytest.raises(DataError, match="is given 2 times"):
        hn.scan(broken, [files[0], files[0]], pt=[20])


def test_the_site_allows_fewer(numbered, gated, monkeypatch, tmp_path):
    files, _ = numbered
    make, gates = gated
    limits = tmp_path / "policy.yaml"
    limits.write_text("max_runs: 1\n")
    monkeypatch.setattr(policy, "policy_files", lambda: (limits,))
    runs = hn.scan(make, files, n=range(2), workers=1, max_parallel=2)
    until((gates / "began-0").exists)
    assert states(runs) == ["running", "waiting"]
    with pytest.raises(RunError, match="this site allows 1 at once"):
        hn.scan(make, files, n=range(2))
    (gates / "open").touch()
    runs.wait(100)
    assert states(runs) == ["done"] * 2


# The conductor reads the policy of its own environment: one that the test makes for it.
_AT_SITE = """
import sys
from pathlib import Path
from hepnb.runs import policy
from hepnb.runs.scans import conductor, directory
policy.policy_files = lambda: (Path({file!r}),)
conductor._AFTER_REFUSAL = 0.1
conductor.Conductor(directory.ScanDirectory(Path(sys.argv[1])), int(sys.argv[2])).main()
"""


def test_a_scan_beside_other_runs_is_not_more_than_the_site_allows(
    numbered, gated, monkeypatch, tmp_path
):
    files, _ = numbered
    make, gates = gated
    limits = tmp_path / "policy.yaml"
    limits.write_text("max_runs: 2\n")
    monkeypatch.setattr(policy, "policy_files", lambda: (limits,))

    def at_site(command, *arguments, **options):
        code = _AT_SITE.format(file=str(limits))
        return detached([command[0], "-c", code, *command[3:]], *arguments, **options)

    monkeypatch.setattr(conducting, "detached", at_site)
    other = make(7).start(files, 1)
    until((gates / "began-7").exists)
    runs = hn.scan(make, files, n=range(3), workers=1, max_parallel=2)
    until((gates / "began-0").exists)
    said = runs.directory / "conductor.log"
    until(lambda: said.exists() and "this site allows 2 at once" in said.read_text())
    assert states(runs) == ["running", "waiting", "waiting"]
    allowed = "2 runs of yours go on and this site allows 2 at once"
    until(lambda: allowed in runs.table()[1]["problem"])
    assert not runs.table()[0]["problem"]
    until(lambda: allowed in runs[1].snapshot()["problem"])
    assert allowed in repr(runs)
    assert allowed in progress_line(runs.snapshot())
    (gates / "open-7").touch()
    other.wait(60)
    until((gates / "began-1").exists)
    until(lambda: not runs.snapshot()["problem"])  # the third only waits for its turn
    assert states(runs) == ["running", "running", "waiting"]
    (gates / "open").touch()
    runs.wait(100)
    assert states(runs) == ["done"] * 3


def test_a_disk_without_locks_is_refused(numbered, tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("hepnb.runs.scans.directory.fcntl.flock", no_locks)
    with pytest.raises(HepnbError, match="the locks of its file system do not work"):
        hn.scan(broken, numbered[0], pt=[20], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list((tmp_path / "state" / "runs").iterdir())


def test_where_it_lies(numbered, tmp_path):
    files, _ = numbered
    here = tmp_path / "here"
    runs = hn.scan(broken, files[:1], pt=[10], out=here, workers=1).wait(200)
    assert runs.directory == here
    with pytest.raises(RunError, match="is there already"):
        hn.scan(broken, files[:1], pt=[10], out=here)
    with pytest.raises(RunError, match=r"no histogram 'pT' \(it has pt\); did you mean 'pt'"):
        runs.hist("pT")
    with pytest.raises(RunError, match="the scan has no pt=11; it has 10"):
        runs.at(pt=11)
    here.chmod(0o755)
    with pytest.raises(RunError, match="is open to other users"):
        hn.attach(runs.id)
    here.chmod(0o700)
    moved = tmp_path / "moved"
    (point,) = runs
    here.rename(moved)
    assert f"{runs.id}: scan {runs.id}: its directory {here} is gone; where it was" in repr(runs)
    for id in (runs.id, point.id):
        with pytest.raises(RunError, match=r"is not in .*here.* any more: if it was moved, attach"):
            hn.attach(id)
    assert hn.attach(moved).hist("pt").axes["scan_pt"][0] == 10
    assert hn.attach(runs.id).directory == moved
    assert hn.attach(point.id).directory == moved / "runs" / "0000"
    (moved / "scan.json").write_text("[]")
    with pytest.raises(RunError, match="is not the record of a scan"):
        hn.attach(moved)
