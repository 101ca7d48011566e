"""The static site in a real browser: modules of its engine, called with arrays, and the page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from photochrom.site import RUNTIME_PACKAGE, RUNTIME_VERSION, build_site
from support.chromium import USUAL, axe_source, chromium
from support.desk import PATIENCE_MS, Desk
from support.programs import missing
from support.static_server import ISOLATING, serving
from support.stripes import write_stripes

REPOSITORY = Path(__file__).resolve().parents[2]
ENGINE = REPOSITORY / "src" / "photochrom" / "site" / "engine"
LOADING_MS = 60_000  # the network, on a machine with other work

_CALL = """async ([address, body, values]) => {
  const { Field } = await import("/fields.js");
  const kinds = { float32: Float32Array, uint8: Uint8Array, int32: Int32Array };
  const read = (value) => {
    if (value?.array === undefined) return value;
    const bytes = Uint8Array.from(atob(value.array), (one) => one.charCodeAt(0));
    const data = new kinds[value.kind](bytes.buffer);
    const [height, width, bands] = value.shape;
    return width === undefined ? data : new Field(height, width, bands, data);
  };
  const write = (value) => {
    if (value instanceof Field) {
      const { height, width, bands } = value;
      const shape = bands === 1 ? [height, width] : [height, width, bands];
      return { ...write(value.data), shape };
    }
    if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      let text = "";
      for (let at = 0; at < bytes.length; at += 2 ** 15)
        text += String.fromCharCode(...bytes.subarray(at, at + 2 ** 15));
      const kind = value.constructor.name.replace("Array", "").replace("Clamped", "").toLowerCase();
      return { array: btoa(text), kind, shape: [value.length] };
    }
    if (Array.isArray(value)) return value.map(write);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, write(one)]));
  };
  const called = (0, eval)(`(${body})`);
  return write(await called(await import(address), ...values.map(read)));
}"""


def _sent(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        text = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        shape = [*value.shape, 1] if value.ndim == 2 else list(value.shape)
        return {"array": text, "kind": str(value.dtype), "shape": shape}
    return value


def _received(value: Any) -> Any:
    if isinstance(value, list):
        return [_received(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        data = np.frombuffer(base64.b64decode(value["array"]), np.dtype(value["kind"]))
        return data.reshape(value["shape"])
    return {key: _received(one) for key, one in value.items()}


class Engine:
    """A page that imports modules of the engine."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address

    def run(self, module: str, body: str, *values: Any) -> Any:
        """What the JavaScript function `body` returns for a module and values.

        values: numbers, text, lists, None, or arrays of float32, uint8 or int32: of one axis for a
        typed array, (h, w) or (h, w, bands) for a `Field`. Results are turned into the same.
        """
        sent = [f"{self.address}/{module}", body, [_sent(value) for value in values]]
        return _received(self.page.evaluate(_CALL, sent))


@pytest.fixture(scope="module")  # while one is open, an event loop runs in this thread
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def engine(browser: Browser) -> Iterator[Engine]:
    with serving(ENGINE) as server:
        page = browser.new_page()
        page.goto(server.address)
        yield Engine(page, server.address.rstrip("/"))
        page.close()


@pytest.fixture(scope="session")
def runtime() -> Path:
    """The package of ONNX Runtime Web."""
    package = REPOSITORY / "out" / "site-runtime" / f"{RUNTIME_PACKAGE}-{RUNTIME_VERSION}.tgz"
    if not package.exists():
        missing(f"{package} is missing: run `make site-runtime`, which fetches it from npm")
    return package


@pytest.fixture(scope="session")
def site_folder(runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once; tests change nothing in it."""
    folder = tmp_path_factory.mktemp("site") / "photochrom"
    build_site(folder, runtime=runtime)
    return folder


@pytest.fixture(scope="module")
def site(site_folder: Path) -> Iterator[str]:
    """The address of the site on a plain static server."""
    with serving(site_folder) as server:
        yield server.address


@pytest.fixture(scope="module")
def isolated_site(site_folder: Path) -> Iterator[str]:
    """The same on a server that sends the headers that threads need."""
    with serving(site_folder, ISOLATING) as server:
        yield server.address


@contextmanager
def _desks() -> Iterator[list[Desk]]:
    """A list of pages; at the end nothing may have gone wrong in any."""
    desks: list[Desk] = []
    yield desks
    faults = [fault for desk in desks for fault in desk.faults]
    asked = [request for desk in desks for request in desk.requests]
    for desk in desks:
        desk.faults.clear()
    assert not faults
    assert not asked  # there is no server to ask


@pytest.fixture
def open_site(browser: Browser, site: str) -> Iterator[Callable[..., Desk]]:
    """Open the site in a fresh context, and wait until it can color photos."""
    with _desks() as desks:

        def opened(*, address: str = "", ready: bool = True, **how: Any) -> Desk:
            context = browser.new_context(**{**USUAL, **how})
            context.set_default_timeout(PATIENCE_MS)
            desk = Desk(context.new_page(), address or site)
            desks.append(desk)
            desk.go(ready=ready)
            if ready:
                desk.until(lambda: desk.engine.startswith("Ready"), LOADING_MS)
            return desk

        yield opened
        for desk in desks:
            desk.page.context.close()


@pytest.fixture(scope="module")
def tab(browser: Browser, site: str) -> Iterator[Desk]:
    """One tab with the site, whose network is loaded: the tests of a module share it."""
    context = browser.new_context(**USUAL)
    context.set_default_timeout(PATIENCE_MS)
    desk = Desk(context.new_page(), site)
    desk.go()
    desk.until(lambda: desk.engine.startswith("Ready"), LOADING_MS)
    yield desk
    context.close()


CLEAR = """() => {
  const press = (node) => node?.click();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  press(document.querySelector("#confidence[aria-pressed=true]"));
  press(document.getElementById("tool-color"));
  press(document.getElementById("tab-look"));
  document.getElementById("reversible").checked = false;
  while (document.querySelector("#films li")) press(document.getElementById("remove-photo"));
  for (const close of document.querySelectorAll("#status .toast > button:last-child")) press(close);
}"""


@pytest.fixture
def desk(tab: Desk) -> Iterator[Desk]:
    """The shared tab without photos; afterwards nothing may have gone wrong."""
    with _desks() as desks:
        desks.append(tab)
        yield tab
        tab.forgiven.clear()
        tab.press("Escape")
        if tab.films.count() and tab.divider.get_attribute("aria-valuenow") != "50":
            tab.divider.focus()
            tab.press("Home", *["PageUp"] * 5)
        tab.page.evaluate(CLEAR)
        tab.page.mouse.move(1, 1)


@pytest.fixture
def harbour(desk: Desk, examples: Path) -> Desk:
    """The page with a photo of 1024 x 477 pixels, colored."""
    desk.put(examples / "harbour.jpg")
    return desk


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_source()


@pytest.fixture(scope="session")
def stripes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stripes(tmp_path_factory.mktemp("stripes"))
