"""Give a grey JPEG colour without touching its lightness, and take the colour away again.

A grey JPEG's scans hold the blocks of one component in rows. That is also the order of a scan of
one component of a colour JPEG. So the coded data of the grey file become, byte for byte, the luma
of a colour file; scans of two chroma components of half the size follow. What had to be changed in
the headers, and how the grey file looked, stands in segments of the file itself (APP9,
"Photochrom"): a list of parts to copy and of bytes to insert, and the SHA-256 of the grey file. So
the grey file comes back byte for byte.

ITU-T T.81, A.2.2 (order of blocks in a scan of one component), B.2 (segments).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from photochrom.photo.jpeg import stream as jpeg_stream
from photochrom.photo.jpeg.markers import (
    APP1,
    APP2,
    APP14,
    APPS,
    COM,
    DHT,
    DNL,
    DQT,
    DRI,
    EOI,
    FRAMES,
    SOI,
    SOS,
    FrameHeader,
    JpegStructureError,
    segment,
)
from photochrom.photo.jpeg.record import NotReversibleError, record_of, record_segments
from photochrom.photo.jpeg.stream import Piece

_ADOBE, _EXIF, _ICC, _MPF = b"Adobe", b"Exif\0\0", b"ICC_PROFILE\0", b"MPF\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_LONGEST = 65_533
"""Bytes that a segment holds."""
_LONGEST_ICC = 65_519
_PROCESSES = {
    0xC3: "it is coded without loss",
    **dict.fromkeys((0xC9, 0xCA, 0xCB), "it has arithmetic coding"),
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "it is hierarchical"),
}
_BEFORE_TABLES = APPS | {SOI, COM}
_CHROMA = ((2, 0x11), (3, 0x11))
_LUMA = (1, 0x22)


@dataclass(frozen=True)
class GrayJpeg:
    """A grey JPEG whose coded data can become the luma of a colour JPEG."""

    data: bytes
    parts: tuple[Piece, ...]
    frame: FrameHeader

    @classmethod
    def of(cls, data: bytes) -> GrayJpeg:
        """Look at a file's markers; raises NotReversibleError for what cannot be done."""
        try:
            parts = tuple(jpeg_stream.pieces(data))
            headers = [part for part in parts if part.marker in FRAMES]
            if len(headers) != 1:
                raise NotReversibleError(f"it has {len(headers)} frames")
            frame = FrameHeader.of(data, headers[0].body - 4)
        except JpegStructureError as error:
            raise NotReversibleError(f"its structure is damaged: {error}") from error
        if frame.marker in _PROCESSES:
            raise NotReversibleError(_PROCESSES[frame.marker])
        if frame.precision != 8:
            raise NotReversibleError(f"it has {frame.precision} bits a sample")
        if len(frame.components) != 1:
            raise NotReversibleError(f"it has {len(frame.components)} components, not grey alone")
        if frame.height == 0 or any(part.marker == DNL for part in parts):
            raise NotReversibleError("its height stands behind its pixels")
        scans = [index for index, part in enumerate(parts) if part.marker == SOS]
        if not scans or parts.index(headers[0]) > scans[0]:
            raise NotReversibleError("it has no pixels")
        if any(part.marker == DQT for part in parts[scans[0] :]):
            raise NotReversibleError("its quantisation tables change between its scans")
        if any(data[parts[index].body] != 1 for index in scans):
            raise NotReversibleError("its scans are damaged")
        if record_of(data, parts) is not None:
            raise NotReversibleError("it is a result of this already")
        return cls(data, parts, frame)

    @property
    def progressive(self) -> bool:
        """Whether its scans are those of the progressive process."""
        return self.frame.marker == 0xC2

    @property
    def chroma_size(self) -> tuple[int, int]:
        """Height and width of the chroma planes: half, rounded up."""
        return -(-self.frame.height // 2), -(-self.frame.width // 2)


@dataclass(frozen=True)
class Replacements:
    """What the colour file says beside its pixels in another way than the grey one.

    xmp: the whole packet, None to keep the grey file's. icc: a profile in place of the grey one,
    None to keep what there is.
    """

    xmp: bytes | None = None
    icc: bytes | None = None


class _Writer:
    """Writes the colour file from the grey one, and notes how to get back."""

    def __init__(self, gray: bytes) -> None:
        self.gray = gray
        self.colored = bytearray()
        self.steps: list[tuple[int, int] | bytes] = []  # (place, length) in the colour file

    def copy(self, start: int, end: int) -> None:
        """Copy bytes of the grey file."""
        place = len(self.colored)
        self.colored += memoryview(self.gray)[start:end]
        last = self.steps[-1] if self.steps else None
        if isinstance(last, tuple) and sum(last) == place:
            self.steps[-1] = (last[0], last[1] + end - start)
        elif end > start:
            self.steps.append((place, end - start))

    def replace(self, start: int, end: int, by: bytes) -> None:
        """Write other bytes in place of some of the grey file."""
        self.colored += by
        if end > start:
            self.steps.append(self.gray[start:end])

    def insert(self, data: bytes) -> None:
        """Write bytes that the grey file does not have."""
        self.colored += data


def splice(
    gray: GrayJpeg, blue: bytes, red: bytes, replacements: Replacements | None = None
) -> bytes:
    """The colour JPEG of a grey one.

    blue, red: Cb and Cr as grey JPEGs of `gray.chroma_size` with equal quantisation tables,
    baseline or progressive as the grey file is.
    Raises NotReversibleError where the grey file leaves no room for the tables.
    """
    planes = [_Plane.of(plane, gray) for plane in (blue, red)]
    table = _free_table(gray)
    writer = _Writer(gray.data)
    headers = _Headers(writer, gray, replacements or Replacements())
    place: int | None = None  # of the record: before the first table
    for part in gray.parts:
        if place is None and part.marker not in _BEFORE_TABLES:
            headers.insert_missing()
            place = len(writer.colored)
            writer.insert(segment(DQT, bytes([table]) + planes[0].quantization))
        if part.marker == EOI:
            if any(part.marker == DRI for part in gray.parts):
                writer.insert(segment(DRI, b"\0\0"))
            for plane, (number, _) in zip(planes, _CHROMA, strict=True):
                writer.insert(plane.scans(number))
        if part.marker in APPS:
            headers.write(part)
        else:
            _tables_and_scans(writer, gray, part, table)
    record = record_segments(gray.data, writer.steps)
    return bytes(writer.colored[:place]) + record + bytes(writer.colored[place:])


class _Headers:
    """Writes the segments that say something beside the pixels, wherever they stand."""

    def __init__(self, writer: _Writer, gray: GrayJpeg, replacements: Replacements) -> None:
        self._writer, self._gray = writer, gray
        self._xmp, self._icc = replacements.xmp, replacements.icc
        self._new_xmp = b"" if self._xmp is None else _xmp_segment(self._xmp)
        self._new_icc = b"" if self._icc is None else _icc_segments(self._icc)

    def insert_missing(self) -> None:
        """Insert XMP and a profile where the grey file has none to replace."""
        if not self._has(APP2, _ICC):
            self._writer.insert(self._new_icc)
        if not self._has(APP1, _XMP):
            self._writer.insert(self._new_xmp)

    def _has(self, marker: int, begin: bytes) -> bool:
        data = self._gray.data
        return any(
            part.marker == marker and data.startswith(begin, part.body) for part in self._gray.parts
        )

    def write(self, part: Piece) -> None:
        """Write a segment, changed where it must be."""
        writer, body = self._writer, self._gray.data[part.body : part.end]
        if self._xmp is not None and part.marker == APP1 and body.startswith(_XMP):
            writer.replace(part.start, part.end, self._new_xmp)
            self._new_xmp = b""  # a second packet has no place
        elif self._xmp is not None and part.marker == APP1 and body.startswith(_EXTENDED_XMP):
            writer.replace(part.start, part.end, b"")  # the new packet has it
        elif part.marker == APP1 and body.startswith(_EXIF):
            _copy_without_thumbnail(writer, part, body)
        elif self._icc is not None and part.marker == APP2 and body.startswith(_ICC):
            writer.replace(part.start, part.end, self._new_icc)
            self._new_icc = b""  # the parts that follow
        elif part.marker == APP2 and body.startswith(_MPF):
            writer.replace(part.start, part.end, b"")  # it counts places that have moved
        elif part.marker == APP14 and body.startswith(_ADOBE) and len(body) >= 12:
            writer.copy(part.start, part.body + 11)
            writer.replace(part.body + 11, part.body + 12, b"\1")  # YCbCr
            writer.copy(part.body + 12, part.end)
        else:
            writer.copy(part.start, part.end)


def _tables_and_scans(writer: _Writer, gray: GrayJpeg, part: Piece, table: int) -> None:
    """Write a part from the first table on."""
    if part.marker in FRAMES:
        _, _, luma_table = gray.frame.components[0]
        components = (
            (*_LUMA, luma_table),
            *((number, sampling, table) for number, sampling in _CHROMA),
        )
        frame = FrameHeader(
            gray.frame.marker, 8, gray.frame.height, gray.frame.width, components
        ).segment()
        writer.replace(part.start, part.end, frame)
    elif part.marker == SOS:
        writer.copy(part.start, part.body + 1)
        writer.replace(part.body + 1, part.body + 2, bytes([_LUMA[0]]))
        writer.copy(part.body + 2, part.end)
    else:
        writer.copy(part.start, part.end)


def _copy_without_thumbnail(writer: _Writer, part: Piece, body: bytes) -> None:
    """Copy EXIF; the thumbnail would show the photo grey, so nothing points to it any more."""
    link = _thumbnail_link(body)
    if link is None:
        writer.copy(part.start, part.end)
        return
    place = part.body + link
    writer.copy(part.start, place)
    writer.replace(place, place + 4, bytes(4))
    writer.copy(place + 4, part.end)


def _thumbnail_link(exif: bytes) -> int | None:
    """Where EXIF's first directory names the thumbnail's; None where it names none."""
    start = len(_EXIF)
    order = {b"II": "<", b"MM": ">"}.get(exif[start : start + 2])
    if order is None or len(exif) < start + 8:
        return None
    directory = start + struct.unpack_from(order + "I", exif, start + 4)[0]
    if directory + 2 > len(exif):
        return None
    link = directory + 2 + 12 * struct.unpack_from(order + "H", exif, directory)[0]
    if link + 4 > len(exif) or exif[link : link + 4] == bytes(4):
        return None
    return link


def _xmp_segment(packet: bytes) -> bytes:
    if len(_XMP) + len(packet) > _LONGEST:
        raise NotReversibleError("its XMP and the note about computed colours are too long")
    return segment(APP1, _XMP + packet)


def _icc_segments(profile: bytes) -> bytes:
    chunks = [profile[i : i + _LONGEST_ICC] for i in range(0, len(profile), _LONGEST_ICC)]
    return b"".join(
        segment(APP2, _ICC + bytes([number + 1, len(chunks)]) + chunk)
        for number, chunk in enumerate(chunks)
    )


def _free_table(gray: GrayJpeg) -> int:
    """The number of a quantisation table that the grey file does not use."""
    used = {gray.frame.components[0][2]}
    for part in gray.parts:
        if part.marker == DQT:
            used |= set(jpeg_stream.tables_defined(gray.data, part))
    free = [number for number in (1, 2, 3, 0) if number not in used]
    if not free:
        raise NotReversibleError("it defines all four quantisation tables")
    return free[0]


@dataclass(frozen=True)
class _Plane:
    """A chroma plane as it was encoded.

    quantization: the 64 bytes of its table. tables_and_scans: segments and coded data in order.
    """

    quantization: bytes
    tables_and_scans: tuple[tuple[int | None, bytes], ...]

    @classmethod
    def of(cls, data: bytes, gray: GrayJpeg) -> _Plane:
        parts = list(jpeg_stream.pieces(data))
        place = next(part.body - 4 for part in parts if part.marker in FRAMES)
        frame = FrameHeader.of(data, place)
        if (frame.height, frame.width) != gray.chroma_size:
            raise ValueError(f"a chroma plane of {frame.width} x {frame.height}")
        if (frame.marker == 0xC2) != gray.progressive:
            raise ValueError("the chroma planes are of another process than the luma")
        table = next(part for part in parts if part.marker == DQT)
        kept = [part for part in parts if part.marker in (DHT, DRI, SOS, None)]
        return cls(
            data[table.body + 1 : table.body + 65],
            tuple((part.marker, data[part.start : part.end]) for part in kept),
        )

    def scans(self, number: int) -> bytes:
        """Tables and scans, of the component `number`."""
        written = b""
        for marker, data in self.tables_and_scans:
            written += data if marker != SOS else data[:5] + bytes([number]) + data[6:]
        return written
