"""The scans of a JPEG with all that is needed to read them: components, tables, MCUs.

ITU-T T.81, A.2 (MCUs), B.2.3 (the header of a scan), B.2.4.2 (Huffman tables), G.1.1.1
(progressive scans).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from photochrom.photo.jpeg.markers import (
    DHT,
    DRI,
    PROGRESSIVE,
    SOS,
    FrameHeader,
    JpegStructureError,
    number,
)
from photochrom.photo.jpeg.stream import Piece

SEQUENTIAL_SCAN, DC_FIRST, DC_REFINED, AC_FIRST, AC_REFINED = range(5)
"""How the blocks of a scan are coded; `enum coding` of walk.c."""
TABLE_BYTES = 16 + 256
"""Of a Huffman table: the counts of codes of 1 to 16 bits, and room for all symbols."""
_COUNTS = 16
_LAST = 63
_MOST_BLOCKS = 10
"""In an MCU."""


@dataclass(frozen=True)
class ScanLayout:
    """One scan of a file.

    components: their places in the frame's header. coding: of SEQUENTIAL_SCAN and so on.
    first, last: the band of coefficients. low: bits that are missing after it. blocks: of each
    component in an MCU. mcus: in all. interval: MCUs between two restart markers, 0 for none.
    dc, ac: the Huffman table of each component, TABLE_BYTES long; empty where there is none.
    selectors: the numbers of these tables, as the header has them. header, data: where they stand.
    """

    components: tuple[int, ...]
    coding: int
    first: int
    last: int
    low: int
    blocks: tuple[int, ...]
    mcus: int
    interval: int
    dc: tuple[bytes, ...]
    ac: tuple[bytes, ...]
    selectors: tuple[int, ...]
    header: Piece
    data: Piece

    @property
    def needs_dc(self) -> bool:
        """Whether its codes are those of tables for DC."""
        return self.coding in (SEQUENTIAL_SCAN, DC_FIRST)

    @property
    def needs_ac(self) -> bool:
        """Whether its codes are those of tables for AC."""
        return self.coding in (SEQUENTIAL_SCAN, AC_FIRST, AC_REFINED)


def layouts(data: bytes, parts: Sequence[Piece], frame: FrameHeader) -> Iterator[ScanLayout]:
    """The scans of a file coded by Huffman's method.

    parts: of the data, as `stream.pieces` gives them.
    Raises JpegStructureError where a header is not sound, or names a table that is not defined.
    """
    tables: dict[int, bytes] = {}
    interval = 0
    for part, following in zip(parts, [*parts[1:], parts[-1]], strict=True):
        body = data[part.body : part.end]
        if part.marker == DHT:
            tables |= huffman_tables(body)
        elif part.marker == DRI:
            if len(body) != 2:
                raise JpegStructureError("its restart interval is damaged")
            interval = number(body, 0)
        elif part.marker == SOS:
            yield _layout(body, frame, tables, interval, (part, following))


def huffman_tables(body: bytes) -> dict[int, bytes]:
    """The tables of a DHT segment by class and number; raises JpegStructureError."""
    tables, place = {}, 0
    while place < len(body):
        size = _COUNTS + sum(body[place + 1 : place + 1 + _COUNTS])
        table = body[place + 1 : place + 1 + size]
        if len(table) < size or size > TABLE_BYTES:
            raise JpegStructureError("its Huffman tables are damaged")
        tables[body[place]] = table.ljust(TABLE_BYTES, b"\0")
        place += 1 + size
    return tables


def _layout(
    body: bytes,
    frame: FrameHeader,
    tables: dict[int, bytes],
    interval: int,
    pieces: tuple[Piece, Piece],
) -> ScanLayout:
    fault = JpegStructureError("the header of a scan is damaged")
    count = body[0] if body else 0
    if not 1 <= count <= 4 or len(body) != 4 + 2 * count:
        raise fault
    names = [name for name, _, _ in frame.components]
    named, selectors = body[1 : 1 + 2 * count : 2], body[2 : 2 + 2 * count : 2]
    if len(set(names)) < len(names) or len(set(named)) < count or not set(named) <= set(names):
        raise fault
    components = tuple(names.index(name) for name in named)
    coding, band = _coding(frame, body[-3:], count)
    blocks, mcus = _mcus(frame, components)
    layout = ScanLayout(
        components=components,
        coding=coding,
        first=band[0],
        last=band[1],
        low=band[2],
        blocks=blocks,
        mcus=mcus,
        interval=interval,
        dc=tuple(tables.get(selector >> 4, b"") for selector in selectors),
        ac=tuple(tables.get(0x10 | selector & 15, b"") for selector in selectors),
        selectors=tuple(selectors),
        header=pieces[0],
        data=pieces[1],
    )
    if (layout.needs_dc and not all(layout.dc)) or (layout.needs_ac and not all(layout.ac)):
        raise JpegStructureError("a scan names a Huffman table that is not defined")
    return layout


def _coding(frame: FrameHeader, band: bytes, count: int) -> tuple[int, tuple[int, int, int]]:
    """How a scan is coded; its first and last coefficient, and its point transform."""
    if frame.marker != PROGRESSIVE:
        return SEQUENTIAL_SCAN, (0, _LAST, 0)
    first, last, high, low = band[0], band[1], band[2] >> 4, band[2] & 15
    sound = first <= last <= _LAST and low <= 13 and high in (0, low + 1)
    sound &= last == 0 if first == 0 else count == 1
    if not sound:
        raise JpegStructureError("the header of a scan is damaged")
    return (AC_FIRST if first else DC_FIRST) + (high > 0), (first, last, low)


def _mcus(frame: FrameHeader, components: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """The blocks of each component in an MCU, and how many MCUs there are."""
    factors = frame.sampling
    if any(not 1 <= factor <= 4 for pair in factors for factor in pair):
        raise JpegStructureError("its sampling factors are damaged")
    down, across = (max(pair[axis] for pair in factors) for axis in (0, 1))
    if len(components) == 1:
        own_down, own_across = factors[components[0]]
        rows = -(-frame.height * own_down // (8 * down))
        return (1,), rows * -(-frame.width * own_across // (8 * across))
    blocks = tuple(factors[n][0] * factors[n][1] for n in components)
    if sum(blocks) > _MOST_BLOCKS:
        raise JpegStructureError("its sampling factors are damaged")
    return blocks, -(-frame.height // (8 * down)) * -(-frame.width // (8 * across))
