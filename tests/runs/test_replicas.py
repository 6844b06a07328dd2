"""Weights that come as a list in every event, where not all files of a dataset have it."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

import hepnb as hn

COUNT, EVENTS = 3, 200


def write(file: Any, lengths: int | None, seed: int) -> dict[str, np.ndarray]:
    """A file whose events have so many weights each, or no such branch; its columns, 1 where there are none."""
    chance = np.random.default_rng(seed)
    x, gen = chance.uniform(0, 4, EVENTS), chance.normal(1, 0.5, EVENTS)
    values = chance.normal(1, 0.2, (EVENTS, lengths or 0)).astype(np.float32)
    with uproot.recreate(file) as made:
        kinds = {"x": "float64", "gen": "float64"}
        if lengths is None:
            made.mktree("Events", kinds).extend({"x": x, "gen": gen})
        else:
            lists = ak.unflatten(values.ravel(), np.full(EVENTS, lengths))
            made.mktree("Events", {**kinds, "pdf": "var * float32"}).extend(
                {"x": x, "gen": gen, "pdf": lists}
            )
    factors = values.astype(np.float64) if lengths else np.ones((EVENTS, COUNT))
    return {"x": x, "gen": gen, "factors": factors}


def analysis() -> hn.Path:
    path = hn.Path("theory")
    path.weight("gen", only="mc")
    path.weight("pdf", 1.0, each="pdf", count=COUNT, requires="pdf", normalised=True)
    path.hist("x", x="x: 4, 0, 4")  # of data and simulation together
    path.hist("half", x="x: 4, 0, 4", by=["dataset", "variation"], variations="pdf_1")
    return path


@pytest.fixture
def files(tmp_path):
    """Four of one simulated dataset: with the list, without its branch, with empty lists, with it; and data."""
    names = [tmp_path / f"{name}.root" for name in ("has", "lacks", "empty", "also", "data")]
    lengths = [COUNT, None, 0, COUNT, None]
    return names, [write(*one) for one in zip(names, lengths, range(5), strict=True)]


@pytest.mark.parametrize("workers", [1, 3])
def test_bins_of_replicas_hold_the_nominal_of_events_that_have_none(files, workers) -> None:
    names, columns = files
    mc = hn.Dataset("tt", names[:4], kind="mc", xsec=2.0, sumw="gen")
    run = analysis().start([mc, hn.Dataset("muons", names[4])], workers=workers, chunk=70).wait(60)
    h = run.hist("x").to_hist()
    assert list(h.axes["variation"]) == ["nominal", "pdf_0", "pdf_1", "pdf_2"]
    for number in range(COUNT):
        weights = np.concatenate([c["gen"] * c["factors"][:, number] for c in columns[:4]])
        expected, _ = np.histogram(
            np.concatenate([c["x"] for c in columns[:4]]), 4, (0, 4), weights=weights
        )
        np.testing.assert_allclose(h[f"pdf_{number}", :].values(), expected, rtol=1e-12)
        total = sum(c["gen"].sum() for c in columns[:4])
        own = run.datasets[0]["own_sums"][f"pdf_{number}"]
        assert own == pytest.approx(weights.sum() / total, rel=1e-12)
    data, _ = np.histogram(columns[4]["x"], 4, (0, 4))
    np.testing.assert_allclose(
        run.hist("half").to_hist()["muons", "nominal", :].values(), data, rtol=1e-15
    )
    # The last file of the dataset first: the same numbers.
    turned = hn.Dataset("tt", names[3::-1], kind="mc", xsec=2.0, sumw="gen")
    again = analysis().start([turned], workers=workers, chunk=70).wait(60).hist("half").to_hist()
    np.testing.assert_allclose(again["tt", "pdf_1", :].values(), h["pdf_1", :].values(), rtol=1e-12)


def test_a_file_with_another_number_of_them_is_lost_and_said(files, tmp_path) -> None:
    names, columns = files
    write(tmp_path / "more.root", COUNT + 2, 9)
    mc = hn.Dataset("tt", [names[0], tmp_path / "more.root", names[1]], kind="mc")
    run = analysis().start(mc, workers=2, on_error="skip").wait(60)
    assert run.progress["events_lost"] == EVENTS
    (reason,) = [file["reason"] for file in run.files if "more.root" in str(file)]
    assert "weight 'pdf': 5 values in entry 0, where count=3: say count=5" in reason
    weights = [c["gen"] * c["factors"][:, 2] for c in (columns[0], columns[1])]
    found = run.hist("x").to_hist()["pdf_2", sum].value
    assert found == pytest.approx(np.concatenate(weights).sum(), rel=1e-12)
