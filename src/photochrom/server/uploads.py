"""A photo coming in: as the raw body of a request, or as one part of a form."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from photochrom.errors import PhotoError, os_reason
from photochrom.photo import Photo, pages_of
from photochrom.server.forms import AS_FORM, PART, FormReader, is_text
from photochrom.server.problems import RefusedError
from photochrom.server.settings import Settings

FORM = "multipart/form-data"
_WEB_FORM = "application/x-www-form-urlencoded"
_ACCEPT = f"image/*, application/octet-stream, {FORM}"
_LONGEST_NAME = 120
_BETWEEN_CHECKS = 2**26  # bytes
_HEAD = 512
"""Bytes; every format that can be read has a control character among its first ones."""
_UNNAMED = "photo"


def described_body(fields: Mapping[str, Any]) -> dict[str, Any]:
    """For OpenAPI: a photo as the body itself, or as one part of a form with these other fields."""
    file = {"type": "string", "format": "binary"}
    form = {"type": "object", "required": [PART], "properties": {PART: file, **fields}}
    kinds = {"application/octet-stream": file, "image/*": file, FORM: form}
    content = {name: {"schema": schema} for name, schema in kinds.items()}
    return {"requestBody": {"required": True, "content": content}}


@dataclass(frozen=True)
class Upload:
    """A file that arrived whole.

    path: the file. name: the client's name for it, safe to show. fields: the form's other fields.
    """

    path: Path
    name: str
    fields: Mapping[str, str]

    def photo(self, settings: Settings) -> Photo:
        """Open the photo; raises PhotoError with the client's name for it."""
        photo = Photo(self.path, self.name, max_pixels=settings.pixels)
        pages = len(pages_of(photo.source))
        if pages > settings.pages:
            raise PhotoError(
                self.name,
                f"has {pages} pages, more than the {settings.pages} that this server takes",
                "split the file",
            )
        return photo


async def receive(
    request: Request,
    folder: Path,
    settings: Settings,
    name: str = "",
    options: Collection[str] = (),
) -> Upload:
    """Write a request's photo into a folder.

    name: of the file, where the body is the file itself, or the form's part has no name.
    options: names of the form's fields that are not photos.
    Raises RefusedError: 400 for a malformed form or a body that ends early, 413 for more bytes
    than allowed (counted as they come), 415 for a body of another kind, 507 where the disk is full.
    """
    path = folder / "upload"
    check_space(folder, settings, int(request.headers.get("content-length", "0") or 0))
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    fields: Mapping[str, str] = {}
    try:
        with path.open("wb") as file:
            if kind == FORM:
                form = FormReader(content_type, file, options)
                await _each_chunk(request, folder, settings, form.write)
                form_name, fields = form.close()
                name = form_name or name
            else:
                await _each_chunk(request, folder, settings, file.write)
    except ClientDisconnect as error:
        raise RefusedError(400, "bad-request", "the body ended before it was whole") from error
    except OSError as error:
        raise full(error) from error
    if kind != FORM:
        _check_kind(path, kind)
    return Upload(path, safe_name(name), fields)


async def _each_chunk(
    request: Request, folder: Path, settings: Settings, write: Callable[[bytes], Any]
) -> None:
    received = 0
    async for chunk in request.stream():
        if (received + len(chunk)) // _BETWEEN_CHECKS > received // _BETWEEN_CHECKS:
            check_space(folder, settings, 0)
        received += len(chunk)
        write(chunk)


def _check_kind(path: Path, kind: str) -> None:
    """Raise RefusedError for a body that is not the photo itself: a web form, JSON.

    curl's --data-binary and axios send a photo as a web form too, but undamaged.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise PhotoError("the body", "is empty", f"send the photo as the body, or {AS_FORM}")
    of_text = kind in (_WEB_FORM, "application/json") or kind.startswith("text/")
    if not kind.startswith("multipart/") and not (of_text and is_text(head)):
        return
    remedy = f"send the photo {AS_FORM}, or with curl --data-binary @FILE"
    problem = f"the body is {kind}, and not a photo"
    if kind == _WEB_FORM:
        problem = f"the body is a web form ({kind}), as curl --data sends it, and not a whole photo"
    raise RefusedError(415, "unsupported-media-type", problem, remedy, {"Accept": _ACCEPT})


def full(error: OSError) -> RefusedError:
    """The refusal where a file cannot be written."""
    return RefusedError(
        507,
        "insufficient-storage",
        f"no room for the photo ({os_reason(error)})",
        "come back later",
    )


def check_space(folder: Path, settings: Settings, needed: int) -> None:
    """Raise RefusedError, 507, where a file would leave the disk too full."""
    if shutil.disk_usage(folder).free - needed < settings.free_bytes:
        raise RefusedError(
            507, "insufficient-storage", "the server's disk is full", "come back later"
        )


def safe_name(name: str, otherwise: str = _UNNAMED) -> str:
    """A file's name without folders and unprintable characters; never empty."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(c for c in last if c.isprintable()).strip(". ")
    if len(plain) > _LONGEST_NAME:
        stem, dot, suffix = plain.rpartition(".")
        plain = f"{stem[: _LONGEST_NAME - 10]}{dot}{suffix[:9]}" if dot else plain[:_LONGEST_NAME]
    return plain or otherwise
