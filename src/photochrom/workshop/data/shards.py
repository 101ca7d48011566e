"""Read photographs out of WebDataset tar shards and folders, on a disk or behind a URL.

A shard is a plain tar of encoded images, named KEY.EXT, each with an optional record KEY.json
beside it; other members are passed over. Shards stream: none is ever held or stored as a whole.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self
from urllib.parse import urlsplit

import fsspec
import numpy as np
from fsspec.registry import known_implementations
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from photochrom._system.cpus import available_cpus
from photochrom._system.threads import ordered_map
from photochrom.errors import DataError

IMAGE_SUFFIXES = frozenset({".webp", ".jpg", ".jpeg", ".png", ".tif", ".tiff"})
HTTP = ("http://", "https://")
CHUNK = 64 * 1024
"""Bytes read from a file at a time; tarfile copies what it keeps of a chunk for every header."""
NETWORK_SECONDS = 60.0
"""How long a server may be silent. aiohttp's own limit is on the whole of a transfer, five minutes,
and a shard that is read as training goes on takes longer."""
BRACE_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True)
class StoredPhoto:
    """A photo as it lies in a shard.

    key: the member's name without its suffix; suffix: in lower case, with the dot.
    encoded: the image file's bytes.
    record: what KEY.json says, {} where there is none.
    shard: the file or URL it came from.
    """

    key: str
    suffix: str
    encoded: bytes
    record: dict[str, Any]
    shard: str


def shard_paths(sources: Sequence[str | Path]) -> list[str]:
    """Expand files, folders and URLs to tar shards: sources as given, each one's shards sorted.

    sources: local paths, or URLs of any file system that fsspec knows (https, s3, gs, az, ...).
    A folder without shards stands for the sets in it (`photochrom data gather` makes such a one).
    A brace range stands for its names: train-{0000..0123}.tar. A URL that ends in .tar is a shard,
    and is looked for only when it is read; any other is a folder, behind http only with a slash
    at its end.
    Raises DataError where a source does not exist, a folder holds no shard, or the package for a
    URL is missing.
    """
    names = [name for source in sources for name in _expand_braces(str(source))]
    return [path for name in names for path in _paths(name)]


def stored_photos(sources: Sequence[str | Path]) -> Iterator[StoredPhoto]:
    """Yield every photo with its record, shard by shard, in stored order.

    Raises DataError as shard_paths and photos_in do.
    """
    for shard in shard_paths(sources):
        yield from photos_in(shard)


def photos_in(shard: str) -> Iterator[StoredPhoto]:
    """Yield the photos of one shard, each once its image and record have both been read.

    shard: a path or URL that shard_paths gave. Image and record may come in either order, but one
    behind the other, as WebDataset lays them.
    Raises DataError where the shard cannot be read or ends early, and for a record that is no JSON.
    """
    group = _Group("", shard)
    for name, content in _members(shard):
        if _key(name) != group.key:
            yield from group.photos()
            group = _Group(_key(name), shard)
        group.add(name, content)
    yield from group.photos()


def encoded_photos(sources: Sequence[str | Path]) -> Iterator[tuple[str, bytes]]:
    """Yield (key, encoded bytes) of every image, shard by shard, in stored order."""
    for photo in stored_photos(sources):
        yield photo.key, photo.encoded


def decode_rgb(encoded: bytes, key: str) -> NDArray[np.uint8]:
    """Decode one photo to upright sRGB, (H, W, 3) uint8.

    Raises DataError naming `key` where the bytes are no image.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(key, f"not a readable image ({error})", "drop it from the shard") from error


def decoded_photos(
    sources: Sequence[str | Path],
    workers: int | None = None,
    only: Container[str] | None = None,
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield (key, sRGB (H, W, 3) uint8) of every photo, decoded on several threads, in order.

    only: the keys that are meant; the others are not decoded.
    """
    photos = (photo for photo in encoded_photos(sources) if only is None or photo[0] in only)
    yield from ordered_map(_decode, photos, workers or available_cpus())


def _decode(photo: tuple[str, bytes]) -> tuple[str, NDArray[np.uint8]]:
    key, encoded = photo
    return key, decode_rgb(encoded, key)


class _Group:
    """Members of one key, one behind the other in a shard."""

    def __init__(self, key: str, shard: str) -> None:
        self.key = key
        self.shard = shard
        self.images: list[tuple[str, bytes]] = []
        self.record = b"{}"

    def add(self, name: PurePosixPath, content: bytes) -> None:
        suffix = name.suffix.lower()
        if suffix in IMAGE_SUFFIXES:
            self.images.append((suffix, content))
        elif suffix == ".json":
            self.record = content

    def photos(self) -> Iterator[StoredPhoto]:
        if not self.images:
            return
        fault = "not an object"
        try:
            record = json.loads(self.record)
        except ValueError as error:
            record, fault = None, _one_line(error)
        if not isinstance(record, dict):
            raise DataError(
                self.shard, f"{self.key}.json is no JSON record ({fault})", "write the shard again"
            )
        for suffix, encoded in self.images:
            yield StoredPhoto(self.key, suffix, encoded, record, self.shard)


class _Member(tarfile.TarInfo):
    """A member of a tar. A header that is damaged or missing is an error here; tarfile itself
    takes all but the first for the archive's end, and so a torn shard for a short one.
    """

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error


class _Opened(io.RawIOBase):
    """A shard's bytes for tarfile; every failure to get them is a DataError."""

    def __init__(self, shard: str, file: IO[bytes]) -> None:
        self.shard = shard
        self.file = file

    def read(self, size: int = -1) -> bytes:
        try:
            return self.file.read(size)
        except Exception as error:  # every file system has exceptions of its own
            raise _unreadable(self.shard, error) from error

    def close(self) -> None:
        if not self.closed:
            self.file.close()
        super().close()


def _members(shard: str) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the files in a shard; only images and records have their content read."""
    try:
        with (
            _open(shard) as opened,
            tarfile.open(fileobj=opened, mode="r|*", bufsize=CHUNK, tarinfo=_Member) as archive,
        ):
            for member in archive:
                if not member.isfile():
                    continue
                name = PurePosixPath(member.name)
                content = b""
                if name.suffix.lower() in IMAGE_SUFFIXES | {".json"}:
                    stream = archive.extractfile(member)
                    content = stream.read() if stream is not None else b""
                yield name, content
    except (tarfile.TarError, EOFError) as error:
        raise DataError(
            shard, f"not a readable tar shard ({_one_line(error)})", "fetch it again"
        ) from error


def _key(name: PurePosixPath) -> str:
    return str(name.with_suffix(""))


def _expand_braces(name: str) -> list[str]:
    braces = BRACE_RANGE.search(name)
    if braces is None:
        return [name]
    first, last = braces.groups()
    if int(first) > int(last):
        raise DataError(name, "the brace range runs backwards", "write the smaller number first")
    return [
        expanded
        for number in range(int(first), int(last) + 1)
        for expanded in _expand_braces(
            f"{name[: braces.start()]}{number:0{len(first)}d}{name[braces.end() :]}"
        )
    ]


def _paths(source: str) -> list[str]:
    """The shards of one source without braces."""
    if "://" in source and not source.startswith("file://"):
        return _remote_paths(source)
    path = Path(source.removeprefix("file://"))
    if path.is_dir():
        shards = sorted(map(str, path.glob("*.tar"))) or sorted(map(str, path.glob("*/*.tar")))
        if not shards:
            raise DataError(path, "no .tar shards in this folder", "name another one")
        return shards
    if path.is_file():
        return [str(path)]
    raise DataError(path, "no such shard or folder", "check the name")


def _remote_paths(url: str) -> list[str]:
    files, path = _file_system(url)
    if _is_tar(url) or (url.startswith(HTTP) and not urlsplit(url).path.endswith("/")):
        return [url]
    try:
        names = files.ls(path, detail=False)
    except Exception as error:  # every file system has exceptions of its own
        raise _unreadable(url, error) from error
    shards = sorted(files.unstrip_protocol(name) for name in names if _is_tar(name))
    if not shards:
        raise DataError(url, "no .tar shards in this folder", "name another one")
    return shards


def _is_tar(name: str) -> bool:
    return urlsplit(name).path.endswith(".tar")


def _file_system(url: str) -> tuple[Any, str]:
    """The file system behind a URL, and the URL's path in it."""
    protocol = url.partition("://")[0]
    options: dict[str, Any] = {}
    try:
        if url.startswith(HTTP):
            from aiohttp import ClientTimeout  # a package that local shards do not need

            patience = ClientTimeout(sock_connect=NETWORK_SECONDS, sock_read=NETWORK_SECONDS)
            options["client_kwargs"] = {"timeout": patience}
        files, path = fsspec.url_to_fs(url, **options)
    except ImportError as error:
        package = known_implementations[protocol]["class"].partition(".")[0]
        raise DataError(
            url, f"{protocol}:// needs the package {package}", f"pip install {package}"
        ) from error
    except ValueError as error:
        raise DataError(
            url, f"no file system is known for {protocol}://", "name a path, https:// or s3://"
        ) from error
    return files, path


def _open(shard: str) -> _Opened:
    try:
        if "://" not in shard:
            return _Opened(shard, Path(shard).open("rb"))
        files, path = _file_system(shard)
        options: dict[str, Any] = {}
        if shard.startswith(HTTP):
            # One request, read as it comes: not every server knows ranges. Given a size, fsspec
            # does not request it beforehand, which would turn every failure into "not found".
            options = {"block_size": 0, "size": 1}
        return _Opened(shard, files.open(path, "rb", **options))
    except Exception as error:
        raise _unreadable(shard, error) from error


def _unreadable(shard: str, error: Exception) -> DataError:
    if isinstance(error, DataError):
        return error
    if isinstance(error, FileNotFoundError):
        return DataError(shard, "no such shard or folder", "check the name")
    return DataError(
        shard, f"cannot be read ({_one_line(error)})", "check the address and the connection"
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
