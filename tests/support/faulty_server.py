"""A web server that serves one file in every wrong way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 2000
"""What is served: 512 000 bytes."""


@dataclass
class Server:
    """url: of the root. requests: (path, Range header) of each. full: event of the slow ways."""

    url: str
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def count(self, path: str) -> int:
        """How often a path was requested."""
        return sum(1 for name, _ in self.requests if name == path)


@contextmanager
def serve() -> Iterator[Server]:
    """Serve /good (with ranges), /plain (without), and the faults below."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.requests.append((self.path, wanted))
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            getattr(self, f"do_{self.path.strip('/')}", self.do_missing)(start, wanted is not None)

        def reply(
            self, status: int, content: bytes, length: int | None = None, **headers: str
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content) if length is None else length))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        def part(self, start: int, content: bytes, length: int | None = None) -> None:
            last = len(CONTENT) - 1
            content_range = f"bytes {start}-{last}/{len(CONTENT)}"
            self.reply(206, content, length, Content_Range=content_range)

        def do_missing(self, start: int, part: bool) -> None:
            self.reply(404, b"no such file")

        def do_good(self, start: int, part: bool) -> None:
            if part and start >= len(CONTENT):
                self.reply(416, b"", Content_Range=f"bytes */{len(CONTENT)}")
            elif part:
                self.part(start, CONTENT[start:])
            else:
                self.reply(200, CONTENT)

        def do_plain(self, start: int, part: bool) -> None:
            self.reply(200, CONTENT)

        def do_cut(self, start: int, part: bool) -> None:
            """Breaks off after 100,000 bytes; the rest comes by ranges."""
            piece = CONTENT[start : start + 100_000]
            if part:
                self.part(start, piece, len(CONTENT) - start)
            else:
                self.reply(200, piece, len(CONTENT))
            self.close_connection = True

        def do_cutplain(self, start: int, part: bool) -> None:
            """Breaks off, always, and knows no ranges."""
            self.reply(200, CONTENT[:100_000], len(CONTENT))
            self.close_connection = True

        def do_wrong(self, start: int, part: bool) -> None:
            self.reply(200, CONTENT[::-1])

        def do_long(self, start: int, part: bool) -> None:
            self.reply(200, CONTENT + CONTENT)

        def do_endless(self, start: int, part: bool) -> None:
            """Says no length, and does not end."""
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            for _ in range(200):
                self.wfile.write(CONTENT)
            self.close_connection = True

        def do_short(self, start: int, part: bool) -> None:
            """Says that its shorter file is all."""
            self.reply(200, CONTENT[:1000])

        def do_page(self, start: int, part: bool) -> None:
            self.reply(200, b"<html>please log in</html>", Content_Type="text/html")

        def do_busy(self, start: int, part: bool) -> None:
            self.reply(503, b"busy")

        def do_otherpart(self, start: int, part: bool) -> None:
            """Answers every range with another one."""
            if part:
                self.reply(206, CONTENT[10:], Content_Range=f"bytes 10-99/{len(CONTENT)}")
            else:
                self.do_cut(start, part)

        def do_moved(self, start: int, part: bool) -> None:
            self.reply(302, b"", Location="/good")

        def do_loop(self, start: int, part: bool) -> None:
            self.reply(302, b"", Location="/loop")

        def do_silent(self, start: int, part: bool) -> None:
            state.release.wait(20)
            self.close_connection = True

        def do_slow(self, start: int, part: bool) -> None:
            """Comes in pieces; never silent for long."""
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            for begin in range(0, len(CONTENT), 1 << 16):
                self.wfile.write(CONTENT[begin : begin + (1 << 16)])
                time.sleep(0.02)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Clients that hang up are meant to."""

    server = Quiet(("127.0.0.1", 0), Handler)
    state = Server(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield state
    finally:
        state.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
