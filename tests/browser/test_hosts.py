"""Every program that shows notebooks shows hepnb's widgets, live and in the colours of its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hepnb.samples import toy_dimuon

from .hosts import HOSTS, Host

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

CELLS = (
    """\
import anywidget
import traitlets
import hepnb as hn
from hepnb.demo import dimuon_path
""",
    """\
run = dimuon_path().start({file!r}, 1).wait(60)
h = run.hist("mass")
""",
    """\
explorer = hn.HistExplorer(h, name="h", view={{"pt": "range", "charge": "overlay"}})
explorer
""",
    "hn.RunView(run)",
    # No host runs a cell the same way as another; a button is pressed the same way in all.
    '''\
class Ask(anywidget.AnyWidget):
    """A button, and what the kernel says of the explorer when it is pressed."""

    answer = traitlets.Unicode().tag(sync=True)
    _esm = """
    export default {{ render({{ model, el }}) {{
        const button = document.createElement("button");
        const answer = document.createElement("output");
        button.textContent = "Ask the kernel";
        button.onclick = () => model.send({{}});
        answer.className = "answer";
        model.on("change:answer", () => {{ answer.textContent = model.get("answer"); }});
        el.append(button, answer);
    }} }}
    """

def answer(ask, *_):
    same = eval(explorer.code, {{"h": h}}) == explorer.selected
    ask.answer = f"{{explorer.code}} {{same}} {{explorer.selected.sum():.0f}}"

ask = Ask()
ask.on_msg(answer)
ask
''',
)

# The widget's own background, and what lies behind it, as lightness from 0 to 1.
COLOURS = """widget => {
    const pixel = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const lightness = colour => {
        pixel.clearRect(0, 0, 1, 1);
        pixel.fillStyle = colour;
        pixel.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
        return a < 128 ? null : (r + g + b) / 765; };
    let behind = null;
    for (let at = widget.parentNode || null; at && behind === null; at = at.parentNode ?? at.host)
        if (at.nodeType === 1) behind = lightness(getComputedStyle(at).backgroundColor);
    return [lightness(getComputedStyle(widget).backgroundColor), behind ?? 1]; }"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_dimuon(tmp_path_factory.mktemp("toy") / "toy.root", 20_000, 4)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_a_moved_control_reaches_the_kernel_and_comes_back(
    host: Host, page: Any, tolerated: dict[str, str], request: pytest.FixtureRequest, toy: Path
) -> None:
    server = request.getfixturevalue(host.server)
    tolerated.update(host.mistakes)
    page.emulate_media(color_scheme="dark")
    host.show(page, server, host.name, [cell.format(file=str(toy)) for cell in CELLS])
    explorer, run = page.locator(".hepnb-explorer"), page.locator(".hepnb-run")
    explorer.locator("path.hepnb-curve").first.wait_for()
    slider = explorer.locator('[data-axis="pt"]').get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    code = explorer.locator(".hepnb-code")
    code.filter(has_text="10j").wait_for()
    page.get_by_role("button", name="Ask the kernel").click()
    answer = page.locator(".answer").filter(has_text=code.inner_text())
    answer.wait_for()
    said, same, total = answer.inner_text().rsplit(maxsplit=2)
    assert (said, same) == (code.inner_text(), "True")
    assert 0 < int(total) < 20_000
    run.locator('.hepnb-state[data-state="done"]').wait_for()
    run.get_by_role("tab", name="Collections").click()
    run.get_by_role("row", name="Muon").wait_for()
    for widget in (explorer, run):
        own, behind = widget.evaluate(COLOURS)
        assert (behind < 0.5) == host.dark
        assert abs(own - behind) < 0.3, f"lightness {own} on a page of {behind}"
    server.end_kernels()
