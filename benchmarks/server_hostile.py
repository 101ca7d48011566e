"""Over a thousand malformed or malicious requests, to a server of its own.

    python benchmarks/server_hostile.py [--only FAMILY ...] [--seed 0] [--verbose]

Starts `photochrom serve` on loopback with small limits and short deadlines, and sends them family
by family (hostile_requests.py). Each request must be answered by a 4xx (or 501, 503, 507, which
docs/server.md foresees), or its connection closed, before its deadline; where a family may be
served (a cut JPEG can still be coloured) also by a 2xx. All else is wrong: a 500, a 2xx for an
invalid request, a connection that the server holds. After each family the server must colour a
photo to the same bytes as before, and have no files left. Exit code 1 where anything was wrong.
Linux: whether the server has closed a connection is read from /proc. No request leaves this
machine.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import hostile_requests as requests
from faults import EXAMPLES
from hostile_requests import API, COLORIZE, TOKEN, Hostile, Target
from server_load import resident, running

CONNECTIONS = 48
PATIENCE_S = 25.0
"""Until an answer is missing: an idle connection may wait for 15 s, a photo for a few."""
REST_S = 6.0
"""For the server to give back what it took: it does so every 5 s."""
SETTINGS: dict[str, object] = {
    "UPLOAD_BYTES": 2_000_000,
    "HEADER_S": 2,
    "STALL_S": 2,
    "BODY_BYTES_S": 2000,
    "CONNECTIONS": CONNECTIONS,
    "PIXELS": 50_000_000,
}
FORESEEN = ("501", "503", "507")
ESTABLISHED = "01"


@dataclass(frozen=True)
class Family:
    """Requests of one kind; at_once: so many at a time. served: whether a 2xx is right too."""

    name: str
    made: Callable[[Target], list[Hostile]]
    at_once: int = 4
    served: bool = False
    settings: dict[str, object] = field(default_factory=dict)


FAMILIES = [
    Family("damaged heads", requests.damaged_heads),
    Family("smuggling", requests.smuggled),
    Family("chunks", requests.chunks),
    Family("mutated", requests.mutated_requests, served=True),
    Family("methods", requests.methods),
    Family("targets", requests.targets),
    Family("bombs", requests.bombs, at_once=1),
    Family("garbage", requests.garbage),
    Family("cut photos", requests.cut_photos, at_once=2, served=True),
    Family("forms", requests.forms),
    Family("names", requests.names, served=True),
    Family("options", requests.options),
    Family("questions", requests.questions),
    Family("hints", requests.hints),
    Family("sessions", requests.sessions),
    Family("models", requests.models),
    Family("elsewhere", requests.elsewhere),
    Family("slow heads", requests.slow_heads, at_once=30),
    Family("slow bodies", requests.slow_bodies, at_once=20),
    Family("unread answers", requests.unread, at_once=44),
    Family("idle", requests.idle, at_once=3 * CONNECTIONS),
    Family("gone", requests.gone, at_once=2),
    Family("tokens", requests.tokens, settings={"TOKEN": TOKEN}),
]


@dataclass(frozen=True)
class Server:
    """A running one, and its temporary folder."""

    port: int
    pid: int
    folder: Path

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """As one who may."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}"})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def put_up(self, photo: bytes) -> str:
        _, body = self.ask("POST", f"{API}/sessions?name=photo.jpg", photo)
        return f"{API}/sessions/{json.loads(body)['id']}"

    def left(self, target: Target) -> list[Path]:
        """Files, beside those of the photo that is open, after closing all others."""
        for folder in self.folder.glob("*/*"):
            if folder.name != target.id:
                self.ask("DELETE", f"{API}/sessions/{folder.name}")
        expected = {target.id: ("upload", "pixels")} | {
            place.name: ("lock",) for place in self.folder.iterdir()
        }
        return [
            Path(folder, name)
            for folder, _, names in os.walk(self.folder)
            for name in names
            if name not in expected.get(Path(folder).name, ())
        ]


@contextmanager
def server_with(settings: dict[str, object]) -> Iterator[Server]:
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as name:
        values = {**SETTINGS, **settings, "FOLDER": name}
        os.environ.update({f"PHOTOCHROM_SERVER_{key}": str(value) for key, value in values.items()})
        try:
            with running() as (port, pid):
                yield Server(port, pid, Path(name))
        finally:
            os.environ.clear()
            os.environ.update(before)
        if left := list(Path(name).iterdir()):
            print(f"after its end it left {len(left)} folders")


def outcome(port: int, hostile: Hostile) -> str:
    """A status, "closed", "left" (closed by the client) or "held": neither answered nor closed."""
    received = bytearray()
    with closing(socket.socket()) as connection:
        if hostile.unread:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(PATIENCE_S)
        try:
            connection.connect(("127.0.0.1", port))
            connection.sendall(hostile.sent)
            if hostile.leave is not None:
                time.sleep(hostile.leave)
                return "left"
            if hostile.unread:
                return "closed" if let_go(connection) else "held"
            return converse(connection, hostile, received)
        except TimeoutError:
            return status_of(received) or "held"
        except ConnectionError:
            return drained(connection, received) or "closed"


def converse(connection: socket.socket, hostile: Hostile, received: bytearray) -> str:
    """Send on and read until the other side has answered, or closes; raises TimeoutError."""
    end = time.monotonic() + PATIENCE_S
    while not status_of(received) and time.monotonic() < end:
        if hostile.drip:
            connection.sendall(hostile.drip)
            connection.settimeout(max(hostile.pause, 0.001))
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            if not hostile.drip:
                raise
            connection.settimeout(PATIENCE_S)
            continue
        if not piece:
            return "closed"
        received += piece
    return status_of(received) or "held"


def drained(connection: socket.socket, received: bytearray) -> str:
    """What came before a reset."""
    try:
        while not status_of(received) and (piece := connection.recv(65536)):
            received += piece
    except OSError:
        pass
    return status_of(received)


def let_go(connection: socket.socket) -> bool:
    """Without a byte being read: whether the server gives the connection up."""
    ports = tuple(
        f":{name[1]:04X}" for name in (connection.getpeername(), connection.getsockname())
    )
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        time.sleep(0.3)
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        theirs = [row for row in rows if row[1].endswith(ports[0]) and row[2].endswith(ports[1])]
        if not any(row[3] == ESTABLISHED for row in theirs):
            return True
    return False


def status_of(received: bytearray) -> str:
    first = bytes(received[:13])
    return first[9:12].decode() if first.startswith(b"HTTP/1.") and len(first) == 13 else ""


def is_wrong(result: str, family: Family) -> bool:
    if result.startswith("2"):
        return not family.served
    return result == "held" or (result[0] in "35" and result not in FORESEEN)


def column(result: str) -> str:
    return f"{result[0]}xx" if result[0] in "24" else "50x" if result in FORESEEN else "closed"


def judge(family: Family, server: Server, target: Target, verbose: bool) -> tuple[int, bool]:
    """Print a line of the table; returns how many were sent, and whether all was well."""
    sent = family.made(target)
    before, memory = server.ask("POST", COLORIZE, target.photo), resident(server.pid)
    started = time.perf_counter()
    with ThreadPoolExecutor(family.at_once) as pool:
        results = list(pool.map(lambda hostile: outcome(server.port, hostile), sent))
    took = time.perf_counter() - started
    time.sleep(0.5)  # for what was given up to end
    same = before[0] == 200 and server.ask("POST", COLORIZE, target.photo) == before
    end = time.monotonic() + 10
    while (left := server.left(target)) and time.monotonic() < end:
        time.sleep(0.2)
    wrong = [(f, hostile) for f, hostile in zip(results, sent, strict=True) if is_wrong(f, family)]
    count = Counter(column(f) for f in results if not is_wrong(f, family))
    print(
        f"{family.name:15}{len(sent):8}{count['4xx']:7}{count['50x']:6}{count['2xx']:6}"
        f"{count['closed']:8}{len(wrong):7}{len(left):6}{'yes' if same else 'NO':>6}"
        f"{memory:9.0f}{resident(server.pid):4.0f}{took:9.1f}",
        flush=True,
    )
    for path in left if verbose else ():
        print(f"  left: {path}")
    for status, hostile in wrong if verbose else ():
        print(
            f"  {status}: {hostile.sent[:150]!r} ... {hostile.sent[-80:]!r} {hostile.drip[:20]!r}"
        )
    return len(sent), same and not wrong and not left


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=[family.name for family in FAMILIES])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="show what was wrong")
    arguments = parser.parse_args()
    chosen = [f for f in FAMILIES if arguments.only is None or f.name in arguments.only]
    photo, open_photo = ((EXAMPLES / name).read_bytes() for name in ("cat.jpg", "harbour.jpg"))
    print(
        "family         requests    4xx   50x   2xx  closed  wrong  left  same  from MB  to  second"
    )
    started, results = time.perf_counter(), []
    every: tuple[dict[str, object], ...] = ({}, {"TOKEN": TOKEN})
    for settings in every:
        families = [family for family in chosen if family.settings == settings]
        if not families:
            continue
        with server_with(settings) as server:
            chance = random.Random(arguments.seed)
            target = Target(photo, server.put_up(open_photo), CONNECTIONS, chance)
            memory = resident(server.pid)
            results += [judge(family, server, target, arguments.verbose) for family in families]
            time.sleep(REST_S)
            print(f"memory: {memory:.0f} MB before, {resident(server.pid):.0f} MB after a rest")
    well = all(good for _, good in results)
    sent = sum(count for count, _ in results)
    print(
        f"{sent} requests, {time.perf_counter() - started:.0f} s: {'all' if well else 'NOT'} well"
    )
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
