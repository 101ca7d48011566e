"""The sliders: what they ask for, how they are shown at once, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from support.desk import Desk

pytestmark = pytest.mark.browser


def test_each_slider_changes_its_part_of_the_look(harbour: Desk) -> None:
    for name, value in [
        ("vividness", 0.9), ("saturation", 1.6), ("warmth", -0.4), ("tint", 0.3), ("smooth", 0.5),
    ]:  # fmt: skip
        count = len(harbour.patches)
        harbour.slide(name, value)
        harbour.until(lambda count=count: len(harbour.patches) > count)
        assert harbour.patches[-1] == {name: value}
        harbour.rest()
    assert harbour.page.locator("label:has-text('Vividness')").count() == 1
    assert harbour.page.inner_text(".slider:has(#look-warmth) output") == "−40"
    last = harbour.all("preview")[-1]
    assert int(last.query["revision"]) == 6  # the one that came up, and five changes


def test_saturation_shows_on_the_photo(harbour: Desk) -> None:
    usual = harbour.chroma(0.7, 0.2)
    harbour.slide("saturation", 0)
    harbour.rest()
    assert harbour.chroma(0.7, 0.2) < 1
    harbour.slide("saturation", 0.5)
    harbour.rest()
    assert harbour.chroma(0.7, 0.2) == pytest.approx(usual / 2, rel=0.25)


def test_dragging_asks_small_and_letting_go_asks_for_the_screens_size(harbour: Desk) -> None:
    left, top, width, height = harbour.box("#look-warmth")
    y = top + height / 2
    harbour.requests.clear()
    harbour.page.mouse.move(left + width / 2, y)
    harbour.page.mouse.down()
    harbour.page.mouse.move(left + 0.8 * width, y, steps=5)
    harbour.until(lambda: harbour.all("preview"))
    harbour.rest()
    assert {one.query["longest"] for one in harbour.all("preview")} == {"640"}
    harbour.page.mouse.up()
    harbour.until(lambda: harbour.all("preview")[-1].query["longest"] != "640")
    assert int(harbour.all("preview")[-1].query["longest"]) >= harbour.frame[2]
    harbour.rest()
    # the whole drag is one step
    harbour.press("Control+z")
    harbour.rest()
    assert harbour.page.input_value("#look-warmth") == "0"
    expect(harbour.page.locator("#undo")).to_be_disabled()


def test_one_request_at_a_time_and_the_latest_wins(harbour: Desk) -> None:
    held: list[Route] = []
    harbour.page.route("**/preview?**", lambda route: held.append(route))
    harbour.requests.clear()
    harbour.slide("warmth", 0.2)
    harbour.until(lambda: held)
    for value in (0.4, 0.6, 0.8):
        harbour.slide("warmth", value)
    harbour.page.wait_for_timeout(300)
    assert len(held) == 1  # those between wait
    assert [patch["warmth"] for patch in harbour.patches] == [0.2]
    held[0].continue_()
    harbour.until(lambda: len(held) == 2)
    held[1].continue_()
    harbour.rest()
    assert [patch["warmth"] for patch in harbour.patches] == [0.2, 0.8]
    assert len(held) == 2


def test_answer_for_another_photo_does_not_show(desk: Desk, examples: Path) -> None:
    desk.put(examples / "harbour.jpg", examples / "cat.jpg")
    held: list[Route] = []
    desk.page.route("**/preview?**revision=2**", lambda route: held.append(route))
    desk.press("s")
    desk.slide("saturation", 3)
    desk.until(lambda: held)
    desk.page.get_by_role("button", name="cat.jpg", exact=True).click()
    desk.rest()
    cat = desk.pixels(0.5, 0.5)
    held[0].continue_()
    desk.page.wait_for_timeout(400)
    assert desk.pixels(0.5, 0.5) == cat
    assert desk.page.inner_text("#name") == "cat.jpg"


def test_reset_by_button_and_by_double_click(harbour: Desk) -> None:
    harbour.slide("vividness", 1)
    harbour.rest()
    harbour.page.get_by_role("button", name="Set Vividness back").click()
    harbour.rest()
    assert harbour.patches[-1] == {"vividness": 0.5}
    harbour.slide("tint", 0.7)
    harbour.rest()
    harbour.page.locator("#look-tint").dblclick(position={"x": 40, "y": 10})
    harbour.rest()
    assert harbour.page.input_value("#look-tint") == "0"
    assert harbour.patches[-1] == {"tint": 0}


def test_reset_of_the_whole_look_keeps_the_colors_set(harbour: Desk) -> None:
    harbour.click_photo(0.7, 0.3)
    harbour.chips.nth(1).click()
    harbour.press("Escape")
    harbour.slide("warmth", 0.5)
    harbour.slide("size", 2)
    harbour.rest()
    harbour.page.get_by_role("button", name="Back to the usual look").click()
    harbour.rest()
    assert harbour.patches[-1] == {"warmth": 0, "size": None}
    assert len(harbour.hints()) == 1


def test_sliders_by_keyboard_count_as_one_step(harbour: Desk) -> None:
    harbour.page.focus("#look-saturation")
    harbour.press(*["ArrowRight"] * 5)
    harbour.rest()
    assert harbour.page.input_value("#look-saturation") == "1.05"
    harbour.until(lambda: harbour.patches[-1] == {"saturation": 1.05})
    harbour.press("Control+z")
    assert harbour.page.input_value("#look-saturation") == "1"


def test_working_size_is_automatic_or_a_step(harbour: Desk) -> None:
    row = harbour.page.locator(".slider:has(#look-size)")
    assert row.locator("output").inner_text() == "Usual"
    harbour.page.focus("#look-size")
    harbour.press("ArrowRight", "ArrowRight")
    harbour.rest()
    assert row.locator("output").inner_text() == "128 px"
    assert harbour.patches[-1] == {"size": 128}
    harbour.press("Home")
    harbour.rest()
    assert harbour.patches[-1] == {"size": None}


def test_undo_and_redo_by_keys_and_buttons(harbour: Desk) -> None:
    harbour.slide("warmth", 0.5)
    harbour.rest()
    harbour.slide("tint", -0.5)
    harbour.rest()
    harbour.click("undo")
    harbour.rest()
    assert harbour.status == "Undone: Green or pink"
    assert harbour.patches[-1] == {"tint": 0}
    harbour.press("Control+z")
    harbour.rest()
    assert harbour.patches[-1] == {"warmth": 0}
    harbour.press("Control+Shift+z")
    harbour.rest()
    harbour.press("Control+y")
    harbour.rest()
    assert harbour.patches[-2:] == [{"warmth": 0.5}, {"tint": -0.5}]
    assert harbour.status == "Redone: Green or pink"
    expect(harbour.page.locator("#redo")).to_be_disabled()


def test_every_photo_has_a_look_and_a_history_of_its_own(desk: Desk, examples: Path) -> None:
    desk.put(examples / "harbour.jpg", examples / "cat.jpg")
    desk.slide("warmth", 0.5)
    desk.rest()
    desk.page.get_by_role("button", name="cat.jpg", exact=True).click()
    desk.rest()
    assert desk.page.input_value("#look-warmth") == "0"
    expect(desk.page.locator("#undo")).to_be_disabled()
    desk.page.get_by_role("button", name="harbour.jpg", exact=True).click()
    desk.rest()
    assert desk.page.input_value("#look-warmth") == "0.5"
    expect(desk.page.locator("#undo")).to_be_enabled()


def test_model_can_be_chosen_where_there_are_several(harbour: Desk) -> None:
    harbour.page.select_option("#look-model", "photochrom-lite")
    harbour.rest()
    assert harbour.patches[-1]["model"] == "photochrom-lite"
    assert "Small and fast" in harbour.page.inner_text(".model")
    harbour.press("Control+z")
    harbour.rest()
    assert harbour.page.input_value("#look-model") == "photochrom"


def test_look_that_the_server_refuses_does_not_stay(harbour: Desk) -> None:
    harbour.forgiven.append("422")

    def refuse(route: Route) -> None:
        if route.request.method != "PATCH":
            route.fallback()
            return
        route.fulfill(status=422, json={"status": 422, "detail": "warmth is too warm"})

    harbour.page.route("**/api/v1/sessions/*", refuse)
    harbour.slide("warmth", 0.9)
    harbour.until(lambda: harbour.status == "warmth is too warm")
    assert harbour.page.input_value("#look-warmth") == "0"
    expect(harbour.page.locator("#undo")).to_be_disabled()
