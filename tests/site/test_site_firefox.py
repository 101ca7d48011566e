"""The site in Firefox as Debian ships it; the rest is tested in Chromium alone."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.programs import missing, program

if TYPE_CHECKING:
    from support.firefox import FirefoxDesk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # these are of Marionette's packages
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LOADING_S = 120


@pytest.fixture(scope="module")
def desk(
    site: str, examples: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FirefoxDesk]:
    """The site with a photo, colored."""
    if find_spec("marionette_driver") is None:
        missing("marionette-driver is not installed; pip install -e '.[dev]' installs it")
    program("firefox-esr")
    from support.firefox import FirefoxDesk, running

    with running(tmp_path_factory.mktemp("firefox")) as driver:
        desk = FirefoxDesk(driver, site)
        words = "return document.getElementById('engine').textContent"
        desk.until(f"{words}.startsWith('Ready')", patience_s=LOADING_S)
        desk.put(examples / "harbour.jpg")
        yield desk


def test_photo_is_colored(desk: FirefoxDesk) -> None:
    assert desk.text("#name") == "harbour.jpg"
    assert desk.chroma(0.3, 0.2) < 1
    assert desk.chroma(0.7, 0.2) > 20


def test_place_gets_a_color_that_is_undone(desk: FirefoxDesk) -> None:
    desk.drag([desk.spot(0.8, 0.15)])
    desk.until("return document.querySelectorAll('#place .chips:not(.plain) button').length > 1")
    desk.click("#place .chips button:nth-child(2)")
    desk.rest()
    assert desk.run("return document.querySelectorAll('#marks li').length") == 1
    desk.press("\ue00c")  # Escape
    desk.click("#undo")
    desk.rest()
    assert desk.run("return document.querySelectorAll('#marks li').length") == 0


TAKE = """
window.taken = [];
const made = URL.createObjectURL;
URL.createObjectURL = (blob) => {
  window.taken.push(blob);
  return made.call(URL, blob);
};
HTMLAnchorElement.prototype.click = function click() { window.takenName = this.download; };
"""
"""Results are kept in the page, not among the downloads of who runs the tests."""
MEASURE = """
const [done] = arguments;
createImageBitmap(window.taken.at(-1)).then(({ width, height }) =>
  done([window.takenName, width, height]));
"""


def test_results_are_written_in_what_firefox_writes(desk: FirefoxDesk) -> None:
    desk.run(TAKE)
    formats = "return [...document.querySelectorAll('#format option')].map((one) => one.value)"
    offered = desk.run(formats)
    assert {"jpg", "png"} < set(offered)
    for kind in filter(None, offered):
        desk.click("#download")
        desk.run(
            """const format = document.getElementById("format");
            format.value = arguments[0];
            format.dispatchEvent(new Event("change"));""",
            kind,
        )
        desk.click("#download-one")
        desk.until("return !document.getElementById('download-dialog').open")
        found = desk.driver.execute_async_script(MEASURE, sandbox=None)
        assert found == [f"harbour.color.{kind}", 1024, 477]
