"""WebP files: EXIF and XMP as they are given, and whether the pixels are compressed without loss.

libvips would write EXIF anew, and does not tell how the pixels are compressed.

WebP Container Specification (RFC 9649).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from photochrom.photo.file_access import opened
from photochrom.photo.formats import WEBP
from photochrom.photo.photo import Photo

_LOSSLESS, _FRAME = b"VP8L", b"ANMF"
_HEAD = 12
"""Bytes before the first chunk."""
_FLAGS = 20
"""Where the flags of the extended header are; what has a profile has this header."""
_EXIF_FLAG, _XMP_FLAG = 8, 4
_FRAME_HEAD = 16
"""Bytes of a frame's place and duration, before its own chunks."""


def is_lossless(photo: Photo) -> bool:
    """Whether a photo is a WebP without loss."""
    if photo.kind is not WEBP or not isinstance(photo.source, Path | bytes):
        return False
    with opened(photo.source) as file:
        return any(name == _LOSSLESS for name in _chunks(file))


def append_metadata(file: BinaryIO, exif: bytes | None, xmp: bytes | None) -> None:
    """Append EXIF and XMP to a WebP in the extended format that has neither."""
    file.seek(0, io.SEEK_END)
    flags = 0
    if exif is not None:
        file.write(_chunk(b"EXIF", exif.removeprefix(b"Exif\0\0")))
        flags |= _EXIF_FLAG
    if xmp is not None:
        file.write(_chunk(b"XMP ", xmp))
        flags |= _XMP_FLAG
    length = file.tell()
    file.seek(4)
    file.write(struct.pack("<I", length - 8))
    file.seek(_FLAGS)
    (before,) = file.read(1)
    file.seek(_FLAGS)
    file.write(bytes([before | flags]))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", name, len(data)) + data + bytes(len(data) % 2)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """The names of the chunks, those of animation frames among them."""
    file.seek(_HEAD)
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        yield name
        file.seek(_FRAME_HEAD if name == _FRAME else size + size % 2, 1)
