"""What matters most on the page, in Firefox: the rest is tested in Chromium alone."""

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


@pytest.fixture(scope="module")
def desk(
    served: str, examples: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FirefoxDesk]:
    """The page with two photos, coloured; the tests follow one another in it."""
    if find_spec("marionette_driver") is None:
        missing("marionette-driver is not installed; pip install -e '.[dev]' installs it")
    program("firefox-esr")
    from support.firefox import FirefoxDesk, running

    with running(tmp_path_factory.mktemp("firefox")) as driver:
        desk = FirefoxDesk(driver, served)
        desk.put(examples / "harbour.jpg", examples / "cat.jpg")
        yield desk


def test_photos_are_colored(desk: FirefoxDesk) -> None:
    assert desk.text("#name") == "harbour.jpg"
    assert desk.chroma(0.3, 0.2) < 1
    assert desk.chroma(0.7, 0.2) > 20
    assert desk.box("#undo use")[2] > 8  # icons are drawn


def test_divider_is_dragged(desk: FirefoxDesk) -> None:
    middle, right = desk.spot(0.5, 0.5), desk.spot(0.8, 0.5)
    desk.drag([middle, desk.spot(0.6, 0.5), right])
    assert desk.run("return document.getElementById('divider').ariaValueNow") == "80"
    assert desk.chroma(0.7, 0.2) < 1
    assert desk.chroma(0.9, 0.2) > 20
    desk.drag([right, desk.spot(0.6, 0.5), middle], "touch")
    assert desk.run("return document.getElementById('divider').ariaValueNow") == "50"


def test_place_gets_a_color_that_is_undone(desk: FirefoxDesk) -> None:
    at = desk.spot(0.8, 0.15)
    desk.drag([at])
    desk.until("return document.querySelectorAll('#place .chips:not(.plain) button').length === 6")
    left, top, width, height = desk.box("#place")
    assert not (left <= at[0] <= left + width and top <= at[1] <= top + height)
    desk.click("#place .chips button:nth-child(3)")
    desk.rest()
    assert desk.run("return document.querySelectorAll('#marks li').length") == 1
    desk.press("\ue00c")  # Escape
    desk.until("return document.getElementById('place').hidden")
    desk.click("#undo")
    desk.rest()
    assert desk.run("return document.querySelectorAll('#marks li').length") == 0


def test_sliders_follow_keys(desk: FirefoxDesk) -> None:
    desk.run("document.getElementById('look-saturation').focus()")
    desk.press(*["\ue012"] * 3)  # arrow to the left
    desk.until("return document.getElementById('look-saturation').value === '0.97'")
    desk.rest()
    desk.click("#undo")
    desk.until("return document.getElementById('look-saturation').value === '1'")


def test_low_window_keeps_the_photo_large(desk: FirefoxDesk) -> None:
    before = desk.driver.window_rect
    desk.driver.set_window_rect(width=680, height=430)
    desk.until("return innerHeight < 480")
    desk.until(
        "return parseFloat(document.getElementById('viewport').style.getPropertyValue("
        "'--photo-width')) > 0.6 * innerWidth"
    )
    assert desk.spot(0, 1)[1] < desk.run("return innerHeight")
    desk.driver.set_window_rect(**before)
    desk.until("return innerHeight > 480")


def test_overview_chooses_and_removes(desk: FirefoxDesk) -> None:
    desk.click("#overview")
    desk.until("return document.getElementById('overview-title').textContent === '2 of 2 coloured'")
    desk.click("#tiles li:nth-child(2) input")
    desk.click("#remove-chosen")
    assert desk.run("return document.querySelectorAll('#tiles li').length") == 1
    desk.click("#status .quiet")
    assert desk.run("return document.querySelectorAll('#tiles li').length") == 2
    desk.click("#overview-dialog .shut")
    desk.until("return !document.getElementById('overview-dialog').open")
    desk.rest()


def test_photos_come_back_after_a_reload(desk: FirefoxDesk) -> None:
    desk.driver.refresh()
    desk.until("return document.body.dataset.ready === ''")
    desk.until(
        "return [...document.querySelectorAll('#films li')]"
        ".filter((item) => item.dataset.state === 'ready').length === 2"
    )
