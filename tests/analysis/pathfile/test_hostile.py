"""JSON of strangers: every mistake is one line with its place, and no code runs without consent."""

from __future__ import annotations

import json
import sys
from pathlib import Path as FilePath
from typing import Any

import pytest

import hepnb as hn
from hepnb.analysis import Path
from hepnb.errors import PathError


class JsonCut(hn.Module):
    uses, produces = ("nMuon",), ("kept",)
    least: Any = hn.param(1)

    def process(self, events: Any) -> Any:
        return events.nMuon > self.least


class JsonInit(hn.Module):
    uses, produces = ("nMuon",), ("made",)

    def __init__(self, file: str) -> None:
        FilePath(file).touch()


def path(*steps: Any, **more: Any) -> str:
    return json.dumps({"hepnb_path": 1, "name": "p", "steps": steps, **more}, indent=1)


def module(value: Any) -> str:
    return path({"module": {"class": "JsonCut", "parameters": {"least": value}}})


def source(*lines: str, **more: Any) -> str:
    step = {"definition": {"name": "x", "formula": {"function": "f"}}}
    return path(step, functions={"f": {"source": lines, **more}})


def axis(**said: Any) -> str:
    axes = {"x": {"formula": "nMuon", "axis": said}}
    return path({"histogram": {"name": "h", "axes": axes}})


def branch(to: str, **paths: Any) -> str:
    made = {name: {"name": name, "steps": steps} for name, steps in paths.items()}
    return path({"sub-path": {"path": to, "then": "end"}}, **({"paths": made} if made else {}))


CODE = "holds Python code: read it, then allow it"
HOSTILE: dict[str, tuple[str, str]] = {
    # code without consent
    "a function": (source("def f(nMuon): return nMuon"), CODE),
    "a function nobody uses": (path(functions={"f": {"source": ["def f(x): open('canary', 'w')"]}}), CODE),
    "a name": (module({"name": "os:system"}), CODE),
    "a module": (module({"module": "canary_of_mine"}), CODE),
    "a name as a formula": (path({"definition": {"name": "x", "formula": {"name": "os:getcwd"}}}), CODE),
    "a name in a list": (module([1, {"tuple": [{"name": "os:system"}]}]), CODE),
    "how a file is loaded": (module({"resource": ["canary.json", {"name": "os:remove"}]}), CODE),
    "an expression": (path({"select": {"name": "x", "formula": "__import__('os').getcwd()"}}), "only the functions of the language"),
    # values
    "an array of objects": (module({"array": ["|O", [1], "AAAAAAAAAAA="]}), "is no array"),
    "an array of another length": (module({"array": ["<f8", [7], "AAAAAAAAAAA="]}), "is no array"),
    "no base64": (module({"bytes": "?"}), "is no bytes"),
    "a set of lists": (module({"set": [[1]]}), "is no set"),
    "two kinds": (module({"tuple": [], "set": []}), "a value has one kind"),
    "an unknown kind": (module({"tupel": []}), "did you mean 'tuple'"),
    "pickle": (module({"pickle": "gASVAAAA"}), "no kind of value 'pickle'"),
    "a lookup of nothing": (module({"lookup": ["nowhere.root:x", "clamp", "value"]}), "no such file"),
    "a lookup of a list": (module({"lookup": [["a"], "clamp"]}), "a lookup is a file"),
    "a file that is not there": (module({"resource": ["nowhere.json", None]}), "nowhere.json: No such file"),
    "a device": (module({"resource": ["/dev/zero", None]}), "/dev/zero: is not a file"),
    "a device as a table": (module({"lookup": ["/dev/zero"]}), "/dev/zero is not a file"),
    # steps
    "an unknown step": (path({"selects": {"name": "x"}}), "did you mean 'select'"),
    "two steps in one": (path({"select": {"name": "x", "formula": "x"}, "table": {"name": "t", "columns": {"x": "x"}}}), "exclude each other"),
    "an unknown key": (path({"select": {"name": "x", "formla": "x"}}), "did you mean 'formula'"),
    "a missing key": (path({"select": {"name": "x"}}), "lacks 'formula'"),
    "a label of a keyword": (path({"category": {"name": "c", "labels": {"exclusive": "x"}}}), "cannot be named 'exclusive'"),
    "an axis of a keyword": (path({"histogram": {"name": "h", "axes": {"by": {"formula": "x", "axis": {"type": "Boolean"}}}}}), "cannot be named 'by'"),
    "a nuisance of a keyword": (path({"variation": {"column": "x", "nuisance": "only", "formula": "x"}}), "cannot be named 'only'"),
    "two owners": (path(*[{"definition": {"name": "x", "formula": "1"}}] * 2), "has an owner already"),
    "a circle": (path({"definition": {"name": "a", "formula": "b"}}, {"definition": {"name": "b", "formula": "a"}}, {"table": {"name": "t", "columns": {"a": "a"}}}), "circle"),
    "an unknown class": (path({"module": {"class": "JsonCuts"}}), "did you mean 'JsonCut'"),
    "an unknown parameter": (path({"module": {"class": "JsonCut", "parameters": {"last": 1}}}), "did you mean 'least'"),
    "a class that does as it likes": (path({"module": {"class": "JsonInit", "parameters": {"file": "canary"}}}), "add it in Python"),
    "no type of axis": (axis(type="StrCategory", categories=["a"]), "is Regular or Variable"),
    "a huge axis": (axis(type="Regular", bins=10**12, start=0, stop=1), "1000000000000 bins"),
    "no bins": (axis(type="Regular", bins=2.5, start=0, stop=1), "2.5 bins"),
    "an axis without ends": (axis(type="Regular", bins=2), "TypeError"),
    "text for edges": (axis(type="Variable", edges=["a", "b"]), "axis"),
    "a transform of one's own": (axis(type="Regular", bins=2, start=0, stop=1, transform="eval"), "log, sqrt or a power"),
    # sub-paths
    "an unknown sub-path": (branch("few"), "no sub-path 'few' above"),
    "a sub-path in itself": (branch("a", a=[{"sub-path": {"path": "a", "then": "end"}}]), "no sub-path 'a' above"),
    # the text
    "nothing": ("", "not nothing"),
    "a list": ("[]", "not a list"),
    "no JSON": ("{", "not YAML"),
    "a key twice": ('{"hepnb_path": 1, "name": "a", "name": "b", "steps": []}', "given twice"),
    "deep": ('{"a":' * 100_000, "nested more than 20 deep"),
    "large": (" " * 2_000_001, "at most 2 MB"),
    "another version": ('{"hepnb_path": 2, "name": "a", "steps": []}', "hepnb_path is 1"),
    "half a character": (path(name="\ud800").replace("\\ud800", "\ud800"), "is no text"),
    "a tag": ('{"hepnb_path": !!python/name:os.system 1}', "tag"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_refused_in_one_line(
    name: str, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, reason = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "canary_of_mine.py").write_text("open('canary', 'w').close()")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PathError) as caught:
        Path.from_json(text)
    said = str(caught.value)
    assert reason in said
    assert said.startswith("JSON:") or "circle" in said
    assert "\n" not in said
    assert len(said) < 500
    assert [file.name for file in tmp_path.iterdir()] == ["canary_of_mine.py"]
    assert "canary_of_mine" not in sys.modules


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (source("import os"), "not a function"),
        (source("def f(x): return x", "def g(x): return x"), "not one function"),
        (source("def f(x) return"), "SyntaxError"),
        (source("class A: pass"), "not a function"),
        (source("lambda x: x, 1"), "not a function"),
        (source("f(1)"), "not a function"),
        (source("def f(x): return x", captured={"y": 1}), "captures no 'y'"),
        (source("def f(x): return x", globals={"y": {"function": "g"}}), "no function 'g'"),
        (source("def f(x): return x", globals={"y": {"module": "canary_of_none"}}), "is no module"),
        (source("def f(x): return x", globals={"y": {"name": "os:sistem"}}), "is no name"),
        (source("def f(*x): return x"), "names no column"),
        (source("def f(x): return x", defaults=5), "defaults is a list"),
        (source("def f(x): return x", nested=True, captured={"y=print(1)": 1}), "'y=print(1)' is no name"),
        (source("def f(x): return x", imported=["os\nprint(1)"]), "is no name"),
        (path({"definition": {"name": "x", "formula": {"bytes": ""}}}), "is an expression or a f"),
    ],
)  # fmt: skip
def test_code_that_is_allowed_is_checked_all_the_same(text: str, reason: str) -> None:
    with pytest.raises(PathError) as caught:
        Path.from_json(text, allow_code=True)
    assert reason in str(caught.value)
    assert str(caught.value).startswith("JSON:")
    assert "\n" not in str(caught.value)


def test_to_define_a_function_runs_nothing_of_it(tmp_path: FilePath) -> None:
    """Neither decorators, nor defaults, nor annotations."""
    file = tmp_path / "canary"
    touch = f"open({str(file)!r}, 'w')"
    text = source(
        f"@(lambda f: {touch})",
        f"def f(nMuon: {touch}, y={touch}, *, z={touch}) -> {touch}:",
        "    return nMuon",
    )
    made = Path.from_json(text, allow_code=True)
    assert set(made.columns(["nMuon", "y", "z"])) <= {"nMuon", "y", "z"}
    assert not file.exists()


def test_another_path_or_other_versions_are_told() -> None:
    first = Path("p")
    first.select("two", "nMuon == 2")
    text = first.to_json()
    edited = text.replace("nMuon == 2", "nMuon == 3")
    with pytest.raises(PathError, match=r"^JSON:\d+:\d+: this is not the path that was written"):
        Path.from_json(edited)
    bare = json.loads(edited)
    del bare["hash"]
    assert "nMuon == 3" in Path.from_json(json.dumps(bare)).to_json()
    older = json.loads(text)
    older["hash"] = "0" * 64
    older["versions"]["numpy"] = "1.0"
    with pytest.warns(UserWarning, match=r"written with numpy 1.0 \(here \d.*its hash is another"):
        assert Path.from_json(json.dumps(older)).hash == first.hash


def test_texts_of_any_signs_come_back() -> None:
    path = Path("p")
    odd = 'a "b" \\ \x7f \x85 \u2028 \ufeff\t\n é 😀 <<'
    path.define("x", lambda nMuon: nMuon + len(odd))
    text = path.to_json()
    assert json.loads(text)["functions"]["lambda"]["captured"] == {"odd": odd}
    assert Path.from_json(text, allow_code=True).hash == path.hash


def test_a_text_that_another_program_wrote_again_is_the_same() -> None:
    path = Path("p")
    odd = "😀 \\ud83d\\ude00 \\\\😀"
    path.define("x", lambda nMuon: nMuon + len(odd))
    path.select("every one", True)
    again = json.loads(path.to_json())
    again["steps"][1]["select"]["formula"] = True
    text = json.dumps(again, separators=(",", ":"))
    assert text.isascii()
    assert Path.from_json(text, allow_code=True).hash == path.hash


def test_only_true_is_consent() -> None:
    said: Any = "False"
    with pytest.raises(PathError, match="holds Python code"):
        Path.from_json(source("def f(nMuon): return nMuon"), allow_code=said)
