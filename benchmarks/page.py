"""The page's weight and first paint, in Chromium.

    python benchmarks/page.py [--runs 7] [--chromium FILE] [--picture docs/page.jpg]

Starts a server of its own on loopback. Every run is a fresh browser context, so that nothing is
cached. Reported: the bytes of all files that the page asks for, as they are and as they are sent
(compressed where the browser takes that), how many, and the median and slowest time from the start
of the navigation to the first paint and the first contentful paint, by the browser's own clock.
--picture: also draw the page with photos of examples/ and the colours suggested for a place.
"""

from __future__ import annotations

import argparse
import shutil
import statistics

from playwright.sync_api import Browser, sync_playwright

from end_to_end import EXAMPLES
from server_load import running

PAINTS = "performance.getEntriesByType('paint').map(entry => [entry.name, entry.startTime])"
SIZES = """
[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(entry => !entry.name.includes('/api/'))
    .map(entry => [entry.decodedBodySize, entry.encodedBodySize])
"""


def draw(browser: Browser, address: str, target: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    photos = [str(EXAMPLES / f"{name}.jpg") for name in ("ceremony", "harbour", "otter")]
    page.set_input_files("#photo-input", photos)
    page.wait_for_timeout(5000)
    stage = page.locator("#viewport").bounding_box()
    assert stage is not None
    page.mouse.click(stage["x"] + 0.62 * stage["width"], stage["y"] + 0.5 * stage["height"])
    page.wait_for_timeout(1500)
    page.screenshot(path=target, type="jpeg", quality=82)
    context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--picture")
    arguments = parser.parse_args()
    paints: dict[str, list[float]] = {}
    with running() as (port, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=arguments.chromium, args=["--no-sandbox"]
        )
        for _ in range(arguments.runs):
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/", wait_until="networkidle")
            for name, at in page.evaluate(PAINTS):
                paints.setdefault(name, []).append(at)
            sizes = page.evaluate(SIZES)
            context.close()
        if arguments.picture:
            draw(browser, f"http://127.0.0.1:{port}/", arguments.picture)
        browser.close()
    plain, sent = (sum(column) / 1000 for column in zip(*sizes, strict=True))
    print(f"{len(sizes)} files, {plain:.1f} kB, {sent:.1f} kB as sent")
    for name, times in paints.items():
        print(f"{name}: median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms")


if __name__ == "__main__":
    main()
