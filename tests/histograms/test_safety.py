"""A store that is not yours: nothing outside its directory is read, nothing unpickled."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hepnb.errors import StoreError
from hepnb.histograms import Store, StoreWriter

Record = Callable[[int], bytes]


@pytest.fixture
def store(writer: StoreWriter, record: Record) -> Path:
    writer.append(record(0))
    writer.seal()
    return writer.directory


def pack_of(store: Path) -> Path:
    return max((store / "packs").iterdir())


def rewrite(store: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and give it a fitting checksum."""
    _, text = (store / "manifest").read_bytes().split(b"\n", 1)
    d = json.loads(text)
    change(d)
    text = json.dumps(d).encode()
    (store / "manifest").write_bytes(b"hepnb-store 1 %08x\n" % zlib.crc32(text) + text)


def read_all(store: Path) -> tuple[float, int]:
    """All that is in the histogram, and the rows of the table."""
    opened = Store.open(store)
    rows = opened.table("pairs")
    return float(opened.hist("n").to_hist().sum(flow=True)), len(next(iter(rows.values())))


def test_the_store_itself_is_read(store: Path) -> None:
    entries, rows = read_all(store)
    assert entries > 0
    assert rows > 0


@pytest.mark.parametrize("kind", ["external link", "soft link", "virtual", "external storage"])
def test_datasets_that_point_outside_are_refused(store: Path, kind: str, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as f:
        f["x"] = np.arange(7, dtype="<i8").reshape(1, 7)
    (tmp_path / "raw").write_bytes(bytes(56))
    with h5py.File(pack_of(store), "a") as f:
        group = f["histograms/n"]
        del group["values"]
        if kind == "external link":
            group["values"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/x")
        elif kind == "soft link":
            group["values"] = h5py.SoftLink("/histograms/mass/values")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((1, 7), "<i8")
            layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "x", (1, 7))
            group.create_virtual_dataset("values", layout)
        else:
            group.create_dataset("values", (1, 7), "<i8", external=str(tmp_path / "raw"))
    with pytest.raises(StoreError, match="refused"):
        read_all(store)


def test_links_in_the_directory_are_refused(store: Path, tmp_path: Path) -> None:
    pack = pack_of(store)
    pack.rename(tmp_path / "elsewhere.h5")
    pack.symlink_to(tmp_path / "elsewhere.h5")
    with pytest.raises(StoreError, match="refused"):
        read_all(store)
    (store / "manifest").rename(tmp_path / "manifest")
    (store / "manifest").symlink_to(tmp_path / "manifest")
    with pytest.raises(StoreError):
        Store.open(store)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(packs=["../secret.h5"]),
        lambda d: d.update(packs=["/etc/passwd"]),
        lambda d: d.update(signatures=[{}]),
        lambda d: d["signatures"][0].update(name="../n"),
        lambda d: d.update(surprise=1),
        lambda d: d.pop("frontier"),
    ],
)
def test_manifests_that_are_not_ours_are_refused(
    store: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    rewrite(store, change)
    with pytest.raises(StoreError) as caught:
        read_all(store)
    assert "\n" not in str(caught.value)


def test_damage_newer_versions_and_missing_packs_are_told_apart(store: Path) -> None:
    good = (store / "manifest").read_bytes()
    (store / "manifest").write_bytes(good.replace(b"sealed", b"sealex"))
    with pytest.raises(StoreError, match="checksum"):
        Store.open(store)
    (store / "manifest").write_bytes(good.replace(b"hepnb-store 1", b"hepnb-store 9"))
    with pytest.raises(StoreError, match="update hepnb"):
        Store.open(store)
    (store / "manifest").write_bytes(good)
    pack_of(store).write_bytes(b"not HDF5")
    with pytest.raises(StoreError, match="cannot be read as HDF5"):
        read_all(store)
    pack_of(store).unlink()
    with pytest.raises(StoreError, match="not complete"):
        read_all(store)
