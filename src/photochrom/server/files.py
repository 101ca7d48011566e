"""Results as files: written at full size, sent, then removed; one, or many in a zip."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi.responses import FileResponse
from zipstream import ZipStream

from photochrom.errors import PhotoError
from photochrom.photo import Photo, kind_of
from photochrom.photo.naming import colored_name
from photochrom.reports import FileReport

_MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".gif": "image/gif",
    ".jp2": "image/jp2",
}
_CHUNK = 2**22
_PARTLY = (b"range", b"if-range")


@dataclass(frozen=True)
class File:
    """A result on the disk, in a folder of its own.

    name: the file's name in the answer. losses: parts of the photo that its format cannot hold.
    notes: what a person should know of the photo, such as damage.
    """

    path: Path
    name: str
    losses: tuple[str, ...]
    notes: tuple[str, ...]

    def response(self) -> FileResponse:
        """Send it whole, then remove its folder."""
        kind = kind_of(self.path)
        media = _MEDIA_TYPES.get("" if kind is None else kind.suffix, "application/octet-stream")
        lines = {"Photochrom-Losses": self.losses, "Photochrom-Notes": self.notes}
        headers = {name: quote("; ".join(texts), " ;,:") for name, texts in lines.items() if texts}
        return SentOnce(self.path, media_type=media, filename=self.name, headers=headers)


class SentOnce(FileResponse):
    """A file made for this answer alone: sent whole (no ranges), then removed."""

    chunk_size = _CHUNK  # each is a task for another thread

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the file, then remove its folder."""
        headers = [(name, value) for name, value in scope["headers"] if name not in _PARTLY]
        try:
            await super().__call__({**scope, "headers": headers}, receive, send)
        finally:
            shutil.rmtree(Path(self.path).parent, ignore_errors=True)


def written(folder: Path, photo: Photo, suffix: str, write: Callable[[Path], FileReport]) -> File:
    """The result that `write` puts at a path in a folder.

    Raises PhotoError where the format cannot be written, or cannot hold all pages.
    """
    path = folder / f"{secrets.token_hex(8)}{suffix}"
    try:
        report = write(path)
    except PhotoError as error:
        raise error.with_subject(photo.name) from error
    return File(path, colored_name(photo.name, suffix), report.losses, report.notes)


async def zipped(
    files: Sequence[Callable[[], Awaitable[File]]],
) -> AsyncIterator[bytes]:
    """The bytes of a zip, one file made after the other; names that are taken get a number."""
    archive = ZipStream()  # stored: the files are compressed already
    taken: set[str] = set()
    for make in files:
        file = await make()
        try:
            with file.path.open("rb") as source:
                chunks = iter(lambda: source.read(_CHUNK), b"")
                archive.add(chunks, _free_name(file.name, taken))
                for chunk in archive.all_files():
                    yield chunk
        finally:
            shutil.rmtree(file.path.parent, ignore_errors=True)
    for chunk in archive.finalize():
        yield chunk


def _free_name(name: str, taken: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    free, number = name, 2
    while free.lower() in taken:
        free, number = f"{stem}-{number}{dot}{suffix}", number + 1
    taken.add(free.lower())
    return free
