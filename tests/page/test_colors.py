"""Colours that a person sets: by clicking, mixing, painting, and from another picture."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from photochrom.options import Hint
from photochrom.pipeline.hints import load_hints
from support.desk import Desk

pytestmark = pytest.mark.browser

SKY = (0.7, 0.15)  # of the harbour; its usual colour is blue
WATER = (0.7, 0.8)


def pick(desk: Desk, place: tuple[float, float], chip: int = 0) -> None:
    """Click a place and take a suggested colour, then close."""
    desk.click_photo(*place)
    desk.chips.nth(chip).click()
    desk.press("Escape")
    desk.rest()


def test_click_offers_likely_colors_of_that_place(harbour: Desk) -> None:
    with harbour.page.expect_response("**/suggestions?**") as answer:
        harbour.click_photo(*SKY)
    query = harbour.all("suggestions")[0].query
    assert float(query["x"]) == pytest.approx(SKY[0] * 1024, abs=2)
    assert float(query["y"]) == pytest.approx(SKY[1] * 477, abs=2)
    suggested = answer.value.json()["suggestions"]
    expect(harbour.chips).to_have_count(len(suggested))
    shares = [f"{round(100 * one['probability'])} %" for one in suggested]
    assert [words.strip() for words in harbour.chips.all_inner_texts()] == shares
    widths = harbour.page.eval_on_selector_all(
        "#place .bar span", "(bars) => bars.map((bar) => parseFloat(bar.style.width))"
    )
    assert widths == [max(3, round(100 * one["probability"])) for one in suggested]
    color = harbour.chips.first.locator(".swatch").evaluate(
        "(s) => getComputedStyle(s).backgroundColor"
    )
    expected = suggested[0]["color"]
    codes = [int(part) for part in color[4:-1].split(",")]
    assert codes == pytest.approx([int(expected[i : i + 2], 16) for i in (1, 3, 5)], abs=2)
    others = harbour.page.locator("#place .plain .chip").all_inner_texts()
    assert [words.strip() for words in others] == ["Keep this colour", "Grey", "My colour"]
    expect(harbour.page.locator("#place")).to_be_focused()
    assert not harbour.hints()  # asking sets nothing


def test_picked_color_is_set_there_and_shows_at_once(harbour: Desk) -> None:
    harbour.press("s")
    with harbour.page.expect_response("**/suggestions?**") as answer:
        harbour.click_photo(*SKY)
    suggestion = answer.value.json()["suggestions"][-1]
    blue = harbour.pixels(0.6, 0.1)["bands"]
    harbour.chips.last.click()
    harbour.rest()
    (hint,) = harbour.hints()
    assert hint["x"] == pytest.approx(SKY[0] * 1024, abs=2)
    assert hint["y"] == pytest.approx(SKY[1] * 477, abs=2)
    assert hint["ab"] == pytest.approx(suggestion["ab"], abs=0.01)
    assert hint["radius"] is None
    now = harbour.pixels(0.6, 0.1)["bands"]
    assert math.dist(blue, now) > 15  # the sky around it follows
    assert harbour.chips.last.get_attribute("aria-pressed") == "true"
    # another try replaces the colour, it does not add one
    harbour.chips.first.click()
    harbour.rest()
    assert len(harbour.hints()) == 1
    assert harbour.hints()[0]["ab"] != hint["ab"]


def test_neutral_is_offered(harbour: Desk) -> None:
    harbour.press("s")
    harbour.click_photo(*SKY)
    harbour.chips.first.wait_for()
    harbour.page.get_by_role("button", name="Grey:").click()
    harbour.rest()
    assert harbour.hints()[0]["ab"] == pytest.approx([0, 0], abs=0.05)
    harbour.press("Escape")
    assert harbour.chroma(0.66, 0.15) < 12


def test_divider_goes_out_of_the_way_of_a_place_in_the_gray(harbour: Desk) -> None:
    harbour.click_photo(0.2, 0.2)
    assert harbour.divider.get_attribute("aria-valuenow") == "0"


def test_hint_is_dragged_as_one_step(harbour: Desk) -> None:
    pick(harbour, SKY)
    start, end = harbour.spot(*SKY), harbour.spot(0.9, 0.1)
    harbour.drag(start, end)
    harbour.rest()
    (hint,) = harbour.hints()
    assert (hint["x"], hint["y"]) == pytest.approx((0.9 * 1024, 0.1 * 477), abs=4)
    harbour.press("Control+z")
    harbour.rest()
    (hint,) = harbour.hints()
    assert hint["x"] == pytest.approx(SKY[0] * 1024, abs=2)
    harbour.press("Control+z")
    harbour.rest()
    assert harbour.hints() == []


def test_hint_dragged_off_the_photo_stays_at_its_edge(harbour: Desk) -> None:
    pick(harbour, SKY)
    x, y = harbour.spot(*SKY)
    harbour.drag((x, y), (x, 30))
    harbour.rest()
    assert harbour.hints()[0]["y"] == 0


def test_selected_hint_is_deleted_by_key_and_by_button(harbour: Desk) -> None:
    pick(harbour, SKY)
    harbour.press("Delete")
    harbour.rest()
    assert harbour.hints() == []
    harbour.press("Control+z")
    harbour.rest()
    assert len(harbour.hints()) == 1
    harbour.click_photo(*SKY)
    harbour.page.locator("#place").get_by_role("button", name="Remove this colour").click()
    harbour.rest()
    assert harbour.hints() == []
    assert harbour.page.is_hidden("#place")


def test_click_on_a_hint_opens_it_with_its_color_and_reach(harbour: Desk) -> None:
    pick(harbour, SKY, 1)
    harbour.click_photo(*SKY)
    expect(harbour.chips.nth(1)).to_have_attribute("aria-pressed", "true")
    reach = harbour.page.locator("#radius")
    assert reach.get_attribute("aria-valuetext") == "as far as the thing goes"
    far = harbour.pixels(0.1, 0.15)["bands"]
    reach.focus()
    harbour.press(*["PageDown"] * 6)
    harbour.until(lambda: harbour.hints()[0]["reach"] is not None)
    harbour.rest()
    (hint,) = harbour.hints()
    assert 20 < hint["reach"] < 0.6 * 477
    assert reach.get_attribute("aria-valuetext") == f"{round(hint['reach'])} px"
    harbour.press("Control+z")
    harbour.rest()
    assert harbour.hints()[0]["reach"] is None
    assert harbour.pixels(0.1, 0.15)["bands"] == far


def open_mixer(desk: Desk) -> tuple[float, float, float]:
    """Left, top and size of the plane of colours."""
    desk.click_photo(*SKY)
    desk.chips.first.wait_for()
    desk.page.locator("#place summary").click()
    left, top, width, _ = desk.box("#place .plane")
    return left, top, width


def test_mixer_paints_only_what_srgb_has_at_that_lightness(harbour: Desk) -> None:
    open_mixer(harbour)
    painted = harbour.page.locator("#place .plane").evaluate(
        """(plane) => {
          const { width, height } = plane;
          const { data } = plane.getContext("2d").getImageData(0, 0, width, height);
          let opaque = 0, light = [255, 0];
          for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] < 255) continue;
            opaque += 1;
            const y = 0.2126 * (data[at] / 255) ** 2.2 + 0.7152 * (data[at + 1] / 255) ** 2.2
              + 0.0722 * (data[at + 2] / 255) ** 2.2;
            if (at % 64 === 0) light = [Math.min(light[0], y), Math.max(light[1], y)];
          }
          return { share: opaque / width / height, light, corner: data[3] };
        }"""
    )
    assert painted["corner"] == 0
    assert 0.2 < painted["share"] < 0.8


def test_mixed_color_is_snapped_into_the_gamut(harbour: Desk) -> None:
    left, top, size = open_mixer(harbour)
    harbour.page.mouse.click(left + 0.97 * size, top + 0.03 * size)  # no such colour
    harbour.rest()
    (hint,) = harbour.hints()
    hexadecimal = harbour.page.input_value("#place .hex input")
    swatch = harbour.page.locator("#place .mixed .swatch").evaluate("(s) => s.style.background")
    assert swatch.startswith("rgb(")
    codes = [int(part) for part in swatch[4:-1].split(",")]
    assert "#" + "".join(f"{code:02x}" for code in codes) == hexadecimal
    # what it says is what that sRGB colour is: the chroma was reduced to one that exists
    exact = Hint.from_srgb(0, 0, hexadecimal).ab
    assert hint["ab"] == pytest.approx(exact, abs=1.5)


def test_mixing_by_drag_is_one_step(harbour: Desk) -> None:
    left, top, size = open_mixer(harbour)
    harbour.drag((left + 0.5 * size, top + 0.5 * size), (left + 0.4 * size, top + 0.35 * size))
    harbour.rest()
    assert len(harbour.hints()) == 1
    harbour.press("Control+z")
    harbour.rest()
    assert harbour.hints() == []


def test_mixing_by_keyboard_and_by_hex(harbour: Desk) -> None:
    open_mixer(harbour)
    harbour.page.focus("#place .plane")
    harbour.press("Home")
    harbour.rest()
    assert harbour.hints()[0]["ab"] == [0, 0]
    harbour.press("ArrowRight", "Shift+ArrowUp")
    harbour.until(lambda: harbour.hints()[0]["ab"] == [2, 10])
    spoken = harbour.page.locator("#place .plane").get_attribute("aria-valuetext")
    assert spoken is not None
    assert spoken == harbour.page.inner_text("#place .mixed .soft >> nth=0")
    harbour.page.fill("#place .hex input", "8a5a3c")
    harbour.press("Enter")
    harbour.rest()
    assert harbour.hints()[0]["ab"] == pytest.approx(Hint.from_srgb(0, 0, "#8a5a3c").ab, abs=0.02)
    harbour.page.fill("#place .hex input", "brown")
    harbour.press("Enter")
    assert harbour.page.get_attribute("#place .hex input", "aria-invalid") == "true"


def test_place_by_keyboard_alone(harbour: Desk) -> None:
    page = harbour.page
    page.focus("body")
    for _ in range(40):
        harbour.press("Tab")
        if page.evaluate("() => document.activeElement.id") == "viewport":
            break
    harbour.press(*["Shift+ArrowRight"] * 3, *["Shift+ArrowUp"] * 2, "ArrowUp")
    harbour.press("Enter")
    expect(harbour.chips.first).to_be_focused()
    harbour.press("ArrowRight", "Enter")
    harbour.rest()
    (hint,) = harbour.hints()
    scale = harbour.frame[2] / 1024
    assert hint["x"] == pytest.approx(511.5 + 180 / scale, abs=2)
    assert hint["y"] == pytest.approx(238 - 132 / scale, abs=2)
    harbour.press("Escape")
    assert page.evaluate("() => document.activeElement.id") == "viewport"
    harbour.press("ArrowLeft")  # the selected colour moves now
    harbour.until(lambda: harbour.hints()[0]["x"] < hint["x"])
    harbour.press("Backspace")
    harbour.rest()
    assert harbour.hints() == []


def test_list_of_colors_serves_the_keyboard(harbour: Desk) -> None:
    pick(harbour, SKY)
    pick(harbour, WATER)
    harbour.tab("colors")
    rows = harbour.page.locator("#marks li")
    expect(rows).to_have_count(2)
    first = harbour.hints()[0]
    assert f"at {round(first['x'])}, {round(first['y'])}" in rows.first.inner_text()
    rows.first.locator(".mark").focus()
    x = harbour.hints()[0]["x"]
    harbour.press("Shift+ArrowLeft")
    harbour.until(lambda: harbour.hints()[0]["x"] < x - 5)
    assert harbour.page.evaluate("() => document.activeElement.className") == "mark"
    harbour.press("Enter")
    expect(harbour.page.locator("#place")).to_be_visible()
    harbour.press("Escape")
    harbour.press("Delete")
    harbour.rest()
    expect(rows).to_have_count(1)
    assert len(harbour.hints()) == 1
    harbour.page.locator("#marks").get_by_role("button", name="Remove this colour").click()
    expect(rows).to_have_count(0)
    assert "None yet" in harbour.page.inner_text("#panel-colors")


def test_brush_stroke_is_a_row_of_hints_and_one_step(harbour: Desk) -> None:
    harbour.press("b")
    harbour.press("]", "]")
    size = float(harbour.page.inner_text("#brush-value").split()[0]) / 100
    assert size == pytest.approx(0.02 * 1.2**2, abs=0.0006)
    harbour.drag(harbour.spot(0.3, 0.8), harbour.spot(0.6, 0.8), steps=20)
    harbour.rest()
    hints = harbour.hints()
    radius = 0.02 * 1.2**2 * 477
    assert len(hints) == pytest.approx(0.3 * 1024 / radius, abs=2)
    assert {hint["radius"] for hint in hints} == {round(radius, 2)}
    assert {hint["reach"] for hint in hints} == {round(8 * radius, 2)}
    gaps = [
        math.dist((one["x"], one["y"]), (next_["x"], next_["y"]))
        for one, next_ in itertools.pairwise(hints[:-1])
    ]
    assert gaps == pytest.approx([radius] * len(gaps), abs=0.3)
    assert len({tuple(hint["ab"]) for hint in hints}) == 1
    harbour.tab("colors")
    assert f"a stroke of {len(hints)} points" in harbour.page.inner_text("#marks")
    harbour.press("Control+z")
    harbour.rest()
    assert harbour.hints() == []


def test_brush_has_the_persons_own_color(harbour: Desk) -> None:
    harbour.tab("colors")
    harbour.page.fill("#own-color .hex input", "#3060c0")
    harbour.press("Tab")
    harbour.press("b")
    harbour.click_photo(0.8, 0.85)
    harbour.rest()
    (hint,) = harbour.hints()
    wished = Hint.from_srgb(0, 0, "#3060c0").ab
    assert math.atan2(*hint["ab"][::-1]) == pytest.approx(math.atan2(*wished[::-1]), abs=0.25)


def test_more_points_than_the_server_takes_are_refused_in_words(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(ready=False)

    def lower(route: Route) -> None:
        about = route.fetch().json()
        about["limits"]["hints"] = 20
        route.fulfill(json=about)

    desk.page.route("**/api/v1/about", lower)
    desk.go()
    desk.put(examples / "harbour.jpg")
    desk.press("b")
    desk.drag(desk.spot(0.3, 0.8), desk.spot(0.42, 0.8))
    desk.rest()
    count = len(desk.hints())
    assert 10 < count <= 20
    desk.drag(desk.spot(0.3, 0.9), desk.spot(0.45, 0.9))
    assert "A photo takes 20 points of colour at most." in desk.status
    desk.rest()
    assert len(desk.hints()) == count


def test_tools_for_colors_are_hidden_where_the_model_takes_none(
    harbour: Desk,
) -> None:
    def without(route: Route) -> None:
        if route.request.method != "PATCH":
            route.fallback()
            return
        session = route.fetch().json()
        session["can"] = dict.fromkeys(session["can"], False)
        route.fulfill(json=session)

    harbour.page.route("**/api/v1/sessions/*", without)
    harbour.slide("warmth", 0.1)
    harbour.rest()
    for name in ("tool-color", "tool-brush", "tab-colors", "tab-variants", "confidence"):
        expect(harbour.page.locator(f"#{name}")).to_be_hidden()
    harbour.click_photo(0.7, 0.3)
    assert not harbour.all("suggestions")
    harbour.page.unroute("**/api/v1/sessions/*")
    harbour.slide("warmth", 0.2)
    harbour.rest()
    expect(harbour.page.locator("#tool-brush")).to_be_visible()


def test_color_from_another_picture(harbour: Desk, examples: Path) -> None:
    harbour.tab("colors")
    photos = len(harbour.all("sessions", "POST"))
    harbour.page.set_input_files("#palette-input", str(examples / "color" / "otter.jpg"))
    reference = harbour.page.locator("#palette")
    expect(reference).to_be_visible()
    _, _, width, height = harbour.box("#palette")
    reference.click(position={"x": 0.2 * width, "y": 0.15 * height})  # blue water
    assert "is picked" in harbour.status
    assert len(harbour.all("sessions", "POST")) == photos  # it stays in the browser
    harbour.click_photo(*WATER)  # goes there at once
    harbour.rest()
    (hint,) = harbour.hints()
    shown = reference.evaluate(
        """(canvas) => {
          const [x, y] = [0.2 * canvas.width, 0.15 * canvas.height].map(Math.round);
          const { data } = canvas.getContext("2d").getImageData(x - 2, y - 2, 5, 5);
          const sum = [0, 1, 2].map((band) =>
            data.reduce((all, code, at) => all + (at % 4 === band ? code : 0), 0) / 25);
          return "#" + sum.map((code) => Math.round(code).toString(16).padStart(2, "0")).join("");
        }"""
    )
    assert hint["ab"] == pytest.approx(Hint.from_srgb(0, 0, shown).ab, abs=3)  # a pixel beside it
    # the next click asks again
    harbour.press("Escape")
    harbour.click_photo(*SKY)
    harbour.chips.first.wait_for()
    assert len(harbour.hints()) == 1


def test_color_from_another_picture_by_keyboard_goes_on_the_brush(
    harbour: Desk, examples: Path
) -> None:
    harbour.tab("colors")
    harbour.press("b")
    harbour.page.set_input_files("#palette-input", str(examples / "color" / "otter.jpg"))
    expect(harbour.page.locator("#palette")).to_be_visible()
    harbour.page.focus("#palette")
    before = harbour.page.input_value("#own-color .hex input")
    harbour.press("Shift+ArrowUp", "Shift+ArrowUp", "ArrowLeft", "Enter")
    assert "The brush paints" in harbour.status
    assert harbour.page.input_value("#own-color .hex input") != before


def test_file_that_is_no_picture_is_no_reference(harbour: Desk, tmp_path: Path) -> None:
    harbour.tab("colors")
    bad = tmp_path / "words.txt"
    bad.write_text("red")
    harbour.page.set_input_files("#palette-input", str(bad))
    harbour.until(lambda: "cannot show words.txt" in harbour.status)


def test_saved_colors_are_the_file_of_the_command_line(harbour: Desk, tmp_path: Path) -> None:
    pick(harbour, SKY)
    pick(harbour, WATER, 1)
    harbour.tab("colors")
    with harbour.page.expect_download() as download:
        harbour.click("save-hints")
    assert download.value.suggested_filename == "harbour.hints.json"
    path = tmp_path / "hints.json"
    download.value.save_as(path)
    saved = load_hints(path).hints
    hints = harbour.hints()
    assert [(one.x, one.y) for one in saved] == [(one["x"], one["y"]) for one in hints]
    for one, other in zip(saved, hints, strict=True):
        assert one.ab == pytest.approx(other["ab"], abs=1e-6)
    # and back again
    harbour.click("clear-hints")
    harbour.rest()
    assert harbour.hints() == []
    harbour.page.set_input_files("#hints-input", str(path))
    harbour.until(lambda: harbour.status == "2 colours loaded.")
    harbour.rest()
    expect(harbour.page.locator("#marks li")).to_have_count(2)
    harbour.press("Control+z")
    harbour.rest()
    assert harbour.hints() == []


def test_loaded_colors_may_be_named_by_srgb(harbour: Desk, tmp_path: Path) -> None:
    path = tmp_path / "colors.json"
    path.write_text('{"hints": [{"x": 700, "y": 100, "color": "#8a5a3c", "radius": 9}]}')
    harbour.tab("colors")
    harbour.page.set_input_files("#hints-input", str(path))
    harbour.until(lambda: harbour.status == "1 colour loaded.")
    assert "at 700, 100" in harbour.page.inner_text("#marks")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("no json", "is not a file of saved colours"),
        ('{"colours": []}', "is not a file of saved colours"),
        (json.dumps({"hints": [{"x": 5000, "y": 3, "ab": [1, 2]}]}), "5000"),
    ],
)
def test_file_of_colors_that_does_not_fit_says_why(
    harbour: Desk, tmp_path: Path, words: str, line: str
) -> None:
    harbour.forgiven.append("422")
    path = tmp_path / "bad.json"
    path.write_text(words)
    harbour.tab("colors")
    harbour.page.set_input_files("#hints-input", str(path))
    harbour.until(lambda: line in harbour.status)
    assert "\n" not in harbour.page.inner_text("#status .bad")
    expect(harbour.page.locator("#marks li")).to_have_count(0)
    expect(harbour.page.locator("#undo")).to_be_disabled()
