"""Accumulators as plain data: they come back as they were, and what cannot come is named."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict

import awkward as ak
import hist
import msgpack
import numpy as np
import pytest

from hepnb.adapt.values import HistOf, decode, encode, with_hists
from hepnb.errors import RunError


def travelled(value):
    """A value after its way from a worker to a kernel, and the histograms it had."""
    hists = {}
    return decode(msgpack.unpackb(msgpack.packb(encode(value, hists)))), hists


PLAIN = [
    1,
    -(2**70),
    1.5,
    True,
    "text",
    b"bytes",
    1 + 2j,
    [1, [2.0, "x"]],
    (1, (2, 3)),
    {1, "a", (2, 3)},
    {"a": {"b": 1}, 1: 2, (1, "x"): [3]},
    defaultdict(int, {"a": 1}),
    Counter("abca"),
    OrderedDict(b=1, a=2),
    np.float32(1.5),
    np.int64(-3),
    np.bool_(True),
    np.str_("x"),
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_what_is_plain_comes_back_with_its_type(value):
    back, _ = travelled({"x": value})
    assert back == {"x": value}
    assert type(back["x"]) is type(value)
    assert repr(back["x"]) == repr(value)


@pytest.mark.parametrize("dtype", ["float32", "<i8", "bool", "complex128", "U3", "M8[s]"])
def test_arrays_come_back_and_can_be_written_to(dtype):
    value = np.zeros((2, 3), dtype)
    back, _ = travelled(value)
    assert (back.dtype, back.shape) == (value.dtype, value.shape)
    back[0, 0] = back[1, 1]


def test_awkward_arrays_come_back():
    value = ak.Array([{"x": [1, 2]}, {"x": []}, {"x": [3]}])[::2]
    back, _ = travelled({"a": value})
    assert back["a"].to_list() == value.to_list()
    assert back["a"].type == value.type


def test_what_a_defaultdict_makes_comes_back_whatever_made_it():
    nested = defaultdict(lambda: defaultdict(lambda: np.zeros(2)))
    nested["a"]["b"] += 1
    back, _ = travelled(nested)
    assert back["new"]["newer"].tolist() == [0, 0]
    back["new"]["newer"] += 1
    assert back["other"]["newer"].tolist() == [0, 0]
    assert travelled(defaultdict(None, a=1))[0].default_factory is None


def test_histograms_are_handed_on_by_name():
    h = hist.Hist.new.Reg(2, 0, 1, name="x", label="x").Double()
    value = {"tt": {"mass": h}, "a:b": h, ("ee", 1): h, "n": 1}
    back, hists = travelled(value)
    assert list(hists) == ["tt:mass", "a%3Ab", "(ee,#1)"]
    assert back["tt"]["mass"] == HistOf("tt:mass", None, None)
    assert with_hists(back, lambda place: hists[place.name]) == value
    assert travelled(h)[1] == {"hist": h}


class Own:
    pass


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            {"a": {"b": Own()}},
            r"Own at \['a'\]\['b'\], which cannot leave the worker: give numbers",
        ),
        ({"a": [hist.Hist.new.Reg(1, 0, 1).Double()]}, "put histograms into dicts, not into lists"),
        ({"a": np.array([Own()])}, "give arrays of numbers or texts"),
        ({"a": lambda: 1}, "builtins.function"),
        (defaultdict(Own), "Own at .*'the default'"),
    ],
)
def test_what_cannot_travel_is_named_with_its_place(value, said):
    with pytest.raises(RunError, match=said):
        travelled(value)


def test_what_is_too_deep_is_refused():
    value: list = []
    for _ in range(100):
        value = [value]
    with pytest.raises(RunError, match="nested more than 50 deep"):
        travelled(value)


def endless():
    return defaultdict(endless)


def test_a_tree_without_an_end_is_refused():
    with pytest.raises(RunError, match="nested more than 50 deep"):
        travelled(endless())


@pytest.mark.parametrize(
    "data",
    [
        ["nothing", []],
        ["object", "os", "path", []],
        ["object", "coffea.processor", "Runner", []],
        ["array", "O", [1], b"12345678"],
        ["array", "<f8", [2], b""],
        ["made"],
        [],
    ],
)
def test_data_that_is_no_accumulator_makes_nothing(data):
    with pytest.raises(RunError, match="not an accumulator"):
        decode(data)
