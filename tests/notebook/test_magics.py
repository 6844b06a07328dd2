"""`%%hepanalysis` and `%hepanalysis` as typed into cells of a real IPython."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import hepnb as hn

Cell = Callable[[str], tuple[bool, str]]

BODY = """\
path.select("two muons", "count(Muon) == 2")
path.hist("pt", pt="max(Muon.pt): 50, 0, 100 [pT / GeV]")
"""
SLEEPY = """\
import time
@path.define
def leading(Muon):
    time.sleep(1.0)
    return Muon.pt
path.hist("pt", pt="leading: 50, 0, 100")
"""


BODY_OF_BAD = "path.hist('x', x='bad: 5, 0, 5')\n"


@pytest.fixture(autouse=True)
def files(shell: InteractiveShell, toy: Path) -> None:
    shell.user_ns["files"] = [str(toy)]
    shell.user_ns["sample"] = type("Sample", (), {"path": toy})()


def one_line(said: str, *words: str) -> None:
    lines = [line for line in said.splitlines() if line.strip()]
    assert len(lines) == 1, said
    for word in words:
        assert word in lines[0]


# -- the cell ---------------------------------------------------------------------------------


def test_a_cell_of_definitions_starts_a_run(cell: Cell, shell: InteractiveShell) -> None:
    ok, said = cell("%%hepanalysis muons --data files --workers 1 -o mine\n" + BODY)
    assert ok, said
    run = shell.user_ns["mine"]
    assert (run.name, run.wait(30).status) == ("muons", "done")
    assert run.id in said, "the run shows itself"
    assert run.cutflow[-1]["cut"] == "two muons"


def test_the_cell_returns_while_the_run_goes_on(cell: Cell, shell: InteractiveShell) -> None:
    began = time.monotonic()
    ok, said = cell("%%hepanalysis slow --data files --chunk 100\n" + SLEEPY)
    took = time.monotonic() - began
    assert ok, said
    run = shell.user_ns["run"]
    assert run.status in ("starting", "running")
    assert took < 2.0
    run.cancel()


def test_running_the_cell_again_makes_a_new_run(cell: Cell, shell: InteractiveShell) -> None:
    source = "%%hepanalysis muons --data files\n" + BODY
    ids = set()
    for _ in range(2):
        ok, said = cell(source)
        assert ok, said
        ids.add(shell.user_ns["run"].wait(30).id)
    assert len(ids) == 2
    assert ids == {row["id"] for row in hn.runs()}


@pytest.mark.parametrize(
    "data",
    ["files", "$files", "{files}", "sample.path", "{sample.path}", "$sample.path", "{path}"],
)
def test_data_may_be_a_variable(cell: Cell, shell: InteractiveShell, toy: Path, data: str) -> None:
    ok, said = cell(f"%%hepanalysis muons --data {data.replace('{path}', str(toy))}\n" + BODY)
    assert ok, said
    assert shell.user_ns["run"].wait(30).files[0]["file"] == str(toy)


def test_quotes_and_several_files_are_understood(
    cell: Cell, shell: InteractiveShell, toy: Path, tmp_path: Path
) -> None:
    other = tmp_path / "with blank.root"
    other.write_bytes(toy.read_bytes())
    ok, said = cell(f'%%hepanalysis "muons" --data files "{other}" --allow-duplicates\n' + BODY)
    assert ok, said
    run = shell.user_ns["run"].wait(30)
    assert run.name == "muons"
    assert {row["file"] for row in run.files} == {str(toy), str(other)}


def test_braces_in_the_body_are_left_alone(cell: Cell, shell: InteractiveShell) -> None:
    shell.user_ns["pt"] = "wrong"
    ok, said = cell("%%hepanalysis muons --data files\n" + BODY + "text = '{pt} $pt'\n")
    assert ok, said
    assert shell.user_ns["text"] == "{pt} $pt"


def test_options_reach_the_run(cell: Cell, shell: InteractiveShell, tmp_path: Path) -> None:
    shell.user_ns["n"] = 1
    options = f"--workers $n --chunk 1_000 --out {tmp_path}/here --on-error skip --timeout 90.5"
    options += " --threads 2 --nice 3"
    ok, said = cell(f"%%hepanalysis muons --data files {options}\n" + BODY)
    assert ok, said
    run = shell.user_ns["run"].wait(30)
    assert run.directory == tmp_path / "here"
    assert (run.progress["chunks"], len(run.workers)) == (2, 1)
    asked = json.loads((run.directory / "spec.json").read_text())
    settings = asked["settings"]
    assert (settings["timeout"], settings["threads"], settings["nice"]) == (90.5, 2, 3)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("muons", ["--data"]),
        ("muons --data $filez", ["filez", "did you mean 'files'?"]),
        ("muons --data filez", ["no file and no variable 'filez'", "did you mean 'files'?"]),
        ("muons --data {sample.paths}", ["sample.paths", "no 'paths'"]),
        ("muons --data files --workers two", ["--workers", "whole number"]),
        ("muons --data files -o 1run", ["-o", "name of a variable"]),
        ("muons --data files --on-error ignore", ["--on-error", "fail or skip"]),
        ("muons --data nowhere.root", ["nowhere.root"]),
        ('muons --data files+"/x.root"', ["expressions are not computed here", "a variable"]),
        ("muons --data files.strip()", ["files.strip(): no file"]),
        ("--data files", ["NAME"]),
        ("muons --data files --workers 0", ["workers=0"]),
        ("muons --data files --with n_mions", ["no variable 'n_mions'"]),
        ("muons --data files --with sample", ["--with sample", "a number or a text"]),
        ("muons --data files --memory lots", ["memory='lots'"]),
        ("muons --data files --timeout long", ["--timeout long", "number of seconds"]),
        ("muons --data files --timeout nan", ["timeout=nan"]),
    ],
)
def test_a_mistake_on_the_line_is_one_line(cell: Cell, line: str, words: list[str]) -> None:
    ok, said = cell(f"%%hepanalysis {line}\n" + BODY)
    assert not ok
    one_line(said, *words)
    assert not hn.runs()


def test_a_mistake_in_the_path_is_one_line(cell: Cell) -> None:
    ok, said = cell('%%hepanalysis muons --data files\npath.select("two", "cuont(Muon) == 2")')
    assert not ok
    one_line(said, "cuont", "did you mean 'count'?")


def test_a_column_that_is_not_there_is_one_line_that_names_the_file(cell: Cell, toy: Path) -> None:
    ok, said = cell('%%hepanalysis muons --data files\npath.hist("x", x="Muon.pT: 5, 0, 100")')
    assert not ok
    one_line(said, "pT", "did you mean 'pt'?", str(toy))
    assert not hn.runs()


def test_a_cell_that_raises_starts_nothing_and_shows_its_line(cell: Cell) -> None:
    ok, said = cell("%%hepanalysis muons --data files\n" + BODY + "1 / 0\n")
    assert not ok
    assert "ZeroDivisionError" in said
    # Lines are counted as the user sees them, the magic's own being the first.
    assert re.search(r"----> 4 1 / 0", said), said
    assert "magics.py" not in said
    assert not hn.runs()


def test_a_syntax_error_starts_nothing(cell: Cell) -> None:
    ok, said = cell("%%hepanalysis muons --data files\npath.select(\n")
    assert not ok
    assert "SyntaxError" in said
    assert not hn.runs()


def test_the_cell_must_build_the_path_it_is_given(cell: Cell) -> None:
    ok, said = cell("%%hepanalysis muons --data files\npath = 3\n")
    assert not ok
    one_line(said, "`path`")


def test_what_the_cell_defines_stays(cell: Cell, shell: InteractiveShell) -> None:
    ok, said = cell("%%hepanalysis muons --data files\ncut = 20\n" + BODY)
    assert ok, said
    assert shell.user_ns["cut"] == 20
    assert repr(shell.user_ns["path"]).startswith("<Path 'muons'")


def test_functions_see_names_of_earlier_cells(cell: Cell, shell: InteractiveShell) -> None:
    assert cell("import numpy as np\nclass Scale:\n    factor = 2.0\n")[0]
    body = "@path.define\ndef twice(Muon):\n    return Scale.factor * Muon.pt\n"
    ok, said = cell(
        "%%hepanalysis muons --data files\n" + body + 'path.hist("pt", pt="twice: 50, 0, 200")\n'
    )
    assert ok, said
    assert np.sum(shell.user_ns["run"].wait(30).hist("pt").values()) > 1_000


def test_a_workers_traceback_shows_the_lines_of_the_cell(
    cell: Cell, shell: InteractiveShell
) -> None:
    assert cell("def inner(values):\n    return values / 0 / undefined_thing\n")[0]
    ok, said = cell(
        "%%hepanalysis muons --data files\n"
        "@path.define\n"
        "def bad(Muon):\n"
        "    return inner(Muon.pt)  # the line that called\n"
        'path.hist("pt", pt="bad: 5, 0, 100")\n'
    )
    assert ok, said
    run = shell.user_ns["run"]
    with pytest.raises(hn.HepnbError, match="undefined_thing"):
        run.wait(30)
    traceback = run.error.traceback
    assert "return inner(Muon.pt)  # the line that called" in traceback
    assert "return values / 0 / undefined_thing" in traceback
    assert re.search(r"line 4, in bad", traceback), traceback
    assert run.error.chunk


def test_logging_of_a_definition_arrives(cell: Cell, shell: InteractiveShell) -> None:
    body = (
        "import logging\n@path.define\ndef loud(Muon):\n    logging.warning('here I am')\n"
        '    return Muon.pt\npath.hist("pt", pt="loud: 5, 0, 100")\n'
    )
    ok, said = cell("%%hepanalysis muons --data files\n" + body)
    assert ok, said
    shell.user_ns["run"].wait(30)
    _, log = cell("%hepanalysis log")
    assert re.search(r"\d\d:\d\d:\d\d WARNING +worker \d.*here I am", log), log
    assert "here I am" not in cell("%hepanalysis log --level error")[1]


# -- the line ---------------------------------------------------------------------------------


def test_runs_are_listed(cell: Cell, shell: InteractiveShell) -> None:
    cell("%%hepanalysis muons --data files\n" + BODY)
    run = shell.user_ns["run"].wait(30)
    ok, said = cell("%hepanalysis runs")
    assert ok
    assert run.id in said


def test_status_log_cancel_mean_the_last_run(cell: Cell, shell: InteractiveShell) -> None:
    cell("%%hepanalysis slow --data files --chunk 100\n" + SLEEPY)
    run = shell.user_ns["run"]
    assert run.id in cell("%hepanalysis status")[1]
    assert "said nothing yet" in cell("%hepanalysis log")[1]
    ok, said = cell("%hepanalysis cancel")
    assert ok, said
    assert "cancelled" in said
    assert run.wait(30).status == "cancelled"
    assert "cancelled" in cell("%hepanalysis status")[1]
    assert "nothing to cancel" in cell("%hepanalysis cancel")[1]


def test_attach_finds_a_run_by_part_of_its_id(
    cell: Cell, shell: InteractiveShell, toy: Path
) -> None:
    path = hn.Path("elsewhere")
    path.hist("n", n="count(Muon): 5, 0, 5")
    run: Any = path.start(toy, 1).wait(30)  # type: ignore[attr-defined]
    ok, said = cell(f"%hepanalysis attach {run.id[-4:]} -o found")
    assert ok, said
    assert shell.user_ns["found"].id == run.id
    assert run.id in said
    # A terminal draws nothing: there a run is its line of text, with its id.
    assert f": <Run {run.id}: done, 2,000 of 2,000 events>" in cell("found")[1]
    # A variable is meant before a part of an id is, as "elsewhere" is of both.
    path.start(toy, 1).wait(30)  # type: ignore[attr-defined]
    one_line(cell("%hepanalysis status elsewhere")[1], "fits 2 runs")
    shell.user_ns["elsewhere"] = run
    assert run.id in cell("%hepanalysis  status\telsewhere")[1]
    # Without an id it is the last one this notebook spoke of, or the newest of all.
    assert run.id in cell("%hepanalysis status")[1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", ["runs, status, attach, log, wait, cancel, pause, resume, scan, plan, doctor"]),
        ("rums", ["'rums'", "did you mean 'runs'?"]),
        ("status", ["there is no run yet"]),
        ("cancel", ["no run is running"]),
        ("attach nothing-like-it", ["nothing-like-it"]),
        ("log -n many", ["-n many"]),
        ("scan nothing pt=1 --data files", ["no variable 'nothing'", "makes a path"]),
        ("scan len pt --data files", ["NAME=VALUE"]),
        ("scan len pt=$sample --data files", ["$sample is no list"]),
        ("scan len workers=1,2 --data files", ["workers is a setting of the runs"]),
        ("scan len threads=2 --data files", ["threads is a setting of the runs"]),
        ("scan len data=1 --data files", ["data is a setting of the runs"]),
        ("scan len pt=1 iso=1 pt=2 --data files", ["pt is given twice: write pt=VALUE,VALUE"]),
        ("scan files pt=1 --data files", ["a function of the parameters", "not the list"]),
        ("log -n 0", ["-n 0: at least 1"]),
        ("scan len pt=1,,2 --data files", ["NAME=VALUE"]),
        ("scan len pt=1 --data files -o class", ["-o class", "name of a variable"]),
        ('status "never', ['"never: No closing quotation']),
        ("plan nothing --data files", ["no variable 'nothing'"]),
        ("pause", ["no run is running"]),
        ("log --level warn", ["did you mean 'WARNING'?"]),
    ],
)
def test_a_mistake_is_one_line(cell: Cell, line: str, words: list[str]) -> None:
    ok, said = cell(f"%hepanalysis {line}")
    assert not ok
    one_line(said, *words)


@pytest.mark.parametrize(
    ("asked", "labels"),
    [
        ("", ["nominal", "sf_up", "sf_down", "pu_up"]),
        ("--variations nominal", ["nominal"]),
        ("--variations 'pu*'", ["nominal", "pu_up"]),
        ("--variations pu_up,sf_down", ["nominal", "sf_down", "pu_up"]),
        ("--variations $some", ["nominal", "sf_up"]),
    ],
)
def test_variations_are_asked_for_by_name(
    cell: Cell, shell: InteractiveShell, asked: str, labels: list[str]
) -> None:
    shell.user_ns["some"] = ["sf_up"]
    shell.user_ns["mc"] = hn.Dataset("mc", shell.user_ns["files"], kind="mc")
    body = (
        'path.weight("sf", "1.0", up="1.1", down="0.9")\n'
        'path.weight("pu", "1.0", up="1.2")\n'
        'path.hist("n", n="nMuon: 5, -0.5, 4.5")\n'
    )
    ok, said = cell(f"%%hepanalysis muons --data mc {asked}\n" + body)
    assert ok, said
    made = shell.user_ns["run"].wait(30).hist("n").to_hist()
    varied = [axis for axis in made.axes if axis.name == "variation"]
    assert [label for axis in varied for label in axis] == labels


def test_values_given_by_name_are_kept_with_the_run(cell: Cell, shell: InteractiveShell) -> None:
    shell.user_ns.update(least=np.float64(20.5), region="barrel")
    ok, said = cell("%%hepanalysis muons --data files --with least,region\n" + BODY)
    assert ok, said
    assert shell.user_ns["run"].parameters == {"least": 20.5, "region": "barrel"}


def test_wait_blocks_and_tells_the_end(cell: Cell, shell: InteractiveShell) -> None:
    cell("%%hepanalysis muons --data files\n" + BODY)
    ok, said = cell("%hepanalysis wait")
    assert ok, said
    assert "done, 2,000 of 2,000 events" in said
    cell("%%hepanalysis muons --data files\npath.define('bad', lambda Muon: 1 / 0)\n" + BODY_OF_BAD)
    ok, said = cell("%hepanalysis wait")
    assert not ok
    one_line(said, "failed", "ZeroDivisionError")


def test_pause_and_resume(cell: Cell, shell: InteractiveShell) -> None:
    cell("%%hepanalysis slow --data files --chunk 500\n" + SLEEPY)
    ok, said = cell("%hepanalysis pause")
    assert ok, said
    assert "%hepanalysis resume goes on" in said
    run = shell.user_ns["run"]
    deadline = time.monotonic() + 30
    while run.status != "paused":
        assert time.monotonic() < deadline, run.status
        time.sleep(0.01)
    ok, said = cell("%hepanalysis resume -o again")
    assert ok, said
    assert shell.user_ns["again"].wait(60).progress["events"] == 2000
    assert "is done already: there is nothing to pause" in cell("%hepanalysis pause")[1]


def test_a_scan_and_its_names(cell: Cell, shell: InteractiveShell) -> None:
    cell(
        "def counts(least, where):\n"
        "    path = hn.Path('counts')\n"
        "    path.select('enough', f'count(Muon) >= {least}')\n"
        "    path.hist('n', n='count(Muon): 0, 5, int')\n"
        "    return path\n"
        "regions = ['barrel', 'endcap']\n"
        "import hepnb as hn"
    )
    ok, said = cell("%hepanalysis scan counts least=0,9 where=$regions --data files -w 1 -o found")
    assert ok, said
    runs = shell.user_ns["found"].wait(60)
    assert runs.parameters == {"least": (0, 9), "where": ("barrel", "endcap")}
    assert [run.hist("n").sum() for run in runs] == [2000, 2000, 0, 0]
    one_line(cell("%hepanalysis log")[1], "is a scan of 4 runs: say which")
    assert "scan" in cell("%hepanalysis status")[1].lower()


def test_a_plan_starts_nothing(cell: Cell, shell: InteractiveShell) -> None:
    cell("import hepnb as hn\npath = hn.Path('p')\npath.hist('n', n='count(Muon): 0, 5, int')")
    ok, said = cell("%hepanalysis plan path --data files")
    assert ok, said
    assert "2,000" in said
    assert not hn.runs()


def test_the_doctor_looks(cell: Cell) -> None:
    ok, said = cell("%hepanalysis doctor")
    assert ok, said
    assert said.splitlines()[-1] == "all is well"


# -- the extension ----------------------------------------------------------------------------


def test_help_is_there_for_both(cell: Cell) -> None:
    assert "--allow-duplicates" in cell("%%hepanalysis?")[1]
    assert "status [ID]" in cell("%hepanalysis?")[1]


def test_loading_twice_changes_nothing(shell: InteractiveShell) -> None:
    before = shell.magics_manager.magics["cell"]["hepanalysis"]
    hn.load_ipython_extension(shell)
    assert shell.magics_manager.magics["cell"]["hepanalysis"] == before
    chain = shell.strdispatchers["complete_command"].strs["%hepanalysis"]
    assert len(list(chain)) == 1


def test_unloading_takes_all_out_and_loading_brings_it_back(
    shell: InteractiveShell, cell: Cell
) -> None:
    shell.run_line_magic("unload_ext", "hepnb")
    assert "not found" in cell("%hepanalysis runs")[1]
    shell.run_line_magic("load_ext", "hepnb")
    assert cell("%hepanalysis runs")[0]


def completions(shell: InteractiveShell, text: str) -> set[str]:
    with provisionalcompleter():
        return {found.text for found in shell.Completer.completions(text, len(text))}


@pytest.mark.parametrize(
    ("text", "among"),
    [
        ("%hepanalysis st", ["status"]),
        ("%hepanalysis ", ["runs", "attach", "cancel", "doctor"]),
        ("%hepanalysis scan make --max", ["--max-parallel"]),
        ("%%hepanalysis muons --wo", ["--workers"]),
        ("%%hepanalysis muons --on-error ", ["fail", "skip"]),
    ],
)
def test_words_are_completed(shell: InteractiveShell, text: str, among: list[str]) -> None:
    assert set(among) <= completions(shell, text)


def test_ids_are_completed(shell: InteractiveShell, cell: Cell) -> None:
    cell("%%hepanalysis muons --data files\n" + BODY)
    run = shell.user_ns["run"].wait(30)
    text = f"%hepanalysis attach {run.id[:5]}"
    assert run.id in completions(shell, text)
