"""A request's body and its client: bytes are counted, work is cancelled when the client is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from photochrom.server.problems import RefusedError

FILMS = "/api/v1/films"
UPLOADS = ("/api/v1/sessions", "/api/v1/colorize", FILMS)
"""Paths that take photos or films; all others take JSON."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Disconnected = Callable[[], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def counted(receive: Receive, most: int) -> Receive:
    """Count a body as it comes: its Content-Length may be wrong, or missing."""
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise too_large(most)
        return message

    return counting


async def replayed(receive: Receive) -> Receive:
    """Read a small body whole, and deliver it in one message."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    delivered = False

    async def once() -> Message:
        nonlocal delivered
        if delivered:
            return await receive()
        delivered = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return once


async def while_connected(
    app: App, scope: Scope, receive: Receive, send: Send, disconnected: Disconnected
) -> None:
    """Run an app, and cancel it once its client has disconnected."""
    whole = asyncio.Event()  # after the body, the next message is the end of the connection

    async def noting() -> Message:
        message = await receive()
        if not message.get("more_body", False):
            whole.set()
        return message

    async def watch() -> None:
        await whole.wait()
        await disconnected()

    if scope["path"] not in UPLOADS:
        whole.set()
    working, watching = (
        asyncio.ensure_future(app(scope, noting, send)),
        asyncio.create_task(watch()),
    )
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
        else:
            working.result()
    finally:
        working.cancel()
        watching.cancel()


def too_large(most: int) -> RefusedError:
    """The refusal of a body with more bytes than these."""
    detail = f"the body is larger than {most} bytes, the most that this server takes"
    return RefusedError(413, "content-too-large", detail)
