"""Repair in the page: switched on and off, shown in red, corrected with the brush, shared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from playwright.sync_api import expect

from photochrom.photo import Photo
from photochrom.restoration.detection import DamageLikelihood
from support.desk import Desk
from support.screens import DESKTOP, NARROWEST, PHONE, SIDEWAYS, settle_colors, violations

pytestmark = pytest.mark.browser

SCRATCH = 0.3
"""Where it lies, of the height: white, from the left edge to the right one."""


@pytest.fixture(scope="session")
def scratched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grey photo of 900 x 600 pixels with one white scratch of seven pixels."""
    rng = np.random.default_rng(4)
    gray = np.linspace(70, 130, 900)[None, :] + rng.normal(0, 3, (600, 900))
    row = round(SCRATCH * 600)
    gray[row - 3 : row + 4] = 250
    path = tmp_path_factory.mktemp("scratched") / "old.png"
    pyvips.Image.new_from_array(gray.clip(0, 255).astype(np.uint8)).write_to_file(str(path))
    return path


@pytest.fixture(autouse=True)
def nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server's search find nothing, so that the brush alone says what is damaged."""

    def search(photo: Photo) -> DamageLikelihood:
        codes = np.zeros((photo.height, photo.width), np.uint8)
        return DamageLikelihood(photo.width, photo.height, 1, codes)

    monkeypatch.setattr(DamageLikelihood, "of", search)


@pytest.fixture
def old(desk: Desk, scratched: Path) -> Desk:
    """The page with that photo, all of it in colour, and a repair that finds nothing by itself."""
    desk.put(scratched)
    desk.press("s")
    switch_on(desk)
    return desk


def switch_on(desk: Desk) -> None:
    desk.page.locator("#repair-on").check()
    known(desk)


def found(desk: Desk) -> str:
    return desk.page.inner_text("#repair-found")


def known(desk: Desk) -> None:
    """Wait until the picture and what is damaged are those of the present look."""
    desk.rest()
    desk.until(lambda: found(desk) and "Looking" not in found(desk))
    desk.rest()


def repairs(desk: Desk) -> list[Any]:
    return [patch["repair"] for patch in desk.patches if "repair" in patch]


def paint(desk: Desk, effect: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    desk.press("b")
    desk.page.select_option("#brush-effect", effect)
    desk.drag(desk.spot(*start), desk.spot(*end), steps=8)
    desk.press("h")  # without the veil and the ring
    desk.page.mouse.move(*desk.spot(0.5, 0.95))
    known(desk)


def light(desk: Desk, x: float) -> float:
    """How light the scratch is."""
    return float(desk.pixels(x, SCRATCH, 4, 2)["bands"][1])


def redness(desk: Desk, x: float, y: float = SCRATCH) -> float:
    red, green, _ = desk.pixels(x, y, 4, 2)["bands"]
    return float(red - green)


def test_switched_on_and_off(desk: Desk, scratched: Path) -> None:
    desk.put(scratched)
    expect(desk.page.locator("#repair-how")).to_be_hidden()
    switch_on(desk)
    assert repairs(desk) == [{"sensitivity": 0.5, "levels": False, "strokes": []}]
    desk.slide("sensitivity", 0.25)
    known(desk)
    expect(desk.page.locator("#repair-sensitivity output")).to_have_text("25")
    desk.page.locator("#repair-levels").check()
    known(desk)
    wanted = {"sensitivity": 0.25, "levels": True, "strokes": []}
    assert repairs(desk)[-1] == wanted
    switch = desk.page.get_by_role("switch", name="Mend dust and scratches")
    switch.uncheck()
    desk.rest()
    assert repairs(desk)[-1] is None
    expect(desk.page.locator("#repair-how")).to_be_hidden()
    switch_on(desk)  # as it was before
    assert repairs(desk)[-1] == wanted
    for after in (None, wanted, {**wanted, "levels": False}):
        desk.press("Control+z")
        desk.rest()
        assert repairs(desk)[-1] == after
        expect(switch).to_be_checked(checked=after is not None)
    expect(desk.page.locator("#repair-levels")).not_to_be_checked()


def test_the_brush_marks_damage_and_what_is_sound(old: Desk) -> None:
    assert found(old) == "No damage was found."
    assert light(old, 0.2) > 200
    paint(old, "damaged", (0.1, SCRATCH), (0.9, SCRATCH))
    (stroke,) = repairs(old)[-1]["strokes"]
    assert stroke["damaged"]
    assert stroke["radius"] == pytest.approx(0.02 * 600, abs=0.1)
    assert light(old, 0.2) < 150
    assert light(old, 0.5) < 150
    assert found(old).endswith(" % of the photo is damaged.")
    paint(old, "sound", (0.4, SCRATCH), (0.6, SCRATCH))
    assert [one["damaged"] for one in repairs(old)[-1]["strokes"]] == [True, False]
    assert light(old, 0.2) < 150
    assert light(old, 0.5) > 200
    old.press("Control+z")
    known(old)
    assert light(old, 0.5) < 150
    old.press("Control+Shift+z")
    known(old)
    assert light(old, 0.5) > 200
    old.page.get_by_role("button", name="Remove my brush strokes").click()
    known(old)
    assert repairs(old)[-1]["strokes"] == []
    assert light(old, 0.2) > 200
    expect(old.page.locator("#repair-on")).to_be_focused()
    expect(old.page.locator("#repair-clear")).to_be_hidden()


def test_the_damage_is_red_on_both_sides(old: Desk) -> None:
    paint(old, "damaged", (0.1, SCRATCH), (0.9, SCRATCH))
    old.press("s")  # before and after
    old.rest()
    assert light(old, 0.2) > 200  # the left side is the photo as it came
    assert light(old, 0.8) < 150
    plain = {place: redness(old, *place) for place in ((0.2, 0.7), (0.8, 0.7))}
    assert redness(old, 0.2) < 30
    switch = old.page.get_by_role("switch", name="Show the damage")
    switch.check()
    old.rest()
    assert redness(old, 0.2) > 80
    assert redness(old, 0.8) > 80
    assert {place: redness(old, *place) for place in plain} == plain
    paint(old, "sound", (0.7, SCRATCH), (0.85, SCRATCH))  # the layer follows the look
    assert redness(old, 0.2) > 80
    assert redness(old, 0.78) < 30
    switch.uncheck()
    old.rest()
    assert redness(old, 0.2) < 30


def test_veils_show_where_the_brush_painted(old: Desk) -> None:
    old.press("b")
    for effect, y in (("damaged", 0.5), ("sound", 0.7)):
        old.page.select_option("#brush-effect", effect)
        old.drag(old.spot(0.2, y), old.spot(0.8, y), steps=8)
    old.page.mouse.move(*old.spot(0.5, 0.95))
    known(old)
    sound = old.pixels(0.5, 0.7, 4, 2)["bands"]
    assert redness(old, 0.5, 0.5) > redness(old, 0.5, 0.6) + 20
    assert sound[1] - sound[0] > 20 - redness(old, 0.5, 0.8)
    old.page.locator("#repair-on").uncheck()
    old.rest()
    assert old.page.input_value("#brush-effect") == "color"
    offered = old.page.locator("#brush-effect option").all_inner_texts()
    assert "Damaged" not in offered
    assert "Sound" not in offered


def test_a_wide_brush_paints_no_wider_than_can_be_filled(old: Desk) -> None:
    old.press(*["]"] * 8)
    paint(old, "damaged", (0.1, SCRATCH), (0.9, SCRATCH))
    (stroke,) = repairs(old)[-1]["strokes"]
    assert stroke["radius"] == 23
    assert light(old, 0.5) < 150
    assert "too wide" not in found(old)
    paint(old, "damaged", (0.1, 0.36), (0.9, 0.36))  # beside it: both together are too wide
    assert found(old).endswith(" % is too wide to be filled and stays.")


def test_obvious_damage_is_found(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the network itself: black and white scratches and specks all over a smooth photo."""
    monkeypatch.undo()
    rng = np.random.default_rng(8)
    gray = np.linspace(90, 120, 480)[:, None] + rng.normal(0, 2, (480, 640))
    for tone in (0, 255):
        for y, x in rng.integers(10, 460, (40, 2)):
            gray[y : y + 4, x : x + 4] = tone
        for column in rng.integers(10, 630, 4):
            gray[20:460, column : column + 2] = tone
    path = tmp_path / "obvious.png"
    pyvips.Image.new_from_array(gray.astype(np.uint8)).write_to_file(str(path))
    desk.put(path)
    switch_on(desk)
    desk.slide("sensitivity", 1)
    known(desk)
    assert "% of the photo is damaged" in found(desk)
    desk.page.locator("#repair-show").check()
    desk.rest()
    left, top, width, height = desk.frame
    reddest = desk.page.evaluate(
        """([left, top, width, height]) => {
          const box = document.getElementById("canvas").getBoundingClientRect();
          const { data } = document.getElementById("canvas").getContext("2d").getImageData(
            left - box.left, top - box.top, width, height);
          let most = 0;
          for (let at = 0; at < data.length; at += 4)
            most = Math.max(most, data[at] - data[at + 1]);
          return most;
        }""",
        [left, top, width, height],
    )
    assert reddest > 100


def test_a_repair_survives_a_reload_and_an_expired_photo(
    open_desk: Callable[..., Desk], scratched: Path
) -> None:
    desk = open_desk(viewport={"width": 1280, "height": 800})
    desk.put(scratched)
    desk.press("s")
    switch_on(desk)
    paint(desk, "damaged", (0.1, SCRATCH), (0.9, SCRATCH))
    wanted = repairs(desk)[-1]
    session = next(one.path for one in desk.requests if one.kind == "preview")
    address = f"{desk.address}api/v1{session.removesuffix('/preview')}"
    desk.forgiven.append("404")
    assert desk.page.context.request.delete(address).ok
    desk.requests.clear()
    desk.slide("warmth", 0.2)
    desk.until(lambda: repairs(desk))  # with the photo, which is sent again
    assert repairs(desk)[-1] == wanted
    known(desk)
    assert light(desk, 0.5) < 150
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")
    desk.until(lambda: desk.states() == ["ready"])
    known(desk)
    expect(desk.page.locator("#repair-on")).to_be_checked()
    expect(desk.page.locator("#repair-clear")).to_be_visible()
    assert light(desk, 0.8) < 150
    assert found(desk).endswith(" % of the photo is damaged.")


def test_other_photos_get_the_repair_and_keep_their_strokes(
    old: Desk, scratched: Path, examples: Path
) -> None:
    paint(old, "damaged", (0.1, SCRATCH), (0.9, SCRATCH))
    own = repairs(old)[-1]["strokes"]
    old.put(examples / "cat.jpg")
    expect(old.page.locator("#repair-on")).not_to_be_checked()
    switch_on(old)
    old.slide("sensitivity", 0.75)
    known(old)
    paint(old, "sound", (0.2, 0.2), (0.3, 0.3))
    old.click("apply-all")
    old.until(lambda: repairs(old)[-1] == {"sensitivity": 0.75, "levels": False, "strokes": own})
    old.page.get_by_role("button", name="old.png", exact=True).click()
    known(old)
    assert old.page.input_value("#look-sensitivity") == "0.75"


@pytest.mark.parametrize(
    "how", [DESKTOP, PHONE, SIDEWAYS, NARROWEST], ids=["desktop", "phone", "sideways", "narrowest"]
)
def test_every_screen_has_room_for_it(
    open_desk: Callable[..., Desk], scratched: Path, axe: str, how: Any
) -> None:
    desk = open_desk(**how)
    desk.put(scratched)
    desk.page.locator("#status button").click()
    if desk.page.locator("#panel.folded").count():
        desk.tab("look")
    switch_on(desk)
    desk.page.locator("#repair-show").check()
    parts = ("label:has(#repair-on)", "#repair-sensitivity", "label:has(#repair-show)",
             "label:has(#repair-levels)", "#repair-found")  # fmt: skip
    panel_left, _, panel_width, _ = desk.box("#panel-look")
    bottom = -1e9
    for part in parts:
        left, top, width, height = desk.box(part)
        assert top >= bottom - 1, part
        assert panel_left <= left, part
        assert left + width <= panel_left + panel_width, part
        bottom = top + height
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= how["viewport"]["width"]
    settle_colors(desk)
    assert violations(desk, axe) == []


def test_by_keyboard(desk: Desk, scratched: Path) -> None:
    desk.put(scratched)
    desk.page.locator("#repair-on").focus()
    desk.press("Space")
    known(desk)
    desk.press("Tab", "ArrowRight")
    desk.until(lambda: repairs(desk)[-1]["sensitivity"] == 0.51)
    known(desk)
    desk.page.locator("#repair-show").focus()
    desk.press("Space")
    expect(desk.page.locator("#repair-show")).to_be_checked()
