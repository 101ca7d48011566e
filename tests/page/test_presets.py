"""Presets above the sliders: Photochrom's, and a person's own, which the browser keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from photochrom.presets import load_preset, readable_presets
from support.desk import Desk
from support.screens import PHONE, settle_colors, violations

pytestmark = pytest.mark.browser

CHOICE = "#look-preset"
SLIDERS = ("vividness", "saturation", "warmth", "tint", "smooth")


def values(desk: Desk) -> dict[str, float]:
    return {name: float(desk.page.input_value(f"#look-{name}")) for name in SLIDERS}


def chosen(desk: Desk) -> str:
    return desk.page.locator(f"{CHOICE} option:checked").inner_text()


def save_as(desk: Desk, name: str) -> None:
    desk.page.get_by_role("button", name="Save as preset").click()
    desk.page.get_by_label("Name of the preset").fill(name)
    desk.press("Enter")


def test_preset_sets_all_sliders_in_one_step(harbour: Desk) -> None:
    desk = harbour
    names = desk.page.locator(f"{CHOICE} > option").all_inner_texts()
    assert names == ["None", "Album", "Faithful", "Landscape", "Portrait", "Vivid"]
    assert chosen(desk) == "None"
    desk.slide("tint", 0.3)
    desk.rest()
    before = values(desk)
    desk.page.select_option(CHOICE, label="Portrait")
    desk.rest()
    portrait = load_preset("portrait", own=False).values
    assert values(desk) == {name: portrait[name] for name in SLIDERS}  # tint is zero again
    assert desk.patches[-1] == {"vividness": 0.45, "smooth": 0.3, "tint": 0}
    desk.press("Control+z")
    desk.rest()
    assert (values(desk), chosen(desk)) == (before, "None")
    desk.press("Control+Shift+z")
    desk.rest()
    assert chosen(desk) == "Portrait"
    desk.slide("warmth", 0.1)
    assert chosen(desk) == "None"


def test_own_preset_is_saved_applied_and_removed(harbour: Desk) -> None:
    desk = harbour
    desk.slide("warmth", 0.2)
    desk.slide("saturation", 1.3)
    desk.slide("size", 3)  # the third size after the usual one
    desk.rest()
    look = values(desk)
    remove = desk.page.get_by_role("button", name="Remove this preset")
    expect(remove).to_be_hidden()
    save_as(desk, "Grandma's <b>summer</b>")
    assert chosen(desk) == "Grandma's <b>summer</b>"
    desk.page.select_option(CHOICE, label="Faithful")
    expect(remove).to_be_hidden()
    desk.page.reload()  # the photo comes back, and so do the presets
    desk.page.wait_for_selector("body[data-ready]")
    desk.until(lambda: desk.states() == ["ready"])
    desk.page.select_option(CHOICE, label="Grandma's <b>summer</b>")
    desk.rest()
    assert values(desk) == look
    assert desk.patches[-1]["size"] == 192
    remove.click()
    assert chosen(desk) == "None"
    assert desk.page.locator(f"{CHOICE} optgroup").count() == 0
    assert values(desk) == look


def test_what_is_no_preset_is_passed_over(desk: Desk) -> None:
    sound = readable_presets(own=False)[0][0].record()["colorize"]
    kept = {"sound": sound, "far": sound | {"warmth": 7}, "text": "x", "none": None, "bare": {}}
    for saved, count in ((json.dumps(kept), 1), ("{", 0), ("null", 0)):
        desk.page.evaluate("(text) => localStorage.setItem('photochrom-presets', text)", saved)
        desk.page.reload()
        desk.page.wait_for_selector("body[data-ready]")
        assert desk.page.locator(f"{CHOICE} optgroup option").count() == count


@pytest.mark.parametrize("how", [{}, PHONE], ids=["wide", "phone"])
def test_form_is_accessible_and_stays_in_the_panel(
    open_desk: Callable[..., Desk], examples: Path, axe: str, how: dict[str, object]
) -> None:
    desk = open_desk(**how)
    desk.put(examples / "cat.jpg")
    desk.page.locator("#tab-look").click()
    desk.page.get_by_role("button", name="Save as preset").click()
    expect(desk.page.get_by_label("Name of the preset")).to_be_focused()
    panel = desk.page.locator("#sliders").bounding_box()
    form = desk.page.locator(".presets form").bounding_box()
    assert panel is not None
    assert form is not None
    assert form["x"] >= panel["x"] - 1
    assert form["x"] + form["width"] <= panel["x"] + panel["width"] + 1
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.press("Escape")
    expect(desk.page.get_by_label("Name of the preset")).to_be_hidden()
