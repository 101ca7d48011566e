"""A plane of chroma as coded data: scans of its own, or blocks for scans that hold luma too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom._system.vips import pyvips
from photochrom.photo.jpeg import stream as jpeg_stream
from photochrom.photo.jpeg.exchange_request import Codes, Stream
from photochrom.photo.jpeg.huffman import codes_of
from photochrom.photo.jpeg.markers import (
    DHT,
    DQT,
    DRI,
    FRAMES,
    SOS,
    FrameHeader,
)
from photochrom.photo.jpeg.scans import (
    DC_FIRST,
    SEQUENTIAL_SCAN,
    TABLE_BYTES,
    ScanLayout,
    layouts,
)
from photochrom.photo.jpeg.stream import Piece

STANDARD_DC = bytes([0, 1, 5, 1, 1, 1, 1, 1, 1]).ljust(16, b"\0") + bytes(range(12))
"""The usual table for DC, as encoders have it for luma (ITU-T T.81, table K.3)."""
_BLOCK = 8


@dataclass(frozen=True, eq=False)
class ChromaPlane:
    """A plane of chroma, encoded as a grey JPEG.

    samples: (h, w), uint8. data: the JPEG. parts, layouts: of it.
    """

    samples: NDArray[np.uint8]
    data: bytes
    parts: tuple[Piece, ...]
    layouts: tuple[ScanLayout, ...]

    @classmethod
    def encoded(
        cls, samples: NDArray[np.uint8], quality: int, progressive: bool, interval: int | None
    ) -> ChromaPlane:
        """Encode a plane.

        interval: blocks between two restart markers, 0 for none, where the blocks shall go into a
        sequential scan with luma: they then have the usual tables, so that two planes share them.
        None for scans of its own, with tables made for them.
        """
        options = {} if interval is None or progressive else {"restart_interval": interval}
        data: bytes = pyvips.Image.new_from_array(samples).jpegsave_buffer(
            Q=quality,
            optimize_coding=progressive or interval is None,
            interlace=progressive,
            keep="none",
            **options,
        )
        parts = tuple(jpeg_stream.pieces(data))
        place = next(part.body - 4 for part in parts if part.marker in FRAMES)
        frame = FrameHeader.of(data, place)
        return cls(samples, data, parts, tuple(layouts(data, parts, frame)))

    @property
    def quantization(self) -> bytes:
        """The 64 bytes of its table."""
        table = next(part for part in self.parts if part.marker == DQT)
        return self.data[table.body + 1 : table.body + 1 + _BLOCK * _BLOCK]

    def scans(self, number: int, *, with_dc: bool = True) -> bytes:
        """Tables and scans, of the component `number`; those for DC are left out on demand."""
        written = b""
        left_out = {
            piece
            for layout in self.layouts
            if layout.first == 0 and not with_dc
            for piece in (layout.header, layout.data)
        }
        for part in self.parts:
            data = self.data[part.start : part.end]
            if part.marker not in (DHT, DRI, SOS, None) or part in left_out:
                continue
            written += data if part.marker != SOS else data[:5] + bytes([number]) + data[6:]
        return written

    def blocks(self, layout: ScanLayout) -> Stream | Codes:
        """Its blocks as they are to follow those of luma in each MCU of a scan."""
        if layout.coding == SEQUENTIAL_SCAN:
            return Stream(self.data, self.layouts[0])
        values = self._dc() >> layout.low
        if layout.coding != DC_FIRST:
            return Codes((values & 1).astype(np.uint32), np.ones(len(values), np.uint8), 1)
        return dc_codes(values, layout.interval)

    @property
    def tables(self) -> tuple[bytes, bytes]:
        """The tables for DC and AC of the codes that `blocks` gives; no AC in progressive files."""
        only = self.layouts[0]
        if only.coding == SEQUENTIAL_SCAN:
            return only.dc[0], only.ac[0]
        return STANDARD_DC.ljust(TABLE_BYTES, b"\0"), b""

    def _dc(self) -> NDArray[np.int64]:
        """The DC coefficient of each block, in rows."""
        height, width = self.samples.shape
        beyond = ((0, -height % _BLOCK), (0, -width % _BLOCK))
        padded = np.pad(self.samples, beyond, mode="edge")
        rows, columns = padded.shape[0] // _BLOCK, padded.shape[1] // _BLOCK
        sums = padded.reshape(rows, _BLOCK, columns, _BLOCK).sum((1, 3), np.int64)
        sums -= 128 * _BLOCK * _BLOCK
        return np.rint(sums.ravel() / (_BLOCK * self.quantization[0])).astype(np.int64)


def dc_codes(values: NDArray[np.int64], interval: int) -> Codes:
    """DC coefficients as codes of STANDARD_DC: their differences, anew behind each restart."""
    before = np.concatenate([[0], values[:-1]])
    if interval:
        before[::interval] = 0
    differences = values - before
    sizes = np.zeros(len(values), np.int64)
    for bit in range(11):
        sizes += np.abs(differences) >> bit > 0
    behind = np.where(differences < 0, differences + (1 << sizes) - 1, differences)
    texts = codes_of(STANDARD_DC[:16], STANDARD_DC[16:])
    codes = np.array([int(texts[size], 2) for size in range(12)])
    lengths = np.array([len(texts[size]) for size in range(12)])
    bits = (codes[sizes] << sizes) | behind
    return Codes(bits.astype(np.uint32), (lengths[sizes] + sizes).astype(np.uint8), 1)
