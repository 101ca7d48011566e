"""Many photos on the page at once, in Chromium: time, memory, and how fast it answers hands.

    python benchmarks/page_many.py [--photos 60] [--width 1732] [--height 1155] [--batch]

Starts a server of its own on loopback and opens so many different grey photos of that size, made
from the example photographs. Reported: seconds from opening them to all coloured; the page's
JavaScript heap and the resident memory of the renderer's process afterwards; and the longest time
from a gesture (a photo of the strip, a slider, the divider, the grid) to the next paint, by the
browser's own clock. --batch: also the time of `photochrom colorize` of the same folder, and the
ratio.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyvips
from playwright.sync_api import Browser, Page, sync_playwright

from end_to_end import EXAMPLES
from server_load import PHOTOCHROM, resident, running

WATCH = """() => {
  globalThis.slowest = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries())
      globalThis.slowest = Math.max(globalThis.slowest, one.duration);
  }).observe({ type: "event", durationThreshold: 16 });
}"""
LONGEST_WAIT_S = 1800


def make_photos(folder: Path, count: int, width: int, height: int) -> list[Path]:
    """Different grey JPEGs: the examples at this size, each shifted by another amount."""
    sources = []
    for file in sorted(EXAMPLES.glob("*.jpg")):
        image = pyvips.Image.thumbnail(str(file), 2 * width, height=height, size="both", crop="low")
        sources.append(image.colourspace("b-w").copy_memory())
    paths = [folder / f"scan {number:03}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        image = sources[number % len(sources)]
        left = number * 7 % (image.width - width + 1)
        image.crop(left, 0, width, height).write_to_file(str(path), Q=90)
    return paths


def open_photos(page: Page, paths: list[Path]) -> float:
    """Open photos and wait until all are coloured; returns seconds."""
    started = time.perf_counter()
    page.set_input_files("#photo-input", [str(path) for path in paths])
    page.wait_for_function(
        "(count) => document.querySelectorAll('#films [data-state=ready]').length === count",
        arg=len(paths),
        timeout=1000 * LONGEST_WAIT_S,
    )
    return time.perf_counter() - started


def memory_of(browser: Browser, page: Page) -> tuple[float, float]:
    """Megabytes of the JavaScript heap, after a collection, and of the renderer's process."""
    line = page.context.new_cdp_session(page)
    line.send("HeapProfiler.collectGarbage")
    heap = line.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [one["id"] for one in processes if one["type"] == "renderer"]
    return heap, max(resident(int(process)) for process in renderers)


def gestures(page: Page) -> dict[str, Callable[[int], None]]:
    """What is done several times, by name; each gets its number."""

    def drag(selector: str, by: float) -> None:
        box = page.locator(selector).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + by, y, steps=8)
        page.mouse.up()

    def grid(_: int) -> None:
        page.click("#overview")
        page.wait_for_timeout(300)
        page.click("#overview-dialog .shut")

    films = page.locator("#films .film")
    return {
        "photo of the strip": lambda number: films.nth(number * 37 % films.count()).click(),
        "slider": lambda number: drag("#look-saturation", 30 - 60 * (number % 2)),
        "divider": lambda number: drag("#divider span", 60 - 120 * (number % 2)),
        "grid": grid,
    }


def batch(folder: Path, target: Path) -> float:
    started = time.perf_counter()
    command = [str(PHOTOCHROM), "colorize", str(folder), "-o", str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--width", type=int, default=1732)
    parser.add_argument("--height", type=int, default=1155)
    parser.add_argument("--times", type=int, default=8, help="of each gesture")
    parser.add_argument("--batch", action="store_true")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        running() as (port, _),
        sync_playwright() as playwright,
    ):
        folder = Path(name, "scans")
        folder.mkdir()
        paths = make_photos(folder, arguments.photos, arguments.width, arguments.height)
        browser = playwright.chromium.launch(
            executable_path=arguments.chromium, args=["--no-sandbox"]
        )
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(120_000)
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector("body[data-ready]")
        seconds = open_photos(page, paths)
        megapixels = arguments.width * arguments.height / 1e6
        print(f"{arguments.photos} photos of {megapixels:.1f} MP: all coloured in {seconds:.1f} s")
        heap, renderer = memory_of(browser, page)
        print(f"memory: heap {heap:.0f} MB, renderer {renderer:.0f} MB")
        page.evaluate(WATCH)
        for kind, gesture in gestures(page).items():
            page.evaluate("() => { globalThis.slowest = 0; }")
            for number in range(arguments.times):
                gesture(number)
                page.wait_for_timeout(400)
            slowest = page.evaluate("() => globalThis.slowest")
            _, renderer = memory_of(browser, page)
            print(f"{kind}: slowest {slowest:.0f} ms to the paint; renderer {renderer:.0f} MB")
        browser.close()
        if arguments.batch:
            alone = batch(folder, Path(name, "out"))
            print(f"photochrom colorize: {alone:.1f} s; the page takes {seconds / alone:.2f} times")


if __name__ == "__main__":
    main()
