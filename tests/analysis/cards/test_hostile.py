"""Cards that are wrong or mean harm: each is refused in one line with its place, and nothing happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hepnb.analysis.cards import Card
from hepnb.cli import main
from hepnb.errors import CardError


def select(expression: str) -> str:
    """A card whose select, in line 2 and column 14, is this expression."""
    return f"hepnb: 1\nselects: {{a: {expression}}}\n"


def dataset(lines: str) -> str:
    """A card with a dataset, whose keys begin in line 4 and column 5."""
    return f"hepnb: 1\ndatasets:\n  tt:\n{lines}\n"


BOMB = "hepnb: 1\na: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
    for before, name in zip("abcdef", "bcdefg", strict=True)
)
HOSTILE: dict[str, tuple[str | bytes, str, str]] = {
    # YAML
    "empty": ("", "1:1", "not nothing"),
    "a list": ("- hepnb", "1:1", "not a list"),
    "a text": ("hepnb", "1:1", "not the text 'hepnb'"),
    "not UTF-8": (b"hepnb: 1\nname: caf\xe9\n", "2:10", "byte 0xe9 is not UTF-8"),
    "UTF-16": ("hepnb: 1".encode("utf-16"), "1:1", "not UTF-8"),
    "byte-order mark": (b"\xef\xbb\xbfhepnb: 1", "1:1", "byte-order mark"),
    "NUL": (b"hepnb: 1\nname: a\0b", "2:8", "NUL"),
    "control character": (b"hepnb: 1\nname: a\x07b", "2:8", "does not allow"),
    "tab": ("hepnb: 1\nselects:\n\ta: x > 1\n", "3:1", "a tab; indent with blanks"),
    "duplicate key": ("hepnb: 1\nname: a\nname: b\n", "3:1", "given twice (first in line 2)"),
    "duplicate select": ("hepnb: 1\nselects:\n  a: x > 1\n  a: x > 2\n", "4:3", "given twice"),
    "open list": ("hepnb: 1\nname: [a, b\n", "3:1", "not YAML"),
    "open quote": ("hepnb: 1\nname: 'a\n", "3:1", "not YAML"),
    "bad indent": ("hepnb: 1\nselects:\n  a: x\n b: y\n", "4:2", "not YAML"),
    "two documents": ("hepnb: 1\n---\nhepnb: 1\n", "2:1", "second document"),
    "anchor bomb": (BOMB, "7:", "more than 200,000 values"),
    "anchor in itself": ("hepnb: 1\ndatasets: &a\n  x: *a\n", "3:6", "no such anchor"),
    "unknown alias": ("hepnb: 1\nname: *nme\n", "2:7", "no such anchor"),
    "anchor twice": ("hepnb: 1\nname: &a x\nsource: &a y\n", "3:9", "given twice"),
    "merge key": ("hepnb: 1\nselects: &s {a: x}\ntables:\n  <<: *s\n", "4:3", "merges nothing"),
    "deep lists": ("hepnb: 1\nname: " + "[" * 100_000, "2:", "nested more than 20 deep"),
    "deep mappings": ("".join(f"{' ' * i}a:\n" for i in range(60)), "21:21", "nested more than 20"),
    "too large": (b"#" * 2_000_001, "1:1", "at most 2 MB"),
    "python tag": ("hepnb: 1\nname: !!python/object/apply:os.system [id]\n", "2:7", "tag"),
    "own tag": ("hepnb: 1\nname: !include /etc/passwd\n", "2:7", "tag '!include'"),
    "binary tag": ("hepnb: 1\nname: !!binary aGk=\n", "2:7", "tag"),
    "a list as key": ("hepnb: 1\n? [a]\n: b\n", "2:3", "a key is a text"),
    # layout
    "no version": ("name: x\n", "1:1", "lacks 'hepnb'"),
    "another version": ("hepnb: 7\n", "1:8", "hepnb is 1, not the number '7'"),
    "misspelt section": ("hepnb: 1\nhistogram: {a: 'x: 1, 0, 1'}\n", "2:1", "did you mean 'histograms'"),
    "misspelt key": (dataset("    files: a.root\n    xsecc: 1"), "5:5", "did you mean 'xsec'"),
    "no files": (dataset("    kind: mc"), "4:5", "add files or sources"),
    "files and sources": (dataset("    files: a\n    sources: {b: c}"), "4:5", "keep one"),
    "wrong unit": (dataset("    files: a\n    kind: mc\n    xsec: 1.3 nb"), "6:11", "'nb' is not understood; write the number in pb"),
    "no number": (dataset("    files: a\n    kind: mc\n    xsec: much"), "6:11", "number in pb"),
    "infinite": (dataset("    files: a\n    kind: mc\n    xsec: 1e999"), "6:11", "finite"),
    "negative": (dataset("    files: a\n    kind: mc\n    xsec: -1"), "6:11", "0 at least"),
    "data with xsec": (dataset("    files: a\n    xsec: 1"), "5:11", "add 'kind: mc'"),
    "kind": (dataset("    files: a\n    kind: MC"), "5:11", "data or mc, not the text 'MC'"),
    "yes": ("hepnb: 1\ndatasets:\n  t:\n    files: a\n    split: {exclusive: yes, processes: {a: {where: x}}}\n", "5:24", "true or false"),
    "nested meta": (dataset("    files: a\n    meta: {a: {b: c}}"), "5:15", "not a mapping"),
    "no value": ("hepnb: 1\nselects:\n", "2:9", "no value"),
    "list for text": (select("[x]"), "2:14", "is a text"),
    # expressions
    "import": (select("__import__('os').system('touch canary')"), "2:14", "only the functions of the language"),
    "import in braces": (select("'{__import__}'"), "2:14", "no placeholder {__import__}"),
    "dunder attribute": (select("Jet.__class__ > 1"), "2:14", "underscore"),
    "open": (select("\"open('canary', 'w')\""), "2:14", "unknown function 'open'"),
    "eval": (select("eval('1')"), "2:14", "unknown function 'eval'"),
    "method": (select("Jet.pt.tofile('canary')"), "2:14", "only the functions of the language"),
    "lambda": (select("'(lambda: 1)()'"), "2:14", "not allowed|only the functions"),
    "loop": (select("'sum(x for x in Jet.pt)'"), "2:14", "loop"),
    "f-string": (select("'f\"a\"'"), "2:14", "f-string"),
    "walrus": (select("'(a := 1)'"), "2:14", "':='"),
    "huge power": (select("2 ** 99999 > 1"), "2:14", "powers above 64"),
    "tower": (select("9 ** 9 ** 9 ** 9 > 1"), "2:14", "powers"),
    "huge number": (select("9" * 400), "2:14", "number too large|number"),
    "long": (select("x > " + "1 + " * 900 + "1"), "2:14", "at most 2000"),
    "deep": (select("(" * 300 + "x" + ")" * 300), "2:14", "not an expression|nested"),
    "deep minus": (select("'" + "-" * 500 + "x > 1'"), "2:14", "nested|not an expression"),
    "two statements": (select("x; y"), "2:14", "not an expression"),
    "cycle": ("hepnb: 1\ndefinitions:\n  a: b + 1\n  b: a + 1\ntables: {t: [a]}\n", "3:6", "go round in a circle"),
    "own owner": ("hepnb: 1\ndefinitions: {dataset: x}\n", "2:", "reserved"),
    "axis": ("hepnb: 1\nhistograms:\n  ht: 'ht: many, 0, 1'\n", "3:7", "is not an axis"),
    "huge axis": ("hepnb: 1\nhistograms:\n  ht: 'ht: 99999999999, 0, 1'\n", "3:7", "99999999999 bins"),
    "unknown category": ("hepnb: 1\nhistograms:\n  h: {axes: {x: 'x: 1, 0, 1'}, by: [chanel]}\ncategories: {channel: {a: x > 1}}\n", "3:6", "did you mean 'channel'"),
    "unknown after": ("hepnb: 1\nselects: {two: x > 1}\ntables: {t: {columns: {x: x}, after: tow}}\n", "3:38", "did you mean 'two'"),
    "unknown placeholder": ("hepnb: 1\nparameters: {pt: 1}\nselects: {a: 'x > {ptt}'}\n", "3:14", "did you mean 'pt'"),
    "matrix explosion": ("hepnb: 1\nvariations:\n  v: {vary: {x: 'x{a}{b}{c}{d}{e}'}, matrix: {" + ", ".join(f"{k}: [{', '.join('0123456789')}]" for k in "abcde") + "}}\n", "3:6", "100,000 combinations"),
    "eras explosion": ("hepnb: 1\ndatasets:\n" + "".join(f"  d{i}: {{kind: mc, files: x, meta: {{{', '.join(f'm{k}: {i}' for k in range(6))}}}}}\n" for i in range(20)) + "selects: {a: 'x_{m0}_{m1}_{m2}_{m3}_{m4}_{m5} > 1'}\n", "23:14", "too many datasets"),
    "names explosion": ("hepnb: 1\ndatasets:\n" + "".join(f"  d{i}: {{kind: mc, files: x, meta: {{{', '.join(f'm{k}: {i}' for k in range(6))}}}}}\n" for i in range(20)) + "variations: {'v_{m0}_{m1}_{m2}_{m3}': {vary: {x: y}}}\n", "23:39", "160,000 combinations"),
    "too many steps": ("hepnb: 1\ndefinitions:\n" + "".join(f"  a{i}: x\n" for i in range(1_100)), "1003:3", "more than 1,000 steps"),
    "long row": ("hepnb: 1\ndefinitions:\n" + "".join(f"  a{i}: a{i + 1} + 1\n" for i in range(990)), "3:3", "too long a row"),
    "long text": ("hepnb: 1\nname: " + "a" * 10_001, "2:7", "10,001 characters"),
    "many digits": ("hepnb: 1\nhistograms:\n  ht: 'ht: " + "9" * 5_000 + ", 0, 1'\n", "3:7", "is not an axis"),
    "slow edges": ("hepnb: 1\nhistograms:\n  ht: 'ht: [" + "1" * 9_000 + "x]'\n", "3:7", "is not an axis"),
    "variation twice": ("hepnb: 1\nvariations:\n  v: {vary: {x: {Up: 'x{a}'}}, matrix: {a: [1, 2]}}\n", "3:22", "comes twice"),
    "sum of weights": (dataset("    files: a\n    kind: mc\n    sumw: \"open('canary')\""), "6:11", "unknown function 'open'"),
    "truth for a sum": (dataset("    files: a\n    kind: mc\n    sumw: true"), "6:11", "text, not bool"),
    "label of a keyword": ("hepnb: 1\ncategories: {c: {name: x > 1}}\n", "2:17", "a label cannot be named 'name'"),
    "label self": ("hepnb: 1\ncategories: {c: {self: x > 1}}\n", "2:17", "a label cannot be named 'self'"),
    "axis self": ("hepnb: 1\nhistograms: {h: {axes: {self: 'x: 1, 0, 1'}}}\n", "2:17", "an axis cannot be named 'self'"),
    "axis of a keyword": ("hepnb: 1\nhistograms: {h: {axes: {where: 'x: 1, 0, 1'}}}\n", "2:17", "an axis cannot be named 'where'"),
    "histogram of a keyword": ("hepnb: 1\nhistograms: {storage: 'x: 1, 0, 1'}\n", "2:23", "an axis cannot be named 'storage'"),
    "variation of a keyword": ("hepnb: 1\nvariations: {sets: {vary: {x: y}}}\n", "2:20", "cannot be named 'sets'"),
    "python word": ("hepnb: 1\ndefinitions: {class: x}\n", "2:22", "cannot name a definition"),
    # tables, modules, programs
    "no table": ("hepnb: 1\nlookups: {sf: 'none.json:sf'}\n", "2:15", "no such file none.json"),
    "table of a device": ("hepnb: 1\nlookups: {sf: {file: /dev/zero, outside: clamp}}\n", "2:22", "/dev/zero is not a file"),
    "ROOT file of a device": ("hepnb: 1\nlookups: {sf: {file: '/dev/zero.root:x', outside: 0}}\n", "2:22", "no such file"),
    "mask of a device": ("hepnb: 1\nlookups: {good: {lumi_mask: /dev/zero}}\n", "2:29", "is not a file"),
    "mask with a policy": ("hepnb: 1\nlookups: {good: {lumi_mask: c.json, what: value}}\n", "2:43", "a lumi_mask has no what"),
    "table and mask": ("hepnb: 1\nlookups: {good: {lumi_mask: c.json, file: a.json}}\n", "2:17", "keep one"),
    "misspelt key of a table": ("hepnb: 1\nlookups: {sf: {file: a.json, outsid: clamp}}\n", "2:30", "did you mean 'outside'"),
    "outside": ("hepnb: 1\nlookups: {sf: {file: a.json, outside: clmap}}\n", "2:39", "did you mean 'clamp'"),
    "what": ("hepnb: 1\nlookups: {sf: {file: a.json, what: valeu}}\n", "2:36", "did you mean 'value'"),
    "table in the address space": ("hepnb: 1\nlookups: {sf: 'https://example.org/sf.json:sf'}\n", "2:15", "no such file"),
    "table by dataset": ("hepnb: 1\nlookups: {sf: 'sf_{era}.json:sf'}\ndatasets: {a: {era: 2018, files: a}}\n", "2:15", "no placeholder {era}"),
    "table that is none": ("hepnb: 1\nlookups: {sf: {file: card.yaml, outside: clamp}}\n", "2:22", "cannot be read"),
    "unknown class": ("hepnb: 1\nmodules:\n  Uniqe:\n", "3:9", "did you mean 'Unique'"),
    "class by another name": ("hepnb: 1\nmodules: {first: {class: Plces}}\n", "2:18", "did you mean 'Places'"),
    "path of a class": ("hepnb: 1\nmodules: {a: {class: os.system, parameters: {command: touch canary}}}\n", "2:14", "no module class named 'os.system'"),
    "class with code of its own": ("hepnb: 1\nmodules: {Unique: {parameters: {found: x}}}\n", "2:19", "has an __init__ of its own"),
    "unknown parameter of a module": ("hepnb: 1\nmodules: {Places: {parameters: {x: 1}}}\n", "2:19", "has no parameter 'x'"),
    "placeholder of a module": ("hepnb: 1\nmodules: {Places: {parameters: {x: ['{era}']}}}\n", "2:37", "no placeholder {era}"),
    "misspelt key of a module": ("hepnb: 1\nmodules: {a: {clas: Places}}\n", "2:15", "did you mean 'class'"),
    "program and path": ("hepnb: 1\ncommand: [touch, canary]\nselects: {a: x > 1}\n", "3:1", "a card has a command or a path"),
    "program and split": ("hepnb: 1\ncommand: [touch, canary]\n" + dataset("    files: a\n    split: {processes: {a: {where: x}}}").split("\n", 1)[1], "6:12", "a program knows no split"),
    "program as text": ("hepnb: 1\ncommand: touch canary\n", "2:10", "is a list"),
    "no program": ("hepnb: 1\ncommand: []\n", "2:10", "empty list"),
    "misspelt key of a program": ("hepnb: 1\ncommand: {comand: [touch, canary]}\n", "2:11", "did you mean 'command'"),
    "a shell": ("hepnb: 1\ncommand: {command: [touch, canary], shell: true}\n", "2:37", "has no key 'shell'"),
    "weight of two": ("hepnb: 1\nweights:\n  w: {value: 1, weight: 2}\n", "3:17", "no key 'weight'"),
}  # fmt: skip


def test_there_are_sixty() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_card_is_refused_in_one_line(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said, place, reason = HOSTILE[name]
    content = said if isinstance(said, bytes) else said.encode()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
    file = Path("card.yaml")
    file.write_bytes(content)
    before = file.stat()
    with pytest.raises(CardError) as caught:
        Card.read(file)
    line = str(caught.value)
    assert line.startswith(f"card.yaml:{place}"), line
    assert re.match(r"card\.yaml:\d+:\d+: ", line), line
    assert re.search(reason if "|" in reason else re.escape(reason), line), line
    assert "\n" not in line
    assert len(line) < 500
    assert main(["run", "card.yaml"]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"hepnb run: {line}\n")
    assert file.read_bytes() == content
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in tmp_path.iterdir()] == ["card.yaml"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("list:/dev/zero", "not a file"),
        ("list:missing.txt", "No such file"),
        ("list:", "names nothing"),
        ("glob:*.none", "no file matches"),
        ("servicex:x", "not there yet"),
        ("belle:cms:/x", "nobody answers belle:cms:/x"),
        ("lst:x", "did you mean 'list'"),
        ("{pt}.root", "no placeholder {pt}"),
    ],
)
def test_a_source_that_is_not_there_is_told_with_its_place(
    source: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path))
    text = dataset(f"    files: [other.root, '{source}']")
    card = Card(text.encode(), tmp_path / "card.yaml")
    with pytest.raises(CardError, match=re.escape("card.yaml:4:25: ")) as caught:
        card.datasets  # noqa: B018
    assert reason in str(caught.value)


def test_what_is_no_card_is_told(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="No such file"):
        Card.read(tmp_path / "none.yaml")
    with pytest.raises(CardError, match="is not a file"):
        Card.read(tmp_path)
    with pytest.raises(CardError, match="is not a file"):
        Card.read("/dev/zero")
