"""Scores of a trained model as columns: a real network in ONNX Runtime, loaded once per worker."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

import hepnb as hn
from hepnb.samples import toy_dimuon

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install onnx")
pytest.importorskip("onnxruntime", reason="needs ONNX Runtime: pip install 'hepnb[ml]'")


def write_model(file, bias=-1.5):
    """sigmoid(0.05 pt - |eta| + bias)."""
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    weights = {"W": [[0.05], [-1.0]], "b": [bias]}
    kind = onnx.TensorProto.FLOAT
    gemm = helper.make_node("Gemm", ["x", "W", "b"], ["z"])
    graph = helper.make_graph(
        [gemm, helper.make_node("Sigmoid", ["z"], ["y"])],
        "muon",
        [helper.make_tensor_value_info("x", kind, ["n", 2])],
        [helper.make_tensor_value_info("y", kind, ["n", 1])],
        [numpy_helper.from_array(np.array(v, np.float32), name) for name, v in weights.items()],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), str(file))


def session(file):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def scored(file):
    model = hn.resource(str(file), session)
    path = hn.Path("scored")
    path.vary("Muon.pt", scale=("Muon.pt * 1.1", "Muon.pt * 0.9"))

    @path.define
    def score(Muon):
        columns = [ak.flatten(c).to_numpy() for c in (Muon.pt, abs(Muon.eta))]
        table = np.stack(columns, axis=1).astype(np.float32)
        return ak.unflatten(model().run(None, {"x": table})[0][:, 0], ak.num(Muon.pt))

    path.hist("score", score="score: 20, 0, 1")
    return path


def by_hand(muons, scale):
    pt, eta = ak.flatten(muons["Muon_pt"]).to_numpy(), ak.flatten(muons["Muon_eta"]).to_numpy()
    score = 1 / (1 + np.exp(-(0.05 * pt * scale - abs(eta) - 1.5)))
    return np.histogram(score, 20, (0, 1))[0]


@pytest.fixture
def muons(tmp_path):
    return toy_dimuon(tmp_path / "muons.root", events=3000)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_score_is_a_column_that_is_varied_with_what_it_is_made_of(tmp_path, muons, workers):
    import uproot

    write_model(tmp_path / "muon.onnx")
    data = hn.Dataset("zmumu", str(muons), kind="mc")
    run = scored(tmp_path / "muon.onnx").start(data, workers=workers, chunk=700)
    assert run.wait(60).status == "done", run
    found = run.hist("score")
    with uproot.open(muons) as file:
        columns = file["Events"].arrays(["Muon_pt", "Muon_eta"])
    for label, scale in (("nominal", 1.0), ("scale_up", 1.1), ("scale_down", 0.9)):
        values = found[{"variation": label}].values()
        # The network computes in float32: an entry at an edge may be on its other side.
        assert np.abs(values - by_hand(columns, scale)).sum() <= 4, label
        assert values.sum() == len(ak.flatten(columns["Muon_pt"]))


def test_another_model_makes_another_path(tmp_path):
    file = tmp_path / "muon.onnx"
    write_model(file)
    before = scored(file).hash
    assert scored(file).hash == before
    write_model(file, bias=-1.0)
    assert scored(file).hash != before
