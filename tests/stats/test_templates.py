"""Templates: the files of a fit, read by those who will read them (uproot, pyhf)."""

from __future__ import annotations

import json

import hist
import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.errors import StatsError
from hepnb.stats import Templates

NUISANCES = ("jes", "pu")
LABELS = ("nominal", *(f"{n}_{side}" for n in NUISANCES for side in ("up", "down")))
SCALES = {"lumi": 1.016, "xsec": {"tt": (1.06, 0.93)}}


@pytest.fixture
def h() -> hist.Hist:
    """Two channels, a signal, two backgrounds and two streams of data; `pu` leaves zz alone."""
    chance = np.random.default_rng(3)
    made = hist.Hist(
        hist.axis.StrCategory(["tt", "zz", "higgs", "data_e", "data_m"], name="dataset"),
        hist.axis.StrCategory(["ee", "mm"], name="channel"),
        hist.axis.StrCategory(LABELS, name="variation"),
        hist.axis.Regular(5, 100, 150, name="mass", label="m [GeV]"),
        storage=hist.storage.Weight(),
    )
    for number, channel in enumerate(("ee", "mm")):
        for process in ("tt", "zz", "higgs"):
            mass = chance.normal(125, 20, 400 + 100 * number)
            for label in LABELS:
                shift = {"jes_up": 1.02, "jes_down": 0.98}.get(label, 1)
                factor = {"pu_up": 1.1, "pu_down": 0.9}.get(label, 1)
                weight = 0.1 * (1 if process == "zz" else factor)
                made.fill(process, channel, label, mass * shift, weight=weight)
        for stream in ("data_e", "data_m"):
            made.fill(stream, channel, "nominal", chance.normal(125, 20, 60))
    return made


def templates(h: hist.Hist, **how: object) -> Templates:
    asked = {"signal": "higgs", "data": "data_*", "channel": "channel", "scales": SCALES}
    return Templates.of(h, **{**asked, **how})


def test_combine_gets_every_bin_and_a_card_that_names_it(h, tmp_path) -> None:
    card = templates(h).write_combine(tmp_path / "fit")
    with uproot.open(tmp_path / "fit/templates.root") as file:
        keys = set(file.keys(recursive=True, cycle=False, filter_classname="TH1D"))
        got = {key: file[key] for key in keys}
    shapes = {"tt": NUISANCES, "zz": ("jes",), "higgs": NUISANCES}
    assert keys == {
        name
        for channel in ("ee", "mm")
        for name in (
            f"{channel}/data_obs",
            *(f"{channel}/{p}" for p in shapes),
            *(f"{channel}/{p}_{n}{s}" for p, ns in shapes.items() for n in ns for s in ("Up", "Down")),
        )
    }  # fmt: skip
    for key, root in got.items():
        channel, _, name = key.partition("/")
        process, _, side = name.partition("_")
        label = {"": "nominal"}.get(side, side.replace("Up", "_up").replace("Down", "_down"))
        if name == "data_obs":
            want = sum(h[{"channel": channel, "dataset": d, "variation": "nominal"}]
                       for d in ("data_e", "data_m"))  # fmt: skip
        else:
            want = h[{"channel": channel, "dataset": process, "variation": label}]
        np.testing.assert_array_equal(root.values(), want.values())
        np.testing.assert_array_equal(root.variances(), want.variances())
        assert not root.values(flow=True)[[0, -1]].any()
        np.testing.assert_array_equal(root.axis().edges(), h.axes["mass"].edges)
        assert root.axis().member("fTitle") == "m [GeV]"
    lines = {line.split()[0]: line.split() for line in card.read_text().splitlines()[7:]}
    table = [line.split() for line in card.read_text().splitlines()]
    assert table[0][-2:] == ["real", "data"]
    numbered = [row[1:] for row in table if row[0] == "process"]
    assert numbered == [["tt", "zz", "higgs"] * 2, ["1", "2", "0"] * 2]
    rates = [float(x) for x in lines["rate"][1:]]
    assert rates == [got[f"{c}/{p}"].values().sum() for c in ("ee", "mm") for p in shapes]
    observed = [float(x) for x in lines["observation"][1:]]
    assert observed == [got[f"{c}/data_obs"].values().sum() for c in ("ee", "mm")]
    assert lines["jes"][1:] == ["shape", *["1"] * 6]
    assert lines["pu"][1:] == ["shape", *["1", "-", "1"] * 2]
    assert lines["lumi"][1:] == ["lnN", *["1.016"] * 6]
    assert lines["xsec"][1:] == ["lnN", *["0.93/1.06", "-", "-"] * 2]
    assert lines["*"] == ["*", "autoMCStats", "10"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what pyhf imports
def test_pyhf_reads_the_workspace_and_expects_what_was_filled(h, tmp_path) -> None:
    pyhf = pytest.importorskip("pyhf")
    found = templates(h)
    file = found.write_pyhf(tmp_path / "workspace.json", parameter="mu_higgs")
    workspace = pyhf.Workspace(json.loads(file.read_text()))  # validates against the schema
    model = workspace.model()
    assert model.config.poi_name == "mu_higgs"
    assert set(model.config.parameters) == {
        "mu_higgs", "jes", "pu", "lumi", "xsec", "staterror_ee", "staterror_mm"
    }  # fmt: skip

    def expected(**moved: float) -> np.ndarray:
        at = np.array(model.config.suggested_init())
        for name, value in moved.items():
            at[model.config.par_slice(name)] = value
        return model.expected_data(at, include_auxdata=False)

    def filled(label: str, tt: float = 1.0) -> np.ndarray:
        processes = {"tt": tt, "zz": 1, "higgs": 1}
        return np.concatenate([
            sum(f * h[{"channel": c, "dataset": p, "variation": label}].values()
                for p, f in processes.items())
            for c in ("ee", "mm")
        ])  # fmt: skip

    np.testing.assert_allclose(expected(), filled("nominal"))
    np.testing.assert_allclose(expected(jes=1), filled("jes_up"))
    np.testing.assert_allclose(expected(pu=-1), filled("pu_down"))
    np.testing.assert_allclose(expected(lumi=1), 1.016 * filled("nominal"))
    np.testing.assert_allclose(expected(xsec=-1), filled("nominal", tt=0.93))
    no_signal = expected(mu_higgs=0)
    assert (no_signal < filled("nominal")).all()
    np.testing.assert_allclose(workspace.data(model)[:10], [
        sum(h[{"channel": c, "dataset": d, "variation": "nominal"}].values()[i]
            for d in ("data_e", "data_m"))
        for c in ("ee", "mm") for i in range(5)
    ])  # fmt: skip


def test_flow_is_left_out_or_merged_in_all_alike(h) -> None:
    part = h[{"channel": "ee", "dataset": "tt", "variation": "jes_up"}]
    for flow, total in (("omit", part.sum()), ("merge", part.sum(flow=True))):
        up, _ = templates(h, flow=flow).channels["ee"]["tt"].shapes["jes"]
        assert up.sum(flow=True).value == pytest.approx(total.value)
        assert up.sum(flow=True).variance == pytest.approx(total.variance)


def test_without_data_the_sum_of_all_stands_for_them(tmp_path) -> None:
    made = hist.Hist(
        hist.axis.StrCategory(["tt", "higgs"], name="process"),
        hist.axis.Variable([0, 1, 5], name="x"),
    ).fill(["tt", "tt", "higgs"], [0.5, 2, 3])
    found = Templates.of(made, process="process", signal="higgs")
    assert found.is_asimov
    assert found.data["all"].values().tolist() == [1, 2]
    text = found.write_combine(tmp_path).read_text()
    assert "(Asimov)" in text.splitlines()[0]
    assert found.to_pyhf()["measurements"][0]["name"] == "asimov"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"signal": "h"}, "called 'h'"),
        ({"signal": "data_e"}, "called 'data_e'"),
        ({"process": "sample"}, "no axis 'sample'"),
        ({"process": "mass"}, "'mass' is no category"),
        ({"channel": None}, r"one axis of numbers, not 2 \(channel, mass\)"),
        ({"scales": {"lumi": {"ttt": 1.01}}}, "no process 'ttt'; did you mean 'tt'"),
        ({"scales": {"jes": 1.01}}, "'jes' is a variation and a scale"),
        ({"scales": {"lumi": -1.0}}, "'lumi' of 'tt': a factor above 0, .*not -1"),
        ({"scales": {"lumi": 0}}, "a factor above 0"),
        ({"scales": {"lumi": "1.02"}}, r"a factor above 0, or two \(up, down\), not '1.02'"),
        ({"scales": {"lumi": (1.1, 0.9, 1.0)}}, "a factor above 0"),
        ({"scales": {"lumi x": 1.1}}, "'lumi x' is no name for a file of a fit"),
        ({"flow": "keep"}, "flow is one of omit, merge"),
    ],
)
def test_what_is_no_template_is_said_in_a_line(h, change, said) -> None:
    with pytest.raises(StatsError, match=said) as caught:
        templates(h, **change)
    assert "\n" not in str(caught.value)


def test_variations_of_one_side_must_be_reduced_first(h) -> None:
    axis = hist.axis.StrCategory(["nominal", "pdf_0", "pdf_1"], name="variation")
    made = hist.Hist(h.axes[0], axis, h.axes[3], storage=hist.storage.Weight())
    made.fill("tt", "nominal", [110, 120]).fill("tt", "pdf_0", 110).fill("tt", "pdf_1", 120)
    with pytest.raises(StatsError, match=r"'pdf_0' has no up and down.*hn\.stats\.envelope"):
        Templates.of(made, signal="tt")
    reduced = hn.stats.hessian(made, "pdf_*", "pdf")
    assert Templates.of(reduced, signal="tt").nuisances == ("pdf",)


def test_a_folder_that_cannot_be_written(h, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StatsError, match="cannot be written"):
        templates(h).write_combine(tmp_path / "file")
    with pytest.raises(StatsError, match="cannot be written"):
        templates(h).write_pyhf(tmp_path / "no/such.json")


def test_two_templates_of_one_name_are_refused(tmp_path) -> None:
    made = hist.Hist(
        hist.axis.StrCategory(["tt", "tt_jesUp"], name="dataset"),
        hist.axis.StrCategory(["nominal", "jes_up", "jes_down"], name="variation"),
        hist.axis.Regular(1, 0, 1, name="x"),
    ).fill("tt", ["nominal", "jes_up"], 0.5)
    with pytest.raises(StatsError, match="two templates would be called 'all/tt_jesUp'"):
        Templates.of(made, signal="tt").write_combine(tmp_path)
