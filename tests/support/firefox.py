"""The page in Firefox, which Playwright cannot drive as Debian ships it: through Marionette."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marionette_driver import By
from marionette_driver.marionette import ActionSequence, Marionette

from photochrom.server.run import listen
from photochrom.server.settings import Settings
from support.programs import program

PATIENCE_S = 30
STATES = "return [...document.querySelectorAll('#films li')].map((item) => item.dataset.state)"
FRAME = """
  const { style } = document.getElementById("viewport");
  return parseFloat(style.getPropertyValue(arguments[0]));"""
BOX = """
  const { left, top, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();
  return [left, top, width, height];"""


@contextmanager
def running(profile: Path) -> Iterator[Marionette]:
    """A Firefox without a window, in a fresh profile."""
    free = listen(Settings(port=0))
    port = free.getsockname()[1]
    free.close()
    preferences = {
        "marionette.port": port,
        "datareporting.policy.dataSubmissionEnabled": False,
        "dom.disable_beforeunload": True,
        "network.captive-portal-service.enabled": False,
        "ui.prefersReducedMotion": 1,
    }
    lines = [
        f"user_pref({name!r}, {str(value).lower()});\n".replace("'", '"')
        for name, value in preferences.items()
    ]
    (profile / "user.js").write_text("".join(lines))
    command = [
        program("firefox-esr"),
        "--headless",
        "-marionette",
        "-no-remote",
        "-profile",
        str(profile),
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, "--width", "1280", "--height", "900"], **quiet)
    try:
        driver = Marionette(host="127.0.0.1", port=port)
        _once(driver.start_session)
        yield driver
        driver.delete_session()
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _once(works: Callable[[], Any]) -> None:
    """Call something until it does not fail."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            works()
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


class FirefoxDesk:
    """A tab of Firefox with the page."""

    def __init__(self, driver: Marionette, address: str) -> None:
        self.driver = driver
        driver.navigate(address)
        self.until("return document.body.dataset.ready === ''")

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, script_args=arguments, sandbox=None)

    def until(self, script: str, *arguments: Any, patience_s: float = PATIENCE_S) -> None:
        end = time.monotonic() + patience_s
        while not self.run(script, *arguments):
            assert time.monotonic() < end, script
            time.sleep(0.05)

    def put(self, *photos: Path) -> None:
        """Open photos and wait until all are coloured."""
        self.run("document.getElementById('photo-input').hidden = false")
        field = self.driver.find_element(By.ID, "photo-input")
        field.send_keys("\n".join(str(photo) for photo in photos))
        self.run("document.getElementById('photo-input').hidden = true")
        end = time.monotonic() + PATIENCE_S
        while self.run(STATES).count("ready") < len(photos):
            assert time.monotonic() < end, self.run(STATES)
            time.sleep(0.05)
        self.rest()

    def rest(self) -> None:
        self.until("return !document.querySelector('#stage.busy')")

    def box(self, selector: str) -> list[float]:
        """Left, top, width and height on the screen."""
        return self.run(BOX, selector)

    def text(self, selector: str) -> str:
        return self.run("return document.querySelector(arguments[0]).innerText", selector)

    def spot(self, x: float, y: float) -> tuple[int, int]:
        """The place on the screen of shares of the photo."""
        left, top, _, _ = self.box("#viewport")
        at = {key: self.run(FRAME, f"--photo-{key}") for key in ("left", "top", "width", "height")}
        return (
            round(left + at["left"] + x * at["width"]),
            round(top + at["top"] + y * at["height"]),
        )

    def drag(self, points: Sequence[tuple[int, int]], kind: str = "mouse") -> None:
        """Press at the first point, move along the others, and let go."""
        hand = ActionSequence(self.driver, "pointer", f"{kind}-1", {"pointerType": kind})
        hand.pointer_move(*points[0]).pointer_down()
        for point in points[1:]:
            hand.pointer_move(*point, duration=40)
        hand.pointer_up().perform()

    def press(self, *keys: str) -> None:
        for key in keys:
            typed = ActionSequence(self.driver, "key", "keyboard-1")
            typed.key_down(key).key_up(key).perform()

    def click(self, selector: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def chroma(self, x: float, y: float) -> float:
        """How colourful the canvas is around a place of the photo."""
        left, top = self.spot(x, y)
        return self.run(
            """
            const canvas = document.getElementById("canvas");
            const box = canvas.getBoundingClientRect();
            const { data } = canvas.getContext("2d").getImageData(
              (arguments[0] - box.left) * devicePixelRatio - 6,
              (arguments[1] - box.top) * devicePixelRatio - 6, 12, 12);
            let sum = 0;
            for (let at = 0; at < data.length; at += 4)
              sum += Math.max(...data.slice(at, at + 3)) - Math.min(...data.slice(at, at + 3));
            return sum * 4 / data.length;""",
            left,
            top,
        )
