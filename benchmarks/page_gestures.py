"""Random gestures on the page for a long time, with a seed, in Chromium.

    python benchmarks/page_gestures.py [--seed 1] [--gestures 5000] [--viewport phone|desktop]
        [--minutes 60] [--every 20] [--kills 2]

Starts a server of its own on loopback, kills it so many times on the way, and starts it again at
the same port. After every so many gestures the hands rest, and it is checked that nothing is stuck,
that console and page had no error (failed requests while the server was away are none), and that
divider, undo list, strip and picture agree with each other and with the server. What fails is
printed with the seed and the last gestures; the exit status is then 1. The same seed makes the same
gestures as long as the page is as fast.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from typing import Any

from playwright.sync_api import Browser, sync_playwright

import page_checks as checks
import page_hands
from end_to_end import EXAMPLES
from server_load import PHOTOCHROM, _ready

VIEWPORTS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}
AWAY = 8
"""Gestures while the server is away."""
REMEMBERED = 25


class Server:
    """A server in a process of its own, which can be killed and started again at the same port."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        self.folder = tempfile.mkdtemp()
        self.start()

    def start(self) -> None:
        command = [str(PHOTOCHROM), "serve", "--port", str(self.port)]
        environment = {"PHOTOCHROM_SERVER_FOLDER": self.folder}
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )
        while not _ready(self.port):
            if self.process.poll() is not None:
                raise SystemExit("the server ended by itself")
            time.sleep(0.1)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(90)
        shutil.rmtree(self.folder, ignore_errors=True)


class Run:
    """One run: the hands, the server, and what has gone wrong."""

    def __init__(self, browser: Browser, server: Server, viewport: str, seed: int) -> None:
        how = VIEWPORTS[viewport]
        self.server = server
        context = browser.new_context(accept_downloads=True, color_scheme="dark", **how)
        context.set_default_timeout(30_000)
        self.page = context.new_page()
        self.faults: list[str] = []
        self.done: deque[str] = deque(maxlen=REMEMBERED)
        self.away = False
        self.alive: set[str] = set()
        """Sessions that the present server has opened."""
        self._listen()
        checks.expose(self.page)
        self.page.goto(server.address)
        self.page.wait_for_selector("body[data-ready]")
        photos = sorted(EXAMPLES.glob("*.jpg"))
        self.hands = page_hands.Hands(
            self.page, random.Random(seed), photos, how.get("has_touch", False)
        )

    def _listen(self) -> None:
        page = self.page
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error.stack}"))
        page.on("response", self._answered)
        page.on("dialog", lambda dialog: dialog.accept())

    def _heard(self, message: Any) -> None:
        # Failed requests are judged by their answers; those without one belong to a dead server.
        if message.type not in ("error", "warning") or "Failed to load resource" in message.text:
            return
        self.faults.append(f"console: {message.text} ({message.location})")

    def _answered(self, response: Any) -> None:
        made = response.request.method == "POST" and "/sessions?" in response.url
        if made and response.status == 201:
            self.alive.add(response.headers["location"].rsplit("/", 1)[-1])
        if response.status < 400 or response.status in (429, 503):
            return
        session = re.search(r"/sessions/([^/?]+)", response.url)
        if response.status == 404 and session and session[1] not in self.alive:
            return  # the killed server had it
        self.faults.append(f"{response.request.method} {response.url}: {response.status}")

    def act(self) -> None:
        try:
            self.done.append(self.hands.act())
        except Exception as error:  # a gesture that cannot be made is a fault of page or script
            self.faults.append(f"gesture failed: {error}")

    def check(self) -> None:
        """Let go, and note what contradicts itself."""
        page = self.page
        checks.let_go(page)
        self.faults += checks.settled(page)
        self.faults += checks.page_agrees(page)
        self.faults += checks.server_agrees(page, self.server.address, self.alive)

    def outage(self) -> None:
        """Kill the server, go on for a few gestures, start it again, and open what was lost."""
        self.server.kill()
        self.alive.clear()
        self.done.append("the server is killed")
        for _ in range(AWAY):
            self._act_unless_reload()
        self.server.start()
        self.done.append("the server is back")
        checks.let_go(self.page)
        self._recover()

    def _act_unless_reload(self) -> None:
        self.hands.without.add("reload")  # a page cannot load from a dead server
        self.act()
        self.hands.without.discard("reload")

    def _recover(self) -> None:
        """Look at every photo again; retry those that failed, remove those that are lost."""
        self.faults += checks.settled(self.page)
        for at in range(len(checks.state(self.page)["photos"])):
            films = self.page.locator("#films .film")
            if at < films.count():
                films.nth(at).press("Enter")
                self.page.wait_for_timeout(100)
                self.hands.press("#retry")
                self.page.evaluate("() => globalThis.desk.preview.refresh()")
                self.faults += checks.settled(self.page)
        for _ in range(len(checks.state(self.page)["photos"])):
            seen = checks.state(self.page)
            lost = [at for at, one in enumerate(seen["photos"]) if one["id"] not in self.alive]
            if not lost:
                return
            if seen["photos"][lost[0]]["file"]:
                self.faults.append(f"not opened again: {seen['photos'][lost[0]]}")
            self.page.locator("#films .film").nth(lost[0]).focus()
            self.page.keyboard.press("Delete")


def run(arguments: argparse.Namespace, browser: Browser) -> int:
    """Returns how many gestures were made, negative where something failed."""
    server = Server()
    try:
        one = Run(browser, server, arguments.viewport, arguments.seed)
        until = time.monotonic() + 60 * arguments.minutes
        kills = {
            arguments.gestures * (at + 1) // (arguments.kills + 1) for at in range(arguments.kills)
        }
        for count in range(1, arguments.gestures + 1):
            one.act()
            if count in kills:
                one.outage()
            if count % arguments.every == 0 or count == arguments.gestures:
                one.check()
            if one.faults:
                report(one, arguments, count)
                return -count
            if time.monotonic() > until:
                break
        one.page.context.close()
        return count
    finally:
        server.end()


def report(one: Run, arguments: argparse.Namespace, count: int) -> None:
    print(f"seed {arguments.seed}, {arguments.viewport}, gesture {count}:")
    for fault in one.faults:
        print(f"  FAULT {fault}")
    for line in one.done:
        print(f"    {line}")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gestures", type=int, default=5000)
    parser.add_argument("--viewport", choices=VIEWPORTS, default="desktop")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--every", type=int, default=20, help="gestures between two checks")
    parser.add_argument("--kills", type=int, default=2, help="of the server, on the way")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    arguments = parser.parse_args()
    started = time.monotonic()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=arguments.chromium,
            args=["--no-sandbox", "--force-color-profile=srgb"],
        )
        count = run(arguments, browser)
        browser.close()
    minutes = (time.monotonic() - started) / 60
    words = "FAILED" if count < 0 else "no fault"
    print(
        f"seed {arguments.seed}, {arguments.viewport}: {abs(count)} gestures in {minutes:.1f} min, "
        f"{words}"
    )
    sys.exit(count < 0)


if __name__ == "__main__":
    main()
