"""/sessions: a photo is uploaded once; then its look is changed and previews are fetched."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import Field

from photochrom.drawing.confidence import OVERLAY_RANGE, color_mapped
from photochrom.errors import ConfigError, Option
from photochrom.files import save_results
from photochrom.options import MOST_VARIANTS
from photochrom.photo import Photo, pages_of
from photochrom.pipeline.borders import border_of
from photochrom.pipeline.suggestions import SUGGESTIONS, hex_of, in_gamut
from photochrom.references import Reference
from photochrom.repaired import repair
from photochrom.server.files import File, written, zipped
from photochrom.server.photo_session import PhotoSession
from photochrom.server.pictures import ScreenFormat, picture
from photochrom.server.problems import RefusedError, described
from photochrom.server.requests import (
    FileOptions,
    Lease,
    LeasesRequest,
    ModelAndOptions,
    OptionsRequest,
)
from photochrom.server.responses import (
    BorderResponse,
    Color,
    LeasesResponse,
    LikelyColor,
    SessionResponse,
    SuggestionsResponse,
    body_of,
)
from photochrom.server.routes.of_session import FAULTS, Id, Revision, image_answers, work_on
from photochrom.server.screen import LONGEST_WHOLE, SHORTEST_WHOLE, Box
from photochrom.server.state import API, AppState, Shared
from photochrom.server.temp_folder import removed_on_failure
from photochrom.server.uploads import described_body, receive

router = APIRouter(prefix=API, tags=["sessions"])

_WITH_BODY = described(415)
_LARGEST = 10**6
_MOST_SUGGESTIONS = 12
_USUAL_PREVIEW = 1280

Original = Annotated[bool, Query(description="The photo before colouring.")]
Format = Annotated[ScreenFormat | None, Query()]


class ResultOptions(FileOptions):
    """One result as a file."""

    revision: Annotated[int | None, Field(ge=1)] = None


class ArchiveOptions(FileOptions):
    """Several results as files."""

    session: Annotated[list[str], Field(min_length=1, max_length=1000)]


_SCREEN = ("image/jpeg", "image/webp", "image/png")


@router.post(
    "/sessions",
    status_code=201,
    responses={**FAULTS, **_WITH_BODY, **described(507)},
    openapi_extra=described_body({}),
)
async def create_session(
    request: Request,
    response: Response,
    shared: Shared,
    name: Annotated[str, Query(max_length=500)] = "",
    lease: Annotated[
        Lease | None,
        Query(description="Seconds without a request after which it ends; the server's own time."),
    ] = None,
) -> SessionResponse:
    """Upload a photo: as the body itself, or as the file `photo` of a form."""
    shared.queue.check()  # before all is read
    await asyncio.to_thread(shared.sessions.expire)
    with shared.sessions.place() as folder, removed_on_failure(folder) as remove:
        upload = await receive(request, folder, shared.settings, name, OptionsRequest.model_fields)
        _check_fields(upload.fields)

        def opened() -> tuple[PhotoSession, SessionResponse]:
            session = shared.sessions.opened(folder, upload.photo(shared.settings), lease)
            # before it gets its address: a photo damaged further down fails here
            return session, body_of(session)

        session, body = await shared.queue.run(opened, urgent=True, abandoned=remove)
        shared.sessions.add(session)
    response.headers["Location"] = f"{shared.settings.root_path}{API}/sessions/{session.id}"
    return body


def _check_fields(fields: Mapping[str, str]) -> None:
    """Raise RefusedError for fields that would be ignored."""
    for name, value in fields.items():
        if value and name != "name":
            raise RefusedError(
                422,
                "config-error",
                f"the form's field {name!r} is not taken with the photo",
                f"send options by PATCH {API}/sessions/{{id}}",
            )


@router.post("/leases", responses={**FAULTS, **_WITH_BODY})
async def renew(leases: LeasesRequest, shared: Shared) -> LeasesResponse:
    """Let sessions and films live for so many seconds without a request; returns those there are.

    A page renews what it shows, and shortens it when it is closed, so that a reload still finds it.
    """
    return LeasesResponse(
        sessions=shared.sessions.renew(leases.sessions, leases.seconds),
        films=shared.films.renew(leases.films, leases.seconds),
    )


@router.get("/sessions/{id}", responses=FAULTS)
async def show(id: Id, shared: Shared) -> SessionResponse:
    """A photo and its latest look."""
    session = shared.sessions.get(id)
    return await work_on(shared, session, lambda: body_of(session))


@router.patch("/sessions/{id}", responses={**FAULTS, **_WITH_BODY})
async def change(id: Id, changes: OptionsRequest, shared: Shared) -> SessionResponse:
    """Change a photo's look; what is not given stays. A list of hints replaces the old one.

    Every change makes a revision, which can be requested by its number.
    """
    session = shared.sessions.get(id)

    def changed() -> SessionResponse:
        session.change(changes, shared.settings, _led_by(shared, session, changes.references))
        return body_of(session)

    return await work_on(shared, session, changed)


def _led_by(
    shared: AppState, session: PhotoSession, ids: Sequence[str] | None
) -> dict[str, Reference] | None:
    """The references that other sessions give, by their ids; None where none are asked for.

    They are as they are now; of a session that has ended since it was named, as it was then.
    Raises RefusedError, 404, for a session that there is not.
    """
    if ids is None:
        return None
    if session.id in ids:
        raise ConfigError(Option("references"), "a photo cannot lead itself", "name another")
    known = session.look()
    kept = dict(zip(known.led_by, known.options.references, strict=True))
    references = {}
    for name in ids:
        try:
            found = shared.sessions.get(name).reference()
            references[name] = kept[name] if kept.get(name) == found else found  # held once
        except RefusedError:
            if name not in kept:
                raise
            references[name] = kept[name]
    return references


@router.delete("/sessions/{id}", status_code=204, responses=FAULTS)
async def delete_session(id: Id, shared: Shared) -> None:
    """Delete a session: the photo, and all that was made of it."""
    await asyncio.to_thread(shared.sessions.remove, id)


@router.get("/sessions/{id}/preview", response_class=Response, responses=image_answers(*_SCREEN))
async def preview(
    id: Id,
    shared: Shared,
    revision: Revision = None,
    longest: Annotated[int, Query(ge=SHORTEST_WHOLE, le=LONGEST_WHOLE)] = _USUAL_PREVIEW,
    original: Original = False,
    format: Format = None,
    variant: Annotated[int | None, Query(ge=0, lt=MOST_VARIANTS)] = None,
    seed: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
) -> Response:
    """The whole photo on a screen: its long side at most `longest` pixels, never enlarged."""
    session = shared.sessions.get(id)
    changes = OptionsRequest(variant=variant, seed=seed)
    look = changes.applied(session.look(revision), shared.settings.hints)

    def drawn() -> Response:
        result = None if original else session.result(look)
        shown = None if original else look.repair
        return picture(session.view(shown).whole(result, longest), format)

    return await work_on(shared, session, drawn)


@router.get("/sessions/{id}/region", response_class=Response, responses=image_answers(*_SCREEN))
async def region(
    id: Id,
    shared: Shared,
    x: Annotated[int, Query(ge=-_LARGEST, le=_LARGEST)],
    y: Annotated[int, Query(ge=-_LARGEST, le=_LARGEST)],
    w: Annotated[int, Query(ge=1, le=_LARGEST)],
    h: Annotated[int, Query(ge=1, le=_LARGEST)],
    width: Annotated[int | None, Query(ge=1, le=_LARGEST)] = None,
    revision: Revision = None,
    original: Original = False,
    format: Format = None,
) -> Response:
    """A piece of the photo from full resolution, clipped to the photo, at most 4 megapixels."""
    session = shared.sessions.get(id)
    look = session.look(revision)

    def drawn() -> Response:
        result = None if original else session.result(look)
        shown = None if original else look.repair
        return picture(session.view(shown).piece(result, Box(x, y, w, h), width), format)

    return await work_on(shared, session, drawn)


@router.get("/sessions/{id}/suggestions", responses=FAULTS)
async def suggestions(
    id: Id,
    shared: Shared,
    x: Annotated[float, Query(allow_inf_nan=False)],
    y: Annotated[float, Query(allow_inf_nan=False)],
    count: Annotated[int, Query(ge=1, le=_MOST_SUGGESTIONS)] = SUGGESTIONS,
    revision: Revision = None,
) -> SuggestionsResponse:
    """Likely colours of the thing at a place, all within sRGB at its lightness."""
    session = shared.sessions.get(id)
    look = session.look(revision)

    def suggested() -> SuggestionsResponse:
        workspace = session.workspace(look.model, look.repair)
        light = workspace.lightness_at(x, y, size=look.options.size)
        likely = workspace.suggestions(x, y, count, look.options)
        now = in_gamut(workspace.ab_at(x, y, session.result(look)), light)
        return SuggestionsResponse(
            x=x,
            y=y,
            lightness=light,
            current=Color(ab=now, color=hex_of(now, light)),
            neutral=Color(ab=(0, 0), color=hex_of((0, 0), light)),
            suggestions=[
                LikelyColor(ab=one.ab, color=hex_of(one.ab, light), probability=one.probability)
                for one in likely
            ],
        )

    return await work_on(shared, session, suggested)


@router.get("/sessions/{id}/border", responses=FAULTS)
async def border(id: Id, shared: Shared) -> BorderResponse:
    """The part of the photo inside a border, such as an album's page or a scanner's lid: a
    proposal for `crop`, null where no border is found.
    """
    session = shared.sessions.get(id)

    def found() -> BorderResponse:
        crop = border_of(session.photo)
        return BorderResponse(crop=None if crop is None else str(crop))

    return await work_on(shared, session, found)


@router.get(
    "/sessions/{id}/confidence", response_class=Response, responses=image_answers("image/png")
)
async def confidence(
    id: Id,
    shared: Shared,
    revision: Revision = None,
    legend: Annotated[bool, Query(description="From 0 to 1, with a ramp and words below.")] = False,
) -> Response:
    """Where the colours are a guess (dark) and where the network is sure (bright)."""
    session = shared.sessions.get(id)
    look = session.look(revision)

    def drawn() -> Response:
        result = session.result(look)
        if legend or result.confidence is None:  # the picture then says that there is no map
            return picture(result.confidence_picture(), "png")
        return picture(color_mapped(result.confidence, *OVERLAY_RANGE), "png")

    return await work_on(shared, session, drawn)


@router.get(
    "/sessions/{id}/result",
    response_class=FileResponse,
    responses={**image_answers("image/*"), **described(507)},
)
async def result(
    id: Id,
    shared: Shared,
    options: Annotated[ResultOptions, Query()],
) -> FileResponse:
    """The coloured photo as a file, at full size, all its pages, cropped and turned as its look."""
    session = shared.sessions.get(id)
    file = await _file(shared, session, session.look(options.revision), options)
    return file.response()


@router.get(
    "/archive",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The coloured photos in a zip.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **FAULTS,
    },
)
async def archive(
    shared: Shared,
    options: Annotated[ArchiveOptions, Query()],
) -> StreamingResponse:
    """Several coloured photos as files in a zip, sent while they are made."""
    sessions = [shared.sessions.get(name) for name in dict.fromkeys(options.session)]

    def maker(one: PhotoSession) -> Any:
        return lambda: _file(shared, one, one.look(), options)

    pieces: AsyncIterator[bytes] = zipped([maker(one) for one in sessions])
    headers = {"Content-Disposition": 'attachment; filename="photochrom.zip"'}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


async def _file(
    shared: AppState, session: PhotoSession, look: ModelAndOptions, options: FileOptions
) -> File:
    """A result in a folder of its own."""
    folder = FilePath(tempfile.mkdtemp(dir=shared.folder))

    def made() -> File:
        photo = session.photo
        suffix = options.suffix(photo, session.pages, look)  # before the work, not after
        saving = options.saving(look)
        with session.used():
            colorizer = session.colorizer(look.model)
            results = [
                session.result(look)
                if page == photo.page
                else colorizer.colorize(_page(photo, page, look), look.options)
                for page in pages_of(photo.source)
            ]
            write = partial(save_results, results, save=saving, temporary=True)
            return written(folder, photo, suffix, write)

    with removed_on_failure(folder) as remove:
        file = await shared.queue.run(made, abandoned=remove)
    shared.measures.colored.inc()
    return file


def _page(photo: Photo, page: int, look: ModelAndOptions) -> Photo:
    """A page that is not shown; strokes correct the damage of the one that is."""
    other = photo.with_page(page)
    return other if look.repair is None else repair(other, look.repair.options).photo
