"""The page as a whole: its weight, its manners, small screens, themes, tokens, and those who use no
mouse or cannot see."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from support.desk import Desk
from support.screens import PHONE, settle_colors, violations

pytestmark = pytest.mark.browser

PAGE = Path(__file__).resolve().parents[2] / "src" / "photochrom" / "server" / "page"
MOST_SENT = 166_500  # as sent, heads of answers included, in the language with most words
MOST_UNPACKED = 466_000  # with the words of all languages

# How it is made


def test_page_is_light_and_whole(browser: Browser, served: str) -> None:
    context = browser.new_context(locale="fr-FR")
    page = context.new_page()
    sizes: dict[str, int] = {}
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    names: dict[str, str] = {}
    line.on(
        "Network.requestWillBeSent", lambda e: names.update({e["requestId"]: e["request"]["url"]})
    )
    line.on(
        "Network.loadingFinished",
        lambda e: sizes.update({names[e["requestId"]]: int(e["encodedDataLength"])}),
    )
    page.goto(served, wait_until="networkidle")
    page.wait_for_selector("body[data-ready]")
    own = {url: size for url, size in sizes.items() if "/api/" not in url}
    assert all(url.startswith(served) for url in names.values())
    assert sum(own.values()) < MOST_SENT, own
    assert sum(file.stat().st_size for file in PAGE.rglob("*") if file.is_file()) < MOST_UNPACKED
    context.close()


def test_every_file_of_the_page_is_used() -> None:
    files = [file for file in PAGE.rglob("*") if file.is_file()]
    words = "".join(file.read_text(encoding="utf-8") for file in files if file.suffix != ".svg")
    languages = (PAGE / "language.js").read_text(encoding="utf-8")
    for file in files:
        if file.parent.name == "texts":
            assert f"{file.stem}: " in languages
        else:
            assert file.name == "index.html" or file.name in words, file.name
    icons = re.findall(r'symbol id="icon-([^"]+)"', words)
    for icon in icons:
        assert re.search(rf'data-icon="{icon}"|iconButton\("{icon}"', words), icon
    for icon in re.findall(r'data-icon="([^"]+)"', words):
        assert icon in icons


def test_texts_stand_in_one_folder() -> None:
    """Apart from texts/ no module says anything to a person."""
    for file in PAGE.glob("*.js"):
        code = re.sub(r"//.*|/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
        sentences = re.findall(r'["`][A-Z][a-z]+ [a-z]+[^"`]*["`]', code)
        assert not sentences, (file.name, sentences)
    body = (PAGE / "index.html").read_text().split("<body")[1]
    shown = re.sub(r"<noscript>.*?</noscript>|<[^>]*>", " ", body, flags=re.DOTALL).split()
    assert shown[-1:] == ["Photochrom"] or shown == ['data-state="empty">', "Photochrom"]


def test_strict_policy_is_in_force(desk: Desk) -> None:
    desk.forgiven.append("Content Security Policy")
    answer = desk.page.request.get(desk.address)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    html = answer.text()
    assert not re.search(r"<script(?![^>]*src)|<style|\sstyle=|\son\w+=", html)


# Those who use no mouse or cannot see


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_barriers_when_empty(open_desk: Callable[..., Desk], axe: str, theme: str) -> None:
    desk = open_desk(color_scheme=theme)
    assert violations(desk, axe) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_barriers_with_photos(
    open_desk: Callable[..., Desk], axe: str, examples: Path, theme: str
) -> None:
    desk = open_desk(color_scheme=theme)
    desk.put(examples / "harbour.jpg", examples / "cat.jpg")
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.click_photo(0.7, 0.2)
    desk.chips.first.click()
    desk.page.locator("#place summary").click()
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.press("Escape", "b", "g")
    desk.tab("colors")
    desk.page.set_input_files("#palette-input", str(examples / "color" / "otter.jpg"))
    expect(desk.page.locator("#palette")).to_be_visible()
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.tab("variants")
    desk.until(lambda: not desk.page.locator(".card.waiting").count())
    settle_colors(desk)
    assert violations(desk, axe) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_barriers_in_dialogs_and_failures(
    open_desk: Callable[..., Desk], axe: str, examples: Path, tmp_path: Path, theme: str
) -> None:
    desk = open_desk(color_scheme=theme)
    desk.forgiven.append("422")
    desk.put(examples / "cat.jpg", examples / "square.jpg")
    desk.press("?")
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.press("Escape")
    desk.click("download")
    settle_colors(desk)
    assert violations(desk, axe) == []
    desk.press("Escape")
    bad = tmp_path / "letter.jpg"
    bad.write_text("Dear grandmother")
    desk.page.set_input_files("#photo-input", str(bad))
    desk.until(lambda: "failed" in desk.states())
    settle_colors(desk)
    assert violations(desk, axe) == []


def test_no_barriers_on_a_phone(open_desk: Callable[..., Desk], axe: str, examples: Path) -> None:
    desk = open_desk(**PHONE)
    desk.put(examples / "harbour.jpg")
    assert violations(desk, axe) == []
    desk.page.tap("#tab-colors")
    settle_colors(desk)
    assert violations(desk, axe) == []


def test_everything_is_reached_by_the_tab_key_and_seen(harbour: Desk) -> None:
    page = harbour.page
    page.focus("body")
    seen: list[dict[str, Any]] = []
    for _ in range(60):
        harbour.press("Tab")
        seen.append(
            page.evaluate(
                """() => {
                  const node = document.activeElement;
                  const style = getComputedStyle(node);
                  const inner = [node, ...node.querySelectorAll("*")].map((one) =>
                    getComputedStyle(one, one === node ? null : "::after").outlineStyle);
                  return { name: node.id || node.className, ring: style.outlineStyle !== "none"
                    || inner.some((one) => one === "solid") || node.type === "range" };
                }"""
            )
        )
    seen = [one for one in seen if one["name"]]  # less the way round by the browser itself
    names = [one["name"] for one in seen]
    for wanted in (
        "theme", "help", "download", "viewport", "divider", "tool-color", "tool-brush",
        "tool-hand", "split", "hold", "confidence", "zoom-in", "fit", "full-size", "film", "add",
        "tab-look", "look-vividness", "look-size", "look-model", "pin",
    ):  # fmt: skip
        assert wanted in names, wanted
    assert [one["name"] for one in seen if not one["ring"]] == []
    names = names[names.index("theme") :] + names[: names.index("theme")]
    assert names.index("viewport") < names.index("tool-color") < names.index("tab-look")


def test_tabs_by_arrow_keys(harbour: Desk) -> None:
    harbour.page.focus("#tab-look")
    harbour.press("ArrowRight")
    expect(harbour.page.locator("#tab-colors")).to_be_focused()
    expect(harbour.page.locator("#panel-colors")).to_be_visible()
    expect(harbour.page.locator("#panel-look")).to_be_hidden()
    harbour.press("ArrowLeft", "ArrowLeft")
    expect(harbour.page.locator("#tab-variants")).to_be_focused()


def test_what_happens_is_read_out(desk: Desk, examples: Path) -> None:
    live = desk.page.locator("#status")
    assert live.get_attribute("role") == "status"
    desk.put(examples / "cat.jpg")
    assert "Click a place in the photo" in desk.status  # the first time: what to do next
    desk.put(examples / "square.jpg")
    assert "square.jpg is coloured." in desk.status


def test_shortcuts_are_listed(desk: Desk) -> None:
    desk.press("?")
    dialog = desk.page.locator("#shortcuts-dialog")
    expect(dialog).to_be_visible()
    assert "Hold to see the original" in dialog.inner_text()
    desk.press("Escape")
    expect(dialog).to_be_hidden()
    desk.click("help")
    expect(dialog).to_be_visible()
    desk.page.mouse.click(5, 5)  # beside it
    expect(dialog).to_be_hidden()


def test_typing_in_a_field_is_no_shortcut(harbour: Desk) -> None:
    harbour.tab("colors")
    harbour.page.focus("#own-color .hex input")
    harbour.page.keyboard.type("b")
    expect(harbour.page.locator("#tool-color")).to_have_attribute("aria-pressed", "true")


# Themes


@pytest.mark.parametrize(("theme", "light"), [("dark", False), ("light", True)])
def test_theme_follows_the_system_until_it_is_chosen(
    open_desk: Callable[..., Desk], theme: str, light: bool
) -> None:
    desk = open_desk(color_scheme=theme)

    def ground() -> bool:
        color = desk.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        codes = [int(part) for part in re.findall(r"\d+", color)[:3]]
        assert max(codes) - min(codes) <= 3  # neutral, so that colours can be judged
        return codes[0] > 128

    assert ground() == light
    desk.click("theme")
    assert ground() != light
    desk.go()
    assert ground() != light  # remembered


# Small screens


def test_phone_shows_the_photo_above_the_controls(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(**PHONE)
    desk.put(examples / "square.jpg")
    page = desk.page
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    folded = desk.frame
    assert folded[2] > 330
    page.tap("#tab-look")
    expect(page.locator("#look-vividness")).to_be_visible()
    desk.rest()
    opened = desk.frame
    assert opened[3] < folded[3]
    _, top, _, height = desk.box("#viewport")
    assert top + height <= desk.box(".sheet")[1]
    page.tap("#tab-look")
    expect(page.locator("#look-vividness")).to_be_hidden()


def test_phone_has_large_targets(open_desk: Callable[..., Desk], examples: Path) -> None:
    desk = open_desk(**PHONE)
    desk.put(examples / "harbour.jpg", examples / "cat.jpg")
    small = """() => [...document.querySelectorAll("button, select, [role=slider]")]
      .filter((node) => node.checkVisibility({ visibilityProperty: true }))
      .map((node) => [node, node.getBoundingClientRect()])
      .filter(([, box]) => box.width && (box.width < 43.5 || box.height < 43.5))
      .map(([node, box]) => `${node.id || node.className} ${box.width} x ${box.height}`)"""
    assert desk.page.evaluate(small) == []
    desk.page.touchscreen.tap(*desk.spot(0.7, 0.3))
    desk.chips.first.tap()
    desk.rest()
    assert desk.page.evaluate(small) == []
    desk.page.get_by_role("button", name="Close", exact=True).last.tap()
    for tab in ("look", "colors", "variants"):
        desk.page.tap(f"#tab-{tab}")
        assert desk.page.evaluate(small) == [], tab


def test_phone_sets_a_color_by_touch(open_desk: Callable[..., Desk], examples: Path) -> None:
    desk = open_desk(**PHONE)
    desk.put(examples / "harbour.jpg")
    desk.page.touchscreen.tap(*desk.spot(0.75, 0.2))
    desk.chips.nth(1).tap()
    desk.rest()
    (hint,) = desk.hints()
    assert hint["x"] == pytest.approx(0.75 * 1024, abs=4)
    left, top, width, height = desk.box("#place")
    assert (left, width) == (0, 390)  # a sheet at the bottom
    assert top + height == pytest.approx(844, abs=1)
    assert desk.spot(0.75, 0.2)[1] < top  # the place stays in sight


def test_phone_divider_by_touch(open_desk: Callable[..., Desk], examples: Path) -> None:
    desk = open_desk(**PHONE)
    desk.put(examples / "harbour.jpg")
    left, top, width, height = desk.frame
    fingers = desk.page.context.new_cdp_session(desk.page)

    def touch(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": top + height / 2}] if at else []
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", left + width / 2)
    for share in (0.4, 0.3, 0.2):
        touch("touchMove", left + share * width)
    touch("touchEnd")
    assert desk.divider.get_attribute("aria-valuenow") == "20"


# Tokens and sessions


def test_token_is_asked_for_and_kept_for_the_tab(
    open_desk: Callable[..., Desk], guarded: str, examples: Path, axe: str, tmp_path: Path
) -> None:
    desk = open_desk(address=guarded, ready=False)
    desk.forgiven.append("401")
    dialog = desk.page.locator("#token-dialog")
    expect(dialog).to_be_visible()
    assert violations(desk, axe) == []
    desk.press("Escape")
    expect(dialog).to_be_visible()  # nothing works without
    desk.page.fill("#token", "wrong")
    desk.press("Enter")
    expect(desk.page.locator("#token-note")).to_have_text("The server refused this token.")
    desk.page.fill("#token", "sesame")
    desk.press("Enter")
    desk.page.wait_for_selector("body[data-ready]")
    desk.put(examples / "cat.jpg")
    desk.click("download")
    with desk.page.expect_download() as download:
        desk.click("download-one")
    assert Path(download.value.path()).stat().st_size > 10_000
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")
    expect(dialog).to_be_hidden()


def test_token_of_the_address_is_used_and_taken_out_of_it(
    open_desk: Callable[..., Desk], guarded: str, examples: Path
) -> None:
    desk = open_desk(address=guarded, path="#token=sesame")
    assert urlsplit(desk.page.url).fragment == ""
    desk.put(examples / "cat.jpg")
    expect(desk.page.locator("#token-dialog")).to_be_hidden()


def test_forgotten_session_is_opened_again_with_the_same_look(harbour: Desk) -> None:
    harbour.forgiven.append("404")
    harbour.click_photo(0.7, 0.2)
    harbour.chips.nth(1).click()
    harbour.press("Escape")
    harbour.slide("saturation", 1.5)
    harbour.rest()
    first = next(one.path for one in harbour.requests if one.method == "PATCH")
    harbour.page.context.request.delete(f"{harbour.address}api/v1{first}")
    count = len(harbour.patches)
    harbour.slide("warmth", 0.4)
    harbour.until(lambda: "had deleted" in harbour.status)
    harbour.rest()
    assert len(harbour.all("sessions", "POST")) == 2
    sent: dict[str, Any] = {}
    for patch in harbour.patches[count + 1 :]:
        sent |= patch
    assert sent["saturation"] == 1.5
    assert sent["warmth"] == 0.4
    assert len(sent["hints"]) == 1
    second = next(one.path for one in reversed(harbour.requests) if one.method == "PATCH")
    assert second != first
    answer = harbour.page.context.request.get(f"{harbour.address}api/v1{second}").json()
    assert answer["look"]["saturation"] == 1.5
    assert json.dumps(answer["look"]["hints"][0]["ab"])
    assert harbour.states() == ["ready"]


def test_forgotten_session_keeps_what_is_pinned(harbour: Desk) -> None:
    harbour.forgiven.append("404")
    harbour.slide("saturation", 2)
    harbour.rest()
    harbour.press("a")
    harbour.until(lambda: harbour.page.inner_text("#before-label") == "A")
    first = next(one.path for one in harbour.requests if one.method == "PATCH")
    harbour.page.context.request.delete(f"{harbour.address}api/v1{first}")
    harbour.slide("saturation", 0)
    harbour.until(lambda: "had deleted" in harbour.status)
    harbour.rest()
    harbour.click("swap")
    harbour.rest()
    harbour.until(lambda: harbour.chroma(0.3, 0.15) < 1)
    assert harbour.chroma(0.7, 0.15) > 60
