"""What the user sees: the Python half of each widget; the other half is widgets_js/."""

from __future__ import annotations

from .hist_explorer import HistExplorer
from .path_view import PathView
from .run_view import CollectionsView, LogView, ProgressView, RunView, StatisticsView
from .runs_view import RunsView

__all__ = [
    "CollectionsView",
    "HistExplorer",
    "LogView",
    "PathView",
    "ProgressView",
    "RunView",
    "RunsView",
    "StatisticsView",
]
