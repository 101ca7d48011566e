"""The photos of folders, archives and shards, always in the same order."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from photochrom.errors import DataError
from photochrom.workshop.data.credits import CreditTables
from photochrom.workshop.data.manifest import one_line
from photochrom.workshop.data.shards import IMAGE_SUFFIXES, photos_in, shard_paths

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ARCHIVE_SUFFIXES = (*TAR_SUFFIXES, ".zip")


@dataclass(frozen=True)
class Original:
    """A photo before anything is decided about it.

    file: its name for people, from the source's own name on: photos/2019/a.jpg, set.tar/k01.webp.
    content: the encoded bytes, or the path that has them; None where they cannot be had.
    record: what is known of it, by the names of `manifest.CREDITS` and any others.
    fault: why there is no content.
    """

    file: str
    content: Path | bytes | None
    record: dict[str, Any] = field(default_factory=dict)
    fault: str = ""

    @property
    def size(self) -> int:
        """Bytes of the encoded photo, 0 where they cannot be had."""
        if isinstance(self.content, Path):
            return _size(self.content)
        return len(self.content or b"")


def originals(sources: Sequence[str]) -> Iterator[Original]:
    """Yield every photo of folders (with all below them), photo files, archives and shard URLs.

    What cannot be read is an Original with a fault. Raises DataError where a source does not exist
    or is of no known kind, and for a URL that fails: another time it may not.
    """
    for source in sources:
        if is_url(source):
            for shard in shard_paths([source]):
                yield from _in_tar(shard, PurePosixPath(shard).name, None)
        elif (path := Path(source)).is_dir():
            for file in _files(path):
                name = f"{path.resolve().name}/{file.relative_to(path).as_posix()}"
                yield from _in_file(file, one_line(name), path)
        elif path.is_file() and _is_wanted(path):
            yield from _in_file(path, path.name, path.parent)
        elif path.is_file():
            raise DataError(source, "neither a photo nor an archive", "name a folder, tar or zip")
        else:
            raise DataError(source, "no such file or folder", "check the name")


def total_size(sources: Sequence[str]) -> int | None:
    """Bytes of all photos and archives, roughly what `originals` will yield; None behind URLs."""
    if any(map(is_url, sources)):
        return None
    paths = map(Path, sources)
    return sum(sum(map(_size, _files(path))) if path.is_dir() else _size(path) for path in paths)


def is_url(source: str) -> bool:
    """Whether a source is an address and not a path."""
    return "://" in source


def _files(folder: Path) -> Iterator[Path]:
    """Photos and archives below a folder in a fixed order; hidden ones are passed over."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n != "__MACOSX")
        for name in sorted(names):
            if _is_wanted(path := Path(parent, name)):
                yield path


def _is_wanted(path: Path) -> bool:
    name = path.name.lower()
    return not name.startswith(".") and (
        path.suffix.lower() in IMAGE_SUFFIXES or name.endswith(ARCHIVE_SUFFIXES)
    )


def _in_file(path: Path, name: str, root: Path) -> Iterator[Original]:
    lower = path.name.lower()
    if lower.endswith(TAR_SUFFIXES):
        yield from _in_tar(str(path), name, _tables(path.parent))
    elif lower.endswith(".zip"):
        yield from _in_zip(path, name)
    else:
        credit = _tables(path.parent).of_file(path) or _tables(root).of_file(path)
        yield Original(name, path, dict(credit))


def _in_tar(shard: str, name: str, tables: CreditTables | None) -> Iterator[Original]:
    try:
        for photo in photos_in(shard):
            credit = tables.of_member(Path(shard), photo.key) if tables else {}
            record = credit | {key: value for key, value in photo.record.items() if value}
            file = one_line(f"{name}/{photo.key}{photo.suffix}")
            yield Original(file, photo.encoded, record)
    except DataError as error:
        if tables is None:
            raise
        yield Original(name, None, fault=str(error))


def _in_zip(path: Path, name: str) -> Iterator[Original]:
    tables = _tables(path.parent)
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                inside = PurePosixPath(member.filename)
                if member.is_dir() or not _is_photo(inside):
                    continue
                file = one_line(f"{name}/{inside}")
                record = tables.of_member(path, str(inside.with_suffix("")))
                try:
                    content = archive.read(member)
                except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
                    yield Original(file, None, record, f"unreadable ({error})")
                else:
                    yield Original(file, content, record)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        yield Original(name, None, fault=f"{name}: not a readable archive ({error})")


def _is_photo(name: PurePosixPath) -> bool:
    hidden = name.name.startswith(".") or "__MACOSX" in name.parts
    return name.suffix.lower() in IMAGE_SUFFIXES and not hidden


@lru_cache(maxsize=64)
def _tables(folder: Path) -> CreditTables:
    return CreditTables(folder)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
