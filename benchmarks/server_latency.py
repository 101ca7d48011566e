"""From a hint to the picture that shows it: PATCH and preview over HTTP, for photos of any size.

    python benchmarks/server_latency.py [--megapixels 2 24 100] [--hints 10] [--longest 1280]

Starts a server of its own on loopback with the threads that `photochrom app` gives a photo. A hint
is set at a random place, its preview fetched, until so many lie on the photo; then sliders are
moved, suggestions for places and pieces of full resolution fetched. Reported: the median and the
slowest of each, and how long putting the photo up took. Photos are grey JPEG with grain made from
the examples.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from end_to_end import make_photo
from photochrom._system.cpus import available_cpus
from server_load import running

SESSIONS = "/api/v1/sessions"


class Client:
    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __call__(self, method: str, path: str, body: Any = None) -> bytes:
        data = json.dumps(body) if isinstance(body, dict) else body
        self.connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {content.decode()}")
        return content


def timed(what: str, count: int, step: Callable[[int], None]) -> None:
    taken = []
    for number in range(count):
        started = time.perf_counter()
        step(number)
        taken.append((time.perf_counter() - started) * 1000)
    print(f"  {what}: median {statistics.median(taken):.0f} ms, slowest {max(taken):.0f} ms")


def measure(client: Client, photo: bytes, longest: int, count: int) -> None:
    started = time.perf_counter()
    session = json.loads(client("POST", f"{SESSIONS}?name=photo.jpg", photo))
    here = f"{SESSIONS}/{session['id']}"
    client("GET", f"{here}/preview?longest={longest}")
    print(f"  put up, first preview: {(time.perf_counter() - started) * 1000:.0f} ms")
    random = np.random.default_rng(0)
    width, height = session["width"], session["height"]
    hints: list[dict[str, Any]] = []

    def hint(_: int) -> None:
        x, y = random.uniform(0, width - 1), random.uniform(0, height - 1)
        hints.append({"x": x, "y": y, "ab": [float(v) for v in random.uniform(-40, 40, 2)]})
        client("PATCH", here, {"hints": hints})
        client("GET", f"{here}/preview?longest={longest}")

    def slider(name: str) -> Callable[[int], None]:
        def move(number: int) -> None:
            client("PATCH", here, {name: 0.3 + number / 40})
            client("GET", f"{here}/preview?longest={longest}")

        return move

    def suggest(_: int) -> None:
        x, y = random.uniform(0, width - 1), random.uniform(0, height - 1)
        client("GET", f"{here}/suggestions?x={x}&y={y}")

    def zoom(number: int) -> None:
        x, y = number * 37 % max(1, width - 1400), number * 53 % max(1, height - 900)
        client("GET", f"{here}/region?x={x}&y={y}&w=1400&h=900")

    timed("hint to preview", count, hint)
    timed("saturation to preview", count, slider("saturation"))
    timed("vividness to preview", count, slider("vividness"))
    timed("suggestions", count, suggest)
    started = time.perf_counter()
    zoom(0)
    print(f"  first piece of full resolution: {(time.perf_counter() - started) * 1000:.0f} ms")
    timed("further pieces, 1400 x 900", count, zoom)
    client("DELETE", here)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, nargs="+", default=[2, 24, 100])
    parser.add_argument("--hints", type=int, default=10)
    parser.add_argument("--longest", type=int, default=1280)
    arguments = parser.parse_args()
    cores = str(available_cpus())
    with tempfile.TemporaryDirectory() as folder, running("--threads", cores) as (port, _):
        for megapixels in arguments.megapixels:
            photo = Path(folder) / "photo.jpg"
            rows = round((megapixels * 1e6 / 1.5) ** 0.5)
            make_photo(photo, round(1.5 * rows), rows)
            print(f"{megapixels:g} megapixels")
            measure(Client(port), photo.read_bytes(), arguments.longest, arguments.hints)


if __name__ == "__main__":
    main()
