"""HTTP with deadlines: a peer that is slow on purpose loses its connection.

uvicorn has a deadline for idle connections only. Here a request's head must arrive in `header_s`,
its body at `body_bytes_s` or faster, and an answer must be read: `stall_s` without progress ends
the connection. At most `connections` are open at a time.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from photochrom.errors import Fields
from photochrom.server.problems import MEDIA_TYPE, document
from photochrom.server.settings import Settings

_LINGER_S = 2.0
"""How long a peer whose request was refused may go on sending before it is cut off."""


class DeadlineProtocol(H11Protocol):
    """One connection."""

    settings: Settings

    @classmethod
    def of(cls, settings: Settings) -> type[DeadlineProtocol]:
        """The class for a server with these settings."""
        return type("DeadlineProtocol", (cls,), {"settings": settings})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._close_timer: asyncio.TimerHandle | None = None
        self._received = 0

    def connection_made(self, transport: Any) -> None:
        """Refuse one connection too many; else wait for a head."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # whatever is not read counts
        if len(self.connections) > self.settings.connections:
            self._respond_and_close(503, "busy", "too many connections", "come back later")
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Count, parse, and set the next deadline."""
        self._received += len(data)
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """The answer is sent; a request whose body still comes in is soon cut off."""
        self._body_timer = _stopped(self._body_timer)
        super().on_response_complete()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """The connection stayed idle for the whole keep-alive time."""
        super().timeout_keep_alive_handler()
        self._watch()

    def shutdown(self) -> None:
        """The server ends."""
        super().shutdown()
        self._watch()

    def pause_writing(self) -> None:
        """The peer does not read as fast as it is sent to."""
        super().pause_writing()
        self._write_timer = self._write_timer or self.loop.call_later(
            self.settings.stall_s, self._abort
        )

    def resume_writing(self) -> None:
        """The peer reads again."""
        super().resume_writing()
        self._write_timer = _stopped(self._write_timer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel all deadlines."""
        super().connection_lost(exc)
        for timer in (self._head_timer, self._body_timer, self._write_timer, self._close_timer):
            _stopped(timer)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answer bytes that are not HTTP."""
        self._respond_and_close(
            400, "bad-request", "this is no HTTP request that can be understood"
        )

    def _watch(self) -> None:
        """Set the deadlines for what the peer has to do next."""
        if self.transport.is_closing():
            self._close_timer = self._close_timer or self.loop.call_later(
                self.settings.stall_s, self._abort
            )
            return
        client_state = self.conn.their_state
        begun = bool(self.conn.trailing_data[0])
        idle = self.timeout_keep_alive_task is not None and not begun  # its own deadline runs
        if client_state is h11.IDLE and not idle:
            self._head_timer = self._head_timer or self.loop.call_later(
                self.settings.header_s, self._head_late
            )
        else:
            self._head_timer = _stopped(self._head_timer)
        if client_state is h11.SEND_BODY:
            if self._body_timer is None:
                response_sent = self.conn.our_state in (h11.DONE, h11.MUST_CLOSE)
                self._body_timer = self.loop.call_later(
                    _LINGER_S if response_sent else self.settings.stall_s,
                    self._body_due,
                    self._received,
                )
        else:
            self._body_timer = _stopped(self._body_timer)

    def _head_late(self) -> None:
        self._respond_and_close(
            408, "request-timeout", "the head of the request did not arrive in time"
        )

    def _body_due(self, before: int) -> None:
        """Abort a body of which too few bytes came since `before`."""
        self._body_timer = None
        response_sent = self.conn.our_state in (h11.DONE, h11.MUST_CLOSE)
        enough = self._received - before >= self.settings.body_bytes_s * self.settings.stall_s
        if response_sent or not (enough or self.flow.read_paused):
            self._abort()
        else:
            self._watch()

    def _abort(self) -> None:
        self.transport.abort()

    def _respond_and_close(
        self, status: int, kind: str, problem: str, remedy: str | None = None
    ) -> None:
        """Answer outside any request, and close."""
        if self.transport.is_closing():
            return
        body = json.dumps(document(status, kind, Fields(None, problem, remedy))).encode()
        headers = [
            ("Content-Type", MEDIA_TYPE),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ]
        if status == 503:
            headers.append(("Retry-After", "5"))
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self._abort()
        else:
            for event in (
                h11.Response(status_code=status, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
        self._watch()


def _stopped(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """Cancel a timer; returns None, to be put in its place."""
    if timer is not None:
        timer.cancel()
    return None
