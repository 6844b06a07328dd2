"""A place for runs."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _state(tmp_path, monkeypatch):
    monkeypatch.setenv("HEPNB_STATE_DIR", str(tmp_path / "state"))
