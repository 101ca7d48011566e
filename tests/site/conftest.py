"""The site's engine in a real browser: its modules, called with arrays."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from support.programs import missing

CHROMIUM = "/usr/bin/chromium"
ENGINE = Path(__file__).resolve().parents[2] / "src" / "photochrom" / "site" / "engine"

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


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")  # while a browser is open, an event loop runs in this thread
def engine() -> Iterator[Engine]:
    if not Path(CHROMIUM).exists():
        missing(f"{CHROMIUM} is missing: install Debian's package chromium")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(ENGINE)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        yield Engine(page, address)
        browser.close()
    server.shutdown()
    server.server_close()
    thread.join(30)
