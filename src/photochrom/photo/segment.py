"""EXIF in a JPEG file byte for byte as it is given.

libvips would write it anew and move what it says; but the notes of many makers count places from
the block's start, and say nothing any more where they were moved.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

LONGEST = 65_533
"""Bytes of EXIF that a segment holds."""
_HEAD, _JFIF = 2, b"\xff\xe0"


def as_segment(exif: bytes) -> bytes:
    """The segment of an EXIF block with its prefix, at most `LONGEST` bytes."""
    return b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif


def put_segment(file: BinaryIO, segment: bytes) -> None:
    """Put a segment into a JPEG that begins `len(segment)` bytes after the file's beginning.

    Its head, with JFIF's segment where there is one, moves to the beginning, the segment behind it:
    no pixel is copied.
    """
    file.seek(len(segment))
    found = file.read(_HEAD + 4)
    size = _HEAD
    if found[_HEAD : _HEAD + 2] == _JFIF:
        size += 2 + struct.unpack(">H", found[_HEAD + 2 :])[0]
    file.seek(len(segment))
    head = file.read(size)
    file.seek(0)
    file.write(head + segment)
