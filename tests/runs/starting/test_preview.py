"""`hn.plan` says what a run would do, and does none of it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import uproot

import hepnb as hn
from hepnb.analysis import open_events
from hepnb.errors import DataError, PathError, RunError
from hepnb.histograms import Contribution, Signature


@pytest.fixture
def path():
    path = hn.Path("planned")
    path.category("channel", few="count(Muon) < 2", many="count(Muon) >= 2")
    path.hist("pt", pt="Muon.pt: 20, 0, 100", by=["dataset", "channel"], storage="Weight")
    path.hist("n", n="count(Muon): 5, -0.5, 4.5")
    path.table("muons", {"pt": "Muon.pt"})
    return path


def test_it_says_what_the_run_then_does(numbered, path, tmp_path):
    files, _ = numbered
    data = {"a": files[:1], "b": files[1:]}
    found = hn.plan(path, data, workers=1, chunk=64)
    assert not (tmp_path / "state").exists()
    run = path.start(data, workers=1, chunk=64).wait(200)
    progress = run.progress
    assert found.totals["events"] == progress["events_total"] == 700
    assert found.totals["chunks"] == progress["chunks_total"] == 7 + 5
    assert [row["events"] for row in found.files] == [400, 300, 0]
    assert [row["chunks"] for row in found.files] == [7, 5, 0]
    assert found.totals["files"] == progress["files_total"] == 3
    for row in found.histograms:
        full = run.hist(row["name"]).to_hist()
        growing = 2 if row["name"] == "pt" else 1  # the overflow of a growing axis holds nothing
        extents = [ax.extent if not ax.traits.growth else growing for ax in full.axes]
        assert row["bins"] == np.prod(extents)
    assert found.tables == ("muons",)


def test_what_would_not_fit_is_refused_with_its_causes(numbered, path):
    files, _ = numbered
    path.weight("w", 1.0, variations={str(n): "1.0" for n in range(200)})
    path.category("bin", **{f"b{n}": f"count(Muon) == {n}" for n in range(100)})
    path.hist("fine", pt="Muon.pt: 4000, 0, 100", by=["dataset", "bin"], storage="Double")
    data = [hn.Dataset(name, file, kind="mc") for name, file in zip("ab", files, strict=False)]
    found = hn.plan(path, data)
    # Of each block the bins that 400 events may hit, of one dataset; all of what is smaller.
    rows = {row["name"]: row for row in found.histograms}
    assert rows["fine"]["blocks"] == 2 * 100 * 201
    small = rows["pt"]["bytes"] / 2 + rows["n"]["bytes"]
    branches = sum(row["unpacked"] for row in found.columns) * 400 / 700
    record = 100 * 201 * 400 * (4 + 8)
    expected = 100 * 201 * 400 * 64 + small + branches + 2 * (record + small) + 201 * 400 * 8
    assert found.totals["worker_bytes"] == pytest.approx(expected, abs=5)
    blocks = sum(row["blocks"] for row in rows.values())
    held = 2 * 2 * (record + small) + 400 * blocks
    assert found.totals["supervisor_bytes"] == pytest.approx(held, abs=5)
    assert "in the supervisor" in repr(found)
    said = r"needs about 7.. MB for a chunk, more than the 300 MB it may have: histogram 'fine' .*"
    with pytest.raises(RunError, match=said + r"201 values of weights .*histogram 'pt' .*; fill"):
        hn.plan(path, data, memory="300 MB")


def test_a_chunk_takes_the_memory_that_was_planned_until_it_is_sent(tmp_path):
    blocks, bins, events = 200, 2000, 5000
    file = tmp_path / "x.root"
    with uproot.recreate(file) as root:
        root["Events"] = {"x": np.arange(float(events)) % bins}
    path = hn.Path("dense")
    path.category("every", exclusive=False, **{f"b{n}": "x >= 0" for n in range(blocks)})
    path.hist("h", x=f"x: {bins}, 0, {bins}", by=["every"])
    planned = hn.plan(path, file).totals["worker_bytes"]
    dataset = hn.Dataset("x", str(file))
    with open_events(file) as opened:
        fills = path.freeze().process(opened.read(("x",), 0, events), dataset).fills
    (spec,) = path.freeze().histograms
    signature = Signature.from_axes(spec.name, spec.axes, spec.storage)
    contribution = Contribution({"h": signature})
    for fill in fills:
        contribution.fill("h", **fill.categories, **fill.columns)
    tracemalloc.start()
    record = contribution.encode("one", 0, {})
    _, beside = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(record) > blocks * bins * 8
    # The blocks themselves are in C++, and of their known size.
    assert blocks * bins * 8 + beside == pytest.approx(planned, rel=0.05)


def test_the_weights_of_all_events_are_counted(tmp_path):
    events, variations = 20_000, 150
    file = tmp_path / "x.root"
    with uproot.recreate(file) as root:
        root["Events"] = {"x": np.arange(float(events))}
    path = hn.Path("weighted")
    path.weight("w", "1 + x", variations={str(n): f"{n} + x" for n in range(variations)})
    path.select("few", f"x < {events // 100}")
    path.weight("below", "x", up="2 * x", down="3 * x")
    path.hist("h", x="x: 10, 0, 100")
    dataset = hn.Dataset("x", str(file), kind="mc")
    totals = hn.plan(path, dataset).totals
    assert totals["weights"] == 1 + variations
    with open_events(file) as opened:
        read = opened.read(("x",), 0, events)
    program = path.freeze()
    tracemalloc.start()
    for fill in (result := program.process(read, dataset)).fills:
        for label in fill.weights:
            fill.weights[label]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.events == events
    weights = 8 * events * (1 + variations)
    assert weights < held < 1.2 * weights
    assert weights < totals["worker_bytes"] < 1.2 * weights
    with pytest.warns(UserWarning, match="data, which are never varied"):
        assert hn.plan(path, hn.Dataset("x", str(file))).totals["weights"] == 1
    large = hn.Dataset("x", "generated://400000", kind="mc")
    said = r"may have: 151 values of weights \(400,000 events\) 483 MB, histogram 'h' .* its record"
    with pytest.raises(RunError, match=said):
        hn.plan(path, large, chunk=400_000, memory="300 MB")


def test_bytes_are_those_of_the_file(numbered, path):
    files, _ = numbered
    found = hn.plan(path, files[0])
    with uproot.open(files[0]) as file:
        branches = {row["branch"]: file["Events"][row["branch"]] for row in found.columns}
        assert list(branches) == ["Muon_pt"]
        for row in found.columns:
            branch = branches[row["branch"]]
            assert (row["bytes"], row["unpacked"]) == (
                branch.compressed_bytes,
                branch.uncompressed_bytes,
            )
    totals = found.totals
    assert 0 < totals["bytes_read"] < totals["bytes_of"]
    assert totals["chunk_bytes"] == totals["bytes_unpacked"]  # one chunk
    assert totals["bins"] == 1 * 2 * 22 + 7
    assert totals["histogram_bytes"] == 2 * 22 * 2 * 8 + 7 * 8


@pytest.mark.realdata
def test_small_files_whose_baskets_lie_in_the_tree(dimuon_file):
    path = hn.Path("dimuon")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    found = hn.plan(path, dimuon_file)
    assert found.totals["bytes_read"] is None
    assert found.totals["bytes_unpacked"] > 100_000 * 4
    assert "? bytes of 3.57 MB" in repr(found)


def test_an_ntuple_does_not_tell(tmp_path):
    file = tmp_path / "ntuple.root"
    with uproot.recreate(file) as root:
        root.mkrntuple("Events", {"x": np.arange(10.0)})
    path = hn.Path("x")
    path.hist("x", x="x: 10, 0, 10")
    found = hn.plan(path, file)
    assert found.totals["events"] == 10
    assert found.totals["bytes_unpacked"] is None
    assert "1 of 1 branches: ? bytes of" in repr(found)


def test_bad_files_are_named_and_many_files_are_not_all_opened(numbered, path, tmp_path):
    files, _ = numbered
    bad = tmp_path / "bad.root"
    bad.write_text("not ROOT")
    found = hn.plan(path, [files[0], str(bad)])
    assert found.totals["files_failed"] == 1
    assert repr(found).splitlines()[-2:] == [
        "  CANNOT BE USED: 1 file",
        f"    {bad}: not a ROOT file (it does not begin with 'root')",
    ]
    copies = tmp_path / "many"
    copies.mkdir()
    for n in range(60):
        (copies / f"{n:02}.root").symlink_to(files[0])
    found = hn.plan(path, copies, allow_duplicates=True)
    assert (found.totals["files_opened"], found.totals["events"]) == (50, 60 * 400)
    assert "60, with about 24,000 events (the first 50 were opened)" in repr(found)


def test_a_file_that_is_skipped_is_said_to_be(numbered, tmp_path):
    files, _ = numbered
    other = tmp_path / "other.root"
    with uproot.recreate(other) as file:
        file["Events"] = {"x": np.arange(10.0)}
    path = hn.Path("skips")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    found = hn.plan(path, hn.Dataset("d", [files[0], str(other)], missing="skip"))
    assert (found.totals["files_skipped"], found.totals["files_failed"]) == (1, 0)
    assert found.totals["events"] == 400
    *_, said, which = repr(found).splitlines()
    assert said == "  SKIPPED: 1 file"
    assert which.startswith(f"    {other}: ")
    assert "no column 'Muon'" in which
    assert "CANNOT" not in repr(found)
    found = hn.plan(path, hn.Dataset("d", [files[0], str(other)]))
    assert (found.totals["files_skipped"], found.totals["files_failed"]) == (0, 1)
    assert "CANNOT BE USED: 1 file" in repr(found)


def test_generated_events_are_counted_and_nothing_is_read(path):
    def make(events, seed, dataset):
        raise AssertionError("nothing is made for a plan")

    made = hn.adapt.generator(make, path)
    named = [hn.Dataset(name, f"generated://{n}", kind="mc") for name, n in (("Z", 2500), ("t", 0))]
    for what, data in ((made, {"Z": 2500, "t": 0}), (made, named), (path, named)):
        found = hn.plan(what, data)
        assert [row["events"] for row in found.files] == [2500, 0]
        # Of 1000 events, as the generator makes them.
        assert [row["chunks"] for row in found.files] == [3, 0]
        totals = found.totals
        assert (totals["events"], totals["chunk_events"]) == (2500, 1000)
        assert (totals["bytes_read"], totals["bytes_of"], totals["branches"]) == (0, 0, 0)
        assert found.histograms[0]["bins"] == 2 * 2 * 22
        assert "reads       nothing: a function makes the events" in repr(found)
    assert hn.plan(made, 2500, chunk=100).totals["chunks"] == 25
    with pytest.raises(DataError, match="give the number of events"):
        hn.plan(made, "tt.root")
    with pytest.raises(DataError, match=r"no file holds these events: start hn\.adapt\.generator"):
        path.start("generated://2500")


def test_what_makes_no_sense_is_refused_as_by_start(numbered, path):
    files, _ = numbered
    with pytest.raises(RunError, match="no setting 'wrkers'; did you mean 'workers'"):
        hn.plan(path, files, wrkers=2)
    with pytest.raises(RunError, match="workers"):
        hn.plan(path, files, workers=0)
    with pytest.raises(DataError, match="no such file"):
        hn.plan(path, "nowhere.root")
    with pytest.raises(DataError, match="is given 2 times"):
        hn.plan(path, [files[0], files[0]])
    path.define("wrong", "Muon.pT")
    with pytest.raises(PathError, match="'Muon' has no field 'pT'"):
        hn.plan(path, files)
