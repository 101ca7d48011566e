"""Screens of other shapes: phones upright and sideways, 200 % zoom, tablets, small windows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from playwright.sync_api import expect

from support.desk import Desk
from support.screens import (
    LOW,
    NARROWEST,
    PHONE,
    SCREENS,
    SIDEWAYS,
    TABLET,
    settle_colors,
    violations,
)

pytestmark = pytest.mark.browser


def area(desk: Desk, selector: str) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    left, top, width, height = desk.box(selector)
    return left, top, left + width, top + height


def press(desk: Desk, x: float, y: float) -> None:
    """Click, or where there are fingers tap, shares of the photo."""
    at = desk.spot(x, y)
    if desk.page.evaluate("matchMedia('(pointer: coarse)').matches"):
        desk.page.touchscreen.tap(*at)
    else:
        desk.page.mouse.click(*at)


@pytest.mark.parametrize("how", [LOW, SIDEWAYS], ids=["low", "sideways"])
def test_low_window_begins_above_the_fold(open_desk: Callable[..., Desk], how: Any) -> None:
    desk = open_desk(**how)
    for part in ("#choose", ".drop h2", "#privacy"):
        _, top, _, bottom = area(desk, part)
        assert top >= 0
        assert bottom <= how["viewport"]["height"], part


@pytest.mark.parametrize("how", [LOW, SIDEWAYS], ids=["low", "sideways"])
def test_low_window_leaves_the_photo_large(
    open_desk: Callable[..., Desk], examples: Path, how: Any
) -> None:
    desk = open_desk(**how)
    desk.put(examples / "square.jpg")
    height = how["viewport"]["height"]
    assert desk.frame[3] > 0.75 * height
    for tab in ("look", "colors", "variants"):
        desk.tab(tab)
        desk.rest()
        _, top, _, _ = area(desk, f"#panel-{tab}")
        assert top < height / 2
        assert desk.frame[3] > 0.6 * height, tab
        desk.tab(tab)
    desk.rest()
    assert desk.frame[3] > 0.75 * height


@pytest.mark.parametrize("how", SCREENS.values(), ids=SCREENS)
def test_toast_covers_no_panel_and_the_panel_of_a_place_not_the_place(
    open_desk: Callable[..., Desk], examples: Path, how: Any
) -> None:
    desk = open_desk(**how)
    desk.put(examples / "students.jpg")
    toast = area(desk, ".toast")
    for part in ("#panel", "#tools"):
        if not desk.page.locator(part).is_visible():
            continue
        left, top, right, bottom = area(desk, part)
        apart = toast[2] <= left or toast[0] >= right or toast[3] <= top or toast[1] >= bottom
        assert apart, part
    desk.page.locator("#status button").click()

    def check(place: tuple[float, float]) -> None:
        desk.page.wait_for_timeout(250)
        x, y = desk.spot(*place)
        left, top, right, bottom = area(desk, "#place")
        stage = area(desk, "#viewport")
        assert not (left - 4 < x < right + 4 and top - 4 < y < bottom + 4)
        assert stage[0] <= x <= stage[2]
        assert stage[1] <= y <= stage[3]
        assert left >= 0
        assert top >= 0
        assert right <= how["viewport"]["width"] + 1
        assert bottom <= how["viewport"]["height"] + 1

    for place in ((0.1, 0.1), (0.62, 0.5), (0.95, 0.9)):
        press(desk, *place)
        expect(desk.chips.first).to_be_visible()
        check(place)
        desk.page.locator("#place summary").click()
        check(place)
        desk.press("Escape")
        expect(desk.page.locator("#place")).to_be_hidden()


def test_place_stays_in_sight_when_a_zoomed_photo_makes_room(
    open_desk: Callable[..., Desk], stripes: Path
) -> None:
    desk = open_desk(**PHONE)
    desk.put(stripes)
    desk.page.locator("#status button").click()
    desk.page.tap("#full-size")
    desk.rest()
    stage = area(desk, "#viewport")
    at = (stage[0] + 60, stage[3] - 50)
    desk.page.touchscreen.tap(*at)
    expect(desk.chips.first).to_be_visible()
    desk.page.wait_for_timeout(250)
    ring = desk.page.evaluate(
        """async () => {
          const canvas = document.getElementById("canvas");
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          const rows = [];
          for (let at = 0; at < data.length; at += 4)
            if (data[at] > 250 && data[at + 1] > 250 && data[at + 2] > 250)
              rows.push(Math.floor(at / 4 / width) / devicePixelRatio);
          return [Math.min(...rows), Math.max(...rows)];
        }"""
    )
    stage = area(desk, "#viewport")
    assert 20 < ring[0] < ring[1] < stage[3] - stage[1] - 20  # well inside


@pytest.mark.parametrize(("photo", "stacked"), [("harbour.jpg", True), ("tall", False)])
def test_tablet_upright_gives_the_photo_the_larger_part(
    open_desk: Callable[..., Desk], examples: Path, tmp_path: Path, photo: str, stacked: bool
) -> None:
    desk = open_desk(**TABLET)
    path = examples / photo
    if photo == "tall":
        path = tmp_path / "tall.jpg"
        image = pyvips.Image.new_from_file(str(examples / "cat.jpg"))
        image.crop(150, 0, 130, 300).write_to_file(str(path))
    desk.put(path)
    stage, panel = area(desk, "#viewport"), area(desk, "#panel")
    assert (panel[1] >= stage[3]) == stacked
    assert (panel[0] >= stage[2]) != stacked
    if stacked:
        assert desk.frame[2] > 0.9 * 820
    else:
        assert desk.frame[3] > 0.8 * (1180 - 180)


@pytest.mark.parametrize("how", SCREENS.values(), ids=SCREENS)
def test_no_barriers_on_any_screen(
    open_desk: Callable[..., Desk], axe: str, examples: Path, how: Any
) -> None:
    desk = open_desk(**how)
    assert violations(desk, axe) == []
    desk.put(examples / "harbour.jpg", examples / "cat.jpg")
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= how["viewport"]["width"]
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.page.locator("#status button").click()
    for tab in ("look", "colors", "variants"):
        desk.tab(tab)
        settle_colors(desk)
        assert violations(desk, axe) == [], tab
    if desk.page.locator("#panel.folded").count() or how in (LOW, SIDEWAYS, PHONE, NARROWEST):
        desk.tab("variants")
    desk.click("tool-brush")
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.click("tool-color")
    press(desk, 0.7, 0.3)
    desk.chips.first.click()
    desk.page.locator("#place summary").click()
    settle_colors(desk)
    assert violations(desk, axe) == []


def test_labels_stay_on_their_sides_of_a_narrow_photo(
    open_desk: Callable[..., Desk], examples: Path, tmp_path: Path
) -> None:
    path = tmp_path / "strip.jpg"
    image = pyvips.Image.new_from_file(str(examples / "cat.jpg"))
    image.crop(200, 0, 30, 300).write_to_file(str(path))
    desk = open_desk()
    desk.put(path)
    for split in (0.5, 0.3, 0.7):
        left, _, width, _ = desk.frame
        at = desk.divider_grip
        desk.drag(at, (left + split * width, at[1]))
        desk.rest()
        line = left + split * width
        before, after = area(desk, "#before-label"), area(desk, "#after-label")
        assert before[2] <= line + 1
        assert after[0] >= line - 1


def test_label_of_a_side_too_narrow_for_it_is_away(harbour: Desk) -> None:
    harbour.divider.focus()
    harbour.press("Home")
    expect(harbour.page.locator("#before-label")).to_have_css("opacity", "0")
    harbour.press("End")
    expect(harbour.page.locator("#after-label")).to_have_css("opacity", "0")
    expect(harbour.page.locator("#before-label")).to_have_css("opacity", "1")


def test_words_stand_beside_icons_where_there_are_no_tooltips(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(**PHONE)
    desk.put(examples / "cat.jpg")
    tools = desk.page.locator("#tools button.round:visible")
    for tool in tools.all():
        word = tool.inner_text().strip()
        assert re.fullmatch(r"[A-Z][a-z]+( [a-z]+)?", word), tool.get_attribute("id")
        label = tool.get_attribute("aria-label") or ""
        assert word.lower() in label.lower(), label  # who speaks to the phone says what is written
    desk.tab("look")
    for name in ("vividness", "saturation"):
        expect(desk.page.locator(f".slider:has(#look-{name}) p")).to_be_visible()


def test_touching_the_photo_leaves_no_crosshair(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(**PHONE)
    desk.put(examples / "square.jpg")
    fingers = desk.page.context.new_cdp_session(desk.page)
    x, y = desk.spot(0.75, 0.5)

    def touch(kind: str, *apart: float) -> None:
        points = [{"x": x + side * apart[0], "y": y, "id": side} for side in (-1, 1) if apart]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    plain = desk.page.evaluate("canvas.toDataURL()")
    touch("touchStart", 30)
    for apart in (33, 30, 27, 30):
        touch("touchMove", apart)
    touch("touchEnd")
    desk.rest()
    desk.press("0")  # whole again; the photo keeps the focus
    desk.rest()
    assert desk.page.evaluate("canvas.toDataURL()") == plain


def test_sliders_have_values_before_the_first_photo_is_there(desk: Desk, examples: Path) -> None:
    held: list[Any] = []
    desk.page.route("**/api/v1/sessions?**", lambda route: held.append(route))
    desk.page.set_input_files("#photo-input", str(examples / "cat.jpg"))
    desk.until(lambda: len(held) == 1)
    assert desk.page.locator(".slider:has(#look-vividness) output").inner_text() == "50"
    assert desk.page.locator(".slider:has(#look-saturation) output").inner_text() == "100"
    held[0].continue_()
    desk.until(lambda: desk.states() == ["ready"])


def test_focus_stays_in_the_page_when_photos_come_and_go(desk: Desk, examples: Path) -> None:
    desk.page.focus("#choose")
    desk.put(examples / "cat.jpg")
    focused = "() => document.activeElement.id"
    desk.until(lambda: desk.page.evaluate(focused) == "viewport")
    desk.tab("look")
    desk.page.focus("#remove-photo")
    desk.press("Enter")
    desk.until(lambda: desk.page.evaluate(focused) == "choose")
