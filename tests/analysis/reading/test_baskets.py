"""Numbers joined from baskets are those that uproot gives, bit by bit."""

from __future__ import annotations

from itertools import combinations_with_replacement
from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from uproot.models.TBasket import Model_TBasket

from hepnb.analysis.reading.baskets import numbers_of

LENGTHS = (3, 1, 4, 2)


@pytest.fixture
def tree(tmp_path: FilePath) -> Any:
    """A basket of each of these lengths."""
    chance = np.random.default_rng(5)
    file = tmp_path / "baskets.root"
    with uproot.recreate(file) as out:
        for place, length in enumerate(LENGTHS):
            some = chance.integers(0, 100, length)
            data: dict[str, Any] = {t: some.astype(t) for t in ("?", "i1", "u2", "i8", "f4", "f8")}
            counts = chance.integers(0, 3, length) if place else np.zeros(length, int)
            objects = chance.normal(size=counts.sum())
            data["Jet"] = ak.zip(
                {t: ak.unflatten(objects.astype(t), counts) for t in ("i2", "f4", "f8")}
            )
            data["three"] = chance.normal(size=(length, 3))
            if not place:
                kinds = {n: v.type.content if n == "Jet" else v.dtype for n, v in data.items()}
                kinds["three"] = np.dtype(("f8", (3,)))
                made = out.mktree("Events", kinds)
            made.extend(data)
    with uproot.open(file) as opened:
        yield opened["Events"]


def alike(branch: Any, start: int, stop: int) -> bool:
    """Whether it is read as uproot reads it; False where it is left to uproot."""
    found = numbers_of(branch, start, stop)
    if found is None:
        return False
    form, length, buffers = ak.to_buffers(found)
    theirs = ak.to_buffers(branch.array(entry_start=start, entry_stop=stop, array_cache=None))
    assert (form, length) == theirs[:2]
    for ours, wanted in zip(buffers.values(), theirs[2].values(), strict=True):
        assert ours.dtype == wanted.dtype
        assert ours.tobytes() == wanted.tobytes()
    return True


def test_any_range_of_entries(tree: Any) -> None:
    read = {
        branch.name
        for start, stop in combinations_with_replacement(range(sum(LENGTHS) + 1), 2)
        for branch in tree.branches
        if alike(branch, start, stop)
    }
    assert tree["Jet_f4"].num_baskets == len(LENGTHS)
    assert set(tree.keys()) - read == {"three"}


def test_a_basket_that_holds_less_than_it_says(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model_TBasket, "num_entries", 5)
    for name in ("f4", "Jet_f4"):
        with pytest.raises(ValueError, match="basket 2 has 4 entries, not 5"):
            numbers_of(tree[name], 5, 6)


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name",
    ["nanoaod/nano_tt_v12.root:Events", "atlas/13TeV_4lep/mc_410155.ttW.4lep.root:mini"],
)
def test_real_files(data_dir: FilePath, name: str) -> None:
    with uproot.open(f"{data_dir}/{name}") as found:
        length = found.num_entries
        read = [alike(branch, length // 3, length - 1) for branch in found.branches]
    assert any(read)
