"""Opening and reading files, good and bad."""

from __future__ import annotations

import threading
from pathlib import Path as FilePath

import numpy as np
import pytest
import uproot

from hepnb.analysis import open_events
from hepnb.errors import DataError


@pytest.fixture
def small(tmp_path: FilePath) -> FilePath:
    file = tmp_path / "small.root"
    with uproot.recreate(file, compression=uproot.ZLIB(1)) as out:
        for name, size in (("Events", 5000), ("Runs", 3)):
            tree = out.mktree(name, {"x": "float32", "n": "int32"})
            tree.extend({"x": np.arange(size, dtype="f4"), "n": np.arange(size, dtype="i4")})
    return file


def message(file: FilePath | str, tree: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        open_events(file, tree)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    return str(caught.value)


def test_reading_starts_no_thread(muon_file: FilePath) -> None:
    before = threading.active_count()
    with open_events(muon_file) as file:
        events = file.read(["Muon_pt", "nMuon"], 10, 1000)
        assert events.fields == ["Muon_pt", "nMuon"]
        assert len(events) == 990
        assert threading.active_count() == before
        assert file.tree == "Events"
        assert file.clusters[0] == 0
        assert file.clusters[-1] == file.entries
        assert len(file.read([], 0, 7)) == 7
        assert len(file.uuid) == 36
    file.close()


def test_chunks_join_to_the_whole(small: FilePath) -> None:
    with open_events(small) as file:
        parts = [file.read(["x"], a, min(a + 777, 5000)).x for a in range(0, 5000, 777)]
        assert np.concatenate(parts).tolist() == list(range(5000))
        with pytest.raises(
            DataError, match="entries 0-5001 are not in tree 'Events' of 5000 entries"
        ):
            file.read(["x"], 0, 5001)
        with pytest.raises(DataError, match="no branch 'y'"):
            file.read(["y"], 0, 1)


def test_which_tree(small: FilePath, tmp_path: FilePath) -> None:
    assert open_events(small).entries == 5000
    assert open_events(small, "Runs").entries == 3
    assert "no tree 'Event'; did you mean 'Events'?" in message(small, "Event")
    several = tmp_path / "several.root"
    with uproot.recreate(several) as out:
        for name in ("a", "b"):
            out.mktree(name, {"x": "f4"}).extend({"x": np.zeros(1, "f4")})
    assert "which tree? it has a, b: give tree=" in message(several)


def test_an_empty_tree_is_no_error(tmp_path: FilePath) -> None:
    file = tmp_path / "empty.root"
    with uproot.recreate(file) as out:
        out.mktree("Events", {"x": "f4"})
    with open_events(file) as opened:
        assert opened.entries == 0
        assert len(opened.read(["x"], 0, 0)) == 0
        assert opened.clusters == (0, 0)


def test_files_that_cannot_be_opened(small: FilePath, tmp_path: FilePath) -> None:
    assert "no such file" in message(tmp_path / "lost.root")
    assert "is a directory" in message(tmp_path)
    for name, content, reason in (
        ("zero.root", b"", "empty file (0 bytes)"),
        ("text.root", b"hello world\n" * 100, "not a ROOT file"),
        ("head.root", small.read_bytes()[:40], "truncated (40 bytes of"),
        ("half.root", small.read_bytes()[:-2000], "truncated ("),
    ):
        (tmp_path / name).write_bytes(content)
        assert reason in message(tmp_path / name)
    no_tree = tmp_path / "hist.root"
    with uproot.recreate(no_tree) as out:
        out["h"] = np.histogram([1.0, 2.0])
    assert "no TTree or RNTuple" in message(no_tree)


def test_a_corrupt_basket_is_named_when_it_is_read(small: FilePath, tmp_path: FilePath) -> None:
    content = bytearray(small.read_bytes())
    with uproot.open(small) as root:
        branch = root["Events"]["x"]
        start, length = int(branch.member("fBasketSeek")[0]), int(branch.member("fBasketBytes")[0])
    content[start + 120 : start + length] = b"\xff" * (length - 120)
    broken = tmp_path / "broken.root"
    broken.write_bytes(content)
    with open_events(broken) as file:
        assert len(file.read(["n"], 0, 5000)) == 5000
        with pytest.raises(DataError) as caught:
            file.read(["x", "n"], 100, 200)
    assert f"{broken}: tree 'Events', entries 100-200: unreadable (" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.realdata
def test_ntuples_read_like_trees(data_dir: FilePath) -> None:
    ntuple = next((data_dir / "cms/dimuon").glob("*rntuple*.root"))
    tree = next((data_dir / "cms/dimuon").glob("Run2012BC*example.root"))
    with open_events(ntuple) as a, open_events(tree) as b:
        columns = ["nMuon", "Muon_pt", "Muon_charge"]
        assert a.entries == 1000
        assert set(columns) <= set(a.branches)
        assert a.read(columns, 3, 900).to_list() == b.read(columns, 3, 900).to_list()


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name",
    [
        "nanoaod/nano_tt_v12.root",
        "nanoaod/nano_dy.root",
        "nanoaod/nanoAOD_2015_CMS_Open_Data_ttbar.root",
        "atlas/13TeV_4lep/data_A.4lep.root",
    ],
)
def test_flat_conventions_hold_on_real_files(data_dir: FilePath, name: str) -> None:
    from hepnb.analysis import Dataset, Path

    objects = "lep" if "atlas" in name else "Muon"
    path = Path()
    path.select("some", f"count({objects}) >= 1")
    path.hist(
        "h",
        pt=f"{objects}.pt: 10, 0, 100",
        lead=f"{objects}.pt[:, 0] + 0 * {objects}.pt: 10, 0, 100",
    )
    path.define("all", lambda lep: lep) if objects == "lep" else path.define(
        "all", lambda Muon: Muon
    )
    path.define("n", lambda all: __import__("awkward").num(all))
    path.table("t", ["n"])
    with open_events(data_dir / name) as file:
        program = path.freeze()
        columns = program.columns(file.branches)
        result = program.process(file.read(columns, 0, file.entries), Dataset("d", data_dir / name))
        counter = file.read(["lep_n" if objects == "lep" else "nMuon"], 0, file.entries)
    counts = np.asarray(counter[counter.fields[0]])
    assert result.collections[objects][1] == counts.sum()
    assert result.tables["t"]["n"].tolist() == counts[counts > 0].tolist()


def test_decompressing_fast_gives_the_same_numbers(tmp_path):
    """In a process of its own, as in a worker: the switch is for the whole process."""
    import subprocess
    import sys

    file = tmp_path / "zlib.root"
    with uproot.recreate(file, compression=uproot.ZLIB(4)) as root:
        root.mktree("Events", {"x": "float64"}).extend({"x": np.sqrt(np.arange(100_000))})
    script = (
        "import sys, hashlib, numpy as np, uproot.compression\n"
        "from hepnb.analysis import open_events\n"
        "from hepnb.analysis.reading.events import decompress_fast\n"
        "decompress_fast()\n"
        "with open_events(sys.argv[1]) as file:\n"
        "    x = np.asarray(file.read(['x'], 0, file.entries)['x'])\n"
        "print(uproot.compression._decompress_ZLIB.library, hashlib.sha256(x.tobytes()).hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True
    )
    import hashlib

    expected = hashlib.sha256(np.sqrt(np.arange(100_000)).tobytes()).hexdigest()
    assert done.stdout.split() == ["isal", expected]
