"""Chroma for a JPEG whose own luma is kept: Cb and Cr at half the size, strip by strip.

An ordinary result keeps L; here the codes Y' of the grey JPEG are kept, since those are what the
file holds. For each chroma sample, of the mean Y' of its four pixels, the light is found whose
colour has the wanted a and b and exactly this Y'. Decoders clip what lies outside the cube of RGB,
and would so change the luma that is seen; therefore chroma is reduced until it fits for the
darkest and the brightest of all pixels that it reaches (4 x 4, as decoders enlarge chroma by
lines between its samples).

Y' = 0.299 R' + 0.587 G' + 0.114 B', Cb = (B' - Y') / 1.772, Cr = (R' - Y') / 1.402 (JFIF 1.02).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom._system.cpus import available_cpus
from photochrom._system.kernel import library
from photochrom._system.threads import ordered_map
from photochrom.color.lab import (
    WHITE,
    Array,
    lightness_from_luminance,
)
from photochrom.color.rgb_space import RgbSpace
from photochrom.filters.upsample import LinearChroma, linear_positions
from photochrom.photo.strips import FetchRows, Pixels
from photochrom.pipeline.full_size import chroma_fields, inverse_f, widened
from photochrom.pipeline.native import ChromaArithmetic, NativeChroma

STEPS = 8192
"""Steps of the tables from codes to light and from roots of light to codes; the nearest counts: a
step is 0.03 of an 8-bit code."""
_CORRECTIONS = 2
"""Corrections of the light; each leaves a few hundredths of the error before."""
_LUMA = tuple(np.float32(share) for share in (0.299, 0.587, 0.114))
_CB, _CR = np.float32(1.772), np.float32(1.402)
_GREEN_OF_CB = np.float32(-0.114 * 1.772 / 0.587)
_GREEN_OF_CR = np.float32(-0.299 * 1.402 / 0.587)
_MARGIN = np.float32(2 / 255)
"""Room that is left at the walls of the cube for the rounding of chroma and its compression."""
_LEAST = np.float32(1e-6)
"""Smaller differences count as zero."""
_STRIP_ROWS = 64
"""Rows of chroma that are worked on at a time."""


def chroma_planes(
    fetch: FetchRows,
    size: tuple[int, int],
    chroma: LinearChroma,
    space: RgbSpace,
    threads: int | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Cb and Cr of a grey picture whose codes are to be kept.

    fetch: gives rows (n, W, 1), uint8. size: the picture's height and width. chroma: ab as a
    function of L, on a small copy of the same extent. space: what the codes mean.
    Returns two planes of half the size, rounded up, as JPEG stores them (128 is neutral).
    """
    height, width = size
    solver = _Solver(space, chroma, size)
    planes = np.empty((2, -(-height // 2), -(-width // 2)), np.uint8)
    count = threads or available_cpus()
    blocks = _blocks(fetch, height)
    for block in ordered_map(lambda block: (block.top, solver(block)), blocks, count, 2):
        top, solved = block
        planes[:, top : top + solved.shape[1]] = solved
    return planes[0], planes[1]


@dataclass(frozen=True)
class _Block:
    """Rows of a picture with the row before and the one behind; edges are repeated.

    top: its first row of chroma. rows: (2 n + 2, W).
    """

    top: int
    rows: Pixels


def _blocks(fetch: FetchRows, height: int) -> Iterator[_Block]:
    held: Pixels | None = None  # the two last rows of the block before
    for top in range(0, height, 2 * _STRIP_ROWS):
        # one row more than the block's own, to know what lies below it
        start = top if held is None else top + 1
        end = min(height, top + 2 * _STRIP_ROWS + 1)
        rows = fetch(start, end - start)[..., 0] if end > start else None
        parts = [part for part in (held, rows) if part is not None]
        rows = np.concatenate(parts)
        first = 0 if held is None else 1
        wanted = 2 * -(-min(2 * _STRIP_ROWS, height - top) // 2)  # even
        above = rows[:1]
        inside = rows[first : first + wanted + 1]
        missing = wanted + 1 - len(inside)
        below = np.repeat(inside[-1:], missing, axis=0) if missing else inside[:0]
        yield _Block(top // 2, np.concatenate([above, inside, below]))
        held = rows[-2:]


class _Solver:
    """Finds chroma for blocks of one picture."""

    def __init__(self, space: RgbSpace, chroma: LinearChroma, size: tuple[int, int]) -> None:
        height, width = size
        codes = np.linspace(0, 1, STEPS + 1, dtype=np.float32)
        light = space.curve.decode(codes)
        fy = ((lightness_from_luminance(light) + 16) / 116).astype(np.float32)
        self.light, self.fy, self.base = light, fy, inverse_f(fy)
        self.encoded = space.curve.encode(np.square(codes), np.dtype(np.float32))
        xyz = space.rgb_from_xyz
        self.from_x = (xyz[:, 0] * WHITE[0]).astype(np.float32)
        self.from_z = (xyz[:, 2] * WHITE[2]).astype(np.float32)
        fields = chroma_fields(chroma)
        # samples of chroma lie between pixels; those of an odd side reach beyond it
        rows, columns = -(-height // 2), -(-width // 2)
        across = linear_positions(columns, fields.shape[2], (0, 2 * columns / width))
        self.fields = widened(fields, *across)
        self.rows = linear_positions(rows, fields.shape[1], (0, 2 * rows / height))

        loaded = library()
        self.native = None if loaded is None else NativeChroma(loaded, self._arithmetic(width))

    def _arithmetic(self, width: int) -> ChromaArithmetic:
        above, below, share = self.rows
        return ChromaArithmetic(
            width=width,
            light=self.light,
            fy=self.fy,
            base=self.base,
            encoded=self.encoded,
            fields=self.fields,
            above=above.astype(np.int64),
            below=below.astype(np.int64),
            share=share,
            from_x=self.from_x,
            from_z=self.from_z,
        )

    def __call__(self, block: _Block) -> NDArray[np.uint8]:
        """Cb and Cr of a block, (2, n, w)."""
        if self.native is not None:
            return self.native(block.rows, block.top)
        codes = np.pad(block.rows, ((0, 0), (1, 1 + block.rows.shape[1] % 2)), mode="edge")
        luma = _mean_of_four(codes[1:-1, 1:-1])
        lowest, highest = (
            _extremes(codes, extreme).astype(np.float32) * np.float32(1 / 255)
            for extreme in (np.minimum, np.maximum)
        )
        x, z = self._wanted(block.top, luma)
        code = luma
        for _ in range(_CORRECTIONS):
            *_, reached = self._rgb(code, x, z)
            code = (code + (luma - reached)).clip(0, 1)
        red, blue, reached = self._rgb(code, x, z)
        cb, cr = (blue - reached) / _CB, (red - reached) / _CR
        kept = _chroma_kept(cb, cr, lowest, highest) * np.float32(255)
        planes = np.stack([cb * kept, cr * kept]) + np.float32(128.5)
        return planes.clip(0, 255).astype(np.uint8)

    def _wanted(self, top: int, luma: Array) -> tuple[Array, Array]:
        """Differences of f of X and Z that the wanted a and b are, of each sample."""
        above, below, share = (values[top : top + len(luma)] for values in self.rows)
        upper = self.fields[:, above]
        fields = (self.fields[:, below] - upper) * share[:, None] + upper
        fy = self.fy[_place(luma)]
        return fields[0] * fy + fields[2], fields[1] * fy + fields[3]

    def _rgb(self, code: Array, x: Array, z: Array) -> tuple[Any, Any, Any]:
        """Red, blue and Y' of the light of a grey code with a and b, in gamut; all 0..1."""
        place = _place(code)
        light, fy, base = self.light[place], self.fy[place], self.base[place]
        x, z = inverse_f(fy + x) - base, inverse_f(fy + z) - base
        linear = [
            x * along_x + z * along_z
            for along_x, along_z in zip(self.from_x, self.from_z, strict=True)
        ]
        above = np.maximum(np.maximum(np.maximum(*linear[:2]), linear[2]), _LEAST)
        below = np.minimum(np.minimum(np.minimum(*linear[:2]), linear[2]), -_LEAST)
        room = np.minimum((1 - light) / above, light / -below)
        kept = np.minimum(room, np.float32(1))
        red, green, blue = (
            self.encoded[_place(np.sqrt(np.maximum(band * kept + light, 0)))] for band in linear
        )
        return red, blue, (red * _LUMA[0] + green * _LUMA[1]) + blue * _LUMA[2]


def _place(value: Array) -> NDArray[np.intp]:
    """The nearest entry of a table of STEPS + 1."""
    return np.minimum(value * np.float32(STEPS) + np.float32(0.5), np.float32(STEPS)).astype(
        np.intp
    )


def _mean_of_four(pixels: Pixels) -> Array:
    sums = pixels.astype(np.uint16)
    sums = sums[::2] + sums[1::2]
    return (sums[:, ::2] + sums[:, 1::2]).astype(np.float32) * np.float32(1 / (4 * 255))


def _extremes(codes: Pixels, extreme: np.ufunc) -> Pixels:
    """Over the 4 x 4 pixels around each sample; codes have one row and column more each side."""
    rows = extreme(codes[:-1], codes[1:])
    rows = extreme(rows[:-2:2], rows[2::2])
    columns = extreme(rows[:, :-1], rows[:, 1:])
    return extreme(columns[:, :-2:2], columns[:, 2::2])


def _chroma_kept(cb: Array, cr: Array, lowest: Array, highest: Array) -> Array:
    """The factor 0..1 on chroma that keeps R, G and B within the cube at every luma it reaches."""
    red, green, blue = _CR * cr, _GREEN_OF_CB * cb + _GREEN_OF_CR * cr, _CB * cb
    up = np.maximum(np.maximum(np.maximum(red, green), blue), _LEAST)
    down = np.minimum(np.minimum(np.minimum(red, green), blue), -_LEAST)
    top = np.float32(1) - _MARGIN
    kept = np.minimum((top - highest) / up, (lowest - _MARGIN) / -down)
    return np.maximum(np.minimum(kept, np.float32(1)), np.float32(0))
