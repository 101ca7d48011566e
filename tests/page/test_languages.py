"""The page's languages: each says all that English says, fits where English fits, and is chosen by
the browser, the address or a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from support.desk import Desk
from support.screens import DESKTOP, PHONE, settle_colors, violations

pytestmark = pytest.mark.browser

PAGE = Path(__file__).resolve().parents[2] / "src" / "photochrom" / "server" / "page"
OTHERS = ["de", "fr", "es", "it", "sq"]
ROOMY = ("fr", "es", "it")
"""Languages whose longest words are no longer than those of German and Albanian."""
TITLES = {
    "en": "Bring old photographs into colour",
    "de": "Alte Fotos in Farbe",
    "fr": "De la couleur pour les vieilles photos",
    "es": "Da color a las fotos antiguas",
    "it": "Dai colore alle vecchie foto",
    "sq": "Ngjyra për fotot e vjetra",
}

SAID = """async (code) => {
  const { default: texts } = await import(`/page/texts/${code}.js`);
  const values = { begun: 2, bytes: 3e7, count: 3, degrees: 90, done: 40, from: 128, to: 512,
    height: 477, width: 1024, most: 2e7, name: "harbour.jpg", names: ["a.jpg"], number: 2,
    others: 2, part: 12, pages: 3, photos: 4, pictures: 48, problem: "!", reason: "!", ready: 2,
    all: 3, seconds: 9, shots: 5, size: 5e7, start: 1, end: 62, state: "coloring",
    status: 418, value: 12,
    digits: 1, what: "!", why: null, words: "!", x: 3, y: 4, damaged: 0.02, left: 0.01,
    format: "png", progress: 0.5, session: { width: 1024, height: 477 }, share: 0.5 };
  const special = {
    removed: [[{ name: "a.jpg" }]],
    facts: [{ width: 9, height: 8, format: "tiff", bits: 16, pages: 2 }],
    "film.coloring": [{ seconds_left: 240, done: 12, total: 48 }],
    "film.stopped": [{ done: 12, total: 48 }],
    "engine.ready": [{ backend: "wasm", threads: 4, milliseconds: 1234 }],
  };
  const one = { count: 1, photos: 1, shots: 1, pictures: 1, others: 0, all: 1, ready: 1, damaged: 0,
    left: 0, part: 100, size: 1e6, bytes: 2e5, session: null, state: "waiting", problem: "!" };
  const said = {};
  const look = (part, path) => {
    for (const [key, value] of Object.entries(part)) {
      const at = [...path, key].join(".");
      if (at === "colorNames") continue;
      if (typeof value === "function") {
        const names = value.toString().split("=>")[0].replace(/[()\\s]|=[^,)]*/g, "").split(",")
          .filter(Boolean);
        const call = (more) =>
          value(...special[at] ?? names.map((name) => ({ ...values, ...more })[name]));
        said[at] = { kind: "function", count: value.length, words: [call({}), call(one)] };
      } else if (typeof value === "object") {
        const kind = Array.isArray(value) ? "list" : "object";
        said[at] = { kind, count: Object.keys(value).length };
        look(value, [...path, key]);
      } else said[at] = { kind: typeof value, count: 0, words: [value] };
    }
  };
  look(texts, []);
  const { NAMES } = await import("/page/names.js");
  return { said, colors: texts.colorNames, names: NAMES.map(({ name }) => name) };
}"""

NO_WORDS = {
    "title", "planeAt", "zoomAt", "percent", "nameAndSize", "crop.size", "pixels", "pinnedSide",
    "words.full", "film.shotName",
    "keys.Ctrl", "keys.Esc", "keys.Enter", "keys.Del", "keys.Shift", "keys.Page",
    *(f"shortcuts.{number}.0" for number in range(17)),
}  # fmt: skip
"""Texts that may be the same in every language: names, numbers, keys."""
SAME = {
    "de": {"look", "token", "filmLabel", "preset.names.album"},
    "fr": {
        "stage",
        "photos",
        "control.saturation",
        "filmLabel",
        "preset.names.album",
        "preset.names.portrait",
    },
    "es": {"token"},
    "it": {"token", "preset.names.album"},
    "sq": {"preset.names.album"},
}
"""Words that the language shares with English."""

CUT = """() => {
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !node.closest(".unseen");
  const faults = [];
  const inside = (node, parts) => {
    const range = document.createRange();
    range.setStartBefore(parts[0]);
    range.setEndAfter(parts.at(-1));
    const [box, text] = [node.getBoundingClientRect(), range.getBoundingClientRect()];
    return text.left >= box.left - 1 && text.right <= box.right + 1
      && text.top >= box.top - 1 && text.bottom <= box.bottom + 1;
  };
  for (const node of document.querySelectorAll("button, label, summary, h2, h3, dt, dd, .side, "
    + "output, dialog, p, .sheet, #place, #tools, #bar")) {
    if (!seen(node) || ["name", "film-name", "status"].includes(node.id)) continue;
    const wide = getComputedStyle(node).display !== "inline"
      && node.scrollWidth > node.clientWidth + 1;
    const shown = [...node.childNodes].filter((one) => one.textContent.trim()
      && !one.classList?.contains("unseen") && (one.checkVisibility?.() ?? true));
    if (wide || (node.matches("button") && shown.length && !inside(node, shown)))
      faults.push(`${node.id || node.className || node.tagName}: ${
        node.textContent.trim().slice(0, 60)}`);
  }
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) faults.push(`the page is ${root.scrollWidth} wide`);
  return faults;
}"""


@pytest.fixture
def said(desk: Desk) -> Callable[[str], dict[str, Any]]:
    """What a language says: of every text its kind, number of parameters or parts, and words."""
    return lambda code: desk.page.evaluate(SAID, code)


# What each language says


@pytest.mark.parametrize("code", OTHERS)
def test_language_says_all_that_english_says(
    said: Callable[[str], dict[str, Any]], code: str
) -> None:
    english, other = said("en")["said"], said(code)["said"]
    shape = {path: (text["kind"], text["count"]) for path, text in english.items()}
    assert {path: (text["kind"], text["count"]) for path, text in other.items()} == shape
    for path, text in other.items():
        for words in text.get("words", []):
            assert isinstance(words, str), path
            assert words.strip(), path
            for broken in ("undefined", "NaN", "[object", "=>", "${"):
                assert broken not in words, (path, words)
        if path.startswith("shortcuts.") and path.endswith(".0") and "words" in text:
            assert text["words"] == english[path]["words"]  # keys are named by `keys`


@pytest.mark.parametrize("code", OTHERS)
def test_nothing_is_left_in_english(said: Callable[[str], dict[str, Any]], code: str) -> None:
    english, other = said("en")["said"], said(code)["said"]
    same = {
        path
        for path, text in other.items()
        if "words" in text and text["words"] == english[path]["words"]
    }
    assert same - NO_WORDS == SAME[code] & same
    assert SAME[code] <= same


@pytest.mark.parametrize("code", OTHERS)
def test_every_color_has_a_name(said: Callable[[str], dict[str, Any]], code: str) -> None:
    found = said(code)
    assert sorted(found["colors"]) == sorted(found["names"])
    assert len(set(found["colors"].values())) == len(found["names"])


@pytest.mark.parametrize("code", ["en", *OTHERS])
def test_no_text_is_overwritten(code: str) -> None:
    """JavaScript takes the last of two keys of the same name, and says nothing."""
    source = (PAGE / "texts" / f"{code}.js").read_text(encoding="utf-8")
    keys = re.findall(r"^  (\w+)[:,]", source.split("export default")[1], re.MULTILINE)
    assert len(keys) > 100
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("code", ["en", *OTHERS])
def test_page_shows_words_alone(open_desk: Callable[..., Desk], code: str) -> None:
    """Each text that index.html names is there, and is one."""
    desk = open_desk(path=f"?lang={code}")
    shown = desk.page.evaluate(
        "() => [...document.querySelectorAll('[data-text], [data-label]')].map((node) =>"
        " `${node.textContent} ${node.getAttribute('aria-label')}`)"
    )
    assert len(shown) > 100
    assert not [one for one in shown if "object" in one or "undefined" in one]


def test_each_language_has_a_file_and_a_test() -> None:
    assert {path.stem for path in (PAGE / "texts").iterdir()} == {"en", *OTHERS}
    listed = (PAGE / "language.js").read_text(encoding="utf-8")
    assert all(f"{code}: " in listed for code in ("en", *OTHERS))


# How it is chosen


@pytest.mark.parametrize(
    ("locale", "code"),
    [("de-AT", "de"), ("fr", "fr"), ("sq-AL", "sq"), ("en-GB", "en"), ("ja-JP", "en")],
)
def test_language_is_the_browsers(
    open_desk: Callable[..., Desk], examples: Path, locale: str, code: str
) -> None:
    desk = open_desk(locale=locale)
    assert desk.page.inner_text(".drop h2") == TITLES[code]
    assert desk.page.get_attribute("html", "lang") == code
    assert desk.page.title() == "Photochrom"


def test_second_language_of_the_browser_is_taken(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(ready=False)
    desk.page.add_init_script(
        "Object.defineProperty(navigator, 'languages', { get: () => ['ja', 'it-CH', 'de'] })"
    )
    desk.go()
    assert desk.page.get_attribute("html", "lang") == "it"


def test_address_names_a_language(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(path="?lang=es")
    assert desk.page.inner_text(".drop h2") == TITLES["es"]
    desk.go()
    assert desk.page.get_attribute("html", "lang") == "en"  # the address alone asked for it
    desk.go("?lang=constructor")
    assert desk.page.get_attribute("html", "lang") == "en"


def test_only_one_language_is_fetched(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(locale="it-IT")
    fetched = desk.page.evaluate(
        "() => performance.getEntriesByType('resource').map((one) => one.name)"
    )
    assert [urlsplit(one).path for one in fetched if "/texts/" in one] == ["/page/texts/it.js"]


def test_chosen_language_is_remembered_and_photos_stay(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(path="?lang=fr")
    desk.put(examples / "cat.jpg")
    desk.press("?")
    choice = desk.page.get_by_label("Langue", exact=True)
    expect(choice).to_have_value("fr")
    assert choice.locator("option").all_inner_texts() == [
        "English", "Deutsch", "Français", "Español", "Italiano", "Shqip",
    ]  # fmt: skip
    with desk.page.expect_navigation():
        choice.select_option("de")
    desk.page.wait_for_selector("body[data-ready]")
    desk.until(lambda: desk.states() == ["ready"])
    assert desk.page.get_attribute("html", "lang") == "de"
    assert "lang=" not in desk.page.url
    assert desk.page.title() == "cat.jpg – Photochrom"
    assert desk.page.locator("#undo").get_attribute("title") == "Rückgängig  (Strg Z)"
    desk.go()
    assert desk.page.get_attribute("html", "lang") == "de"


def test_language_is_chosen_on_a_phone(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(**PHONE)
    desk.page.tap("#help")
    with desk.page.expect_navigation():
        desk.page.get_by_label("Language", exact=True).select_option("sq")
    desk.page.wait_for_selector("body[data-ready]")
    assert desk.page.inner_text(".drop h2") == TITLES["sq"]


# How it looks and sounds


def test_colors_and_numbers_are_said_in_the_language(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(path="?lang=de")
    desk.put(examples / "harbour.jpg")
    desk.click_photo(0.7, 0.2)
    expect(desk.chips.first).to_be_visible()
    names = desk.chips.evaluate_all("nodes => nodes.map((node) => node.title)")
    german = desk.page.evaluate(
        "async () => Object.values((await import('/page/texts/de.js')).default.colorNames)"
    )
    assert names
    assert set(names) <= set(german)
    desk.press("Escape", "b")
    assert desk.page.inner_text("#brush-value").replace("\u00a0", " ").endswith(" %")
    assert "," in desk.page.inner_text("#brush-value")


@pytest.mark.parametrize(
    "code",
    [pytest.param(one, marks=pytest.mark.long if one in ROOMY else ()) for one in ("en", *OTHERS)],
)
@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_words_fit(open_desk: Callable[..., Desk], examples: Path, code: str, screen: str) -> None:
    how = {"desktop": DESKTOP, "phone": PHONE}[screen]
    sizes = {"desktop": [(1280, 800)], "phone": [(390, 844), (844, 390)]}[screen]
    desk = open_desk(path=f"?lang={code}", **how)
    page = desk.page
    faults: list[str] = []

    def look(what: str) -> None:
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            desk.rest()
            faults.extend(f"{what} {width}: {fault}" for fault in page.evaluate(CUT))
        page.set_viewport_size({"width": sizes[0][0], "height": sizes[0][1]})

    def dialog(opener: str, name: str) -> None:
        page.evaluate("(id) => document.getElementById(id).click()", opener)
        expect(page.locator(f"#{name}")).to_be_visible()
        look(name)
        page.evaluate("(id) => document.getElementById(id).close()", name)

    look("empty")
    dialog("help", "shortcuts-dialog")
    desk.put(examples / "cat.jpg", examples / "harbour.jpg")
    look("photo")
    for tab in ("look", "colors", "variants"):
        page.evaluate("(id) => document.getElementById(id).click()", f"tab-{tab}")
        look(tab)
    page.evaluate("() => document.querySelector('[role=tab][aria-selected=true]').click()")
    dialog("download", "download-dialog")
    dialog("overview", "overview-dialog")
    for name in ("film-dialog", "token-dialog"):
        page.evaluate("(id) => document.getElementById(id).showModal()", name)
        look(name)
        page.evaluate("(id) => document.getElementById(id).close()", name)
    for tool in ("brush", "crop", "color"):
        page.evaluate("(id) => document.getElementById(id).click()", f"tool-{tool}")
        look(tool)
    desk.press("Enter")
    expect(page.locator("#place")).to_be_visible()
    look("place")
    assert faults == [], "\n".join(faults)


@pytest.mark.parametrize("code", ["de", "sq"])
def test_no_barriers_in_another_language(
    open_desk: Callable[..., Desk], axe: str, examples: Path, code: str
) -> None:
    desk = open_desk(path=f"?lang={code}")
    assert violations(desk, axe) == []
    desk.put(examples / "harbour.jpg")
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.press("?")
    expect(desk.page.locator("#shortcuts-dialog")).to_be_visible()
    assert violations(desk, axe) == []
