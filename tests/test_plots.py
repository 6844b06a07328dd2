"""Pictures: what they say, that they repeat byte by byte, and that they leave pyplot alone."""

from __future__ import annotations

import re
from pathlib import Path

import hist
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from hepnb.plots import spectrum
from hepnb.samples import MARKS

Lines = dict[str, hist.Hist]


@pytest.fixture
def lines() -> Lines:
    rng = np.random.default_rng(0)
    axis = hist.axis.Regular(200, 0.3, 300, transform=hist.axis.transform.log, name="mass")
    continuum = np.exp(rng.uniform(np.log(0.3), np.log(200), 20_000))
    peaks = np.concatenate([rng.normal(mass, 0.01 * mass, 2_000) for _, mass in MARKS])
    return {
        "opposite sign": hist.Hist(axis).fill(np.concatenate([continuum, peaks])),
        "same sign": hist.Hist(axis).fill(continuum[::3]),
    }


def svg_comments(file: Path) -> set[str]:
    """matplotlib writes each text as a comment before its glyphs."""
    return {text.strip() for text in re.findall(r"<!-- (.*?) -->", file.read_text())}


def test_everything_a_reader_needs_is_said(lines: Lines, tmp_path: Path) -> None:
    file = tmp_path / "m.svg"
    spectrum(lines, [file], details="8 TeV", marks=MARKS)
    said = svg_comments(file)
    assert {"opposite sign", "same sign", "CMS", "Open Data", "8 TeV", "Events / bin"} <= said
    assert r"$m_{\mu\mu}$ [GeV]" in said
    assert {name for name, _ in MARKS} <= said
    assert "Simulation" not in " ".join(said)


def test_a_toy_can_say_that_it_is_one(lines: Lines, tmp_path: Path) -> None:
    file = tmp_path / "m.svg"
    spectrum(lines, [file], experiment="Toy", label="simulation, not data")
    assert {"Toy", "simulation, not data"} <= svg_comments(file)
    assert "CMS" not in svg_comments(file)


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_the_same_histograms_give_the_same_bytes(lines: Lines, tmp_path: Path, suffix: str) -> None:
    one, two = tmp_path / f"1.{suffix}", tmp_path / f"2.{suffix}"
    spectrum(lines, [one], marks=MARKS)
    spectrum(lines, [two], marks=MARKS)
    assert one.read_bytes() == two.read_bytes()


def test_pyplot_and_its_settings_are_left_alone(lines: Lines, tmp_path: Path) -> None:
    before, figures = dict(mpl.rcParams), plt.get_fignums()
    spectrum(lines, [tmp_path / "m.png"], marks=MARKS)
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == figures


def test_names_stand_clear_of_each_other_and_of_the_curve(
    lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = []
    figure = mpl.figure.Figure
    saved = figure.savefig

    def look(self: mpl.figure.Figure, *args: object, **kwargs: object) -> None:
        (axes,) = self.axes
        names = {name for name, _ in MARKS}
        boxes.extend(
            (text.get_text(), text.get_window_extent().transformed(axes.transData.inverted()))
            for text in axes.texts
            if text.get_text() in names
        )
        saved(self, *args, **kwargs)

    monkeypatch.setattr(figure, "savefig", look)
    spectrum(lines, [tmp_path / "m.png"], marks=MARKS)
    assert len(boxes) == len(MARKS)
    top = lines["opposite sign"]
    edges, values = top.axes[0].edges, top.values()
    for number, (_, box) in enumerate(boxes):
        assert not any(box.overlaps(other) for _, other in boxes[:number])
        under = values[(edges[1:] > box.x0) & (edges[:-1] < box.x1)]
        assert box.y0 > under.max()


def test_the_picture_is_large_enough_for_a_slide(lines: Lines, tmp_path: Path) -> None:
    spectrum(lines, [tmp_path / "m.png"])
    with Image.open(tmp_path / "m.png") as picture:
        assert min(picture.size) > 1000


def test_empty_histograms_make_an_empty_frame(tmp_path: Path) -> None:
    empty = hist.Hist(hist.axis.Regular(10, 1, 100, name="mass"))
    spectrum({"nothing": empty}, [tmp_path / "m.png"], marks=[("x", 3.0), ("far", 1e6)])
    assert (tmp_path / "m.png").stat().st_size > 0
