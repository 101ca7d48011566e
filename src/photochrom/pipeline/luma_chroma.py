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

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom._system.threads import ordered_map
from photochrom.color.lab import (
    WHITE,
    Array,
    lightness_from_luminance,
)
from photochrom.color.rgb_space import RgbSpace
from photochrom.filters.upsample import LinearChroma
from photochrom.photo.strips import FetchRows, Pixels

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_CB, _CR = np.float32(1.772), np.float32(1.402)
_TO_GREEN = np.float32(-0.114 * 1.772 / 0.587), np.float32(-0.299 * 1.402 / 0.587)
_STEPS = 3
"""Corrections of the light; each leaves a few hundredths of the error before."""
_MARGIN = np.float32(2 / 255)
"""Room that is left at the walls of the cube for the rounding of chroma and its compression."""
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
    count = threads or os.cpu_count() or 1
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
        self.space = space
        self.fields = np.concatenate([chroma.slope, chroma.offset], axis=2)
        height, width = size
        small = self.fields.shape
        # samples of chroma lie between pixels; those of an odd side reach beyond it
        self.rows = _between(-(-height // 2), height / 2, small[0])
        self.columns = _between(-(-width // 2), width / 2, small[1])
        xyz = space.rgb_from_xyz.astype(np.float32)
        self.from_x, self.from_z = xyz[:, 0] * WHITE[0], xyz[:, 2] * WHITE[2]

    def __call__(self, block: _Block) -> NDArray[np.uint8]:
        codes = block.rows.astype(np.float32) / 255
        codes = np.pad(codes, ((0, 0), (1, 1 + codes.shape[1] % 2)), mode="edge")
        luma = _mean_of_four(codes[1:-1, 1:-1])
        lowest, highest = _extremes(codes, np.minimum), _extremes(codes, np.maximum)
        ab = self._ab(block.top, luma)
        rgb, reached = luma[..., None], luma
        code = luma
        for _ in range(_STEPS):
            rgb = self._rgb(code, ab)
            reached = rgb @ _LUMA
            code = np.clip(code + luma - reached, 0, 1)
        cb = (rgb[..., 2] - reached) / _CB
        cr = (rgb[..., 0] - reached) / _CR
        kept = _chroma_kept(cb, cr, lowest, highest)
        planes = np.stack([cb * kept, cr * kept])
        return np.rint(planes * 255 + 128).clip(0, 255).astype(np.uint8)

    def _ab(self, top: int, luma: Array) -> Array:
        """The wanted a and b of each sample, (h, w, 2)."""
        light = self.space.curve.decode(luma)
        lightness = lightness_from_luminance(light)[..., None]
        before, after, share = (values[top : top + len(luma)] for values in self.rows)
        share = share[:, None, None]
        lines = self.fields[before] * (1 - share) + self.fields[after] * share
        before, after, share = self.columns
        share = share[:, None]
        lines = lines[:, before] * (1 - share) + lines[:, after] * share
        return lines[..., :2] * lightness + lines[..., 2:]

    def _rgb(self, code: Array, ab: Array) -> Array:
        """RGB codes (h, w, 3), 0..1, of the light of a grey code with a and b, in gamut."""
        light = self.space.curve.decode(code)
        fy = (lightness_from_luminance(light) + 16) / 116
        base = _inverse(fy)
        x = _inverse(fy + ab[..., 0] / 500) - base
        z = _inverse(fy - ab[..., 1] / 200) - base
        linear = x[..., None] * self.from_x + z[..., None] * self.from_z
        above = np.maximum(linear.max(axis=-1), 1e-9)
        below = np.maximum(-linear.min(axis=-1), 1e-9)
        kept = np.minimum(1, np.minimum((1 - light) / above, light / below))
        linear = light[..., None] + kept[..., None] * linear
        return self.space.curve.encode(linear.clip(0, 1), np.dtype(np.float32))


def _inverse(f: Array) -> Array:
    return np.where(f > 6 / 29, f**3, (f - 16 / 116) * np.float32(3 * (6 / 29) ** 2))


def _mean_of_four(pixels: Array) -> Array:
    return (
        pixels[::2, ::2] + pixels[1::2, ::2] + pixels[::2, 1::2] + pixels[1::2, 1::2]
    ) * np.float32(0.25)


def _extremes(codes: Array, extreme: np.ufunc) -> Array:
    """Over the 4 x 4 pixels around each sample; codes have one row and column more each side."""
    rows = extreme(codes[:-1], codes[1:])
    rows = extreme(rows[:-2:2], rows[2::2])
    columns = extreme(rows[:, :-1], rows[:, 1:])
    return extreme(columns[:, :-2:2], columns[:, 2::2])


def _chroma_kept(cb: Array, cr: Array, lowest: Array, highest: Array) -> Array:
    """The factor 0..1 on chroma that keeps R, G and B within the cube at every luma it reaches."""
    away = np.stack([_CR * cr, _TO_GREEN[0] * cb + _TO_GREEN[1] * cr, _CB * cb])
    up = np.maximum(away.max(axis=0), np.float32(1e-6))
    down = np.maximum(-away.min(axis=0), np.float32(1e-6))
    kept = np.minimum((1 - _MARGIN - highest) / up, (lowest - _MARGIN) / down)
    return kept.clip(0, 1)


def _between(count: int, extent: float, small: int) -> tuple[NDArray[np.intp], ...]:
    """Where each of `count` samples lies among `small` ones that cover `extent` samples."""
    center = ((np.arange(count) + 0.5) * small / extent - 0.5).clip(0, small - 1)
    before = center.astype(np.intp)
    after = np.minimum(before + 1, small - 1)
    return before, after, (center - before).astype(np.float32)
