"""Reading views: what is accepted, what is refused and how it says so."""

from __future__ import annotations

from typing import Any

import hist
import numpy as np
import pytest

from hepnb.errors import HepnbError
from hepnb.widgets.hist_axes import describe
from hepnb.widgets.hist_view import read_view, write_view

AXES = describe(
    hist.Hist(
        hist.axis.Regular(10, 0, 100, name="mass"),
        hist.axis.Variable([0, 10, 25, np.inf], name="pt"),
        hist.axis.StrCategory(["opposite", "same"], name="charge"),
        hist.axis.IntCategory([11, -13], name="pdg"),
        hist.axis.Boolean(name="tight"),
        hist.axis.Regular(4, 0, 6.28, circular=True, name="phi"),
        hist.axis.Integer(-1, 4, name="njet"),
    ).axes,
)


def written(**view: Any) -> dict[str, Any]:
    return write_view(read_view(view, AXES), AXES)


def test_without_a_view_the_longest_dense_axis_is_drawn_and_the_rest_summed() -> None:
    view = written()
    assert view["mass"] == {"as": "x", "range": None, "rebin": 1}
    assert {key: step["as"] for key, step in view.items() if key != "mass"} == dict.fromkeys(
        ("pt", "charge", "pdg", "tight", "phi", "njet"), "sum"
    )


def test_of_systematic_variations_the_nominal_is_drawn_unless_said() -> None:
    """The sum of nominal, up and down is nothing; that of an axis that is merely called so may be."""
    labels = ["nominal", "jes_up", "jes_down"]
    axes = describe(
        hist.Hist(
            hist.axis.StrCategory(labels, name="variation"), hist.axis.Regular(5, 0, 1, name="x")
        ).axes
    )
    assert write_view(read_view(None, axes), axes)["variation"] == {
        "as": "pick",
        "items": ["nominal"],
    }
    said = write_view(read_view({"variation": "sum"}, axes), axes)
    assert said["variation"] == {"as": "sum"}
    other = describe(
        hist.Hist(
            hist.axis.StrCategory(["a", "b"], name="variation"),
            hist.axis.Regular(5, 0, 1, name="x"),
        ).axes
    )
    assert write_view(read_view(None, other), other)["variation"] == {"as": "sum"}


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ([20, 60], [20.0, 60.0]),
        ([21, 59], [20.0, 60.0]),  # a bin that is touched is in
        ([-5, 1000], None),
        ([None, 30], [None, 30.0]),
        ([30, None], [30.0, None]),
        ([20 + 1e-12, 30 - 1e-12], [20.0, 30.0]),
    ],
)
def test_ranges_hold_whole_bins(asked: list[float], kept: object) -> None:
    assert written(mass={"as": "x", "range": asked})["mass"]["range"] == kept


def test_a_range_up_to_infinity_has_an_open_end() -> None:
    assert written(pt={"as": "range", "range": [12, 1e9]})["pt"]["range"] == [10.0, None]


def test_rebinning_keeps_whole_groups() -> None:
    view = written(mass={"as": "x", "range": [20, None], "rebin": 3})
    assert view["mass"] == {"as": "x", "range": [20.0, 80.0], "rebin": 3}


def test_a_view_written_is_read_again_unchanged() -> None:
    view = written(
        pt={"as": "bin", "bin": 1},
        charge={"as": "overlay", "items": ["same", "opposite"]},
        pdg={"as": "pick", "items": [-13]},
        tight={"as": "pick", "items": [True]},
    )
    assert written(**view) == view


def test_a_bin_at_a_coordinate_is_written_as_its_number() -> None:
    assert written(mass={"as": "bin", "at": 30})["mass"] == {"as": "bin", "bin": 3}
    assert written(pt={"as": "bin", "at": 1e9})["pt"] == {"as": "bin", "bin": 2}


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"rebin": [None, 20, None]}, {"range": None, "rebin": [None, 20.0, None]}),
        ({"rebin": [0, 20, 100]}, {"range": None, "rebin": [None, 20.0, None]}),
        ({"rebin": [20, 30, 60]}, {"range": [20.0, 60.0], "rebin": [20.0, 30.0, 60.0]}),
        (  # a range that was moved keeps the edges inside
            {"range": [25, None], "rebin": [0, 10, 40, 100]},
            {"range": [20.0, None], "rebin": [20.0, 40.0, None]},
        ),
    ],
)
def test_unequal_bins_keep_the_edges_that_are_named(
    asked: dict[str, Any], kept: dict[str, Any]
) -> None:
    view = written(mass={"as": "x", **asked})
    assert view["mass"] == {"as": "x", **kept}
    assert written(**view) == view


def test_few_whole_numbers_can_be_overlaid_and_the_first_eight_are() -> None:
    assert written(njet="overlay")["njet"] == {"as": "overlay", "items": None}
    assert written(njet={"as": "stack", "items": [3, 0.0]})["njet"]["items"] == [3, 0]


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ({"mas": "x"}, "no axis 'mas'.*did you mean 'mass'"),
        ({"mass": "overlay"}, "'mass' can be x, y, range, bin, sum, not 'overlay'"),
        ({"mass": "summ"}, "not 'summ'; did you mean 'sum'"),
        ({"mass": {"as": "x", "bins": 3}}, "'mass' as 'x' has no setting 'bins'"),
        ({"mass": "x", "pt": "x"}, "only one axis can be 'x', not mass and pt"),
        (
            {"charge": "overlay", "pdg": "overlay"},
            "only one axis can be 'overlay' or 'stack', not charge and pdg",
        ),
        ({"charge": {"as": "pick", "items": ["oposite"]}}, "no category 'oposite'.*'opposite'"),
        ({"charge": {"as": "pick", "items": []}}, "pick at least one"),
        ({"charge": {"as": "pick", "items": ["same", "same"]}}, "twice"),
        ({"pdg": {"as": "pick", "items": ["11"]}}, "no category '11'"),
        ({"tight": {"as": "pick", "items": [1]}}, "no category 1"),
        ({"mass": {"as": "x", "range": [60, 20]}}, "no bin of axis 'mass' between 60 and 20"),
        ({"mass": {"as": "x", "range": [200, 300]}}, "it goes from 0 to 100"),
        ({"mass": {"as": "x", "range": [float("nan"), 3]}}, "nan is no limit"),
        ({"mass": {"as": "x", "range": "20:60"}}, r"must be \[low, high\]"),
        ({"mass": {"as": "x", "rebin": 0}}, "'rebin' of axis 'mass' must be a whole number"),
        ({"mass": {"as": "bin", "bin": 10}}, "from 0 to 9, not 10"),
        ({"phi": {"as": "range", "range": [1, 2]}}, "circular"),
        ({"pt": "y", "charge": "stack"}, "'y' or 'overlay' or 'stack', not pt and charge"),
        ({"charge": "overlay", "njet": "stack"}, "only one axis can be 'overlay' or 'stack'"),
        ({"njet": {"as": "overlay", "items": [7]}}, "'njet' has no category 7"),
        ({"njet": {"as": "overlay", "items": []}}, "overlay at least one"),
        ({"mass": {"as": "bin", "at": 200}}, "200 lies outside of axis 'mass'.*from 0 to 100"),
        ({"mass": {"as": "bin", "at": "here"}}, "'at' of axis 'mass' must be a number"),
        ({"mass": {"as": "x", "rebin": [0, 25, 100]}}, "no edge at 25, but at 20 and 30"),
        ({"mass": {"as": "x", "rebin": [0, 120]}}, "no edge at 120 .it goes from 0 to 100"),
        ({"mass": {"as": "x", "rebin": [50, 20]}}, "two or more edges in rising order"),
        ({"mass": {"as": "x", "rebin": [20, None, 50]}}, "None is no edge of axis 'mass'"),
        ({"njet": {"as": "x", "rebin": [-1, 1, 4]}}, "whole numbers: its bins cannot be merged"),
        ({"mass": {"as": "sum", "flow": 1}}, "'flow' of axis 'mass' is true or false, not 1"),
        ({"mass": 3}, "'mass' needs a role"),
        ({a.key: "sum" for a in AXES}, "one axis must be 'x'"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(view: dict[str, Any], words: str) -> None:
    with pytest.raises(HepnbError, match=words) as refusal:
        read_view(view, AXES)
    assert "\n" not in str(refusal.value)
