"""Boxes of metadata in JPEG 2000 files: resolution, EXIF, XMP, IPTC, Photoshop's resources.

ISO 15444-1, annex I: I.5.3.7 (resolution), I.7.2 (UUID boxes). The UUIDs are those that exiftool
reads and writes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_SIGNATURE = b"jP  "
_HEADER, _RESOLUTION = b"jp2h", b"res "
_CAPTURE, _DISPLAY = b"resc", b"resd"
_COLOR, _UUID = b"colr", b"uuid"
_SUPERBOXES = frozenset({_HEADER, _RESOLUTION})
_UUIDS = {
    b"JpgTiffExif->JP2": "exif",
    bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"): "exif",
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): "iptc",
    bytes.fromhex("09a14e97c0b442e0bebf36df6f0ce36f"): "iptc",
    bytes.fromhex("2c4c0100850440b9a03e562148d6dfeb"): "photoshop",
}
"""What each UUID announces; the first of a kind is the one to write."""
_EXIF_PREFIX = b"Exif\0\0"


@dataclass
class Jp2Metadata:
    """The metadata of a JPEG 2000 file; resolution: pixels a metre, across and down.

    icc: is read alone; what is written is sRGB.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    photoshop: bytes | None = None
    icc: bytes | None = None
    resolution: tuple[float, float] | None = None


def read_metadata(data: bytes) -> Jp2Metadata:
    """The metadata of a JP2 file, as far as it is sound; none of a bare codestream."""
    metadata = Jp2Metadata()
    if data[4:8] != _SIGNATURE:
        return metadata
    displayed = None
    for name, body in _boxes(data, 0, len(data)):
        if name == _UUID and (kind := _UUIDS.get(body[:16])):
            if getattr(metadata, kind) is None:
                setattr(metadata, kind, body[16:].removeprefix(_EXIF_PREFIX) or None)
        elif name == _COLOR and body[:1] == b"\x02":
            metadata.icc = metadata.icc or body[3:]
        elif name == _CAPTURE:
            metadata.resolution = _resolution(body)
        elif name == _DISPLAY:
            displayed = _resolution(body)
    metadata.resolution = metadata.resolution or displayed
    return metadata


def with_metadata(data: bytes, metadata: Jp2Metadata) -> bytes:
    """A JP2 file with metadata behind the pixels, and the resolution in its header."""
    if metadata.resolution is not None:
        data = _with_resolution(data, metadata.resolution)
    kinds = {kind: uuid for uuid, kind in reversed(_UUIDS.items())}
    for kind in ("exif", "xmp", "iptc", "photoshop"):
        body = getattr(metadata, kind)
        if body is not None:
            data += _box(_UUID, kinds[kind] + body.removeprefix(_EXIF_PREFIX))
    return data


def _with_resolution(data: bytes, resolution: tuple[float, float]) -> bytes:
    """The header box is longer by the new one; of what follows nothing counts places."""
    start = 0
    while start + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, start)
        if name == _HEADER:
            body = data[start + 8 : start + size] + _resolution_box(resolution)
            return data[:start] + _box(_HEADER, body) + data[start + size :]
        if size < 8:
            break
        start += size
    return data


def _resolution_box(resolution: tuple[float, float]) -> bytes:
    """Of the scan, and for those who look for it, of the screen."""
    across, down = (_fraction(value) for value in resolution)
    body = struct.pack(">HHHHbb", *down[:2], *across[:2], down[2], across[2])
    return _box(_RESOLUTION, _box(_CAPTURE, body) + _box(_DISPLAY, body))


def _fraction(value: float) -> tuple[int, int, int]:
    """Numerator, denominator and power of ten, each as wide as its field; of a centimetre where
    its number fits.
    """
    power = 2
    value /= 10**power
    while value >= _MOST:
        value, power = value / 10, power + 1
    nearest = Fraction(value).limit_denominator(int(_MOST / max(value, 1)))
    return max(1, nearest.numerator), nearest.denominator, power


_MOST = 65_535
"""Of a numerator or denominator."""


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def _resolution(body: bytes) -> tuple[float, float] | None:
    """Numerator and denominator of the height's and the width's, then their powers of ten."""
    try:
        above, below, over, under, down, across = struct.unpack(">HHHHbb", body[:10])
        height, width = above / below * 10.0**down, over / under * 10.0**across
    except (struct.error, ZeroDivisionError):
        return None
    return (width, height) if width and height else None


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    while start + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        size = size or end - start
        if size < head or start + size > end:
            return
        if name in _SUPERBOXES:
            yield from _boxes(data, start + head, start + size)
        else:
            yield name, data[start + head : start + size]
        start += size
