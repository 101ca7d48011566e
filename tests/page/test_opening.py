"""Photos come in: dropped, pasted, chosen; several at once; and what goes wrong with them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from support.chromium import USUAL
from support.desk import Desk

pytestmark = pytest.mark.browser

ALL_EIGHT = (
    "astronaut", "cat", "ceremony", "colosseum", "harbour", "otter", "square", "students",
)  # fmt: skip

COUNT_UPLOADS = """() => {
  const { send } = XMLHttpRequest.prototype;
  window.most = 0;
  let running = 0;
  XMLHttpRequest.prototype.send = function (...body) {
    running += 1;
    window.most = Math.max(window.most, running);
    this.addEventListener("readystatechange", () => { running -= this.readyState === 4; });
    return send.apply(this, body);
  };
}"""

# Reading the card from here can miss what stands there for a moment.
COLLECT_WORDS = """() => {
  window.shown = [];
  const card = document.getElementById("card");
  new MutationObserver(() => window.shown.push(card.textContent))
    .observe(card, { subtree: true, childList: true, characterData: true });
}"""


def test_empty_page_invites_and_says_where_photos_stay(desk: Desk) -> None:
    expect(
        desk.page.get_by_role("heading", name="Bring old photographs into colour")
    ).to_be_visible()
    expect(desk.page.get_by_role("button", name="Choose photos")).to_be_visible()
    assert "stay on this machine" in desk.page.inner_text("#empty")
    assert not desk.page.is_visible("#stage")
    assert not desk.page.is_visible("#panel")


def test_dropped_photo_is_sent_whole_and_colored(desk: Desk, examples: Path) -> None:
    with desk.page.expect_response("**/api/v1/sessions?**") as answer:
        desk.drop([examples / "cat.jpg"])
    session = answer.value.json()
    assert (session["name"], session["width"], session["height"]) == ("cat.jpg", 451, 300)
    sent = int(answer.value.request.all_headers()["content-length"])
    assert sent == (examples / "cat.jpg").stat().st_size
    desk.until(lambda: desk.states() == ["ready"])
    desk.rest()
    assert desk.chroma(0.25, 0.5) < 1  # before: grey
    assert desk.chroma(0.75, 0.5) > 8  # after: a tabby
    assert desk.page.title() == "cat.jpg – Photochrom"


def test_pasted_picture_is_opened(desk: Desk, stripes: Path, tmp_path: Path) -> None:
    shutil.copy(stripes, tmp_path / "image.png")
    desk.paste(tmp_path / "image.png")
    desk.until(lambda: desk.states() == ["ready"])
    assert desk.page.inner_text("#name") == "image.png"
    assert desk.page.inner_text("#facts") == "3600 × 2400 · PNG"


def test_several_photos_go_up_two_at_a_time(desk: Desk, examples: Path) -> None:
    desk.page.evaluate(COUNT_UPLOADS)
    desk.put(*(examples / f"{name}.jpg" for name in ALL_EIGHT))
    assert desk.page.evaluate("() => window.most") == 2
    assert desk.films.count() == 8
    assert desk.page.inner_text("#name") == "astronaut.jpg"  # the first is shown
    # each strip picture is in colour, also of those never shown
    chroma = desk.page.eval_on_selector_all(
        "#films canvas",
        """(all) => all.map((canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let sum = 0;
          for (let at = 0; at < data.length; at += 4) sum += Math.abs(data[at] - data[at + 2]);
          return sum / data.length * 4;
        })""",
    )
    assert min(chroma) > 2


def test_film_strip_shows_another_photo(desk: Desk, examples: Path) -> None:
    desk.put(examples / "cat.jpg", examples / "harbour.jpg")
    desk.page.get_by_role("button", name="harbour.jpg", exact=True).click()
    desk.rest()
    assert desk.page.inner_text("#facts") == "1024 × 477 · JPG"
    left, _, width, height = desk.frame
    assert abs(width / height - 1024 / 477) < 0.01
    desk.press("PageUp")
    assert desk.page.inner_text("#facts") == "451 × 300 · JPG"
    assert left > 0


def test_progress_is_told_while_sending(desk: Desk, stripes: Path) -> None:
    # A slow line, so that there is something to tell.
    line = desk.page.context.new_cdp_session(desk.page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000},
    )
    desk.page.evaluate(COLLECT_WORDS)
    desk.page.set_input_files("#photo-input", str(stripes))
    desk.until(lambda: desk.states() == ["ready"])
    shown = desk.page.evaluate("() => window.shown")
    percents = {int("".join(filter(str.isdigit, words))) for words in shown if "%" in words}
    assert any(0 < percent < 100 for percent in percents), shown


def test_file_that_is_no_photo_fails_with_the_servers_line(desk: Desk, tmp_path: Path) -> None:
    desk.forgiven.append("422")
    bad = tmp_path / "letter.jpg"
    bad.write_text("Dear grandmother")
    desk.page.set_input_files("#photo-input", str(bad))
    desk.until(lambda: desk.states() == ["failed"])
    line = desk.page.inner_text("#card-text")
    assert line.startswith("letter.jpg")
    assert "\n" not in line
    assert line in desk.status
    desk.page.get_by_role("button", name="Try again").click()
    desk.until(lambda: len(desk.all("sessions", "POST")) == 2)
    desk.until(lambda: desk.states() == ["failed"])
    desk.click("drop-photo")
    expect(desk.page.get_by_role("button", name="Choose photos")).to_be_focused()
    assert desk.films.count() == 0


def test_busy_server_is_asked_again_after_the_time_it_names(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(**USUAL)  # a context of its own, whose clock jumps
    desk.forgiven.append("429")
    refused: list[float] = []

    def refuse(route: Route) -> None:
        if refused or route.request.method != "POST":
            route.fallback()
            return
        refused.append(1)
        route.fulfill(
            status=429,
            headers={"Retry-After": "600", "Content-Type": "application/problem+json"},
            body='{"title": "busy", "status": 429, "detail": "too many photos"}',
        )

    desk.page.clock.install()
    desk.page.route("**/api/v1/sessions?**", refuse)
    desk.page.set_input_files("#photo-input", str(examples / "square.jpg"))
    desk.until(lambda: "trying again in 600 s" in desk.page.inner_text("#stage"))
    desk.page.clock.fast_forward(400_000)
    assert len(desk.all("sessions", "POST")) == 1  # the ten minutes have not passed yet
    desk.page.clock.fast_forward(200_000)
    desk.until(lambda: desk.states() == ["ready"])
    assert len(desk.all("sessions", "POST")) == 2


def test_photo_above_the_servers_limit_is_not_sent(
    open_desk: Callable[..., Desk], examples: Path
) -> None:
    desk = open_desk(ready=False)

    def lower(route: Route) -> None:
        about = route.fetch().json()
        about["limits"]["upload_bytes"] = 20_000
        route.fulfill(json=about)

    desk.page.route("**/api/v1/about", lower)
    desk.go()
    desk.page.set_input_files("#photo-input", str(examples / "ceremony.jpg"))
    desk.until(lambda: desk.states() == ["failed"])
    assert "0 MB at most" in desk.page.inner_text("#card-text")
    assert not desk.all("sessions", "POST")


def test_removed_photo_leaves_the_server_too(desk: Desk, examples: Path) -> None:
    desk.put(examples / "cat.jpg", examples / "square.jpg")
    desk.page.hover("#films li:first-child")
    with desk.page.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
        desk.page.get_by_role("button", name="Remove cat.jpg").click()
        desk.page.locator("#status").get_by_role("button", name="Close").click()  # no way back now
    assert answer.value.status == 204
    assert desk.films.count() == 1
    assert desk.page.inner_text("#name") == "square.jpg"  # the neighbour takes its place
    desk.click("remove-photo")
    desk.until(lambda: desk.page.is_visible("#empty"))


def test_photo_in_color_is_said_to_lose_its_colors(desk: Desk, examples: Path) -> None:
    desk.put(examples / "color" / "square.jpg")
    assert "is in colour already; its colours are replaced" in desk.page.inner_text("#notes")
    assert "is in colour already" in desk.status


def test_pages_and_depth_of_a_scan_are_told(desk: Desk, two_pages: Path) -> None:
    desk.put(two_pages)
    assert desk.page.inner_text("#facts") == "300 × 240 · TIF · 16 bit · 2 pages"
    assert "The first of 2 pages is shown" in desk.page.inner_text("#notes")


def test_server_that_does_not_answer_is_one_calm_line(desk: Desk, examples: Path) -> None:
    desk.forgiven.append("ERR_FAILED")
    desk.page.route("**/api/v1/**", lambda route: route.abort())
    desk.page.set_input_files("#photo-input", str(examples / "cat.jpg"))
    desk.until(lambda: desk.states() == ["failed"])
    assert "cannot be reached" in desk.page.inner_text("#card-text")
    desk.page.unroute("**/api/v1/**")
    desk.click("retry")
    desk.until(lambda: desk.states() == ["ready"])
