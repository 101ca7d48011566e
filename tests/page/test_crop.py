"""The tool that cuts and turns: hands, keys and fingers, undo, the proposal, what it makes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from playwright.sync_api import expect

from support.desk import Desk
from support.screens import SCREENS, settle_colors, violations

pytestmark = pytest.mark.browser


def frame_of(desk: Desk) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the frame on the screen."""
    left, top, width, height = desk.box("#crop")
    return left, top, left + width, top + height


def pull(desk: Desk, name: str, dx: float, dy: float) -> None:
    x, y = desk.middle(f".grip.{name}")
    desk.drag((x, y), (x + dx, y + dy))


def cut(desk: Desk) -> str | None:
    """The crop that the server has, once all changes have arrived."""
    desk.rest()
    sent = [patch["crop"] for patch in desk.patches if "crop" in patch]
    return sent[-1] if sent else None


def numbers(crop: str | None) -> list[int]:
    """Width, height, left and top."""
    assert crop is not None
    return [int(number) for number in crop.replace("x", "+").split("+")]


def downloaded(desk: Desk, button: str = "download-one") -> bytes:
    desk.click("download")
    desk.page.select_option("#format", "png")
    with desk.page.expect_download() as waiting:
        desk.click(button)
    return Path(waiting.value.path()).read_bytes()


def size_of(data: bytes) -> tuple[int, int]:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).size


@pytest.fixture
def album_page(tmp_path: Path, examples: Path) -> Path:
    """A photo of 451 x 300 pixels on a page of 700 x 560."""
    page = Image.new("L", (700, 560), 60)
    page.paste(Image.open(examples / "cat.jpg"), (130, 110))
    page.save(tmp_path / "page.png")
    return tmp_path / "page.png"


def test_handles_cut_and_the_result_is_cut(harbour: Desk) -> None:
    desk = harbour
    desk.click("tool-crop")
    assert desk.page.get_attribute("#tool-crop", "aria-pressed") == "true"
    left, top, right, bottom = frame_of(desk)
    scale = (right - left) / 1024
    assert abs((bottom - top) / 477 - scale) < 0.01
    pull(desk, "nw", 100, 50)
    pull(desk, "e", -60, 90)  # an edge moves across itself alone
    width, height, x, y = numbers(cut(desk))
    assert abs(x - 100 / scale) <= 1.5
    assert abs(y - 50 / scale) <= 1.5
    assert abs(x + width - (1024 - 60 / scale)) <= 1.5
    assert y + height == 477
    assert desk.page.inner_text("#crop-size") == f"{width} × {height}"
    desk.drag(grip_middle(desk), tuple(at + 30 for at in grip_middle(desk)))  # type: ignore[arg-type]
    moved = numbers(cut(desk))
    assert moved[:2] == [width, height]
    assert moved[2] > x
    assert moved[3] == y  # it was at the lower edge
    desk.click("crop-done")
    assert size_of(downloaded(desk)) == (width, height)


def grip_middle(desk: Desk) -> tuple[float, float]:
    left, top, right, bottom = frame_of(desk)
    return (left + right) / 2, (top + bottom) / 2


def test_stage_shows_what_stays(harbour: Desk) -> None:
    """After the cut the photo fills the stage with the part; a place in it is the photo's own."""
    desk = harbour
    desk.page.locator("#status button").click()
    desk.click("split")  # all of it in colour
    desk.rest()
    whole = desk.pixels(0.75, 0.75, 24, 24)["bands"]
    desk.click("tool-crop")
    left, top, right, bottom = frame_of(desk)
    pull(desk, "nw", (right - left) / 2, (bottom - top) / 2)
    width, height, x, y = numbers(cut(desk))
    desk.click("crop-done")
    desk.rest()
    _, _, shown, high = desk.frame
    assert abs(shown / high - width / height) < 0.02
    assert np.abs(np.subtract(desk.pixels(0.5, 0.5, 48, 48)["bands"], whole)).max() < 10
    desk.click_photo(0.75, 0.25)
    desk.until(lambda: desk.all("suggestions"))
    query = desk.all("suggestions")[-1].query
    assert abs(float(query["x"]) - (x + 0.75 * width)) < 4
    assert abs(float(query["y"]) - (y + 0.25 * height)) < 4


def test_turn(harbour: Desk) -> None:
    desk = harbour
    desk.page.locator("#status button").click()
    desk.click("split")  # all of it in colour
    desk.rest()
    corner = desk.pixels(0.9, 0.1, 24, 24)["bands"]
    desk.click("tool-crop")
    desk.click("turn-left")
    desk.rest()
    left, top, right, bottom = frame_of(desk)
    assert abs((right - left) / (bottom - top) - 477 / 1024) < 0.01
    desk.click("crop-done")
    desk.rest()
    # what was at the upper right is at the upper left
    assert np.abs(np.subtract(desk.pixels(0.1, 0.1, 16, 16)["bands"], corner)).max() < 25
    desk.click_photo(0.25, 0.9)
    desk.until(lambda: desk.all("suggestions"))
    query = desk.all("suggestions")[-1].query
    assert abs(float(query["x"]) - 0.1 * 1024) < 8
    assert abs(float(query["y"]) - 0.25 * 477) < 8
    desk.press("Escape")
    assert size_of(downloaded(desk)) == (477, 1024)


def test_turned_photo_is_sharp_at_full_size(desk: Desk, stripes: Path) -> None:
    """The piece from full resolution lies where it belongs."""
    desk.put(stripes)
    desk.press("r")
    desk.click("turn-right")
    desk.click("crop-done")
    desk.rest()
    desk.click("full-size")
    desk.until(lambda: desk.all("region"))
    desk.page.wait_for_timeout(600)
    query = desk.all("region")[-1].query
    # upright stripes lie now: lines of two pixels below each other
    _, _, across, down = desk.box("#canvas")
    row = [across / 2, down / 2]
    spreads = desk.page.evaluate(
        """([x, y]) => {
          const pen = document.getElementById("canvas").getContext("2d");
          const spread = ({ data }) => {
            const codes = [...data].filter((_, at) => at % 4 === 1);
            return Math.max(...codes) - Math.min(...codes);
          };
          return [spread(pen.getImageData(x, y, 40, 1)), spread(pen.getImageData(x, y, 1, 40))];
        }""",
        row,
    )
    assert spreads[0] < 12
    assert spreads[1] > 60
    assert int(query["w"]) <= down + 2
    assert int(query["h"]) <= across + 2


def test_shapes(harbour: Desk) -> None:
    desk = harbour
    desk.click("tool-crop")
    desk.page.select_option("#crop-ratio", "square")
    width, height, x, _ = numbers(cut(desk))
    assert (width, height) == (477, 477)
    assert abs(x - (1024 - 477) / 2) <= 1
    pull(desk, "nw", 60, 60)
    width, height, x, y = numbers(cut(desk))
    assert abs(width - height) <= 1
    assert width < 460
    assert y + height == 477
    desk.page.select_option("#crop-ratio", "3:2")
    width, height, *_ = numbers(cut(desk))
    assert abs(width / height - 1.5) < 0.01
    pull(desk, "se", 3000, 3000)  # never beyond the photo
    width, height, x, y = numbers(cut(desk))
    assert abs(width / height - 1.5) < 0.01
    assert x + width <= 1024
    assert y + height <= 477


def test_keys(harbour: Desk) -> None:
    desk = harbour
    desk.press("r")
    desk.page.locator(".grip.nw").focus()
    desk.press("ArrowRight", "ArrowDown", "Shift+ArrowRight")
    step = max(1, round(1024 / (frame_of(desk)[2] - frame_of(desk)[0])))
    _, _, x, y = numbers(cut(desk))
    assert (x, y) == (11 * step, step)
    desk.page.locator("#crop").focus()
    desk.press("ArrowLeft")
    assert numbers(cut(desk))[2] == 10 * step
    desk.press("Escape")
    expect(desk.page.locator("#crop")).to_be_hidden()
    assert desk.page.get_attribute("#viewport", "data-tool") == "color"


def test_undo_and_redo(harbour: Desk) -> None:
    desk = harbour
    desk.click("tool-crop")
    before = frame_of(desk)
    pull(desk, "sw", 200, -40)
    after = cut(desk)
    desk.click("turn-right")
    desk.press("Control+z")
    assert "Undone: a turn" in desk.status
    desk.press("Control+z")
    assert "Undone: a cut" in desk.status
    assert np.abs(np.subtract(frame_of(desk), before)).max() < 1
    desk.press("Control+Shift+z")
    assert cut(desk) == after
    desk.click("crop-whole")
    assert cut(desk) is None
    assert desk.page.locator("#crop-whole").is_disabled()


def test_border_is_proposed(desk: Desk, album_page: Path) -> None:
    desk.put(album_page)
    desk.click("tool-crop")
    desk.click("crop-border")
    desk.until(lambda: "without its border" in desk.page.inner_text("#status"))
    width, height, x, y = numbers(cut(desk))
    assert np.abs(np.subtract([width, height, x, y], [451, 300, 130, 110])).max() <= 4
    desk.press("Control+z")
    assert "Undone: the border cut away" in desk.status
    assert cut(desk) is None


def test_no_border_changes_nothing(harbour: Desk) -> None:
    harbour.click("tool-crop")
    harbour.click("crop-border")
    harbour.until(lambda: "No border was found" in harbour.status)
    assert not [patch for patch in harbour.patches if "crop" in patch]


def test_zip_has_each_cut_and_the_reversible_choice_goes(
    desk: Desk, examples: Path, album_page: Path
) -> None:
    desk.put(examples / "cat.jpg", album_page)
    desk.page.locator(".film").first.click()
    desk.rest()
    desk.click("download")
    expect(desk.page.locator("#reversible-row")).to_be_visible()
    desk.press("Escape")
    desk.press("r")
    pull(desk, "e", -100, 0)
    width = numbers(cut(desk))[0]
    desk.click("crop-done")
    data = downloaded(desk, "download-all")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sizes = [Image.open(archive.open(name)).size for name in archive.namelist()]
    assert sizes == [(width, 300), (700, 560)]
    desk.click("download")
    desk.page.select_option("#format", "")
    expect(desk.page.locator("#reversible-row")).to_be_hidden()
    desk.press("Escape")


def test_pictures_to_share_print_and_films_are_cut(harbour: Desk) -> None:
    desk = harbour
    desk.click("tool-crop")
    desk.page.select_option("#crop-ratio", "square")
    desk.rest()
    desk.click("crop-done")
    desk.rest()
    film = desk.page.evaluate(
        "() => [...document.querySelectorAll('.film canvas')].map((one) => one.width / one.height)"
    )
    assert abs(film[0] - 1) < 0.02
    desk.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    shape = desk.page.evaluate(
        "(one) => one.width / one.height", desk.page.query_selector("#print")
    )
    assert abs(shape - 1) < 0.02
    desk.click("download")
    with desk.page.expect_download() as waiting:
        desk.click("share-picture")
    with Image.open(waiting.value.path()) as sheet:
        assert 1.7 < sheet.width / sheet.height < 2.1  # two squares beside each other
    desk.press("Escape")


def test_cut_is_the_photos_own(desk: Desk, examples: Path) -> None:
    """Another photo is whole, and a reload brings the cut back."""
    desk.put(examples / "cat.jpg", examples / "harbour.jpg")
    desk.press("r")
    pull(desk, "n", 0, 60)
    first = cut(desk)
    desk.press("PageUp") if desk.page.locator(".film").first.get_attribute(
        "aria-current"
    ) is None else desk.press("PageDown")
    desk.rest()
    other = desk.page.inner_text("#crop-size")
    assert other in ("451 × 300", "1024 × 477")
    assert first is not None
    desk.forgiven.append("beforeunload")
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")
    desk.until(lambda: desk.states() == ["ready"] * 2, 60_000)
    sizes = set()
    desk.press("r")
    for film in desk.page.locator(".film").all():
        film.click()
        desk.rest()
        sizes.add(desk.page.inner_text("#crop-size"))
    width, height, *_ = numbers(first)
    assert f"{width} × {height}" in sizes
    assert other in sizes


@pytest.mark.parametrize("how", SCREENS.values(), ids=SCREENS)
def test_everything_is_in_reach(
    open_desk: Callable[..., Desk], album_page: Path, axe: str, how: dict[str, Any]
) -> None:
    desk = open_desk(**how)
    desk.put(album_page)
    desk.click("tool-crop")
    desk.rest()
    width, height = how["viewport"]["width"], how["viewport"]["height"]
    for name in ("turn-left", "turn-right", "crop-ratio", "crop-border", "crop-whole", "crop-done"):
        left, top, across, down = desk.box(f"#{name}")
        assert left >= 0, name
        assert left + across <= width + 1, name
        assert top + down <= height + 1, name
    _, top, _, bottom = frame_of(desk)
    assert (bottom - top) > 0.28 * height
    settle_colors(desk)
    assert not violations(desk, axe)


def test_finger(open_desk: Callable[..., Desk], album_page: Path) -> None:
    desk = open_desk(**SCREENS["phone"])
    desk.put(album_page)
    desk.page.tap("#tool-crop")
    desk.rest()
    line = desk.page.context.new_cdp_session(desk.page)
    x, y = desk.middle(".grip.se")

    def touch(kind: str, *points: tuple[float, float]) -> None:
        spots = [{"x": at[0], "y": at[1]} for at in points]
        line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})

    touch("touchStart", (x, y))
    for step in (10, 20, 40):
        touch("touchMove", (x - step, y - step))
    touch("touchEnd")
    width, height, left, top = numbers(cut(desk))
    assert (left, top) == (0, 0)
    assert width < 680
    assert height < 540
    assert json.dumps(desk.patches[-1]["crop"]) != "null"
