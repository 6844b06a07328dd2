"""The column cache gives what the file gives, or nothing: whatever the ranges, damage, kills and disks."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hepnb.analysis import open_events
from hepnb.analysis.reading.cache import ColumnCache, column_cache, piece
from hepnb.errors import DataError

EVENTS = 3000
NAMES = ("x", "n", "nJet", "Jet_pt", "Jet_eta")


@pytest.fixture(scope="module")
def events() -> ak.Array:
    rng = np.random.default_rng(5)
    counts = rng.poisson(2, EVENTS)
    jets = {
        name: ak.unflatten(rng.normal(size=counts.sum()).astype("f4"), counts)
        for name in ("pt", "eta")
    }
    return ak.zip({"x": rng.normal(size=EVENTS), "n": np.arange(EVENTS), **jets}, depth_limit=1)


@pytest.fixture(scope="module", params=["tree", "ntuple"])
def file(request, tmp_path_factory, events) -> Path:
    """Jagged and flat columns, LZMA, in several baskets or clusters."""
    path: Path = tmp_path_factory.mktemp("data") / f"{request.param}.root"
    jets = ak.zip({"pt": events.pt, "eta": events.eta})
    with uproot.recreate(path, compression=uproot.LZMA(1)) as out:
        if request.param == "ntuple":
            names = {"x": events.x, "n": events.n, "Jet_pt": events.pt, "Jet_eta": events.eta}
            out.mkrntuple("Events", names | {"nJet": np.asarray(ak.num(events.pt))})
        else:
            kinds = {"x": "f8", "n": "i8", "Jet": jets.type.content}
            tree = out.mktree("Events", kinds, field_name=lambda a, b: f"{a}_{b}")
            for at in range(0, EVENTS, 700):
                part = slice(at, at + 700)
                tree.extend({"x": events.x[part], "n": events.n[part], "Jet": jets[part]})
    return path


@pytest.fixture
def cache(tmp_path, monkeypatch) -> ColumnCache:
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path / "cache"))
    made = column_cache()
    assert made is not None
    return made


def read(file: Path, cache: ColumnCache | None, ranges, names=NAMES) -> tuple[list[ak.Array], int]:
    """The columns on some ranges, and how many bytes of the file that took after it was opened."""
    with open_events(file) as opened:
        if cache is not None:
            opened.cache_in(cache)
        before = opened.bytes_read
        made = [opened.read(names, *one) for one in ranges]
        return made, opened.bytes_read - before


def same(made: ak.Array, want: ak.Array) -> bool:
    exact = ak.array_equal(made, want, dtype_exact=True, same_content_types=False)
    return bool(exact) and made.fields == want.fields


WHOLE = [(0, 1000), (1000, 2000), (2000, EVENTS)]


def test_the_second_time_nothing_of_the_file_is_read(file, cache) -> None:
    want, _ = read(file, None, WHOLE)
    first, some = read(file, cache, WHOLE)
    second, none = read(file, cache, WHOLE)
    assert some > 0
    assert none == 0
    assert all(map(same, first, want))
    assert all(map(same, second, want))
    more, little = read(file, cache, WHOLE, (*NAMES[:2], "Jet_eta"))
    assert little == 0
    assert more[0].fields == ["x", "n", "Jet_eta"]


def test_a_further_column_is_read_alone(file, cache) -> None:
    read(file, cache, WHOLE, NAMES[:3])
    made, some = read(file, cache, WHOLE)
    _, everything = read(file, None, WHOLE)
    assert 0 < some < everything
    assert read(file, cache, WHOLE)[1] == 0
    assert all(map(same, made, read(file, None, WHOLE)[0]))


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    ranges=st.lists(
        st.tuples(st.integers(0, EVENTS), st.integers(0, EVENTS)).map(
            lambda pair: (min(pair), max(pair))
        ),
        max_size=6,
    ),
    names=st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
)
def test_any_ranges_after_any_others(file, cache, ranges, names) -> None:
    for one in ranges:
        made, _ = read(file, cache, [one], names)
        want, _ = read(file, None, [one], names)
        assert same(made[0], want[0])
    made, _ = read(file, cache, ranges, NAMES)
    assert all(map(same, made, read(file, None, ranges, NAMES)[0]))


def pieces(cache: ColumnCache) -> list[Path]:
    return sorted(cache.folder.glob("*/*.cols"))


@pytest.mark.parametrize("at", ["magic", "header", "data", "end", "cut", "empty"])
def test_a_damaged_piece_is_dropped_and_read_again(file, cache, at) -> None:
    want, _ = read(file, None, WHOLE)
    read(file, cache, WHOLE)
    victim = pieces(cache)[0]
    content = bytearray(victim.read_bytes())
    if at == "cut":
        del content[-100:]
    elif at == "empty":
        content.clear()
    else:
        place = {"magic": 0, "header": 40, "data": len(content) // 2, "end": -1}[at]
        content[place] ^= 0x10
    victim.write_bytes(content)
    made, some = read(file, cache, WHOLE)
    assert some > 0
    assert all(map(same, made, want))
    assert read(file, cache, WHOLE)[1] == 0


def test_a_piece_of_another_range_or_file_is_not_believed(file, cache) -> None:
    read(file, cache, WHOLE)
    first, second, _ = pieces(cache)
    shutil.copy(first, second)
    made, _ = read(file, cache, WHOLE)
    assert all(map(same, made, read(file, None, WHOLE)[0]))


def test_a_file_that_changed_is_another_file(file, cache, tmp_path) -> None:
    copy = Path(shutil.copy(file, tmp_path / "copy.root"))
    read(copy, cache, WHOLE)
    assert read(copy, cache, WHOLE)[1] == 0
    os.utime(copy, (1, 1))
    assert read(copy, cache, WHOLE)[1] > 0


def test_it_is_for_the_user_alone(file, cache) -> None:
    read(file, cache, WHOLE)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in pieces(cache)}
    assert modes == {0o600}
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    cache.folder.chmod(0o777)
    again = ColumnCache(cache.folder, cache.limit)
    assert read(file, again, WHOLE)[1] > 0


def test_what_was_not_used_for_longest_goes_first(file, cache) -> None:
    read(file, cache, WHOLE)
    size = cache.usage()[1]
    for age, path in enumerate(pieces(cache)):
        os.utime(path, (1000 + age, 1000 + age))
    oldest = pieces(cache)[0]
    read(file, cache, [tuple(map(int, oldest.name.split("-")[:2]))])  # now it is the newest
    cache.trim(size - 1)
    left = pieces(cache)
    assert oldest in left
    assert len(left) == 2
    small = ColumnCache(cache.folder, size * 2)
    for column in NAMES:
        for start in range(0, EVENTS, 300):
            read(file, small, [(start, start + 300)], [column])
    assert small.usage()[1] <= small.limit * 1.06
    tiny = ColumnCache(cache.folder, 1000)
    tiny.trim()
    assert tiny.usage() == (0, 0)
    read(file, tiny, WHOLE)
    assert tiny.usage() == (0, 0)


@pytest.fixture
def full_disk(tmp_path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_harms_nobody(file, full_disk, monkeypatch) -> None:
    monkeypatch.setattr(piece, "_SPARE", 0)
    monkeypatch.setattr(piece.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 1e9))
    cache = ColumnCache(full_disk / "columns", 10**9)
    want, _ = read(file, None, WHOLE)
    for _ in range(2):
        made, _ = read(file, cache, WHOLE)
        assert all(map(same, made, want))
    assert not list(cache.folder.glob("*/*.part"))


def test_some_space_is_left_for_others(file, full_disk) -> None:
    cache = ColumnCache(full_disk / "columns", 10**9)
    read(file, cache, WHOLE)
    assert cache.usage() == (0, 0)


def test_a_folder_that_cannot_be_made(file, tmp_path) -> None:
    (tmp_path / "taken").write_text("")
    cache = ColumnCache(tmp_path / "taken" / "columns", 10**9)
    made, _ = read(file, cache, WHOLE)
    assert all(map(same, made, read(file, None, WHOLE)[0]))


READER = """
import sys
from pathlib import Path
from hepnb.analysis import open_events
from hepnb.analysis.reading.cache import ColumnCache
file, folder, step, limit = sys.argv[1:]
cache = ColumnCache(Path(folder), int(limit))
print("reading", flush=True)
while True:
    with open_events(file) as opened:
        opened.cache_in(cache)
        for start in range(0, opened.entries, int(step)):
            opened.read(opened.branches, start, min(start + int(step), opened.entries))
    print("read", flush=True)
"""


def test_many_readers_at_once_some_of_them_killed(file, cache) -> None:
    limit = 200_000  # so that pieces vanish under the readers all the time
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(file), str(cache.folder), str(step), str(limit)],
            stdout=subprocess.PIPE,
        )
        for step in (250, 300, 1000)
    ]
    want, _ = read(file, None, WHOLE)
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == b"reading\n"
        for kill in (None, *readers):
            if kill is not None:
                kill.send_signal(signal.SIGKILL)
            small = ColumnCache(cache.folder, limit)
            for _ in range(5):
                made, _ = read(file, small, WHOLE)
                assert all(map(same, made, want))
            if kill is not readers[-1]:
                assert readers[-1].stdout.readline() == b"read\n"
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()
    for left in cache.folder.glob("*/*.part"):
        os.utime(left, (1, 1))
    cache.trim(1)
    assert [path.name for path in cache.folder.rglob("*") if path.is_file()] == ["lock"]


def test_its_size(monkeypatch) -> None:
    monkeypatch.setenv("HEPNB_CACHE_SIZE", "1.5 GB")
    assert column_cache().limit == 1_500_000_000
    assert column_cache(1e6).limit == 1_000_000
    assert column_cache(0.0) is None
    monkeypatch.setenv("HEPNB_CACHE_SIZE", "0")
    assert column_cache() is None
    monkeypatch.setenv("HEPNB_CACHE_SIZE", "much")
    with pytest.raises(
        DataError, match="HEPNB_CACHE_SIZE='much': write a size such as '20 GB', or 0"
    ):
        column_cache()
