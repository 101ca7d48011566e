"""The beginning of a JPEG file: its segments of metadata, byte for byte as they are given.

libvips writes no JFIF and no comments, leaves long XMP out, and would write EXIF anew and move what
it says; but the notes of many makers count places from the block's start, and say nothing any more
where they were moved. It reads one segment of each kind, where long blocks take several.

XMP specification, part 3, 1.1.3: XMP that is too long for a segment is extended by others, which
are joined by a digest and by their places in the whole.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from photochrom.photo.metadata.iptc import PREFIX as PHOTOSHOP_PREFIX
from photochrom.photo.metadata.xmp import Packet

LONGEST = 65_533
"""Bytes that a segment holds."""
_START = b"\xff\xd8"
HEAD = len(_START)
"""Bytes before the first segment."""
_JFIF, _APP1, _APP13, _COMMENT = 0xE0, 0xE1, 0xED, 0xFE
_XMP, _EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_EXTENDED_BY = "xmpNote:HasExtendedXMP"
_GUID = 32
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_END, _SCAN = 0xD9, 0xDA
_MOST = 65_535
_LONGEST_EXTENSION = 64 << 20
"""Bytes of XMP in all; more is meant to exhaust memory."""


@dataclass
class JpegMetadata:
    """The metadata of a JPEG that libvips does not read, or not whole.

    complete: whether the extension of its XMP, where it has one, could be read.
    """

    comments: list[bytes] = field(default_factory=list)
    xmp: bytes | None = None
    photoshop: bytes = b""
    complete: bool = True


def read_metadata(file: BinaryIO) -> JpegMetadata:
    """The metadata of a JPEG up to its first scan, as far as it is sound."""
    metadata, extensions = JpegMetadata(), list[bytes]()
    for marker, data in _segments(file):
        if marker == _COMMENT:
            metadata.comments.append(data)
        elif marker == _APP1 and data.startswith(_XMP):
            metadata.xmp = metadata.xmp or data[len(_XMP) :]
        elif marker == _APP1 and data.startswith(_EXTENSION):
            extensions.append(data[len(_EXTENSION) :])
        elif marker == _APP13 and data.startswith(PHOTOSHOP_PREFIX):
            metadata.photoshop += data[len(PHOTOSHOP_PREFIX) :]
    if metadata.xmp is not None:
        _extend(metadata, extensions)
    return metadata


def jfif(across: float, down: float, unit: int) -> bytes:
    """JFIF's segment; across, down: pixels an inch (unit 1) or a centimetre (2); 0: their ratio."""
    density = (min(_MOST, max(1, round(value))) for value in (across, down))
    return _segment(_JFIF, struct.pack(">5sHBHHBB", b"JFIF\0", 0x0102, unit, *density, 0, 0))


def exif_segment(exif: bytes) -> bytes:
    """The segment of an EXIF block with its prefix, at most `LONGEST` bytes."""
    return _segment(_APP1, exif)


def xmp_segments(xmp: bytes) -> bytes | None:
    """The segments of XMP, with extensions for a long one; None for one that cannot be divided."""
    if len(xmp) <= _LONGEST_XMP:
        return _segment(_APP1, _XMP + xmp)
    packet = Packet.parse(xmp)
    if packet is None:
        return None
    packet.remove(_EXTENDED_BY)
    rest = packet.split(_LONGEST_XMP - _NOTE)
    if rest is None:
        return None
    extension = rest.to_bytes(wrapped=False)
    guid = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()
    packet.add(_EXTENDED_BY, guid)
    segments = _segment(_APP1, _XMP + packet.to_bytes())
    head = _EXTENSION + guid.encode()
    room = LONGEST - len(head) - 8
    for start in range(0, len(extension), room):
        place = struct.pack(">II", len(extension), start)
        segments += _segment(_APP1, head + place + extension[start : start + room])
    return segments


_LONGEST_XMP = LONGEST - len(_XMP)
_NOTE = 200
"""At most so many bytes longer is a packet that names its extension."""


def photoshop_segments(block: bytes) -> bytes:
    """The segments of Photoshop's resources; a long block goes on in the next."""
    resources = block.removeprefix(PHOTOSHOP_PREFIX)
    room = LONGEST - len(PHOTOSHOP_PREFIX)
    parts = [resources[start : start + room] for start in range(0, len(resources), room)]
    return b"".join(_segment(_APP13, PHOTOSHOP_PREFIX + part) for part in parts)


def comment_segments(comment: bytes) -> bytes:
    """The segments of a comment; a long one goes on in the next."""
    parts = [comment[start : start + LONGEST] for start in range(0, len(comment), LONGEST)]
    return b"".join(_segment(_COMMENT, part) for part in parts)


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Marker and data of the segments before the first scan."""
    if file.read(len(_START)) != _START:
        return
    while (byte := file.read(1)) == b"\xff":
        while byte == b"\xff":  # any number of them may fill
            byte = file.read(1)
        if not byte or byte[0] in (_END, _SCAN):
            return
        if byte[0] in _BARE:
            continue
        head = file.read(2)
        size = struct.unpack(">H", head)[0] - 2 if len(head) == 2 else -1
        if size < 0:
            return
        data = file.read(size)
        if len(data) < size:
            return
        yield byte[0], data


def _extend(metadata: JpegMetadata, extensions: list[bytes]) -> None:
    """Join the main packet with the extensions that its digest names."""
    assert metadata.xmp is not None
    packet = Packet.parse(metadata.xmp)
    guid = None if packet is None else packet.text(_EXTENDED_BY)
    if packet is None or guid is None:
        metadata.complete = not extensions
        return
    whole = _joined(extensions, guid.encode("ascii", "replace"))
    extension = None if whole is None else Packet.parse(whole)
    metadata.complete = extension is not None
    packet.remove(_EXTENDED_BY)
    if extension is not None:
        packet.join(extension)
    metadata.xmp = packet.to_bytes()


def _joined(extensions: list[bytes], guid: bytes) -> bytes | None:
    """The extension of a digest; None where a part of it is missing."""
    parts: dict[int, bytes] = {}
    length = None
    for part in extensions:
        if part[:_GUID] == guid and len(part) >= _GUID + 8:
            length, start = struct.unpack_from(">II", part, _GUID)
            parts[start] = part[_GUID + 8 :]
    whole = b""
    for start in sorted(parts):
        if start != len(whole):
            return None
        whole += parts[start]
    return whole if len(whole) == length and len(whole) <= _LONGEST_EXTENSION else None
