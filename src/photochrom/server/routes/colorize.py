"""POST /colorize: a photo in, a coloured photo out; nothing is stored."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from pydantic import ValidationError

from photochrom.files import colorize_file
from photochrom.photo import pages_of
from photochrom.reports import FileReport
from photochrom.server.files import File, written
from photochrom.server.presets import with_preset
from photochrom.server.problems import described
from photochrom.server.requests import ColorizeRequest
from photochrom.server.state import API, AppState, Shared
from photochrom.server.temp_folder import removed_on_failure
from photochrom.server.uploads import Upload, described_body, receive

router = APIRouter(prefix=API, tags=["colorize"])


@router.post(
    "/colorize",
    response_class=FileResponse,
    responses={
        200: {
            "description": "The coloured photo, at full size, with the photo's metadata.",
            "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
        },
        **described(400, 401, 403, 409, 413, 415, 421, 422, 429, 501, 507),
    },
    openapi_extra=described_body(ColorizeRequest.model_json_schema()["properties"]),
)
async def colorize(
    request: Request,
    shared: Shared,
    options: Annotated[ColorizeRequest, Query()],
) -> FileResponse:
    """Colour one photo.

    The body is the photo, or a form with the file `photo` and the same options as fields, which
    count before those of the address. Every page of a TIFF is coloured. What the answer's kind of
    file cannot hold of the photo is named in the header `Photochrom-Losses`,
    what is damaged in it in `Photochrom-Notes`.
    """
    shared.queue.check()  # before all is read
    folder = Path(tempfile.mkdtemp(dir=shared.folder))
    with removed_on_failure(folder) as remove:
        upload = await receive(
            request, folder, shared.settings, options.name, ColorizeRequest.model_fields
        )
        if upload.fields:
            options = _with_fields(options, upload.fields)
        options = with_preset(options, options.preset, shared.settings)
        file = await shared.queue.run(lambda: _colored(shared, upload, options), abandoned=remove)
    shared.measures.colored.inc()
    return file.response()


def _with_fields(options: ColorizeRequest, fields: Mapping[str, str]) -> ColorizeRequest:
    try:
        given = {name: value for name, value in fields.items() if value}  # browsers send empty ones
        return ColorizeRequest(**options.model_dump(exclude_unset=True) | given)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


def _colored(shared: AppState, upload: Upload, options: ColorizeRequest) -> File:
    look = options.look(shared.models.default, shared.settings.hints)
    colorizer = shared.models.get(look.model)
    photo = upload.photo(shared.settings)
    pages = pages_of(photo.source)
    suffix = options.suffix(photo, len(pages), look)  # before the work, not after
    saving, repair = options.saving(look), options.repair_options()
    for page in pages:
        look.check(colorizer.workspace(photo.with_page(page)), shared.settings)

    def write(path: Path) -> FileReport:
        return colorize_file(
            photo, path, look.options, saving, colorizer=colorizer, repair=repair, temporary=True
        )

    return written(upload.path.parent, photo, suffix, write)
