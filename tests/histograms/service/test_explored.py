"""A histogram on a server, in the explorer, while another client fills it."""

from __future__ import annotations

import time

from hepnb.widgets import HistExplorer

from .conftest import Service


def test_the_explorer_follows_a_histogram_on_a_server(service: Service) -> None:
    with service.hist() as seen, service.hist() as filling:
        filling.fill(x=[0.5, 1.5, 1.7], weight=2.0)
        filling.flush()
        explorer = HistExplorer(seen, name="h", view={"x": {"as": "x", "range": [1, 3]}})
        assert explorer.selected.values().tolist() == [4.0, 0.0]
        assert eval(explorer.code, {"h": seen}) == explorer.selected
        filling.fill(x=[2.5], weight=1.0)
        filling.flush()
        deadline = time.monotonic() + 30
        while explorer.selected.values().tolist() != [4.0, 1.0] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert explorer.selected.values().tolist() == [4.0, 1.0]
        assert explorer.view == {"x": {"as": "x", "range": [1.0, 3.0], "rebin": 1}}
        explorer.close()
