"""Weights are multiplied in their order, each variation in place of its own nominal, bit by bit."""

from __future__ import annotations

import awkward as ak
import numpy as np

from hepnb.analysis import Dataset, Path

ROWS = 500


def test_products_at_every_level_equal_those_by_hand() -> None:
    chance = np.random.default_rng(3)
    columns = {name: chance.normal(1, 0.3, ROWS) for name in ("a", "b", "c", "d", "x")}
    path = Path()
    path.vary("x", b=("x * 1.2", "x * 0.8"))  # the rows of b vary with its values
    path.weight("a", up="a * 1.1", down="a * 0.9")
    path.weight("b", up="b * 1.3", down="b * 0.7")
    path.hist("all", x="x: 10, 0, 2")
    path.select("first", "x > 0.8")
    path.weight("c", up="c * x", down="c / 3")
    path.select("second", "x < 1.3")
    path.weight("d", up="d + 1")
    path.hist("both", x="x: 10, 0, 2")
    path.hist("some", x="x: 10, 0, 2", weights=["d", "a"])
    dataset = Dataset("d", "https://example.org/d.root", kind="mc")
    events = ak.zip({name: ak.Array(values) for name, values in columns.items()}, depth_limit=1)
    fills = path.freeze().process(events, dataset).fills
    found = {(f.hist, label): w for f in fills for label, w in f.weights.items()}

    a, b, c, d, nominal = (columns[name] for name in "abcdx")
    labels = {"a_up": 1.1, "a_down": 0.9, "b_up": 1.3, "b_down": 0.7}
    for label in ("nominal", *labels, "c_up", "c_down", "d_up"):
        x = nominal * {"b_up": 1.2, "b_down": 0.8}.get(label, 1.0)
        first = a * labels[label] if label[:2] == "a_" else a
        second = b * labels[label] if label[:2] == "b_" else b
        third = {"c_up": c * x, "c_down": c / 3}.get(label, c)
        fourth = d + 1 if label == "d_up" else d
        keep = (x > 0.8) & (x < 1.3)
        by_hand = {
            "all": first * second,
            "both": (first * second * third * fourth)[keep],
            "some": (first * fourth)[keep],
        }
        for name, want in by_hand.items():
            if (name, label) in found or name != "all":
                np.testing.assert_array_equal(found[name, label], want, err_msg=f"{name}, {label}")
    assert {label for name, label in found if name == "all"} >= {*labels, "nominal"}
