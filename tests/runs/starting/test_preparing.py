"""What is known of the histograms before the first event: their axes have every dataset."""

from __future__ import annotations

import numpy as np

import hepnb as hn
from hepnb.samples import toy_dimuon


def test_a_dataset_of_which_nothing_passes_is_on_the_axis(tmp_path) -> None:
    file = toy_dimuon(tmp_path / "toy.root", events=500)
    datasets = [
        hn.Dataset("zz", file, kind="mc", xsec=1.0, sumw=500.0),
        hn.Dataset("aa", file, kind="mc", xsec=1.0, sumw=500.0),
    ]
    path = hn.Path("cut")
    path.select("one of them", "dataset.name == 'aa' and nMuon == 2")
    path.hist("n", n="nMuon: 0, 5, int", by=["dataset", "variation"])
    run = path.start(datasets, workers=2, chunk=100).wait(60)
    h = run.hist("n")
    assert list(h.axes["dataset"]) == ["zz", "aa"]
    assert h[{"dataset": "zz", "variation": "nominal"}].sum() == 0
    assert h[{"dataset": "aa", "variation": "nominal"}].values()[2] > 0
    scaled = run.hist("n", lumi=2.0)
    np.testing.assert_array_equal(scaled[{"dataset": "zz"}].values(), 0)
