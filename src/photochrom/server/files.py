"""Results as files: written at full size, sent, and gone; one, or many in a zip."""

from __future__ import annotations

import io
import secrets
import shutil
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi.responses import FileResponse

from photochrom.errors import PhotoError
from photochrom.photo import kind_of, losses, write
from photochrom.photo.naming import colored_name
from photochrom.result import Result, pages_of_one_file
from photochrom.server.requests import FileOptions

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
    """A result that lies on the disk, in a folder of its own.

    name: what it is called for its receiver. losses: what its kind cannot hold of the photo.
    """

    path: Path
    name: str
    losses: tuple[str, ...]

    def response(self) -> FileResponse:
        """Send it whole, then remove its folder."""
        kind = kind_of(self.path)
        media = _MEDIA_TYPES.get("" if kind is None else kind.suffix, "application/octet-stream")
        headers = {"Photochrom-Losses": quote("; ".join(self.losses), " ;")} if self.losses else {}
        return _SentOnce(self.path, media_type=media, filename=self.name, headers=headers)


class _SentOnce(FileResponse):
    """A file that was made for this answer alone: no parts of it, and then it is gone."""

    chunk_size = _CHUNK  # each is a task for another thread

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked = [(name, value) for name, value in scope["headers"] if name not in _PARTLY]
        try:
            await super().__call__({**scope, "headers": asked}, receive, send)
        finally:
            shutil.rmtree(Path(self.path).parent, ignore_errors=True)


def written(results: Sequence[Result], folder: Path, options: FileOptions) -> File:
    """Write the pages of a photo into a folder.

    Raises PhotoError where the format cannot be written, or cannot hold all pages.
    """
    photo, saving = results[0].photo, options.saving
    suffix = options.suffix(photo, len(results))
    path = folder / f"{secrets.token_hex(8)}{suffix}"
    try:
        write(pages_of_one_file(results, suffix, saving), path, saving, durable=False)
    except PhotoError as error:
        raise error.with_subject(photo.name) from error
    kind = kind_of(path)
    assert kind is not None
    name = colored_name(photo.name, suffix)
    return File(path, name, tuple(losses(photo, kind, saving)))


async def zipped(
    files: Sequence[Callable[[], Awaitable[File]]],
) -> AsyncIterator[bytes]:
    """The bytes of a zip, one file made after the other; names that are taken get a number."""
    sink = _Sink()
    taken: set[str] = set()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for make in files:
            file = await make()
            name = _free_name(file.name, taken)
            try:
                with (
                    file.path.open("rb") as source,
                    archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as target,
                ):
                    while chunk := source.read(_CHUNK):
                        target.write(chunk)
                        yield sink.taken()
            finally:
                shutil.rmtree(file.path.parent, ignore_errors=True)
    yield sink.taken()


class _Sink(io.RawIOBase):
    """What a zip is written to: it is sent on at once, and cannot be gone back in."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _free_name(name: str, taken: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    found, number = name, 2
    while found.lower() in taken:
        found, number = f"{stem}-{number}{dot}{suffix}", number + 1
    taken.add(found.lower())
    return found
