"""POST /colorize under load, against one client alone and against the batch path.

    python benchmarks/server_load.py [--clients 8] [--seconds 60] [--photo FILE]

Starts a server of its own on loopback, as `photochrom serve` does, and ends it. Without --photo, a
2-megapixel grey JPEG is made from the example photographs. In turn: one client; so many clients,
each asking again as soon as it has its answer; then `photochrom colorize FOLDER -o FOLDER` of the
same photo many times, the rate of the longer of two jobs beyond the shorter. The clients share the
machine with the server. Never more requests than the seconds allow, and none to another machine.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from end_to_end import make_photo

SHORT, LONG = 40, 200
"""Photos of the two batch jobs."""
MOST_REQUESTS = 5000
PHOTOCHROM = Path(sys.executable).with_name("photochrom")


@contextmanager
def running(*options: str) -> Iterator[tuple[int, int]]:
    """A server's port and process id."""
    command = [str(PHOTOCHROM), "serve", "--port", "0", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    try:
        address = server.stdout.readline().split(" at ")[1].split()[0]
        port = int(address.rstrip("/").rpartition(":")[2])
        while not _ready(port):
            time.sleep(0.1)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(60)


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def resident(pid: int) -> float:
    """Megabytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def ask(port: int, photo: bytes, until: float, answers: list[tuple[int, float]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while time.perf_counter() < until and len(answers) < MOST_REQUESTS:
        started = time.perf_counter()
        connection.request("POST", "/api/v1/colorize?name=photo.jpg", photo)
        answer = connection.getresponse()
        answer.read()
        answers.append((answer.status, time.perf_counter() - started))
        if answer.status == 429:
            time.sleep(float(answer.headers["Retry-After"]))
    connection.close()


def load(port: int, photo: bytes, clients: int, seconds: float) -> list[tuple[int, float]]:
    answers: list[tuple[int, float]] = []
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=ask, args=(port, photo, until, answers)) for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def batch_rate(photo: Path, folder: Path) -> float:
    """Photos a second of the batch path, without its start."""
    seconds = []
    for count in (SHORT, LONG):
        source = folder / f"in-{count}"
        source.mkdir()
        for number in range(count):
            shutil.copy(photo, source / f"{number:04}.jpg")
        started = time.perf_counter()
        command: list[str | Path] = [PHOTOCHROM, "colorize", source, "-o", folder / f"out-{count}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - started)
    return (LONG - SHORT) / (seconds[1] - seconds[0])


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--photo", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = arguments.photo or folder / "photo.jpg"
        if arguments.photo is None:
            make_photo(photo, 1600, 1250)
        data = photo.read_bytes()
        with running() as (port, pid):
            load(port, data, 2, 3)  # warm
            alone = [s for _, s in load(port, data, 1, min(15, arguments.seconds))]
            memory = [resident(pid)]
            started = time.perf_counter()
            answers, parts = [], 6
            for _ in range(parts):
                answers += load(port, data, arguments.clients, arguments.seconds / parts)
                memory.append(resident(pid))
            took = time.perf_counter() - started
        batch = batch_rate(photo, folder)
    good = [seconds for status, seconds in answers if status == 200]
    busy = sum(status == 429 for status, _ in answers)
    single = statistics.median(alone)
    p95 = quantile(good, 0.95)
    rate = len(good) / took
    print(f"one client: median {single * 1000:.0f} ms")
    print(f"{arguments.clients} clients, {took:.0f} s: {len(answers)} answers, {len(good)} x 200, ")
    print(f"  {busy} x 429, {len(answers) - len(good) - busy} others")
    print(f"  p50 {quantile(good, 0.5) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms: "
          f"{p95 / (arguments.clients * single):.2f} of clients x single-client time")  # fmt: skip
    print(f"  {rate:.2f} photos/s: {rate / batch:.2f} of the batch path's {batch:.2f}")
    print(f"memory: {memory[0]:.0f} MB before; after each sixth of that time "
          f"{', '.join(f'{size:.0f}' for size in memory[1:])} MB")  # fmt: skip


if __name__ == "__main__":
    main()
