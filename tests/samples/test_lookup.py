"""The order in which a sample is looked for, and that the answer says which it was."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uproot

from hepnb.errors import DataError
from hepnb.samples import SAMPLES, Entry, Source, get, toy_dimuon

if TYPE_CHECKING:
    from .conftest import FileServer


@pytest.fixture
def entry(file_server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A sample of 500 events, published on the loopback server."""
    file = toy_dimuon(tmp_path / "published.root", events=500, seed=9)
    data = file.read_bytes()
    file_server.files["/p.root"] = data
    source = Source(
        "a/p.root", len(data), hashlib.sha256(data).hexdigest(), f"{file_server.url}/p.root"
    )
    entry = replace(SAMPLES["dimuon"], name="small", sources=(source,), record="the loopback")
    monkeypatch.setattr("hepnb.samples.lookup.SAMPLES", {"small": entry})
    monkeypatch.setattr("hepnb.samples.lookup.TOY_EVENTS", 300)
    return entry


@pytest.mark.usefixtures("entry")
def test_download_then_cache(file_server: FileServer, clean_cache: Path) -> None:
    first = get("small")
    assert (first.origin, first.real) == ("download", True)
    assert first.path == clean_cache / "samples" / "a" / "p.root"
    assert "the loopback" in first.note
    requests = file_server.requests
    second = get("small")
    assert (second.origin, second.path) == ("cache", first.path)
    assert file_server.requests == requests


@pytest.mark.usefixtures("entry", "clean_cache")
def test_the_data_folder_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_server: FileServer
) -> None:
    (tmp_path / "data" / "a").mkdir(parents=True)
    shutil.copy(tmp_path / "published.root", tmp_path / "data" / "a" / "p.root")
    monkeypatch.setenv("HEPNB_DATA_DIR", str(tmp_path / "data"))
    sample = get("small")
    assert sample.origin == "data-dir"
    assert sample.path == tmp_path / "data" / "a" / "p.root"
    assert file_server.requests == 0


@pytest.mark.usefixtures("entry", "clean_cache")
def test_a_foreign_file_in_the_data_folder_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data" / "a").mkdir(parents=True)
    (tmp_path / "data" / "a" / "p.root").write_bytes(b"something else")
    monkeypatch.setenv("HEPNB_DATA_DIR", str(tmp_path / "data"))
    assert get("small").origin == "download"


@pytest.mark.usefixtures("entry", "clean_cache")
def test_no_network_gives_a_toy_that_says_so(file_server: FileServer) -> None:
    file_server.files.clear()
    sample = get("small")
    assert (sample.origin, sample.real) == ("toy", False)
    assert "TOY, not data" in sample.note
    assert "could not be downloaded" in sample.note
    assert uproot.open(sample.path)["Events"].num_entries == 300
    assert get("small").path == sample.path


@pytest.mark.usefixtures("entry", "clean_cache")
def test_downloads_can_be_switched_off(
    file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get("small", download=False).origin == "toy"
    monkeypatch.setenv("HEPNB_OFFLINE", "1")
    assert "downloads are switched off" in get("small").note
    assert file_server.requests == 0


@pytest.mark.usefixtures("entry")
def test_a_cache_that_cannot_be_written_says_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.delenv("HEPNB_DATA_DIR", raising=False)
    with pytest.raises(DataError, match="set HEPNB_CACHE_DIR"):
        get("small", download=False)


def test_unknown_names_get_a_hint() -> None:
    with pytest.raises(DataError, match="did you mean 'dimuon'"):
        get("dimuons")


@pytest.mark.realdata
def test_the_real_dimuon_file_is_the_one_in_the_registry(data_dir: Path) -> None:
    sample = get("dimuon")
    assert sample.origin == "data-dir"
    assert sample.path.is_relative_to(data_dir)
    assert uproot.open(sample.path)[sample.tree].num_entries == SAMPLES["dimuon"].events


@pytest.mark.realdata
def test_the_real_events_are_known_whatever_wrote_the_file(
    data_dir: Path, tmp_path: Path, clean_cache: Path
) -> None:
    """An excerpt that was cut by another writer has other bytes and the same numbers."""
    (source,) = SAMPLES["dimuon"].sources
    events = uproot.open(data_dir / source.path)["Events"].arrays(library="np")
    cached = clean_cache / "samples" / source.path
    cached.parent.mkdir(parents=True)
    jagged = {name: f"var * {kind}" for name, kind in KINDS.items()}
    with uproot.recreate(cached) as root:
        tree = root.mktree("Events", jagged, counter_name=lambda _branch: "nMuon")
        columns = uproot.open(data_dir / source.path)["Events"].arrays(list(KINDS))
        tree.extend({"nMuon": events["nMuon"]} | {name: columns[name] for name in KINDS})
    assert get("dimuon", download=False).origin == "cache"


KINDS = {
    "Muon_pt": "float32",
    "Muon_eta": "float32",
    "Muon_phi": "float32",
    "Muon_mass": "float32",
    "Muon_charge": "int32",
}
