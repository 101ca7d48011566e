"""The record in a reversible JPEG of the grey file that it was made of, and the way back.

Segments APP9 that begin with "Photochrom reversible": a list of parts of the colour file to copy
and of bytes to insert, which give the grey file, and its SHA-256.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

from photochrom.photo.jpeg import stream as jpeg_stream
from photochrom.photo.jpeg.markers import APP9, JpegStructureError, segment
from photochrom.photo.jpeg.stream import Piece

_RECORD = b"Photochrom reversible\0"
_LONGEST = 65_533
"""Bytes that a segment holds."""


class NotReversibleError(ValueError):
    """A JPEG cannot be coloured reversibly, or is not the result of that; says why."""


def record_segments(gray: bytes, steps: list[tuple[int, int] | bytes]) -> bytes:
    """The segments that say how to get the grey file back; places count without them."""
    body = b""
    for step in steps:
        if isinstance(step, tuple):
            body += struct.pack(">BQQ", 0, *step)
        else:
            body += struct.pack(">BQ", 1, len(step)) + step
    whole = struct.pack(">BQ", 1, len(gray)) + hashlib.sha256(gray).digest() + zlib.compress(body)
    room = _LONGEST - len(_RECORD) - 2
    chunks = [whole[start : start + room] for start in range(0, len(whole), room)]
    if len(chunks) > 255:
        raise NotReversibleError("too much of its header would have to be kept")
    return b"".join(
        segment(APP9, _RECORD + bytes([number + 1, len(chunks)]) + chunk)
        for number, chunk in enumerate(chunks)
    )


def record_of(data: bytes, parts: tuple[Piece, ...]) -> tuple[bytes, bytes] | None:
    """The record of a colour file, and the file without it; None where it has none."""
    found = {}
    rest, place = b"", 0
    for part in parts:
        body = data[part.body : part.end] if part.marker == APP9 else b""
        if body.startswith(_RECORD) and len(body) > len(_RECORD) + 2:
            found[body[len(_RECORD)]] = body[len(_RECORD) + 2 :]
            count = body[len(_RECORD) + 1]
            rest, place = rest + data[place : part.start], part.end
    if not found:
        return None
    if sorted(found) != list(range(1, count + 1)):
        raise NotReversibleError("its record of the grey file is not whole")
    return b"".join(found[number] for number in sorted(found)), rest + data[place:]


def original(data: bytes) -> bytes:
    """The grey file that a reversible result was made of, byte for byte.

    Raises NotReversibleError for any other file, and where it was changed since.
    """
    try:
        parts = tuple(jpeg_stream.pieces(data))
    except JpegStructureError as error:
        raise NotReversibleError(f"its structure is damaged: {error}") from error
    record = record_of(data, parts)
    if record is None:
        raise NotReversibleError("it is no reversible result")
    whole, rest = record
    changed = NotReversibleError("it was changed since it was coloured")
    if len(whole) < 41 or whole[0] != 1:
        raise changed
    (length,) = struct.unpack_from(">Q", whole, 1)
    if length > len(rest) + len(whole) * 1100:  # zlib expands by less than that
        raise changed
    try:
        steps = zlib.decompressobj().decompress(whole[41:], length + 100_000)
        gray = _assembled(steps, rest, length)
    except (zlib.error, struct.error, IndexError) as error:
        raise changed from error
    if len(gray) != length or hashlib.sha256(gray).digest() != whole[9:41]:
        raise changed
    return gray


def _assembled(steps: bytes, rest: bytes, length: int) -> bytes:
    """The grey file; longer than `length` where the record is false, but not by much."""
    gray, place = bytearray(), 0
    while place < len(steps) and len(gray) <= length:
        if steps[place] == 0:
            start, count = struct.unpack_from(">QQ", steps, place + 1)
            gray += memoryview(rest)[start : start + count]
            place += 17
        else:
            (count,) = struct.unpack_from(">Q", steps, place + 1)
            gray += steps[place + 9 : place + 9 + count]
            place += 9 + count
    return bytes(gray)
