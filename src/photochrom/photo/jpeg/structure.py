"""What a JPEG file is made of: its frame, its scans, and where its data ends.

Only markers are looked at, no pixel is decoded. After ITU-T T.81, annex B.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from photochrom.photo.jpeg.markers import (
    APP14,
    BETWEEN_SCANS,
    DHT,
    DNL,
    DQT,
    DRI,
    END,
    EOI,
    FRAMES,
    PROGRESSIVE,
    RESTARTS,
    SEQUENTIAL,
    SOS,
    FrameHeader,
    JpegStructureError,
    number,
    segments,
)

_NEEDED = frozenset({DHT, SOS, DQT, DRI})
_SHORTEST_SCAN = 12
"""Bytes of a scan of one component: its header with two bytes of data."""
_MARKER = re.compile(rb"(?<!\xff)\xff+([^\x00\xff])")
"""Not tried from each byte of a run, which would take the square of its length."""
_START = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Frame:
    """The header of a JPEG's picture.

    offset: of its marker. code: of its process. height, width: pixels.
    sampling: the vertical factors of its components, the first of which is luma or grey.
    interval: MCUs between two restart markers, 0 for none. data: where the first scan's data
    begins. scanned: how many components the first scan has. header: as it stands in the file.
    """

    offset: int
    code: int
    height: int
    width: int
    sampling: tuple[tuple[int, int], ...]
    interval: int
    data: int
    scanned: int
    header: FrameHeader

    @property
    def progressive(self) -> bool:
        """Whether its coefficients come a few bits at a time."""
        return self.code == PROGRESSIVE

    @property
    def huffman(self) -> bool:
        """Whether it is coded by Huffman's method, baseline, extended or progressive."""
        return self.progressive or self.code in SEQUENTIAL

    @property
    def one_scan(self) -> bool:
        """Whether all components lie in one sequential scan, so that it decodes row by row."""
        return self.code in SEQUENTIAL and self.scanned == len(self.sampling)

    @property
    def mcu(self) -> tuple[int, int]:
        """Height and width of a minimum coded unit (MCU) in pixels."""
        if len(self.sampling) == 1:
            return 8, 8
        return 8 * max(v for v, _ in self.sampling), 8 * max(h for _, h in self.sampling)

    @property
    def mcu_rows(self) -> int:
        """Rows of MCUs."""
        return -(-self.height // self.mcu[0])

    @property
    def mcus(self) -> int:
        """MCUs in all."""
        return self.mcu_rows * -(-self.width // self.mcu[1])


@dataclass(frozen=True)
class Scan:
    """One pass over the picture.

    components: numbers of the components, as the frame orders them. first, last: coefficients in
    zigzag order. low: how many low bits of them are still missing after it. start, end: of its
    data. complete: whether another marker follows it.
    """

    components: tuple[int, ...]
    first: int
    last: int
    low: int
    start: int
    end: int
    complete: bool


@dataclass(frozen=True)
class Structure:
    """The scans of a picture, and what its data holds that no sound file does.

    end: where the picture's data ends. ended: whether its end is marked. strays: offsets of markers
    inside the data that cannot be there. restarts: how many restart markers there are. headed:
    whether the file ends in the header of a scan, which is left out.
    """

    scans: tuple[Scan, ...]
    end: int
    ended: bool
    strays: tuple[int, ...]
    restarts: int
    headed: bool = False


def frame_of(data: bytes | bytearray) -> Frame | None:
    """The frame of a JPEG file; None where the file ends, or is damaged, before its first scan."""
    offset, interval = 0, 0
    for code, place, length in segments(data):
        if code in FRAMES and length >= 8:
            offset = place
        elif code == DRI and length >= 4:
            interval = number(data, place + 4)
        elif code == SOS:
            if not offset or place + length + 2 > len(data):
                return None
            return _frame(data, offset, interval, place)
    return None


def _frame(data: bytes | bytearray, offset: int, interval: int, scan: int) -> Frame | None:
    """The frame with its header and its first scan's at places of the file."""
    try:
        header = FrameHeader.of(data, offset)
    except JpegStructureError:
        return None
    if not all(down and across for down, across in header.sampling):
        return None
    behind = scan + 2 + number(data, scan + 2)
    return Frame(
        offset,
        header.marker,
        header.height,
        header.width,
        header.sampling,
        interval,
        behind,
        data[scan + 4],
        header,
    )


def structure_of(data: bytes | bytearray, frame: Frame) -> Structure:
    """Follow the markers through a picture's data, which is known to be unsound."""
    names = [name for name, _, _ in frame.header.components]
    scans: list[Scan] = []
    strays: list[int] = []
    start, restarts = frame.data, 0
    found = _MARKER.search(data, start)
    while found is not None:
        place, code = found.end() - 2, found[1][0]
        after = place + 2
        height_follows = code == DNL and frame.one_scan and data[after : after + 2] == b"\0\4"
        if height_follows or (code == EOI and not _goes_on(data, after)):
            scans.append(_scan(data, names, start, found.start(), True))
            return Structure(tuple(scans), found.start(), True, tuple(strays), restarts)
        if code in RESTARTS and frame.interval:
            restarts += 1
        elif code in BETWEEN_SCANS and (next_start := _after_segments(data, place)):
            if next_start >= len(data):
                scans.append(_scan(data, names, start, found.start(), True))
                return Structure(tuple(scans), found.start(), False, tuple(strays), restarts, True)
            scans.append(_scan(data, names, start, found.start(), True))
            start = after = next_start
        else:
            strays.append(place)
        found = _MARKER.search(data, after)
    scans.append(_scan(data, names, start, len(data), False))
    return Structure(tuple(scans), len(data), False, tuple(strays), restarts)


def end_of(data: bytes, frame: Frame) -> int:
    """Where a sound picture's data ends; -1 where no end is marked."""
    end = data.find(END, frame.data)
    behind = bytes((0xFF, DNL, 0, 4))
    return end - 6 if data[max(0, end - 6) : max(0, end - 2)] == behind else end


def height_behind_data(data: bytes | bytearray, frame: Frame) -> int:
    """The number of lines that stands behind the first scan (DNL); 0 where there is none."""
    place = data.find(bytes((0xFF, DNL, 0, 4)), frame.data)
    return number(data, place + 4) if 0 <= place <= len(data) - 6 else 0


def set_height(data: bytearray, frame: Frame, height: int) -> None:
    """Write another height into the frame."""
    data[frame.offset + 5 : frame.offset + 7] = height.to_bytes(2, "big")


def with_plain_header(data: bytes | bytearray, frame: Frame) -> bytearray:
    """The picture's data behind a header of what decoders need of it, with the frame's size.

    What is unusual in a header, and harmless, makes decoders warn. frame: of the data; its height,
    width and sampling may differ from what stands there.
    """
    plain = bytearray(b"\xff\xd8")
    for code, place, length in segments(data):
        segment = bytearray(data[place : place + 2 + length])
        if place == frame.offset:
            segment[5:9] = frame.height.to_bytes(2, "big") + frame.width.to_bytes(2, "big")
            for number, (down, across) in enumerate(frame.sampling):
                segment[11 + 3 * number] = across << 4 | down
        elif code == APP14 and segment[4:9] == b"Adobe" and len(segment) >= 16:
            if segment[15] > 2:
                segment[15] = 2 if len(frame.sampling) == 4 else 1
        elif code == SOS and frame.one_scan:
            segment[-3:] = b"\0\x3f\0"
        elif code not in _NEEDED:
            continue
        plain += segment
    return plain + data[frame.data :]


def _goes_on(data: bytes | bytearray, place: int) -> bool:
    """Whether the data seems to go on behind an end marker, which damage may have made."""
    end = data.find(END, place)
    return end > place and data.find(_START, place, end) < 0


def _after_segments(data: bytes | bytearray, place: int) -> int:
    """Where the data goes on after the segments between two scans; 0 where they are none.

    The data's end where the last scan's header is cut.
    """
    while place + 2 <= len(data) and data[place] == 0xFF:
        code, length = data[place + 1], number(data, place + 2)
        if code == 0xFF:
            place += 1
            continue
        if code == SOS and len(data) - place < _SHORTEST_SCAN:
            return len(data)
        if code not in BETWEEN_SCANS or length < 2:
            break
        if code == SOS:
            count = data[place + 4] if place + 4 < len(data) else 0
            return place + 2 + length if 1 <= count <= 4 and length == 6 + 2 * count else 0
        place += 2 + length
        if place + 1 < len(data) and data[place : place + 2] == END:
            return place
    return 0


def _scan(data: bytes | bytearray, names: list[int], start: int, end: int, complete: bool) -> Scan:
    """The scan whose data lies at a place; its header stands just before."""
    for count in range(1, 5):
        head = start - 8 - 2 * count
        whole = head >= 0 and start <= len(data)
        if whole and data[head : head + 2] == b"\xff\xda" and data[head + 4] == count:
            own = [data[head + 5 + 2 * n] for n in range(count)]
            numbers = tuple(names.index(name) for name in own if name in names)
            first, last, bits = data[start - 3 : start]
            return Scan(numbers, first, last, bits & 15, start, end, complete)
    return Scan((), 0, 0, 0, start, end, complete)
