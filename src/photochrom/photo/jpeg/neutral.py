"""JPEGs of luma and chroma without colour: the chroma is zeros alone, in coded data.

Scanners, phones and programs write grey photos so. Scans that hold luma and chroma are written
anew with other chroma: luma's codes stay bit for bit, in the same MCUs. So nothing has to be put
into another order, and taking the colour out gives the scan that was there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from photochrom.photo.jpeg.chroma import ChromaPlane
from photochrom.photo.jpeg.exchange import exchanged
from photochrom.photo.jpeg.exchange_request import Codes, Exchange, ExchangeError
from photochrom.photo.jpeg.markers import (
    APP14,
    DHT,
    SOS,
    FrameHeader,
    JpegStructureError,
    segment,
)
from photochrom.photo.jpeg.record import NotReversibleError, Rebuilt
from photochrom.photo.jpeg.scans import DC_FIRST, SEQUENTIAL_SCAN, ScanLayout, layouts
from photochrom.photo.jpeg.stream import Piece

_ALL = (0, 1, 2)
_RGB = (82, 71, 66)
"""Numbers of components by which decoders know R, G and B."""
_RESTART = re.compile(rb"(?<!\xff)(?=\xff+[\xd0-\xd7])")
"""Where coded data is divided: before each restart marker and its fill bytes."""


def neutral_layouts(
    data: bytes, parts: Sequence[Piece], frame: FrameHeader
) -> tuple[ScanLayout, ...]:
    """The scans of a file of three components whose chroma is zeros alone.

    Raises NotReversibleError where it is not, and for what cannot be written anew.
    """
    if _is_rgb(data, parts, frame):
        raise NotReversibleError("its data are red, green and blue, not luma and chroma")
    luma, *others = frame.sampling
    if not set(luma) <= {1, 2} or any(
        not 1 <= factor <= most
        for other in others
        for factor, most in zip(other, luma, strict=True)
    ):
        raise NotReversibleError("its chroma has an unusual size")
    try:
        found = tuple(layouts(data, parts, frame))
    except JpegStructureError as error:
        raise NotReversibleError(f"its structure is damaged: {error}") from error
    _check_order(found)
    for layout in found:
        if layout.components != (0,):
            _check_neutral(data, layout)
    return found


def _is_rgb(data: bytes, parts: Sequence[Piece], frame: FrameHeader) -> bool:
    adobe = [data[part.body : part.end] for part in parts if part.marker == APP14]
    if any(body.startswith(b"Adobe") and len(body) >= 12 and body[11] == 0 for body in adobe):
        return True
    return tuple(name for name, _, _ in frame.components) == _RGB


def _check_order(found: Sequence[ScanLayout]) -> None:
    """Raise where luma and chroma are mixed in a way that leaves chroma no place."""
    if any(0 in layout.components and layout.components not in ((0,), _ALL) for layout in found):
        raise NotReversibleError("its scans mix luma and chroma in an unusual way")
    of_luma = [layout for layout in found if 0 in layout.components]
    beginning = [layout for layout in of_luma if layout.coding in (SEQUENTIAL_SCAN, DC_FIRST)]
    if len(beginning) != 1:
        raise NotReversibleError("its scans are damaged")
    if len({layout.components for layout in of_luma if layout.first == 0}) > 1:
        raise NotReversibleError("its scans mix luma and chroma in an unusual way")


def _check_neutral(data: bytes, layout: ScanLayout) -> None:
    """Raise where a scan has chroma that is not zeros alone."""
    kept = int(layout.components[0] == 0)
    length = layout.data.end - layout.data.start
    try:
        exchanged(Exchange(data, layout, kept, True, (), 2 * length))
    except ExchangeError as error:
        raise NotReversibleError(str(error)) from error


def colored_scan(
    data: bytes, layout: ScanLayout, planes: Sequence[ChromaPlane]
) -> tuple[bytes, bytes, ScanLayout]:
    """A scan of luma and chroma with other chroma.

    Returns the segments before its data, its data, and its layout with places in that data.
    """
    added = tuple(plane.blocks(layout) for plane in planes)
    room = 2 * sum(len(plane.data) for plane in planes) + 8 * layout.mcus + 64
    room += 2 * (layout.data.end - layout.data.start)
    try:
        coded = exchanged(Exchange(data, layout, 1, True, added, room))
    except ExchangeError as error:
        raise NotReversibleError(str(error)) from error
    own = layout.selectors[0]
    dc, ac = int(not own >> 4), int(not own & 15)
    tables = dict(zip((dc, 0x10 | ac), planes[0].tables, strict=True))
    selector = dc << 4 | (ac if layout.needs_ac else 0)
    header = bytearray(data[layout.header.body : layout.header.end])
    header[4] = header[6] = selector
    before = b"".join(
        segment(DHT, bytes([name]) + table[: 16 + sum(table[:16])])
        for name, table in tables.items()
        if table and layout.needs_dc
    )
    colored = replace(
        layout,
        blocks=(layout.blocks[0], 1, 1),
        dc=(layout.dc[0], planes[0].tables[0], planes[0].tables[0]),
        ac=(layout.ac[0], planes[0].tables[1], planes[0].tables[1]),
        data=Piece(None, 0, 0, len(coded)),
    )
    return before + segment(SOS, bytes(header)), coded, colored


def differences(wanted: bytes, rebuilt: bytes, offset: int) -> list[Rebuilt | bytes]:
    """How a scan's data is made of what was rebuilt: parts of it, and bytes to insert.

    They differ in the bits that fill a byte, in fill bytes before markers, and in what lies behind
    the last MCU. offset: of `rebuilt` among all that is rebuilt.
    """
    ours, theirs = _RESTART.split(rebuilt), _RESTART.split(wanted)
    steps: list[Rebuilt | bytes] = []
    place = offset
    for number, their in enumerate(theirs):
        our = ours[number] if number < len(ours) else b""
        same = _common(our, their)
        last = steps[-1] if steps else None
        if isinstance(last, Rebuilt) and last.start + last.length == place:
            steps[-1] = Rebuilt(last.start, last.length + same)
        elif same:
            steps.append(Rebuilt(place, same))
        if same < len(their):
            steps.append(their[same:])
        place += len(our)
    return steps


def _common(one: bytes, other: bytes) -> int:
    """How many first bytes are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def zeros_of(layout: ScanLayout) -> tuple[Codes, ...]:
    """The chroma that a scan had, as codes."""
    return tuple(Codes.of_zeros(layout, place) for place in (1, 2))
