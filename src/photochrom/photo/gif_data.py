"""Damage in the pixels of a GIF, which has no checksum: its codes are counted.

The data must end with the last pixel, not before and not after. libvips fills what is missing.

GIF89a, 20 to 22, and appendix F (LZW with codes of variable length, low bit first).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.photo.holes import note_of_palette

MOST_MISSING = 0.05
"""The share of a picture's pixels that may be missing; with more, it is refused."""
_EXTENSION, _IMAGE = 0x21, 0x2C
_WIDEST = 12
_FULL = 1 << _WIDEST
_AT_ONCE = 4500
"""Codes that are looked at together; most encoders clear their table after less."""


@dataclass(frozen=True)
class _Picture:
    width: int
    height: int
    code_bits: int
    data: bytes
    palette: bytes


def notes_of(data: bytes, name: str) -> tuple[str, ...]:
    """What is wrong with the first picture of a GIF, a line each, for the photo's notes.

    Raises PhotoError where more than `MOST_MISSING` of its pixels are missing.
    """
    picture = _first_picture(data)
    if picture is None or not 1 <= picture.code_bits <= 11:
        return ()  # libvips refuses it
    wanted = picture.width * picture.height
    pixels, used, sound = _counted(picture)
    missing = wanted - pixels
    if missing > MOST_MISSING * wanted:
        raise PhotoError(
            name,
            f"damaged, {missing} of its {wanted} pixels are missing",
            "copy it again from its source",
        )
    notes = [note_of_palette(picture.palette, 3, np.flatnonzero(used))]
    if missing > 0:
        notes.append(f"damaged: {missing} of its {wanted} pixels are missing")
    elif not sound or missing < -picture.width:
        notes.append("damaged: its data does not end with its last pixel; some may be wrong")
    return tuple(note for note in notes if note is not None)


def _first_picture(data: bytes) -> _Picture | None:
    at = 13 + _table(data[10:11])
    while len(data) > at + 10 and data[at] in (_EXTENSION, _IMAGE):
        if data[at] == _IMAGE:
            width, height = (int.from_bytes(data[at + i : at + i + 2], "little") for i in (5, 7))
            start = at + 10 + _table(data[at + 9 : at + 10])
            palette = data[at + 10 : start] or data[13 : 13 + _table(data[10:11])]
            code_bits = data[start] if start < len(data) else 0
            return _Picture(width, height, code_bits, _joined(data, start + 1)[0], palette)
        at = _joined(data, at + 2)[1]
    return None


def _table(flags: bytes) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _joined(data: bytes, at: int) -> tuple[bytes, int]:
    """The content of a chain of blocks, and where the next thing begins."""
    pieces = []
    while at < len(data) and data[at]:
        pieces.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(pieces), at + 1


def _counted(picture: _Picture) -> tuple[int, NDArray[np.bool_], bool]:
    """How many pixels the codes stand for, which colours these have, and whether they are sound.

    Sound are codes that the table has, up to the code of the end or, as some encoders leave that
    out, up to the end of the data.
    """
    clear = 1 << picture.code_bits
    bits = 8 * len(picture.data)
    padded = np.frombuffer(picture.data + bytes(3), np.uint8).astype(np.uint32)
    words = padded[:-2] | padded[1:-1] << np.uint32(8) | padded[2:] << np.uint32(16)
    at, pixels, most = 0, 0, _AT_ONCE
    used = np.zeros(clear, np.bool_)
    while True:
        widths = _widths(picture.code_bits, most)
        ends = at + np.cumsum(widths)
        known = int(np.searchsorted(ends, bits, side="right"))
        places = (ends - widths)[:known]
        codes = words[places >> 3].astype(np.int64) >> (places & 7)
        codes &= (1 << widths[:known]) - 1
        stops = np.flatnonzero((codes == clear) | (codes == clear + 1))
        if not len(stops) and known == most:  # an encoder that never clears its table
            most *= 2
            continue
        count = int(stops[0]) if len(stops) else known
        lengths = _lengths(codes[:count], clear)
        pixels += int(lengths.sum())
        sound = codes[: len(lengths)]
        used[sound[sound < clear]] = True  # a colour is a code of its own where it first appears
        if len(lengths) < count:
            return pixels, used, False
        if not len(stops) or codes[count] == clear + 1:
            return pixels, used, True
        at = int(ends[count])


def _widths(code_bits: int, count: int) -> NDArray[np.int64]:
    """How wide the codes behind a clear code are, in bits."""
    entries = (1 << code_bits) + 2 + np.maximum(np.arange(count) - 1, 0)
    return np.ceil(np.log2(np.minimum(entries + 1, _FULL))).astype(np.int64)


def _lengths(codes: NDArray[np.int64], clear: int) -> NDArray[np.int64]:
    """How many pixels each code stands for, up to the first that the table does not have.

    An entry of the table stands for the pixels of one code and the first pixel of the next.
    """
    index = np.arange(len(codes))
    above = np.where(codes < clear, index, codes - clear - 2)
    unknown = np.flatnonzero((codes > clear) & (above >= index))
    if len(unknown):
        above, index = above[: unknown[0]], index[: unknown[0]]
    steps = (above != index).astype(np.int64)
    while steps[above].any():
        steps += steps[above]
        above = above[above]
    return steps + 1
