"""EXIF blocks: a TIFF directory inside another file, with what it points to.

EXIF 2.32.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace

from photochrom.photo.tiff.tags import (
    EXIF,
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Directory,
    DirectoryWriter,
    Entry,
    read_directories,
)

_PREFIX = b"Exif\0\0"
_MAKER_NOTE = 37500
_TIFF_HEAD = 8
_FARTHEST = 65_535
"""Bytes: a note that lay farther behind, as in a TIFF behind the pixels, is moved."""


def resolution_of(exif: bytes) -> tuple[tuple[float, float], str] | None:
    """The resolution in an EXIF block: pixels a millimetre, across and down, and its unit."""
    found = read_directories(io.BytesIO(exif.removeprefix(_PREFIX)))
    if not found:
        return None
    unit = {2: "in", 3: "cm"}.get(found[0].number(RESOLUTION_UNIT, 2))
    across, down = (found[0].fraction(tag) for tag in (X_RESOLUTION, Y_RESOLUTION))
    if unit is None or not across or not down:
        return None
    return (across / MILLIMETRES[unit], down / MILLIMETRES[unit]), unit


MILLIMETRES = {"in": 25.4, "cm": 10.0}


def from_exif(exif: bytes) -> Directory | None:
    """The tags of an EXIF block, without its thumbnail, which would show the photo grey."""
    body = exif.removeprefix(_PREFIX)
    found = read_directories(io.BytesIO(body))
    return found[0].descriptive_tags if found else None


def as_exif(directory: Directory, longest: int | None = None) -> bytes | None:
    """An EXIF block, with its prefix, of a directory; None for an empty one.

    A maker's note is put where it was, since it may count places from the block's beginning.
    longest: bytes; where the block would be longer, the longest entries are left out.
    """
    if not directory.entries and not directory.children:
        return None
    while longest is not None and _length(directory) > longest:
        directory = _without_longest(directory)
    blocks = list(_exif_blocks(directory))
    return next((block for block in blocks if longest is None or len(block) <= longest), blocks[-1])


def is_too_long(directory: Directory, longest: int) -> bool:
    """Whether `as_exif` leaves entries out of a block of at most so many bytes."""
    return bool(directory.entries or directory.children) and _length(directory) > longest


def _exif_blocks(directory: Directory) -> Iterator[bytes]:
    """The same block in several orders, the best first."""
    head = _PREFIX + b"II*\0"
    note = directory.children.get(EXIF, Directory({})).entries.get(_MAKER_NOTE)
    if note is not None and note.place is not None and _TIFF_HEAD <= note.place <= _FARTHEST:
        writer = DirectoryWriter(_TIFF_HEAD, note=note)
        start = writer.directory(directory, 0)
        gap = note.place - _TIFF_HEAD - len(writer.bytes)
        if gap >= 0:
            yield head + struct.pack("<I", start) + bytes(writer.bytes) + bytes(gap) + note.data
        else:
            writer = DirectoryWriter(note.place + len(note.data), note=note)
            start = writer.directory(directory, 0)
            before = bytes(note.place - _TIFF_HEAD) + note.data
            yield head + struct.pack("<I", start) + before + bytes(writer.bytes)
    writer = DirectoryWriter(_TIFF_HEAD)
    start = writer.directory(directory, 0)
    yield head + struct.pack("<I", start) + bytes(writer.bytes)


def _length(directory: Directory) -> int:
    """At most so many bytes make a block of it, without a gap."""
    entries = [directory.entries, *(child.entries for child in directory.children.values())]
    data = sum(len(entry.data) + 1 + _ENTRY for inside in entries for entry in inside.values())
    return data + len(entries) * 2 * _ENTRY + len(_PREFIX) + _TIFF_HEAD


_ENTRY = 12


def _without_longest(directory: Directory) -> Directory:
    """The same without its longest entry, its own or a child's."""
    lengths: dict[tuple[int | None, int], int]
    lengths = {(None, tag): len(entry.data) for tag, entry in directory.entries.items()}
    for child, inside in directory.children.items():
        lengths |= {(child, tag): len(entry.data) for tag, entry in inside.entries.items()}
    owner, longest = max(lengths, key=lambda key: lengths[key])
    if owner is None:
        return replace(directory, entries=_left(directory.entries, longest))
    inside = directory.children[owner]
    inside = replace(inside, entries=_left(inside.entries, longest))
    return replace(directory, children={**directory.children, owner: inside})


def _left(entries: Mapping[int, Entry], without: int) -> dict[int, Entry]:
    return {tag: entry for tag, entry in entries.items() if tag != without}
