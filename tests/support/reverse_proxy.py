"""A reverse proxy that serves a server below a sub-path."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade"}


@contextmanager
def proxied(port: int, sub_path: str, *, strips: bool) -> Iterator[str]:
    """The address, without a slash at its end, below which a server's port is reached.

    strips: the proxy removes the sub-path, as nginx does where proxy_pass ends in a slash.
    All other paths are answered with 502.
    """

    class Proxy(BaseHTTPRequestHandler):
        def forward(self) -> None:
            path = self.path
            rest = path.removeprefix(sub_path)
            if rest == path or rest[:1] not in ("", "/", "?"):
                self.send_error(502, "not below the sub-path")
                return
            if strips:
                path = rest if rest.startswith("/") else f"/{rest}"
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as upstream:
                upstream.request(self.command, path, body or None, headers)
                answer = upstream.getresponse()
                content = answer.read()
            self.send_response(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP | {"content-length", "date", "server"}:
                    self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A browser drops connections when a tab closes."""

    with Quiet(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{sub_path}"
        finally:
            server.shutdown()
            thread.join()
