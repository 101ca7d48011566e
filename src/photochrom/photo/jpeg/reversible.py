"""Give a grey JPEG colour without touching its lightness, and take the colour away again.

A grey JPEG's scans hold the blocks of one component in rows. That is also the order of a scan of
one component of a colour JPEG. So the coded data of the grey file become, byte for byte, the luma
of a colour file; scans of two chroma components of half the size follow. What had to be changed in
the headers, and how the grey file looked, stands in segments of the file itself (APP9,
"Photochrom"): a list of parts to copy and of bytes to insert, and the SHA-256 of the grey file. So
the grey file comes back byte for byte.

A grey file may also have three components, with chroma that is zeros alone. Then scans that hold
luma and chroma get other chroma in place (`photochrom.photo.jpeg.neutral`), scans of chroma alone
are left out, and the scans of luma stay.

ITU-T T.81, A.2.2 (order of blocks in a scan of one component), B.2 (segments).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom._system.threads import ordered_map
from photochrom.photo.jpeg import stream as jpeg_stream
from photochrom.photo.jpeg.chroma import ChromaPlane
from photochrom.photo.jpeg.markers import (
    APP1,
    APP2,
    APP14,
    APPS,
    COM,
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
from photochrom.photo.jpeg.neutral import colored_scan, differences, neutral_layouts, zeros_of
from photochrom.photo.jpeg.record import (
    Copied,
    NotReversibleError,
    Rebuild,
    Step,
    original,
    rebuilt_scan,
    record_of,
    record_segments,
)
from photochrom.photo.jpeg.scans import SEQUENTIAL_SCAN, ScanLayout
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
_GRAY_NAMES = (1, 2, 3)
"""Numbers of the components of a colour file that is made of a single one."""
_HALF = (2, 2)
_ONCE = 0x11
"""Sampling factors of chroma."""


@dataclass(frozen=True)
class GrayJpeg:
    """A grey JPEG whose coded data can become the luma of a colour JPEG.

    scans: of a file of three components, whose chroma is zeros alone; empty for a single one.
    """

    data: bytes
    parts: tuple[Piece, ...]
    frame: FrameHeader
    scans: tuple[ScanLayout, ...] = ()

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
        if len(frame.components) not in (1, 3):
            raise NotReversibleError(f"it has {len(frame.components)} components, not grey alone")
        if frame.height == 0 or any(part.marker == DNL for part in parts):
            raise NotReversibleError("its height stands behind its pixels")
        scans = [index for index, part in enumerate(parts) if part.marker == SOS]
        if not scans or parts.index(headers[0]) > scans[0]:
            raise NotReversibleError("it has no pixels")
        if any(part.marker == DQT for part in parts[scans[0] :]):
            raise NotReversibleError("its quantisation tables change between its scans")
        if record_of(data, parts) is not None:
            raise NotReversibleError("it is a result of this already")
        if len(frame.components) == 3:
            return cls(data, parts, frame, neutral_layouts(data, parts, frame))
        if any(data[parts[index].body] != 1 for index in scans):
            raise NotReversibleError("its scans are damaged")
        return cls(data, parts, frame)

    @property
    def progressive(self) -> bool:
        """Whether its scans are those of the progressive process."""
        return self.frame.marker == 0xC2

    @property
    def chroma_steps(self) -> tuple[int, int]:
        """Pixels down and across to the next sample of chroma: 1 or 2."""
        return self.frame.sampling[0] if self.scans else _HALF

    @property
    def chroma_size(self) -> tuple[int, int]:
        """Height and width of the chroma planes, rounded up."""
        down, across = self.chroma_steps
        return -(-self.frame.height // down), -(-self.frame.width // across)

    @property
    def mixed(self) -> tuple[ScanLayout, ...]:
        """Its scans that hold luma and chroma."""
        return tuple(scan for scan in self.scans if len(scan.components) == 3)

    @property
    def names(self) -> tuple[int, ...]:
        """The numbers of the components of the colour file."""
        return tuple(name for name, _, _ in self.frame.components) if self.scans else _GRAY_NAMES

    def colored_frame(self, table: int) -> FrameHeader:
        """The header of the colour file, whose chroma has the quantisation table of a number."""
        frame, (luma, blue, red) = self.frame, self.names
        down, across = self.chroma_steps
        components = (
            (luma, across << 4 | down, frame.components[0][2]),
            (blue, _ONCE, table),
            (red, _ONCE, table),
        )
        return FrameHeader(frame.marker, frame.precision, frame.height, frame.width, components)


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
        self.steps: list[Step] = []
        self._rebuilt = 0  # bytes of scans that are rebuilt

    def copy(self, start: int, end: int) -> None:
        """Copy bytes of the grey file."""
        place = len(self.colored)
        self.colored += memoryview(self.gray)[start:end]
        last = self.steps[-1] if self.steps else None
        if isinstance(last, Copied) and last.start + last.length == place:
            self.steps[-1] = Copied(last.start, last.length + end - start)
        elif end > start:
            self.steps.append(Copied(place, end - start))

    def replace(self, start: int, end: int, by: bytes) -> None:
        """Write other bytes in place of some of the grey file."""
        self.colored += by
        if end > start:
            self.steps.append(self.gray[start:end])

    def color(self, scan: ScanLayout, planes: list[ChromaPlane]) -> None:
        """Write a scan of luma and chroma, with its header, with other chroma."""
        before, coded, layout = colored_scan(self.gray, scan, planes)
        self.replace(scan.header.start, scan.header.end, before)
        zeros = zeros_of(scan)
        rebuilt = rebuilt_scan(coded, layout, zeros)
        self.steps.append(Rebuild(len(self.colored), zeros))
        own = self.gray[scan.data.start : scan.data.end]
        self.steps += differences(own, rebuilt, self._rebuilt)
        self._rebuilt += len(rebuilt)
        self.colored += coded

    def insert(self, data: bytes) -> None:
        """Write bytes that the grey file does not have."""
        self.colored += data


def splice(
    gray: GrayJpeg,
    planes: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    replacements: Replacements | None = None,
    *,
    quality: int = 95,
    threads: int = 2,
) -> bytes:
    """The colour JPEG of a grey one.

    planes: Cb and Cr, of `gray.chroma_size`, 128 for no colour. quality: 1..100, of chroma.
    Raises NotReversibleError where the grey file leaves no room for what is added, or would not
    come back.
    """
    interval = gray.mixed[0].interval if gray.mixed else None
    for plane in planes:
        if plane.shape != gray.chroma_size:
            raise ValueError(f"a chroma plane of {plane.shape[1]} x {plane.shape[0]}")

    def encoded(plane: NDArray[np.uint8]) -> ChromaPlane:
        return ChromaPlane.encoded(plane, quality, gray.progressive, interval)

    chroma = list(ordered_map(encoded, planes, threads))
    writer = _Writer(gray.data)
    place = _write(writer, gray, chroma, replacements or Replacements())
    record = record_segments(gray.data, writer.steps)
    colored = bytes(writer.colored[:place]) + record + bytes(writer.colored[place:])
    if original(colored) != gray.data:
        raise NotReversibleError("it would not come back byte for byte")
    return colored


def _write(
    writer: _Writer, gray: GrayJpeg, planes: list[ChromaPlane], replacements: Replacements
) -> int:
    """Write all but the record; where that belongs: before the first table."""
    table = _free_table(gray)
    headers = _Headers(writer, gray, replacements)
    place: int | None = None
    for part in gray.parts:
        if place is None and part.marker not in _BEFORE_TABLES:
            headers.insert_missing()
            place = len(writer.colored)
            writer.insert(segment(DQT, bytes([table]) + planes[0].quantization))
        if part.marker == EOI:
            writer.insert(_scans_of_chroma(gray, planes))
        if part.marker in APPS:
            headers.write(part)
        elif part.marker in FRAMES:
            writer.replace(part.start, part.end, gray.colored_frame(table).segment())
        elif gray.scans:
            _neutral_part(writer, gray, part, planes)
        else:
            _gray_part(writer, part)
    assert place is not None  # a grey JPEG has tables
    return place


def _scans_of_chroma(gray: GrayJpeg, planes: list[ChromaPlane]) -> bytes:
    """The scans behind all others: those whose codes stand in no scan with luma."""
    if any(scan.coding == SEQUENTIAL_SCAN for scan in gray.mixed):
        return b""
    # their restart intervals are their own
    written = segment(DRI, b"\0\0") if any(part.marker == DRI for part in gray.parts) else b""
    for plane, name in zip(planes, gray.names[1:], strict=True):
        written += plane.scans(name, with_dc=not gray.mixed)
    return written


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


def _gray_part(writer: _Writer, part: Piece) -> None:
    """Write a table, a scan or a comment of a file of a single component."""
    if part.marker == SOS:
        writer.copy(part.start, part.body + 1)
        writer.replace(part.body + 1, part.body + 2, bytes([_GRAY_NAMES[0]]))
        writer.copy(part.body + 2, part.end)
    else:
        writer.copy(part.start, part.end)


def _neutral_part(writer: _Writer, gray: GrayJpeg, part: Piece, planes: list[ChromaPlane]) -> None:
    """Write a table, a scan or a comment of a file of luma and chroma."""
    scan = next((scan for scan in gray.scans if part in (scan.header, scan.data)), None)
    if scan is None or scan.components == (0,):
        writer.copy(part.start, part.end)
    elif 0 not in scan.components:
        writer.replace(part.start, part.end, b"")  # chroma alone
    elif part == scan.header:
        writer.color(scan, planes)


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
