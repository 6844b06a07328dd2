"""`hepnb hist`: what a store holds, giving away, adding up, checking, tidying, as one types it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import hist
import numpy as np
import pytest
import uhi.io.hdf5

from hepnb.cli import main
from hepnb.histograms import Contribution, H5Hist, Signature, Store, StoreWriter

Record = Callable[[int], bytes]


@pytest.fixture
def store(writer: StoreWriter, record: Record) -> Path:
    for n in range(6):
        writer.append(record(n))
        if n in (1, 3):
            writer.fold()
    writer.note({"said": 1})
    writer.close()
    return writer.directory


def test_info(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hist", "info", str(store), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    found = [facts[k] for k in ("committed", "folded", "sealed", "packs")]
    assert found == [6, 4, False, 1]
    assert facts["tables"] == ["pairs"]
    mass, n = facts["histograms"]
    assert [a["name"] for a in mass["axes"]] == ["channel", "m", "tight"]
    assert (mass["storage"], mass["bins"], mass["blocks"]) == (
        "Weight",
        84,
        mass["axes"][0]["bins"],
    )
    assert (n["name"], n["blocks"]) == ("n", 1)
    assert main(["hist", "info", str(store)]) == 0
    assert "mass: channel 4 x m 40 x tight 2; Weight" in capsys.readouterr().out


def test_export(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    want = Store.open(store).hist("n").to_hist()
    assert main(["hist", "export", str(store), str(tmp_path / "all.h5"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["histograms"] == ["mass", "n"]
    assert main(["hist", "export", str(store), str(tmp_path / "n.h5"), "--name", "n"]) == 0
    for file in ("all.h5", "n.h5"):
        with h5py.File(tmp_path / file) as f:
            assert hist.Hist(uhi.io.hdf5.read(f["n"])) == want


def test_compact_then_check(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Store.open(store).hist("mass").to_hist()
    assert main(["hist", "check", str(store)]) == 0
    assert main(["hist", "compact", str(store), "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["after"] < said["before"]
    assert said["waiting"] == 0
    opened = Store.open(store)
    assert (opened.folded, len(list((store / "packs").iterdir()))) == (6, 1)
    assert opened.hist("mass").to_hist() == before
    assert main(["hist", "check", str(store), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"store": str(store), "whole": True, "problems": []}


@pytest.mark.parametrize("where", ["manifest", "ledger", "index.h5", "packs", "wal"])
def test_check_finds_a_flipped_byte_anywhere(
    where: str, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = max((store / where).iterdir()) if (store / where).is_dir() else store / where
    size = whole.stat().st_size
    if where == "wal":
        size -= size // 3  # the last record alone may be torn: nobody was told of it
    for at in np.linspace(0, size - 1, 1 if where == "index.h5" else 12, dtype=int):
        copy = tmp_path / "copy"
        shutil.copytree(store, copy)
        path = copy / whole.relative_to(store)
        data = bytearray(path.read_bytes())
        data[at] ^= 16
        path.write_bytes(data)
        assert main(["hist", "check", str(copy), "--json"]) == 1, at
        out, err = capsys.readouterr()
        assert (len(err.splitlines()) == 1) if where == "manifest" else not json.loads(out)["whole"]
        shutil.rmtree(copy)


def test_check_finds_what_is_missing_or_double(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = max((store / "packs").iterdir())
    pack.rename(store / "pack")
    assert main(["hist", "check", str(store)]) == 1
    assert f"{pack} is missing" in capsys.readouterr().out
    (store / "pack").rename(pack)
    (store / "ledger").write_bytes((store / "ledger").read_bytes()[:-8])
    assert main(["hist", "check", str(store)]) == 1
    assert "damaged at byte" in capsys.readouterr().out


def test_merge_counts_every_contribution_once(
    tmp_path: Path,
    signatures: dict[str, Signature],
    record: Record,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, orders in (("a", range(3)), ("b", range(3, 6))):
        with StoreWriter.create(tmp_path / name, signatures) as writer:
            for n in orders:
                writer.append(record(n))
                writer.fold()
    parts = [str(tmp_path / "a"), str(tmp_path / "b")]
    out = tmp_path / "sum"
    assert main(["hist", "merge", str(out), *parts, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tables"] == ["pairs"]
    merged, halves = Store.open(out), [Store.open(p) for p in parts]
    for name in signatures:
        want = sum(s.hist(name).values(flow=True).sum() for s in halves)
        assert np.isclose(merged.hist(name).values(flow=True).sum(), want, rtol=1e-12)
    want = H5Hist.merge(*(s.hist("mass") for s in halves)).to_hist()
    assert np.allclose(merged.hist("mass").values(flow=True), want.values(flow=True), rtol=1e-12)
    assert merged.table("pairs")["chunk"].tolist() == [n for n in range(6) for _ in range(3)]
    assert main(["hist", "check", str(out)]) == 0
    with StoreWriter.open(out) as writer:
        assert not writer.append(record(4))  # its id is still known
    capsys.readouterr()
    assert main(["hist", "merge", str(tmp_path / "twice"), str(out), parts[0]]) == 1
    assert "would count twice" in capsys.readouterr().err
    assert not (tmp_path / "twice").exists()


def test_what_does_not_fit_is_refused_in_a_line(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {"n": Signature.from_axes("n", [hist.axis.Integer(0, 6, name="n")], "Int64")}
    with StoreWriter.create(tmp_path / "other", other) as writer:
        made = Contribution(other)
        made.fill("n", n=1)
        writer.append(made.encode("x", 0, {}))
    for words in (
        ["info", str(tmp_path)],
        ["check", str(tmp_path)],
        ["compact", str(tmp_path / "nowhere")],
        ["merge", str(tmp_path / "m"), str(store), str(tmp_path / "other")],
        ["merge", str(store), str(tmp_path / "other")],
        ["export", str(store), str(tmp_path / "x.root")],
        ["export", str(store), str(tmp_path / "x.h5"), "--name", "m"],
    ):
        assert main(["hist", *words]) == 1
        err = capsys.readouterr().err
        assert err.startswith("hepnb hist: ")
        assert len(err.splitlines()) == 1
    assert not (tmp_path / "m").exists()
    for words in ([], ["inf"], ["merge", "out"], ["info"]):
        with pytest.raises(SystemExit) as ended:
            main(["hist", *words])
        assert ended.value.code == 2
