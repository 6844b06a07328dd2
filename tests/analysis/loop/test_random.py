"""Random numbers that belong to the event."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

from hepnb.analysis.loop.random import EventRandom


def test_numbers_belong_to_key_entry_and_draw() -> None:
    whole = EventRandom("a", np.arange(1000))
    first, second = whole.uniform(), whole.uniform()
    part = EventRandom("a", np.array([17, 900]))
    assert part.uniform().tolist() == first[[17, 900]].tolist()
    assert part.uniform().tolist() == second[[17, 900]].tolist()
    assert not set(EventRandom("b", np.arange(1000)).uniform()) & set(first)


def test_numbers_per_object_do_not_depend_on_other_events() -> None:
    like = ak.Array([[1.0, 2.0], [], [3.0]])
    all_three = EventRandom("a", np.array([5, 6, 7])).normal(like=like)
    assert ak.num(all_three).tolist() == [2, 0, 1]
    assert EventRandom("a", np.array([7])).normal(like=like[2:]).tolist() == all_three[2:].tolist()
    with pytest.raises(ValueError, match="3 rows, the definition 1"):
        EventRandom("a", np.array([7])).normal(like=like)


def test_distributions() -> None:
    rng = EventRandom("key", np.arange(200_000))
    uniform, normal = rng.uniform(2, 4), rng.normal(1.0, 3.0)
    counts, _ = np.histogram(uniform, 20, (2, 4))
    chi2 = float(((counts - 10_000) ** 2 / 10_000).sum())
    assert 3 < chi2 < 50  # 19 degrees of freedom
    assert abs(normal.mean() - 1.0) < 0.03
    assert abs(normal.std() - 3.0) < 0.02
    assert abs(np.corrcoef(uniform, normal)[0, 1]) < 0.01
    assert abs(np.corrcoef(uniform[1:], uniform[:-1])[0, 1]) < 0.01
    assert np.isfinite(normal).all()
