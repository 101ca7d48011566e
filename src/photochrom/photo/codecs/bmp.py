"""BMP, as Pillow reads it: every depth, run lengths, either order of rows, and alpha."""

from __future__ import annotations

import io
import struct
import warnings
from typing import Any

import numpy as np

from photochrom.photo.codecs.decoded import (
    Decoded,
    RawMetadata,
    check_pixel_count,
    guarded,
    package,
)
from photochrom.photo.formats import BMP
from photochrom.photo.holes import empty_bytes, note_of_palette, note_of_pixels
from photochrom.photo.pillow_pixels import pillow_pixels

_LONG_HEADER = 40
"""Bytes of the shortest header that says how pixels are coded."""
_PIXELS_A_BYTE = {1: 1, 2: 2}
"""Of RLE8 and RLE4, by BMP's number of the coding."""
_END_OF_ROW, _END, _MOVE = 0, 1, 2
_INCHES_A_METRE = 39.3701
"""As Pillow counts."""


def read_bmp(data: bytes, name: str, limit: int) -> Decoded:
    """Read a BMP; raises as `photochrom.photo.codecs.optional.decode`."""
    pillow = package("PIL.Image", BMP)

    def opened() -> Any:
        with warnings.catch_warnings():  # the limit here is our own
            warnings.simplefilter("ignore", pillow.DecompressionBombWarning)
            return pillow.open(io.BytesIO(data), formats=("BMP", "DIB"))

    image = guarded(name, opened)
    check_pixel_count(name, image.width, image.height, limit)
    pixels = guarded(name, lambda: np.atleast_3d(pillow_pixels(image, name)))
    notes = (
        guarded(name, lambda: _missing(data, image.width, image.height)),
        guarded(name, lambda: _empty_palette(data, image)),
    )
    return Decoded(
        pixels,
        metadata=RawMetadata(resolution=_resolution(image)),
        notes=tuple(note for note in notes if note is not None),
    )


def _empty_palette(data: bytes, image: Any) -> str | None:
    """What is empty of the table of colours, as a line; Pillow has none where it is a grey ramp."""
    if image.mode != "P":
        return None
    start = 14 + int.from_bytes(data[14:18], "little")
    (pixels,) = struct.unpack_from("<I", data, 10)
    used = np.unique(np.asarray(image)).astype(np.int64)
    return note_of_palette(data[start:pixels], 4 if data[14] >= _LONG_HEADER else 3, used)


def _missing(data: bytes, width: int, height: int) -> str | None:
    """What is not in the file, as a line; Pillow makes it black. None where nothing is missing."""
    (start,) = struct.unpack_from("<I", data, 10)
    coding = struct.unpack_from("<I", data, 30)[0] if data[14] >= _LONG_HEADER else 0
    if coding not in _PIXELS_A_BYTE:
        row = (len(data) - start) // height
        return note_of_pixels(data, (start,), len(data), row)
    wanted = width * height
    pixels, whole = _counted(data[start:], _PIXELS_A_BYTE[coding], width, height)
    if pixels < wanted:
        return f"{wanted - pixels} of its {wanted} pixels are not in the file, and are black"
    return None if whole else "damaged: its runs do not fit its rows; some pixels may be wrong"


def _counted(codes: bytes, each: int, width: int, height: int) -> tuple[int, bool]:
    """How many pixels run lengths stand for, and whether all are within the rows.

    each: pixels a byte.
    """
    at = pixels = column = row = 0
    whole = not empty_bytes(codes)
    while at + 1 < len(codes) and row < height:
        count, value = codes[at : at + 2]
        at += 2
        if count == 0 and value == _END:
            break
        if count == 0 and value == _END_OF_ROW:
            column, row = 0, row + 1
        elif count == 0 and value == _MOVE:
            column, row = column + codes[at], row + codes[at + 1]
            at += 2
        else:
            if count == 0:
                count, stored = value, -(-value // each)
                at += stored + stored % 2
            pixels += max(0, min(count, width - column))
            column += count
            whole = whole and column <= width + 1  # the last of two in a byte may be beyond
    return pixels, whole


def _resolution(image: Any) -> tuple[float, float] | None:
    """Pixels a metre, whole numbers in the file; Pillow gives them an inch."""
    across, down = image.info.get("dpi", (0, 0))
    return (round(across * _INCHES_A_METRE), round(down * _INCHES_A_METRE)) if across else None
