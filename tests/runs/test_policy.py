"""The site's policy: read strictly, obeyed when a run starts."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import hepnb as hn
from hepnb.errors import RunError
from hepnb.runs import policy
from hepnb.runs.policy import Policy, size_of


@pytest.fixture
def site(tmp_path, monkeypatch):
    files = tmp_path / "machine.yaml", tmp_path / "environment.yaml"
    monkeypatch.setattr(policy, "policy_files", lambda: files)
    return files


def test_units_and_the_tightest_of_two_files(site):
    site[0].write_text("{max_runs: 4, lifetime: 2 d, disk: 20 GB}")
    site[1].write_text("lifetime: 90min\nmax_runs: 8\n")
    assert Policy.of_site() == Policy(max_runs=4, lifetime=5400, disk=20e9)


def test_without_files_everything_goes(site):
    assert Policy.of_site() == Policy()
    Policy().admit(10**6, 10**15)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("max_run: 4", "no limit 'max_run'; did you mean 'max_runs'"),
        ("max_runs: many", "max_runs: 'many': write a whole number"),
        ("max_runs: true", "write a whole number"),
        ("max_runs: -1", "write a whole number"),
        ("disk: 20", "disk: '?20'?: write a number and one of B, kB, MB, GB, TB"),
        ("lifetime: 2 weeks", "write a number and one of s, min, h, d"),
        ("- max_runs", "write lines like"),
        ("max_runs: [", "site policy .*machine.yaml"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
    ],
)
def test_a_malformed_file_is_one_line(site, text, says):
    site[0].write_text(text)
    with pytest.raises(RunError, match=says) as told:
        Policy.of_site()
    assert "\n" not in str(told.value)


def test_one_run_too_many_and_a_full_share_are_refused(site, numbered, gated_path):
    path, gate = gated_path
    site[0].write_text("max_runs: 1")
    run = path.start(numbered[0], 1)
    with pytest.raises(RunError, match=r"1 runs of yours go on and this site allows 1 at once"):
        path.start(numbered[0], 1)
    gate.touch()
    run.wait(60)
    path.start(numbered[0], 1).wait(60)
    site[0].write_text("disk: 1 kB")
    with pytest.raises(RunError, match=r"and this site allows 1e-06 GB: `hepnb gc`"):
        path.start(numbered[0], 1)
    assert len(hn.runs()) == 2


def test_of_many_that_start_at_once_no_more_are_admitted(site, numbered, gated_path):
    path, gate = gated_path
    site[0].write_text("max_runs: 2")

    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(path.start, numbered[0], 1) for _ in range(10)]
    refused = [str(start.exception()) for start in asked if start.exception()]
    admitted = [start.result() for start in asked if not start.exception()]
    assert len(admitted) == len(hn.runs()) == 2
    assert {text.split(":")[0] for text in refused} == {
        "2 runs of yours go on and this site allows 2 at once"
    }
    gate.touch()
    for run in admitted:
        assert run.wait(60).progress["events"] == 700
    path.start(numbered[0], 1).kill()
    lost = hn.runs()[0]["id"]
    site[0].write_text("max_runs: 0")
    with pytest.raises(RunError, match="this site allows 0 at once"):
        hn.resume(lost)


def test_the_size_is_what_lies_on_disk(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"x" * 100_000)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    assert 100_000 <= size_of(tmp_path) < 200_000


# The supervisor reads the policy of its own environment: one that the test makes for it.
_SITE = """
import sys
from pathlib import Path
from hepnb.runs import policy
from hepnb.runs.supervisor import supervisor
policy.policy_files = lambda: (Path({file!r}),)
policy._MEASURE_EVERY = 0.0
supervisor.main(sys.argv[-1])
"""


def _start_at_site(monkeypatch, file, path, data, **options):
    """A run whose supervisor obeys the policy in `file`."""
    from hepnb.runs.starting import launch

    def command(directory):
        return [sys.executable, "-c", _SITE.format(file=str(file)), str(directory)]

    monkeypatch.setattr(launch, "supervisor_command", command)
    return path.start(data, 1, **options)


def test_a_run_that_lasts_too_long_is_interrupted_and_can_be_resumed(
    site, numbered, gated_path, tmp_path, monkeypatch
):
    path, gate = gated_path
    policy_file = tmp_path / "site.yaml"
    policy_file.write_text("lifetime: 2 s")
    run = _start_at_site(monkeypatch, policy_file, path, numbered[0])
    with pytest.raises(RunError, match=r"policy of this site, where a run may last 2 s.*hn.resume"):
        run.wait(60)
    assert run.status == "lost"
    gate.touch()
    assert hn.resume(run.id).wait(60).progress["events"] == 700


def test_a_run_pauses_while_the_share_of_disk_is_used_up(site, numbered, tmp_path, monkeypatch):
    path = hn.Path("counts")
    path.hist("pt", pt="Muon.pt: 20, 0, 100")
    policy_file = tmp_path / "site.yaml"
    policy_file.write_text("disk: 50 MB")
    from hepnb.runs.directory import state_directory

    old = state_directory() / "runs" / "old"
    old.mkdir(parents=True)
    (old / "large").write_bytes(b"x" * 60_000_000)
    run = _start_at_site(monkeypatch, policy_file, path, numbered[0])
    deadline = time.monotonic() + 60
    while run.status != "paused":
        assert time.monotonic() < deadline, run.status
        time.sleep(0.01)
    assert "this site allows 0.05 GB: `hepnb gc` removes old ones" in run.snapshot()["problem"]
    (old / "large").unlink()
    assert run.wait(60).progress["events"] == 700
