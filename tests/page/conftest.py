"""The page in a real browser, against a real server: both started once, a fresh tab a test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from playwright.sync_api import Browser, BrowserContext

from photochrom.server import Settings, create_app
from photochrom.server.run import address_of, listen, server_of
from support.chromium import USUAL, axe_source, chromium
from support.desk import PATIENCE_MS, Desk
from support.stripes import write_stripes


def _serving(**settings: Any) -> Iterator[str]:
    chosen = Settings(port=0, workers=2, threads=1, **settings)
    app = create_app(chosen)
    listening = listen(chosen)
    server = server_of(app, chosen)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)

    yield address_of(listening)
    server.should_exit = True
    thread.join(30)
    listening.close()


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """The server that most tests use."""
    yield from _serving()


@pytest.fixture(scope="session")
def guarded() -> Iterator[str]:
    """A server that asks for the token "sesame"."""
    yield from _serving(token="sesame")


@pytest.fixture(scope="module")  # while one is open, an event loop runs in this thread
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def usual(browser: Browser) -> BrowserContext:
    """What tabs that ask for nothing special share: the page's files in the browser's memory."""
    return browser.new_context(**USUAL)


@pytest.fixture
def open_desk(
    browser: Browser, usual: BrowserContext, served: str
) -> Iterator[Callable[..., Desk]]:
    """Open the page in a tab of its own; afterwards nothing may have gone wrong in it."""
    desks: list[Desk] = []

    def opened(*, address: str = "", path: str = "", ready: bool = True, **how: Any) -> Desk:
        context = browser.new_context(**{**USUAL, **how}) if how else usual
        context.set_default_timeout(PATIENCE_MS)
        desk = Desk(context.new_page(), address or served)
        desks.append(desk)
        desk.go(path, ready=ready)
        return desk

    yield opened
    faults = [fault for desk in desks for fault in desk.faults]
    for desk in desks:
        if desk.page.context is usual:
            desk.page.evaluate("() => localStorage.clear()")
            desk.page.close()
        else:
            desk.page.context.close()
    assert not faults


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """The page, empty."""
    return open_desk()


@pytest.fixture
def harbour(desk: Desk, examples: Path) -> Desk:
    """The page with a photo of 1024 x 477 pixels, coloured."""
    desk.put(examples / "harbour.jpg")
    return desk


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_source()


@pytest.fixture(scope="session")
def stripes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stripes(tmp_path_factory.mktemp("stripes"))


@pytest.fixture(scope="session")
def two_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TIFF of two grey pages, 16 bit, which no browser can show."""
    ramp = np.linspace(0, 65535, 300, dtype=np.uint16)[None, :] + np.zeros((240, 1), np.uint16)
    page = pyvips.Image.new_from_array(np.ascontiguousarray(ramp.astype(np.uint16)))
    path = tmp_path_factory.mktemp("pages") / "album.tif"
    tall = page.join(page.invert(), "vertical").copy(interpretation="grey16")
    tall = tall.copy()
    tall.set_type(pyvips.GValue.gint_type, "page-height", 240)
    tall.write_to_file(str(path))
    return path
