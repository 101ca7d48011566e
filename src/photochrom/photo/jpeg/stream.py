"""A JPEG file taken apart, without decoding it: its segments and scans, byte for byte."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from photochrom.photo.jpeg.markers import ALONE, EOI, RESTARTS, SOI, SOS, JpegStructureError

_NEXT_MARKER = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
_CHUNK = 2**20
"""Bytes of coded data that are searched at once."""
_CODED = np.zeros(256, bool)
_CODED[[0, 0xFF, *RESTARTS]] = True
"""Bytes that may follow 0xFF within coded data, or in the fill bytes before a marker."""


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
            end = _end_of_coded(data, place)
            yield Piece(None, place, place, end)
            place = end
    if found.end() < len(data):
        yield Piece(None, found.end(), found.end(), len(data))


def _end_of_coded(data: bytes, start: int) -> int:
    """Where coded data ends, and the fill bytes of the next marker begin.

    Within coded data 0xFF is followed by 0 or is a restart marker. Raises JpegStructureError where
    no other marker follows.
    """
    every = np.frombuffer(data, np.uint8)
    for first in range(start, len(data) - 1, _CHUNK):
        part = every[first : first + _CHUNK + 1]
        places = np.flatnonzero(part[:-1] == 0xFF)
        codes = part[places + 1]
        markers = places[~_CODED[codes]]
        if len(markers):
            end = first + int(markers[0])
            while end > start and data[end - 1] == 0xFF:
                end -= 1
            return end
    raise JpegStructureError("it ends within its coded data")


def tables_defined(data: bytes, piece: Piece) -> list[int]:
    """The numbers of the tables that a DQT segment defines."""
    numbers, place = [], piece.body
    while place < piece.end:
        precision, number = divmod(data[place], 16)
        numbers.append(number)
        place += 1 + 64 * (1 + precision)
    return numbers
