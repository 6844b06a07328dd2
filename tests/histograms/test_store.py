"""A store's contents depend on the set of its contributions alone, and every one counts once."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import h5py
import hist
import numpy as np
import pytest
import uhi.io.hdf5

from hepnb.errors import StoreError
from hepnb.histograms import Contribution, H5Hist, Signature, Store, StoreWriter

Record = Callable[[int], bytes]
Bits = Callable[[Store], list[bytes]]
CHUNKS = 12


@pytest.fixture(scope="session")
def reference(
    tmp_path_factory: pytest.TempPathFactory,
    signatures: dict[str, Signature],
    record: Record,
    bits_of: Bits,
) -> list[bytes]:
    """All chunks in order, never folded."""
    directory = tmp_path_factory.mktemp("reference") / "s"
    with StoreWriter.create(directory, signatures) as writer:
        for n in range(CHUNKS):
            assert writer.append(record(n))
        return bits_of(Store.open(directory))


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_folds_and_reopenings_give_the_same_bits(
    seed: int,
    tmp_path: Path,
    signatures: dict[str, Signature],
    record: Record,
    bits_of: Bits,
    reference: list[bytes],
) -> None:
    rng = random.Random(seed)
    order = list(range(CHUNKS))
    rng.shuffle(order)
    writer = StoreWriter.create(tmp_path / "s", signatures)
    view = Store.open(tmp_path / "s")
    for n in order:
        assert writer.append(record(n))
        if rng.random() < 0.4:
            writer.fold()
        if rng.random() < 0.3:
            writer.close()
            writer = StoreWriter.open(tmp_path / "s")
        assert not writer.append(record(n))
        if rng.random() < 0.5:
            view.refresh()
    assert view.refresh() in (True, False)
    assert bits_of(view) == reference
    writer.seal()
    assert view.refresh()
    assert (view.sealed, view.committed, view.folded) == (True, CHUNKS, CHUNKS)
    assert bits_of(view) == reference
    assert bits_of(Store.open(tmp_path / "s")) == reference


def test_partial_sets_are_deterministic_too(
    tmp_path: Path, signatures: dict[str, Signature], record: Record, bits_of: Bits
) -> None:
    seen = []
    for i, order in enumerate([(0, 1, 5, 7), (7, 5, 1, 0)]):
        with StoreWriter.create(tmp_path / f"{i}", signatures) as writer:
            for n in order:
                writer.append(record(n))
                writer.fold()
            assert writer.frontier == 2
        seen.append(bits_of(Store.open(tmp_path / f"{i}")))
    assert seen[0] == seen[1]


def test_ledger_orders_and_ids_survive_folding_and_reopening(
    writer: StoreWriter, record: Record
) -> None:
    directory = writer.directory
    writer.append(record(0))
    writer.note({"attempt": 1})
    writer.tombstone("chunk-1", 1, {"reason": "skipped"})
    writer.append(record(2))
    writer.append(record(4))
    before = sorted(writer.ledger(), key=str)
    assert writer.fold()
    assert (writer.frontier, writer.committed, writer.folded) == (3, 3, 2)
    writer.note({"attempt": 2})
    writer.close()
    with StoreWriter.open(directory) as again:
        assert again.meta == {"run": "r1"}
        assert again.orders() == {0, 1, 2, 4}
        assert all(again.contributed(f"chunk-{n}") for n in (0, 1, 2, 4))
        assert not again.contributed("chunk-3")
        assert not again.append(record(0))
        assert not again.tombstone("chunk-1", 1)
        entries = list(again.ledger())
        assert ("", None, {"attempt": 2}) in entries
        assert sorted((e for e in entries if e.meta != {"attempt": 2}), key=str) == before
        assert list(Store.open(directory).ledger()) == entries
        again.seal()
    assert sorted(Store.open(directory).ledger(), key=str) == sorted(entries, key=str)


def test_tables_keep_the_order_of_the_chunks(writer: StoreWriter, record: Record) -> None:
    for n in (2, 0, 1):
        writer.append(record(n))
    store = Store.open(writer.directory)
    want = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert store.table("pairs")["chunk"].tolist() == want
    assert list(store.table("pairs")) == ["chunk", "m"]
    writer.seal()
    assert Store.open(writer.directory).table("pairs")["chunk"].tolist() == want
    with pytest.raises(KeyError, match="did you mean 'pairs'"):
        store.table("pair")


def test_a_table_without_rows_keeps_its_columns(writer: StoreWriter, signatures: object) -> None:
    for n in range(2):
        made = Contribution({})
        made.table("t", {"x": np.zeros(0), "flag": np.zeros(0, bool)})
        writer.append(made.encode(f"{n}", n, {}))
        writer.fold()
    table = Store.open(writer.directory).table("t")
    assert {k: (v.dtype.str, len(v)) for k, v in table.items()} == {
        "x": ("<f8", 0),
        "flag": ("|b1", 0),
    }
    other = Contribution({})
    other.table("t", {"y": np.zeros(1)})
    with pytest.raises(StoreError, match="columns"):
        writer.append(other.encode("2", 2, {}))


def test_second_writer_is_refused_with_pid_and_host(writer: StoreWriter) -> None:
    with pytest.raises(StoreError, match=f"pid {os.getpid()} on host {socket.gethostname()}"):
        StoreWriter.open(writer.directory)
    writer.close()
    StoreWriter.open(writer.directory).close()


def test_a_glance_at_the_lock_refuses_no_writer(
    tmp_path: Path, signatures: dict[str, Signature]
) -> None:
    """Whoever asks whether there is a writer holds a shared lock for an instant."""
    with (tmp_path / "store.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        threading.Timer(0.05, fcntl.flock, (os.dup(lock.fileno()), fcntl.LOCK_UN)).start()
        StoreWriter.create(tmp_path, signatures).close()
    assert Store.open(tmp_path).names == tuple(signatures)


def test_create_is_private_and_refuses_a_store(writer: StoreWriter, signatures: object) -> None:
    assert stat.S_IMODE(writer.directory.stat().st_mode) == 0o700
    writer.close()
    with pytest.raises(StoreError, match="holds a store already"):
        StoreWriter.create(writer.directory, {})
    with pytest.raises(StoreError, match="holds no histogram store"):
        Store.open(writer.directory / "packs")


def test_records_that_do_not_fit_are_refused_and_change_nothing(
    writer: StoreWriter, record: Record
) -> None:
    body = record(0)
    other = Contribution({"x": Signature.from_axes("x", [hist.axis.Boolean(name="b")])})
    other.fill("x", b=True)
    for bad in (b"", b"junk" * 10, body[:-8], body + bytes(8), other.encode("a", 0, {})):
        with pytest.raises(StoreError) as caught:
            writer.append(bad)
        assert "\n" not in str(caught.value)
    poisoned = bytearray(body)
    at = poisoned.rfind(np.float64(a_sum_in(body)).tobytes())
    poisoned[at : at + 8] = np.float64(np.nan).tobytes()
    with pytest.raises(StoreError, match="NaN"):
        writer.append(poisoned)
    assert writer.append(body)
    with pytest.raises(StoreError, match="order 0 is taken"):
        writer.append(Contribution({}).encode("another", 0, {}))
    assert writer.committed == 1


def a_sum_in(body: bytes) -> float:
    """Some weight's sum that stands in the body of a record."""
    numbers = np.frombuffer(body[: len(body) // 8 * 8], "<f8")
    return float(next(x for x in numbers[100:] if 0.5 < x < 10))


def test_folding_in_a_thread_while_appending(
    writer: StoreWriter, record: Record, bits_of: Bits, reference: list[bytes]
) -> None:
    done = threading.Event()

    def folding() -> None:
        while not done.is_set():
            writer.fold()

    thread = threading.Thread(target=folding)
    thread.start()
    for n in random.Random(1).sample(range(CHUNKS), CHUNKS):
        writer.append(record(n))
        writer.sync()
    done.set()
    thread.join()
    writer.seal()
    assert bits_of(Store.open(writer.directory)) == reference


def test_the_index_is_read_by_hist_while_the_store_fills(
    writer: StoreWriter, record: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import hdf5plugin  # noqa: F401

    monkeypatch.chdir(tmp_path)
    for n in range(6):
        if n:
            writer.append(record(n - 1))
            writer.fold()
        store = Store.open(writer.directory)
        with h5py.File(writer.directory / "index.h5") as f:
            for name in store.names:
                read = hist.Hist(uhi.io.hdf5.read(f[name]))
                assert read == store.hist(name).to_hist()
                assert (read.name, read.label) == (name, store.signatures[name].label or None)


@pytest.mark.parametrize("storage", ["Mean", "WeightedMean"])
def test_the_index_has_means_as_uhi_knows_them(storage: str, tmp_path: Path) -> None:
    import hdf5plugin  # noqa: F401

    axes = [
        hist.axis.StrCategory([], growth=True, name="c"),
        hist.axis.Regular(30, 0, 1, name="x"),
    ]
    h = H5Hist(*axes, storage=storage, name="m", path=tmp_path / "s")
    rng = np.random.default_rng(1)
    for c in "abc":
        weight = {} if storage == "Mean" else {"weight": rng.random(40)}
        h.fill(c=c, x=rng.random(40), sample=rng.normal(5, 1, 40), **weight)
    h.close()
    with h5py.File(tmp_path / "s" / "index.h5") as f:
        read = hist.Hist(uhi.io.hdf5.read(f["m"]))
    want = h.to_hist()
    assert read.axes == want.axes
    for numbers in ("counts", "values", "variances"):
        a, b = (np.nan_to_num(getattr(one, numbers)(flow=True)) for one in (read, want))
        assert np.allclose(a, b, rtol=1e-12, atol=0), numbers
    assert read.storage_type is want.storage_type


def test_many_blocks_take_few_files_and_rewriting_does_not_pile_up(tmp_path: Path) -> None:
    axes = [
        hist.axis.IntCategory([], growth=True, name="c"),
        hist.axis.Regular(998, 0, 1, name="x"),
    ]
    signatures = {"h": Signature.from_axes("h", axes)}
    rng = np.random.default_rng(1)
    with StoreWriter.create(tmp_path / "s", signatures) as writer:
        for n in range(60):
            made = Contribution(signatures)
            for c in (n, n // 2, 0):
                made.fill("h", c=c, x=rng.random(20))
            writer.append(made.encode(f"{n}", n, {}))
            writer.fold()
        assert len(list((tmp_path / "s" / "packs").iterdir())) <= 20
        store = Store.open(tmp_path / "s")
        assert store.hist("h").sum() == 60 * 60
        assert store.hist("h")[{"c": hist.loc(0)}].sum() == (3 + 2 + 58) * 20
        assert list(store.hist("h").axes["c"]) == list(range(60))


def test_a_sealed_store_can_be_gone_on_with(writer: StoreWriter, record: Record) -> None:
    writer.append(record(0))
    writer.append(record(2))  # behind a gap: stays in the journal
    writer.seal()
    store = Store.open(writer.directory)
    assert (store.sealed, store.committed, store.folded) == (True, 2, 1)
    with StoreWriter.open(writer.directory) as again:
        again.append(record(1))
        assert store.refresh()
        assert not store.sealed
        again.seal()
    assert store.refresh()
    assert (store.sealed, store.committed, store.folded) == (True, 3, 3)
    with pytest.raises(StoreError, match="closed"):
        again.append(record(3))


def test_refresh_says_whether_anything_changed(writer: StoreWriter, record: Record) -> None:
    store = Store.open(writer.directory)
    version = store.version
    assert not store.refresh()
    assert store.version == version
    writer.append(record(0))
    assert store.refresh()
    assert store.version > version
    assert "1 contributions, 0 folded" in repr(store)
    with pytest.raises(KeyError, match="did you mean 'mass'"):
        store.hist("mas")
    with pytest.raises(StoreError, match="read-only"):
        store.hist("n").fill(n=1)


@pytest.mark.parametrize("wrong", [3, None, b"here"])
def test_what_is_no_path_is_told_in_a_line(wrong):
    with pytest.raises(StoreError, match="a store's directory is a path, not"):
        H5Hist.open(wrong)
