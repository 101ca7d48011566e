"""TIFF samples that libvips does not know: packed ones, 64-bit floats, YCbCr without JPEG.

libvips still takes care of the strips and their compression: it reads a picture's bytes as if they
were grey pixels, and NumPy makes samples of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.tiff.layout import (
    BITS,
    BLACK_IS_ZERO,
    COLOR_MAP,
    EXTRA_SAMPLES,
    FLOATS,
    PALETTE,
    PHOTOMETRIC,
    PLANAR,
    REFERENCE_BLACK_WHITE,
    RGB,
    SAMPLE_FORMAT,
    SAMPLES,
    TILE_HEIGHT,
    TILE_WIDTH,
    YCBCR,
    YCBCR_COEFFICIENTS,
    YCBCR_SUBSAMPLING,
    Layout,
)
from photochrom.photo.tiff.tags import Entry
from photochrom.photo.tiff.view import SHARED

_NOT_OF_BYTES = frozenset(
    {EXTRA_SAMPLES, SAMPLE_FORMAT, PLANAR, YCBCR_SUBSAMPLING, REFERENCE_BLACK_WHITE} | SHARED
)
_BITS_AT_ONCE = 1 << 24
_REC_601 = (0.299, 0.587, 0.114)
_FULL_RANGE = (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)


def as_bytes(layout: Layout) -> Iterator[Layout]:
    """The planes of a picture, its bytes taken for grey pixels of 8 bit."""
    planes = layout.samples if layout.planar else 1
    across, down = (1, 1) if layout.photometric != YCBCR else layout.subsampling
    row = layout.row_bytes
    if layout.photometric == YCBCR:
        row = -(-layout.block_width // across) * (across * down + 2)
    rows = -(-layout.block_height // down)
    entries = {tag: e for tag, e in layout.entries.items() if tag not in _NOT_OF_BYTES} | {
        BITS: Entry.short(8),
        SAMPLES: Entry.short(1),
        PHOTOMETRIC: Entry.short(BLACK_IS_ZERO),
    }
    if layout.tiled:
        entries |= {TILE_WIDTH: Entry.long(row), TILE_HEIGHT: Entry.long(rows)}
    each = layout.across * layout.down
    for plane in range(planes):
        mine = slice(plane * each, (plane + 1) * each)
        yield replace(
            layout,
            entries=entries,
            width=layout.across * row,
            height=-(-layout.height // down),
            block_width=row,
            block_height=rows,
            offsets=layout.offsets[mine],
            counts=layout.counts[mine],
            cut=frozenset(index - plane * each for index in layout.cut),
            repaired=True,
        )


def samples_of(planes: list[NDArray[np.uint8]], layout: Layout) -> NDArray[Any]:
    """The samples (height, width, samples) of the bytes of each plane.

    YCbCr becomes RGB; all else keeps its numbers, see `finished`.
    """
    if layout.photometric == YCBCR:
        return _rgb_of_ycbcr(planes[0], layout)
    return np.concatenate([_unpacked(plane, layout) for plane in planes], axis=2)


def _unpacked(data: NDArray[np.uint8], layout: Layout) -> NDArray[Any]:
    samples = 1 if layout.planar else layout.samples
    count = layout.block_width * samples
    blocks = data.reshape(len(data) * layout.across, -1)
    if layout.bits % 8 == 0 and layout.bits in (8, 16, 32, 64):
        kind = "f" if layout.sample_format == FLOATS else "u"
        form = f"{layout.order}{kind}{layout.bits // 8}"
        values = np.ascontiguousarray(blocks).view(form)[:, :count]
    else:
        values = _bits_unpacked(blocks, count, layout.bits)
    values = values.reshape(len(data), layout.across * layout.block_width, samples)
    return values[:, : layout.width]


def _bits_unpacked(rows: NDArray[np.uint8], count: int, bits: int) -> NDArray[np.uint32]:
    """Whole numbers of any number of bits, each row beginning with a byte."""
    values = np.empty((len(rows), count), np.uint32)
    powers = (1 << np.arange(bits - 1, -1, -1)).astype(np.uint32)
    step = max(1, _BITS_AT_ONCE // (bits * count))
    for top in range(0, len(rows), step):
        ones = np.unpackbits(rows[top : top + step], axis=1)[:, : count * bits]
        values[top : top + step] = ones.reshape(-1, count, bits) @ powers
    return values


def finished(values: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Samples as uint8 or uint16, white at the end of their range, or as float32.

    values: (height, width, samples) of the layout's depth. A palette's numbers become its colours.
    """
    if layout.photometric == PALETTE:
        return _painted(values, layout)
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what is too large is infinite then, and refused as such
            return values.astype(np.float32)
    bits = layout.bits if layout.photometric != YCBCR else 8
    if bits in (8, 16):
        return values.astype(np.uint8 if bits == 8 else np.uint16)
    full = 255 if bits < 8 else 65535
    numbers = np.rint(values * (full / ((1 << bits) - 1)))
    return numbers.astype(np.uint8 if full == 255 else np.uint16)


def _painted(values: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """The colours of a palette's numbers, and what samples come behind these."""
    colors = np.array(layout.numbers(COLOR_MAP), np.uint16)[: 3 << layout.bits].reshape(3, -1)
    painted = colors.T[values[..., 0]]
    rest = values[..., 1:].astype(np.uint16) * (65535 // ((1 << layout.bits) - 1))
    return np.concatenate([painted, rest], axis=2)


def _rgb_of_ycbcr(data: NDArray[np.uint8], layout: Layout) -> NDArray[np.uint8]:
    """RGB of blocks of so many Y, one Cb and one Cr; TIFF 6.0, section 21."""
    across, down = layout.subsampling
    units = data.reshape(len(data), -1, across * down + 2).astype(np.float32)
    y = units[..., :-2].reshape(len(data), -1, down, across).transpose(0, 2, 1, 3)
    height, width = len(data) * down, units.shape[1] * across
    black_white = _fractions(layout, REFERENCE_BLACK_WHITE) or _FULL_RANGE
    red, green, blue = _fractions(layout, YCBCR_COEFFICIENTS) or _REC_601
    y = (y.reshape(height, width) - black_white[0]) * 255 / (black_white[1] - black_white[0])
    chroma = units[..., -2:].repeat(down, 0).repeat(across, 1)
    zero, top = np.array(black_white[2::2], np.float32), np.array(black_white[3::2], np.float32)
    cb, cr = np.moveaxis((chroma - zero) * 127 / (top - zero), 2, 0)
    r = y + cr * (2 - 2 * red)
    b = y + cb * (2 - 2 * blue)
    g = (y - red * r - blue * b) / green
    rgb = np.rint(np.stack([r, g, b], axis=2)).clip(0, 255).astype(np.uint8)
    return rgb[: layout.height, : layout.width]


def _fractions(layout: Layout, tag: int) -> tuple[float, ...]:
    """The fractions of a tag; none where there are none, or one makes no sense."""
    entry = layout.entries.get(tag)
    if entry is None or entry.kind != 5:
        return ()
    halves = struct.unpack(f"<{2 * entry.count}I", entry.data)
    if not all(halves[1::2]) or entry.count != (3 if tag == YCBCR_COEFFICIENTS else 6):
        return ()
    values = tuple(above / below for above, below in zip(halves[::2], halves[1::2], strict=True))
    sound = values[1] if tag == YCBCR_COEFFICIENTS else min(np.diff(values)[::2])
    return values if sound > 0 else ()


def described(samples: NDArray[Any], layout: Layout) -> dict[int, Entry]:
    """The tags about pixels of a TIFF file of samples that were unpacked or decoded."""
    count, bits = samples.shape[2], 8 * samples.dtype.itemsize
    floats = samples.dtype.kind == "f"
    photometric = RGB if layout.photometric in (YCBCR, PALETTE) else layout.photometric
    return {
        BITS: Entry(3, count, struct.pack("<H", bits) * count),
        SAMPLES: Entry.short(count),
        SAMPLE_FORMAT: Entry(3, count, struct.pack("<H", FLOATS if floats else 1) * count),
        PHOTOMETRIC: Entry.short(photometric),
    }
