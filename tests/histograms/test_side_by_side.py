"""Histograms side by side: one histogram with categories in front, whose numbers are the parts'."""

from __future__ import annotations

import h5py
import hist
import numpy as np
import pytest
import uhi.io.hdf5

from hepnb.errors import StoreError
from hepnb.histograms import H5Hist
from hepnb.histograms.side_by_side import side_by_side

STORAGES = ["Double", "Int64", "Weight", "Mean", "WeightedMean"]


def part(folder, seed, storage="Weight"):
    rng = np.random.default_rng(seed)
    h = H5Hist(
        hist.axis.StrCategory([], growth=True, name="dataset"),
        hist.axis.Regular(7, 0, 1, name="x"),
        storage=storage,
        name="m",
        path=folder / f"part-{seed}",
    )
    for dataset in ("tt", "zz")[: 1 + seed % 2]:
        extra = {}
        if storage.startswith("Weight"):
            extra["weight"] = rng.normal(1, 0.5, 50)
        if "Mean" in storage:
            extra["sample"] = rng.normal(0, 1, 50)
        h.fill(dataset=dataset, x=rng.random(50), **extra)
    return h


def cuts(*labels):
    return hist.axis.StrCategory(list(labels), name="cut", overflow=False)


@pytest.mark.parametrize("storage", STORAGES)
def test_each_slice_is_the_part_itself(tmp_path, storage):
    parts = {str(n): part(tmp_path, n, storage) for n in range(3)}
    whole = side_by_side(
        [cuts(*parts)],
        {(label,): lambda h=h: h for label, h in parts.items()},
        parts["0"].signature,
        tmp_path,
    )
    full = whole.to_hist()
    assert [ax.name for ax in full.axes] == ["cut", "dataset", "x"]
    for label, h in parts.items():
        for dataset in h.axes["dataset"]:
            mine, theirs = whole[label, dataset, :], h[dataset, :]
            np.testing.assert_array_equal(mine.view(flow=True), theirs.view(flow=True))
            np.testing.assert_array_equal(
                full[label, dataset, :].view(flow=True), theirs.view(flow=True)
            )
    assert whole.committed == sum(h.committed for h in parts.values())
    with h5py.File(whole.export(tmp_path / "all.h5")) as file:
        read = hist.Hist(uhi.io.hdf5.read(file["m"]))
    assert "Mean" in storage or read == full  # a variance is rounded in an exported mean


def test_it_follows_its_parts_and_finds_new_ones(tmp_path):
    first = part(tmp_path, 0)
    late = []
    whole = side_by_side(
        [cuts("now", "later")],
        {("now",): lambda: first, ("later",): lambda: late[0] if late else None},
        first.signature,
        tmp_path,
    )
    assert not whole.sealed
    assert whole.project("cut").values()[1] == 0
    version = whole.version
    late.append(part(tmp_path, 1))
    assert whole.refresh()
    assert whole.version > version
    np.testing.assert_array_equal(whole["later", "zz", :].values(), late[0]["zz", :].values())
    late[0].fill(dataset="ww", x=0.5)
    assert list(whole.axes["dataset"]) == ["tt", "zz", "ww"]
    assert whole["later", "ww", :].sum().value == 1
    assert not whole.refresh()
    for h in (first, late[0]):
        h.close()
    assert whole.sealed


def test_a_fold_may_take_packs_away_at_any_time(tmp_path):
    h = part(tmp_path, 1)
    view = H5Hist.open(h.path, mode="r")
    whole = side_by_side([cuts("a")], {("a",): lambda: view}, h.signature, tmp_path)
    before = whole.project("x").values()
    h.fill(dataset="tt", x=[0.1] * 1000)
    h._home._writer.compact()
    h._home._writer.compact()
    after = whole.project("x").values()
    assert after.sum() == pytest.approx(before.sum()) or after.sum() == before.sum() + 1000
    whole.refresh()
    np.testing.assert_array_equal(whole["a", ...].view(flow=True), h.to_hist().view(flow=True))


def test_a_part_of_other_axes_and_a_fill_are_refused(tmp_path):
    first = part(tmp_path, 0)
    other = H5Hist(hist.axis.Regular(3, 0, 1, name="x"), name="m", storage="Weight")
    with pytest.raises(StoreError, match="has 2 axes, not 1"):
        side_by_side(
            [cuts("a", "b")],
            {("a",): lambda: first, ("b",): lambda: other},
            first.signature,
            tmp_path,
        )
    whole = side_by_side([cuts("a")], {("a",): lambda: first}, first.signature, tmp_path)
    with pytest.raises(StoreError, match="made of several"):
        whole.fill(cut="a", dataset="tt", x=0.5)
