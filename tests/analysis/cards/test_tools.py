"""Tables, class modules and external programs of cards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path as FilePath
from typing import Any

import awkward as ak
import hist
import numpy as np
import pytest
from uhi.io.json import default

import hepnb as hn
from hepnb.analysis.cards.comparing import differences
from hepnb.cli import main
from hepnb.errors import CardError, HepnbError
from hepnb.samples import toy_dimuon


class LeadingOfCard(hn.Module):
    """The hardest muon, by a scale."""

    uses, produces = ("Muon.pt",), ("leading", "has_leading")
    pt: float = hn.param(10.0, unit="GeV")
    scales: dict[int, float] = hn.param({1: 1.0})
    tags: tuple[str, ...] = hn.param(())
    eta: float | None = hn.param(2.4)

    def process(self, events: Any) -> Any:
        leading = ak.fill_none(ak.max(events.Muon.pt, axis=1), 0.0) * self.scales[1]
        return {"leading": leading, "has_leading": leading > self.pt}


CARD = """hepnb: 1
parameters: {least: 15.5, folder: tables}
datasets: {toy: {kind: mc, files: toy.root}}
lookups:
  sf: {file: "{folder}/sf.json:sf", outside: clamp}
  good: {lumi_mask: "{folder}/cert.json"}
modules:
  lead:
    class: LeadingOfCard
    parameters: {pt: "{least}", scales: {1: 2.0, 7: 1}, tags: ["{folder}", b], eta: null}
weights: {id: {value: "sf(max(Muon.pt, default=0))", up: "sf(20)", kind: mc}}
definitions: {certified: "good(nMuon, nMuon)"}
selects: {two: nMuon == 2, lead: has_leading}
histograms: {h: "leading: 10, 0, 100"}
tables: {t: [leading, certified, "sf(first(Muon.pt))"]}
"""


@pytest.fixture
def folder(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> FilePath:
    """A folder with events, tables and a card; and another one to work in."""
    toy_dimuon(tmp_path / "toy.root", events=400)
    (tmp_path / "tables").mkdir()
    table = hist.Hist.new.Var([0, 20, 60], name="pt").Double()
    table.view()[...] = [0.9, 0.8]
    (tmp_path / "tables/sf.json").write_text(json.dumps({"sf": table}, default=default))
    (tmp_path / "tables/cert.json").write_text('{"2": [[2, 2]]}')
    (tmp_path / "card.yaml").write_text(CARD)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


def test_a_card_is_the_path_that_says_the_same(folder: FilePath) -> None:
    path = hn.Path("card")
    sf = hn.lookup(f"{folder}/tables/sf.json:sf", outside="clamp")
    path.lookup("sf", sf)
    path.lookup("good", hn.LumiMask(folder / "tables/cert.json"))
    path.weight("id", "(sf(max(Muon.pt, default=0))) if dataset.kind == 'mc' else 1", up="sf(20)")
    path.select("two", "nMuon == 2")
    words = {"pt": 15.5, "scales": {1: 2.0, 7: 1.0}, "tags": ("tables", "b"), "eta": None}
    path.add_module("LeadingOfCard", **words)
    path.select("lead", "has_leading")
    path.define("certified", "good(nMuon, nMuon)")
    path.hist("h", h="leading: 10, 0, 100")
    path.table("t", ["leading", "certified", "sf(first(Muon.pt))"])
    card = hn.Card.read("../card.yaml")
    mine = [repr(step.module) for step in path._steps if step.kind == "module"]
    theirs = [repr(step.module) for step in card.path._steps if step.kind == "module"]
    assert mine == theirs
    run, other = (
        path.start(card, engine="inline", variations="nominal"),
        card.start(engine="inline", variations="nominal"),
    )
    assert repr(run.cutflow) == repr(other.cutflow)
    assert other.hist("h") == run.hist("h")
    assert run.hist("h").sum().value > 0
    assert run.table("t").equals(other.table("t"))
    assert len(run.table("t")) > 10
    again = hn.Path.from_json(card.path.to_json())  # holds no code
    assert again.hash == card.path.hash


def test_a_placeholder_of_a_module_is_the_value_of_its_parameter() -> None:
    text = """hepnb: 1
parameters: {year: "2018", none: "null", least: 15}
modules: {LeadingOfCard: {parameters: {tags: ["{year}", "y{least}", "{none}"], pt: "{least}"}}}
"""
    for year in ("2018", "2017"):
        (step,) = hn.Card(text.encode(), parameters={"year": year}).path._steps
        assert step.module.tags == (year, "y15", "null")
        assert step.module.pt == 15.0


def test_the_hash_of_a_card_is_that_of_its_tables_content(folder: FilePath) -> None:
    before = hn.Card.read(folder / "card.yaml").path.hash
    assert hn.Card.read("../card.yaml").path.hash == before
    file = folder / "tables/sf.json"
    file.write_text(file.read_text().replace("0.9", "0.91"))
    assert hn.Card.read(folder / "card.yaml").path.hash != before


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("outside: clamp", "outside: clmap", "5:46", "did you mean 'clamp'"),
        (", outside: clamp", "", "5:14", "say what is outside the axes"),
        ("sf.json:sf", "sf.json:fs", "5:14", "did you mean 'sf'"),
        ("  sf: {", "  sum: {", "5:3", "expressions have a function of that name"),
        ("sf(20)", "sf(20, 1)", "11:58", "sf takes 1 value (pt), got 2 (column 1"),
        ("good(nMuon, nMuon)", "god(nMuon, nMuon)", "12:26", "did you mean 'good'"),
        ("class: LeadingOfCard", "class: LeadingOfCrd", "9:5", "did you mean 'LeadingOfCard'"),
        ("{pt: ", "{ptt: ", "9:5", "has no parameter 'ptt'; did you mean 'pt'"),
        ('"{least}"', "much", "9:5", "pt [GeV] is a number, not 'much'"),
        ("has_leading}", "has_leadin}", "13:34", "did you mean 'has_leading'"),
    ],
)
def test_a_mistake_has_its_place(
    old: str, new: str, place: str, said: str, folder: FilePath
) -> None:
    file = folder / "card.yaml"
    file.write_text(CARD.replace(old, new, 1))
    with pytest.raises(CardError) as caught:
        hn.Card.read(file).start(engine="inline")
    line = str(caught.value)
    assert line.startswith(f"{file}:{place}: "), line
    assert said in line
    assert "\n" not in line


def test_what_differs_between_cards_is_told(folder: FilePath) -> None:
    other = CARD.replace("outside: clamp", "outside: flow").replace("tags: [", "tags: [c, ")
    (folder / "other.yaml").write_text(other)
    one = hn.Card.read(folder / "card.yaml")
    found = {d.what: d.new for d in differences(one, hn.Card.read(folder / "other.yaml"))}
    assert set(found) == {"lookup 'sf'", "module 'LeadingOfCard'"}
    assert "'flow'" in str(found["lookup 'sf'"])
    table = (folder / "tables/sf.json").read_text()
    (folder / "others").mkdir()
    (folder / "others/sf.json").write_text(table.replace("0.9", "0.91"))
    (folder / "others/cert.json").write_text('{"2": [[2, 2]]}')
    third = hn.Card.read(folder / "card.yaml", parameters={"folder": str(folder / "others")})
    (only,) = (d for d in differences(one, third) if d.what.startswith("lookup"))
    assert only.what == "lookup 'sf'"


def test_two_owners_of_a_column_are_told_by_their_lines() -> None:
    text = b"""hepnb: 1
modules:
  LeadingOfCard:
definitions: {leading: 1}
"""
    said = (
        r"card.yaml:4:24: .*'leading' has an owner already \(module 'LeadingOfCard', card.yaml:3\)"
    )
    with pytest.raises(CardError, match=said):
        hn.Card(text)


def test_a_package_makes_its_modules_known(
    folder: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an entry point: the command line knows no other classes than those of packages."""
    site = folder / "site"
    (site / "pack-1.dist-info").mkdir(parents=True)
    (site / "pack.py").write_text(
        "import hepnb as hn\n"
        "class OfPackage(hn.Module):\n"
        "    uses, produces = ('nMuon',), ('twice',)\n"
        "    def process(self, events):\n"
        "        return events.nMuon * 2\n"
    )
    (site / "pack-1.dist-info/METADATA").write_text("Name: pack\nVersion: 1\n")
    points = "[hepnb.modules]\nOfPackage = pack:OfPackage\nBroken = pack:Nothing\n"
    (site / "pack-1.dist-info/entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(site))
    text = "hepnb: 1\nmodules: {OfPackage: }\ntables: {t: [twice]}\n"
    assert hn.Card(text.encode()).path.columns(["nMuon"]) == ("nMuon",)
    assert sys.modules.pop("pack")
    with pytest.raises(CardError, match=r"2:19: module 'Broken': pack:Nothing: AttributeError"):
        hn.Card(b"hepnb: 1\nmodules: {Broken: }\n")


PROGRAM = """hepnb: 1
name: echo
parameters: {tag: mine}
datasets: {toy: {kind: mc, files: "generated://100"}}
command:
  command: [sh, -c, 'echo "{events} {chunk} {tag} ${HOME:+x} {other}" > $HEPNB_OUTPUT/said.txt']
  keep: true
"""


def test_a_program_runs_only_where_that_is_allowed(
    folder: FilePath, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "program.yaml"
    file.write_text(PROGRAM)
    card = hn.Card.read(file)
    with pytest.raises(CardError) as caught:
        card.start(engine="inline")
    line = str(caught.value)
    assert line.startswith(f"{file}:6:3: this card runs a program of its own, ['sh', '-c', ")
    assert line.endswith("read it, then allow it: --allow-exec, or allow_exec=True")
    no: Any = "no"
    with pytest.raises(CardError, match="read it, then allow it"):
        card.start(engine="inline", allow_exec=no)
    assert main(["run", str(file)]) == 1
    assert capsys.readouterr().err == f"hepnb run: {line}\n"
    assert not (folder / "state").exists()

    run = card.start(engine="inline", chunk=40, allow_exec=True)
    said = [(one / "said.txt").read_text() for one in run.result()]
    assert said == ["40 0 mine x {other}\n", "40 1 mine x {other}\n", "20 2 mine x {other}\n"]
    out = str(folder / "out")
    words = [
        "run",
        str(file),
        "--allow-exec",
        "--out",
        out,
        "--set",
        "tag=yours",
        "--engine",
        "inline",
    ]
    assert main(words) == 0
    (only,) = hn.attach(out).result()
    assert (only / "said.txt").read_text() == "100 0 yours x {other}\n"


def test_a_program_is_checked_and_told(
    folder: FilePath, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "program.yaml"
    file.write_text(PROGRAM)
    assert main(["card", "check", str(file), "--data"]) == 0
    assert "it runs a program of its own: ['sh', '-c', " in capsys.readouterr().out
    assert main(["card", "check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["command"][:2] == ["sh", "-c"]
    (folder / "other.yaml").write_text(PROGRAM.replace("keep: true", "keep: false"))
    (found,) = differences(hn.Card.read(file), hn.Card.read(folder / "other.yaml"))
    assert str(found) == "~ command: keep: True -> False"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("keep: true", 'progress: "("', "progress='(':"),
        ("keep: true", "progress: a", "has no group (?P<events>...)"),
        ("keep: true", "histograms: ../x.root", "name files in the output directory"),
        ("{events}", "{evnts}", "no placeholder {evnts}; did you mean 'events'?"),
        ("{tag: mine}", "{seed: 3}", "{seed} is of each chunk: name the card's parameter"),
    ],
)
def test_what_makes_no_command_is_told_with_its_place(old: str, new: str, said: str) -> None:
    with pytest.raises(CardError) as caught:
        hn.Card(PROGRAM.replace(old, new, 1).encode())
    assert str(caught.value).startswith("card.yaml:6:3: ")
    assert said in str(caught.value)


def test_signs_that_move_the_cursor_are_shown() -> None:
    text = b'hepnb: 1\ndatasets: {a: {files: "generated://1"}}\ncommand: [rm, "\\e[2K\\rls"]\n'
    with pytest.raises(HepnbError) as caught:
        hn.Card(text).start()
    assert r"['rm', '\x1b[2K\rls']" in str(caught.value)


def test_a_file_goes_through_a_program(folder: FilePath) -> None:
    """With `{input}` files are given; on their own, or those of `--data`."""
    text = """hepnb: 1
datasets: {toy: {files: toy.root}}
command: [sh, -c, 'cp {input} {output}/copy.root']
"""
    (folder / "copy.yaml").write_text(text)
    card = hn.Card.read(folder / "copy.yaml")
    (made,) = card.start(engine="inline", allow_exec=True).result()
    assert (made / "copy.root").read_bytes() == (folder / "toy.root").read_bytes()
    other = folder / "other.bin"
    other.write_bytes(np.arange(3).tobytes())
    (made,) = card.start([str(other)], engine="inline", allow_exec=True).result()
    assert (made / "copy.root").read_bytes() == other.read_bytes()


def test_allow_exec_is_for_cards(folder: FilePath) -> None:
    (folder / "steer.py").write_text("path = data = None\n")
    done = subprocess.run(
        [sys.executable, "-m", "hepnb", "run", str(folder / "steer.py"), "--allow-exec"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "--allow-exec is for cards" in done.stderr
