"""External programs as runs: real processes, their files, their progress, and their ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import hist
import numpy as np
import psutil
import pytest
import uproot

import hepnb as hn
from hepnb.adapt.external import read_status
from hepnb.errors import RunError

COUNT = """
import json, os, sys
first, last, seed, output = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
import hist, numpy as np
from uhi.io.json import default
h = hist.Hist(hist.axis.Integer(0, 20, name="event"))
h.fill(np.arange(first, last + 1))
with open(f"{output}/h.json", "w") as file:
    json.dump({"counts": {"event": h}}, file, default=default)
with open(f"{output}/seed.txt", "w") as file:
    file.write(str(seed))
print(f"[WARNING] events {first} to {last}")
"""


def python(code: str, *arguments: str, **options) -> object:
    return hn.adapt.command([sys.executable, "-c", code, *arguments], **options)


def wait_for(what, seconds=60.0):
    """The first true value of `what()`."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_histograms_and_files_of_every_chunk_are_there_once(tmp_path):
    job = python(COUNT, "{first}", "{last}", "{seed}", "{output}", histograms="*.json")
    run = job.start(10, workers=2, chunk=4).wait(60)
    assert run.progress["events"] == 10
    assert run.histograms == ("counts:event",)
    assert run.hist("counts:event").values().tolist() == [1.0] * 10 + [0.0] * 10
    folders = run.result()
    assert [sorted(f.name for f in folder.iterdir()) for folder in folders] == [
        ["h.json", "seed.txt"]
    ] * 3
    seeds = [(folder / "seed.txt").read_text() for folder in folders]
    assert len(set(seeds)) == 3
    said = [r for r in run.log_page(0, 100)["records"] if "events" in r["text"]]
    assert sorted(r["text"] for r in said) == [
        f"[WARNING] events {a} to {b}" for a, b in ((0, 3), (4, 7), (8, 9))
    ]
    assert {r["level"] for r in said} == {"WARNING"}
    again = job.start(10, engine="inline", chunk=4)
    assert [(folder / "seed.txt").read_text() for folder in again.result()] == seeds


def test_a_root_file_is_cut_and_its_histograms_are_added(tmp_path):
    file = tmp_path / "in.root"
    with uproot.recreate(file) as root:
        root.mktree("Events", {"x": "float64"}).extend({"x": np.arange(100) / 100 + 0.005})
    code = """
import sys, numpy as np, uproot
x = uproot.open(sys.argv[1])["Events"]["x"].array(library="np")[int(sys.argv[2]):int(sys.argv[3]) + 1]
with uproot.recreate(sys.argv[4] + "/h.root") as out:
    out["jets/x"] = np.histogram(x, 10, (0, 1))
"""
    job = python(code, "{input}", "{first}", "{last}", "{output}", histograms="*.root", keep=False)
    run = job.start(str(file), workers=2, chunk=30).wait(60)
    assert run.progress["chunks"] == 4
    assert run.hist("jets:x").values().tolist() == [10.0] * 10
    assert run.result() == []
    assert list((run.directory / "outputs").iterdir()) == []


def test_files_that_are_no_root_files_are_given_whole(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (1, 1))
    code = "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])"
    files = {"words": [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]}
    job = python(code, "{input}", "{output}")
    run = job.start(files).wait(60)
    assert [next(folder.iterdir()).read_text() for folder in run.result()] == ["a.txt", "b.txt"]
    assert run.progress["events"] == 2
    with pytest.raises(RunError, match="chunk= cuts files, but the command has no"):
        job.start(files, chunk=10)


def test_a_status_other_than_0_fails_the_chunk_with_the_last_lines():
    code = """
import sys
print("begins")
if int(sys.argv[1]):
    print("no magnetic field\\ngiving up", file=sys.stderr)
    sys.exit(3)
"""
    run = python(code, "{chunk}").start(2, chunk=1, on_error="skip").wait(60)
    assert run.progress["events"] == 1
    assert run.progress["events_lost"] == 1
    assert "ended with 3: " in run.files[0]["reason"]
    assert "no magnetic field | giving up" in run.files[0]["reason"]
    failed = python(code, "{chunk}").start(2, workers=1, chunk=1)
    with pytest.raises(RunError, match=r"ended with 3: .*giving up"):
        failed.wait(60)
    assert failed.error.traceback == ""  # no frames of hepnb


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("print(json.dumps({'events': 30, 'total': 60}), file=status)", {}),
        (
            "print('Total: 30 of 60 events')",
            {"progress": r"Total: (?P<events>\d+) of (?P<total>\d+)"},
        ),
    ],
)
def test_progress_is_seen_while_the_command_runs(tmp_path, code, options):
    gate = tmp_path / "gate"
    code = f"""
import json, os, pathlib, time
status = open(os.environ["HEPNB_STATUS"], "w", buffering=1)
{code}
print(json.dumps({{"message": "half of it", "level": "ERROR"}}), file=status, flush=True)
print("", flush=True)
while not pathlib.Path({str(gate)!r}).exists():
    time.sleep(0.02)
"""
    run = python(code, **options).start(100, workers=1)
    wait_for(lambda: run.progress["events_under_way"] == 50)
    assert run.workers[0]["at"] == 50
    gate.touch()
    run.wait(60)
    assert (run.progress["events"], run.progress["events_under_way"]) == (100, 0)
    (record,) = (r for r in run.log_page(0, 100)["records"] if r["text"] == "half of it")
    assert (record["level"], record["logger"]) == ("ERROR", "command")


@pytest.mark.parametrize("line", ["", "x", "[]", "{", '{"events": "1"}', '{"events": NaN}', "-1"])
def test_nonsense_on_the_status_pipe_says_nothing(line):
    assert read_status(line) == {}


TREE = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1], "a") as file:
    file.write(f"{child.pid}\\n")
time.sleep(600 if sys.argv[2] == "stay" else 0)
"""


@pytest.mark.parametrize("victim", ["worker", "zygote", "supervisor"])
def test_nothing_of_a_command_outlives_its_worker(tmp_path, victim):
    pids = tmp_path / "pids"
    run = python(TREE, str(pids), "stay").start(1, workers=1)
    child = psutil.Process(int(wait_for(lambda: pids.exists() and pids.read_text().strip())))
    family = [child, *child.parents()[:2]]  # itself, the command, the guard
    worker = psutil.Process(wait_for(lambda: run.workers[0]["pid"]))
    target = {
        "worker": worker,
        "zygote": worker.parent(),
        "supervisor": psutil.Process(run.snapshot()["pid"]),
    }[victim]
    target.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    run.kill()


def test_what_a_command_leaves_behind_ends_with_it(tmp_path):
    pids = tmp_path / "pids"
    run = python(TREE, str(pids), "go").start(1, workers=1).wait(60)
    assert run.status == "done"
    wait_for(lambda: not psutil.pid_exists(int(pids.read_text())))


def test_a_program_that_closes_its_outputs_is_waited_for(tmp_path):
    code = "import os, sys, time; os.close(1); os.close(2); time.sleep(0.3); open(sys.argv[1], 'w')"
    run = python(code, str(tmp_path / "late")).start(1, engine="inline")
    assert run.status == "done"
    assert (tmp_path / "late").exists()


def test_a_cancelled_run_ends_its_command(tmp_path):
    pids = tmp_path / "pids"
    run = python(TREE, str(pids), "stay").start(1, workers=1)
    child = psutil.Process(int(wait_for(lambda: pids.exists() and pids.read_text().strip())))
    run.cancel()
    assert psutil.wait_procs([child], timeout=20)[1] == []


def test_a_killed_worker_leaves_no_half_of_its_files(tmp_path):
    marker = tmp_path / "first"
    code = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1], "part.txt").write_text("x")
if not os.path.exists(sys.argv[2]):
    open(sys.argv[2], "w").close()
    time.sleep(600)
"""
    run = python(code, "{output}", str(marker)).start(1, workers=1)
    wait_for(marker.exists)
    os.kill(wait_for(lambda: run.workers[0]["pid"]), signal.SIGKILL)
    run.wait(60)
    assert [folder.name for folder in run.result()] == ["000000"]
    assert [folder.name for folder in (run.directory / "outputs").iterdir()] == ["000000"]


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ("root macro.C", {}, "a list of words"),
        ([], {}, "the command is empty"),
        (["x", "{inptu}"], {}, "no placeholder {inptu}; did you mean 'input'?"),
        (["x"], {"progress": "("}, "progress="),
        (["x"], {"progress": "a"}, "has no group"),
        (["x"], {"histograms": "/tmp/*.root"}, "name files in the output directory"),
        (["x"], {"histograms": ["a.root", "../*.root"]}, "name files in the output directory"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(arguments, options, said):
    with pytest.raises(RunError, match=said.replace("?", r"\?").replace("(", r"\(")):
        hn.adapt.command(arguments, **options)


def test_a_program_that_is_not_there_is_told_at_once():
    with pytest.raises(RunError, match="there is no program 'no-such-program'"):
        hn.adapt.command(["no-such-program"]).start(1)


def test_a_missing_histogram_file_names_what_is_there():
    run = python("import sys; open(sys.argv[1] + '/x.txt', 'w')", "{output}", histograms="*.root")
    with pytest.raises(RunError, match=r"it made no '\*.root' in its output directory, but x.txt"):
        run.start(1, engine="inline")


def test_other_braces_are_left_alone(tmp_path):
    out = str(tmp_path / "said")
    code = f"import sys; open({out!r}, 'w').write(sys.argv[1])"
    python(code, "{{}} {} ${HOME} {events}").start(7, engine="inline")
    assert Path(out).read_text() == "{{}} {} ${HOME} 7"


def test_a_card_runs_programs_only_where_that_is_allowed():
    section = {"command": ["true"], "name": "nothing"}
    with pytest.raises(RunError, match="read it, then allow it: --allow-exec, or allow_exec=True"):
        hn.adapt.command_of_card(section, allow_exec=False)
    assert hn.adapt.command_of_card(section, allow_exec=True).job().name == "nothing"
    with pytest.raises(RunError, match="no key 'comand' of a command; did you mean 'command'"):
        hn.adapt.command_of_card({"comand": ["true"]}, allow_exec=True)


def test_bash_speaks_in_one_line(tmp_path):
    line = """for i in 1 2 3; do echo '{"events": '$i', "total": 3}' > $HEPNB_STATUS; done"""
    run = hn.adapt.command(["bash", "-c", line]).start(3, engine="inline")
    assert run.progress["events"] == 3


def test_a_profile_of_json_at_the_top_is_called_hist(tmp_path):
    from uhi.io.json import default

    from hepnb.adapt.written import read_histograms

    h = hist.Hist(hist.axis.Regular(2, 0, 1, name="x"), storage=hist.storage.Mean())
    h.fill([0.1, 0.2], sample=[1.0, 2.0])
    (tmp_path / "h.json").write_text(json.dumps(h, default=default))
    assert read_histograms(tmp_path, ["*.json"])["hist"] == h
