"""Random gestures, and what they found: interrupted gestures, and a server that forgets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.chromium import executable
from support.desk import Desk

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "page_gestures.py"


def gestures(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--chromium", executable(), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.browser
@pytest.mark.parametrize("viewport", ["desktop", pytest.param("phone", marks=pytest.mark.long)])
def test_random_gestures(viewport: str) -> None:
    how = ("--seed", "1", "--gestures", "30", "--kills", "1", "--viewport", viewport)
    assert "30 gestures" in gestures(*how)


@pytest.mark.long
@pytest.mark.skipif("PHOTOCHROM_GESTURES" not in os.environ, reason="5000 of them take an hour")
@pytest.mark.parametrize("viewport", ["desktop", "phone"])
def test_random_gestures_for_an_hour(viewport: str) -> None:
    """PHOTOCHROM_GESTURES says how many."""
    count = os.environ["PHOTOCHROM_GESTURES"]
    assert "no fault" in gestures("--seed", "7", "--viewport", viewport, "--gestures", count)


@pytest.mark.browser
def test_stroke_on_a_photo_that_is_not_open_yet_does_nothing(desk: Desk, examples: Path) -> None:
    desk.put(examples / "harbour.jpg")
    desk.press("b")
    desk.page.route("**/api/v1/sessions?**", lambda route: None)  # is on its way for ever
    desk.page.set_input_files("#photo-input", [str(examples / "cat.jpg")])
    desk.until(lambda: desk.page.evaluate("() => document.body.dataset.state") == "uploading")
    desk.page.wait_for_timeout(300)  # the browser's own picture of it is shown
    middle = desk.middle("#canvas")
    desk.drag(middle, (middle[0] + 60, middle[1]))
    assert not desk.faults


@pytest.mark.browser
def test_drag_of_a_mark_ends_with_its_photo(desk: Desk, examples: Path) -> None:
    desk.put(examples / "harbour.jpg", examples / "cat.jpg")
    desk.page.locator("#films .film").first.click()
    desk.rest()
    desk.click_photo(0.3, 0.5)
    desk.chips.first.click()
    desk.press("Escape")
    desk.rest()
    start = desk.spot(0.3, 0.5)
    desk.page.mouse.move(*start)
    desk.page.mouse.down()
    desk.page.mouse.move(start[0] + 80, start[1], steps=4)
    desk.press("PageDown")
    desk.page.mouse.move(start[0] + 160, start[1], steps=4)
    desk.page.mouse.up()
    desk.rest()
    assert desk.page.locator("#undo").is_disabled()  # of the other photo
    desk.press("PageUp")
    desk.rest()
    assert desk.page.inner_text("#marks-count") == "1" or desk.hints()
    desk.click("undo")  # the move as far as it came is a step
    assert "move" in desk.status.lower()


@pytest.mark.browser
def test_clip_goes_on_when_the_photo_changes(desk: Desk, examples: Path) -> None:
    desk.put(examples / "square.jpg", examples / "cat.jpg")
    desk.click("download")
    with desk.page.expect_download() as coming:
        desk.click("share-clip")
        desk.page.wait_for_timeout(500)
        desk.press("Escape", "PageUp")
        desk.page.wait_for_timeout(500)
        desk.press("PageDown")
    assert "before-after" in coming.value.suggested_filename
    assert not desk.page.locator("#share-clip.busy").count()


@pytest.mark.browser
def test_look_that_the_server_dropped_is_sent_again(desk: Desk, examples: Path) -> None:
    desk.forgiven.append("404")
    desk.put(examples / "square.jpg")
    desk.slide("saturation", 0.5)
    desk.rest()
    desk.press("a")  # pins it
    desk.page.wait_for_selector("#pinned:not([hidden])")
    session = next(one.path for one in desk.requests if one.kind == "preview").split("/")[2]
    pinned = int(desk.all("preview")[-1].query["revision"])
    for number in range(201):
        desk.page.context.request.patch(
            f"{desk.address}api/v1/sessions/{session}", data={"warmth": number / 1000}
        )
    before = len(desk.all("preview"))
    desk.page.set_input_files("#photo-input", [str(examples / "cat.jpg")])
    desk.until(lambda: desk.states() == ["ready"] * 2, 60_000)
    desk.press("PageUp")
    desk.rest()
    asked = [
        int(one.query["revision"])
        for one in desk.all("preview")[before:]
        if session in one.path and "revision" in one.query
    ]
    assert pinned in asked
    desk.until(lambda: max(int(one.query.get("revision", 0)) for one in desk.all("preview")) > 200)
    assert "no revision" not in desk.status


@pytest.mark.browser
def test_photo_is_complete_again_after_the_server_was_away(desk: Desk, examples: Path) -> None:
    desk.forgiven.append("ERR_FAILED|Failed to load")
    desk.put(examples / "square.jpg", examples / "harbour.jpg")
    desk.page.route("**/preview?**", lambda route: route.abort())
    desk.press("PageDown")
    desk.until(lambda: "cannot be reached" in desk.status)
    desk.page.unroute("**/preview?**")
    count = len(desk.all("preview", original="true"))
    desk.slide("saturation", 0.4)
    desk.until(lambda: len(desk.all("preview", original="true")) == count + 1)
