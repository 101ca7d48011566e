"""A server behind a sub-path of a proxy: /photos/api/v1/about is /api/v1/about."""

from __future__ import annotations

from photochrom.server.request_body import App, Receive, Scope, Send


class RootPath:
    """ASGI middleware that removes the sub-path from requests' paths.

    A path without it is left alone: proxies either remove it themselves or pass it on.
    """

    def __init__(self, app: App, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            path, raw_path = scope["path"], scope.get("raw_path", b"")
            if path == self.root_path or path.startswith(f"{self.root_path}/"):
                rest = path.removeprefix(self.root_path) or "/"
                raw_rest = raw_path.removeprefix(self.root_path.encode()) or b"/"
                scope = {**scope, "path": rest, "raw_path": raw_rest}
        await self.app(scope, receive, send)
