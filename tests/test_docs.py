"""What the documentation shows is true: its code runs, its pages build, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
GUIDES = (
    "adapters.md",
    "cards.md",
    "events.md",
    "histograms.md",
    "lookups.md",
    "modules.md",
    "paths.md",
    "runs.md",
    "scans.md",
    "scores.md",
)


def python_blocks(page: Path) -> str:
    """The Python of a page, in the order of reading, as one script."""
    return "\n".join(
        re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    )


def write_cards(page: Path, folder: Path) -> None:
    """The run cards of a page, each under the name that its first line says."""
    blocks = re.findall(
        r"^```yaml\n# (\w+\.yaml)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL
    )
    for name, text in blocks:
        (folder / name).write_text(text)


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.usefixtures("dimuon_file")
@pytest.mark.parametrize("name", ["README.md", "docs/start.md"])
def test_the_tour_runs_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    script = tmp_path / "tour.py"
    check = "\nassert h.sum() > 30_000, h\nassert run.wait(30).status == 'done', run\n"
    script.write_text(python_blocks(PROJECT / name) + check)
    env = os.environ | {"HEPNB_STATE_DIR": str(tmp_path / "state")}
    result = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", str(script)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "real data" in result.stdout
    assert (tmp_path / "mass.h5").stat().st_size > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_runs_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    script = tmp_path / "guide.py"
    write_cards(PROJECT / "docs" / name, tmp_path)
    script.write_text(python_blocks(PROJECT / "docs" / name))
    result = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=os.environ
        | {
            "HEPNB_STATE_DIR": str(tmp_path / "state"),
            "HEPNB_CACHE_DIR": str(tmp_path / "cache"),
            "MPLBACKEND": "agg",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_between_files_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    here = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in here if not (page.parent / target).exists()] == []


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=PROJECT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    pages = (tmp_path / "site").rglob("*.html")
    loaded = "\n".join(page.read_text() for page in pages)
    # An example that is not fenced becomes a quotation in a quotation.
    assert "<blockquote>" not in loaded
    assert not re.search(r'<(script|img|iframe)[^>]+src="https?:', loaded)
    assert not re.search(r'<link[^>]+rel="stylesheet"[^>]+href="https?:', loaded)
