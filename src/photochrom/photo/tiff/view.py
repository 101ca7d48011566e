"""TIFF files made of other files' pixels: one picture alone, with a sound directory.

libvips reads directories in its own way. Where one is wrong, lies in a SubIFD or would make libvips
warn of what costs no pixel, it is given a new one, which points to the same strips.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from photochrom._system.vips import pyvips
from photochrom.photo.file_access import opened
from photochrom.photo.tiff.layout import (
    BITS,
    COLOR_MAP,
    COMPRESSION,
    EXTRA_SAMPLES,
    FILL_ORDER,
    HEIGHT,
    INK_SET,
    JPEG_TABLES,
    NONE,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    REFERENCE_BLACK_WHITE,
    SAMPLE_FORMAT,
    SAMPLES,
    STRIP_COUNTS,
    STRIP_OFFSETS,
    STRIP_ROWS,
    TILE_COUNTS,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_WIDTH,
    WIDTH,
    YCBCR_COEFFICIENTS,
    YCBCR_SUBSAMPLING,
    Layout,
)
from photochrom.photo.tiff.tags import Entry

_FAX3_OPTIONS, _FAX4_OPTIONS = 292, 293
_PLACES = frozenset({STRIP_OFFSETS, STRIP_COUNTS, STRIP_ROWS, TILE_OFFSETS, TILE_COUNTS})
_OF_PIXELS = frozenset(
    {
        WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, SAMPLES, PLANAR, _FAX3_OPTIONS,
        _FAX4_OPTIONS, PREDICTOR, COLOR_MAP, TILE_WIDTH, TILE_HEIGHT, INK_SET, EXTRA_SAMPLES,
        SAMPLE_FORMAT, JPEG_TABLES, YCBCR_COEFFICIENTS, YCBCR_SUBSAMPLING, REFERENCE_BLACK_WHITE,
    }
)  # fmt: skip
SHARED = frozenset({274, 282, 283, 296, 700, 33723, 34377, 34675})
"""Orientation, resolution, XMP, IPTC, Photoshop's block and ICC profile: of a picture, or of the
page to which a SubIFD belongs."""
_WIDTHS = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


def whole_numbers(numbers: list[int] | tuple[int, ...], big: bool) -> Entry:
    """Numbers of four bytes, or of eight in a BigTIFF."""
    form, kind = ("Q", 16) if big else ("I", 4)
    return Entry(kind, len(numbers), struct.pack(f"<{len(numbers)}{form}", *numbers))


def directory_bytes(entries: Mapping[int, Entry], start: int, order: str, big: bool) -> bytes:
    """One directory that begins at `start`, its long values behind it.

    Raises struct.error where the place is beyond what the kind of TIFF can address.
    """
    count, offset = ("Q", "Q") if big else ("H", "I")
    room = struct.calcsize(offset)
    table, values = struct.pack(order + count, len(entries)), b""
    place = start + len(table) + len(entries) * (4 + 2 * room) + room
    for tag, entry in sorted(entries.items()):
        data = _in_order(entry, order)
        if len(data) > room:
            where = struct.pack(order + offset, place + len(values))
            values += data + bytes(len(data) % 2)
        else:
            where = data.ljust(room, b"\0")
        table += struct.pack(order + "HH" + offset, tag, entry.kind, entry.count) + where
    return table + bytes(room) + values


def _in_order(entry: Entry, order: str) -> bytes:
    width = _WIDTHS.get(entry.kind, 1)
    if order == "<" or width == 1:
        return entry.data
    pieces = range(0, len(entry.data), width)
    return b"".join(entry.data[start : start + width][::-1] for start in pieces)


def header_bytes(first: int, order: str, big: bool) -> bytes:
    """The first bytes of a TIFF whose directory is at `first`."""
    mark = b"II" if order == "<" else b"MM"
    if big:
        return mark + struct.pack(order + "HHHQ", 43, 8, 0, first)
    return mark + struct.pack(order + "HI", 42, first)


def entries_of(layout: Layout) -> dict[int, Entry]:
    """The tags of a directory for a layout's picture alone, and of nothing else."""
    entries = {tag: e for tag, e in layout.entries.items() if tag in _OF_PIXELS | SHARED}
    places = (TILE_OFFSETS, TILE_COUNTS) if layout.tiled else (STRIP_OFFSETS, STRIP_COUNTS)
    entries |= {
        WIDTH: Entry.long(layout.width),
        HEIGHT: Entry.long(layout.height),
        places[0]: whole_numbers(layout.offsets, layout.big),
        places[1]: whole_numbers(layout.counts, layout.big),
    }
    if not layout.tiled:
        entries[STRIP_ROWS] = Entry.long(layout.block_height)
    extra = layout.samples - layout.colors
    if extra:  # as many as there are, or libtiff warns
        stated = [*layout.numbers(EXTRA_SAMPLES)[:extra]]
        stated += [0] * (extra - len(stated))
        entries[EXTRA_SAMPLES] = Entry(3, extra, struct.pack(f"<{extra}H", *stated))
    return entries


class PatchedFile(io.RawIOBase):
    """A TIFF file that has one picture of another file, under a directory of its own.

    The other file's bytes stay where they are; behind them come more bytes, and the directory.
    """

    def __init__(self, origin: Path | bytes, layout: Layout, behind: bytes = b"") -> None:
        super().__init__()
        self._file = opened(origin)
        length = self._file.seek(0, os.SEEK_END)
        behind += bytes((length + len(behind)) % 2)
        place = length + len(behind)
        tail = directory_bytes(entries_of(layout), place, layout.order, layout.big)
        self._head = header_bytes(place, layout.order, layout.big)
        self._tail = behind + tail
        self._length, self._position = length, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, as files do."""
        end = self._length + len(self._tail)
        self._position = offset + {0: 0, 1: self._position, 2: end}[whence]
        return self._position

    def tell(self) -> int:
        """The place."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into a buffer, at most as many as it holds."""
        view = memoryview(buffer).cast("B")
        piece = self._piece(len(view))
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _piece(self, size: int) -> bytes:
        start = self._position
        if start < len(self._head):
            return self._head[start : start + size]
        if start < self._length:
            self._file.seek(start)
            return self._file.read(min(size, self._length - start))
        return self._tail[start - self._length :][:size]

    def close(self) -> None:
        """Close the other file."""
        if not self.closed:
            self._file.close()
        super().close()


def patched_image(
    origin: Path | bytes, layout: Layout, behind: bytes = b"", **settings: Any
) -> Any:
    """A patched file as libvips reads it. behind: bytes that the layout has behind the file's.

    Whoever makes a region of the image keeps the image too: libvips calls its file.
    Raises struct.error where the file is too long for another directory.
    """
    file = PatchedFile(origin, layout, behind)
    source = pyvips.SourceCustom()
    source.on_read(file.read)
    source.on_seek(file.seek)
    return pyvips.Image.new_from_source(source, "", **settings)  # keeps the source


def segment_file(data: bytes, layout: Layout, rows: int) -> bytes:
    """A small TIFF whose only strip is one strip or tile of a picture.

    data: the bytes of the strip or tile. rows: how many of it.
    """
    samples = 1 if layout.planar else layout.samples
    entries = {tag: e for tag, e in layout.entries.items() if tag in _OF_PIXELS}
    for tag in (TILE_WIDTH, TILE_HEIGHT, PLANAR, *((EXTRA_SAMPLES,) if layout.planar else ())):
        entries.pop(tag, None)
    if layout.planar:
        entries[PHOTOMETRIC] = Entry.short(1)
        for tag in (BITS, SAMPLE_FORMAT):
            if tag in entries:
                entries[tag] = Entry.short(layout.number(tag, 1))
    elif layout.samples > layout.colors:
        entries[EXTRA_SAMPLES] = entries_of(layout)[EXTRA_SAMPLES]
    start = 16
    entries |= {
        WIDTH: Entry.long(layout.block_width),
        HEIGHT: Entry.long(rows),
        SAMPLES: Entry.short(samples),
        STRIP_ROWS: Entry.long(rows),
        STRIP_OFFSETS: whole_numbers([start], True),
        STRIP_COUNTS: whole_numbers([len(data)], True),
    }
    data += bytes(len(data) % 2)
    place = start + len(data)
    return (
        header_bytes(place, layout.order, True)
        + data
        + directory_bytes(entries, place, layout.order, True)
    )


def uncompressed_file(pixels: bytes, entries: Mapping[int, Entry]) -> bytes:
    """A little-endian BigTIFF of one uncompressed strip.

    entries: its tags, but for where the strip is.
    """
    start = 16
    entries = {tag: entry for tag, entry in entries.items() if tag not in _PLACES} | {
        COMPRESSION: Entry.short(NONE),
        STRIP_OFFSETS: whole_numbers([start], True),
        STRIP_COUNTS: whole_numbers([len(pixels)], True),
    }
    padding = bytes(len(pixels) % 2)
    place = start + len(pixels) + len(padding)
    tail = directory_bytes(entries, place, "<", True)
    return b"".join((header_bytes(place, "<", True), pixels, padding, tail))
