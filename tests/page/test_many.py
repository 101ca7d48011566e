"""Many photos, mistakes and interruptions: what a family with a box of scans does with the page."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from playwright.sync_api import Page, expect

from support.desk import Desk
from support.programs import program
from support.screens import settle_colors, violations

pytestmark = pytest.mark.browser


def drop_on_page(page: Page, *paths: Path) -> None:
    """Drop files and folders of the disk, as the system's file manager does."""
    line = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        line.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})


def hold_uploads(desk: Desk, most: int = 99) -> list[Any]:
    """Hold back photos on their way to the server, at most so many; the list has their routes."""
    return hold_requests(desk, "**/api/v1/sessions?**", most)


def hold_requests(desk: Desk, pattern: str, most: int) -> list[Any]:
    held: list[Any] = []

    def hold(route: Any) -> None:
        if len(held) < most:
            held.append(route)
        else:
            route.continue_()

    desk.page.route(pattern, hold)
    return held


@pytest.fixture
def album(tmp_path: Path, examples: Path) -> Path:
    """A folder of three photos, one of them in a folder of its own, and of other files."""
    folder = tmp_path / "Summer 1952"
    (folder / "negatives").mkdir(parents=True)
    shutil.copy(examples / "square.jpg", folder / "page 10.jpg")
    shutil.copy(examples / "cat.jpg", folder / "page 2.jpg")
    shutil.copy(examples / "harbour.jpg", folder / "negatives" / "1.jpg")
    (folder / "letter.txt").write_text("Dear grandmother")
    (folder / ".DS_Store").write_text("")
    return folder


def names(desk: Desk) -> list[str]:
    return desk.page.eval_on_selector_all(
        "#films .film", "(all) => all.map((button) => button.title.split(' ·')[0])"
    )


# Folders


def test_folder_is_dropped(desk: Desk, album: Path) -> None:
    drop_on_page(desk.page, album)
    desk.until(lambda: desk.states() == ["ready"] * 3, 60_000)
    assert names(desk) == ["1.jpg", "page 2.jpg", "page 10.jpg"]
    assert "Summer 1952: 3 photos; 1 other file was passed over." in desk.page.inner_text("#status")


def test_folder_is_chosen(desk: Desk, album: Path) -> None:
    expect(desk.page.locator("#choose-folder")).to_be_visible()
    desk.page.set_input_files("#folder-input", str(album))
    desk.until(lambda: desk.states() == ["ready"] * 3, 60_000)
    assert names(desk) == ["1.jpg", "page 2.jpg", "page 10.jpg"]


def test_folder_without_photos_is_called_so(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear grandmother")
    drop_on_page(desk.page, folder)
    desk.until(lambda: "letters: there are no photos in this folder" in desk.status)
    assert desk.states() == []


def test_photo_that_is_gone_from_the_disk_is_called_so(
    desk: Desk, examples: Path, tmp_path: Path
) -> None:
    desk.forgiven.append("ERR_FILE_NOT_FOUND")
    desk.forgiven.append("ERR_UPLOAD_FILE_CHANGED")
    photo = tmp_path / "lost.jpg"
    shutil.copy(examples / "cat.jpg", photo)
    held = hold_uploads(desk, 2)
    desk.page.set_input_files("#photo-input", [str(examples / "square.jpg")] * 2 + [str(photo)])
    desk.until(lambda: len(held) == 2)  # the third waits for its turn
    photo.unlink()
    for route in held:
        route.continue_()
    desk.until(lambda: desk.states()[-1] == "failed", 30_000)
    assert "cannot read this file" in desk.page.inner_text("#status")


# Failures


def test_every_failure_is_shown(desk: Desk, tmp_path: Path, examples: Path) -> None:
    desk.forgiven.append("422")
    letters = [tmp_path / f"letter {number}.jpg" for number in range(1, 4)]
    for letter in letters:
        letter.write_text("Dear grandmother")
    desk.put(examples / "cat.jpg")
    desk.page.set_input_files("#photo-input", [str(examples / "square.jpg"), *map(str, letters)])
    desk.until(lambda: desk.states().count("failed") == 3)
    lines = desk.page.locator("#status .bad li").all_inner_texts()
    assert {line.split(":")[0] for line in lines} == {letter.name for letter in letters}


def test_icons_outlive_the_server(desk: Desk, examples: Path) -> None:
    desk.forgiven.extend(["ERR_FAILED", "ERR_INTERNET"])
    desk.put(examples / "cat.jpg")
    desk.page.route("**/*", lambda route: route.abort())
    desk.slide("saturation", 1.5)
    close = desk.page.locator("#status .bad button")
    expect(close).to_be_visible()
    mark = close.locator("use").evaluate(
        "(use) => { const box = use.getBBox(); return [box.width, box.height]; }"
    )
    assert min(mark) > 8
    assert not desk.page.evaluate(
        """() => performance.getEntriesByType("resource")
          .some(({ name }) => /icons|grip/.test(name) && name.startsWith("http"))"""
    )
    close.click()
    expect(close).to_be_hidden()


def test_download_works_beside_a_failed_photo(desk: Desk, tmp_path: Path, examples: Path) -> None:
    desk.forgiven.append("422")
    desk.put(examples / "cat.jpg")
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear grandmother")
    desk.page.set_input_files("#photo-input", str(letter))
    desk.until(lambda: desk.states() == ["ready", "failed"])
    assert desk.page.evaluate("document.body.dataset.state") == "failed"
    desk.click("download")
    expect(desk.page.locator("#download-one")).to_be_hidden()
    desk.press("Escape")
    desk.page.get_by_role("button", name="cat.jpg", exact=True).click()
    desk.click("download")
    with desk.page.expect_download() as download:
        desk.click("download-one")
    assert download.value.suggested_filename == "cat.color.jpg"


# Downloads of all


def test_download_of_all_waits_for_those_that_come(
    desk: Desk, tmp_path: Path, examples: Path
) -> None:
    desk.forgiven.append("422")
    desk.put(examples / "cat.jpg")
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear grandmother")
    held = hold_uploads(desk)
    later = [str(examples / "square.jpg"), str(letter)]
    desk.page.set_input_files("#photo-input", later)
    desk.until(lambda: len(held) == 2)
    desk.click("download")
    desk.click("download-all")
    note = desk.page.locator("#download-note")
    expect(note).to_contain_text("1 of 3 photos are coloured")
    expect(desk.page.locator("#download-stop")).to_be_visible()
    assert not desk.all("archive")
    with desk.page.expect_download() as download:
        for route in held:
            route.continue_()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["cat.color.jpg", "square.color.jpg"]
    words = desk.page.inner_text("#status")
    assert "with 2 photos" in words
    assert "Not in the download: letter.jpg" in words


def test_download_of_all_is_cancelled_or_begun_early(desk: Desk, examples: Path) -> None:
    desk.put(examples / "cat.jpg")
    held = hold_uploads(desk)
    desk.page.set_input_files("#photo-input", str(examples / "square.jpg"))
    desk.until(lambda: len(held) == 1)
    desk.click("download")
    desk.click("download-all")
    desk.click("download-stop")
    expect(desk.page.locator("#download-note")).to_have_text("Cancelled.")
    expect(desk.page.locator("#download-stop")).to_be_hidden()
    desk.click("download-all")
    with desk.page.expect_download() as download:
        desk.click("download-now")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["cat.color.jpg"]
    assert "Not in the download: square.jpg" in desk.page.inner_text("#status")
    held[0].abort()
    desk.forgiven.append("ERR_FAILED")


def slow_down(page: Page, rate: int) -> None:
    """Let the page receive so many bytes a second."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    speeds = {"downloadThroughput": rate, "uploadThroughput": -1}
    line.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0, **speeds})


def test_zip_tells_how_far_it_is(desk: Desk, examples: Path) -> None:
    files = ["cat", "square", "otter", "students"]
    desk.put(*(examples / f"{name}.jpg" for name in files))
    desk.page.evaluate(
        """() => {
          window.told = [];
          const note = document.getElementById("download-note");
          new MutationObserver(() => told.push(note.textContent))
            .observe(note, { childList: true, characterData: true, subtree: true });
        }"""
    )
    slow_down(desk.page, 200_000)
    desk.click("download")
    with desk.page.expect_download() as download:
        desk.click("download-all")
    assert len(zipfile.ZipFile(download.value.path()).namelist()) == 4
    told = desk.page.evaluate("told")
    counts = [int(found[1]) for words in told if (found := re.match(r"Photo (\d) of 4,", words))]
    assert counts == sorted(counts)
    assert counts[-1] == 4
    assert len(set(counts)) > 1


# Leaving and coming back


def test_leaving_with_undownloaded_photos_is_asked_about(desk: Desk, examples: Path) -> None:
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    desk.page.on("dialog", answer)
    desk.put(examples / "cat.jpg")
    desk.click_photo(0.8, 0.1)  # browsers ask only those who have used the page
    desk.press("Escape")
    desk.page.reload()
    assert asked == ["beforeunload"]
    desk.page.wait_for_selector("body[data-ready]")
    desk.until(lambda: desk.states() == ["ready"])
    desk.click("download")
    with desk.page.expect_download():
        desk.click("download-one")
    desk.page.reload()
    assert asked == ["beforeunload"]


def test_photos_come_back_after_a_reload(desk: Desk, examples: Path) -> None:
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.put(examples / "cat.jpg", examples / "harbour.jpg")
    desk.page.get_by_role("button", name="harbour.jpg", exact=True).click()
    desk.rest()
    desk.slide("saturation", 1.7)
    desk.click_photo(0.7, 0.2)
    desk.chips.nth(1).click()
    desk.press("Escape")
    desk.rest()
    set_there = desk.hints()
    before = len(desk.all("sessions", "POST"))
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")
    desk.until(lambda: desk.states() == ["ready", "ready"])
    assert names(desk) == ["cat.jpg", "harbour.jpg"]
    assert desk.page.inner_text("#name") == "harbour.jpg"
    assert desk.page.input_value("#look-saturation") == "1.7"
    assert len(desk.all("sessions", "POST")) == before  # nothing was sent again
    desk.tab("colors")
    assert desk.page.locator("#marks li").count() == len(set_there) == 1


def test_photos_that_the_server_lost_meanwhile_are_counted(desk: Desk, examples: Path) -> None:
    desk.forgiven.append("404")
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.put(examples / "cat.jpg", examples / "square.jpg")
    first = next(one.path for one in desk.requests if one.kind == "preview")
    path = first.rsplit("/", 1)[0]
    desk.page.context.request.delete(f"{desk.address}api/v1{path}")
    desk.page.reload()
    desk.page.wait_for_selector("body[data-ready]")
    desk.until(lambda: desk.states() == ["ready"])
    assert "1 photo of before" in desk.page.inner_text("#status")


# Printing


def test_print_shows_the_whole_colored_photo_on_one_page(harbour: Desk, tmp_path: Path) -> None:
    path = tmp_path / "print.pdf"
    harbour.page.pdf(path=str(path), format="A4", print_background=False)
    subprocess.run([program("pdftoppm"), "-r", "50", "-png", path, tmp_path / "print"], check=True)
    (page,) = tmp_path.glob("print-*.png")
    pixels = pyvips.Image.new_from_file(str(page)).numpy()[..., :3].astype(float)
    inked = (pixels < 250).any(axis=2)
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert width / height == pytest.approx(1024 / 477, rel=0.02)
    assert width > 0.85 * pixels.shape[1]
    assert inked[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean() > 0.98  # only it
    chroma = np.ptp(pixels[rows[0] : rows[-1], columns[0] : columns[-1]], axis=2)
    half = chroma.shape[1] // 2
    assert chroma[: len(chroma) // 3, :half].mean() > 20  # also where the page shows before


# All photos at a glance


def test_overview_counts_and_opens(desk: Desk, tmp_path: Path, examples: Path) -> None:
    desk.forgiven.append("422")
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear grandmother")
    expect(desk.page.locator("#overview")).to_be_hidden()
    desk.put(examples / "cat.jpg", examples / "square.jpg")
    desk.page.set_input_files("#photo-input", str(letter))
    desk.until(lambda: desk.states()[-1] == "failed")
    expect(desk.page.locator("#overview-count")).to_have_text("2 of 3 coloured")
    desk.click("overview")
    tiles = desk.page.locator("#tiles li")
    assert tiles.count() == 3
    assert "451 × 300 · coloured" in tiles.nth(0).inner_text()
    assert "not an image" in tiles.nth(2).inner_text()
    pictures = desk.page.locator("#tiles canvas")
    assert pictures.nth(0).evaluate("(canvas) => canvas.width") > 200
    tiles.nth(1).locator(".tile").click()
    expect(desk.page.locator("#overview-dialog")).to_be_hidden()
    assert desk.page.inner_text("#name") == "square.jpg"
    assert desk.page.locator("#films canvas").count() == 3  # the strip has its pictures again


def tick(desk: Desk, at: int, **how: Any) -> None:
    desk.page.locator("#tiles input").nth(at).click(**how)


def test_several_photos_are_removed_and_brought_back(desk: Desk, examples: Path) -> None:
    files = ["cat", "harbour", "otter", "square", "students"]
    desk.put(*(examples / f"{name}.jpg" for name in files))
    before = names(desk)
    desk.click("overview")
    tick(desk, 1)
    tick(desk, 3, modifiers=["Shift"])
    desk.page.get_by_role("button", name="Remove the chosen 3").click()
    assert desk.page.locator("#tiles li").count() == 2
    assert desk.page.inner_text("#overview-title") == "2 of 2 coloured"
    assert not [one for one in desk.requests if one.method == "DELETE"]
    desk.page.locator("#status").get_by_role("button", name="Undo").click()
    assert desk.page.locator("#tiles li").count() == 5
    desk.press("Escape")
    assert names(desk) == before
    desk.rest()
    assert desk.states() == ["ready"] * 5
    # for good, once the line with "Undo" is gone
    desk.click("remove-photo")
    desk.page.locator("#status").get_by_role("button", name="Close").click()
    desk.until(lambda: len([one for one in desk.requests if one.method == "DELETE"]) == 1)


def held_in_coloring(desk: Desk, examples: Path) -> Any:
    """Open two photos; the route of the second one's picture, which is held back."""
    desk.put(examples / "harbour.jpg", examples / "cat.jpg")
    desk.page.get_by_role("button", name="harbour.jpg", exact=True).click()
    desk.rest()
    held = hold_requests(desk, "**/preview?**longest=256**", 1)
    desk.slide("saturation", 0.5)
    desk.click("apply-all")
    desk.until(lambda: len(held) == 1)
    return held[0]


def test_photo_is_given_back_once_nothing_is_asked_about_it(desk: Desk, examples: Path) -> None:
    """A request that arrives behind the one that deletes the photo would fail."""
    held = held_in_coloring(desk, examples)
    desk.films.nth(1).locator(".film").click()
    desk.rest()
    desk.click("remove-photo")
    desk.page.locator("#status").get_by_role("button", name="Close").click()
    desk.rest()
    assert not [one for one in desk.requests if one.method == "DELETE"]
    held.continue_()
    desk.until(lambda: len([one for one in desk.requests if one.method == "DELETE"]) == 1)


def test_removal_while_sending_is_undone(desk: Desk, examples: Path) -> None:
    held = hold_uploads(desk, 2)
    desk.page.set_input_files(
        "#photo-input", [str(examples / f"{name}.jpg") for name in ("cat", "square", "otter")]
    )
    desk.until(lambda: len(held) == 2)
    desk.click("remove-photo")
    assert desk.films.count() == 2
    desk.page.locator("#status").get_by_role("button", name="Undo").click()
    for route in held[1:]:
        route.continue_()
    desk.until(lambda: desk.states() == ["ready"] * 3, 60_000)
    assert names(desk) == ["cat.jpg", "square.jpg", "otter.jpg"]


def test_look_is_given_to_others_and_taken_back(desk: Desk, examples: Path) -> None:
    files = ["harbour", "cat", "otter"]
    desk.put(*(examples / f"{name}.jpg" for name in files))
    colorful = """() => [...document.querySelectorAll("#films canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0;
      for (let at = 0; at < data.length; at += 4) sum += Math.abs(data[at] - data[at + 2]);
      return sum / data.length * 4;
    })"""
    usual = desk.page.evaluate(colorful)
    desk.slide("saturation", 0)
    desk.click_photo(0.7, 0.2)
    desk.chips.nth(1).click()  # a colour of a place stays with its photo
    desk.press("Escape")
    desk.rest()
    desk.click("overview")
    tick(desk, 2)
    desk.page.get_by_role("button", name="Give the chosen 1 the look of harbour.jpg").click()
    desk.until(lambda: desk.page.evaluate(colorful.replace("films", "tiles"))[2] < 1)
    assert desk.page.evaluate(colorful.replace("films", "tiles"))[1] > 2
    desk.press("Escape")
    desk.tab("look")
    desk.click("apply-all")
    desk.until(lambda: max(desk.page.evaluate(colorful)) < 1)
    assert [patch["hints"] for patch in desk.patches if "hints" in patch][1:] == []
    desk.page.locator("#status").get_by_role("button", name="Undo").click()
    desk.until(lambda: desk.page.evaluate(colorful)[1] > 0.9 * usual[1])
    assert desk.page.evaluate(colorful)[2] < 1
    desk.page.get_by_role("button", name="otter.jpg", exact=True).click()
    desk.rest()
    desk.press("Control+z")  # each photo remembers its own steps
    desk.press("Control+z")
    desk.press("Control+z")
    desk.rest()
    assert desk.page.input_value("#look-saturation") == "1"


def test_look_waits_for_photos_that_are_still_sent(desk: Desk, examples: Path) -> None:
    desk.put(examples / "harbour.jpg")
    held = hold_uploads(desk)
    desk.page.set_input_files("#photo-input", str(examples / "cat.jpg"))
    desk.until(lambda: len(held) == 1)
    desk.page.get_by_role("button", name="harbour.jpg", exact=True).click()
    desk.slide("saturation", 0)
    desk.click("apply-all")
    held[0].continue_()
    desk.until(lambda: desk.states() == ["ready"] * 2)
    desk.page.get_by_role("button", name="cat.jpg", exact=True).click()
    desk.rest()
    assert desk.page.input_value("#look-saturation") == "0"


def test_look_given_while_a_photo_is_coloured_reaches_the_server(
    desk: Desk, examples: Path
) -> None:
    """Its picture is under way already, and is asked for again."""
    held = held_in_coloring(desk, examples)
    desk.slide("saturation", 0)
    desk.click("apply-all")
    held.continue_()
    desk.until(lambda: desk.states() == ["ready"] * 2)
    gray = [patch for patch in desk.patches if patch.get("saturation") == 0]
    assert len(gray) == 2


def test_photos_are_sorted(desk: Desk, examples: Path) -> None:
    desk.put(*(examples / f"{name}.jpg" for name in ("square", "harbour", "cat")))
    desk.click("overview")
    order = desk.page.locator("#order")
    order.select_option("By name")
    assert names(desk) == ["cat.jpg", "harbour.jpg", "square.jpg"]
    order.select_option("Largest first")
    assert names(desk) == ["harbour.jpg", "square.jpg", "cat.jpg"]
    order.select_option("As opened")
    assert names(desk) == ["square.jpg", "harbour.jpg", "cat.jpg"]


def test_overview_by_keyboard(desk: Desk, examples: Path) -> None:
    desk.put(*(examples / f"{name}.jpg" for name in ("square", "harbour", "cat")))
    desk.page.focus("#overview")
    desk.press("Enter", "ArrowRight", "ArrowRight", "Tab", "Space", "ArrowLeft", "Space")
    assert desk.page.locator("#tiles input:checked").count() == 2
    desk.press("Control+a")
    assert desk.page.locator("#tiles input:checked").count() == 3
    desk.press("Shift+Tab", "Enter")
    assert desk.page.inner_text("#name") == "harbour.jpg"


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_no_barriers_in_the_overview(
    open_desk: Callable[..., Desk], axe: str, examples: Path, width: int
) -> None:
    desk = open_desk(viewport={"width": width, "height": 330 if width == 640 else 800})
    desk.put(*(examples / f"{name}.jpg" for name in ("square", "harbour", "cat")))
    desk.click("overview")
    tick(desk, 1)
    settle_colors(desk)
    assert violations(desk, axe) == []
    for part in ("#apply-look", "#remove-chosen", "#order"):
        expect(desk.page.locator(part)).to_be_in_viewport(ratio=1)
    desk.page.locator("#remove-chosen").click()
    settle_colors(desk)
    assert violations(desk, axe) == []


def test_wheel_scrolls_the_strip(open_desk: Callable[..., Desk], examples: Path) -> None:
    desk = open_desk(viewport={"width": 780, "height": 700})
    desk.put(*(examples / f"{name}.jpg" for name in ("square", "cat")), *[examples / "cat.jpg"] * 5)
    left, top, _, _ = desk.box("#films")
    scrolled = "() => document.getElementById('films').scrollLeft"
    before = desk.page.evaluate(scrolled)
    desk.page.mouse.move(left + 60, top + 20)
    desk.page.mouse.wheel(0, 120)
    desk.until(lambda: desk.page.evaluate(scrolled) > before + 60)
    tip = desk.page.locator("#films .film").first.get_attribute("title")
    assert tip == "square.jpg · 400 × 400"
