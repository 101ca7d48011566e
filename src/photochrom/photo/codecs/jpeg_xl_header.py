"""The first bits of a JPEG XL file: whether it is an animation.

ISO/IEC 18181-1, annexes A to D, and 18181-2 for the boxes around.
"""

from __future__ import annotations

import struct

_BOXED = b"\0\0\0\x0cJXL "
_SIDE = ((9, 1), (13, 1), (18, 1), (30, 1))
"""Bits and least value of a height or width, by its selector; of previews below."""
_PREVIEW_EIGHTHS = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW = ((6, 1), (8, 65), (10, 321), (12, 1345))
_MOST_BYTES = 64
"""More than all that comes before the bit of animations."""


class _Bits:
    """Numbers of so many bits, the lowest first."""

    def __init__(self, data: bytes) -> None:
        self._left = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._left & ((1 << count) - 1)
        self._left >>= count
        return value

    def choice(self, choices: tuple[tuple[int, int], ...]) -> int:
        bits, least = choices[self.take(2)]
        return least + self.take(bits)


def is_animated(data: bytes) -> bool:
    """Whether a file is of several pictures, one after the other.

    Raises ValueError where there are no pictures in it.
    """
    bits = _Bits(_codestream(data)[2:_MOST_BYTES])
    _skip_size(bits)
    if bits.take(1) or not bits.take(1):  # all defaults, or no extra fields
        return False
    bits.take(3)
    if bits.take(1):  # a size for display
        _skip_size(bits)
    if bits.take(1):
        _skip_preview(bits)
    return bool(bits.take(1))


def _skip_size(bits: _Bits) -> None:
    eighths = bits.take(1)
    for side in range(2):
        if side == 0 or bits.take(3) == 0:  # else the width is a ratio of the height
            bits.take(5) if eighths else bits.choice(_SIDE)


def _skip_preview(bits: _Bits) -> None:
    choices = _PREVIEW_EIGHTHS if bits.take(1) else _PREVIEW
    for side in range(2):
        if side == 0 or bits.take(3) == 0:
            bits.choice(choices)


def _codestream(data: bytes) -> bytes:
    """The beginning of the pictures' data, whether there are boxes around it or not."""
    if not data.startswith(_BOXED):
        return data
    place = 0
    while place + 16 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        start = place + (16 if size == 1 else 8)
        if kind in (b"jxlc", b"jxlp"):
            start += 4 if kind == b"jxlp" else 0  # a part's number
            return data[start : start + _MOST_BYTES]
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, place + 8)
        if size < 8:
            break
        place += size
    raise ValueError("there is no picture in it")
