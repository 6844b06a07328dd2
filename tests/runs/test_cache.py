"""Runs on files that are slow to read keep their columns: the same results, the file left alone."""

from __future__ import annotations

import json

import awkward as ak
import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.cli import main
from hepnb.errors import RunError
from hepnb.runs import policy

from .lives import exported


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "columns"


@pytest.fixture(scope="module")
def slow_file(tmp_path_factory):
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 4, 4000)
    pt = ak.unflatten(rng.exponential(20.0, counts.sum()).astype(np.float32), counts)
    file = tmp_path_factory.mktemp("data") / "slow.root"
    with uproot.recreate(file, compression=uproot.LZMA(1)) as out:
        tree = out.mktree("Events", {"w": "float64", "Muon": "var * {pt: float32, eta: float32}"})
        tree.extend({"w": rng.normal(1, 0.5, 4000), "Muon": ak.zip({"pt": pt, "eta": pt / 50})})
    return str(file)


def made_path(cut: float, field: str = "pt") -> hn.Path:
    path = hn.Path("cached")
    path.weight("w", "w")
    path.define("hard", f"Muon.pt[Muon.pt > {cut}]")
    path.hist("hard", pt="hard: 20, 0, 100", storage="Weight")
    path.hist("all", x=f"Muon.{field}: 20, 0, 100", storage="Weight")
    return path


def test_results_are_the_same_to_the_last_bit(slow_file, cache, tmp_path):
    runs = {}
    for name, wanted, workers, cut in (
        ("off", False, 1, 20),
        ("first", None, 2, 25),
        ("edited", None, 2, 20),
        ("one", True, 1, 20),
    ):
        path = made_path(cut)
        runs[name] = path.start(slow_file, workers, chunk=900, cache=wanted).wait()
        if name == "off":
            assert not cache.exists()
    want = exported(runs["off"], tmp_path)
    assert exported(runs["edited"], tmp_path) == want
    assert exported(runs["one"], tmp_path) == want
    assert len(list(cache.glob("*/*.cols"))) == 5


def test_a_fast_file_is_left_alone_unless_asked(numbered, cache, pt_path):
    pt_path.start(numbered[0], 1).wait()
    assert not cache.exists()
    pt_path.start(numbered[0], 1, cache=True).wait()
    assert cache.exists()


def test_the_site_may_forbid_it(slow_file, cache, tmp_path, monkeypatch):
    file = tmp_path / "policy.yaml"
    file.write_text("cache: 0 GB")
    monkeypatch.setattr(policy, "policy_files", lambda: (file,))
    made_path(20).start(slow_file, 1, engine="inline", cache=True)
    assert not cache.exists()
    assert main(["data", "cache"]) == 1


def test_nonsense_is_refused_in_a_line(slow_file):
    with pytest.raises(
        RunError, match="cache='yes': give True, False, or None to let hepnb choose"
    ):
        made_path(20).start(slow_file, cache="yes")


def test_the_command(slow_file, cache, capsys):
    assert main(["data", "cache", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pieces"] == 0
    made_path(20).start(slow_file, 1, engine="inline")
    assert main(["data", "cache"]) == 0
    assert "1 pieces, 0.1 MB of 10 GB" in capsys.readouterr().out
    assert main(["data", "cache", "--clear", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["cleared"]
    assert told["pieces"] == 1
    assert main(["data", "cache", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["size"] == 0
