"""All films that are open on a server, and the threads that read and colour them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from fastapi import Request
from starlette.requests import ClientDisconnect

from photochrom.server.films.session import FilmSession
from photochrom.server.films.work import StoppableFilm
from photochrom.server.leased import LeasedStore
from photochrom.server.models import Models
from photochrom.server.problems import RefusedError
from photochrom.server.settings import Settings
from photochrom.server.uploads import check_space, full
from photochrom.video.pyav import EXTRA

_RETRY_S = 30
_WRITTEN_AT_ONCE = 2**22
"""Bytes; each write is a task for another thread."""


def films_can_be_read() -> bool:
    """Whether PyAV is installed."""
    return find_spec("av") is not None


class Films(LeasedStore[FilmSession]):
    """The films in a folder; thread-safe. One film is read at a time, and one coloured."""

    def __init__(self, folder: Path, settings: Settings, models: Models) -> None:
        super().__init__(folder, settings, "film")
        self._models = models
        self._surveys = ThreadPoolExecutor(1, thread_name_prefix="photochrom-survey")
        self.renders = ThreadPoolExecutor(1, thread_name_prefix="photochrom-film")

    def check(self) -> None:
        """Raise RefusedError where this server opens no films, or no more of them."""
        if not films_can_be_read():
            raise RefusedError(
                501,
                "missing-extra-error",
                "this server lacks the package that reads films",
                f"install photochrom[{EXTRA}] and start it again",
            )
        if self.count >= self.settings.films:
            raise RefusedError(
                429,
                "too-many-films",
                f"{self.settings.films} films are open, all that this server has room for",
                "close one, or come back later",
                {"Retry-After": str(_RETRY_S)},
            )

    def make_room(self, yielded: list[FilmSession]) -> None:  # noqa: ARG002, D102 - as inherited
        self.check()

    def opened(self, path: Path, name: str, lease_s: float | None) -> FilmSession:
        """A session on a film in its folder, whose survey has begun.

        lease_s: its lifetime without a request or renewal, at most the server's own.
        Raises VideoError where the file is no film, RefusedError for too many pixels.
        """
        film = StoppableFilm(path, name)
        self._check_size(film)
        session = FilmSession(path.parent, film, self._models)
        self.lease(session, lease_s)
        self.add(session)
        self._surveys.submit(session.survey)
        return session

    def _check_size(self, film: StoppableFilm) -> None:
        layout, most = film.facts.layout, self.settings.pixels
        if most is not None and layout.width * layout.height > most:
            raise film.fault(
                f"has pictures of {layout.width} x {layout.height} pixels, more than this server "
                f"takes ({most})"
            )

    def close(self) -> None:
        """Stop all work, and wait until it has ended."""
        with self.lock:
            films = list(self.open.values())
            self.open.clear()
        for film in films:
            film.close()
        for threads in (self._surveys, self.renders):
            threads.shutdown(wait=True, cancel_futures=True)


async def receive_film(request: Request, path: Path, settings: Settings) -> None:
    """Write a request's body into a file, off the event loop.

    Raises RefusedError: 400 for an empty body or one that ends early, 413 for more bytes than
    allowed (counted as they come), 507 where the disk is full.
    """
    check_space(path.parent, settings, int(request.headers.get("content-length", "0") or 0))
    waiting = bytearray()
    try:
        with path.open("wb") as file:
            async for chunk in request.stream():
                waiting += chunk
                if len(waiting) >= _WRITTEN_AT_ONCE:
                    check_space(path.parent, settings, 0)
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(file.write, bytes(waiting))
    except ClientDisconnect as error:
        raise RefusedError(400, "bad-request", "the body ended before it was whole") from error
    except OSError as error:
        raise full(error) from error
    if path.stat().st_size == 0:
        raise RefusedError(400, "bad-request", "the body is empty", "send the film as the body")
