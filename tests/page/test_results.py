"""What a person chooses between and takes home: confidence, variants, comparing, downloads."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import pyvips
from playwright.sync_api import Route, expect

from photochrom import restore_original
from support.desk import Desk

pytestmark = pytest.mark.browser


def test_confidence_lies_over_the_colors(harbour: Desk) -> None:
    harbour.press("s")
    plain = harbour.pixels(0.7, 0.15)["bands"]
    with harbour.page.expect_response("**/confidence?**") as answer:
        harbour.press("g")
    body = harbour.page.context.request.get(answer.value.url).body()
    picture = pyvips.Image.new_from_buffer(body, "")
    harbour.rest()
    harbour.until(lambda: harbour.pixels(0.7, 0.15)["bands"] != plain)
    expect(harbour.page.locator("#legend")).to_be_visible()
    assert "a guess" in harbour.page.inner_text("#legend")
    sure = np.array(picture(0.7 * picture.width, 0.15 * picture.height)[:3])
    blended = 0.65 * sure + 0.35 * np.array(plain)
    assert harbour.pixels(0.7, 0.15, 4, 4)["bands"] == pytest.approx(list(blended), abs=12)
    harbour.page.locator("#overlay-strength").fill("100")
    harbour.rest()
    assert harbour.pixels(0.7, 0.15, 4, 4)["bands"] == pytest.approx(list(sure), abs=12)
    # it follows the look
    harbour.slide("vividness", 1)
    harbour.until(lambda: len(harbour.all("confidence")) == 2)
    harbour.rest()
    harbour.click("confidence")
    harbour.rest()
    assert harbour.page.is_hidden("#legend")
    assert harbour.pixels(0.7, 0.15)["bands"][2] > harbour.pixels(0.7, 0.15)["bands"][0]


def fingerprints(desk: Desk) -> list[str]:
    return desk.page.eval_on_selector_all(
        "#variant-cards canvas", "(all) => all.map((canvas) => canvas.toDataURL())"
    )


def loaded(desk: Desk) -> None:
    desk.page.wait_for_selector("#variant-cards")
    desk.until(lambda: not desk.page.locator(".card.waiting").count())


def test_variants_are_small_pictures_to_choose_from(harbour: Desk) -> None:
    assert not harbour.all("preview", longest="320", variant="0")
    harbour.tab("variants")
    loaded(harbour)
    queries = [one.query for one in harbour.requests if "variant" in one.query]
    assert [one["variant"] for one in queries] == ["0", "1", "2", "3"]
    assert {(one["longest"], one["seed"]) for one in queries} == {("320", "0")}
    pictures = fingerprints(harbour)
    assert len(set(pictures)) == 4
    cards = harbour.page.locator(".card")
    expect(cards.first).to_have_attribute("aria-pressed", "true")
    harbour.press("s")
    usual = harbour.pixels(0.7, 0.8)["bands"]
    cards.nth(2).click()
    harbour.rest()
    assert harbour.patches[-1] == {"variant": 2}
    assert harbour.pixels(0.7, 0.8)["bands"] != usual
    expect(cards.nth(2)).to_have_attribute("aria-pressed", "true")
    harbour.page.wait_for_timeout(200)
    assert len([one for one in harbour.requests if "variant" in one.query]) == 4  # not asked again


def test_more_variants_are_added_and_none_is_lost(harbour: Desk) -> None:
    harbour.tab("variants")
    loaded(harbour)
    harbour.page.locator(".card").nth(2).click()
    harbour.rest()
    assert harbour.patches[-1] == {"variant": 2}
    first = fingerprints(harbour)
    harbour.click("more-variants")
    loaded(harbour)
    second = fingerprints(harbour)
    assert second[: len(first)] == first
    assert len(set(second)) == len(second) == len(first) + 3
    chosen = harbour.page.locator(".card[aria-pressed=true]")
    expect(chosen).to_have_text("Variant 2")
    harbour.page.locator(".card").nth(4).click()
    harbour.rest()
    assert harbour.patches[-1] == {"variant": 1, "seed": 1}
    harbour.page.locator(".card").nth(0).click()
    harbour.rest()
    assert harbour.patches[-1] == {"variant": 0, "seed": 0}


def test_before_and_after_are_given_as_a_picture_and_a_clip(desk: Desk, examples: Path) -> None:
    desk.put(examples / "harbour.jpg")
    desk.click("download")
    with desk.page.expect_download() as download:
        desk.click("share-picture")
    assert download.value.suggested_filename == "harbour.before-after.jpg"
    pixels = pyvips.Image.new_from_file(str(download.value.path())).numpy().astype(int)
    assert pixels.shape[1] <= 1280
    height = (len(pixels) - 8) // 2  # a wide photo: one above the other
    chroma = np.ptp(pixels, axis=2)
    assert chroma[: height // 3].mean() < 2
    assert chroma[height + 30 : height + height // 3].mean() > 20
    words = pixels[-16:]  # that say that the colours are computed
    assert words.min() < 40
    assert words.max() > 180
    with desk.page.expect_download() as download:
        desk.click("share-clip")
    assert re.fullmatch(r"harbour\.before-after\.(mp4|webm)", download.value.suggested_filename)
    assert Path(download.value.path()).stat().st_size > 50_000
    assert "Filming" not in desk.page.inner_text("#download-note")


def test_variants_follow_the_rest_of_the_look(harbour: Desk) -> None:
    harbour.tab("variants")
    loaded(harbour)
    before = fingerprints(harbour)
    harbour.tab("look")
    harbour.slide("saturation", 0.3)
    harbour.rest()
    harbour.tab("variants")
    harbour.until(lambda: len([one for one in harbour.requests if "variant" in one.query]) == 8)
    loaded(harbour)
    assert not set(before) & set(fingerprints(harbour))


def test_look_kept_as_a_is_compared_with_now(harbour: Desk) -> None:
    harbour.slide("saturation", 2)
    harbour.rest()
    harbour.click("pin")
    harbour.until(lambda: harbour.page.inner_text("#before-label") == "A")
    assert harbour.page.inner_text("#after-label") == "Now"
    harbour.slide("saturation", 0)
    harbour.rest()
    strong, none = harbour.chroma(0.3, 0.15), harbour.chroma(0.7, 0.15)
    assert strong > 60
    assert none < 1
    harbour.click("swap")
    harbour.rest()
    harbour.until(lambda: harbour.chroma(0.3, 0.15) < 1)
    assert harbour.chroma(0.7, 0.15) > 60
    assert harbour.page.input_value("#look-saturation") == "2"
    harbour.press("a", "a")  # kept anew, with a line that says so
    harbour.until(lambda: "kept as A" in harbour.status)
    harbour.click("unpin")
    assert "kept as A" not in harbour.status
    harbour.rest()
    assert harbour.page.inner_text("#before-label") == "Before"
    assert harbour.page.is_visible("#pin")
    harbour.slide("saturation", 0.5)
    harbour.press("a")
    harbour.until(lambda: harbour.page.inner_text("#before-label") == "A")


def test_download_is_the_file_at_full_size(desk: Desk, stripes: Path, tmp_path: Path) -> None:
    desk.put(stripes)
    desk.slide("saturation", 1.4)
    desk.rest()
    desk.press("Control+s")
    expect(desk.page.locator("#format option").first).to_have_text("Same as the photo (PNG)")
    assert desk.page.is_hidden("#quality-row")
    for name, lossy in (("webp", True), ("jp2", False), ("heic", True), ("", False)):
        desk.page.select_option("#format", name)
        assert desk.page.is_visible("#quality-row") == lossy
    assert desk.page.is_hidden("#download-all")
    with desk.page.expect_download() as download:
        desk.click("download-one")
    assert download.value.suggested_filename == "stripes.color.png"
    path = tmp_path / "result.png"
    download.value.save_as(path)
    picture = pyvips.Image.new_from_file(str(path))
    assert (picture.width, picture.height, picture.bands) == (3600, 2400, 3)
    assert desk.all("result")[0].query["revision"] == "2"
    desk.until(lambda: "stripes.color.png is downloaded" in desk.status)
    assert desk.page.is_hidden("#download-dialog")


def test_download_that_keeps_the_grey_files_luma(
    harbour: Desk, examples: Path, tmp_path: Path
) -> None:
    harbour.click("download")
    harbour.page.select_option("#format", "png")
    assert harbour.page.is_hidden("#reversible-row")
    harbour.page.select_option("#format", "jpg")
    harbour.page.check("#reversible")
    with harbour.page.expect_download() as download:
        harbour.click("download-one")
    path = tmp_path / "kept.jpg"
    download.value.save_as(path)
    assert restore_original(path) == (examples / "harbour.jpg").read_bytes()


def test_download_in_another_format_and_quality(harbour: Desk, tmp_path: Path) -> None:
    sizes = []
    for quality in (60, 98):
        harbour.click("download")
        harbour.page.select_option("#format", "webp")
        harbour.page.fill("#quality", str(quality))
        assert harbour.page.inner_text("#quality-value") == str(quality)
        with harbour.page.expect_download() as download:
            harbour.click("download-one")
        assert download.value.suggested_filename.endswith(".webp")
        path = tmp_path / f"{quality}.webp"
        download.value.save_as(path)
        sizes.append(path.stat().st_size)
        assert harbour.all("result")[-1].query["quality"] == str(quality)
        harbour.until(lambda: harbour.page.is_hidden("#download-dialog"))
    assert sizes[0] < 0.7 * sizes[1]


def test_download_of_all_is_a_zip(desk: Desk, examples: Path, tmp_path: Path) -> None:
    desk.put(examples / "cat.jpg", examples / "square.jpg")
    desk.slide("warmth", 0.6)
    desk.rest()
    desk.click("download")
    with desk.page.expect_download() as download:
        desk.page.get_by_role("button", name="Download all 2 as a zip").click()
    path = tmp_path / "all.zip"
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
        assert [name.split(".")[0] for name in names] == ["cat", "square"]
        picture = pyvips.Image.new_from_buffer(archive.read(names[0]), "")
        assert (picture.width, picture.height) == (451, 300)


def test_failed_download_says_why_and_can_be_tried_again(harbour: Desk) -> None:
    harbour.forgiven.append("507|500")
    detail = "the disk is full; make room and try again"

    def fail(route: Route) -> None:
        route.fulfill(status=507, json={"status": 507, "detail": detail})

    harbour.page.route("**/result?**", fail)
    harbour.click("download")
    harbour.click("download-one")
    harbour.until(lambda: harbour.page.inner_text("#download-note") == detail)
    harbour.page.unroute("**/result?**")
    with harbour.page.expect_download():
        harbour.click("download-one")


def test_download_shows_that_it_is_busy(harbour: Desk) -> None:
    held: list[Route] = []
    harbour.page.route("**/result?**", lambda route: held.append(route))
    harbour.click("download")
    harbour.click("download-one")
    harbour.until(lambda: held)
    button = harbour.page.locator("#download-one")
    expect(button).to_have_attribute("aria-disabled", "true")
    assert "full-size" in harbour.page.inner_text("#download-note")
    button.click(force=True)
    harbour.page.wait_for_timeout(100)
    assert len(held) == 1  # once is enough
    with harbour.page.expect_download() as download:
        held[0].continue_()
    assert io.BytesIO(Path(download.value.path()).read_bytes()).read(2) == b"\xff\xd8"
