"""A path says what it is made of: its steps, what was set, what each column comes from and varies with."""

from __future__ import annotations

import numpy as np

import hepnb as hn
from hepnb.analysis.steering.description import as_text, describe_path


class Jets(hn.Module):
    """Select good jets.

    threshold: least transverse momentum [GeV]
    cone: radius of the cone
    """

    uses = ("Jet.pt", "Jet.eta")
    produces = ("good_jets",)

    def __init__(self, threshold=30.0, cone=0.4, table=None, *, hidden=1):  # noqa: ARG002
        self.threshold = threshold
        self._cone = cone
        self.table = table


class Plain(hn.Module):
    uses = ("MET_pt",)
    produces = ("met",)


def steps_of(path):
    return {(step["kind"], step["name"]): step for step in describe_path(path)["steps"]}


def test_parameters_with_their_defaults_units_and_meanings():
    path = hn.Path("p")
    path.add_module(Jets(threshold=25.0, table=np.arange(3)))
    path.add_module(Plain())
    steps = steps_of(path)
    jets = steps["module", "Jets"]
    assert jets["help"] == "Select good jets."
    assert jets["makes"] == ["good_jets"]
    rows = {row.pop("name"): row for row in jets["parameters"]}
    assert rows["threshold"] == {
        "value": "25.0",
        "default": "30.0",
        "changed": True,
        "unit": "GeV",
        "help": "least transverse momentum",
    }
    assert (rows["cone"]["value"], rows["cone"]["changed"]) == ("0.4", False)
    assert (rows["table"]["value"], rows["table"]["changed"]) == ("array([0, 1, 2])", True)
    assert (rows["hidden"]["value"], rows["hidden"]["changed"]) == (None, False)  # was not kept
    assert steps["module", "Plain"]["parameters"] == []


def test_constants_of_a_function_are_its_parameters():
    path = hn.Path("p")

    @path.define
    def hard(Jet, least=50.0):
        """Hard jets.

        least: of the transverse momentum [GeV]
        """
        return Jet[Jet.pt > least]

    step = steps_of(path)["definition", "hard"]
    assert step["formula"] == "hard(Jet)"
    assert step["help"] == "Hard jets."
    (least,) = step["parameters"]
    assert (least["value"], least["unit"], least["changed"]) == ("50.0", "GeV", False)


def test_what_comes_from_what_and_what_nothing_needs():
    path = hn.Path("p")
    path.define("pair", "Muon[Muon.pt > 20]")
    path.define("mass", "sum(pair.mass)")
    path.define("unused", "2 * mass")
    path.select("two", "count(pair) == 2")
    path.hist("mass", mass="mass: 10, 0, 100")
    found = describe_path(path)
    steps = steps_of(path)
    assert found["inputs"] == {"Muon": ["mass", "pt"]}
    assert steps["definition", "mass"]["reads"] == {"pair": ["mass"]}
    assert steps["histogram", "mass"]["above"] == "two"
    assert [s["name"] for s in found["steps"] if not s["used"]] == ["unused"]


def test_what_varies_with_what_goes_through_columns_selects_and_weights():
    path = hn.Path("p")
    path.weight("scale", "dataset.xsec")
    path.table("all", ["run"])
    path.hist("before", met="MET_pt: 10, 0, 100")
    path.hist("bare", met="MET_pt: 10, 0, 100", weights=[])

    @path.define
    def smeared(MET_pt, rng):
        return MET_pt * rng.normal()

    path.define("twice", "2 * smeared")
    path.select("large", "twice > 10")
    path.table("after", ["run"])
    path.hist("late", met="MET_pt: 10, 0, 100", weights=[])
    varies = {key[1]: step["varies"] for key, step in steps_of(path).items()}
    assert varies == {
        "scale": ["dataset"], "all": [], "before": ["dataset"], "bare": [], "smeared": ["rng"],
        "twice": ["rng"], "large": ["rng"], "after": ["rng"], "late": ["rng"],
    }  # fmt: skip


def test_nothing_varies_where_nothing_says_so():
    path = hn.Path("p")
    path.hist("met", met="MET_pt: 10, 0, 100")
    assert steps_of(path)["histogram", "met"]["varies"] == []
    assert "varies" not in as_text(describe_path(path))


def test_a_wrong_path_is_described_with_what_is_wrong():
    path = hn.Path("p")
    path.define("a", "b + 1")
    path.define("b", "a + 1")
    path.hist("a", a="a: 10, 0, 1")
    found = describe_path(path)
    assert "circle" in found["problem"]
    assert [step["name"] for step in found["steps"]] == ["a", "b", "a"]
    assert "WRONG: definitions go round" in as_text(found)


def test_a_repr_that_fails_or_never_ends_is_no_trouble():
    class Odd:
        def __repr__(self):
            raise RuntimeError

    path = hn.Path("p")
    path.add_module(Jets(threshold=Odd(), table="x" * 1000))
    rows = {row["name"]: row["value"] for row in steps_of(path)["module", "Jets"]["parameters"]}
    assert rows["threshold"] == "<Odd>"
    assert len(rows["table"]) == 160


def test_the_same_object_is_described_alike_in_every_process():
    path = hn.Path("p")
    path.add_module(Jets(table=object()))
    rows = {row["name"]: row["value"] for row in steps_of(path)["module", "Jets"]["parameters"]}
    assert rows["table"] == "<object object>"


def test_what_is_varied_by_which_nuisance():
    path = hn.Path("p")
    path.vary("Jet.pt", jes=("Jet.pt * 1.02", "Jet.pt * 0.98"))
    path.replace("Muon.pt", "Muon.pt * 1.001")
    path.weight("pileup", "pu", up="pu_up", down="pu_down")
    path.define("ht", "sum(Jet.pt)")
    path.define("lead", "first(Muon.pt)")
    path.hist("untouched", x="lead: 10, 0, 100", weights=[])
    path.hist("weighted", x="lead: 10, 0, 100")
    path.hist("both", x="ht: 10, 0, 100")
    path.hist("bare", x="ht: 10, 0, 100", variations="nominal")
    path.select("large", "ht > 100")
    path.table("rows", ["lead"])
    path.hist("cut", x="lead: 10, 0, 100", weights=[])
    varies = {step["name"]: step["varies"] for step in describe_path(path)["steps"]}
    assert varies == {
        "jes: Jet.pt": [], "Muon.pt": [], "pileup": ["pileup"], "ht": ["jes"], "lead": [],
        "untouched": [], "weighted": ["pileup"], "both": ["jes", "pileup"], "bare": [],
        "large": ["jes"], "rows": [], "cut": ["jes"],
    }  # fmt: skip
    assert "jes_up: Jet.pt * 1.02, jes_down: Jet.pt * 0.98" in as_text(describe_path(path))
