"""Certified luminosity sections against a loop over the ranges."""

from __future__ import annotations

import json

import awkward as ak
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hepnb as hn
from hepnb.errors import DataError

ranges = st.tuples(st.integers(1, 30), st.integers(0, 10)).map(lambda r: [r[0], r[0] + r[1]])
masks = st.dictionaries(st.sampled_from(["5", "6", "7"]), st.lists(ranges, max_size=5))


@given(masks)
def test_it_equals_a_loop_over_the_ranges(mask) -> None:
    run, section = (x.ravel() for x in np.meshgrid([4, 5, 6, 7, 8], range(45)))
    expected = [
        any(a <= s <= b for a, b in mask.get(str(r), [])) for r, s in zip(run, section, strict=True)
    ]
    good = hn.LumiMask(mask)
    assert good(run, section).tolist() == expected
    assert good.sections == sum(expected)


def test_a_file(tmp_path) -> None:
    file = tmp_path / "Cert.json"
    file.write_text(json.dumps({"190645": [[10, 110]]}))
    good = hn.LumiMask(file)
    run = np.array([190645, 190645, 1], dtype=np.uint32)
    assert good(run, np.array([10, 111, 10], dtype=np.uint32)).tolist() == [True, False, False]


def test_shapes_and_missing_values_are_those_of_tables() -> None:
    good = hn.LumiMask({"1": [[1, 10]], "2": [[1, 10]]})
    assert good(ak.Array([1, None, 2]), np.array([1, 1, 11])).tolist() == [True, None, False]
    assert good(1, ak.Array([[1, 11], [], [None]])).tolist() == [[True, False], [], [None]]
    assert good(ak.Array([1])[:0], np.array([], dtype=int)).tolist() == []
    assert not good(1, 2**32 + 1)  # not section 1 of the next run
    assert not hn.LumiMask({})(1, 1)
    with pytest.raises(DataError, match="are numbers, not a text"):
        good("1", 1)


def test_parts_of_a_run_are_refused() -> None:
    good = hn.LumiMask({"1": [[1, 10]]})
    assert good(np.array([1.0, 2.0]), 3.0).tolist() == [True, False]
    for run, section, said in (
        ([1.0, 1.5], 1, "run 1.5 is no whole number"),
        (1, [1.0, np.nan], "section nan is no whole number"),
        (1, ak.Array([[1.0], [np.inf]]), "section inf is no whole number"),
    ):
        with pytest.raises(DataError, match=f"LumiMask: {said}"):
            good(run, section)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[1]", "is no list of runs"),
        ("{", "cannot be read"),
        ('{"5": [[2, 1]]}', r"run '5': \[2, 1\] is no range"),
        ('{"5": [[1]]}', r"run '5': \[1\] is no range"),
        ('{"5": [[1, "2"]]}', "is no range"),
        ('{"5": 7}', r"run '5': expected \[\[first, last\]"),
        ('{"five": [[1, 2]]}', "run 'five'"),
        ('{"99999999999": [[1, 2]]}', "run '99999999999'"),
        ('{"5": [[1, true]]}', "is no range"),
    ],
)
def test_a_file_that_is_none_is_said_in_a_line(tmp_path, content, said) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(DataError, match=said) as caught:
        hn.LumiMask(tmp_path / "x.json")
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="cannot be read"):
        hn.LumiMask(tmp_path / "none.json")
