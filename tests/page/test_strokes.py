"""What the brush does: colours that stay near it, and masks that erase, keep and strengthen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from photochrom.pipeline.hints import load_hints
from support.desk import Desk

pytestmark = pytest.mark.browser

KNOWN = {
    "#000080": "navy|navy blue|dark blue|deep blue", "#ffa500": "orange|yellowish orange",
    "#1f2a44": "navy|navy blue|dark blue", "#800000": "maroon|dark red", "#808000": "olive",
    "#008080": "teal", "#800080": "purple", "#ff0000": "red|bright red", "#0000ff": "blue",
    "#008000": "green|grass green|dark green", "#00ff00": "bright green|lime green",
    "#ffff00": "yellow", "#00ffff": "cyan|aqua", "#ff00ff": "magenta|fuchsia",
    "#ffc0cb": "pink|pale pink|light pink", "#a52a2a": "brown|brick|brick red",
    "#d2b48c": "tan", "#f5deb3": "beige|tan", "#bdb76b": "khaki", "#fa8072": "salmon",
    "#ffd700": "gold|golden yellow", "#40e0d0": "turquoise|aqua", "#4b0082": "indigo",
    "#ee82ee": "violet|light magenta|orchid", "#d2691e": "copper|burnt orange|chocolate brown",
    "#a0522d": "sienna|brown|reddish brown", "#da70d6": "orchid", "#000000": "black",
    "#ffffff": "white", "#808080": "grey|medium grey", "#c0c0c0": "silver|light grey",
    "#87ceeb": "sky blue|light blue|light sky blue", "#006400": "dark green|forest green",
    "#6b8e23": "olive green|moss green|army green", "#98ff98": "mint green|light green",
    "#708090": "blue grey|slate grey", "#4b3621": "dark brown", "#b7410e": "rust",
    "#800020": "burgundy|maroon|wine", "#fffdd0": "cream|ivory", "#ffdab9": "peach|light peach",
    "#8a9a5b": "sage|moss green", "#5c4033": "brown|dark brown|greyish brown",
}  # fmt: skip
"""Colours that everybody knows, of HTML, cloth and skin, and what they may be called."""


def test_well_known_colors_have_the_names_that_people_give_them(desk: Desk) -> None:
    assert len(KNOWN) >= 40
    names = desk.page.evaluate(
        """async (colors) => {
          const { nameOf } = await import("/page/names.js");
          const { labFromHex } = await import("/page/lab.js");
          return colors.map((color) => {
            const [lightness, ...ab] = labFromHex(color);
            return nameOf(lightness, ab);
          });
        }""",
        list(KNOWN),
    )
    wrong = {
        color: name
        for (color, known), name in zip(KNOWN.items(), names, strict=True)
        if name not in known.split("|")
    }
    assert not wrong


def test_a_stroke_that_begins_on_an_old_one_paints(harbour: Desk) -> None:
    harbour.press("b")
    harbour.drag(harbour.spot(0.3, 0.8), harbour.spot(0.5, 0.8), steps=10)
    harbour.rest()
    first = harbour.hints()
    harbour.drag(harbour.spot(0.4, 0.8), harbour.spot(0.4, 0.95), steps=10)
    harbour.rest()
    both = harbour.hints()
    assert both[: len(first)] == first  # it was not moved
    assert len(both) > len(first)
    harbour.press("c")  # the other tool moves it
    harbour.drag(harbour.spot(0.31, 0.8), harbour.spot(0.31, 0.7), steps=10)
    harbour.rest()
    assert len(harbour.hints()) == len(both)
    assert harbour.hints()[: len(first)] != first


def test_a_stroke_changes_nothing_beyond_its_border(harbour: Desk) -> None:
    harbour.press("s", "b")
    harbour.page.mouse.move(*harbour.spot(0.9, 0.9))
    plain = {x: harbour.pixels(x, 0.8, 4, 4)["bands"] for x in (0.1, 0.4, 0.95)}
    harbour.drag(harbour.spot(0.35, 0.8), harbour.spot(0.45, 0.8), steps=10)
    harbour.page.mouse.move(*harbour.spot(0.7, 0.3))
    harbour.rest()
    reach = harbour.hints()[0]["reach"]
    assert reach == pytest.approx(8 * 0.02 * 477, abs=0.1)
    assert 0.35 * 1024 - reach > 0.1 * 1024
    for x, before in plain.items():
        assert (harbour.pixels(x, 0.8, 4, 4)["bands"] == before) == (x != 0.4)


def choose(desk: Desk, effect: str, share: int | None = None) -> None:
    desk.press("b")
    desk.page.select_option("#brush-effect", effect)
    if share is not None:
        desk.page.locator("#brush-share").fill(str(share))


def strokes(desk: Desk) -> list[dict[str, object]]:
    sent = [patch["strokes"] for patch in desk.patches if "strokes" in patch]
    return sent[-1] if sent else []


def test_the_brush_mutes_and_strengthens_a_part(harbour: Desk) -> None:
    harbour.press("s")
    harbour.press(*["]"] * 6)
    colored = harbour.chroma(0.7, 0.15)
    choose(harbour, "saturation", 0)
    harbour.drag(harbour.spot(0.6, 0.15), harbour.spot(0.8, 0.15), steps=8)
    harbour.rest()
    (stroke,) = strokes(harbour)
    assert (stroke["effect"], stroke["value"]) == ("saturation", 0)
    assert stroke["radius"] == pytest.approx(0.02 * 1.2**6 * 477, abs=0.1)
    harbour.press("h")  # without the veil
    harbour.page.mouse.move(*harbour.spot(0.2, 0.9))
    harbour.rest()
    assert harbour.chroma(0.7, 0.15) < 1 < 10 < colored
    harbour.tab("colors")
    row = harbour.page.locator("#marks li")
    expect(row).to_have_text("Colour strength, 0 %")
    choose(harbour, "vividness", 100)
    expect(harbour.page.locator("#brush-share-value")).to_have_text("100 %")
    harbour.drag(harbour.spot(0.6, 0.5), harbour.spot(0.8, 0.5), steps=8)
    harbour.rest()
    assert [one["value"] for one in strokes(harbour)] == [0, 1]
    row.first.get_by_role("button", name="Remove this stroke").click()
    harbour.rest()
    assert [one["effect"] for one in strokes(harbour)] == ["vividness"]
    harbour.press("Control+z", "Control+z", "Control+z")
    harbour.rest()
    assert strokes(harbour) == []
    harbour.press("h")
    harbour.rest()
    assert harbour.chroma(0.7, 0.15) == pytest.approx(colored, abs=0.5)


def test_erasing_takes_colors_back_until_a_new_one_is_set(harbour: Desk) -> None:
    harbour.press("s")
    harbour.press("b")
    plain = harbour.pixels(0.7, 0.15)["bands"]
    harbour.drag(harbour.spot(0.6, 0.15), harbour.spot(0.8, 0.15), steps=8)
    harbour.rest()
    harbour.press(*["]"] * 4)
    choose(harbour, "erase")
    expect(harbour.page.locator("#brush-share")).to_be_hidden()
    harbour.drag(harbour.spot(0.55, 0.15), harbour.spot(0.85, 0.15), steps=8)
    harbour.press("h")
    harbour.page.mouse.move(*harbour.spot(0.2, 0.9))
    harbour.rest()
    assert [one["effect"] for one in strokes(harbour)] == ["erase"]
    assert harbour.pixels(0.7, 0.15)["bands"] == pytest.approx(plain, abs=1)
    before = len(strokes(harbour)[0]["points"])
    choose(harbour, "color")
    harbour.drag(harbour.spot(0.68, 0.15), harbour.spot(0.72, 0.15), steps=8)
    harbour.press("h")
    harbour.page.mouse.move(*harbour.spot(0.2, 0.9))
    harbour.rest()
    left, right = strokes(harbour)  # what is left on both sides
    assert len(left["points"]) + len(right["points"]) < before
    assert harbour.pixels(0.7, 0.15, 4, 4)["bands"] != pytest.approx(plain, abs=4)


def test_strokes_are_saved_and_opened_with_the_colors(harbour: Desk, tmp_path: Path) -> None:
    choose(harbour, "original")
    harbour.drag(harbour.spot(0.6, 0.15), harbour.spot(0.8, 0.15), steps=8)
    harbour.rest()
    harbour.tab("colors")
    with harbour.page.expect_download() as download:
        harbour.click("save-hints")
    path = tmp_path / "local.json"
    download.value.save_as(path)
    (saved,) = load_hints(path).strokes
    (sent,) = strokes(harbour)
    assert json.loads(path.read_text())["strokes"] == [{k: v for k, v in sent.items() if v}]
    assert (saved.effect, saved.radius) == ("original", sent["radius"])
    harbour.click("clear-hints")
    harbour.rest()
    assert strokes(harbour) == []
    harbour.page.set_input_files("#hints-input", str(path))
    harbour.until(lambda: harbour.status == "1 colour loaded.")
    expect(harbour.page.locator("#marks li")).to_have_text("As it was")
