"""The record in a reversible JPEG of the grey file that it was made of, and the way back.

Segments APP9 that begin with "Photochrom reversible": a list of parts of the colour file to copy
and of bytes to insert, which give the grey file, and its SHA-256. A scan of the colour file that
holds luma and chroma is rebuilt first: the chroma is taken out, and the codes of no colour are put
in its place. Then the list has parts of it too.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from photochrom.photo.jpeg import stream as jpeg_stream
from photochrom.photo.jpeg.exchange import exchanged
from photochrom.photo.jpeg.exchange_request import Codes, Exchange
from photochrom.photo.jpeg.markers import APP9, FRAMES, FrameHeader, JpegStructureError, segment
from photochrom.photo.jpeg.scans import AC_FIRST, ScanLayout, layouts
from photochrom.photo.jpeg.stream import Piece

_RECORD = b"Photochrom reversible\0"
_LONGEST = 65_533
"""Bytes that a segment holds."""
_PLAIN, _WITH_SCANS = 1, 2
"""Versions: the list has parts to copy and bytes to insert; scans are rebuilt too."""
_COPY, _INSERT, _REBUILD, _COPY_REBUILT = range(4)
"""Kinds of steps."""
_ROOM = 4
"""Times by which a rebuilt scan may be longer; it is shorter, but for tables made to be bad."""


class NotReversibleError(ValueError):
    """A JPEG cannot be coloured reversibly, or is not the result of that; says why."""


@dataclass(frozen=True)
class Copied:
    """A part of the colour file, without its record, that belongs to the grey one."""

    start: int
    length: int


@dataclass(frozen=True)
class Rebuilt:
    """A part of the rebuilt scans, one behind the other, that belongs to the grey file."""

    start: int
    length: int


@dataclass(frozen=True, eq=False)
class Rebuild:
    """A scan to be rebuilt.

    place: where its data begins in the colour file without its record. zeros: the blocks without
    colour that the grey file has in place of those of Cb and Cr.
    """

    place: int
    zeros: tuple[Codes, ...]


Step = Copied | Rebuilt | Rebuild | bytes
"""Bytes are inserted."""


def _packed(step: Step) -> bytes:
    if isinstance(step, Copied):
        return struct.pack(">BQQ", _COPY, step.start, step.length)
    if isinstance(step, Rebuilt):
        return struct.pack(">BQQ", _COPY_REBUILT, step.start, step.length)
    if isinstance(step, bytes):
        return struct.pack(">BQ", _INSERT, len(step)) + step
    packed = struct.pack(">BQB", _REBUILD, step.place, len(step.zeros))
    for zeros in step.zeros:
        packed += struct.pack(">IBB", zeros.bits[0], zeros.lengths[0], zeros.repeats)
    return packed


def record_segments(gray: bytes, steps: Sequence[Step]) -> bytes:
    """The segments that say how to get the grey file back; places count without them."""
    body = b"".join(_packed(step) for step in steps)
    version = _WITH_SCANS if any(isinstance(step, Rebuild) for step in steps) else _PLAIN
    whole = struct.pack(">BQ", version, len(gray)) + hashlib.sha256(gray).digest()
    whole += zlib.compress(body)
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
    if len(whole) < 41 or whole[0] not in (_PLAIN, _WITH_SCANS):
        raise changed
    (length,) = struct.unpack_from(">Q", whole, 1)
    if length > _ROOM * len(rest) + len(whole) * 1100:  # zlib expands by less than that
        raise changed
    try:
        steps = zlib.decompressobj().decompress(whole[41:], length + 100_000)
        gray = _assembled(steps, rest, length)
    except (zlib.error, struct.error, IndexError, ValueError) as error:
        raise changed from error
    if len(gray) != length or hashlib.sha256(gray).digest() != whole[9:41]:
        raise changed
    return gray


def _assembled(steps: bytes, rest: bytes, length: int) -> bytes:
    """The grey file; longer than `length` where the record is false, but not by much."""
    gray, rebuilt, place = bytearray(), bytearray(), 0
    scans = _Scans(rest)
    while place < len(steps) and len(gray) <= length:
        kind = steps[place]
        if kind in (_COPY, _COPY_REBUILT):
            start, count = struct.unpack_from(">QQ", steps, place + 1)
            gray += memoryview(rest if kind == _COPY else rebuilt)[start : start + count]
            place += 17
        elif kind == _INSERT:
            (count,) = struct.unpack_from(">Q", steps, place + 1)
            gray += steps[place + 9 : place + 9 + count]
            place += 9 + count
        else:
            start, count = struct.unpack_from(">QB", steps, place + 1)
            codes = struct.iter_unpack(">IBB", steps[place + 10 : place + 10 + 6 * count])
            rebuilt += scans.rebuilt(Rebuild(start, tuple(Codes.alike(*code) for code in codes)))
            place += 10 + 6 * count
    return bytes(gray)


class _Scans:
    """The scans of a colour file without its record."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._layouts: dict[int, ScanLayout] | None = None

    def rebuilt(self, step: Rebuild) -> bytes:
        """The data of a scan with the chroma of the grey file, each only once.

        Raises ValueError where there is no such scan.
        """
        if self._layouts is None:
            self._layouts = {layout.data.start: layout for layout in self._read()}
        layout = self._layouts.pop(step.place, None)
        if layout is None or layout.components != (0, 1, 2) or layout.coding >= AC_FIRST:
            raise ValueError("no scan of luma and chroma begins there")
        return rebuilt_scan(self._data, layout, step.zeros)

    def _read(self) -> list[ScanLayout]:
        parts = tuple(jpeg_stream.pieces(self._data))
        frame = next((part for part in parts if part.marker in FRAMES), None)
        if frame is None:
            raise ValueError("it has no frame")
        header = FrameHeader.of(self._data, frame.body - 4)
        return list(layouts(self._data, parts, header))


def rebuilt_scan(data: bytes, layout: ScanLayout, zeros: tuple[Codes, ...]) -> bytes:
    """The data of a scan with blocks without colour in place of its chroma.

    Raises ExchangeError where it is damaged.
    """
    room = _ROOM * (layout.data.end - layout.data.start)
    return exchanged(Exchange(data, layout, 1, False, zeros, room))
