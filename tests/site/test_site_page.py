"""The site's page: photos are colored and changed, all in the browser."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from photochrom.color.lab import lab_from_srgb
from photochrom.pipeline.hints import load_hints
from support.desk import Desk
from support.screens import PHONE, settle_colors, violations

pytestmark = pytest.mark.browser

SKY = (0.7, 0.15)  # of the harbour; its usual color is blue


def picture(desk: Desk) -> str:
    """The canvas as it is, without the crosshair."""
    desk.page.mouse.move(1, 1)
    desk.rest()
    return desk.page.evaluate("() => document.getElementById('canvas').toDataURL()")


def codes(color: str) -> list[float]:
    """The codes of "rgb(r, g, b)"."""
    return [float(part) for part in color.removeprefix("rgb(").removesuffix(")").split(",")]


def test_photo_is_colored_right_of_the_divider(harbour: Desk) -> None:
    assert harbour.page.inner_text("#facts") == "1024 × 477 · JPG"
    assert harbour.chroma(0.3, 0.2) < 1
    assert harbour.chroma(0.7, 0.2) > 20
    assert harbour.page.title() == "harbour.jpg – Photochrom"


@pytest.mark.parametrize(
    ("name", "value"),
    [("vividness", 1), ("saturation", 0.3), ("warmth", 0.8), ("tint", -0.8), ("smooth", 1),
     ("size", 1)],
)  # fmt: skip
def test_slider_changes_the_picture_and_undo_brings_it_back(
    harbour: Desk, name: str, value: float
) -> None:
    before = picture(harbour)
    harbour.slide(name, value)
    harbour.until(lambda: picture(harbour) != before)
    harbour.click("undo")
    harbour.until(lambda: picture(harbour) == before)
    harbour.click("redo")
    harbour.until(lambda: picture(harbour) != before)


def test_preset_sets_the_look_and_own_ones_stay(harbour: Desk) -> None:
    before = picture(harbour)
    harbour.page.select_option("#look-preset", label="Vivid")
    harbour.until(lambda: picture(harbour) != before)
    assert harbour.page.input_value("#look-vividness") == "0.8"
    harbour.slide("tint", 0.2)
    harbour.page.get_by_role("button", name="Save as preset").click()
    harbour.page.get_by_label("Name of the preset").fill("Mine")
    harbour.press("Enter")
    harbour.click("undo")
    harbour.click("undo")
    harbour.until(lambda: picture(harbour) == before)
    harbour.page.select_option("#look-preset", label="Mine")
    assert harbour.page.input_value("#look-tint") == "0.2"
    assert harbour.page.input_value("#look-saturation") == "1.1"
    harbour.page.get_by_role("button", name="Remove this preset").click()
    assert harbour.page.locator("#look-preset optgroup").count() == 0


def test_saturation_and_warmth_mean_what_they_say(harbour: Desk) -> None:
    usual, red_blue = harbour.chroma(*SKY), np.subtract(*harbour.pixels(*SKY)["bands"][::2])
    harbour.slide("saturation", 0.5)
    harbour.until(lambda: harbour.chroma(*SKY) == pytest.approx(usual / 2, rel=0.25))
    harbour.slide("saturation", 0)
    harbour.until(lambda: harbour.chroma(*SKY) < 1)
    harbour.slide("saturation", 1)
    harbour.slide("warmth", 0.8)
    harbour.until(lambda: np.subtract(*harbour.pixels(*SKY)["bands"][::2]) > red_blue + 5)


def test_click_offers_colors_and_the_chosen_one_arrives_there(harbour: Desk) -> None:
    harbour.press("s")
    before, far = harbour.pixels(*SKY)["bands"], harbour.pixels(0.6, 0.1)["bands"]
    harbour.click_photo(*SKY)
    harbour.chips.first.wait_for()
    shares = [int(words.split()[0]) for words in harbour.chips.all_inner_texts()]
    assert len(shares) > 1
    assert shares == sorted(shares, reverse=True)
    swatch = "(node) => getComputedStyle(node.querySelector('.swatch')).backgroundColor"
    chosen = codes(harbour.chips.last.evaluate(swatch))
    assert math.dist(chosen, before) > 15
    harbour.chips.last.click()
    harbour.press("Escape")
    harbour.page.mouse.move(1, 1)
    harbour.rest()
    beside = harbour.pixels(SKY[0] - 0.03, SKY[1])["bands"]  # the mark lies over the place itself
    wanted, found = lab_from_srgb(np.array([[chosen], [beside]], np.float32) / 255)[:, 0, 1:]
    assert math.dist(wanted, found) < 8  # the lightness is the photo's own
    assert math.dist(harbour.pixels(0.6, 0.1)["bands"], far) > 10  # the sky around it follows
    harbour.click("undo")
    harbour.until(lambda: math.dist(harbour.pixels(0.6, 0.1)["bands"], far) < 0.5)


def stroke(desk: Desk, effect: str, left: float = 0.6, right: float = 0.8) -> None:
    """Draw over the sky, and take the veil away."""
    desk.press("b")
    desk.page.select_option("#brush-effect", effect)
    desk.drag(desk.spot(left, 0.15), desk.spot(right, 0.15), steps=8)
    desk.press("h")
    desk.page.mouse.move(1, 1)
    desk.rest()


def test_brush_paints_and_erases(harbour: Desk) -> None:
    harbour.press("s", "b", *["]"] * 4)
    harbour.tab("colors")
    harbour.page.fill("#own-color .hex input", "#b03030")
    harbour.press("Enter")
    plain, outside = harbour.pixels(*SKY)["bands"], harbour.pixels(0.1, 0.9)["bands"]
    assert plain[2] > plain[0]  # blue
    stroke(harbour, "color")
    painted = harbour.pixels(*SKY)["bands"]
    assert painted[0] > painted[2] + 20  # red
    assert harbour.pixels(0.1, 0.9)["bands"] == outside
    stroke(harbour, "erase", 0.55, 0.85)
    assert harbour.pixels(*SKY)["bands"] == pytest.approx(plain, abs=2)
    expect(harbour.page.locator("#marks li")).to_have_count(2)
    harbour.click("undo")
    harbour.until(lambda: harbour.pixels(*SKY)["bands"] == pytest.approx(painted, abs=0.5))


def test_brush_leaves_a_part_as_it_was(harbour: Desk) -> None:
    harbour.press("s", "b", *["]"] * 6)
    assert harbour.chroma(*SKY) > 10
    stroke(harbour, "original")
    assert harbour.chroma(*SKY) < 1
    assert harbour.chroma(0.2, 0.15) > 10
    harbour.click("undo")
    harbour.until(lambda: harbour.chroma(*SKY) > 10)


def test_confidence_lies_over_the_colors(harbour: Desk) -> None:
    harbour.press("s")
    plain = picture(harbour)
    harbour.press("g")
    harbour.until(lambda: picture(harbour) != plain)
    expect(harbour.page.locator("#legend")).to_be_visible()
    harbour.page.locator("#overlay-strength").fill("100")
    harbour.rest()
    places = [(x, y) for x in (0.2, 0.5, 0.8) for y in (0.2, 0.5, 0.8)]
    assert len({tuple(harbour.pixels(*place)["bands"]) for place in places}) == len(places)
    harbour.click("confidence")
    harbour.until(lambda: picture(harbour) == plain)


@pytest.fixture
def album_page(tmp_path: Path, examples: Path) -> Path:
    """A photo of 451 x 300 pixels on a page of 700 x 560."""
    page = Image.new("L", (700, 560), 60)
    page.paste(Image.open(examples / "cat.jpg"), (130, 110))
    page.save(tmp_path / "page.png")
    return tmp_path / "page.png"


def cut(desk: Desk) -> list[int]:
    """Width and height of the cut."""
    desk.rest()
    return [int(number) for number in desk.page.inner_text("#crop-size").split(" × ")]


def test_cut_and_turn_are_in_the_result(harbour: Desk) -> None:
    harbour.click("tool-crop")
    x, y = harbour.middle(".grip.nw")
    harbour.drag((x, y), (x + 120, y + 60))
    width, height = cut(harbour)
    assert width < 960
    assert height < 440
    harbour.click("turn-right")
    harbour.click("crop-done")
    harbour.rest()
    _, _, across, down = harbour.frame
    assert across / down == pytest.approx(height / width, abs=0.02)
    harbour.click("download")
    harbour.page.select_option("#format", "png")
    with harbour.page.expect_download() as download:
        harbour.click("download-one")
    with Image.open(download.value.path()) as result:
        assert result.size == (height, width)


def test_border_is_found(desk: Desk, album_page: Path) -> None:
    desk.put(album_page)
    desk.click("tool-crop")
    desk.click("crop-border")
    desk.until(lambda: "without its border" in desk.status)
    assert np.abs(np.subtract(cut(desk), [451, 300])).max() <= 4
    desk.click("undo")
    assert cut(desk) == [700, 560]


def test_photo_without_a_border_stays(harbour: Desk) -> None:
    harbour.click("tool-crop")
    harbour.click("crop-border")
    harbour.until(lambda: "No border was found" in harbour.status)
    assert cut(harbour) == [1024, 477]


def test_two_looks_are_compared(harbour: Desk) -> None:
    harbour.slide("saturation", 2)
    harbour.rest()
    harbour.click("pin")
    harbour.until(lambda: harbour.page.inner_text("#before-label") == "A")
    harbour.slide("saturation", 0)
    harbour.until(lambda: harbour.chroma(0.3, 0.15) > 60 and harbour.chroma(0.7, 0.15) < 1)
    harbour.click("swap")
    harbour.until(lambda: harbour.chroma(0.3, 0.15) < 1 and harbour.chroma(0.7, 0.15) > 60)
    harbour.click("unpin")
    harbour.until(lambda: harbour.page.inner_text("#before-label") == "Before")


def test_full_size_piece_shows_every_pixel(desk: Desk, stripes: Path) -> None:
    desk.put(stripes)
    assert desk.pixels(0.75, 0.5, 60, 8)["spread"] < 15  # the screen's size has no stripes
    desk.click("full-size")
    desk.until(lambda: desk.pixels(0.5, 0.5, 40, 8)["spread"] > 25)
    desk.until(lambda: desk.pixels(0.502, 0.5, 4, 4)["chroma"] > 1)
    before = desk.pixels(0.502, 0.5, 4, 4)
    desk.slide("saturation", 0)
    desk.until(lambda: desk.pixels(0.502, 0.5, 4, 4)["chroma"] < 1)
    assert before["bands"] != desk.pixels(0.502, 0.5, 4, 4)["bands"]


def test_saved_colors_are_the_file_of_the_command_line(harbour: Desk, tmp_path: Path) -> None:
    harbour.click_photo(*SKY)
    harbour.chips.last.click()
    harbour.press("Escape")
    stroke(harbour, "original", 0.2, 0.4)
    harbour.tab("colors")
    colored = picture(harbour)
    with harbour.page.expect_download() as download:
        harbour.click("save-hints")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == "harbour.hints.json"
    (hint,), (kept,) = load_hints(path).hints, load_hints(path).strokes
    assert (hint.x, hint.y) == pytest.approx((SKY[0] * 1024, SKY[1] * 477), abs=2)
    assert kept.effect == "original"
    harbour.click("clear-hints")
    harbour.until(lambda: picture(harbour) != colored)
    expect(harbour.page.locator("#marks li")).to_have_count(0)
    harbour.page.set_input_files("#hints-input", str(path))
    expect(harbour.page.locator("#marks li")).to_have_count(2)
    harbour.until(lambda: picture(harbour) == colored)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("no json", "is not a file of saved colours"),
        ('{"colours": []}', "is not a file of saved colours"),
        (json.dumps({"hints": [{"x": 5000, "y": 3, "ab": [1, 2]}]}), "5000"),
        (json.dumps({"hints": [{"x": 5, "y": 3, "ab": [1]}]}), "hint 1"),
        (json.dumps({"hints": [{"x": 5, "y": 3, "color": "#12"}]}), "hint 1"),
        (json.dumps({"hints": [7]}), "hint 1"),
        (json.dumps({"hints": {"x": 1}}), "is not a file of saved colours"),
        (json.dumps({"hints": [], "strokes": {}}), "is not a file of saved colours"),
        (json.dumps({"hints": [], "strokes": [{"effect": "cut", "points": []}]}), "stroke 1"),
    ],
)
def test_broken_file_of_colors_is_refused_in_one_line(
    harbour: Desk, tmp_path: Path, words: str, line: str
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(words)
    harbour.tab("colors")
    harbour.page.set_input_files("#hints-input", str(path))
    harbour.until(lambda: line in harbour.status)
    assert "\n" not in harbour.page.inner_text("#status .bad").strip()
    expect(harbour.page.locator("#marks li")).to_have_count(0)
    expect(harbour.page.locator("#undo")).to_be_disabled()


def test_what_only_the_program_does_is_hidden_and_said(harbour: Desk, tmp_path: Path) -> None:
    for name in ("references", "repair", "tab-variants", "film"):
        expect(harbour.page.locator(f"#{name}")).to_be_hidden()
    expect(harbour.page.locator("#elsewhere")).to_be_visible()
    words = harbour.page.inner_text("#elsewhere")
    for what in (
        "Repair",
        "colours after another photo",
        "films",
        "TIFF",
        "pip install photochrom",
    ):
        assert what in words
    film = tmp_path / "train.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42")
    harbour.page.set_input_files("#photo-input", str(film))
    harbour.until(lambda: "train.mp4" in harbour.status)
    assert "The installed Photochrom" in harbour.status
    assert "server" not in harbour.status
    assert harbour.films.count() == 1


def test_page_says_what_stays_in_the_browser(tab: Desk) -> None:
    assert "stay in this browser" in (tab.page.text_content("#privacy") or "")


def test_photo_in_color_is_said_to_lose_its_colors(desk: Desk, examples: Path) -> None:
    desk.put(examples / "color" / "square.jpg")
    assert "is in colour already; its colours are replaced" in desk.page.inner_text("#notes")


def test_photos_of_before_are_said_to_be_gone(
    open_site: Callable[..., Desk], examples: Path
) -> None:
    """The page is left in mid-work, and comes back."""
    desk = open_site()
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.put(examples / "cat.jpg")
    names = ("harbour", "otter", "square", "students")
    desk.page.set_input_files("#photo-input", [str(examples / f"{name}.jpg") for name in names])
    desk.until(lambda: desk.states() != ["ready"] * 5)
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")
    desk.until(lambda: "of before must be opened again" in desk.status)
    assert desk.films.count() == 0
    desk.put(examples / "harbour.jpg")
    assert desk.chroma(0.7, 0.2) > 20
    desk.page.goto("about:blank")
    desk.page.go_back()
    desk.page.wait_for_selector("body[data-ready]")
    if not desk.films.count():  # not out of the browser's memory
        desk.put(examples / "harbour.jpg")
    desk.slide("saturation", 0)
    desk.until(lambda: desk.chroma(0.7, 0.2) < 1)


def test_phone_colors_a_large_photo(
    open_site: Callable[..., Desk], examples: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.jpg"
    Image.open(examples / "harbour.jpg").resize((4000, 3000)).save(large)
    desk = open_site(**PHONE)
    desk.put(large)
    assert desk.page.inner_text("#facts") == "4000 × 3000 · JPG"
    assert desk.page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert desk.frame[2] > 330
    assert desk.chroma(0.3, 0.2) < 1
    assert desk.chroma(0.7, 0.2) > 20
    desk.page.touchscreen.tap(*desk.spot(0.75, 0.2))
    desk.chips.first.tap()
    desk.press("Escape")
    desk.rest()
    desk.page.tap("#download")
    with desk.page.expect_download() as download:
        desk.page.tap("#download-one")
    with Image.open(download.value.path()) as result:
        assert result.size == (4000, 3000)


def test_no_barriers(desk: Desk, examples: Path, axe: str) -> None:
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.put(examples / "harbour.jpg", examples / "cat.jpg")
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.click("download")
    settle_colors(desk)
    assert violations(desk, axe) == []
