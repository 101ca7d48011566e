"""Which pixels of a TIFF cannot be decoded: found strip by strip, counted, put into words.

libvips fills what it cannot decode with black, and logs it at most. It decodes tiles of JPEG
without heeding their decoder's warnings, and libtiff compares no checksum of deflate; these two are
checked here before the pixels are used, all others where libvips reports an error.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from photochrom._system.vips import pyvips
from photochrom.errors import PhotoError
from photochrom.photo.file_access import opened
from photochrom.photo.tiff_layout import DEFLATE, JPEG, JPEG_TABLES, LZW, NONE, Layout, Segment
from photochrom.photo.tiff_view import segment_file

MOST_LOST = 0.05
"""The share of a picture's pixels that may be missing; with more lost, it is refused."""
_FAX = frozenset({2, 3, 4})
_STRICTLY = {NONE: "error", LZW: "error", 8: "error", 32946: "error"}
"""How libvips is to fail by compression; the others' decoders report lost pixels as warnings."""
_PIECE = 1 << 20
_THREADS = 2
_MOST_NAMED = 3


@dataclass(frozen=True)
class Lost:
    """A piece of a picture that cannot be decoded, in pixels, as stored."""

    top: int
    rows: int
    columns: int


def fail_level(layout: Layout) -> str:
    """The `fail_on` of libvips with which a directory of our own is read: all lost pixels count."""
    return _STRICTLY.get(layout.compression, "warning")


def checked_beforehand(layout: Layout) -> bool:
    """Whether libvips would not notice damage."""
    return layout.compression in DEFLATE | {JPEG}


def missing_from_file(layout: Layout) -> list[Lost]:
    """What is known to be lost without decoding: strips, and uncompressed rows, not in the file."""
    lost = []
    for segment in layout.segments:
        rows = 0 if segment.count == 0 else segment.rows
        if layout.compression == NONE and layout.row_bytes:
            rows = min(rows, segment.count // layout.row_bytes)
        if rows < segment.rows:
            lost.append(Lost(segment.top + rows, segment.rows - rows, segment.columns))
    return lost


def find_lost(origin: Path | bytes, layout: Layout) -> list[Lost]:
    """Try every strip or tile alone."""
    find = partial(_lost_of, origin, layout)
    with ThreadPoolExecutor(_THREADS) as pool:
        return [lost for lost in pool.map(find, layout.segments) if lost is not None]


def _lost_of(origin: Path | bytes, layout: Layout, segment: Segment) -> Lost | None:
    sound = 0
    if segment.count:
        with opened(origin) as file:
            sound = min(segment.rows, _sound_rows(file, layout, segment))
    if sound == segment.rows:
        return None
    return Lost(segment.top + sound, segment.rows - sound, segment.columns)


def _sound_rows(file: BinaryIO, layout: Layout, segment: Segment) -> int:
    """How many rows of a strip or tile can be decoded, from its top.

    Where a decoder fails within the data, what came before may be wrong as well; so only data that
    ends too early, and fax, whose rows are checked one by one, count in part.
    """
    stored = layout.stored_rows(segment)
    if layout.compression == NONE and layout.row_bytes:
        return segment.count // layout.row_bytes
    if layout.compression in DEFLATE:
        return _inflated(file, layout, segment)
    file.seek(segment.offset)
    data = file.read(segment.count)
    if layout.compression == JPEG:
        return stored if _is_sound_jpeg(data, layout, segment) else 0
    rows = _decoded_rows(data, layout, segment)
    partly = segment.cut or layout.compression in _FAX
    return rows if partly or rows == stored else 0


def _inflated(file: BinaryIO, layout: Layout, segment: Segment) -> int:
    """Rows that zlib gives; none where its checksum, or anything before it, is wrong."""
    stored = layout.stored_rows(segment)
    row = layout.row_bytes
    inflater, left, size = zlib.decompressobj(), segment.count, 0
    file.seek(segment.offset)
    try:
        while left > 0 and not inflater.eof:
            data = file.read(min(_PIECE, left))
            left -= _PIECE
            size += _length_inflated(inflater, data)
    except zlib.error:
        return 0
    return min(stored, size // row) if row else stored


def _length_inflated(inflater: zlib._Decompress, data: bytes) -> int:
    """Bytes that more data gives, a piece at a time."""
    size, piece = 0, _PIECE
    while not inflater.eof and (data or piece == _PIECE):
        piece = len(inflater.decompress(data, _PIECE))
        size += piece
        data = inflater.unconsumed_tail
    return size


def _is_sound_jpeg(data: bytes, layout: Layout, segment: Segment) -> bool:
    """Whether libjpeg decodes it without a warning; a missing mark of the end is none."""
    tables = layout.entries.get(JPEG_TABLES)
    if tables is not None and len(tables.data) > 4:
        data = data[:2] + tables.data[2:-2] + data[2:]
    if data.rstrip(b"\0")[-2:] != b"\xff\xd9":
        data += b"\xff\xd9"
    try:
        image = pyvips.Image.jpegload_buffer(data, access="sequential", fail_on="warning")
        image.avg()
    except pyvips.Error:
        return False
    return image.width >= segment.columns and image.height >= segment.rows


def _decoded_rows(data: bytes, layout: Layout, segment: Segment) -> int:
    """Rows that libvips decodes before it fails."""
    sound = 0
    try:
        small = segment_file(data, layout, segment)
        image = pyvips.Image.tiffload_buffer(small, access="sequential", fail_on=fail_level(layout))
        region = pyvips.Region.new(image)
        for sound in range(image.height):
            region.fetch(0, sound, image.width, 1)
    except (pyvips.Error, struct.error):
        return sound
    return image.height


def note_of(lost: Iterable[Lost], layout: Layout, name: str) -> str | None:
    """What is lost, as a line for the photo's notes; None where nothing is.

    Raises PhotoError where that is more than `MOST_LOST` of the picture.
    """
    lost = list(lost)
    if not lost:
        return None
    pixels = sum(piece.rows * piece.columns for piece in lost)
    planes = layout.samples if layout.planar else 1
    share = pixels / (layout.width * layout.height * planes)
    spans = _spans(lost)
    rows = sum(end - start for start, end in spans)
    if share > MOST_LOST:
        raise PhotoError(
            name,
            f"damaged, {rows} of its {layout.height} rows cannot be decoded",
            "copy it again from its source",
        )
    parts = "" if all(piece.columns == layout.width for piece in lost) else "parts of "
    return f"damaged: {parts}{_in_words(spans)} of {layout.height} cannot be decoded"


def _spans(lost: list[Lost]) -> list[tuple[int, int]]:
    """The rows of all pieces, joined where they touch."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted((piece.top, piece.top + piece.rows) for piece in lost):
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return spans


def _in_words(spans: list[tuple[int, int]]) -> str:
    """Rows counted from 1."""
    named = [
        f"row {start + 1}" if end == start + 1 else f"rows {start + 1} to {end}"
        for start, end in spans[:_MOST_NAMED]
    ]
    more = sum(end - start for start, end in spans[_MOST_NAMED:])
    return ", ".join(named) + (f" and {more} more" if more else "")
