"""/films: a film is uploaded once; its shots are changed as photos, then it is coloured."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path as FilePath
from threading import Event
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from photochrom.photo import Photo
from photochrom.server.files import SentOnce
from photochrom.server.films.requests import FilmResponse, RenderRequest, ShotRequest
from photochrom.server.films.session import FilmSession
from photochrom.server.films.store import receive_film
from photochrom.server.films.work import StoppedError
from photochrom.server.photo_session import PhotoSession
from photochrom.server.problems import RefusedError, described
from photochrom.server.requests import Lease
from photochrom.server.responses import SessionResponse, body_of
from photochrom.server.state import API, AppState, Shared
from photochrom.server.temp_folder import removed_on_failure
from photochrom.server.uploads import full, safe_name

router = APIRouter(prefix=API, tags=["films"])

T = TypeVar("T")

_FAULTS = described(400, 401, 403, 404, 413, 421, 422, 429)
_EARLY = described(409)
_MEDIA_TYPES = {".mp4": "video/mp4", ".mkv": "video/x-matroska", ".mov": "video/quicktime"}
_FILM = {"schema": {"type": "string", "format": "binary"}}

Id = Annotated[str, Path(max_length=64)]
LeaseQuery = Annotated[
    Lease | None,
    Query(description="Seconds without a request after which it ends; the server's own time."),
]


@router.post(
    "/films",
    status_code=201,
    responses={**_FAULTS, **described(501, 507)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": dict.fromkeys(("application/octet-stream", "video/*"), _FILM),
        }
    },
)
async def create_film(
    request: Request,
    response: Response,
    shared: Shared,
    name: Annotated[str, Query(max_length=500)] = "",
    lease: LeaseQuery = None,
) -> FilmResponse:
    """Upload a film as the body; its shots are found next."""
    await asyncio.to_thread(shared.films.expire)
    with shared.films.place() as folder, removed_on_failure(folder) as remove:
        path = folder / "upload"
        await receive_film(request, path, shared.settings)
        film = await shared.queue.run(
            lambda: shared.films.opened(path, safe_name(name, "film"), lease),
            urgent=True,
            abandoned=remove,
        )
    response.headers["Location"] = f"{shared.settings.root_path}{API}/films/{film.id}"
    return film.response()


@router.get("/films/{id}", responses=_FAULTS)
async def show_film(id: Id, shared: Shared) -> FilmResponse:
    """A film, its shots, and how far the work on it is."""
    return shared.films.get(id).response()


@router.delete("/films/{id}", status_code=204, responses=_FAULTS)
async def delete_film(id: Id, shared: Shared) -> None:
    """Delete a film and all that was made of it; work on it is stopped."""
    await asyncio.to_thread(shared.films.remove, id)


@router.post(
    "/films/{id}/shots/{number}", status_code=201, responses={**_FAULTS, **_EARLY, **described(507)}
)
async def open_shot(
    id: Id,
    number: Annotated[int, Path(ge=0)],
    response: Response,
    shared: Shared,
    lease: LeaseQuery = None,
) -> SessionResponse:
    """Open the key picture of a shot as a photo, with all routes of `/sessions`.

    Its look has no model, size, variant, strokes, repair, crop and turn of its own.
    """
    film = shared.films.get(id)
    film.shot(number)
    await asyncio.to_thread(shared.sessions.expire)
    with shared.sessions.place() as folder, removed_on_failure(folder) as remove:

        def opened() -> tuple[PhotoSession, SessionResponse]:
            path = folder / "upload"
            name = film.write_key_picture(number, path)
            session = shared.sessions.opened(folder, Photo(path, name), lease)
            session.of_film = True
            return session, body_of(session)

        session, body = await _work(shared, film, opened, abandoned=remove)
        shared.sessions.add(session)
    response.headers["Location"] = f"{shared.settings.root_path}{API}/sessions/{session.id}"
    return body


@router.post(
    "/films/{id}/preview",
    response_class=FileResponse,
    responses={
        200: {"description": "MP4, H.264, without sound.", "content": {"video/mp4": _FILM}},
        **_FAULTS,
        **_EARLY,
        **described(507),
    },
)
async def preview_film(id: Id, look: ShotRequest, shared: Shared) -> FileResponse:
    """A few seconds around a shot's key picture in colour, at most 960 pixels wide."""
    film = shared.films.get(id)
    folder, stop = FilePath(tempfile.mkdtemp(dir=shared.folder)), Event()
    most = shared.settings.hints
    with removed_on_failure(folder) as remove:
        try:
            path = await _work(
                shared, film, lambda: film.preview(look, most, folder, stop), abandoned=remove
            )
        except asyncio.CancelledError:
            stop.set()  # nobody waits for it any more
            raise
    return SentOnce(path, media_type="video/mp4")


@router.post("/films/{id}/render", status_code=202, responses={**_FAULTS, **_EARLY})
async def render_film(id: Id, how: RenderRequest, shared: Shared) -> FilmResponse:
    """Colour the film, or go on where colouring was stopped; one film at a time.

    Shots that are coloured as before are not coloured again.
    """
    film = shared.films.get(id)
    most, threads = shared.settings.hints, shared.films.renders
    await _work(shared, film, lambda: film.render(how, most, threads))
    return film.response()


@router.delete("/films/{id}/render", status_code=202, responses=_FAULTS)
async def cancel_render(id: Id, shared: Shared) -> FilmResponse:
    """Stop colouring; what is finished is kept. The state is "ready" once the work has ended."""
    film = shared.films.get(id)
    film.cancel()
    return film.response()


@router.get(
    "/films/{id}/result",
    response_class=FileResponse,
    responses={
        200: {"description": "The coloured film.", "content": {"video/*": _FILM}},
        **_FAULTS,
        **_EARLY,
    },
)
async def film_result(id: Id, shared: Shared) -> FileResponse:
    """The coloured film; may be requested in ranges."""
    path = shared.films.get(id).result
    return FileResponse(path, media_type=_MEDIA_TYPES[path.suffix], filename=path.name)


async def _work(
    shared: AppState,
    film: FilmSession,
    function: Callable[[], T],
    abandoned: Callable[[], None] | None = None,
) -> T:
    """Run a function that uses a film's files."""

    def work() -> T:
        try:
            with film.used():
                return function()
        except StoppedError:
            raise RefusedError(409, "conflict", "the work was stopped") from None
        except OSError as error:
            raise full(error) from error

    return await shared.queue.run(work, urgent=True, abandoned=abandoned)
