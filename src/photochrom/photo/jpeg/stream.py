"""A JPEG file taken apart, without decoding it: its segments and scans, byte for byte."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from photochrom.photo.jpeg.markers import ALONE, EOI, SOI, SOS, JpegStructureError

_NEXT_MARKER = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
"""Within coded data 0xFF is followed by 0 or is a restart marker."""
_BEHIND_DATA = re.compile(rb"(?<!\xff)" + _NEXT_MARKER.pattern)
"""Not tried from each byte of a run, which would take the square of its length."""


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
        if marker not in ALONE:
            if body + 2 > len(data):
                raise JpegStructureError("it ends within a segment")
            body, end = body + 2, body + struct.unpack_from(">H", data, body)[0]
        if end > len(data) or end < body:
            raise JpegStructureError(f"the segment at byte {place} has no sound length")
        yield Piece(marker, place, body, end)
        place = end
        if marker == SOS:
            following = _BEHIND_DATA.search(data, place)
            if following is None:
                raise JpegStructureError("it ends within its coded data")
            yield Piece(None, place, place, following.start())
            place = following.start()
    if found.end() < len(data):
        yield Piece(None, found.end(), found.end(), len(data))


def tables_defined(data: bytes, piece: Piece) -> list[int]:
    """The numbers of the tables that a DQT segment defines."""
    numbers, place = [], piece.body
    while place < piece.end:
        precision, number = divmod(data[place], 16)
        numbers.append(number)
        place += 1 + 64 * (1 + precision)
    return numbers
