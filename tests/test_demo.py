"""The demo: its numbers against a direct computation, its files byte by byte, its bad days."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import awkward as ak
import h5py
import hist
import numpy as np
import pytest
import uhi.io.hdf5
import uproot

from hepnb.cli import main
from hepnb.demo import dimuon_path
from hepnb.histograms import Store
from hepnb.samples import RESONANCES, toy_dimuon

Spoken = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 000 toy events: enough for every message and too few to wait for."""
    return toy_dimuon(tmp_path_factory.mktemp("toy") / "toy.root", 3_000, 1)


@pytest.fixture
def demo(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Spoken:
    """`demo(*arguments)`: exit status, stdout, stderr of the command, results in tmp_path/out."""

    def run(*arguments: object) -> tuple[int, str, str]:
        status = main(["demo", "--out", str(tmp_path / "out"), *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


class Pairs(NamedTuple):
    """Mass and pT [GeV] and sign of the pairs of a file, by uproot and NumPy alone."""

    events: int
    mass: np.ndarray
    pt: np.ndarray
    opposite: np.ndarray


def direct(*files: Path) -> Pairs:
    events, parts = 0, []
    for file in files:
        with uproot.open(file) as root:
            read = root["Events"].arrays()
        events += len(read)
        read = read[read.nMuon == 2]
        columns = ("pt", "eta", "phi", "mass", "charge")
        parts.append([ak.to_numpy(read[f"Muon_{c}"]).astype(np.float64) for c in columns])
    pt, eta, phi, m, charge = (np.concatenate(column) for column in zip(*parts, strict=True))
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = np.sqrt(px**2 + py**2 + pz**2 + m**2)
    pair = [component.sum(axis=1) for component in (energy, px, py, pz)]
    squared = pair[0] ** 2 - pair[1] ** 2 - pair[2] ** 2 - pair[3] ** 2
    return Pairs(
        events,
        np.sqrt(np.maximum(squared, 0)),
        np.hypot(pair[1], pair[2]),
        charge[:, 0] != charge[:, 1],
    )


def expected_resonances(pairs: Pairs) -> dict[str, int]:
    return {
        r.name: int(
            np.sum(pairs.opposite & (pairs.mass >= r.window[0]) & (pairs.mass < r.window[1]))
        )
        for r in RESONANCES
    }


def read(file: Path, name: str) -> hist.Hist:
    with h5py.File(file) as root:
        return hist.Hist(uhi.io.hdf5.read(root[name]))


def assert_every_bin(histogram: hist.Hist, pairs: Pairs) -> None:
    """Flow bins included: a histogram with open ends is compared with one of infinite edges."""
    edges = [np.concatenate([[-np.inf], histogram.axes[n].edges, [np.inf]]) for n in ("mass", "pt")]
    for charge, chosen in (("opposite", pairs.opposite), ("same", ~pairs.opposite)):
        wanted, *_ = np.histogram2d(pairs.mass[chosen], pairs.pt[chosen], edges)
        got = histogram[{"charge": hist.loc(charge)}].project("mass", "pt").values(flow=True)
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.realdata
def test_real_data_equal_a_direct_computation(
    dimuon_file: Path, demo: Spoken, tmp_path: Path
) -> None:
    status, out, err = demo("--json", "--workers", 2, "--data", dimuon_file)
    assert status == 0, err
    said = json.loads(out)
    pairs = direct(dimuon_file)
    assert said["events"] == pairs.events == 100_000
    assert said["pairs"] == pairs.opposite.sum()
    assert said["resonances"] == expected_resonances(pairs)
    assert said["resonances"]["J/psi"] > 3_000
    assert_every_bin(read(tmp_path / "out" / "mass.h5", "mass"), pairs)


@pytest.mark.realdata
def test_the_export_is_the_same_for_any_workers_and_chunks(
    dimuon_file: Path, tmp_path: Path
) -> None:
    exports = {}
    for workers, chunk in ((1, 7_777), (2, 7_777), (3, 7_777), (2, 100_000)):
        name = f"{workers}-{chunk}"
        run = dimuon_path().start(dimuon_file, workers, chunk=chunk, out=tmp_path / name)
        assert run.wait(60).progress["events"] == 100_000
        file = Store.open(run.directory).export(tmp_path / f"{name}.h5") or tmp_path / f"{name}.h5"
        exports[name] = Path(file).read_bytes()
    assert len(set(exports.values())) == 1, {name: len(b) for name, b in exports.items()}


@pytest.mark.realdata
def test_without_data_the_sample_is_used_and_named(demo: Spoken, dimuon_file: Path) -> None:
    status, out, _ = demo()
    assert status == 0
    assert str(dimuon_file) in out
    assert "real data" in out


def test_the_table_says_what_was_counted_where(demo: Spoken, toy: Path, tmp_path: Path) -> None:
    status, out, err = demo("--data", toy, "--chunk", 1_000)
    assert (status, err) == (0, "")
    pairs = direct(toy)
    lines = {line.split("  ")[0].strip(): line.split()[-1] for line in out.splitlines() if line}
    lines |= {line.split()[0]: line.split()[-1] for line in out.splitlines() if " <= m < " in line}
    assert lines["events read"] == "3,000"
    assert lines["opposite-sign pairs"] == f"{pairs.opposite.sum():,}"
    assert lines["same-sign pairs"] == f"{(~pairs.opposite).sum():,}"
    for name, count in expected_resonances(pairs).items():
        assert lines[name] == f"{count:,}"
    assert "hepnb lab" in out
    assert {f.name for f in (tmp_path / "out").iterdir()} == {
        "mass.h5",
        "dimuon.png",
        "dimuon.svg",
        "run",
    }
    assert "\r" not in out


def test_json_is_one_object_with_these_fields(demo: Spoken, toy: Path, tmp_path: Path) -> None:
    status, out, _ = demo("--json", "--data", toy)
    assert status == 0
    said = json.loads(out)
    assert set(said) == {
        "events",
        "pairs",
        "resonances",
        "files",
        "store",
        "export",
        "run",
        "seconds",
    }
    assert list(said["resonances"]) == [r.name for r in RESONANCES]
    assert all(type(said[name]) is int for name in ("events", "pairs"))
    assert all(type(count) is int for count in said["resonances"].values())
    (file,) = said["files"]
    assert (file["file"], file["status"], file["events"]) == (str(toy), "ok", 3_000)
    assert Path(said["export"]) == tmp_path / "out" / "mass.h5"
    assert Store.open(said["store"]).sealed
    assert said["seconds"] > 0


def test_a_toy_says_so_loudly(
    demo: Spoken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEPNB_DATA_DIR", raising=False)
    monkeypatch.setenv("HEPNB_OFFLINE", "1")
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("hepnb.samples.lookup.TOY_EVENTS", 2_000)
    status, out, err = demo("--json")
    assert status == 0
    assert "TOY, not data" in err
    assert json.loads(out)["events"] == 2_000
    assert "simulation, not data" in (tmp_path / "out" / "dimuon.svg").read_text()


def test_results_of_somebody_are_never_overwritten(
    demo: Spoken, toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mass.h5").write_text("mine")
    status, out, err = demo("--data", toy)
    assert (status, out) == (1, "")
    assert "mass.h5 already: give another --out" in err
    assert (tmp_path / "out" / "mass.h5").read_text() == "mine"


def test_without_out_each_demo_gets_its_own_folder(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(["demo", "--json", "--data", str(toy)]) == 0
    assert (tmp_path / "hepnb-demo" / "mass.h5").read_bytes() == (
        tmp_path / "hepnb-demo-2" / "mass.h5"
    ).read_bytes()


# -- bad input --------------------------------------------------------------------------------


def write_events(file: Path, events: int, *, without: str = "") -> Path:
    columns = {"pt": 20.0, "eta": 0.1, "phi": 1.0, "mass": 0.1057, "charge": 1.0}
    fields = {name: value for name, value in columns.items() if name != without}
    kinds = ", ".join(f"{name}: float32" for name in fields)
    with uproot.recreate(file) as root:
        tree = root.mktree("Events", {"Muon": f"var * {{{kinds}}}"})
        if events:
            arrays = {n: ak.Array([[v, v]] * events) for n, v in fields.items()}
            tree.extend({"Muon": ak.values_astype(ak.zip(arrays), np.float32)})
    return file


def missing(folder: Path, toy: Path) -> Path:
    return folder / "missing.root"


def not_root(folder: Path, toy: Path) -> Path:
    file = folder / "letter.root"
    file.write_text("Dear all,\n" * 100)
    return file


def nothing_in_it(folder: Path, toy: Path) -> Path:
    file = folder / "nothing.root"
    file.touch()
    return file


def truncated(folder: Path, toy: Path) -> Path:
    file = folder / "truncated.root"
    file.write_bytes(toy.read_bytes()[: toy.stat().st_size * 6 // 10])
    return file


def no_tree(folder: Path, toy: Path) -> Path:
    file = folder / "treeless.root"
    with uproot.recreate(file) as root:
        root["h"] = np.histogram([1.0])
    return file


def no_branch(folder: Path, toy: Path) -> Path:
    return write_events(folder / "chargeless.root", 5, without="charge")


BAD = [missing, not_root, nothing_in_it, truncated, no_tree, no_branch]


@pytest.mark.parametrize("bad", BAD, ids=lambda make: make.__name__)
def test_a_bad_file_alone_is_one_line_that_names_it(
    bad: Callable[[Path, Path], Path], demo: Spoken, toy: Path, tmp_path: Path
) -> None:
    file = bad(tmp_path, toy)
    status, _, err = demo("--json", "--data", file)
    assert status == 1
    (line,) = [line for line in err.splitlines() if not line.startswith("input:")]
    assert file.name in line
    assert "Traceback" not in err
    if bad is no_branch:
        assert "charge" in line


@pytest.mark.parametrize("bad", BAD, ids=lambda make: make.__name__)
def test_beside_a_bad_file_the_good_one_counts(
    bad: Callable[[Path, Path], Path], demo: Spoken, toy: Path, tmp_path: Path
) -> None:
    file = bad(tmp_path, toy)
    files = [file, toy] if bad is no_branch else [toy, file]
    status, out, err = demo("--json", "--data", *files)
    assert status == 1
    said = json.loads(out)
    pairs = direct(toy)
    assert said["events"] == pairs.events
    assert said["pairs"] == pairs.opposite.sum()
    assert said["resonances"] == expected_resonances(pairs)
    assert_every_bin(read(tmp_path / "out" / "mass.h5", "mass"), pairs)
    ledger = {Path(row["file"]).name: row for row in said["files"]}
    assert ledger["toy.root"]["status"] == "ok"
    assert ledger[file.name]["status"] == "failed"
    assert ledger[file.name]["reason"]
    assert "\n" not in ledger[file.name]["reason"]
    assert "1 of 2 files lost" in err
    assert "Traceback" not in err


def test_the_table_and_the_picture_say_what_is_lost(
    demo: Spoken, toy: Path, tmp_path: Path
) -> None:
    status, out, _ = demo("--data", toy, not_root(tmp_path, toy))
    assert status == 1
    assert "NOT THE WHOLE INPUT: 1 of 2 files lost" in out
    assert "letter.root" in out
    assert "INCOMPLETE" in (tmp_path / "out" / "dimuon.svg").read_text()


def test_an_empty_tree_is_skipped_and_says_why(demo: Spoken, toy: Path, tmp_path: Path) -> None:
    status, out, err = demo("--json", "--data", toy, write_events(tmp_path / "empty.root", 0))
    assert status == 0, err
    said = json.loads(out)
    assert said["events"] == 3_000
    assert {row["status"]: row["reason"] for row in said["files"]} == {
        "ok": "",
        "skipped": "tree 'Events' has no entries",
    }


def test_only_an_empty_tree_gives_empty_histograms(demo: Spoken, tmp_path: Path) -> None:
    status, out, err = demo("--json", "--data", write_events(tmp_path / "empty.root", 0))
    assert status == 0, err
    assert json.loads(out)["events"] == json.loads(out)["pairs"] == 0


def test_a_folder_without_files_is_one_line(demo: Spoken, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    status, _, err = demo("--data", tmp_path / "nothing")
    assert status == 1
    assert err.count("\n") == 1
    assert str(tmp_path / "nothing") in err


# -- as a command -----------------------------------------------------------------------------


@pytest.fixture
def terminal() -> Iterator[Any]:
    """A pseudo-terminal: (our end, theirs)."""
    import os
    import pty

    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def test_on_a_terminal_the_progress_moves_in_one_line(
    terminal: tuple[int, int], toy: Path, tmp_path: Path
) -> None:
    import os

    ours, theirs = terminal
    command = [sys.executable, "-m", "hepnb", "demo", "--data", toy, "--chunk", "200"]
    process = subprocess.Popen(
        [*map(str, command), "--out", str(tmp_path / "out")],
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        said += piece
    assert process.wait(30) == 0
    assert said.count(b"\r") > said.count(b"\r\n") + 2
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode())
    assert "done 100 % 3,000 of 3,000 events" in " ".join(shown.split())
