"""Films in the page: shots as photos, a preview, colouring that stops and goes on, the download."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("av", reason="needs the packages of the extra 'video'")

from playwright.sync_api import Route, expect

from support.desk import Desk
from support.films import packets_of, scene, stamps_of, write_film
from support.screens import DESKTOP, NARROWEST, PHONE, SIDEWAYS, settle_colors, violations
from support.served import serving

pytestmark = pytest.mark.browser

SHOTS, LENGTH = 4, 24
LONG_MS = 120_000


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """A server with room for the films of all these tests, which go 45 seconds after their tabs."""
    with serving(workers=2, threads=1, films=100, header_s=30, stall_s=60) as server:
        yield f"http://127.0.0.1:{server.port}/"


@pytest.fixture(scope="session")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of four shots with sound."""
    pictures = [
        scene(number, seed, (120, 160)) for seed in range(SHOTS) for number in range(LENGTH)
    ]
    path = tmp_path_factory.mktemp("reel") / "reel.mp4"
    return write_film(path, pictures, codec="libx264", audio=3.8)


def open_film(desk: Desk, path: Path, shots: int = SHOTS) -> None:
    before = desk.films.count()
    desk.page.set_input_files("#photo-input", str(path))
    desk.until(lambda: desk.films.count() == before + shots, LONG_MS)
    desk.until(lambda: "ready" in desk.states()[before:], LONG_MS)
    desk.until(lambda: desk.page.is_visible("#film"))
    desk.rest()


def film_of(desk: Desk) -> dict[str, Any]:
    """What the server has of the film that the page asked for last."""
    paths = [one.path.split("/") for one in desk.requests if one.path.startswith("/films/")]
    answer = desk.page.context.request.get(f"{desk.address}api/v1/films/{paths[-1][2]}")
    assert answer.ok
    return dict(answer.json())


def words(desk: Desk) -> str:
    return desk.page.inner_text("#film-words")


def choose_shot(desk: Desk, number: int) -> None:
    desk.films.nth(number - 1).locator("button.film").click()
    desk.until(lambda: desk.page.get_attribute("body", "data-state") == "ready")
    desk.until(lambda: words(desk).startswith(f"Shot {number} of {SHOTS}"))
    desk.rest()


def start(desk: Desk) -> None:
    desk.click("film-color")
    desk.click("film-start")
    expect(desk.page.locator("#film-dialog")).to_be_hidden()


def finish(desk: Desk) -> None:
    desk.until(lambda: "In colour" in words(desk), LONG_MS)


def test_a_film_from_drop_to_download(desk: Desk, reel: Path, tmp_path: Path) -> None:
    desk.drop([reel])
    desk.until(lambda: desk.films.count() == SHOTS, LONG_MS)
    desk.until(lambda: desk.states() == ["ready"] * SHOTS, LONG_MS)
    names = desk.page.eval_on_selector_all(
        "#films .film", "(all) => all.map((button) => button.getAttribute('aria-label'))"
    )
    assert names == [f"reel.mp4 0:0{second}" for second in (0, 0, 1, 2)]
    expect(desk.page.locator("#repair")).to_be_hidden()  # it is for photos
    # a colour as in a photo
    choose_shot(desk, 2)
    assert desk.page.inner_text("#facts") == "Shot 2 of 4 · 160 × 120"
    desk.click_photo(0.75, 0.6)
    desk.chips.nth(1).click()
    desk.rest()
    [hint] = desk.hints()
    desk.press("Escape")
    # a preview
    desk.click("film-preview")
    video = desk.page.locator("#preview-video")
    desk.until(lambda: video.evaluate("(node) => node.readyState >= 2"), LONG_MS)
    assert video.evaluate("(node) => node.error") is None
    assert abs(video.evaluate("(node) => node.duration") - LENGTH / 25) < 0.1
    assert video.evaluate("(node) => node.videoWidth") == 160
    desk.until(lambda: video.evaluate("(node) => node.currentTime > 0"))
    desk.press("Escape")
    # colouring, stopped and gone on with
    start(desk)
    desk.until(lambda: desk.page.is_visible("#film-meter"))
    meter = desk.page.locator("#film-meter")
    desk.until(lambda: meter.evaluate("(node) => node.value") > 0.3, LONG_MS)
    assert "left" in words(desk)
    desk.click("film-stop")
    desk.until(lambda: words(desk).startswith("Stopped at"), LONG_MS)
    assert desk.page.inner_text("#film-color") == "Go on"
    desk.click("film-color")
    finish(desk)
    about = film_of(desk)
    assert about["result"]["resumed"] >= LENGTH
    assert about["result"]["pictures"] == SHOTS * LENGTH
    # the file
    with desk.page.expect_download() as download:
        desk.click("film-download")
    assert download.value.suggested_filename == "reel.color.mp4"
    result = tmp_path / "result.mp4"
    download.value.save_as(result)
    assert stamps_of(result) == stamps_of(reel)
    assert [data for _, data in packets_of(result)] == [data for _, data in packets_of(reel)]
    assert hint["y"] == pytest.approx(0.6 * 120, abs=2)


def test_changed_colours_are_said_to_be_missing_from_the_film(desk: Desk, reel: Path) -> None:
    open_film(desk, reel)
    start(desk)
    finish(desk)
    desk.slide("saturation", 1.5)
    desk.until(lambda: words(desk).startswith("You changed colours since"))
    desk.press("Control+z")
    desk.until(lambda: "In colour" in words(desk))
    desk.slide("saturation", 0)
    desk.click("apply-all")
    desk.until(lambda: f"{SHOTS - 1} shots have this look now." in desk.status)
    with desk.page.expect_request("**/render") as request:
        desk.click("film-color")
        desk.click("film-start")
    shots = json.loads(request.value.post_data or "")["shots"]
    assert [(one["shot"], one["saturation"]) for one in shots] == [(n, 0) for n in range(SHOTS)]
    finish(desk)


def test_what_the_engine_lacks_is_not_offered(desk: Desk, reel: Path, examples: Path) -> None:
    desk.put(examples / "cat.jpg")
    open_film(desk, reel)
    for missing in ("#tool-crop", "#tab-variants", "#look-model", "#look-size", "#brush-effect"):
        assert not desk.page.is_visible(missing), missing
    desk.press("r")
    assert desk.page.get_attribute("#viewport", "data-tool") == "color"
    desk.press("b")
    assert desk.page.is_visible("#brush-row")
    assert not desk.page.is_visible("#brush-effect")
    desk.films.first.locator("button.film").click()  # the photo
    desk.rest()
    assert not desk.page.is_visible("#film")
    for there in ("#tool-crop", "#tab-variants", "#look-model", "#look-size", "#brush-effect"):
        assert desk.page.is_visible(there), there
    # a photo's look on a film's shots leaves the size out
    desk.slide("size", 1)
    desk.rest()


def test_only_shots_that_a_person_sees_are_opened(desk: Desk, tmp_path: Path) -> None:
    count = 30
    pictures = [scene(number, seed) for seed in range(count) for number in range(12)]
    open_film(desk, write_film(tmp_path / "many.mkv", pictures), count)
    opened = [one for one in desk.requests if "/shots/" in one.path]
    assert 0 < len(opened) < count
    assert f"{count} shots" in desk.page.inner_text("#overview")
    desk.films.last.scroll_into_view_if_needed()
    desk.until(lambda: any(one.path.endswith(f"/shots/{count - 1}") for one in desk.requests))


def test_two_films_and_a_photo(desk: Desk, reel: Path, tmp_path: Path, examples: Path) -> None:
    other = write_film(tmp_path / "other.mkv", [scene(number, 9) for number in range(12)])
    open_film(desk, reel)
    open_film(desk, other, 1)
    desk.put(examples / "cat.jpg")
    desk.films.nth(SHOTS).locator("button.film").click()
    desk.until(lambda: desk.page.inner_text("#film-name") == "other.mkv")
    desk.until(lambda: words(desk).startswith("Shot 1 of 1"))
    choose_shot(desk, 3)
    assert desk.page.inner_text("#film-name") == "reel.mp4"
    # a film is removed as a whole, and comes back
    desk.click("remove-photo")
    desk.until(lambda: desk.films.count() == 2)
    assert "reel.mp4 is removed." in desk.status
    desk.page.locator("#status button", has_text="Undo").click()
    desk.until(lambda: desk.films.count() == SHOTS + 2)
    desk.rest()
    with desk.page.expect_request(lambda one: one.method == "DELETE" and "/films/" in one.url):
        desk.click("remove-photo")
        desk.page.locator("#status button.round").click()


def test_a_reloaded_page_finds_its_film(desk: Desk, reel: Path) -> None:
    open_film(desk, reel)
    choose_shot(desk, 2)
    desk.slide("saturation", 1.4)
    desk.rest()
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")
    desk.until(lambda: desk.films.count() == SHOTS)
    desk.until(lambda: desk.page.is_visible("#film"))
    assert words(desk) == "Shot 2 of 4, 0:00 to 0:02"
    assert desk.page.inner_text("output[for=look-saturation]") == "140"
    assert film_of(desk)["expires_in"] <= 600


def test_a_closed_page_gives_its_film_back(open_desk: Callable[..., Desk], reel: Path) -> None:
    desk = open_desk(viewport={"width": 1000, "height": 700})
    open_film(desk, reel)
    assert film_of(desk)["expires_in"] == 600
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.goto("about:blank")
    desk.until(lambda: film_of(desk)["expires_in"] == 45)


def test_files_that_are_no_films_fail_with_the_servers_line(desk: Desk, tmp_path: Path) -> None:
    desk.forgiven.append("422")
    bad = tmp_path / "letter.mp4"
    bad.write_text("Dear grandmother")
    desk.page.set_input_files("#photo-input", str(bad))
    desk.until(lambda: desk.states() == ["failed"])
    assert "letter.mp4: is no film that can be read" in desk.page.inner_text("#card-text")
    assert not desk.page.is_visible("#film")


def test_a_film_that_is_too_large_is_not_sent(
    open_desk: Callable[..., Desk], small_films: str, reel: Path
) -> None:
    desk = open_desk(address=small_films)
    desk.page.set_input_files("#photo-input", str(reel))
    desk.until(lambda: desk.states() == ["failed"])
    assert "but the server takes 0 MB at most" in desk.page.inner_text("#card-text")
    assert not desk.all("films", "POST")


@pytest.fixture(scope="module")
def small_films() -> Iterator[str]:
    """A server that takes films of a kilobyte."""
    with serving(film_bytes=1000) as server:
        yield f"http://127.0.0.1:{server.port}/"


def test_without_pyav_a_film_is_refused_in_one_line(
    open_desk: Callable[..., Desk], reel: Path, examples: Path
) -> None:
    desk = open_desk(ready=False)

    def without_films(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "films": False})

    desk.page.route("**/api/v1/about", without_films)
    desk.go()
    assert "film" not in desk.page.inner_text("#invitation")
    desk.drop([reel, examples / "cat.jpg"])
    desk.until(lambda: "pip install 'photochrom[video]'" in desk.status)
    desk.until(lambda: desk.states() == ["ready"])
    assert not desk.all("films", "POST")


def test_keys_alone_color_a_film(desk: Desk, reel: Path) -> None:
    def focused() -> str:
        return str(desk.page.evaluate("document.activeElement.id"))

    open_film(desk, reel)
    desk.page.focus("#film-color")
    desk.press("Enter")
    desk.page.focus("#film-start")
    desk.press("Enter")
    desk.until(lambda: focused() == "film-stop")
    desk.press("Enter")
    desk.until(lambda: focused() == "film-color", LONG_MS)
    assert desk.page.inner_text("#film-color") == "Go on"
    desk.press("Enter")
    finish(desk)
    assert focused() == "film-download"
    desk.page.focus("#viewport")
    with desk.page.expect_download():
        desk.press("Control+s")


@pytest.mark.parametrize(
    "how",
    [
        {**DESKTOP, "color_scheme": "dark"},
        pytest.param({**DESKTOP, "color_scheme": "light"}, marks=pytest.mark.long),
        {**NARROWEST, "color_scheme": "light"},
        pytest.param(PHONE, marks=pytest.mark.long),
        pytest.param(SIDEWAYS, marks=pytest.mark.long),
    ],
    ids=["dark", "light", "narrowest", "phone", "sideways"],
)
def test_no_barriers_and_nothing_off_the_screen(
    open_desk: Callable[..., Desk], axe: str, reel: Path, how: dict[str, Any]
) -> None:
    desk = open_desk(**how)

    def check(*visible: str) -> None:
        settle_colors(desk)
        assert violations(desk, axe) == []
        width, height = how["viewport"]["width"], how["viewport"]["height"]
        for selector in visible:
            left, top, across, down = desk.box(selector)
            assert left >= 0, selector
            assert left + across <= width, selector
            assert top >= 0, selector
            assert top + down <= height, selector
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= width

    open_film(desk, reel)
    check("#film-preview", "#film-color", "#strip")
    desk.click("film-preview")
    desk.until(lambda: not desk.page.locator("#preview-dialog.busy").count(), LONG_MS)
    check("#preview-dialog", "#preview-video")
    desk.press("Escape")
    desk.click("film-color")
    check("#film-dialog", "#film-start")
    desk.click("film-start")
    desk.until(lambda: desk.page.is_visible("#film-meter"))
    check("#film-meter", "#film-stop")
    desk.click("film-stop")
    desk.until(lambda: desk.page.is_visible("#film-color"), LONG_MS)
    check("#film-preview", "#film-color")
    desk.click("film-color")
    finish(desk)
    check("#film-preview", "#film-color", "#film-download", "#strip")
