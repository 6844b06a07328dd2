"""Arguments that make no sense are told in one line, whatever public name they are given to."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import hist
import pytest

import hepnb as hn
from hepnb import adapt, stats
from hepnb.samples import toy_dimuon

SILLY: Mapping[str, Any] = {
    "number": 3, "negative": -1.5, "nan": float("nan"), "none": None, "list": [1], "dict": {"a": 1},
    "object": object(), "bytes": b"x", "function": lambda: 0, "dots": [...], "empty": "",
    "text": "nope", "nul": "a\0b", "set": {1, 2},
}  # fmt: skip
OTHERS = {
    "load_ipython_extension",  # IPython calls it
    "Module",  # takes the parameters that its class declares
}


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    for room in (hn, stats, adapt):
        for name in room.__all__:
            found = getattr(room, name)
            is_error = isinstance(found, type) and issubclass(found, BaseException)
            if callable(found) and not is_error and name not in OTHERS:
                yield f"{room.__name__}.{name}", found
    yield "Card.read", hn.Card.read
    yield "H5Hist.open", hn.H5Hist.open
    yield "H5Hist.from_uhi", hn.H5Hist.from_uhi
    yield "Path.from_json", hn.Path.from_json


CALLABLES = dict(public())


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEPNB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))


def lines_of(call: Callable[[], Any]) -> int:
    """In how many lines something is refused; 0 where it is not. Other errors pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except hn.HepnbError as error:
            return len(str(error).splitlines()) or -1
    return 0


@pytest.mark.parametrize("name", CALLABLES)
def test_whatever_it_is_called_with(name: str) -> None:
    function = CALLABLES[name]
    parameters = inspect.signature(function).parameters.values()
    asked = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    some = bool(asked) or any(p.kind is p.VAR_POSITIONAL for p in parameters)
    needed = max(some, sum(p.default is p.empty for p in asked))
    named = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    for kind, silly in SILLY.items():
        if name == "hepnb.doctor" and kind in ("none", "function"):
            continue  # both make sense
        call = partial(function, *[silly] * needed, **dict.fromkeys(named, silly))
        assert lines_of(call) in (0, 1), kind


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_dimuon(tmp_path_factory.mktemp("toy") / "toy.root", events=100)


def path() -> hn.Path:
    made = hn.Path("p")
    made.weight("w", 1.0, up=1.1, down=0.9)
    made.hist("n", n="count(Muon): 0, 5, int")
    return made


def varied() -> hist.Hist[Any]:
    axis = hist.axis.StrCategory(["nominal", "a_up", "a_down"], name="variation")
    return hist.Hist(axis, hist.axis.Regular(3, 0, 3, name="x"), storage=hist.storage.Weight())


WITH: Mapping[str, Callable[[Callable[..., Any], Path, Mapping[str, Any]], Any]] = {
    "Card": lambda f, _, more: f(b"hepnb: 1\n", **more),
    "Dataset": lambda f, _, more: f("d", "https://example.org/a.root", **more),
    "H5Hist": lambda f, _, more: f(hist.axis.Regular(3, 0, 1, name="x"), **more),
    "HistExplorer": lambda f, _, more: f(varied(), **more),
    "RemoteHist": lambda f, _, more: f("unix:none", "h", **more),
    "attach": lambda f, _, more: f("none", **more),
    "debug": lambda f, file, more: f(path(), str(file), **more),
    "find_duplicates": lambda f, file, more: f(
        str(file), **{"by": "nMuon", "engine": "inline", **more}
    ),
    "lookup": lambda f, _, more: f(varied(), **{"outside": "error", **more}),
    "param": lambda f, _, more: f(1.0, **more),
    "plan": lambda f, file, more: f(path(), str(file), **more),
    "resource": lambda f, file, more: f(str(file), **more),
    "runs": lambda f, _, more: f(**more),
    "adapt.command": lambda f, _, more: f(["true"], **more),
    "stats.abcd": lambda f, _, more: f(varied(), "x", "variation", **more),
    "stats.envelope": lambda f, _, more: f(varied(), **more),
    "stats.rms": lambda f, _, more: f(varied(), **more),
    "stats.hessian": lambda f, _, more: f(varied(), ["a_up", "a_down"], "a", **more),
}


@pytest.mark.parametrize("name", WITH)
def test_whatever_its_settings_are(name: str, file: Path) -> None:
    room, _, last = name.rpartition(".")
    function = getattr({"": hn, "adapt": adapt, "stats": stats}[room], last)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD or parameter.default is parameter.empty:
            continue
        if (name, parameter.name) in (("debug", "data"), ("param", "default"), ("attach", "run")):
            continue  # given above
        for kind, silly in SILLY.items():
            call = partial(WITH[name], function, file, {parameter.name: silly})
            assert lines_of(call) in (0, 1), (parameter.name, kind)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: hn.LumiMask([1]), r"list of certified sections is a path, not the list \[1\]"),
        (lambda: hn.Card.read(3), "a card is a path, not the int 3"),
        (lambda: hn.Card("hepnb: 1"), "is bytes, not the str .*; hn.Card.read"),
        (lambda: hn.Conditions([...]), r"not the list \[Ellipsis\]; write {first_run: value"),
        (lambda: hn.Conditions({"a": 1}), "write {first_run: value"),
        (lambda: hn.resource(3), "a resource is a path, not the int 3"),
        (lambda: hn.lookup(3), "int"),
        (lambda: hn.Run("x"), r"made by path\.start\(data\), or found by hn\.attach"),
        (lambda: hn.RunSet(3), r"made by hn\.scan\(\.\.\.\), or found by hn\.attach"),
        (lambda: hn.Unique([3]), r"expected what hn\.find_duplicates\(data\) returns"),
        (lambda: adapt.command(3), "is a list of words"),
        (lambda: hn.Dataset("d", "https://e.org/a.root", meta=[1]), "meta: expected names with"),
        (lambda: path().freeze(variations=3), "variations: expected names, not the int 3"),
        (
            lambda: hn.Path("p").weight("w", 1, variations=[1]),
            r"'w': variations={suffix: formula}, not",
        ),
        (lambda: hn.HistExplorer(varied(), view="mass"), "view: expected names with values"),
    ],
)
def test_the_mend_is_said(call: Callable[[], Any], reason: str) -> None:
    with pytest.raises(hn.HepnbError, match=reason):
        call()


def test_settings_and_luminosities_that_make_no_sense_are_told(file: Path) -> None:
    made = hn.Path("p")
    made.hist("n", n="count(Muon): 0, 5, int")
    with pytest.raises(hn.HepnbError, match=r"what is run is a path, .*, not the int 3"):
        hn.plan(3, str(file))  # type: ignore[arg-type]
    with pytest.raises(hn.HepnbError, match="parameters: expected names with values"):
        made.start(str(file), engine="inline", parameters=3)  # type: ignore[arg-type]
    run = made.start(str(file), engine="inline")
    for lumi in ("a", [1], float("nan"), float("inf"), 0, -1):
        with pytest.raises(hn.HepnbError, match="lumi is an integrated luminosity in fb"):
            run.hist("n", lumi=lumi)  # type: ignore[arg-type]
