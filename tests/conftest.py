"""Fixtures of all tests, and the rule that on CI nothing is skipped.

Locally a test whose browser or data is missing is skipped with its reason; on CI (`CI=true`) such
a skip is a failure, because a test that never runs holds nothing.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from hypothesis import settings

PROJECT = Path(__file__).resolve().parents[1]
ON_CI = os.environ.get("CI", "").lower() in {"1", "true"}
NEVER_SKIPPED = ("browser", "dask", "hub", "notebook", "package", "realdata")

# A shared machine is slow now and then: a deadline per example would fail for that alone.
settings.register_profile("default", deadline=None, print_blob=True)
settings.register_profile("soak", settings.get_profile("default"), max_examples=10_000)
settings.load_profile("default")


def pytest_configure() -> None:
    """Find the data that lies beside a checkout, unless the user said where it is."""
    beside = PROJECT.parent / "shared" / "data"
    if "HEPNB_DATA_DIR" not in os.environ and beside.is_dir():
        os.environ["HEPNB_DATA_DIR"] = str(beside)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On CI, turn the skip of a marked test into a failure that gives the reason."""
    report = yield
    marks = [mark for mark in NEVER_SKIPPED if item.get_closest_marker(mark)]
    if ON_CI and marks and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped on CI ({', '.join(marks)}): {call.excinfo}"
    return report


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of public data, or a skip."""
    folder = os.environ.get("HEPNB_DATA_DIR")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no public data: set HEPNB_DATA_DIR")
    return Path(folder)


@pytest.fixture(scope="session")
def dimuon_file(data_dir: Path) -> Path:
    """100 000 real events, 3.6 MB, or a skip."""
    file = data_dir / "cms/dimuon/Run2012BC_DoubleMuParked_100k_open-data-example.root"
    if not file.is_file():
        pytest.skip(f"no {file}")
    return file


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium or Chrome (`CHROMIUM` names another), or a skip."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := which(name)):
            return found
    pytest.skip("no Chromium: install the package chromium")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """One Chromium for the whole session: playwright's driver may be started only once."""
    playwright = pytest.importorskip("playwright.sync_api")
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
    ]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=quiet)
        yield browser
        browser.close()
