"""The page as tests use it: a person's actions, what is visible, the requests to the server."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, Request

PATIENCE_MS = 60_000  # on a machine with other work

DROP = """async ([selector, files]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  const target = document.querySelector(selector);
  for (const type of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(type,
      { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""

PASTE = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "image.png", { type: "image/png" }));
  document.body.dispatchEvent(new ClipboardEvent("paste",
    { clipboardData: transfer, bubbles: true }));
}"""

PIXELS = """([left, top, width, height]) => {
  const canvas = document.getElementById("canvas");
  const scale = devicePixelRatio;
  const { data } = canvas.getContext("2d").getImageData(
    left * scale, top * scale, width * scale, height * scale);
  const bands = [0, 0, 0];
  let chroma = 0, squares = 0;
  const count = data.length / 4;
  for (let at = 0; at < data.length; at += 4) {
    for (const band of [0, 1, 2]) bands[band] += data[at + band] / count;
    chroma += (Math.max(data[at], data[at + 1], data[at + 2])
      - Math.min(data[at], data[at + 1], data[at + 2])) / count;
    squares += data[at + 1] ** 2 / count;
  }
  return { bands, chroma, spread: Math.sqrt(Math.max(0, squares - bands[1] ** 2)) };
}"""


BOX = """async (node) => {
  const read = () => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return [left, top, width, height];
  };
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  for (let before = null, tries = 0; tries < 100; tries += 1) {
    const box = read();
    if (before && box.every((value, i) => value === before[i])) return box;
    before = box;
    await frame();
    await frame();
  }
  throw new Error("it never stands still");
}"""


class PageRequest:
    """One request to the server."""

    def __init__(self, request: Request) -> None:
        address = urlsplit(request.url)
        self.method = request.method
        self.path = address.path.removeprefix("/api/v1")
        self.query = {key: values[-1] for key, values in parse_qs(address.query).items()}
        self.kind = self.path.rsplit("/", 1)[-1]
        self.body: Any = None
        if self.method == "PATCH":
            self.body = json.loads(request.post_data or "{}")

    def __repr__(self) -> str:
        return f"{self.method} {self.path} {self.query}"


class Desk:
    """A tab with the page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.requests: list[PageRequest] = []
        self.faults: list[str] = []
        self.forgiven: list[str] = []  # faults that a test brings about itself
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("request", self._seen)

    def _heard(self, message: Any) -> None:
        ours = bool(message.location.get("url"))  # what tests evaluate has no address
        forgiven = any(re.search(words, message.text) for words in self.forgiven)
        if message.type in ("error", "warning") and ours and not forgiven:
            self.faults.append(f"console: {message.text} ({message.location})")

    def _seen(self, request: Request) -> None:
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.faults.append(f"request to another host: {request.url}")
        if "/api/v1/" in request.url:
            self.requests.append(PageRequest(request))

    def go(self, path: str = "", *, ready: bool = True) -> None:
        self.page.goto(self.address + path)
        if ready:
            self.page.wait_for_selector("body[data-ready]")

    # What a person does

    def put(self, *photos: Path) -> None:
        """Open photos and wait until all are coloured."""
        before = self.films.count()
        self.page.set_input_files("#photo-input", [str(photo) for photo in photos])
        self.until(lambda: self.films.count() == before + len(photos))
        self.until(lambda: self.states() == ["ready"] * self.films.count(), 60_000)
        self.rest()

    def drop(self, files: Sequence[Path], on: str = "body") -> None:
        data = [(file.name, base64.b64encode(file.read_bytes()).decode()) for file in files]
        self.page.evaluate(DROP, [on, data])

    def paste(self, file: Path) -> None:
        self.page.evaluate(PASTE, base64.b64encode(file.read_bytes()).decode())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str) -> None:
        """Press the button of an id."""
        self.page.click(f"#{name}")

    def tab(self, name: str) -> None:
        self.page.click(f"#tab-{name}")

    def click_photo(self, x: float, y: float) -> None:
        """Click the photo at shares of its width and height."""
        self.page.mouse.click(*self.spot(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float], **how: Any) -> None:
        """Drag on the screen, with `button` or `steps`."""
        steps = how.pop("steps", 6)
        self.page.mouse.move(*start)
        self.page.mouse.down(**how)
        self.page.mouse.move(*end, steps=steps)
        self.page.mouse.up(**how)

    def slide(self, name: str, value: float) -> None:
        """Move a slider of the look to a value, as a hand does, and let go."""
        self.page.evaluate(
            """([id, value]) => {
              const input = document.getElementById(id);
              input.value = value;
              input.dispatchEvent(new Event("input", { bubbles: true }));
              input.dispatchEvent(new Event("change", { bubbles: true }));
            }""",
            [f"look-{name}", value],
        )

    # What there is

    @property
    def films(self) -> Locator:
        return self.page.locator("#films li")

    def states(self) -> list[str]:
        return self.page.eval_on_selector_all(
            "#films li", "(items) => items.map((item) => item.dataset.state)"
        )

    @property
    def engine(self) -> str:
        """What the static site's page says of its engine; with a first photo it is out of sight."""
        return self.page.locator("#engine").text_content() or ""

    @property
    def status(self) -> str:
        return self.page.inner_text("#status")

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Left, top, width and height of an element on the screen, once it stands still."""
        element = self.page.locator(selector)
        element.wait_for(state="visible")
        left, top, width, height = element.evaluate(BOX)
        return left, top, width, height

    def middle(self, selector: str) -> tuple[float, float]:
        left, top, width, height = self.box(selector)
        return left + width / 2, top + height / 2

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the visible photo on the screen, by the divider's line."""
        line_left, top, line_width, height = self.box("#divider")
        split = float(self.divider.get_attribute("aria-valuenow") or 0) / 100
        at = line_left + line_width / 2
        left, width = (
            self.page.locator("#viewport").evaluate(
                "(box, name) => parseFloat(box.style.getPropertyValue(`--photo-${name}`))", name
            )
            for name in ("left", "width")
        )
        left += self.box("#canvas")[0]
        assert abs(left + split * width - at) < 1 + 0.006 * width
        return left, top, width, height

    @property
    def divider(self) -> Locator:
        return self.page.locator("#divider")

    @property
    def divider_grip(self) -> tuple[float, float]:
        """The middle of the divider's handle on the screen."""
        return self.middle("#divider span")

    @property
    def chips(self) -> Locator:
        return self.page.locator("#place .chips:not(.plain) button")

    def spot(self, x: float, y: float) -> tuple[float, float]:
        """The place on the screen of shares of the photo's visible width and height."""
        left, top, width, height = self.frame
        return left + x * width, top + y * height

    def pixels(self, x: float, y: float, width: float = 12, height: float = 12) -> dict[str, Any]:
        """Mean colour, chroma and spread of the canvas around shares of the photo."""
        left, top = self.spot(x, y)
        stage_left, stage_top, _, _ = self.box("#canvas")
        box = [left - stage_left - width / 2, top - stage_top - height / 2, width, height]
        return self.page.evaluate(PIXELS, [round(value) for value in box])

    def chroma(self, x: float, y: float, size: float = 12) -> float:
        return float(self.pixels(x, y, size, size)["chroma"])

    # Requests

    def all(self, kind: str, method: str = "GET", **query: str) -> list[PageRequest]:
        """Requests by the last part of their path."""
        return [
            one
            for one in self.requests
            if one.kind == kind
            and one.method == method
            and all(one.query.get(key) == value for key, value in query.items())
        ]

    @property
    def patches(self) -> list[dict[str, Any]]:
        return [one.body for one in self.requests if one.method == "PATCH"]

    def hints(self) -> list[dict[str, Any]]:
        """The hints of the last change sent to the server."""
        sent = [patch["hints"] for patch in self.patches if "hints" in patch]
        return sent[-1] if sent else []

    def until(self, holds: Callable[[], Any], patience_ms: float = PATIENCE_MS) -> None:
        """Wait until something holds."""
        waited = 0.0
        while not holds():
            assert waited < patience_ms, f"waited in vain; the status is {self.status!r}"
            self.page.wait_for_timeout(25)
            waited += 25

    def rest(self) -> None:
        """Wait until the picture of the present look is there and drawn."""
        self.until(lambda: not self.page.locator("#stage.busy").count())
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
