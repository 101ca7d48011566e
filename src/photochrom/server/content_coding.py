"""Compressed bodies of requests (RFC 9110, section 8.4): gzip and deflate, decoded piece by piece.

The server counts the decoded bytes as they come, so that a small body that decodes to a huge one is
refused as soon as it is too large.
"""

from __future__ import annotations

import asyncio
import zlib

from starlette.datastructures import Headers

from photochrom.server.problems import RefusedError
from photochrom.server.request_body import Message, Receive

CODINGS = ("gzip", "deflate")
_ALIASES = {"x-gzip": "gzip"}
_GZIP, _ZLIB, _RAW = 31, 15, -15
"""zlib's names of the formats; clients send deflate both with zlib's header and without."""
_PIECE = 2**18  # decoded bytes at a time


def coding_of(headers: Headers) -> str | None:
    """The coding of a body, None for a plain one.

    Raises RefusedError, 415, for another coding than `CODINGS`, and for several of them.
    """
    names = ",".join(headers.getlist("content-encoding")).lower().split(",")
    codings = [_ALIASES.get(name, name) for name in map(str.strip, names)]
    codings = [name for name in codings if name not in ("", "identity")]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in CODINGS:
        raise RefusedError(
            415,
            "unsupported-content-encoding",
            f"a body with Content-Encoding: {', '.join(codings)} is not decoded",
            f"send it without, or with one of {', '.join(CODINGS)}",
            {"Accept-Encoding": ", ".join(CODINGS)},
        )
    return codings[0]


def decoded(receive: Receive, coding: str) -> Receive:
    """The messages of a body, decoded; raises RefusedError, 400, for a damaged one."""
    decoder = _Decoder(coding)
    complete = finished = False

    async def decoding() -> Message:
        nonlocal complete, finished
        while not finished:
            if piece := decoder.take():
                await asyncio.sleep(0)  # a well compressed body must not hold up other requests
                return {"type": "http.request", "body": piece, "more_body": True}
            if complete:
                decoder.finish()
                finished = True
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await receive()
            if message["type"] != "http.request":
                return message
            decoder.feed(message.get("body", b""))
            complete = not message.get("more_body", False)
        return await receive()

    return decoding


class _Decoder:
    """Decodes the members of a stream, at most `_PIECE` bytes at a time."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._pending = b""
        self._member: zlib._Decompress | None = None
        self._more = False  # the member may hold further output without further input
        self._members = 0

    def feed(self, data: bytes) -> None:
        self._pending += data

    def take(self) -> bytes:
        """The next decoded bytes; empty where further input is needed."""
        while self._pending or self._more:
            if self._member is None:
                if len(self._pending) < 2:  # a header has two bytes at least
                    return b""
                self._member = self._begun()
            try:
                piece = self._member.decompress(self._pending, _PIECE)
            except zlib.error as error:
                raise self._damaged() from error
            self._pending, self._more = self._member.unconsumed_tail, len(piece) == _PIECE
            if self._member.eof:
                self._pending = self._member.unused_data
                self._member, self._more = None, False
            if piece:
                return piece
        return b""

    def finish(self) -> None:
        """Raise RefusedError, 400, for a stream that ends early or goes on behind its end."""
        if self._member is not None or self._pending:
            raise self._damaged()

    def _begun(self) -> zlib._Decompress:
        self._members += 1
        if self._coding == "gzip":
            return zlib.decompressobj(_GZIP)
        if self._members > 1:
            raise self._damaged()
        first, second = self._pending[:2]
        has_header = first & 0x0F == 8 and (first << 8 | second) % 31 == 0
        return zlib.decompressobj(_ZLIB if has_header else _RAW)

    def _damaged(self) -> RefusedError:
        return RefusedError(
            400, "bad-request", f"the body is not whole {self._coding}, as Content-Encoding has it"
        )
