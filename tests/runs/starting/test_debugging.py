"""Looking at a chunk: the columns that the failing step sees, of a path, and of a run's failed chunk."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.errors import DataError, PathError, RunError


@pytest.fixture
def path():
    """Fails where an event has no second muon, below a select that the variation moves."""
    made = hn.Path("pairs")
    made.vary("Muon.pt", scale=("Muon.pt * 2", "Muon.pt / 2"))
    made.define("hard", "Muon[Muon.pt > 10]")
    made.select("one", "count(hard) >= 1")

    @made.define
    def second(hard):
        return hard.pt[:, 1]

    made.hist("second", x="second: 10, 0, 100")
    return made


@pytest.fixture
def file(tmp_path):
    """600 events; those of entries 400 and up may have less than two muons."""
    chance = np.random.default_rng(3)
    counts = np.where(np.arange(600) < 400, 3, chance.integers(0, 3, 600))
    pt = ak.unflatten(chance.uniform(21, 60, counts.sum()), counts)
    with uproot.recreate(tmp_path / "muons.root") as root:
        columns = {"Muon": ak.zip({"pt": pt})}
        root.mktree("Events", {n: a.type for n, a in columns.items()}).extend(columns)
    return tmp_path / "muons.root", pt


def data(file):
    return hn.Dataset("mc", file, kind="mc")


def test_a_chunk_of_a_path_with_its_columns(path, file) -> None:
    file, pt = file
    look = hn.debug(path, data(file), variation="scale_up")
    passing = pt[ak.num(pt) >= 1]
    assert (look.first, look.step) == (0, "second")
    assert look.hard.pt.tolist() == (passing * 2).tolist()
    with pytest.raises(RunError, match="there is no chunk 7: they go from 0 to 0"):
        hn.debug(path, data(file), chunk=7)


def test_a_file_is_read_as_its_dataset_says(path, file) -> None:
    file, _ = file
    path.define("extra", "bonus + 1")
    path.table("extra", ["extra"])
    look = hn.debug(path, hn.Dataset("mc", file, kind="mc", missing={"bonus": 2.0}), chunk=0)
    assert set(look.bonus.tolist()) == {2.0}


def test_a_chunk_that_a_later_run_has_filled_did_not_fail(file, tmp_path) -> None:
    file, _ = file
    made, mended = hn.Path("mended"), str(tmp_path / "mended")

    @made.define
    def pt(Muon):
        from pathlib import Path

        assert Path(mended).exists()
        return Muon.pt

    made.hist("pt", pt="pt: 10, 0, 100")
    failed = made.start(data(file), chunk=600, workers=1)
    with pytest.raises(RunError):
        failed.wait(60)
    assert hn.debug(failed).step == "pt"
    (tmp_path / "mended").touch()
    run = made.start(data(file), chunk=600, workers=1, reuse=failed.id).wait(60)
    with pytest.raises(RunError, match=f"no chunk of run {run.id} failed"):
        hn.debug(run)


def test_the_failed_chunk_of_a_run_without_its_file(path, file) -> None:
    file, pt = file
    run = path.start(data(file), chunk=100, workers=2, on_error="skip").wait(60)
    assert run.progress["events_lost"] == 200
    file.unlink()  # what the worker read of it is kept
    look = hn.debug(run)
    part = pt[400:500]
    assert (look.first, look.step, type(look.error)) == (400, "second", IndexError)
    assert look.rows == int(ak.sum(ak.num(part) >= 1))
    hard = part[ak.num(part) >= 1]
    assert look.hard.pt.tolist() == hard.tolist()
    assert look["Muon"].pt.tolist() == hard.tolist()
    assert look.entries.tolist() == (400 + np.flatnonzero(ak.num(part) >= 1)).tolist()
    assert "second raised IndexError" in repr(look)
    assert "raise" not in look.columns()
    before = look.at("one")
    assert before.rows == 100
    assert before.events.Muon_pt.tolist() == part.tolist()
    down = hn.debug(run.id, chunk=5, variation="scale_down")
    assert down.first == 500
    moved = pt[500:] / 2
    kept = moved[moved > 10]
    assert down.hard.pt.tolist() == kept[ak.num(kept) >= 1].tolist()
    with pytest.raises(DataError, match="no such file"):
        hn.debug(run, chunk=0)  # it did not fail, so nothing of it was kept
    with pytest.raises(PathError, match="no column 'hart' above 'second'; did you mean 'hard'"):
        look["hart"]
    with pytest.raises(AttributeError, match="no column 'hart'"):
        _ = look.hart
    with pytest.raises(PathError, match="no variation 'scale_ip'; did you mean 'scale_up'"):
        hn.debug(run, variation="scale_ip")


def test_the_chunk_that_made_a_run_fail(path, file) -> None:
    run = path.start(data(file[0]), chunk=100, workers=1)
    with pytest.raises(RunError, match="IndexError"):
        run.wait(60)
    look = hn.debug(run)
    assert (look.first, look.step, type(look.error)) == (400, "second", IndexError)
    assert look.hard.pt.tolist() == [e for e in file[1][400:500].tolist() if e]


def test_a_chunk_that_did_not_fail(path, file) -> None:
    file, pt = file
    run = path.start(data(file), chunk=100, on_error="skip").wait(60)
    look = hn.debug(run, chunk=1)
    assert (look.error, look.rows, look.step) == (None, 100, "")
    assert look.second.tolist() == pt[100:200, 1].tolist()
    assert look.result.events == 100
    assert "nothing went wrong" in repr(look)
    good = path.start({"a": str(file)}, variations="nominal", chunk=300, on_error="skip").wait(60)
    assert hn.debug(good).first == 300


def test_a_run_without_failures_says_so(file) -> None:
    made = hn.Path("fine")
    made.hist("n", n="count(Muon): 0, 4, int")
    run = made.start(str(file[0])).wait(60)
    with pytest.raises(
        RunError, match=r"no chunk of run .* failed: give the number of one, chunk="
    ):
        hn.debug(run)


def test_the_numbers_drawn_are_those_of_the_worker(file) -> None:
    made = hn.Path("random")
    made.define("drawn", lambda rng: rng.normal())
    made.define("globally", lambda nMuon: np.random.normal(size=len(nMuon)))  # noqa: NPY002
    made.table("t", ["drawn", "globally"])
    run = made.start(str(file[0]), chunk=300, seed=5).wait(60)
    table = run.table("t")[300:]
    look = hn.debug(run, chunk=1)
    assert look.drawn.tolist() == table.drawn.tolist()
    assert look.globally.tolist() == table.globally.tolist()


def test_a_damaged_kept_chunk_is_said_to_be(path, file) -> None:
    file, _ = file
    run = path.start(data(file), chunk=100, on_error="skip").wait(60)
    (kept,) = (run.directory / "failed").glob("4-*.cols")
    assert kept.stat().st_mode & 0o777 == 0o600
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 255
    kept.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        hn.debug(run)
