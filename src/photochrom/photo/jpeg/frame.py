"""The frame header of a JPEG stream: size, depth and subsampling, without its pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
_ORDINARY = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, Huffman-coded: what libjpeg always reads."""


@dataclass(frozen=True)
class Frame:
    """What a frame header says.

    kind: the marker's second byte. sampling: factors across and down of the first component.
    """

    kind: int
    bits: int
    height: int
    width: int
    components: int
    sampling: tuple[int, int]

    @property
    def ordinary(self) -> bool:
        """Whether every libjpeg reads it: 8 bit, neither lossless nor arithmetic."""
        return self.kind in _ORDINARY and self.bits == 8


def frame_of(data: bytes) -> Frame | None:
    """The first frame header of a stream; None where there is none."""
    place = 2 if data[:2] == b"\xff\xd8" else len(data)
    while place + 4 <= len(data) and data[place] == 0xFF:
        kind = data[place + 1]
        if kind == 0xFF or kind in _ALONE:  # a byte of filling
            place += 1 if kind == 0xFF else 2
            continue
        if kind in _FRAMES and place + 12 <= len(data):
            bits, height, width, components = struct.unpack_from(">BHHB", data, place + 4)
            factors = data[place + 11]
            return Frame(kind, bits, height, width, components, (factors >> 4, factors & 15))
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return None
