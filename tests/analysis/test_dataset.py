"""Datasets and what `data` may be."""

from __future__ import annotations

import os
import pickle
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest

from hepnb.analysis import Dataset, as_datasets
from hepnb.errors import DataError


@pytest.fixture
def folder(tmp_path: FilePath) -> FilePath:
    for name in ("run_b.root", "run_a.root", "notes.txt"):
        (tmp_path / name).write_bytes(b"root")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_paths_globs_and_directories(folder: FilePath) -> None:
    both = (str(folder / "run_a.root"), str(folder / "run_b.root"))
    assert as_datasets(folder)[0].files == both
    assert as_datasets(str(folder / "*.root"))[0].files == both
    assert as_datasets([folder / "run_b.root", folder / "run_a.root"])[0].files == both[::-1]
    assert as_datasets(str(folder / "*.root"))[0].name == "run"
    assert as_datasets(folder / "run_a.root")[0].name == "run_a"
    named = as_datasets({"x": folder, "y": folder / "run_a.root"})
    assert [(d.name, len(d.files)) for d in named] == [("x", 2), ("y", 1)]


def test_files_named_in_another_encoding_make_a_dataset_too(tmp_path: FilePath) -> None:
    file = tmp_path / os.fsdecode(b"mu\xff.root")
    file.write_bytes(b"root")
    assert as_datasets(file)[0].name == "mu_"


def test_a_tree_may_be_named_with_the_file(folder: FilePath) -> None:
    (made,) = as_datasets(f"{folder}/run_a.root:dir/Events")
    assert (made.files, made.tree) == ((str(folder / "run_a.root"),), "dir/Events")
    with pytest.raises(DataError, match="different trees"):
        as_datasets([f"{folder}/run_a.root:A", f"{folder}/run_b.root:B"])
    with pytest.raises(DataError, match="but its files say 'A'"):
        Dataset("d", f"{folder}/run_a.root:A", tree="B")


def test_a_missing_file_is_kept_unless_all_are_missing(folder: FilePath) -> None:
    lost = str(folder / "lost.root")
    assert as_datasets([lost, folder / "run_a.root"])[0].files[0] == lost
    with pytest.raises(DataError, match=r"no such file: .*lost.root$"):
        as_datasets(lost)
    with pytest.raises(DataError, match="nor any of the 1 others"):
        as_datasets({"a": lost, "b": lost + "2"})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{}/empty", "no \\*.root file in directory"),
        ("{}/*.parquet", "no file matches"),
        ([], "data is empty"),
        ({}, "data is empty"),
        (3, "not int"),
        ([3], "not as int"),
        ({"a": 3}, "files are paths, not int"),
        ({2018: "x.root"}, "name is one line of text, not 2018"),
        ({"a\0b": "x.root"}, r"name is one line of text, not 'a\\x00b'"),
        ("~nobody-of-this-name/x.root", "no such file: ~nobody"),
        ("x" * 5000, "no such file: xxx"),
    ],
)
def test_mistakes_are_one_line(data: Any, message: str, folder: FilePath) -> None:
    with pytest.raises(DataError, match=message) as caught:
        as_datasets(data.format(folder) if isinstance(data, str) else data)
    assert "\n" not in str(caught.value)


def test_metadata_is_reached_by_attribute() -> None:
    d = Dataset("tt", "https://e.org/x.root", kind="mc", xsec=831.8, era="2018")
    assert (d.era, d.xsec, d.kind, d.tree) == ("2018", 831.8, "mc", None)
    with pytest.raises(AttributeError, match="dataset 'tt' has no 'erra'; did you mean 'era'"):
        d.erra  # noqa: B018
    same = pickle.loads(pickle.dumps(d))
    assert same == d
    assert same.era == "2018"
    assert hash(same) == hash(d)
    with pytest.raises(AttributeError):
        d.name = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    "bad", [{"kind": "real"}, {"xsec": -1.0}, {"name": ""}, {"meta": {"name": "x"}}]
)
def test_bad_datasets(bad: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        Dataset(**{"name": "d", "files": "https://e.org/x.root", **bad})


def test_names_must_differ() -> None:
    d = Dataset("d", "https://e.org/x.root")
    with pytest.raises(DataError, match="two datasets are named 'd'"):
        as_datasets([d, d])
    with pytest.raises(DataError, match="mixes datasets with plain files"):
        as_datasets([d, "x.root"])


def test_it_prints_what_was_said_and_nothing_else() -> None:
    assert repr(Dataset("d", "https://e.org/x.root")) == (
        "Dataset('d', 'https://e.org/x.root', kind='data')"
    )
    many = Dataset(
        "tt",
        [f"https://e.org/{n}.root" for n in range(900)],
        kind="mc",
        xsec=831.8,
        units="MeV",
        convert={"GeV": ["lep_pt"]},
        missing={"x": 1},
        factors=np.zeros(2),
    )
    assert repr(many) == (
        "Dataset('tt', ['https://e.org/0.root', ...], kind='mc', xsec=831.8, units='MeV', "
        "convert={'GeV': ['lep_pt']}, missing={'x': 1}, factors=array([0., 0.])) of 900 files"
    )
