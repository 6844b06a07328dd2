"""Computed values are written back below `computed:` alone; every other byte of the card stays."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from hepnb.analysis.cards import Card
from hepnb.analysis.cards.nodes import parse
from hepnb.analysis.cards.writing import with_computed, write
from hepnb.cli import main
from hepnb.errors import CardError

VALUES = {"events": 5, "sumw": -1.25e-7, "from": "sha256:0"}
FLOW = "{events: 5, sumw: -1.25e-07, from: \"sha256:0\"}"  # fmt: skip
BEFORE = [
    "hepnb: 1\ndatasets:\n  tt:\n    files: a.root\n",
    "hepnb: 1\ndatasets:\n  tt:\n    files: a.root",
    "hepnb: 1\ndatasets:\n  tt:\n    files: a.root   # the last one\n\n\n# the end",
    "hepnb: 1\r\ndatasets:\r\n  tt:\r\n    files: 'a.root'\r\n# ü\r\n",
    "hepnb: 1\ndatasets:\n  tt:\n        files:\n        - a.root\n        - b.root # b\n\n  uu: {files: c}\n",
    "hepnb: 1\ndatasets:\n  tt: {files: a.root}\n",
    "hepnb: 1\ndatasets:\n  tt: {files: a.root, }  # flow\n",
    "hepnb: 1\ndatasets:\n  tt: {files: [a.root, # why, oh {why}\n    b.root]  # so\n   }\nname: x\n",
    "hepnb: 1\ndatasets: {tt: {files: a.root}, uu: {files: b.root}}\n",
    "{hepnb: 1, datasets: {tt: {files: \"a.root\"}}}",
    "hepnb: 1\ndatasets:\n  tt:\n    files: a.root\n    meta:\n      title: |\n        two\n        lines\n\n  uu:\n    files: b\n",
    "hepnb: 1\ndatasets:\n  tt:\n    files: a.root\n    meta:\n      title: >-\n        folded\n",
    "hepnb: 1\ndatasets:\n  tt:\n    files: a.root\n    tree: many\n      words   # end\n  # uu is next\n  uu:\n    files: b\n",
    "hepnb: 1\ndatasets:\n  'tt' : # quoted\n    \"files\": a.root\n",
    "hepnb: 1\nname: &n x\ndatasets:\n  tt:\n    files: a.root\n    tree: *n   # an alias\n",
    "hepnb: 1\nname: &n x\ndatasets:\n  tt: {files: a.root, tree: *n }\n",
    "hepnb: 1\ndatasets:\n  tt: &t\n    files: a.root\n    split:\n      processes:\n        a: {where: x}\n  uu: {files: b}\n",
]  # fmt: skip


@pytest.mark.parametrize("text", BEFORE)
def test_every_other_byte_stays(text: str) -> None:
    before = text.encode()
    after = with_computed(before, "card.yaml", {"tt": VALUES})
    line = next(line for line in after.decode().splitlines() if "computed:" in line)
    assert FLOW in line
    pairs = enumerate(zip(before, after, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), len(before))
    added = after[same : len(after) - len(before) + same]
    assert before == after[:same] + after[same + len(added) :]
    assert added.count(b"\n") <= 1
    expected = parse(before, "c").plain
    expected["datasets"]["tt"]["computed"] = VALUES
    assert parse(after, "c").plain == expected
    # Written once more the values change and nothing else.
    again = with_computed(after, "card.yaml", {"tt": {**VALUES, "events": 6}})
    assert again == after.replace(b"events: 5", b"events: 6")
    assert with_computed(again, "card.yaml", {"tt": VALUES}) == after


def test_old_values_are_replaced_however_they_are_written() -> None:
    text = (
        "hepnb: 1\ndatasets:\n  tt:\n    computed:   # old\n      events: 7\n      sumw: 1  # sum\n"
        "    files: a.root # kept\n  uu:\n    computed: {events: 1} # too\n    files: b.root\n"
    )
    made = with_computed(text.encode(), "card.yaml", {"tt": VALUES, "uu": {"events": 2}})
    assert made.decode() == (
        f"hepnb: 1\ndatasets:\n  tt:\n    computed: {FLOW}  # sum\n"
        "    files: a.root # kept\n  uu:\n    computed: {events: 2} # too\n    files: b.root\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "hepnb: 1\ndatasets:\n  tt: &a {files: a.root}\n  uu: *a\n",
        "hepnb: 1\ndatasets:\n  uu: &a {files: a.root}\n  tt: *a\n",
    ],
)
def test_what_two_datasets_share_is_not_written(text: str) -> None:
    with pytest.raises(CardError, match=r"card\.yaml:\d+:3: dataset 'tt' is an alias"):
        with_computed(text.encode(), "card.yaml", {"tt": VALUES})


def test_a_card_that_changed_meanwhile_stays(tmp_path: FilePath) -> None:
    file = tmp_path / "card.yaml"
    file.write_bytes(b"new")
    with pytest.raises(CardError, match="changed while it was computed"):
        write(file, b"old", b"computed")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(CardError, match="nothing is written"):
        write(tmp_path / "none" / "card.yaml", b"", b"")


def test_mode_and_link_stay(tmp_path: FilePath) -> None:
    file, link = tmp_path / "card.yaml", tmp_path / "link.yaml"
    file.write_bytes(b"old")
    file.chmod(0o640)
    link.symlink_to(file)
    write(link, b"old", b"new")
    assert link.is_symlink()
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o640)


# -- what is computed ---------------------------------------------------------------------------


CARD = """\
hepnb: 1
defaults: {tree: Events, kind: mc}
datasets:
  events:                    # from the events
    files: [a.root, b.root]
    xsec: 2.0                # pb
    sumw: genWeight
  runs: {files: [a.root, b.root], xsec: 4.0, sumw: Runs.genEventSumw}
  known: {files: a.root, xsec: 3, sumw: 12.5}
  data: {kind: data, files: a.root}
"""


@pytest.fixture
def file(tmp_path: FilePath) -> FilePath:
    rng = np.random.default_rng(5)
    for name, count in (("a", 700), ("b", 300)):
        weights = rng.normal(1, 2, count).astype(np.float32)
        with uproot.recreate(tmp_path / f"{name}.root") as root:
            root.mktree("Events", {"genWeight": np.float32})
            root["Events"].extend({"genWeight": weights})
            root.mktree("Runs", {"genEventSumw": np.float64, "genEventSumw2": np.float64})
            twice = np.array([weights.sum(dtype=np.float64), (weights.astype(float) ** 2).sum()])
            root["Runs"].extend({"genEventSumw": twice[:1] * 2, "genEventSumw2": twice[1:] * 2})
    file = tmp_path / "card.yaml"
    file.write_text(CARD)
    return file


def expected(folder: FilePath) -> dict[str, Any]:
    """The sums of all weights, with all their digits."""
    arrays = [uproot.open(folder / f"{n}.root")["Events"]["genWeight"].array() for n in "ab"]
    weights = ak.to_numpy(ak.concatenate(arrays)).astype(np.float64)
    sumw, sumw2 = math.fsum(weights), math.fsum(weights**2)
    return {
        "events": 1000,
        "positive": int((weights > 0).sum()),
        "negative": int((weights < 0).sum()),
        "sumw": sumw,
        "sumw2": sumw2,
        "effective_xsec": 2.0 / sumw,
        "equivalent_lumi": sumw**2 / sumw2 / 2.0,
    }


def test_compute_counts_and_sums(file: FilePath, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", "compute", str(file), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    card = Card.read(file)
    for name, values in made.items():
        assert values.pop("from").startswith("sha256:")
        (dataset,) = (d for d in card.datasets if d.name == name)
        assert {key: getattr(dataset, f"computed_{key}") for key in values} == values
    want = expected(file.parent)
    assert set(made["events"]) == set(want)
    for key, value in made["events"].items():
        # Sums of two files, each exact.
        assert value == pytest.approx(want[key], rel=1e-15)
    assert set(made["runs"]) == {"events", "sumw", "sumw2", "effective_xsec", "equivalent_lumi"}
    assert made["runs"]["sumw"] == pytest.approx(2 * want["sumw"], rel=1e-12)
    assert made["known"] == {"events": 700, "sumw": 12.5, "effective_xsec": 3 / 12.5}
    assert made["data"] == {"events": 700}


def test_compute_changes_nothing_else_and_is_stable(file: FilePath) -> None:
    assert main(["card", "compute", str(file), "--datasets", "events,data"]) == 0
    once = file.read_text()
    gone = re.sub(r", computed: \{[^}]*\}|^ *computed: .*\n", "", once, flags=re.MULTILINE)
    assert gone == CARD
    assert once.count("computed:") == 2
    assert main(["card", "compute", str(file), "--datasets", "events,data"]) == 0
    assert file.read_text() == once


def test_the_hash_tells_what_the_values_come_from(file: FilePath) -> None:
    def provenance(text: str) -> Any:
        file.write_text(text)
        return {name: values["from"] for name, values in Card.read(file).compute().items()}

    before = provenance(CARD)
    assert len(set(before.values())) == 4
    (file.parent / "a.root").rename(file.parent / "c.root")
    assert provenance(CARD.replace("a.root", "c.root")) == before
    after = provenance(CARD.replace("a.root", "c.root").replace("xsec: 2.0", "xsec: 2.5"))
    assert [name for name in before if before[name] != after[name]] == ["events"]
    after = provenance(CARD.replace("[a.root, b.root]", "c.root").replace("a.root", "c.root"))
    assert [name for name in before if before[name] != after[name]] == ["events", "runs"]


def test_computed_values_are_there_for_expressions(file: FilePath) -> None:
    Card.read(file).compute()
    text = file.read_text() + "weights: {norm: {value: 10 * dataset.computed_effective_xsec}}\n"
    card = Card(text.encode(), file)
    assert card.datasets[0].computed_events == 1000


def test_a_file_that_cannot_be_read_is_told_and_nothing_written(
    file: FilePath, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "b.root").write_bytes(b"root")
    assert main(["card", "compute", str(file)]) == 1
    told = capsys.readouterr().err
    assert "b.root" in told
    assert told.count("\n") == 1
    assert file.read_text() == CARD
