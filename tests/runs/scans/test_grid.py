"""The points of a scan: all combinations in order; what is no value is refused in a line."""

from __future__ import annotations

import numpy as np
import pytest

from hepnb.errors import RunError
from hepnb.runs.scans.grid import Grid, label, said


def test_the_last_parameter_changes_fastest():
    grid = Grid.of({"pt": range(20, 40, 10), "iso": ["loose", "tight"], "on": [True]})
    assert [tuple(point.values()) for point in grid] == [
        (20, "loose", True),
        (20, "tight", True),
        (30, "loose", True),
        (30, "tight", True),
    ]
    assert len(grid) == 4


def test_numpy_numbers_are_pythons():
    grid = Grid.of({"x": np.linspace(0.1, 0.3, 3), "n": np.arange(2)})
    (first, *_) = grid
    assert type(first["x"]) is float
    assert type(first["n"]) is int
    assert grid.categories("x") == ("0.1", "0.2", "0.3")
    assert grid.categories("n") == (0, 1)
    assert list(Grid.of({"s": np.array(["a", "b"])})) == [{"s": "a"}, {"s": "b"}]


def test_categories_by_the_type_of_the_values():
    grid = Grid.of({"i": [1, 2], "big": [1, 2**40], "mixed": [1, "a"], "b": [True, False]})
    assert grid.categories("i") == (1, 2)
    assert grid.categories("big") == ("1", "1099511627776")
    assert grid.categories("mixed") == ("1", "a")
    assert grid.categories("b") == ("True", "False")


@pytest.mark.parametrize("value", [0.1, 1e-30, 1e22, -0.0, 1 / 3, 123456789.123456789, 5e-324])
def test_a_float_reads_well_and_is_still_that_float(value):
    assert float(label(value)) == value


@pytest.mark.parametrize(
    ("lists", "error"),
    [
        ({}, "at least one parameter"),
        ({"pt": []}, "parameter pt: the list is empty"),
        ({"pt": 20}, "parameter pt=20: give a list of values"),
        ({"pt": "abc"}, "parameter pt='abc': give a list of values"),
        ({"pt": {20, 25}}, "give a list of values"),
        ({"pt": [20, 25, 20]}, "parameter pt has 20 twice: remove one"),
        ({"pt": [20, 20.0]}, "parameter pt has 20 twice: remove one"),
        ({"pt": [20, "20"]}, "parameter pt has '20' twice: remove one"),
        ({"pt": [float("nan")]}, "parameter pt: nan is no value to scan"),
        ({"pt": [object()]}, "a value is a number or a text, not object"),
        ({"pt": [[1, 2]]}, "a value is a number or a text, not list"),
        ({"cut": ["a\0b"]}, r"parameter cut: 'a\\x00b' cannot name a run"),
        ({"cut": ["\ud800"]}, "cannot name a run"),
        ({"cut": ["x" * 501]}, "cannot name a run: give at most 500 characters"),
        ({"a b": [1]}, "parameter 'a b' cannot be a keyword"),
    ],
)
def test_what_is_no_list_of_values_is_refused_in_a_line(lists, error):
    with pytest.raises(RunError, match=error) as caught:
        Grid.of(lists)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 250


def test_asking_for_points():
    grid = Grid.of({"pt": [20, 25], "on": [True, False]})
    points = list(grid)
    grid.check({"pt": np.int64(20)})
    assert [grid.fits(p, {"pt": 20.0}) for p in points] == [True, True, False, False]
    assert [grid.fits(p, {"on": False}) for p in points] == [False, True, False, True]
    with pytest.raises(RunError, match=r"no parameter 'pT' \(it has .*\); did you mean 'pt'"):
        grid.check({"pT": 20})
    with pytest.raises(RunError, match="the scan has no pt=21; it has 20, 25"):
        grid.check({"pt": 21})
    with pytest.raises(RunError, match="the scan has no on=1; it has True, False"):
        grid.check({"on": 1})


def test_a_point_is_said_in_one_line_whatever_it_holds():
    text = said({"cut": "a\nb\x1b[31m", "n": 1, "long": "y" * 400})
    assert text.startswith("cut='a\\nb\\x1b[31m', n=1, long='yyy")
    assert len(text) < 120
