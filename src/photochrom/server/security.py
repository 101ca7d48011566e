"""Who may send requests, how large they may be, and the headers of every answer.

A page of some other site, open in the same browser, can send requests to a server on this machine,
and read the answers if its name is made to point here (DNS rebinding). So the name in Host must be
one of the server's, and a request that a browser marks as coming from elsewhere is refused.
"""

from __future__ import annotations

import asyncio
import secrets

from starlette.datastructures import Headers, MutableHeaders

from photochrom.server.content_coding import coding_of, decoded
from photochrom.server.host_names import canonical_name, is_same_host
from photochrom.server.problems import RefusedError, problem_of
from photochrom.server.request_body import (
    FILMS,
    UPLOADS,
    App,
    Message,
    Receive,
    Scope,
    Send,
    counted,
    replayed,
    too_large,
    while_connected,
)
from photochrom.server.settings import Settings

API = "/api/"
OPEN = ("/api/v1/about", "/healthz", "/readyz")
"""Paths that need no token: their answers hold nothing about photos."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src blob:; "
    "connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}
_LARGEST_JSON = 2**20  # bytes
_LARGEST_SHOTS = 2**24
"""Of the colours of a film with many shots."""
_SAFE = ("GET", "HEAD", "OPTIONS")
_WITH_BODY = ("POST", "PATCH")


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        started = complete = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started, complete
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            elif not message.get("more_body", False):
                complete = True
            await send(message)

        most = self._most_bytes(scope["path"])
        try:
            self._check(scope["method"], scope["path"], Headers(scope=scope), most)
            scope, body = _plain_body(scope, receive, most)
            if scope["path"] not in UPLOADS:
                body = await replayed(body)
            if scope["method"] == "HEAD":  # as GET; the server leaves the body out
                scope = {**scope, "method": "GET"}

            async def disconnected() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                if complete:  # after a complete answer a disconnect is normal
                    await asyncio.Event().wait()

            await while_connected(self.app, scope, body, send_with_headers, disconnected)
        except Exception as error:
            if started:
                raise  # too late for a problem; the connection breaks
            await problem_of(error)(scope, receive, send_with_headers)

    def _most_bytes(self, path: str) -> int:
        """Of a body for this path."""
        if path == FILMS:
            return self.settings.film_bytes
        if path in UPLOADS:
            return self.settings.upload_bytes
        return _LARGEST_SHOTS if path.startswith(FILMS) else _LARGEST_JSON

    def _check(self, method: str, path: str, headers: Headers, most: int) -> None:
        host = headers.get("host", "").lower()
        names = self.settings.names
        if names and canonical_name(host) not in names:
            raise RefusedError(
                421, "misdirected-request", f"this server is not {host or 'without a name'}"
            )
        origin = headers.get("origin")
        allowed = origin in self.settings.cors_origins
        if origin is not None and not allowed and not is_same_host(origin, host):
            raise RefusedError(403, "forbidden", f"requests from {origin} are not allowed")
        foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if foreign and not allowed and (path.startswith(API) or method not in _SAFE):
            raise RefusedError(403, "forbidden", "requests from other sites are not allowed")
        if self.settings.token is not None and _guarded(path) and method != "OPTIONS":
            self._check_token(headers)
        if "transfer-encoding" in headers and "content-length" in headers:
            detail = "a body has either a length or chunks"  # a proxy may see another request
            raise RefusedError(400, "bad-request", detail, headers={"Connection": "close"})
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > most:
            raise too_large(most)

    def _check_token(self, headers: Headers) -> None:
        assert self.settings.token is not None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        wanted = self.settings.token.get_secret_value()
        if scheme.lower() != "bearer" or not secrets.compare_digest(
            given.strip().encode(), wanted.encode()
        ):
            raise RefusedError(
                401,
                "unauthorized",
                "the server's token is missing or wrong",
                "send the header Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )


def _guarded(path: str) -> bool:
    return path not in OPEN and (path.startswith(API) or path == "/metrics")


def _plain_body(scope: Scope, receive: Receive, most: int) -> tuple[Scope, Receive]:
    """A request with its body decoded, which is counted as it comes and as it is decoded."""
    body = counted(receive, most)
    coding = coding_of(Headers(scope=scope)) if scope["method"] in _WITH_BODY else None
    if coding is None:
        return scope, body
    changed = (b"content-encoding", b"content-length")
    headers = [(name, value) for name, value in scope["headers"] if name.lower() not in changed]
    return {**scope, "headers": headers}, counted(decoded(body, coding), most)
