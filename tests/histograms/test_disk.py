"""A really full disk: a store says so, loses nothing, and goes on when there is space."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import hist
import numpy as np
import pytest

from hepnb.errors import DiskError
from hepnb.histograms import H5Hist
from hepnb.histograms.verify import problems_of

Disk = tuple[Path, Callable[[], None]]
BINS = 20_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    """A file system of 3 MB; its directory, and what makes it larger."""
    place = tmp_path / "small"
    place.mkdir()
    if os.getuid() != 0:
        pytest.skip("mounting a small file system needs root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount a file system")

    def enlarge() -> None:
        subprocess.run(["mount", "-o", "remount,size=200m", str(place)], check=True)

    yield place, enlarge
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def columns(number: int) -> dict[str, np.ndarray]:
    """Entries whose sums depend on every one of them."""
    rng = np.random.default_rng(number)
    return {"x": rng.random(BINS), "weight": rng.integers(1, 1000, BINS).astype(float)}


def new(path: Path, **options: str) -> H5Hist:
    axes = [
        hist.axis.IntCategory([], growth=True, name="c"),
        hist.axis.Regular(BINS, 0, 1, name="x"),
    ]
    return H5Hist(*axes, storage="Weight", name="h", path=path, **options)


def contribute(h: H5Hist, number: int) -> bool:
    """Contribute once more; whether the disk took it."""
    said = ""
    try:
        with h.contribution(f"{number}") as c:
            c.fill(c=number % 5, **columns(number))
    except DiskError as error:
        said = str(error)
    assert not said or "the disk is full: free some space and go on" in said
    assert "\n" not in said
    return not said


def test_a_full_disk_refuses_contributions_and_folds_and_loses_nothing(
    small_disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, enlarge = small_disk
    monkeypatch.setattr("hepnb.histograms.homes.FOLD_BYTES", 1 << 60)
    h = new(place / "s")
    writer = h._home._writer
    taken: set[int] = set()
    for number in range(40):
        if contribute(h, number):
            taken.add(number)
        else:
            assert not h.was_contributed(f"{number}")
    assert 2 <= len(taken) < 40  # it is full
    for act in (writer.fold, writer.compact):
        with pytest.raises(DiskError, match=r"cannot write .*the disk is full"):
            act()
    reader = H5Hist.open(place / "s", mode="r")
    total = sum(columns(n)["weight"].sum() for n in taken)
    assert reader.sum().value == total
    assert problems_of(place / "s") == []
    assert not list((place / "s" / "packs").iterdir())
    enlarge()
    assert writer.fold()
    assert all(contribute(h, number) for number in range(40))
    h.close()
    assert h.committed == h.folded == 40
    assert problems_of(place / "s") == []
    want = hist.Hist(*h.axes, storage="Weight")
    for number in range(40):
        want.fill(c=number % 5, **columns(number))
    assert H5Hist.open(place / "s").to_hist() == want


def test_a_fold_that_finds_no_space_refuses_no_contribution(
    small_disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in the journal counts: an error would make somebody fill it again."""
    place, enlarge = small_disk
    monkeypatch.setattr("hepnb.histograms.homes.FOLD_RECORDS", 2)
    h = new(place / "s")
    taken = {number for number in range(40) if contribute(h, number)}
    assert 2 <= len(taken) < 40
    assert {n for n in range(40) if h.was_contributed(f"{n}")} == taken
    total = sum(columns(n)["weight"].sum() for n in taken)
    assert H5Hist.open(place / "s", mode="r").sum().value == total
    enlarge()
    assert all(contribute(h, number) for number in range(40))
    h.close()
    assert H5Hist.open(place / "s").sum().value == sum(
        columns(n)["weight"].sum() for n in range(40)
    )


def test_a_disk_without_room_for_the_private_file(
    small_disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, enlarge = small_disk
    monkeypatch.setattr("hepnb.histograms.homes.held_by_contribution", lambda _: 500_000)
    h = new(place / "s")

    def many() -> None:
        with h.contribution("many") as c:
            for number in range(40):
                c.fill(c=number, **columns(number))

    with pytest.raises(DiskError, match=r"cannot write a file in .*the disk is full"):
        many()
    assert not h.was_contributed("many")
    assert contribute(h, 1)  # what was half written has gone
    enlarge()
    many()
    assert contribute(h, 2)
    h.close()
    total = sum(columns(n)["weight"].sum() for n in [*range(40), 1, 2])
    assert H5Hist.open(place / "s").sum().value == total
    assert problems_of(place / "s") == []
