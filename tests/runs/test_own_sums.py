"""Normalised weights: each variation is scaled by the sum of its own, over all events, skimmed or not."""

from __future__ import annotations

import time

import awkward as ak
import numpy as np
import pytest
import uproot

import hepnb as hn

from .lives import is_lost, reach

EVENTS = 400
LUMI = 2.0
XSEC = 3.0


@pytest.fixture
def simulated(tmp_path):
    """Two files of events with theory weights, as columns: what each variation does to an event."""
    chance = np.random.default_rng(7)
    files, columns = [], []
    for number in range(2):
        found = {
            "x": chance.uniform(0, 1, EVENTS),
            "genWeight": chance.normal(1.0, 0.5, EVENTS),
            "muF": chance.normal(1.3, 0.1, EVENTS),
            "top": chance.normal(0.9, 0.1, EVENTS),
            "pdf": chance.normal(1.0, 0.2, (EVENTS, 3)).astype(np.float32),
        }
        files.append(tmp_path / f"tt{number}.root")
        with uproot.recreate(files[-1]) as file:
            tree = file.mktree(
                "Events",
                {n: "var * float32" if n == "pdf" else c.dtype for n, c in found.items()},
            )
            tree.extend(
                {n: ak.from_regular(ak.Array(c)) if n == "pdf" else c for n, c in found.items()}
            )
        columns.append(found)
    every = {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}
    return files, every


def analysis(keep="", normalised=True, columns="all that is read"):
    path = hn.Path("theory")
    path.weight("genWeight")
    path.weight("scale", 1, up="muF", down="2 - muF", normalised=normalised)
    path.weight("top", variations={"off": 1}, normalised=normalised)
    path.weight("pdf", 1, each="pdf", count=3, normalised=normalised)
    path.select("half", "x > 0.5")
    path.weight("lepton", 0.9, up=0.95, down=0.85)
    if keep:
        path.snapshot("skim", columns, format=keep)
    path.hist("x", x="x: 4, 0, 1", by=["variation", "dataset"])
    path.hist("turned", x="x: 4, 0, 1", by=["dataset", "variation"])
    path.hist("alone", x="x: 4, 0, 1")
    path.hist("counts", x="x: 4, 0, 1", weights=[])
    return path


def tt(files, **facts):
    return hn.Dataset("tt", files, **{"kind": "mc", "xsec": XSEC, "sumw": "genWeight", **facts})


def factors(c):
    """The factors of scale, top and pdf by the label of the variation that changes one of them."""
    one = np.ones(len(c["x"]))
    plain = {"scale": one, "top": c["top"], "pdf": one}
    changed = {
        "nominal": {},
        "scale_up": {"scale": c["muF"]},
        "scale_down": {"scale": 2 - c["muF"]},
        "top_off": {"top": one},
        "lepton_up": {},
        **{f"pdf_{n}": {"pdf": c["pdf"][:, n].astype(float)} for n in range(3)},
    }
    return {v: np.prod(list((plain | new).values()), axis=0) for v, new in changed.items()}


def check(run, c):
    """Every bin is that of a loop by hand; of normalised weights all events together keep their sum."""
    generated, passes = c["genWeight"], c["x"] > 0.5
    h = run.hist("x", lumi=LUMI)
    own = run.datasets[0]["own_sums"]
    for label, factor in factors(c).items():
        total = (generated * factor).sum()
        lepton = 0.95 if label == "lepton_up" else 0.9
        weights = (generated * factor * lepton)[passes] * LUMI * 1000 * XSEC / total
        expected, _ = np.histogram(c["x"][passes], bins=4, range=(0, 1), weights=weights)
        np.testing.assert_allclose(
            h[{"dataset": "tt", "variation": label}].values(), expected, rtol=1e-10
        )
        if label != "lepton_up":
            assert own[label] == pytest.approx(total / generated.sum(), rel=1e-12)
    assert set(own) == set(factors(c)) - {"lepton_up"}


@pytest.mark.parametrize(("workers", "said"), [(1, "genWeight"), (3, "genWeight"), (1, 700.0)])
def test_each_variation_has_its_own_sum_over_all_events(simulated, workers, said) -> None:
    files, c = simulated
    run = analysis().start(tt(files, sumw=said), workers=workers, chunk=90).wait(60)
    if said == "genWeight":
        check(run, c)
        turned = run.hist("turned", lumi=LUMI)
        for label in factors(c):
            both = {"dataset": "tt", "variation": label}
            assert turned[both] == run.hist("x", lumi=LUMI)[both]
    nominal = LUMI * 1000 * XSEC / run.datasets[0]["sumw"]
    counts = run.hist("counts").to_hist().values()
    np.testing.assert_allclose(run.hist("counts", lumi=LUMI).values(), nominal * counts)
    h, plain = run.hist("x", lumi=LUMI), run.hist("x").to_hist()
    ratio = nominal / run.datasets[0]["own_sums"]["scale_up"]
    both = {"dataset": "tt", "variation": "scale_up"}
    np.testing.assert_allclose(h[both].values(), ratio * plain[both].values())


def test_without_it_all_have_the_sum_of_the_dataset(simulated) -> None:
    files, _ = simulated
    run = analysis(normalised=False).start(tt(files), chunk=200).wait(60)
    assert run.datasets[0]["own_sums"] == {}
    factor = LUMI * 1000 * XSEC / run.datasets[0]["sumw"]
    found, plain = run.hist("x", lumi=LUMI).values(), run.hist("x").to_hist().values()
    np.testing.assert_allclose(found, factor * plain)


def test_workers_kills_and_a_resume_change_nothing(simulated) -> None:
    files, c = simulated
    slow = analysis()

    @slow.define
    def z(x):
        time.sleep(0.05)
        return x

    slow.hist("slow", x="z: 4, 0, 1")
    whole = slow.start(tt(files), chunk=40, workers=2).wait(60)
    run = slow.start(tt(files), chunk=40, workers=1)
    reach(run, 3)
    run.kill()
    is_lost(run)
    assert run.resume().wait(60).datasets == whole.datasets
    check(run, c)
    assert run.hist("x", lumi=LUMI) == whole.hist("x", lumi=LUMI)
    assert hn.attach(run.id).hist("x", lumi=LUMI) == whole.hist("x", lumi=LUMI)


@pytest.mark.parametrize("keep", ["ttree", "rntuple", "parquet"])
def test_a_skim_carries_the_sums_of_all_events(simulated, keep, tmp_path) -> None:
    files, c = simulated
    whole = analysis(keep).start(tt(files), chunk=100, workers=2).wait(60)
    check(whole, c)
    skim = whole.skim("skim")["tt"]
    again = analysis(keep).start(tt(skim, sumw="Runs.genEventSumw"), workers=2).wait(60)
    assert again.progress["events"] < whole.progress["events"]
    check(again, c)
    if keep == "ttree":
        twice = again.skim("skim")["tt"]  # of a skim that keeps all of it
        check(analysis().start(tt(twice, sumw="Runs.genEventSumw")).wait(60), c)


def test_a_chunk_without_events_that_pass_counts_with_its_weights(simulated, tmp_path) -> None:
    files, _ = simulated
    path = analysis("ttree")
    path.select("none", "x > 2")
    path.snapshot("nothing")
    run = path.start(tt(files), chunk=200).wait(60)
    empty = run.skim("nothing")["tt"]
    again = analysis("ttree").start(tt([*empty, *run.skim("skim")["tt"]], sumw=1.0)).wait(60)
    once = run.datasets[0]["own_sums"]
    # Both sets of files stand for the same events: what they tell is added, the ratios are the same.
    assert again.datasets[0]["own_sums"] == pytest.approx(once, rel=1e-12)


def test_a_lost_part_has_no_sums_of_its_own(simulated) -> None:
    files, c = simulated
    path, first = analysis(), c["x"][:100].max()

    def picky(x):
        if first in x:
            raise ValueError("not liked")
        return x

    path.weight("picky", picky)
    run = path.start(tt(files), chunk=100, on_error="skip", workers=2).wait(60)
    assert run.datasets[0]["events_lost"] == 100
    kept = {name: values[100:] for name, values in c.items()}
    rest, own = kept["genWeight"], run.datasets[0]["own_sums"]
    for label, factor in factors(kept).items():
        if label in own:
            assert own[label] == pytest.approx((rest * factor).sum() / rest.sum(), rel=1e-12)


def test_a_variation_that_a_file_lacks_counts_as_the_nominal(simulated, tmp_path) -> None:
    files, c = simulated
    other = tmp_path / "other.root"
    with uproot.recreate(other) as file:
        file["Events"] = {"x": c["x"][:100], "genWeight": c["genWeight"][:100]}
    path = hn.Path("some")
    path.weight("genWeight")
    path.weight("scale", 1, up="muF", down="2 - muF", requires="muF", normalised=True)
    path.hist("x", x="x: 4, 0, 1", by="variation")
    run = path.start(tt([files[0], other]), workers=2).wait(60)
    gen, mu = c["genWeight"], c["muF"]
    up = (gen * mu)[:EVENTS].sum() + gen[:100].sum()
    assert run.datasets[0]["own_sums"]["scale_up"] == pytest.approx(
        up / (gen[:EVENTS].sum() + gen[:100].sum())
    )
    expected = LUMI * 1000 * XSEC
    for label in ("nominal", "scale_up", "scale_down"):  # nothing is cut away
        found = run.hist("x", lumi=LUMI)[{"variation": label}].sum(flow=True)
        assert found.value == pytest.approx(expected)


def test_a_nuisance_of_a_weight_and_of_columns(simulated) -> None:
    """The weight is computed of columns that its own nuisance varies, and a select below cuts on them."""
    files, c = simulated
    path = hn.Path("both")
    path.vary("x", scale=("x * 1.5", "x * 0.5"))
    path.weight("genWeight")
    path.weight("scale", "1 + x", up="2 + x", down="1", normalised=True)
    path.select("some", "x > 0.3")
    path.hist("x", x="x: 1, 0, 9", by="variation")
    run = path.start(tt(files), chunk=90).wait(60)
    gen, x = c["genWeight"], c["x"]
    for label, varied, factor in (
        ("nominal", x, 1 + x),
        ("scale_up", 1.5 * x, 2 + 1.5 * x),
        ("scale_down", 0.5 * x, np.ones(len(x))),
    ):
        total = (gen * factor).sum()
        assert run.datasets[0]["own_sums"][label] == pytest.approx(total / gen.sum())
        expected = (gen * factor)[varied > 0.3].sum() * LUMI * 1000 * XSEC / total
        found = run.hist("x", lumi=LUMI)[{"variation": label}].sum(flow=True)
        assert found.value == pytest.approx(expected)


def test_data_have_no_sums(simulated, tmp_path) -> None:
    files, _ = simulated
    run = analysis().start([tt(files), hn.Dataset("data", files[0])], workers=2).wait(60)
    assert run.datasets[1]["own_sums"] == {}
    h, plain = run.hist("x", lumi=LUMI), run.hist("x").to_hist()
    data = {"dataset": "data", "variation": "nominal"}
    assert h[data] == plain[data]


def test_a_histogram_above_them_has_the_sum_of_the_dataset(simulated) -> None:
    files, _ = simulated
    path = hn.Path("order")
    path.weight("genWeight")
    path.hist("before", x="x: 1, 0, 1", by="variation")
    path.weight("scale", "muF", up="2 * muF", normalised=True)
    path.hist("after", x="x: 1, 0, 1", by="variation")
    run = path.start(tt(files), chunk=90).wait(60)
    assert run.datasets[0]["own_sums"]["nominal"] > 1.2
    for name in ("before", "after"):  # of all events each has the cross section
        for label in ("nominal", "scale_up"):
            found = run.hist(name, lumi=LUMI)[{"variation": label}].sum(flow=True)
            assert found.value == pytest.approx(LUMI * 1000 * XSEC), (name, label)


def test_what_cannot_be_summed_is_told(simulated, tmp_path) -> None:
    files, c = simulated
    path = hn.Path("low")
    path.select("half", "x > 0.5")
    path.weight("scale", 1, up="muF", normalised=True)
    path.hist("x", x="x: 4, 0, 1")
    with pytest.raises(
        hn.HepnbError, match="'scale' is normalised over all events, but stands below"
    ):
        path.start(tt(files))
    path = analysis()
    path.hist("some", x="x: 4, 0, 1", weights=["genWeight", "top"])
    with pytest.raises(hn.HepnbError, match="some of the normalised weights, but not 'scale'"):
        path.start(tt(files))
    path = hn.Path("between")
    path.weight("scale", 1, up="muF", normalised=True)
    path.hist("x", x="x: 4, 0, 1")
    path.weight("top", variations={"off": 1}, normalised=True)
    with pytest.raises(hn.HepnbError, match=r"above some .* 'top': move it below, or above all"):
        path.start(tt(files))
    with pytest.raises(hn.HepnbError, match="'s_a b' cannot name a variation of the normalised"):
        hn.Path().weight("s", 1, variations={"a b": 1}, normalised=True)
    # A skim of a path that summed nothing has lost what would be summed.
    run = analysis("ttree", normalised=False).start(tt(files)).wait(60)
    with pytest.raises(
        hn.HepnbError, match=r"has \d+ of 400 events, and no sums of the normalised"
    ):
        analysis().start(tt(run.skim("skim")["tt"], sumw="Runs.genEventSumw")).wait(60)
    everything = list(c)
    run = analysis("ttree", columns=everything).start(tt(files), variations="nominal").wait(60)
    with pytest.raises(hn.HepnbError, match="but none of 'scale_up': make the skim with this path"):
        analysis().start(tt(run.skim("skim")["tt"], sumw="Runs.genEventSumw")).wait(60)
