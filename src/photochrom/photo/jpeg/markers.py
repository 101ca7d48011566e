"""The markers of a JPEG: their codes, the segments behind them, the frame's header.

ITU-T T.81, annex B.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SOI, EOI, SOS, DQT, DHT, DRI, DNL = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xDC
APP0, APP1, APP2, APP9, APP14, COM = 0xE0, 0xE1, 0xE2, 0xE9, 0xEE, 0xFE
APPS = frozenset(range(0xE0, 0xF0))
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start of frame: of every coding process."""
RESTARTS = frozenset(range(0xD0, 0xD8))
ALONE = frozenset({0x01, SOI, *RESTARTS})
"""Markers without a length; so is EOI."""
BETWEEN_SCANS = frozenset({SOS, DQT, DHT, DRI, DNL, COM}) | APPS
"""Segments that may stand between two scans, and behind the last."""
PROGRESSIVE = 0xC2
SEQUENTIAL = frozenset({0xC0, 0xC1})
"""Baseline and extended, coded by Huffman's method."""
END = b"\xff\xd9"
"""The marker at the end of a picture (EOI)."""


class JpegStructureError(ValueError):
    """The bytes are no sequence of JPEG markers."""


@dataclass(frozen=True)
class FrameHeader:
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
    def of(cls, data: bytes | bytearray, place: int) -> FrameHeader:
        """Read the header whose marker stands at a place; raises JpegStructureError."""
        try:
            marker, length, precision, height, width, count = struct.unpack_from(
                ">xBHBHHB", data, place
            )
        except struct.error as error:
            raise JpegStructureError("its frame has no sound header") from error
        body = data[place + 10 : place + 2 + length]
        if not count or len(body) != 3 * count or length != 8 + 3 * count:
            raise JpegStructureError("its frame has no sound header")
        return cls(marker, precision, height, width, tuple(struct.iter_unpack("BBB", body)))

    @property
    def sampling(self) -> tuple[tuple[int, int], ...]:
        """The factors down and across of each component."""
        return tuple((factors & 15, factors >> 4) for _, factors, _ in self.components)

    @property
    def ordinary(self) -> bool:
        """Whether every libjpeg reads it: 8 bit, neither lossless nor arithmetic."""
        return self.marker in SEQUENTIAL | {PROGRESSIVE} and self.precision == 8

    def segment(self) -> bytes:
        """The header as a marker segment."""
        body = struct.pack(">BHHB", self.precision, self.height, self.width, len(self.components))
        body += b"".join(bytes(component) for component in self.components)
        return segment(self.marker, body)


def header_of(data: bytes | bytearray) -> FrameHeader | None:
    """The first frame header of a stream; None where there is none, or where it is damaged."""
    if data[:2] != bytes((0xFF, SOI)):
        return None
    for code, place, _ in segments(data):
        if code in FRAMES:
            try:
                return FrameHeader.of(data, place)
            except JpegStructureError:
                return None
    return None


def segments(data: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """The code, offset and length of every segment up to the first scan's header."""
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            place += 1  # decoders skip what is no marker
        elif data[place + 1] in ALONE or data[place + 1] in (0xFF, 0x00):
            place += 1 if data[place + 1] == 0xFF else 2
        else:
            length = number(data, place + 2)
            yield data[place + 1], place, length
            if data[place + 1] in (SOS, EOI) or length < 2:
                return
            place += 2 + length


def segment(marker: int, body: bytes) -> bytes:
    """A marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def number(data: bytes | bytearray, place: int) -> int:
    """Two bytes as a number."""
    return int.from_bytes(data[place : place + 2], "big")
