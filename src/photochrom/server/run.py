"""A server from socket to end."""

from __future__ import annotations

import errno
import socket
import threading
import webbrowser
from contextlib import closing

import uvicorn
from fastapi import FastAPI

from photochrom.errors import ConfigError, Option, Remedy, os_reason
from photochrom.server.deadlines import DeadlineProtocol
from photochrom.server.settings import Settings

_BACKLOG = 128
_KEEP_ALIVE_S = 15
_ON_THIS_MACHINE = {"0.0.0.0": "localhost", "::": "::1"}


def listen(settings: Settings, *, any_port: bool = False) -> socket.socket:
    """A socket at the settings' host and port.

    any_port: take a free one where that port is taken.
    Raises ConfigError where there can be none.
    """
    try:
        return _bound(settings.host, settings.port)
    except OSError as error:
        if any_port and error.errno == errno.EADDRINUSE:
            return _bound(settings.host, 0)
        of_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        raise ConfigError(
            _host_and_port(settings.host, settings.port),
            os_reason(error),
            Remedy("choose another {}", Option("host" if of_host else "port")),
        ) from error


def address_of(listening: socket.socket, root_path: str = "") -> str:
    """The address to open, on this machine."""
    host, port = listening.getsockname()[:2]
    return f"http://{_host_and_port(_ON_THIS_MACHINE.get(host, host), port)}{root_path}/"


def _host_and_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def serve(
    app: FastAPI, settings: Settings, listening: socket.socket, *, open_page: str | None = None
) -> None:
    """Answer until SIGINT or SIGTERM; what runs then is finished.

    open_page: an address that a browser is sent to once the server answers.
    """
    server = server_of(app, settings)
    if open_page is not None:
        threading.Thread(target=_open_when_up, args=(server, open_page), daemon=True).start()
    with closing(listening):
        server.run(sockets=[listening])


def server_of(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """A server with deadlines for slow peers (`photochrom.server.deadlines`)."""
    config = uvicorn.Config(
        app,
        http=DeadlineProtocol.of(settings),
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,  # addresses hold the names of photos
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=round(settings.shutdown_s),
    )
    return uvicorn.Server(config)


def _bound(host: str, port: int) -> socket.socket:
    known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = min(known, key=lambda one: one[0] != socket.AF_INET)
    # asyncio sets TCP_NODELAY only where the protocol is given; else every answer waits 40 ms
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # systems differ in whether :: is for IPv4 too
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
        listening.bind(address)
    except BaseException:
        listening.close()
        raise
    return listening


def _open_when_up(server: uvicorn.Server, address: str) -> None:
    waiting = threading.Event()
    while not server.started and not server.should_exit:
        waiting.wait(0.05)
    if server.started:
        webbrowser.open(address)
