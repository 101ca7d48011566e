"""Chroma for a JPEG or a film whose own luma is kept: Cb and Cr, strip by strip.

An ordinary result keeps L; here the codes Y' of the grey picture are kept, since those are what the
file holds. For each chroma sample, of the mean Y' of its pixels, the light is found whose
colour has the wanted a and b and exactly this Y'. Decoders clip what lies outside the cube of RGB,
and would so change the luma that is seen; therefore chroma is reduced until it fits for the
darkest and the brightest of all pixels that it reaches (4 x 4 where it has half the size, as
decoders enlarge chroma by lines between its samples).

Y' = kr R' + kg G' + kb B', Cb = (B' - Y') / (2 - 2 kb), Cr = (R' - Y') / (2 - 2 kr); JPEG has
kr = 0.299 and kb = 0.114 (JFIF 1.02), films have these or others (`LumaCoding`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
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
_MARGIN = np.float32(2 / 255)
"""Room that is left at the walls of the cube for the rounding of chroma and its compression."""
_LEAST = np.float32(1e-6)
"""Smaller differences count as zero."""
_STRIP_ROWS = 64
"""Rows of chroma that are worked on at a time."""


@dataclass(frozen=True)
class LumaCoding:
    """What the codes of luma and chroma mean; the defaults are JPEG's.

    kr, kb: shares of R' and B' in Y'. depth: bits of a code; more than 8 are uint16. full: whether
    black is code 0 and white the largest; else they are 16 and 235 times 2^(depth - 8), and chroma
    reaches from 16 to 240 times that. across, down: pixels of a sample of chroma: 1, 2 or 4, and 1
    or 2.
    """

    kr: float = 0.299
    kb: float = 0.114
    depth: int = 8
    full: bool = True
    across: int = 2
    down: int = 2

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of codes."""
        return np.dtype(np.uint8 if self.depth == 8 else np.uint16)

    @property
    def largest(self) -> int:
        """The largest code."""
        return int((1 << self.depth) - 1)

    @property
    def neutral(self) -> int:
        """The code of no chroma."""
        return 1 << (self.depth - 1)

    @property
    def black(self) -> int:
        """The luma code of black."""
        return 0 if self.full else 16 << (self.depth - 8)

    @property
    def luma_range(self) -> int:
        """Codes from black to white."""
        return self.largest if self.full else 219 << (self.depth - 8)

    @property
    def chroma_range(self) -> int:
        """Codes from the lowest to the highest chroma."""
        return self.largest if self.full else 224 << (self.depth - 8)

    @cached_property
    def weights(self) -> tuple[np.float32, ...]:
        """Shares of R', G' and B' in Y'."""
        return tuple(np.float32(share) for share in (self.kr, 1 - self.kr - self.kb, self.kb))

    @cached_property
    def spans(self) -> tuple[np.float32, np.float32]:
        """What Cb and Cr of 1 are of B' - Y' and R' - Y'."""
        return np.float32(2 - 2 * self.kb), np.float32(2 - 2 * self.kr)

    @cached_property
    def green_of(self) -> tuple[np.float32, np.float32]:
        """What Cb and Cr of 1 are of G' - Y'."""
        kg = 1 - self.kr - self.kb
        return (
            np.float32(-self.kb * (2 - 2 * self.kb) / kg),
            np.float32(-self.kr * (2 - 2 * self.kr) / kg),
        )


JFIF = LumaCoding()


def chroma_planes(
    fetch: FetchRows,
    size: tuple[int, int],
    chroma: LinearChroma,
    space: RgbSpace,
    threads: int | None = None,
    *,
    steps: tuple[int, int] = (2, 2),
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Cb and Cr of a grey picture whose codes are to be kept.

    fetch: gives rows (n, W, bands), uint8, whose first band is Y'. size: the picture's height and
    width. chroma: ab as a function of L, on a small copy of the same extent. space: what the codes
    mean. steps: pixels down and across to the next sample of chroma, 1 or 2.
    Returns two planes of the size divided by the steps, rounded up, as JPEG stores them (128 is
    neutral).
    """
    if steps != (2, 2):
        fetch = _Enlarged(fetch, 2 // steps[0], 2 // steps[1])
        size = (size[0] * fetch.down, size[1] * fetch.across)
    height, width = size
    solver = ChromaSolver(space, chroma, size)
    planes = np.empty((2, -(-height // 2), -(-width // 2)), np.uint8)
    count = threads or available_cpus()
    blocks = _blocks(fetch, height)
    for block in ordered_map(lambda block: (block.top, solver(block)), blocks, count, 2):
        top, solved = block
        planes[:, top : top + solved.shape[1]] = solved
    return planes[0], planes[1]


class _Enlarged:
    """Repeats rows or columns, which are fetched in order: a sample of chroma has two each way."""

    def __init__(self, fetch: FetchRows, down: int, across: int) -> None:
        self._fetch, self.down, self.across = fetch, down, across
        self._last: Pixels | None = None
        self._fetched = 0

    def __call__(self, top: int, rows: int) -> Pixels:
        first, end = top // self.down, -(-(top + rows) // self.down)
        parts = [] if self._last is None or first >= self._fetched else [self._last]
        if end > self._fetched:
            parts.append(self._fetch(self._fetched, end - self._fetched)[..., :1])
        strip = np.concatenate(parts)
        self._last, self._fetched = strip[-1:], end
        strip = strip.repeat(self.down, 0).repeat(self.across, 1)
        return strip[top - first * self.down :][:rows]


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


@dataclass(frozen=True, eq=False)
class _Tables:
    """By codes 0..1 in steps of 1 / STEPS: light, f of it, and the inverse of f.

    encoded: codes by the root of light.
    """

    light: Array
    fy: Array
    base: Array
    encoded: Array


@lru_cache(maxsize=4)
def _tables(space: RgbSpace) -> _Tables:
    codes = np.linspace(0, 1, STEPS + 1, dtype=np.float32)
    light = space.curve.decode(codes)
    fy = ((lightness_from_luminance(light) + 16) / 116).astype(np.float32)
    encoded = space.curve.encode(np.square(codes), np.dtype(np.float32))
    return _Tables(light, fy, inverse_f(fy), encoded)


class ChromaSolver:
    """Finds chroma for one picture.

    space: what codes 0..1 mean. chroma: ab as a function of L, on a small copy of the same extent.
    size: the picture's height and width. coding: of its luma and of the chroma.
    """

    def __init__(
        self,
        space: RgbSpace,
        chroma: LinearChroma,
        size: tuple[int, int],
        coding: LumaCoding = JFIF,
    ) -> None:
        height, width = size
        self.tables, self.coding = _tables(space), coding
        xyz = space.rgb_from_xyz
        self.from_x = (xyz[:, 0] * WHITE[0]).astype(np.float32)
        self.from_z = (xyz[:, 2] * WHITE[2]).astype(np.float32)
        fields = chroma_fields(chroma)
        # samples of chroma lie between pixels; those of an odd side reach beyond it
        down, across = coding.down, coding.across
        rows, columns = -(-height // down), -(-width // across)
        reach = across * columns / width
        self.fields = widened(fields, *linear_positions(columns, fields.shape[2], (0, reach)))
        self.rows = linear_positions(rows, fields.shape[1], (0, down * rows / height))

        loaded = library()
        self.native = None if loaded is None else NativeChroma(loaded, self._arithmetic(width))

    def _arithmetic(self, width: int) -> ChromaArithmetic:
        above, below, share = self.rows
        coding = self.coding
        return ChromaArithmetic(
            width=width,
            light=self.tables.light,
            fy=self.tables.fy,
            base=self.tables.base,
            encoded=self.tables.encoded,
            fields=self.fields,
            above=above.astype(np.int64),
            below=below.astype(np.int64),
            share=share,
            from_x=self.from_x,
            from_z=self.from_z,
            across=coding.across,
            down=coding.down,
            dtype=coding.dtype,
            largest=coding.largest,
            weights=coding.weights,
            spans=coding.spans,
            green_of=coding.green_of,
            margin=_MARGIN,
            mean_scale=self._mean_scale,
            code_scale=self._code_scale,
            black=self._black,
            chroma_scale=np.float32(coding.chroma_range),
            neutral=np.float32(coding.neutral + 0.5),
        )

    @property
    def _mean_scale(self) -> np.float32:
        coding = self.coding
        return np.float32(1 / (coding.across * coding.down * coding.luma_range))

    @property
    def _code_scale(self) -> np.float32:
        return np.float32(1 / self.coding.luma_range)

    @property
    def _black(self) -> np.float32:
        return np.float32(self.coding.black / self.coding.luma_range)

    def planes(self, luma: Pixels) -> Pixels:
        """Cb and Cr, (2, h, w), of a whole picture's luma (H, W)."""
        down = self.coding.down
        around = ((down // 2, down // 2 + -len(luma) % down), (0, 0))
        return self(_Block(0, np.pad(luma, around, mode="edge") if down > 1 else luma))

    def __call__(self, block: _Block) -> Pixels:
        """Cb and Cr of a block, (2, n, w)."""
        if self.native is not None:
            return self.native(block.rows, block.top)
        coding = self.coding
        beside, above = coding.across // 2, coding.down // 2
        right = beside + -block.rows.shape[1] % coding.across
        codes = np.pad(block.rows, ((0, 0), (beside, right)), mode="edge")
        inside = codes[above : len(codes) - above, beside : codes.shape[1] - beside]
        luma = self._shares(_sums(inside, coding), self._mean_scale)
        lowest, highest = (
            self._shares(_extremes(codes, extreme, coding), self._code_scale)
            for extreme in (np.minimum, np.maximum)
        )
        x, z = self._wanted(block.top, luma)
        code = luma
        for _ in range(_CORRECTIONS):
            *_, reached = self._rgb(code, x, z)
            code = (code + (luma - reached)).clip(0, 1)
        red, blue, reached = self._rgb(code, x, z)
        cb, cr = (blue - reached) / coding.spans[0], (red - reached) / coding.spans[1]
        kept = self._kept(cb, cr, lowest, highest) * np.float32(coding.chroma_range)
        planes = np.stack([cb * kept, cr * kept]) + np.float32(coding.neutral + 0.5)
        return planes.clip(0, coding.largest).astype(coding.dtype)

    def _shares(self, codes: Any, scale: np.float32) -> Array:
        """Codes as shares of the way from black to white."""
        return (codes.astype(np.float32) * scale - self._black).clip(0, 1)

    def _wanted(self, top: int, luma: Array) -> tuple[Array, Array]:
        """Differences of f of X and Z that the wanted a and b are, of each sample."""
        above, below, share = (values[top : top + len(luma)] for values in self.rows)
        upper = self.fields[:, above]
        fields = (self.fields[:, below] - upper) * share[:, None] + upper
        fy = self.tables.fy[_place(luma)]
        return fields[0] * fy + fields[2], fields[1] * fy + fields[3]

    def _rgb(self, code: Array, x: Array, z: Array) -> tuple[Any, Any, Any]:
        """Red, blue and Y' of the light of a grey code with a and b, in gamut; all 0..1."""
        place, known = _place(code), self.tables
        light, fy, base = known.light[place], known.fy[place], known.base[place]
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
            known.encoded[_place(np.sqrt(np.maximum(band * kept + light, 0)))] for band in linear
        )
        weights = self.coding.weights
        return red, blue, (red * weights[0] + green * weights[1]) + blue * weights[2]

    def _kept(self, cb: Array, cr: Array, lowest: Array, highest: Array) -> Array:
        """The factor 0..1 on chroma that keeps RGB within the cube at every luma it reaches."""
        (of_cb, of_cr), (green_of_cb, green_of_cr) = self.coding.spans, self.coding.green_of
        red, green, blue = of_cr * cr, green_of_cb * cb + green_of_cr * cr, of_cb * cb
        up = np.maximum(np.maximum(np.maximum(red, green), blue), _LEAST)
        down = np.minimum(np.minimum(np.minimum(red, green), blue), -_LEAST)
        top = np.float32(1) - _MARGIN
        kept = np.minimum((top - highest) / up, (lowest - _MARGIN) / -down)
        return np.maximum(np.minimum(kept, np.float32(1)), np.float32(0))


def _place(value: Array) -> NDArray[np.intp]:
    """The nearest entry of a table of STEPS + 1."""
    return np.minimum(value * np.float32(STEPS) + np.float32(0.5), np.float32(STEPS)).astype(
        np.intp
    )


def _sums(codes: Pixels, coding: LumaCoding) -> NDArray[np.int32]:
    """Sums of the codes of each sample."""
    height, width = codes.shape
    cells = codes.reshape(height // coding.down, coding.down, width // coding.across, coding.across)
    return cells.sum(axis=(1, 3), dtype=np.int32)


def _extremes(codes: Pixels, extreme: np.ufunc, coding: LumaCoding) -> Pixels:
    """Over all pixels that each sample's chroma reaches.

    codes: with half a sample more on each side.
    """

    def along(values: Pixels, step: int) -> Pixels:
        count = (len(values) - 2 * (step // 2)) // step
        reached = [
            values[first : first + (count - 1) * step + 1 : step]
            for first in range(step + 2 * (step // 2))
        ]
        return extreme.reduce(reached)

    return along(along(codes, coding.down).T, coding.across).T
