"""LogView on a bare page in Chromium: rows, levels, search, following, keyboard, what is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hepnb.runs.logs import LogFile, LogWriter
from hepnb.widgets import LogView

pytestmark = pytest.mark.browser

HOSTILE = "<script>document.title = 'owned'</script><img src=x onerror=alert(1)>"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    + "".join(f'  File "cell.py", line {n}, in step\n    go()\n' for n in range(12))
    + "ValueError: bad <b>basket</b>"
)


class Log:
    """The view as a test sees it."""

    def __init__(self, on: Any) -> None:
        self.on, self.page = on, on.page
        self.grid = on.page.get_by_role("grid", name="Log lines")
        self.rows = on.page.locator(".hepnb-logrow")
        self.search = on.page.get_by_role("searchbox", name="Search the log")

    def until(self, words: str) -> None:
        """Wait for words to be seen in the lines."""
        self.on.until(lambda: words in self.seen())

    def until_said(self, words: str) -> None:
        """Wait for a status to say so."""
        said = self.page.get_by_role("status").filter(has_text=words)
        self.on.until(lambda: said.count() > 0)

    def seen(self) -> str:
        """The lines in view, as text."""
        return str(
            self.grid.evaluate(
                """grid => { const box = grid.getBoundingClientRect();
                return [...grid.querySelectorAll('.hepnb-logrow')].filter(row => {
                    const at = row.getBoundingClientRect();
                    return at.bottom > box.top + 1 && at.top < box.bottom - 1;
                }).map(row => row.innerText.replaceAll('\\n', ' ')).join('\\n') }"""
            )
        )

    def numbers(self) -> list[int]:
        """The numbers of the records in view."""
        return [
            int(n)
            for n in self.grid.evaluate(
                """grid => { const box = grid.getBoundingClientRect();
                return [...grid.querySelectorAll('.hepnb-logrow')].filter(row => {
                    const at = row.getBoundingClientRect();
                    return at.bottom > box.top + 1 && at.top < box.bottom - 1;
                }).map(row => row.dataset.n || -1) }"""
            )
        ]

    def is_whole(self) -> bool:
        """Whether all lines in view are there."""
        numbers = self.numbers()
        return numbers != [] and -1 not in numbers

    def is_following(self) -> bool:
        press = self.page.get_by_role("button", name="follow", exact=True)
        return press.get_attribute("aria-pressed") == "true"


@pytest.fixture
def show(bare: Callable[..., Any]) -> Callable[..., Log]:
    def make(run: Any, theme: str = "light", width: int = 900) -> Log:
        log = Log(bare(LogView(run), theme, width))
        log.on.until(lambda: log.rows.count() > 0)
        return log

    return make


def write(run: Any, *texts: str, **about: Any) -> None:
    """More lines for the log of a run, which says so."""
    writer = LogWriter(run.directory / "log")
    for text in texts:
        writer.add(text, **about)
    writer.close()
    total = run.now["log"]["total"] + len(texts)
    run.tell(log={**run.now["log"], "total": total})


def test_it_follows_until_one_scrolls_up_and_again_at_a_click(
    run: Any, show: Callable[..., Log]
) -> None:
    log = show(run)
    log.until("kept 1252")
    assert log.numbers()[-1] == 4999
    write(run, "one more", "and the last")
    log.until("and the last")
    log.grid.hover()
    log.page.mouse.wheel(0, -400)
    log.on.until(lambda: not log.is_following())
    log.on.until(lambda: log.is_whole() and log.numbers()[-1] < 4990)
    before = log.numbers()
    write(run, *(f"later {n}" for n in range(50)))
    log.until_said("5052 lines")
    assert log.numbers() == before, "what is read does not move"
    log.page.get_by_role("button", name="↓ follow the end").click()
    log.until("later 49")
    assert log.is_following()
    assert log.page.get_by_role("button", name="↓ follow the end").count() == 0


def test_any_place_has_its_own_lines_and_few_rows(run: Any, show: Callable[..., Log]) -> None:
    log = show(run)
    log.until("kept 1252")
    for share in (0.5, 0.1, 0.98, 0.0, 0.73):
        log.grid.evaluate("(log, share) => { log.scrollTop = share * log.scrollHeight }", share)
        # Until the next frame the rows of the last place are in view.
        log.on.until(
            lambda at=share * 5000: log.is_whole() and abs(log.numbers()[0] - at) < 25  # type: ignore[misc]
        )
        seen = log.numbers()
        assert seen == list(range(seen[0], seen[0] + len(seen)))
        assert log.rows.count() < 60
        first = log.page.locator(f'.hepnb-logrow[data-n="{seen[3]}"] .hepnb-log-text')
        assert run.records[seen[3]]["text"].partition("\n")[0] in first.inner_text()


def test_levels_and_sources(run: Any, show: Callable[..., Log]) -> None:
    log = show(run)
    log.until("kept 1252")
    counts = {
        level: sum(r["level"] == level for r in run.records)
        for level in ("DEBUG", "INFO", "WARNING", "ERROR")
    }
    for level, count in counts.items():
        press = log.page.get_by_role("button", name=re.compile(f"^{level}"))
        assert str(count) in press.inner_text().replace("\u2009", "")
    for level in ("INFO", "DEBUG", "WARNING"):
        log.page.get_by_role("button", name=re.compile(f"^{level}")).click()
    log.until_said(f"{counts['ERROR']} lines of 5000")
    assert set(log.numbers()) == {r["n"] for r in run.records if r["level"] == "ERROR"}
    log.page.get_by_label("Worker").focus()
    log.on.until(lambda: log.page.get_by_label("Worker").locator("option").count() == 3)
    log.page.get_by_label("Worker").select_option("2")
    second = [r for r in run.records if r["level"] == "ERROR" and r["worker"] == 2]
    log.until_said(f"{len(second)} lines of 2500")
    assert log.numbers() == [r["n"] for r in second]
    for level in ("INFO", "DEBUG", "WARNING"):
        log.page.get_by_role("button", name=re.compile(f"^{level}")).click()
    log.page.get_by_label("Chunk").fill(run.records[7]["chunk"])
    log.page.keyboard.press("Enter")
    log.until_said("1 line of 1")
    assert log.numbers() == [7]
    log.page.get_by_label("Chunk").fill("nowhere.root:0-1")
    log.page.keyboard.press("Enter")
    log.until_said("no line is like this")


def test_a_search_walks_from_hit_to_hit(run: Any, show: Callable[..., Log]) -> None:
    log = show(run)
    hits = [r["n"] for r in run.records if "<script>" in r["text"]]
    log.page.keyboard.press("/")  # not in the widget: nothing happens
    log.grid.focus()
    log.page.keyboard.press("/")
    log.page.keyboard.type("<SCRIPT>")
    log.until_said(f"{len(hits)} hits")
    for place, key in ((1, "Enter"), (2, "Enter"), (1, "Shift+Enter"), (len(hits), "Shift+Enter")):
        log.page.keyboard.press(key)
        log.until_said(f"{place} of {len(hits)}")
        log.on.until(lambda place=place: hits[place - 1] in log.numbers())
        marked = log.page.locator(".hepnb-hit")
        assert marked.get_attribute("data-n") == str(hits[place - 1])
        assert marked.locator(".hepnb-mark").inner_text() == "<script>"
    log.page.get_by_role("button", name="Show only hits").click()
    log.until_said(f"{len(hits)} lines of 5000")
    assert set(log.numbers()) <= set(hits)
    log.search.fill("((")
    log.until_said("no hit")
    log.page.get_by_role("button", name="Regular expression").click()
    log.until_said("no regular expression: missing ), unterminated subpattern at position 1")
    assert log.search.get_attribute("aria-invalid") == "true"
    log.search.fill(r"kept 12\d2$")
    expected = sum(bool(re.search(r"kept 12\d2$", r["text"])) for r in run.records)
    log.until_said(f"{expected} hits")
    log.search.press("Escape")
    log.until_said("5000 lines")
    log.search.press("Escape")
    assert log.grid.evaluate("grid => grid === document.activeElement")


def test_an_expression_that_would_never_end_stops_neither_page_nor_kernel(
    make_run: Callable[..., Any], show: Callable[..., Log]
) -> None:
    run = make_run()
    write(run, "a" * 40 + "b", "so many a" + "a" * 40)
    log = show(run)
    log.until("aab")
    log.page.get_by_role("button", name="Regular expression").click()
    log.search.fill("(a+)+$")
    log.until_said("1 hit")
    marks = log.page.locator(".hepnb-mark")
    log.on.until(lambda: marks.all_inner_texts() == ["a" * 41])
    log.search.fill("(a|aa)+b?!")
    log.until_said("the regular expression '(a|aa)+b?!' takes too long")
    log.on.until(lambda: marks.count() == 0)
    assert "so many" in log.seen()
    log.search.fill("(?P<word>m)any")  # what is no expression to a browser
    log.on.until(lambda: marks.all_inner_texts() == ["many"])
    log.page.get_by_role("button", name="Show only hits").click()
    log.until_said("1 line of 5002")
    log.on.until(lambda: marks.all_inner_texts() == ["many"])
    log.search.press("Escape")
    log.on.until(lambda: "aab" in log.seen() and marks.count() == 0)


def test_everything_by_keyboard(run: Any, show: Callable[..., Log]) -> None:
    log = show(run)
    log.until("kept 1252")
    log.grid.focus()
    log.page.keyboard.press("Home")
    log.on.until(lambda: log.is_whole() and 0 in log.numbers())
    assert not log.is_following()

    def active() -> int:
        row = log.page.locator(f"#{log.grid.get_attribute('aria-activedescendant')}")
        assert row.get_attribute("aria-rowindex") == str(int(row.get_attribute("data-n")) + 1)
        return int(row.get_attribute("data-n"))

    assert active() == 0
    for key, place in (("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", 0), ("PageDown", 15)):
        log.page.keyboard.press(key)
        log.on.settle()
        assert active() == place
    for _ in range(30):
        log.page.keyboard.press("PageDown")
    log.on.until(log.is_whole)
    assert active() == 31 * 15
    log.page.keyboard.press("PageUp")
    assert active() == 30 * 15
    log.page.keyboard.press("End")
    log.on.until(lambda: 4999 in log.numbers())
    assert (active(), log.is_following()) == (4999, True)
    assert log.grid.get_attribute("aria-rowcount") == "5000"
    log.page.keyboard.press("ArrowUp")
    log.page.keyboard.press("Shift+ArrowUp")
    log.page.keyboard.press("Shift+ArrowUp")
    assert log.page.locator('.hepnb-logrow[aria-selected="true"]').count() == 3
    log.page.keyboard.press("Control+c")
    log.until_said("copied 3 lines")
    copied = log.page.evaluate("() => navigator.clipboard.readText()").splitlines()
    assert [line.partition(": ")[2] for line in copied] == [
        run.records[n]["text"] for n in (4996, 4997, 4998)
    ]


def test_long_messages_fold_and_repeats_are_counted(
    make_run: Callable[..., Any], show: Callable[..., Log], artifacts: Path
) -> None:
    run = make_run()
    write(run, TRACEBACK, *["again and again"] * 12, "x" * 9000, "end", level="ERROR")
    log = show(run)
    log.until("again and again")
    assert "×12" in log.seen()
    assert "Traceback … ValueError: bad <b>basket</b>" in log.seen()
    assert "+25 lines" in log.seen()
    log.page.get_by_role("button", name="Show all 26 lines").click()
    opened = log.rows.filter(has_text="Traceback")
    log.on.until(lambda: opened.inner_text().count("go()") == 12)
    below = log.rows.filter(has_text="again and again")
    assert below.bounding_box()["y"] >= opened.bounding_box()["y"] + 26 * 15
    log.page.screenshot(path=artifacts / "log-traceback.png", full_page=True)
    assert log.on.violations() == []
    log.grid.focus()
    log.page.keyboard.press("End")
    log.page.keyboard.press("ArrowUp")
    log.page.keyboard.press("Enter")
    long = log.page.locator(".hepnb-active .hepnb-log-text")
    log.on.until(lambda: len(long.inner_text()) == 9000)
    log.page.keyboard.press("Enter")
    log.on.until(lambda: len(long.inner_text()) < 500)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_are_shown_and_hostile_lines_are_text(
    make_run: Callable[..., Any], show: Callable[..., Log], artifacts: Path, theme: str
) -> None:
    run = make_run()
    colours = "".join(f"\x1b[{30 + n}mfg{n}\x1b[{90 + n}m bright{n}\x1b[0m " for n in range(8))
    backs = "".join(f"\x1b[{40 + n};{31 + n % 7}m on{n} \x1b[0m" for n in range(8))
    write(
        run,
        colours,
        backs,
        "\x1b[38;5;208m256 orange\x1b[0m \x1b[38;2;90;20;200mtrue violet\x1b[0m \x1b[7minverse\x1b[0m"
        " \x1b[1mbold\x1b[22m \x1b[2mdim\x1b[0m \x1b[3;4mitalic\x1b[0m \x1b]0;title\x07\x1b[2Jclean",
        HOSTILE,
        '\u202e"><svg onload=alert(1)>',
        level="WARNING",
        chunk=HOSTILE,
        logger=HOSTILE,
    )
    log = show(run, theme)
    log.until("onerror")
    assert HOSTILE in log.page.locator(".hepnb-log-text").nth(-2).inner_text()
    assert log.page.locator(".hepnb-logpart script, .hepnb-logpart img, svg").count() == 0
    assert log.page.title() == "hepnb"
    assert not {"\x1b", "\u202e"} & set(log.seen())
    assert "[2J" not in log.seen()
    log.page.locator(".hepnb-logrow", has_text="256 orange").click()
    log.search.fill("orange")
    log.until_said("1 hit")
    log.page.keyboard.press("Enter")
    log.until_said("1 of 1")
    assert log.on.violations() == []
    log.page.screenshot(path=artifacts / f"log-{theme}.png", full_page=True)
    log.page.get_by_label("Chunk").focus()
    log.on.until(lambda: log.page.locator("datalist option").count() > 3)


def test_lines_are_kept_as_a_file_or_said_where_they_are(
    run: Any, show: Callable[..., Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(run, "\x1b[31mred\x1b[0m <b>", "two\nlines")
    log = show(run)
    log.until("two")
    save = log.page.get_by_role("button", name="download")
    with log.page.expect_download() as waiting:
        save.click()
        log.until_said("saved")
    text = Path(waiting.value.path()).read_text()
    assert waiting.value.suggested_filename == "20261121-223812-dimuon-7f3a.log"
    assert text.count("kept") == sum("kept" in r["text"] for r in run.records)
    assert text.endswith("two\nlines\n")
    assert ": red <b>\n" in text
    page = LogFile(run.directory / "log")
    answer = page.page
    monkeypatch.setattr(
        log.on.widget._logs._log,
        "page",
        lambda *given, **more: {**answer(*given, **more), "total": 1_000_000},
    )
    write(run, "more")
    log.until_said("1\u2009000\u2009000 lines")
    save.click()
    log.until_said("are too many here (200\u2009000); the log is in /home/marie/runs")


def test_a_filter_that_is_changed_while_pages_are_under_way_shows_no_old_lines(
    run: Any, show: Callable[..., Log]
) -> None:
    log = show(run)
    log.until("kept 1252")
    log.grid.evaluate("(log) => { log.scrollTop = 0 }")
    log.page.wait_for_function("() => window.link.outbox.length > 0")
    log.page.get_by_role("button", name=re.compile("^INFO")).click()
    log.page.get_by_role("button", name=re.compile("^DEBUG")).click()
    log.page.get_by_role("button", name=re.compile("^ERROR")).click()
    late, *_, newest = log.page.evaluate("() => window.link.outbox.splice(0)")
    assert (late["levels"], newest["levels"]) == (None, ["WARNING", "CRITICAL"])
    for request in (newest, late):  # the old answer comes last
        log.on.widget._handle_custom_msg(request, [])
        assert log.on.widget._errands.join(5)
        log.on.settle()
    seen = log.numbers()
    assert {run.records[n]["level"] for n in seen} == {"WARNING"}
    log.until_said(f"{sum(r['level'] == 'WARNING' for r in run.records)} lines of 5000")


def test_a_phone_and_less_motion(run: Any, show: Callable[..., Log], artifacts: Path) -> None:
    log = show(run, width=390)
    log.until("kept 1252")
    log.page.screenshot(path=artifacts / "log-phone.png", full_page=True)
    assert log.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert log.on.violations() == []
    moving = log.page.evaluate(
        """() => [...document.querySelectorAll('.hepnb-logpart *')].filter(node =>
            getComputedStyle(node).transitionDuration !== '0s'
            || getComputedStyle(node).animationName !== 'none').length"""
    )
    assert moving == 0
