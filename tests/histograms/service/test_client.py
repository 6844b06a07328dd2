"""What a person does with a RemoteHist: fill, flush, read, pickle, fork; servers come and go."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import hist
import numpy as np
import pytest

from hepnb.errors import StoreError
from hepnb.histograms import H5Hist, Store
from hepnb.histograms.service import RemoteHist

from .conftest import PROJECT, Service, Tls


def test_what_is_filled_is_what_the_store_holds(service: Service) -> None:
    axes = [hist.axis.StrCategory([], growth=True, name="c"), hist.axis.Regular(9, -1, 1, name="x")]
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=500), rng.normal(size=500)
    expected = hist.Hist(*axes, storage="Weight", name="h", label="a label")
    with RemoteHist(
        service.address, "h", *axes, storage="Weight", label="a label", seconds=0.01
    ) as h:
        for part in range(5):
            some = slice(part * 100, part * 100 + 100)
            h.fill(c=f"era{part % 3}", x=x[some], weight=w[some])
            expected.fill(c=f"era{part % 3}", x=x[some], weight=w[some])
            time.sleep(0.02)
        h.flush()
        found = h.snapshot()
    assert (found.name, found.label) == ("h", "a label")
    assert list(found.axes[0]) == list(expected.axes[0])
    np.testing.assert_allclose(found.values(flow=True), expected.values(flow=True))
    np.testing.assert_allclose(found.variances(flow=True), expected.variances(flow=True))
    assert h["era1", ::sum].value == pytest.approx(expected["era1", ::sum].value)
    stored = H5Hist.open(service.store, "h").to_hist()
    assert np.array_equal(stored.view(flow=True), found.view(flow=True))


@pytest.mark.parametrize("seconds", [60, 0.01])
def test_sums_that_no_record_can_hold_are_refused(service: Service, seconds: float) -> None:
    """Whether the flush meets them or the thread that sends."""
    with service.hist(seconds=seconds) as h:
        h.fill(x=[1, 1], weight=1e200)
        time.sleep(0.3)
        with pytest.raises(StoreError, match="histogram 'm'"):
            h.flush()
        h.fill(x=2)
    assert service.sum() == 1


def test_the_directory_may_come_later(tmp_path: Path, make_service: Callable[..., Service]) -> None:
    h = RemoteHist(tmp_path / "s", "m", hist.axis.Regular(4, 0, 4, name="x"))
    h.fill(x=1)
    make_service()
    h.close()
    assert H5Hist.open(tmp_path / "s", "m").sum() == 1


def test_fills_arrive_without_a_flush(service: Service) -> None:
    h = service.hist(seconds=0.05)
    h.fill(x=[1, 2])
    deadline = time.monotonic() + 10
    while not h.refresh() or h.snapshot().sum().value < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert h.version >= 1
    assert not h.refresh()


def test_an_id_counts_once_per_histogram(service: Service) -> None:
    for name in ("a", "b"):
        with service.hist(name) as h:
            for _ in range(3):
                with h.contribution("file-1") as c:
                    c.fill(x=[1, 2])
                    c.fill(x=3)
            h.flush()
            assert h.was_contributed("file-1")
            assert not h.was_contributed("file-2")
            assert h.snapshot().sum().value == 3
    with pytest.raises(StoreError, match="give a text of 1 to 1000"), h.contribution(""):
        pass


def test_an_error_inside_a_contribution_sends_nothing(service: Service) -> None:
    with service.hist() as h:
        with contextlib.suppress(ZeroDivisionError), h.contribution("1") as c:
            c.fill(x=1)
            _ = 1 / 0
        with pytest.raises(StoreError, match="has no axis 'y'"):
            h.fill(y=1)
        h.fill(x=2)
    assert service.sum() == 1


def test_a_server_that_is_away_comes_back(service: Service) -> None:
    h = service.hist()
    h.fill(x=1)
    h.flush()
    service.kill()
    h.fill(x=2)
    with pytest.raises(StoreError, match=r"not acknowledged within 0.3 s .*refused"):
        h.flush(0.3)
    service.start()
    h.close()
    assert service.sum() == 2


def test_termination_folds_and_seals(service: Service) -> None:
    with service.hist() as h:
        h.fill(x=[1, 2])
    assert service.kill(signal.SIGTERM) == 0
    with Store.open(service.store) as store:
        assert store.sealed
        assert store.folded == 1
    service.start()
    with service.hist() as h:
        h.fill(x=3)
    assert service.sum() == 3


def test_a_pickled_client_holds_no_secret_and_nothing_pending(
    make_service: Callable[..., Service], tls: Tls
) -> None:
    service = make_service(*tls.options)
    h = service.hist(token=tls.token, certificate=tls.certificate)
    h.fill(x=1)
    h.flush()
    h.fill(x=2)  # pending
    raw = pickle.dumps(h)
    assert b"correct horse" not in raw
    assert str(tls.token).encode() in raw
    copy = pickle.loads(raw)
    copy.fill(x=3)
    copy.close()
    h.close()
    assert service.sum() == 3


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_pool_fill(service: Service, method: str) -> None:
    h = service.hist()
    h.fill(x=1)
    h.flush()
    with multiprocessing.get_context(method).Pool(2) as pool:
        pool.map(functools.partial(RemoteHist.fill, h), [1.5] * 6)  # sent when the worker ends
        pool.close()
        pool.join()
    h.close()
    assert service.sum() == 7


def test_a_forked_child_sends_nothing_of_its_parent(service: Service) -> None:
    h = service.hist(seconds=60)
    h.fill(x=1)
    h.flush()
    h.fill(x=[1, 2])  # pending in the parent
    with h.contribution("mine") as c:
        c.fill(x=3)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            h.fill(x=0.5)
            h.flush(30)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    h.fill(x=0.5)
    h.close()
    assert service.sum() == 6


def test_a_script_that_ends_without_a_flush_loses_nothing(service: Service) -> None:
    code = f"""if True:
        import hepnb as hn, hist
        h = hn.RemoteHist({service.address!r}, "m", hist.axis.Regular(4, 0, 4, name="x"), storage="Weight", seconds=60)
        h.fill(x=[1, 2])
    """
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=True,
        timeout=60,
    )
    assert service.sum() == 2


def test_threads_share_a_client(service: Service) -> None:
    h = service.hist(seconds=0.01)

    def fill() -> None:
        for n in range(50):
            h.fill(x=n % 4)
            if n % 10 == 0:
                h.flush()

    threads = [threading.Thread(target=fill) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    h.close()
    assert service.sum() == 200


def test_memory_is_bounded_while_there_is_no_server(tmp_path: Path) -> None:
    axes = [hist.axis.IntCategory([], growth=True, name="c"), hist.axis.Regular(98, 0, 1, name="x")]
    h = RemoteHist(tmp_path / "no.sock", "m", *axes, memory=10 * 800)
    x = np.linspace(0, 1, 98)
    h.fill(c=0, x=x)
    live = h._live
    assert live is not None
    filled = 1
    while live.sender.has_room:
        h.fill(c=filled, x=x)
        filled += 1
        assert filled < 1000
    with pytest.raises(StoreError, match=r"no\.sock: \d+ contributions not acknowledged"):
        h.flush(0.2)
    h.discard()


def test_another_histogram_of_the_name_is_refused(service: Service) -> None:
    service.hist().close()
    with service.hist() as h:
        h.fill(x=1)
    other = RemoteHist(service.address, "m", hist.axis.Regular(5, 0, 4, name="x"), storage="Weight")
    other.fill(x=1)
    with pytest.raises(StoreError, match="another bins of axis 'x': 4 there and 5 here"):
        other.flush()
    other.discard()
    assert service.sum() == 1


def test_a_histogram_too_large_to_send_is_read_from_its_files(
    make_service: Callable[..., Service],
) -> None:
    service = make_service("--longest", "1")
    h = RemoteHist(service.address, "big", hist.axis.Regular(200_000, 0, 1, name="x"))
    h.fill(x=0.5)
    h.flush()
    with pytest.raises(StoreError, match=r"2 MB, more than the 1 MB .* H5Hist.open\("):
        h.snapshot()
    with h.contribution("dense") as c:
        c.fill(x=np.linspace(0, 1, 200_000))
    with pytest.raises(StoreError, match=r"'big/dense' has .* it is not counted"):
        h.flush()
    h.close()
    assert H5Hist.open(service.store, "big").sum() == 1
