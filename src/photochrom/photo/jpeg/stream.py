"""The markers of a JPEG file, without decoding it: which segments, which scans, where they lie.

ITU-T T.81, annex B.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

SOI, EOI, SOS, DQT, DHT, DRI, DNL = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xDC
APP0, APP1, APP2, APP9, APP14, COM = 0xE0, 0xE1, 0xE2, 0xE9, 0xEE, 0xFE
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Start of frame: of every coding process."""

_NEXT_MARKER = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
"""Within coded data 0xFF is followed by 0 or is a restart marker."""
_ALONE = frozenset({0x01, SOI, *range(0xD0, 0xD8)})
"""Markers without a length."""


@dataclass(frozen=True)
class Piece:
    """A part of a JPEG file: a marker segment, coded data, or what follows the end of the image.

    marker: the second byte of the marker; None for coded data and for what follows the end.
    start, end: where it lies in the file, with the fill bytes before its marker.
    body: where its contents begin, behind marker and length.
    """

    marker: int | None
    start: int
    body: int
    end: int


class JpegStructureError(ValueError):
    """The bytes are no sequence of JPEG markers."""


def pieces(data: bytes) -> Iterator[Piece]:
    """The parts of a JPEG file in order; together they are the whole file.

    Raises JpegStructureError where markers do not follow each other up to the end of the image.
    """
    if data[:2] != b"\xff\xd8":
        raise JpegStructureError("it does not begin as a JPEG does")
    yield Piece(SOI, 0, 2, 2)
    place = 2
    while True:
        found = _NEXT_MARKER.match(data, place)
        if found is None:
            raise JpegStructureError(f"no marker at byte {place}")
        marker = data[found.end() - 1]
        if marker == EOI:
            yield Piece(EOI, place, found.end(), found.end())
            break
        body = end = found.end()
        if marker not in _ALONE:
            if body + 2 > len(data):
                raise JpegStructureError("it ends within a segment")
            body, end = body + 2, body + struct.unpack_from(">H", data, body)[0]
        if end > len(data) or end < body:
            raise JpegStructureError(f"the segment at byte {place} has no sound length")
        yield Piece(marker, place, body, end)
        place = end
        if marker == SOS:
            following = _NEXT_MARKER.search(data, place)
            if following is None:
                raise JpegStructureError("it ends within its coded data")
            yield Piece(None, place, place, following.start())
            place = following.start()
    if found.end() < len(data):
        yield Piece(None, found.end(), found.end(), len(data))


@dataclass(frozen=True)
class Frame:
    """The header of a frame.

    marker: 0xC0 for baseline, 0xC1 extended, 0xC2 progressive, ... precision: bits a sample.
    components: of each its number, its sampling factors as one byte, its quantisation table.
    """

    marker: int
    precision: int
    height: int
    width: int
    components: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, data: bytes, piece: Piece) -> Frame:
        """Read the header; raises JpegStructureError."""
        try:
            precision, height, width, count = struct.unpack_from(">BHHB", data, piece.body)
        except struct.error as error:
            raise JpegStructureError("its frame has no sound header") from error
        body = data[piece.body + 6 : piece.end]
        if len(body) != 3 * count:
            raise JpegStructureError("its frame has no sound header")
        components = tuple(struct.iter_unpack("BBB", body))
        return cls(data[piece.body - 3], precision, height, width, components)

    def segment(self) -> bytes:
        """The header as a marker segment."""
        body = struct.pack(">BHHB", self.precision, self.height, self.width, len(self.components))
        body += b"".join(bytes(component) for component in self.components)
        return segment(self.marker, body)


def segment(marker: int, body: bytes) -> bytes:
    """A marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def tables_defined(data: bytes, piece: Piece) -> list[int]:
    """The numbers of the tables that a DQT segment defines."""
    numbers, place = [], piece.body
    while place < piece.end:
        precision, number = divmod(data[place], 16)
        numbers.append(number)
        place += 1 + 64 * (1 + precision)
    return numbers
