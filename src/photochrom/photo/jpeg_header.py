"""The beginning of a JPEG file: JFIF and EXIF, byte for byte as they are given.

libvips writes no JFIF, and would write EXIF anew and move what it says; but the notes of many
makers count places from the block's start, and say nothing any more where they were moved.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

LONGEST = 65_533
"""Bytes of EXIF that a segment holds."""
_START = b"\xff\xd8"
_JFIF, _EXIF = b"\xff\xe0", b"\xff\xe1"
_MOST = 65_535


def jfif(across: float, down: float, unit: int) -> bytes:
    """JFIF's segment; across, down: pixels an inch (unit 1) or a centimetre (2); 0: their ratio."""
    density = (min(_MOST, max(1, round(value))) for value in (across, down))
    return _JFIF + struct.pack(">H5sHBHHBB", 16, b"JFIF\0", 0x0102, unit, *density, 0, 0)


def as_segment(exif: bytes) -> bytes:
    """The segment of an EXIF block with its prefix, at most `LONGEST` bytes."""
    return _EXIF + struct.pack(">H", len(exif) + 2) + exif


def put_segments(file: BinaryIO, segments: bytes) -> None:
    """Put segments into a JPEG that begins `len(segments)` bytes after the file's beginning.

    Only its first two bytes move; no pixel is copied.
    """
    file.seek(0)
    file.write(_START + segments)
