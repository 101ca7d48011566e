"""The coded pixels in a WebP or HEIC, without its metadata.

WebP Container Specification (RFC 9649); ISO 14496-12, 8.1.1 (mdat).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_WEBP_HEAD = 12
_PIXELS = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_FRAME, _FRAME_HEAD = b"ANMF", 16
"""An animation's frame, and the bytes of its place and duration before its own chunks."""


def of_webp(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the pixels and the transparency of a WebP begin and end, each chunk."""
    at = _WEBP_HEAD
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name in _PIXELS:
            yield at + 8, min(at + 8 + size, len(data))
        at += 8 + (_FRAME_HEAD if name == _FRAME else size + size % 2)


def of_heic(data: bytes, *metadata: bytes | None) -> Iterator[bytes]:
    """The pictures of a HEIC, each box of data.

    metadata: what is known to lie among them.
    """
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        size = size or len(data) - at
        if size < head:
            return
        if name == b"mdat":
            coded = data[at + head : at + size]
            for block in metadata:
                coded = coded.replace(block, b"") if block else coded
            yield coded
        at += size
