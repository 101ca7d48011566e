"""Chromium as tests open it, and axe-core, which looks for barriers in a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from support.desk import PATIENCE_MS
from support.programs import missing

CHROMIUM = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
"""What is there is taken; without the windows that nobody sees, a test takes a third less time."""
USUAL: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800},
    "reduced_motion": "reduce",
    "color_scheme": "dark",
    "accept_downloads": True,
    "locale": "en-US",
}
"""What a browser context has unless a test asks for something else."""
AXE = Path(__file__).resolve().parents[2] / "out" / "axe" / "axe.min.js"


def executable() -> str:
    """Where Chromium is; skips the test, or fails it in CI, where there is none."""
    found = next((path for path in CHROMIUM if Path(path).exists()), None)
    if found is None:
        missing(f"{CHROMIUM[0]} is missing: install Debian's package chromium-headless-shell")
    return str(found)


@contextmanager
def chromium(*options: str) -> Iterator[Browser]:
    """A browser; while one is open, an event loop runs in this thread.

    options: more words of Chromium's command line.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(),
            args=["--no-sandbox", "--force-color-profile=srgb", *options],
        )
        yield browser
        browser.close()


def axe_source() -> str:
    """The source of axe-core."""
    if not AXE.exists():
        missing(f"{AXE} is missing: run `make axe`, which fetches axe-core from npm")
    return AXE.read_text(encoding="utf-8")
