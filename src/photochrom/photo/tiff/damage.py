"""Which pixels of a TIFF cannot be decoded: found strip by strip, counted, put into words.

libvips fills what it cannot decode with black, and logs it at most. It decodes tiles of JPEG
without heeding their decoder's warnings, and tiles of PackBits without libtiff's; and libtiff
compares no checksum of deflate. These three are checked here before the pixels are used, all others
where libvips reports an error.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from photochrom._system.vips import pyvips
from photochrom.errors import PhotoError
from photochrom.photo.file_access import opened
from photochrom.photo.jpeg.markers import header_of
from photochrom.photo.jpeg.structure import frame_of
from photochrom.photo.jpeg.walk import walk
from photochrom.photo.tiff.layout import (
    DEFLATE,
    FILL_ORDER,
    JPEG,
    JPEG_TABLES,
    LZW,
    NONE,
    PACK_BITS,
    YCBCR_SUBSAMPLING,
    Layout,
    Segment,
)
from photochrom.photo.tiff.tags import Entry
from photochrom.photo.tiff.view import segment_file

MOST_LOST = 0.05
"""The share of a picture's pixels that may be missing; with more lost, it is refused."""
MOST_TRIED = 20_000
"""Strips or tiles that are tried one by one, a millisecond each; with more, damage is refused."""
_FAX = frozenset({2, 3, 4})
_FAX_3, _FAX_3_OPTIONS = 3, 292
_FAX_TAGS = frozenset({_FAX_3_OPTIONS, FILL_ORDER})
_END_OF_LINE = "000000000001"
_BITS_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_STRICTLY = {NONE: "error", LZW: "error", 8: "error", 32946: "error"}
"""How libvips is to fail by compression; the others' decoders report lost pixels as warnings."""
_END_OF_JPEG = b"\xff\xd9"
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
    """The `fail_on` of libvips with which a directory of our own is read: all lost pixels count.

    What libtiff reports of a tile as an error, libvips takes for a warning.
    """
    return "warning" if layout.tiled else _STRICTLY.get(layout.compression, "warning")


def checked_beforehand(layout: Layout) -> bool:
    """Whether libvips would not notice damage."""
    tiled = {PACK_BITS} if layout.tiled else set()
    return layout.compression in DEFLATE | {JPEG} | tiled


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


def coded_segments(origin: Path | bytes, layout: Layout) -> Iterator[bytes]:
    """The bytes of every strip or tile."""
    with opened(origin) as file:
        for segment in layout.segments:
            file.seek(segment.offset)
            yield file.read(segment.count)


def find_lost(origin: Path | bytes, layout: Layout) -> list[Lost]:
    """Try every strip or tile alone."""
    find = partial(_lost_of, origin, layout)
    with ThreadPoolExecutor(_THREADS) as pool:
        return [lost for found in pool.map(find, layout.segments) for lost in found]


def _lost_of(origin: Path | bytes, layout: Layout, segment: Segment) -> list[Lost]:
    sound = 0
    if segment.count:
        with opened(origin) as file:
            sound = min(segment.rows, _sound_rows(file, layout, segment))
            if 0 < sound < segment.rows and _is_fax_of_lines(layout):
                file.seek(segment.offset)
                return _lost_fax_lines(file.read(segment.count), layout, segment)
    if sound == segment.rows:
        return []
    return [Lost(segment.top + sound, segment.rows - sound, segment.columns)]


def _is_fax_of_lines(layout: Layout) -> bool:
    """Whether each line is coded for itself, with a mark at its end."""
    return layout.compression == _FAX_3 and not layout.number(_FAX_3_OPTIONS, 0) & 1


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
        decodes = _decodes_as_jpeg(data, layout, segment)
        return _possible_rows(data, layout, stored) if decodes else 0
    if layout.compression == PACK_BITS and layout.tiled and _decodes(data, layout, stored + 1):
        return 0  # there is more than a tile, so it is not of this place
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


def _decodes_as_jpeg(data: bytes, layout: Layout, segment: Segment) -> bool:
    """Whether libjpeg decodes it without a warning; a missing mark of the end is none.

    The stream may be larger than its strip, and need not be subsampled as the directory has it.
    """
    frame = header_of(data)
    if frame is None or frame.width < segment.columns or frame.height < segment.rows:
        return False
    data = data.rstrip(b"\0").removesuffix(_END_OF_JPEG) + _END_OF_JPEG
    sampling = Entry(3, 2, struct.pack("<HH", *frame.sampling[0][::-1]))
    stream = replace(
        layout,
        entries={**layout.entries, YCBCR_SUBSAMPLING: sampling},
        block_width=frame.width,
        block_height=frame.height,
    )
    return _decodes(data, stream, frame.height)


def _possible_rows(data: bytes, layout: Layout, stored: int) -> int:
    """How many of the stored rows of a JPEG stream, from its top, have data that is possible.

    libjpeg takes codes that do not exist for zeros.
    """
    tables = layout.entries.get(JPEG_TABLES)
    stream = data if tables is None else tables.data[: -len(_END_OF_JPEG)] + data[2:]
    frame = frame_of(stream)
    found = None if frame is None else walk(stream, frame)
    return stored if found is None or found.sound else min(stored, found.row)


def _decodes(data: bytes, layout: Layout, rows: int) -> bool:
    """Whether libvips decodes the first rows of a strip or tile without an error or warning."""
    try:
        small = segment_file(data, layout, rows)
        level = _STRICTLY.get(layout.compression, "warning")  # of a strip, even where it was a tile
        settings = {"access": "sequential", "fail_on": level}
        pyvips.Image.tiffload_buffer(small, **settings).avg()
    except (pyvips.Error, struct.error):
        return False
    return True


def _decoded_rows(data: bytes, layout: Layout, segment: Segment) -> int:
    """How many rows, from the top, libvips decodes before it fails."""
    rows = layout.stored_rows(segment)
    if _decodes(data, layout, rows):
        return rows
    fails = partial(_fails, data, layout)
    return bisect_left(range(1, rows + 1), True, key=fails)


def _fails(data: bytes, layout: Layout, rows: int) -> bool:
    return not _decodes(data, layout, rows)


def _lost_fax_lines(data: bytes, layout: Layout, segment: Segment) -> list[Lost]:
    """The lines of a strip of one-dimensional fax that cannot be decoded, each for itself.

    Every line ends with a mark, behind which a decoder finds its way again. ITU-T T.4.
    """
    if layout.number(FILL_ORDER, 1) == 2:
        data = data.translate(_BITS_TURNED)
    lines = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}".split(_END_OF_LINE)[1:]
    lines = [line for line in lines if line.strip("0")][: segment.rows]
    plain = replace(
        layout, entries={tag: e for tag, e in layout.entries.items() if tag not in _FAX_TAGS}
    )
    lost = []
    for row in range(segment.rows):
        if row < len(lines):
            bits = _END_OF_LINE + lines[row] + _END_OF_LINE
            bits += "0" * (-len(bits) % 8)
            line = int(bits, 2).to_bytes(len(bits) // 8, "big")
        if row >= len(lines) or not _decodes(line, plain, 1):
            lost.append(Lost(segment.top + row, 1, segment.columns))
    return lost


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
