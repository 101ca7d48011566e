"""The photo on the table: before and after, zoom, pan, and full resolution where it is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.desk import Desk

pytestmark = pytest.mark.browser


def test_divider_by_mouse(harbour: Desk) -> None:
    left, top, width, height = harbour.frame
    assert harbour.divider.get_attribute("aria-valuenow") == "50"
    assert harbour.chroma(0.4, 0.2) < 1
    assert harbour.chroma(0.6, 0.2) > 20
    grip = (left + width / 2, top + height / 2)
    harbour.drag(grip, (left + 0.8 * width, grip[1]))
    assert harbour.divider.get_attribute("aria-valuenow") == "80"
    harbour.rest()
    assert harbour.chroma(0.6, 0.2) < 1
    assert harbour.chroma(0.9, 0.2) > 20
    harbour.drag((left + 0.8 * width, grip[1]), (left - 300, grip[1]))  # no farther than the photo
    assert harbour.divider.get_attribute("aria-valuenow") == "0"
    harbour.rest()
    assert harbour.chroma(0.1, 0.2) > 20


def test_divider_by_keyboard(harbour: Desk) -> None:
    harbour.divider.focus()
    value = lambda: int(harbour.divider.get_attribute("aria-valuenow") or -1)  # noqa: E731
    for key, expected in [
        ("ArrowRight", 52), ("ArrowLeft", 50), ("Shift+ArrowRight", 60), ("PageUp", 70),
        ("ArrowDown", 68), ("Home", 0), ("End", 100),
    ]:  # fmt: skip
        harbour.press(key)
        assert value() == expected, key
    assert harbour.divider.get_attribute("aria-valuetext") == "100 % before, 0 % after"
    harbour.rest()
    assert harbour.chroma(0.9, 0.2) < 1
    harbour.press("s")  # off: all of it after
    assert value() == 0
    harbour.press("s")
    assert value() == 50


def test_divider_by_double_click(harbour: Desk) -> None:
    harbour.divider.locator("span").dblclick()
    assert harbour.divider.get_attribute("aria-valuenow") == "0"


def test_holding_a_key_or_the_eye_shows_the_original(harbour: Desk) -> None:
    harbour.press("s")
    assert harbour.chroma(0.6, 0.2) > 20
    harbour.page.keyboard.down("o")
    harbour.rest()
    assert harbour.chroma(0.6, 0.2) < 1
    harbour.page.keyboard.up("o")
    harbour.rest()
    assert harbour.chroma(0.6, 0.2) > 20
    harbour.page.hover("#hold")
    harbour.page.mouse.down()
    harbour.rest()
    assert harbour.chroma(0.6, 0.2) < 1
    harbour.page.mouse.up()
    harbour.rest()
    assert harbour.chroma(0.6, 0.2) > 20


def zoom(desk: Desk) -> int:
    return int(desk.page.inner_text("#zoom").split()[0])


def test_wheel_zooms_at_the_pointer(desk: Desk, stripes: Path) -> None:
    desk.put(stripes)
    desk.press("s")
    fitting = zoom(desk)
    at = desk.spot(0.5, 0.25)
    ramp = desk.pixels(0.5, 0.25, 40, 4)["bands"][1]  # tells how far down the photo it is
    desk.page.mouse.move(*at)
    desk.page.mouse.wheel(0, -900)
    desk.until(lambda: zoom(desk) > 2.4 * fitting)
    desk.rest()
    x, y, width, height = desk.frame
    assert height > 0.99 * desk.box("#canvas")[3]  # it fills the table now
    now = desk.pixels((at[0] - x) / width, (at[1] - y) / height, 40, 4)["bands"][1]
    assert now == pytest.approx(ramp, abs=2)
    desk.page.mouse.wheel(0, 9000)
    desk.until(lambda: zoom(desk) == fitting)  # never smaller than whole


def test_zoom_by_keys_and_buttons(desk: Desk, stripes: Path) -> None:
    desk.put(stripes)
    fitting = zoom(desk)
    desk.press("1")
    assert zoom(desk) == 100
    desk.press("+")
    assert zoom(desk) == 150
    desk.press("-", "-")
    assert zoom(desk) == 67
    desk.press("0")
    assert zoom(desk) == fitting
    desk.click("full-size")
    assert zoom(desk) == 100
    desk.click("zoom-in")
    assert zoom(desk) == 150
    desk.click("zoom-out")
    desk.click("fit")
    assert zoom(desk) == fitting


def test_full_resolution_comes_for_both_sides_of_what_is_seen(desk: Desk, stripes: Path) -> None:
    desk.put(stripes)
    assert desk.pixels(0.25, 0.5, 60, 8)["spread"] < 8  # whole: the stripes blur into grey
    assert not desk.all("region")
    desk.press("1")
    desk.until(lambda: len(desk.all("region")) == 2)
    desk.until(lambda: desk.pixels(0.75, 0.5, 60, 8)["spread"] > 25)
    assert desk.pixels(0.25, 0.5, 60, 8)["spread"] > 25
    before, after = sorted(desk.all("region"), key=lambda one: "original" not in one.query)
    assert "revision" in after.query
    _, _, across, down = desk.box("#canvas")
    for one in (before, after):
        numbers = {key: int(one.query[key]) for key in ("x", "y", "w", "h", "width")}
        assert numbers["width"] == numbers["w"]  # pixel for pixel
        assert numbers["w"] == pytest.approx(across, abs=2)
        assert numbers["h"] == pytest.approx(down, abs=2)
        assert numbers["x"] == pytest.approx((3600 - across) / 2, abs=2)
    # only the side that shows is asked for
    desk.press("s")
    desk.page.mouse.move(*desk.spot(0.5, 0.5))
    desk.page.keyboard.press("h")
    desk.drag(desk.spot(0.6, 0.5), desk.spot(0.3, 0.5))
    desk.until(lambda: len(desk.all("region")) == 3)
    assert desk.all("region")[-1].query.get("original") is None
    desk.page.wait_for_timeout(400)
    assert len(desk.all("region")) == 3


def test_photo_that_the_screen_holds_needs_no_region(desk: Desk, examples: Path) -> None:
    desk.put(examples / "square.jpg")
    desk.press("1", "+", "+", "+")
    desk.page.wait_for_timeout(500)
    assert not desk.all("region")


def test_sharp_piece_goes_with_the_look_it_was_made_of(desk: Desk, stripes: Path) -> None:
    desk.put(stripes)
    desk.press("s", "1")
    desk.until(lambda: len(desk.all("region")) == 1)
    desk.slide("saturation", 0)
    desk.until(lambda: len(desk.all("region")) == 2)
    desk.until(lambda: desk.chroma(0.5, 0.5) < 1)
    first, second = desk.all("region")
    assert int(second.query["revision"]) > int(first.query["revision"])


@pytest.mark.parametrize("way", ["space", "middle", "hand", "plain"])
def test_pan_by_dragging(desk: Desk, stripes: Path, way: str) -> None:
    desk.put(stripes)
    desk.press("s", "1")
    desk.until(lambda: desk.pixels(0.5, 0.5, 60, 8)["spread"] > 25)
    before = desk.pixels(0.5, 0.5, 40, 2)["bands"][1]
    if way == "hand":
        desk.press("h")
    if way == "space":
        desk.page.focus("#viewport")
        desk.page.keyboard.down(" ")
    button = {"button": "middle"} if way == "middle" else {}
    start = desk.spot(0.5, 0.7)
    desk.drag(start, (start[0], start[1] - 240), **button)
    if way == "space":
        desk.page.keyboard.up(" ")
    desk.rest()
    # 240 pixels further down the ramp, which gains 90 codes over 2400
    now = desk.pixels(0.5, 0.5, 40, 2)["bands"][1]
    assert now - before == pytest.approx(9, abs=2.5)
    assert desk.page.is_hidden("#place")


def test_pan_by_arrow_keys(desk: Desk, stripes: Path) -> None:
    desk.put(stripes)
    desk.press("s", "1", "h")
    desk.until(lambda: desk.pixels(0.5, 0.5, 60, 8)["spread"] > 25)
    before = desk.pixels(0.5, 0.5, 40, 2)["bands"][1]
    desk.page.focus("#viewport")
    desk.press("Shift+ArrowDown")
    desk.rest()
    assert desk.pixels(0.5, 0.5, 40, 2)["bands"][1] - before == pytest.approx(9, abs=2.5)


def test_two_fingers_zoom_and_move(open_desk: Callable[..., Desk], stripes: Path) -> None:
    desk = open_desk(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    desk.put(stripes)
    fitting = desk.frame[2]
    x, y = desk.spot(0.5, 0.5)
    fingers = desk.page.context.new_cdp_session(desk.page)

    def touch(kind: str, *apart: float) -> None:
        points = [{"x": x + side * apart[0], "y": y, "id": side} for side in (-1, 1) if apart]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = desk.page.evaluate("() => document.getElementById('zoom').textContent")
    touch("touchStart", 30)
    for apart in (45, 60, 75, 90):
        touch("touchMove", apart)
    touch("touchEnd")
    desk.rest()
    now = desk.page.evaluate("() => document.getElementById('zoom').textContent")
    assert int(now.split()[0]) == pytest.approx(3 * int(before.split()[0]), rel=0.12)
    assert desk.frame[2] > fitting
    assert desk.page.is_hidden("#place")  # lifting the fingers is no click


def test_drawing_follows_the_screens_pixels(open_desk: Callable[..., Desk], examples: Path) -> None:
    desk = open_desk(device_scale_factor=2)
    desk.put(examples / "harbour.jpg")
    size = desk.page.evaluate("() => [canvas.width, canvas.clientWidth]")
    assert size[0] == 2 * size[1]
    longest = int(desk.all("preview", original="true")[0].query["longest"])
    assert 2 * desk.frame[2] <= longest < 2 * desk.frame[2] + 64


def test_colors_come_in_from_the_right_where_motion_is_welcome(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(reduced_motion="no-preference")
    desk.page.set_input_files("#photo-input", str(examples / "cat.jpg"))
    seen: list[int] = []

    def arrived() -> bool:
        seen.append(int(desk.divider.get_attribute("aria-valuenow") or 0))
        return desk.states() == ["ready"] and seen[-1] == 50 and max(seen) > 50

    desk.until(arrived)
    desk.press("s")
    desk.until(lambda: desk.divider.get_attribute("aria-valuenow") == "0")
    desk.press("1")
    desk.until(lambda: zoom(desk) == 100)


def test_divider_stays_where_it_is_when_animations_are_interrupted(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(reduced_motion="no-preference")
    names = ["cat", "harbour", "otter", "square", "students"]
    desk.put(*(examples / f"{name}.jpg" for name in names))
    desk.until(lambda: desk.divider.get_attribute("aria-valuenow") == "50")
    desk.divider.focus()
    desk.press("Shift+ArrowLeft")  # 40
    for film in (*desk.films.all(), *desk.films.all()):
        film.locator(".film").click()
        desk.page.wait_for_timeout(150)  # of the 1100 ms that an opening takes
    desk.until(lambda: desk.divider.get_attribute("aria-valuenow") == "40")
    for film in desk.films.all():
        film.locator(".film").click()
        desk.rest()
        desk.page.wait_for_timeout(1300)
        assert desk.divider.get_attribute("aria-valuenow") == "40"


def test_divider_comes_back_after_a_place_under_it_was_colored(harbour: Desk) -> None:
    harbour.click_photo(0.2, 0.2)
    harbour.chips.nth(1).click()
    assert harbour.divider.get_attribute("aria-valuenow") == "0"
    harbour.rest()
    harbour.press("Escape")
    assert harbour.divider.get_attribute("aria-valuenow") == "50"
    harbour.click_photo(0.2, 0.2)
    assert harbour.divider.get_attribute("aria-valuenow") == "0"
    harbour.divider.focus()
    harbour.press("Shift+ArrowRight")  # a person's hand goes first
    assert harbour.divider.get_attribute("aria-valuenow") == "60"
    harbour.press("Escape")
    assert harbour.divider.get_attribute("aria-valuenow") == "60"
