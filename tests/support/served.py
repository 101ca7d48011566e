"""A real server on a real socket, in a thread, and ways to speak to it."""

from __future__ import annotations

import faulthandler
import http.client
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from photochrom.server import Settings, create_app
from photochrom.server.run import listen, server_of
from photochrom.server.state import AppState

API = "/api/v1"
SHORT = {"header_s": 2, "stall_s": 2, "body_bytes_s": 2000}
"""Deadlines that a test can wait for."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        """Of a problem."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        return str(self.json["detail"])


@dataclass(frozen=True)
class Served:
    """A running server, and ways to speak to it."""

    port: int
    app: FastAPI
    server: uvicorn.Server
    host: str = "127.0.0.1"

    @property
    def state(self) -> AppState:
        state: AppState = self.app.state.photochrom
        return state

    @property
    def files(self) -> list[Path]:
        """What lies in its temporary folder now, beside the lock that says whose it is."""
        files = []
        for folder, _, names in os.walk(self.state.folder):  # which passes over what vanishes
            files += [Path(folder, name) for name in names if name != "lock"]
        return sorted(files)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request on a connection of its own; "_" in names of headers stands for "-"."""
        sent_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, dict | list):
            body = json.dumps(body).encode()
            sent_headers.setdefault("Content-Type", "application/json")
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=60)) as connection:
            connection.request(method, path, body, sent_headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def put_up(self, photo: bytes, name: str = "photo.jpg") -> str:
        """The path of a new session."""
        answer = self.ask("POST", f"{API}/sessions?name={name}", photo)
        assert answer.status == 201, answer
        return f"{API}/sessions/{answer.json['id']}"

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """A bare connection."""
        connection = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(60)
        connection.connect((self.host, self.port))
        return connection

    def raw(self, sent: bytes) -> bytes:
        """All that comes back until the server closes; raises TimeoutError where it does not."""
        received = bytearray()
        with self.connect() as connection:
            try:
                connection.sendall(sent)
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionError:
                pass  # closed before it read everything
        return bytes(received)

    def idle(self, seconds: float = 60) -> bool:
        """Wait until nothing runs; returns whether it did in time."""
        return until(
            lambda: self.state.queue.running == 0 and self.state.queue.waiting == 0, seconds
        )


Serve = Callable[..., AbstractContextManager[Served]]


def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds; returns whether it did in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def serving(**settings: Any) -> Iterator[Served]:
    """A server with settings, with short deadlines; it ends with the context."""
    chosen = Settings(**{"port": 0, "shutdown_s": 5, **SHORT, **settings})
    app = create_app(chosen)
    with listen(chosen) as listening:
        server = server_of(app, chosen)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            assert until(lambda: server.started or not thread.is_alive(), 60)
            assert server.started
            host, port = listening.getsockname()[:2]
            yield Served(port, app, server, host)
        finally:
            server.should_exit = True
            thread.join(60)
    if thread.is_alive():
        faulthandler.dump_traceback(file=sys.__stderr__)  # what it waits for
        pytest.fail("the server did not end within a minute; see the stacks of all threads")
