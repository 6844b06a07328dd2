"""The package as a whole: who may import whom, what an import costs, what a wheel holds."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest

import hepnb

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "hepnb"

# Each room and the rooms it may know. Everyone may know `errors`, `frames`, `folders`, `given`, `shell`, `strict`, `whole` and, for the
# version, `hepnb`.
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "frames": set(),
    "folders": set(),
    "given": set(),
    "shell": set(),
    "strict": set(),
    "whole": set(),
    "analysis": set(),
    "histograms": set(),
    "samples": {"histograms"},
    "plots": {"histograms"},
    "stats": {"histograms"},
    "runs": {"analysis", "histograms"},
    "adapt": {"runs", "analysis", "histograms"},
    "widgets": {"runs", "analysis", "histograms", "plots"},
    "notebook": {
        "checkup",
        "widgets",
        "runs",
        "analysis",
        "histograms",
        "samples",
        "plots",
        "_bind",
    },
    "checkup": {"runs", "samples", "_bind"},
    "demo": {"widgets", "runs", "analysis", "histograms", "samples", "plots", "_bind"},
    "hist_cli": {"histograms"},
    "card_cli": {"run_cli", "analysis", "_bind"},
    "run_cli": {"runs", "analysis", "_bind"},
    "cli": {
        "checkup",
        "demo",
        "hist_cli",
        "card_cli",
        "run_cli",
        "notebook",
        "widgets",
        "runs",
        "analysis",
        "histograms",
        "samples",
        "plots",
        "_bind",
    },
}
ARROWS["__main__"] = {"cli"}
# The composition root, and the door that hands its names on when they are first used.
ROOTS = {"_bind", "hepnb"}
HEAVY = (
    "anywidget",
    "awkward",
    "boost_histogram",
    "h5py",
    "hist",
    "ipywidgets",
    "matplotlib",
    "mplhep",
    "numpy",
    "uproot",
)
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(file: Path) -> list[str]:
    """`hepnb/runs/plan.py` as ["hepnb", "runs", "plan"]; a package is its own name."""
    parts = list(file.relative_to(PROJECT).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" else parts


def room_of(module: list[str]) -> str:
    return module[1] if len(module) > 1 else "hepnb"


def imported(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Line and module of every import of hepnb in a file, wherever in the file it stands."""
    package = module_of(file)
    if file.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            target = base + (node.module.split(".") if node.module else [])
            if target == ["hepnb"]:  # `from hepnb import runs`, `from .. import runs`
                for name in node.names:
                    yield node.lineno, [*target, name.name]
            else:
                yield node.lineno, target


def upward(file: Path) -> Iterator[str]:
    """Every import of this file that points at a room it must not know."""
    room = room_of(module_of(file))
    if room in ROOTS:
        return
    for line, module in imported(file):
        if module[0] != "hepnb":
            continue
        target = room_of(module)
        known = {
            room,
            "errors",
            "frames",
            "folders",
            "given",
            "shell",
            "strict",
            "whole",
            "__version__",
        } | ARROWS.get(room, set())
        if target not in known:
            yield f"{file.relative_to(PROJECT)}:{line}: {room} must not know {target}"


# What goes on behind the notebook, and the rooms of `runs` that it may know: none for notebooks.
BEHIND = {"": set(), "logs": set(), "engines": {"logs"}, "supervisor": {"engines", "logs"}}


def test_what_runs_in_the_background_knows_nothing_of_whoever_watches() -> None:
    runs = PACKAGE / "runs"
    rooms = {path.name for path in runs.iterdir() if (path / "__init__.py").exists()}
    for room, known in BEHIND.items():
        for file in (runs / room).glob("*.py"):
            targets = {m[2] for _, m in imported(file) if m[:2] == ["hepnb", "runs"] and m[2:]}
            if file != runs / "__init__.py":
                assert targets & rooms <= {room, *known}, file


def test_every_room_has_its_arrows() -> None:
    rooms = {room_of(module_of(file)) for file in FILES} - ROOTS
    assert rooms <= set(ARROWS), "give the new room its place in ARROWS"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_arrows_point_downwards(file: Path) -> None:
    assert list(upward(file)) == []


@pytest.mark.parametrize(
    "line",
    [
        "import hepnb.runs",
        "from hepnb.runs import Run",
        "from hepnb import runs",
        "from ..runs import Run",
        "from .. import runs",
        "def late():\n    from ..widgets.run_view import RunView",
        "from .._bind import Path",
    ],
)
def test_an_arrow_that_points_up_is_found(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hepnb" / "histograms" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text(line)
    monkeypatch.setattr(sys.modules[__name__], "PROJECT", tmp_path)
    assert len(list(upward(file))) == 1


def hands_on(node: ast.stmt) -> bool:
    """Whether a statement belongs in an `__init__`: docstring, imports, `__all__`, lazy names."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name.startswith("_")
        case ast.FunctionDef(name=name):
            return name in {"__getattr__", "__dir__"} or name.endswith("load_ipython_extension")
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body):
            return all(hands_on(inner) for inner in body)
        case ast.ClassDef(name="_CallableModule") | ast.Assign(targets=[ast.Attribute()]):
            return True  # what makes both `hepnb.runs` and `hn.runs()` mean what they say
        case _:
            return False


INITS = [file for file in FILES if file.name == "__init__.py"]


@pytest.mark.parametrize("file", INITS, ids=lambda file: file.parent.name)
def test_an_init_only_hands_names_on(file: Path) -> None:
    body = ast.parse(file.read_text()).body
    assert [node.lineno for node in body if not hands_on(node)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_file_says_what_it_is_for_and_stays_short(file: Path) -> None:
    text = file.read_text()
    assert ast.get_docstring(ast.parse(text)), "a file opens with a docstring"
    assert len(text.splitlines()) <= 400


def test_an_import_is_light() -> None:
    code = f"import sys, json, hepnb; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(result.stdout) == []


def test_every_public_name_is_there_and_its_neighbour_is_suggested() -> None:
    for name in hepnb.__all__:
        assert getattr(hepnb, name) is not None
    assert set(hepnb.__all__) <= set(dir(hepnb))
    with pytest.raises(AttributeError, match="did you mean 'HistExplorer'"):
        _ = hepnb.HistExplorerr


def test_continuous_integration_runs_what_the_readme_says() -> None:
    commands = re.findall(
        r"^```sh\n(.*?)```", (PROJECT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    demo, test = (command.split("#")[0].strip() for command in commands[:2])
    targets = re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    for command in (demo, test):
        assert command.split()[0] == "make"
        assert command.split()[1] in targets
    script = (PROJECT / ".ci/run").read_text().splitlines()
    assert script[-1] == f"exec {test}"
    assert not re.search("pip|npm|pytest|apt", "\n".join(script))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What somebody gets who clones the project now: only what is committed."""
    if not (PROJECT / ".git").exists():
        pytest.skip("not a git checkout")
    folder = tmp_path_factory.mktemp("clone") / "hepnb"
    run = subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{PROJECT}", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return folder


def build_wheel(folder: Path, out: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(folder)]
    return subprocess.run(
        [sys.executable, *command],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    result = build_wheel(clone, out)
    assert result.returncode == 0, result.stdout + result.stderr
    (file,) = out.glob("*.whl")
    return file


@pytest.mark.package
def test_a_wheel_holds_bundle_and_starterkit(wheel: Path, clone: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    static = (clone / "hepnb/widgets/static").iterdir()
    kit = (file for file in (clone / "starterkit").rglob("*") if file.is_file())
    assert {f"hepnb/widgets/static/{file.name}" for file in static} <= held
    assert {f"hepnb/{file.relative_to(clone)}" for file in kit} <= held
    assert {"hepnb/py.typed", "hepnb/__init__.py"} <= held
    assert any(name.endswith(".js") for name in held)
    outside = {name.split("/")[0] for name in held} - {"hepnb"}
    assert outside == {f"hepnb-{hepnb.__version__}.dist-info"}
    assert not [name for name in held if "node_modules" in name or "__pycache__" in name]


@pytest.mark.package
def test_a_wheel_says_who_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = f"hepnb-{hepnb.__version__}.dist-info"
    metadata = message_from_bytes(archive.read(f"{info}/METADATA"))
    assert metadata["Version"] == hepnb.__version__
    assert metadata["License-Expression"] == "BSD-3-Clause"
    points = archive.read(f"{info}/entry_points.txt").decode()
    assert "hepnb = hepnb.cli:main" in points
    assert "dbs = hepnb.analysis.cards.dbs:files_of" in points
    assert "rucio = hepnb.analysis.cards.rucio:files_of" in points
    extras = set(metadata.get_all("Provides-Extra"))
    assert {
        "lab",
        "dask",
        "fast",
        "fit",
        "tnp",
        "ml",
        "coffea",
        "rucio",
        "servicex",
        "toy",
    } <= extras


@pytest.mark.package
def test_a_wheel_without_the_bundle_is_refused(clone: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run(["git", "clone", "--quiet", str(clone), str(bare)], check=True)
    for file in (bare / "hepnb/widgets/static").glob("*.js"):
        file.unlink()
    result = build_wheel(bare, tmp_path / "out", HEPNB_BUILD_JS="0")
    assert result.returncode != 0
    assert "holds no bundle: run `npm ci && npm run build`" in result.stdout + result.stderr


def test_the_version_is_the_same_everywhere() -> None:
    citation = (PROJECT / "CITATION.cff").read_text()
    assert f"version: {hepnb.__version__}" in citation
    assert f"## {hepnb.__version__}" in (PROJECT / "CHANGELOG.md").read_text()
    scripts = json.loads((PROJECT / "widgets_js/package.json").read_text())
    assert scripts["version"] == hepnb.__version__


def test_widget_updates_from_threads_are_safe_with_the_kernels_we_ask_for() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    (kernel,) = (
        dep for dep in project["optional-dependencies"]["lab"] if dep.startswith("ipykernel")
    )
    assert "!=7.0.*" in kernel
