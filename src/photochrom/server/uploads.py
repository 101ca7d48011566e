"""A photo coming in: as the raw body of a request, or as one part of a form."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

from photochrom.errors import PhotoError, os_reason
from photochrom.photo import Photo, pages_of
from photochrom.server.problems import RefusedError
from photochrom.server.settings import Settings

PART = "photo"
"""The form's field with the file."""
_LONGEST_NAME = 120
_BETWEEN_CHECKS = 2**26  # bytes
_LONGEST_FIELD = 2**20
_MOST_FIELDS = 40
_UNNAMED = "photo"


def described_body(fields: Mapping[str, Any]) -> dict[str, Any]:
    """For OpenAPI: a photo as the body itself, or as one part of a form with these other fields."""
    file = {"type": "string", "format": "binary"}
    form = {"type": "object", "required": [PART], "properties": {PART: file, **fields}}
    kinds = {"application/octet-stream": file, "image/*": file, "multipart/form-data": form}
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


async def receive(request: Request, folder: Path, settings: Settings, name: str = "") -> Upload:
    """Write a request's photo into a folder.

    name: of the file, where the body is the file itself.
    Raises RefusedError: 400 for a malformed form or a body that ends early, 413 for more bytes
    than allowed (counted as they come), 507 where the disk is full.
    """
    path = folder / "upload"
    check_space(folder, settings, int(request.headers.get("content-length", "0") or 0))
    try:
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            return await _part(request, path)
        written = 0
        with path.open("wb") as file:
            async for chunk in request.stream():
                if (written + len(chunk)) // _BETWEEN_CHECKS > written // _BETWEEN_CHECKS:
                    check_space(folder, settings, 0)
                written += file.write(chunk)
    except ClientDisconnect as error:
        raise RefusedError(400, "bad-request", "the body ended before it was whole") from error
    except OSError as error:
        raise full(error) from error
    return Upload(path, safe_name(name), {})


async def _part(request: Request, path: Path) -> Upload:
    try:
        async with request.form(
            max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD
        ) as form:
            file = form.get(PART)
            if not isinstance(file, UploadFile):
                raise RefusedError(400, "bad-request", f"the form has no file named {PART!r}")
            await asyncio.to_thread(_copy, file.file, path)
            fields = {key: str(value) for key, value in form.items() if key != PART}
            return Upload(path, safe_name(file.filename or ""), fields)
    except MultiPartException as error:
        raise RefusedError(400, "bad-request", f"the form is damaged ({error.message})") from error


def _copy(source: Any, path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(source, target, 2**20)


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


def safe_name(name: str) -> str:
    """A file's name without folders and unprintable characters; never empty."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(c for c in last if c.isprintable()).strip(". ")
    if len(plain) > _LONGEST_NAME:
        stem, dot, suffix = plain.rpartition(".")
        plain = f"{stem[: _LONGEST_NAME - 10]}{dot}{suffix[:9]}" if dot else plain[:_LONGEST_NAME]
    return plain or _UNNAMED
