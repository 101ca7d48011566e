"""Chromium as tests open it, and axe-core, which looks for barriers in a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from support.programs import missing

CHROMIUM = "/usr/bin/chromium"
USUAL: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800},
    "reduced_motion": "reduce",
    "color_scheme": "dark",
    "accept_downloads": True,
    "locale": "en-US",
}
"""What a browser context has unless a test asks for something else."""
AXE = Path(__file__).resolve().parents[2] / "out" / "axe" / "axe.min.js"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; while one is open, an event loop runs in this thread."""
    if not Path(CHROMIUM).exists():
        missing(f"{CHROMIUM} is missing: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        yield browser
        browser.close()


def axe_source() -> str:
    """The source of axe-core."""
    if not AXE.exists():
        missing(f"{AXE} is missing: run `make axe`, which fetches axe-core from npm")
    return AXE.read_text(encoding="utf-8")
