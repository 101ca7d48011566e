"""EXIF in AVIF files, byte for byte as it is given.

libvips would write it anew, without what it does not know, and move what it says. So it writes a
placeholder, and the item's place in the file is changed to that of the real block at the end.

ISO 14496-12, 8.11 (iloc, iinf); ISO 23008-12, A.2.1 (an EXIF item begins with the offset of its
TIFF header).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from photochrom.errors import PhotoError

_FULL_BOX = 4
"""Bytes of version and flags."""
_PREFIX = b"Exif\0\0"


@dataclass(frozen=True)
class _Place:
    """Where the numbers of an item's only extent are in the file, and how wide they are."""

    offset_at: int
    offset_size: int
    length_at: int
    length_size: int
    base: int


def replace_exif(file: BinaryIO, exif: bytes, name: str) -> None:
    """Replace the EXIF item of an AVIF that libvips wrote.

    exif: a block with its prefix. name: what errors call the file.
    Raises PhotoError where the file is not laid out as expected.
    """
    file.seek(0)
    data = file.read()
    try:
        place = _place_of(data, _item_of(data, b"Exif"))
    except (struct.error, StopIteration) as error:
        raise PhotoError(name, "its EXIF cannot be written", "choose another format") from error
    item = struct.pack(">I", len(_PREFIX)) + _PREFIX + exif.removeprefix(_PREFIX)
    file.seek(0, io.SEEK_END)
    file.write(struct.pack(">I4s", 8 + len(item), b"mdat") + item)
    _put(file, place.offset_at, place.offset_size, len(data) + 8 - place.base)
    _put(file, place.length_at, place.length_size, len(item))


def _put(file: BinaryIO, at: int, size: int, value: int) -> None:
    file.seek(at)
    file.write(value.to_bytes(size, "big"))


def _item_of(data: bytes, kind: bytes) -> int:
    """The number of the first item of a kind."""
    start, end = _box(data, b"meta", b"iinf")
    version = data[start]
    start += _FULL_BOX + (2 if version == 0 else 4)
    for name, inside, _ in _boxes(data, start, end):
        wide = data[inside] == 3
        number, _, found = struct.unpack_from(">IH4s" if wide else ">HH4s", data, inside + 4)
        if name == b"infe" and found == kind:
            return number
    raise StopIteration


def _place_of(data: bytes, wanted: int) -> _Place:
    """The place of an item of one extent."""
    start, _ = _box(data, b"meta", b"iloc")
    version = data[start]
    (sizes,) = struct.unpack_from(">H", data, start + _FULL_BOX)
    offset_size, length_size, base_size, index_size = (
        sizes >> shift & 15 for shift in (12, 8, 4, 0)
    )
    number_size = 2 if version < 2 else 4
    at = start + _FULL_BOX + 2
    count, at = _number(data, at, number_size)
    for _ in range(count):
        number, at = _number(data, at, number_size)
        at += 2 if version else 0  # how offsets are meant: from the file's beginning
        at += 2  # in this file
        base, at = _number(data, at, base_size)
        extents, at = _number(data, at, 2)
        first = at + (index_size if version else 0)
        if number == wanted and extents == 1:
            return _Place(first, offset_size, first + offset_size, length_size, base)
        at += extents * (offset_size + length_size + (index_size if version else 0))
    raise StopIteration


def _number(data: bytes, at: int, size: int) -> tuple[int, int]:
    return int.from_bytes(data[at : at + size], "big"), at + size


def _box(data: bytes, *path: bytes) -> tuple[int, int]:
    """Where the content of a box inside of boxes begins and ends."""
    start, end = 0, len(data)
    for name in path:
        start, end = next((s, e) for found, s, e in _boxes(data, start, end) if found == name)
        start += _FULL_BOX if name == b"meta" else 0
    return start, end


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and end of the content of each box."""
    while start + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        size = size or end - start
        if size < head:
            return
        yield name, start + head, start + size
        start += size
