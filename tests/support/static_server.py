"""A plain static server, as a person starts one, with what tests need to see and to hold back."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PATIENCE_S = 60
ISOLATING = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
"""The headers by which a page may have threads."""


class StaticServer:
    """A running server. `address` ends with a slash."""

    def __init__(self, folder: Path, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self.held: dict[str, threading.Event] = {}  # paths that wait, by how they end
        self.asked: list[str] = []
        handler = partial(_Handler, directory=str(folder), owner=self)
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/"

    def hold(self, end: str) -> threading.Event:
        """Let requests for paths with this end wait until the event is set."""
        self.held[end] = threading.Event()
        return self.held[end]


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any, owner: StaticServer, **named: Any) -> None:
        self.owner = owner
        super().__init__(*arguments, **named)

    def do_GET(self) -> None:
        self.owner.asked.append(self.path)
        for end, event in list(self.owner.held.items()):
            if self.path.endswith(end):
                event.wait(PATIENCE_S)
        with suppress(BrokenPipeError, ConnectionResetError):  # the page was closed
            super().do_GET()

    def end_headers(self) -> None:
        for name, value in self.owner.headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(folder: Path, headers: Mapping[str, str] | None = None) -> Iterator[StaticServer]:
    """Serve a folder on a free port, with headers that every answer gets."""
    server = StaticServer(folder, headers or {})
    thread = threading.Thread(target=server.http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        for event in server.held.values():
            event.set()
        server.http.shutdown()
        server.http.server_close()
        thread.join(30)
