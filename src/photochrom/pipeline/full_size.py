"""The full-size pass: give a photo its colour strip by strip, from decoder to encoder.

libvips decodes and encodes; in between, NumPy works on strips of a few rows on several threads. The
arithmetic keeps luminance by construction. With f the Lab transfer function and fy = f(Y) of the
photo, X and Z are f⁻¹(fy + a / 500) and f⁻¹(fy - b / 200), and

    rgb = Y + t · M (X - f⁻¹(fy), Z - f⁻¹(fy))

where M has the columns of XYZ → RGB for X and Z, and t reduces chroma until rgb fits the target's
gamut (by the rule of `photochrom.color.lab.reduce_chroma`). With a = b = 0 both differences are
exactly zero, so that a grey photo keeps its exact codes where it keeps its colour space (floats up
to the last bits).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from photochrom._system.cpus import available_cpus
from photochrom._system.kernel import library
from photochrom._system.threads import ordered_map
from photochrom.color.lab import (
    EPSILON,
    KAPPA,
    WHITE,
    Array,
)
from photochrom.color.rgb_space import SRGB, RgbSpace
from photochrom.crops import Crop
from photochrom.filters.upsample import LinearChroma, linear_positions
from photochrom.photo.strips import STRIP_PIXELS, Coding, FetchRows, Pixels, StripPlan
from photochrom.pipeline.kept_colors import Extent, KeptColors, Recoding
from photochrom.pipeline.native import NativeKernel, StripArithmetic

_DARKEST = np.float32(1e-20)
"""Lower luminance, which only damaged floats have, is set to 0: its products would be denormal."""

_STRIPS_AHEAD = 2
"""Strips in work for each thread."""
_DECODED_AHEAD = 4
"""Strips that the decoder may be ahead of the arithmetic."""

_POOL_SIZE = 8
"""Scratch arrays that are kept between photos, one for each thread, 14 MB each."""

TOE = 6 / 29
"""The f at which f⁻¹ changes from a line to a cube."""


def colored_strips(
    fetch: FetchRows,
    plan: StripPlan,
    chroma: LinearChroma,
    threads: int | None = None,
    *,
    source: RgbSpace = SRGB,
    target: Coding | None = None,
    part: Crop | None = None,
) -> Iterator[Pixels]:
    """Colour an image strip by strip, in order, working ahead on several threads.

    fetch: returns rows of an image: grey, grey and alpha, RGB, or RGB and alpha.
    chroma: of a small copy that covers the same extent.
    source: the image's space. target: the result's coding; by default the image's.
    part: what of the image is yielded; all by default. Its codes are those of the whole.
    Yields (rows, W, 3 or 4), alpha untouched. Floats outside 0..1, and NaN, stay as they are.
    """
    count = threads or available_cpus()
    wanted = part or Crop(0, 0, plan.width, plan.height)
    spans = (span for span in plan.spans() if span[0] < wanted.bottom)
    if count > 1:  # the decoder has a thread of its own, beside the arithmetic and the encoder
        strips = ordered_map(lambda span: (fetch(*span), span[0]), spans, 1, _DECODED_AHEAD)
    else:
        strips = ((fetch(top, rows), top) for top, rows in spans)
    strips = (strip for strip in strips if strip[1] + len(strip[0]) > wanted.top)
    first = next(strips)
    kernel = _Kernel(plan, chroma, source, target or Coding(source, first[0].dtype))

    def colored(strip: tuple[Pixels, int]) -> Pixels:
        top = strip[1]
        rows = slice(max(0, wanted.top - top), wanted.bottom - top)
        return kernel(*strip)[rows, wanted.left : wanted.right]

    all_strips = chain([first], strips)
    if count == 1:  # handing over to another thread would gain nothing
        yield from map(colored, all_strips)
    else:
        yield from ordered_map(colored, all_strips, count, _STRIPS_AHEAD)


def colored_piece(
    piece: Pixels, extent: Extent, chroma: LinearChroma, threads: int | None = None
) -> Pixels:
    """Colour a piece of an image, at any reduction.

    piece: (rows, columns, bands), sRGB. extent: the part of the image that it shows.
    chroma: of a small copy of the whole image.
    Returns (rows, columns, 3 or 4), of the piece's type, alpha untouched.
    """
    rows, columns = piece.shape[:2]
    plan = StripPlan.of(columns, rows)
    kernel = _Kernel(plan, chroma, SRGB, Coding(SRGB, piece.dtype), extent)
    with ThreadPoolExecutor(threads or available_cpus()) as pool:
        strips = pool.map(lambda span: kernel(piece[span[0] : sum(span)], span[0]), plan.spans())
        return np.concatenate(list(strips))


def _f(luminance: NDArray[Any]) -> NDArray[Any]:
    return np.where(luminance > EPSILON, np.cbrt(luminance), (KAPPA * luminance + 16) / 116)


def inverse_f(f: Array) -> Array:
    """X / Xw of f: a cube above the toe, a line below it."""
    inverse = f.copy()
    _invert_f(inverse, np.empty((2, *f.shape), np.float32))
    return inverse


def _invert_f(f: Array, scratch: Array) -> None:
    """`inverse_f` in place; scratch: (2, ...) for intermediate values."""
    high, cube = scratch.reshape(2, *f.shape)
    np.maximum(f, np.float32(TOE), out=high)
    f -= high
    f *= np.float32(3 * TOE**2)
    np.multiply(high, high, out=cube)
    cube *= high
    f += cube


_STEPS = np.linspace(0, 1, 65536)
_F = _f(_STEPS).astype(np.float32)
_F_INVERSE = inverse_f(_F)


def _luminance(strip: Pixels, space: RgbSpace) -> Array:
    """Relative luminance, (rows, W), 0..1."""
    decode = space.curve.decode
    if strip.shape[2] < 3:
        luminance: Array = decode(strip[..., 0])
    else:
        weights = space.luminance_weights
        luminance = decode(strip[..., 0]) * weights[0]
        luminance += decode(strip[..., 1]) * weights[1]
        luminance += decode(strip[..., 2]) * weights[2]
        np.clip(luminance, 0, 1, out=luminance)  # unusual primaries may have negative weights
    if strip.dtype.kind == "f":
        np.nan_to_num(luminance, copy=False)
        luminance *= luminance > _DARKEST
    return luminance


def _recoded(alpha: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Alpha, or any band without a curve, as another number type."""
    if alpha.dtype == dtype:
        return alpha
    scale = [1.0 if t.kind == "f" else float(np.iinfo(t).max) for t in (alpha.dtype, dtype)]
    values = alpha * (scale[1] / scale[0])
    return (values if dtype.kind == "f" else np.rint(values.clip(0, scale[1]))).astype(dtype)


class _Scratch:
    """Arrays for one strip at a time, reused: allocation costs as much as the arithmetic."""

    _pool: ClassVar[list[_Scratch]] = []

    def __init__(self, pixels: int) -> None:
        self.pixels = pixels
        self._index = np.empty(3 * pixels, np.intp)
        self._floats = np.empty(12 * pixels, np.float32)

    @classmethod
    @contextmanager
    def borrowed(cls, rows: int, width: int) -> Iterator[tuple[NDArray[np.intp], Array]]:
        """Table indices (rows, W, 3) and floats (12, rows, W), uninitialised."""
        pixels = rows * width
        try:
            scratch = cls._pool.pop() if pixels <= STRIP_PIXELS else cls(pixels)
        except IndexError:
            scratch = cls(STRIP_PIXELS)
        yield (
            scratch._index[: 3 * pixels].reshape(rows, width, 3),
            scratch._floats[: 12 * pixels].reshape(12, rows, width),
        )
        if scratch.pixels == STRIP_PIXELS and len(cls._pool) < _POOL_SIZE:
            cls._pool.append(scratch)


class _LuminanceTables:
    """Compute of a strip's codes f of the luminance, f⁻¹ of that, and the luminance times white.

    f⁻¹ is tabulated with the arithmetic of the pass itself, so that ab = 0 changes no bit.
    """

    def __init__(self, space: RgbSpace, white: float) -> None:
        self.space, self.white = space, np.float32(white)
        self._tables: dict[np.dtype[Any], list[Array]] = {}

    def __call__(self, strip: Pixels, index: NDArray[np.intp], out: Array) -> None:
        """Fill `out` (3, rows, W); index: (rows, W), scratch."""
        direct = strip.shape[2] < 3 and strip.dtype.kind == "u"
        if direct:
            np.copyto(index, strip[..., 0])
            tables = self.tables(strip.dtype)
        else:
            luminance = _luminance(strip, self.space)
            np.multiply(luminance, self.white, out=out[2])
            luminance *= np.float32(65535)
            luminance += np.float32(0.5)
            np.copyto(index, luminance, casting="unsafe")
            tables = [_F, _F_INVERSE]
        for table, values in zip(tables, out, strict=direct):
            table.take(index, out=values, mode="clip")  # "clip" writes to `out` without a buffer

    def tables(self, dtype: np.dtype[Any]) -> list[Array]:
        """The three values of every code of a type."""
        if dtype not in self._tables:
            curve = self.space.curve
            light = curve.linear8 if dtype == np.uint8 else curve.linear
            f = _f(light).astype(np.float32)
            self._tables[dtype] = [f, inverse_f(f), light * self.white]
        return self._tables[dtype]


class _Kernel:
    """The arithmetic of one strip, with the chroma model enlarged to the photo's width.

    Linear light is scaled to 0..white, so that its square root is the index in the table of codes.
    """

    def __init__(
        self,
        plan: StripPlan,
        chroma: LinearChroma,
        source: RgbSpace,
        target: Coding,
        extent: Extent = ((0.0, 1.0), (0.0, 1.0)),
    ) -> None:
        down, across = extent
        self.dtype, self.curve = target.kind, target.space.curve
        self.white = float(self.curve.root_steps(target.kind)) ** 2
        self.codes = self.curve.table(target.kind)
        self.luminance = _LuminanceTables(source, self.white)
        # contributions of the differences of X and Z to R, G and B
        from_xz = target.space.rgb_from_xyz[:, [0, 2]] * WHITE[[0, 2]]
        self.from_x, self.from_z = (self.white * from_xz).astype(np.float32).T[..., None, None]
        fields = chroma_fields(chroma)
        fields[:2] += 1  # f of X and of Z is computed, not their differences from fy
        self.fields = widened(fields, *linear_positions(plan.width, fields.shape[2], across))
        self.rows = linear_positions(plan.height, fields.shape[1], down)
        self.kept = None if chroma.kept is None else KeptColors(plan, chroma.kept, extent)
        self.recoded = Recoding(source, target)
        loaded = library()
        self.native = None if loaded is None else NativeKernel(loaded, self._arithmetic(source))

    def _arithmetic(self, source: RgbSpace) -> StripArithmetic:
        above, below, share = self.rows
        return StripArithmetic(
            space=source,
            light_tables=self.luminance.tables,
            f=_F,
            f_inverse=_F_INVERSE,
            fields=np.ascontiguousarray(self.fields, np.float32),
            above=above.astype(np.int64),
            below=below.astype(np.int64),
            share=share,
            codes=self.codes,
            from_x=self.from_x.ravel(),
            from_z=self.from_z.ravel(),
            white=self.white,
        )

    def __call__(self, strip: Pixels, top: int) -> Pixels:
        colored = self._all_colored(strip, top)
        if self.kept is not None:
            self.kept.mix(colored, self.recoded, strip, top)
        return colored

    def _all_colored(self, strip: Pixels, top: int) -> Pixels:
        if self.native is not None:
            return self.native(strip, top)
        rows, width, bands = strip.shape
        with _Scratch.borrowed(rows, width) as (index, floats):
            colored = self._colored(strip, top, index, floats)
        colors = bands if bands in (1, 3) else bands - 1
        if bands > colors:
            alpha = _recoded(strip[..., colors:], self.dtype)
            colored = np.concatenate([colored, alpha], axis=2)
        if strip.dtype.kind == self.dtype.kind == "f":
            out_of_range = ~((strip[..., :colors] >= 0) & (strip[..., :colors] <= 1)).all(axis=-1)
            colored[out_of_range, :3] = strip[out_of_range, :colors]
        return colored

    def _colored(self, strip: Pixels, top: int, index: NDArray[np.intp], floats: Array) -> Pixels:
        rows, width, _ = strip.shape
        self.luminance(strip, index.reshape(3, rows, width)[0], floats[:3])
        fy, base, luminance = floats[:3]
        fields = self._fields(top, floats[3:7])
        xz = fields[:2]
        xz *= fy
        xz += fields[2:]
        _invert_f(xz, floats[7:11])
        xz -= base
        rgb = np.multiply(xz[0], self.from_x, out=floats[9:12])
        for band, from_z in zip(rgb, self.from_z, strict=True):
            band += np.multiply(xz[1], from_z, out=base)
        rgb *= _chroma_factor(rgb, luminance, self.white, floats[3:5])
        rgb += luminance
        np.sqrt(rgb, out=rgb)
        return self._encoded(rgb, index)

    def _encoded(self, roots: Array, index: NDArray[np.intp]) -> Pixels:
        """Codes (rows, W, 3) of roots (3, rows, W)."""
        if self.dtype.kind == "f":
            return np.stack([self.curve.encode_root(root, self.dtype) for root in roots], axis=-1)
        for band, root in enumerate(roots):
            np.copyto(index[..., band], root, casting="unsafe")
        return self.codes.take(index)

    def _fields(self, top: int, fields: Array) -> Array:
        """Slopes and offsets, (4, rows, W), interpolated between rows of the small copy."""
        rows = fields.shape[1]
        above, below, share = (values[top : top + rows] for values in self.rows)
        starts = np.flatnonzero(np.diff(above, prepend=-1))
        for start, end in zip(starts, [*starts[1:], rows], strict=True):
            upper = self.fields[:, above[start], None]
            step = self.fields[:, below[start], None] - upper
            part = fields[:, start:end]
            np.multiply(step, share[start:end, None], out=part)
            part += upper
        return fields


_INSIDE = np.float32(1 - 2**-20)
"""Factor that keeps colours on the gamut's border from rounding below 0, where no root exists."""


def _chroma_factor(rgb: Array, luminance: Array, white: float, scratch: Array) -> Array:
    """The factor t in 0..1 that brings luminance + t * rgb inside 0..white.

    rgb: (3, rows, W). luminance: (rows, W). scratch: (2, rows, W).
    """
    tiny = np.float32(1e-9 * white)
    room: Array = scratch[0]
    below: Array = scratch[1]
    np.maximum(rgb[0], rgb[1], out=room)
    np.maximum(room, rgb[2], out=room)
    np.maximum(room, tiny, out=room)
    np.divide(np.subtract(np.float32(white), luminance, out=below), room, out=room)
    np.minimum(rgb[0], rgb[1], out=below)
    np.minimum(below, rgb[2], out=below)
    np.minimum(below, -tiny, out=below)
    np.divide(luminance, np.negative(below, out=below), out=below)
    np.minimum(room, below, out=room)
    room *= _INSIDE
    np.minimum(room, np.float32(1), out=room)
    return room


def chroma_fields(chroma: LinearChroma) -> Array:
    """Slopes, then offsets, of what a and b add to f of X and of Z as functions of f of Y.

    Returns (4, h, w).
    """
    slope, offset = (
        np.ascontiguousarray(field.transpose(2, 0, 1)) for field in (chroma.slope, chroma.offset)
    )
    scale = np.array([1 / 500, -1 / 200], np.float32)[:, None, None]  # (a, b) to f
    offset = offset - 16 * slope  # L = 116 fy - 16
    return np.concatenate([116 * slope * scale, offset * scale])


def widened(fields: Array, left: NDArray[np.intp], right: NDArray[np.intp], share: Array) -> Array:
    """Fields (n, h, w), interpolated along their rows; `linear_positions` gives the positions."""
    wide = np.empty((*fields.shape[:2], len(share)), np.float32)
    part, rest = np.empty(wide.shape[1:], np.float32), 1 - share
    for field, enlarged in zip(fields, wide, strict=True):
        field.take(left, axis=1, out=enlarged, mode="clip")  # "clip" needs no buffer
        enlarged *= rest
        enlarged += np.multiply(field.take(right, axis=1, out=part, mode="clip"), share, out=part)
    return wide
