"""The pump: newest wins, order kept, nothing lost."""

from __future__ import annotations

import threading
import time

from hepnb.widgets._pump import Pump


def test_the_newest_job_of_a_key_wins_and_the_dropped_one_is_told() -> None:
    seen: list[object] = []
    gate = threading.Event()
    pump = Pump("test", failed=seen.append)
    pump.put("first", lambda: (gate.wait(5), seen.append("first"))[0])
    for n in range(100):
        pump.put("slice", lambda n=n: seen.append(n), dropped=lambda n=n: seen.append(-n))
    gate.set()
    assert pump.join(5)
    assert [s for s in seen if s == "first" or (isinstance(s, int) and s > 0)] == ["first", 99]
    assert len([s for s in seen if isinstance(s, int) and s <= 0]) == 99


def test_a_job_that_fails_is_reported_and_the_next_one_runs() -> None:
    seen: list[object] = []
    pump = Pump("test", failed=lambda error: seen.append(str(error)))

    def broken() -> None:
        raise ValueError("no such bin")

    pump.put("a", broken)
    pump.put("b", lambda: seen.append("ran"))
    assert pump.join(5)
    assert seen == ["no such bin", "ran"]


def test_a_job_waits_for_its_time_and_urgent_ones_pass_it() -> None:
    seen: list[tuple[str, float]] = []
    start = time.monotonic()
    pump = Pump("test", failed=lambda _: None)
    pump.put("later", lambda: seen.append(("later", time.monotonic() - start)), after=0.2)
    pump.put("now", lambda: seen.append(("now", time.monotonic() - start)))
    assert pump.join(5)
    assert [name for name, _ in seen] == ["now", "later"]
    assert seen[1][1] >= 0.2


def test_a_stopped_pump_forgets_what_waits() -> None:
    seen: list[str] = []
    pump = Pump("test", failed=lambda _: None)
    pump.put("later", lambda: seen.append("later"), after=0.1)
    pump.stop()
    pump.put("more", lambda: seen.append("more"))
    assert pump.join(5)
    time.sleep(0.2)
    assert not seen
