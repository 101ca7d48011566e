"""Comments and XMP in GIF files.

GIF89a, 24 (comment extension) and 26 (application extension); XMP specification, part 3, 1.1.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

_HEADS = (b"GIF87a", b"GIF89a")
_EXTENSION, _IMAGE, _TRAILER = b"\x21", b"\x2c", b"\x3b"
_COMMENT, _APPLICATION = b"\xfe", b"\xff"
_XMP = b"\x0bXMP DataXMP"
_MAGIC = b"\x01" + bytes(range(255, -1, -1))
"""Behind the packet, which is not cut into blocks: wherever a reader of blocks is, it finds the
end."""
_LONGEST = 64 << 20
"""Bytes of XMP; more is meant to exhaust memory."""


@dataclass
class GifMetadata:
    """The metadata of a GIF that libvips does not read."""

    comments: list[bytes] = field(default_factory=list)
    xmp: bytes | None = None


def read_metadata(file: BinaryIO) -> GifMetadata:
    """The metadata of a GIF, as far as it is sound."""
    metadata = GifMetadata()
    if not _past_head(file):
        return metadata
    while (kind := file.read(1)) in (_EXTENSION, _IMAGE):
        if kind == _IMAGE:
            flags = file.read(9)[8:]
            file.seek(_table(flags) + 1, 1)
            _skip_blocks(file)
            continue
        label = file.read(1)
        if label == _COMMENT:
            metadata.comments.append(b"".join(_blocks(file)))
        elif label == _APPLICATION and (name := file.read(12)) == _XMP:
            metadata.xmp = _packet(file)
        elif label == _APPLICATION and name:
            file.seek(name[0] - 11, 1)
            _skip_blocks(file)
        else:
            _skip_blocks(file)
    return metadata


def head_length(start: bytes) -> int:
    """Bytes of a GIF before its first extension or picture; start: its first 13."""
    return 13 + _table(start[10:11])


def comment_extension(comment: bytes) -> bytes:
    """The extension of a comment."""
    parts = [comment[start : start + 255] for start in range(0, len(comment), 255)]
    blocks = b"".join(bytes([len(part)]) + part for part in parts)
    return _EXTENSION + _COMMENT + blocks + b"\0"


def xmp_extension(xmp: bytes) -> bytes:
    """The extension of an XMP packet in UTF-8."""
    return _EXTENSION + _APPLICATION + _XMP + xmp + _MAGIC + b"\0"


def _past_head(file: BinaryIO) -> bool:
    start = file.read(13)
    if start[:6] not in _HEADS or len(start) < 13:
        return False
    file.seek(head_length(start))
    return True


def _table(flags: bytes) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while (size := file.read(1)) and size != b"\0":
        yield file.read(size[0])


def _skip_blocks(file: BinaryIO) -> None:
    while (size := file.read(1)) and size != b"\0":
        file.seek(size[0], 1)


def _packet(file: BinaryIO) -> bytes | None:
    """The packet, whose bytes pass for lengths of blocks to other readers."""
    start = file.tell()
    _skip_blocks(file)
    length = file.tell() - start - len(_MAGIC) - 1
    if not 0 < length <= _LONGEST:
        return None
    file.seek(start)
    packet = file.read(length)
    end = file.read(len(_MAGIC) + 1)
    return packet if end == _MAGIC + b"\0" else None
