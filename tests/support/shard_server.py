"""A web server on this machine's loopback, for the tests that read shards by URL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class ShardServer:
    """What a running server does; tests change it as they go.

    broken: paths that fail, each with the status it answers.
    cut: after how many bytes of a path the connection breaks.
    gates: paths of which the second half waits for the event.
    """

    url: str
    broken: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    gates: dict[str, threading.Event] = field(default_factory=dict)


@contextmanager
def serve(folder: Path) -> Iterator[ShardServer]:
    """Serve a folder, listings included; no ranges, as the simplest servers."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path in state.broken:
                self.send_error(state.broken[path])
            elif path in state.cut or path in state.gates:
                self.send_slowly(path, (folder / path.strip("/")).read_bytes())
            else:
                super().do_GET()

        def send_slowly(self, path: str, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            first = state.cut.get(path, len(content) // 2)
            self.wfile.write(content[:first])
            if path in state.gates and state.gates[path].wait(10):
                self.wfile.write(content[first:])

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = ShardServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
