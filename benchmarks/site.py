"""How long the static site takes in Chromium, and how much memory.

    python benchmarks/site.py SITE_FOLDER

SITE_FOLDER is what `photochrom site` wrote. It is served on this machine without the headers that
allow threads, so that WebAssembly has one. The photo is a synthetic grey JPEG, 2 and 24 megapixels.
The last column is the time that the command needs for the same photo, in the same run. Needs
Chromium, Playwright and psutil.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

from photochrom import Colorizer
from photochrom._system.vips import pyvips

CHROMIUM = "/usr/bin/chromium"
SIZES = {"2 megapixels": (1732, 1155), "24 megapixels": (6000, 4000)}
REPEATS = 5
EVERY_S = 0.02

_CHANGED = """async ([id, value]) => {
  const input = document.getElementById(id);
  const canvas = document.getElementById("canvas");
  const pixels = () => canvas.getContext("2d").getImageData(
    Math.round(canvas.width * 0.6), Math.round(canvas.height * 0.4), 60, 60).data.join();
  const before = pixels();
  const start = performance.now();
  input.value = value;
  input.dispatchEvent(new Event("input"));
  input.dispatchEvent(new Event("change"));
  while (pixels() === before) {
    if (performance.now() - start > 20000) throw new Error("the picture stays as it is");
    await new Promise((done) => requestAnimationFrame(done));
  }
  return performance.now() - start;
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a plain static server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def scene(width: int, height: int, path: Path) -> None:
    """A grey photo with sky, water, edges and grain."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    sky = rows < height * 0.55
    picture = np.where(
        sky, 190 - 60 * rows / height, 90 + 25 * np.sin(rows / 9) * np.sin(columns / 50)
    )
    towers = (np.floor(columns / width * 24) % 3 == 1) & (rows > height * 0.25) & sky
    picture = np.where(towers, 70 + 80 * (np.floor(rows / 12) % 2), picture)
    picture += np.random.default_rng(0).normal(0, 2, picture.shape)
    codes = np.ascontiguousarray(picture.clip(0, 255).astype(np.uint8))
    pyvips.Image.new_from_array(codes).write_to_file(str(path), Q=92)


class Memory:
    """What the page's renderer shares with no other process (USS), watched until `stop`."""

    def __init__(self) -> None:
        self.peak, self._running = 0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def now(self) -> int:
        """Bytes of the largest renderer that this process has started."""
        largest = 0
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if "--type=renderer" in process.cmdline():
                    largest = max(largest, process.memory_full_info().uss)
        return largest

    def _watch(self) -> None:
        while self._running:
            self.peak = max(self.peak, self.now())
            time.sleep(EVERY_S)

    def stop(self) -> None:
        """Watch no longer."""
        self._running = False
        self._thread.join()


def wait(page: Page, condition: str, argument: Any = None) -> None:
    """Wait until a JavaScript function returns true."""
    while not page.evaluate(condition, argument):
        time.sleep(EVERY_S / 4)


def measure(page: Page, folder: Path, memory: Memory) -> None:
    """Open, change and save photos of each size, and print what it took."""
    colorizer = Colorizer()
    colorizer.colorize(np.zeros((64, 64), np.uint8))
    heads = ("shown", "vividness", "saturation", "file", "peak", "command")
    print(" " * 14, *(f"{head:>10}" for head in heads))
    for count, (name, size) in enumerate(SIZES.items(), 1):
        photo = folder / f"{size[0]}.jpg"
        scene(*size, photo)
        start = time.perf_counter()
        page.set_input_files("#photo-input", str(photo))
        wait(page, "(count) => document.querySelectorAll('#films li').length === count", count)
        wait(page, "() => document.getElementById('card').hidden")
        shown = time.perf_counter() - start
        page.wait_for_timeout(500)
        delays = {}
        for option, values in (("vividness", (0.1, 0.9)), ("saturation", (0.4, 1.8))):
            times = [
                page.evaluate(_CHANGED, [f"look-{option}", str(values[turn % 2] + turn / 100)])
                for turn in range(REPEATS)
            ]
            delays[option] = median(times[1:])
        start = time.perf_counter()
        page.click("#download")
        with page.expect_download(timeout=120_000) as download:
            page.click("#download-one")
        download.value.path()
        saved = time.perf_counter() - start
        start = time.perf_counter()
        colorizer.colorize(photo).save(folder / "out.jpg", overwrite=True)
        command = time.perf_counter() - start
        cells = [f"{shown:.2f} s", *(f"{delay:.0f} ms" for delay in delays.values())]
        cells += [f"{saved:.2f} s", f"{memory.peak / 1e6:.0f} MB", f"{command:.2f} s"]
        print(f"{name:14}", *(f"{cell:>10}" for cell in cells))


def main() -> None:
    """Serve the site, open it, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, metavar="SITE_FOLDER")
    folder = parser.parse_args().site
    with (
        tempfile.TemporaryDirectory() as temporary,
        served(folder) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1640, "height": 1000}, accept_downloads=True)
        start = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        usable = time.perf_counter() - start
        wait(page, "() => document.getElementById('engine').textContent.startsWith('Ready')")
        loaded = time.perf_counter() - start
        memory = Memory()
        print(f"usable after {usable:.2f} s, loaded after {loaded:.2f} s, from this machine's disk")
        print(page.inner_text("#engine"))
        print(f"renderer, before any photo: {memory.now() / 1e6:.0f} MB")
        measure(page, Path(temporary), memory)
        memory.stop()
        browser.close()


if __name__ == "__main__":
    main()
