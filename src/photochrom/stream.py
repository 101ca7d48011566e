"""The full-size pass: give a photo its colour strip by strip, from decoder to encoder.

libvips decodes and encodes; in between, NumPy works on strips of a few rows on several threads. The
arithmetic keeps luminance by construction. With f the Lab transfer function and fy = f(Y) of the
photo, X and Z are f⁻¹(fy + a / 500) and f⁻¹(fy - b / 200), and

    rgb = Y + t · M (X - f⁻¹(fy), Z - f⁻¹(fy))

where M has the columns of XYZ → RGB for X and Z, and t reduces chroma until rgb fits the target's
gamut (`photochrom.color.reduce_chroma`). With a = b = 0 both differences are exactly zero, so that
a grey photo comes out with the very codes it came in with, where it stays in its space.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color import (
    EPSILON,
    KAPPA,
    WHITE,
    Array,
)
from photochrom.spaces import SRGB, RgbSpace
from photochrom.upsample import LinearChroma

Pixels = NDArray[Any]
"""(H, W, bands): uint8, uint16, or float32 with white at 1."""

STRIP_PIXELS = 128 * 1024
"""Pixels a strip; from 96k to 192k the speed is the same, below it Python's overhead shows."""

TOE = 6 / 29
"""Where f⁻¹ turns from a line into a cube."""

FetchRows = Callable[[int, int], Pixels]
"""(first row, count) -> (count, W, bands); called with ascending rows, by one thread at a time."""


@dataclass(frozen=True)
class StripPlan:
    """How an image is cut: whole rows, `rows` at a time."""

    width: int
    height: int
    rows: int

    @classmethod
    def of(cls, width: int, height: int) -> StripPlan:
        """Strips of about STRIP_PIXELS."""
        return cls(width, height, min(height, max(1, STRIP_PIXELS // width)))

    def spans(self) -> list[tuple[int, int]]:
        """(first row, count) of every strip."""
        return [
            (top, min(self.rows, self.height - top)) for top in range(0, self.height, self.rows)
        ]


@dataclass(frozen=True)
class Coding:
    """What the codes of a picture mean: a space and a type of number."""

    space: RgbSpace
    kind: np.dtype[Any]


def coloured_strips(
    fetch: FetchRows,
    plan: StripPlan,
    chroma: LinearChroma,
    threads: int | None = None,
    *,
    source: RgbSpace = SRGB,
    target: Coding | None = None,
) -> Iterator[Pixels]:
    """Colour an image strip by strip, in order, working ahead on several threads.

    fetch: gives rows of an image: grey, grey and alpha, RGB, or RGB and alpha.
    chroma: of a small copy that covers the same extent.
    source: the image's space. target: of what comes out; by default that of what comes in.
    Yields (rows, W, 3 or 4), alpha untouched. Floats outside 0..1, and NaN, stay as they are.
    """
    count = threads or os.cpu_count() or 1
    kernel = _Kernel(plan, chroma, source, target)
    with ThreadPoolExecutor(count) as pool:
        pending: deque[Future[Pixels]] = deque()
        for top, rows in plan.spans():
            pending.append(pool.submit(kernel, fetch(top, rows), top))
            if len(pending) > 2 * count:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _f(luminance: NDArray[Any]) -> NDArray[Any]:
    return np.where(luminance > EPSILON, np.cbrt(luminance), (KAPPA * luminance + 16) / 116)


def _inverse_f(f: Array) -> Array:
    """X / Xw of f: a cube above the toe, a line below it."""
    high = np.maximum(f, np.float32(TOE))
    low = np.minimum(f, np.float32(TOE))
    low -= np.float32(TOE)
    low *= np.float32(3 * TOE**2)
    low += high * high * high
    return low


_STEPS = np.linspace(0, 1, 65536)
_F = _f(_STEPS).astype(np.float32)
_F_INVERSE = _inverse_f(_F)


def _index(linear: Array) -> NDArray[np.uint16]:
    """Values in 0..1 as indices into the tables of 65536 steps."""
    scaled: Array = linear * np.float32(65535)
    scaled += np.float32(0.5)
    return scaled.astype(np.uint16)


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
        np.minimum(luminance, np.float32(1), out=luminance)
    if strip.dtype.kind == "f":
        np.nan_to_num(luminance, copy=False)
    return luminance


def _recoded(alpha: Pixels, kind: np.dtype[Any]) -> Pixels:
    """Alpha, or any band without a curve, as another type."""
    if alpha.dtype == kind:
        return alpha
    scale = [1.0 if k.kind == "f" else float(np.iinfo(k).max) for k in (alpha.dtype, kind)]
    values = alpha * (scale[1] / scale[0])
    return (values if kind.kind == "f" else np.rint(values.clip(0, scale[1]))).astype(kind)


class _Kernel:
    """The arithmetic of one strip, with the chroma model enlarged to the photo's width."""

    def __init__(
        self, plan: StripPlan, chroma: LinearChroma, source: RgbSpace, target: Coding | None
    ) -> None:
        self.source, self.target = source, target
        space = source if target is None else target.space
        self.curve = space.curve
        # what differences of X and of Z give to R, G and B, in 0..1
        self.from_xz = (space.rgb_from_xyz[:, [0, 2]] * WHITE[[0, 2]]).astype(np.float32)
        scale = np.array([1 / 500, -1 / 200], np.float32)  # (a, b) to differences of f
        slope = 116 * chroma.slope * scale  # L = 116 fy - 16
        offset = (chroma.offset - 16 * chroma.slope) * scale
        fields = np.ascontiguousarray(np.concatenate([slope, offset], axis=2).transpose(2, 0, 1))
        left, right, share = _linear_positions(plan.width, fields.shape[2])
        self.fields = fields.take(left, axis=2) * (1 - share) + fields.take(right, axis=2) * share
        self.rows = _linear_positions(plan.height, fields.shape[1])

    def __call__(self, strip: Pixels, top: int) -> Pixels:
        kind = strip.dtype if self.target is None else self.target.kind
        luminance = _luminance(strip, self.source)
        index = _index(luminance)
        fy, base = _F.take(index), _F_INVERSE.take(index)
        slope_x, slope_z, offset_x, offset_z = self._fields(top, len(strip))
        x = self._difference(fy, base, slope_x, offset_x)
        z = self._difference(fy, base, slope_z, offset_z)
        shift = [_mixed(x, z, *weights) for weights in self.from_xz]
        amount = _chroma_kept(luminance, shift)
        bands = strip.shape[2] if strip.shape[2] in (1, 3) else strip.shape[2] - 1
        coloured = np.empty((*luminance.shape, 3 + strip.shape[2] - bands), kind)
        for band in range(3):
            linear = shift[band]
            linear *= amount
            linear += luminance
            coloured[..., band] = self.curve.encode(linear, kind)
        coloured[..., 3:] = _recoded(strip[..., bands:], kind)
        if strip.dtype.kind == kind.kind == "f":
            odd = ~((strip[..., :bands] >= 0) & (strip[..., :bands] <= 1)).all(axis=-1)
            coloured[odd, :3] = strip[odd, :bands]
        return coloured

    def _fields(self, top: int, rows: int) -> Array:
        """Slopes and offsets, (4, rows, W): a line between two rows of the small copy at a time."""
        above, below, share = (values[top : top + rows] for values in self.rows)
        fields = np.empty((4, rows, self.fields.shape[2]), np.float32)
        starts = np.flatnonzero(np.diff(above, prepend=-1))
        for start, end in zip(starts, [*starts[1:], rows], strict=True):
            upper = self.fields[:, above[start], None]
            step = self.fields[:, below[start], None] - upper
            part = fields[:, start:end]
            np.multiply(step, share[start:end, None], out=part)
            part += upper
        return fields

    @staticmethod
    def _difference(fy: Array, base: Array, slope: Array, offset: Array) -> Array:
        slope *= fy
        slope += offset
        slope += fy
        difference = _inverse_f(slope)
        difference -= base
        return difference


def _mixed(x: Array, z: Array, from_x: np.float32, from_z: np.float32) -> Array:
    mixed = x * from_x
    mixed += z * from_z
    return mixed


def _chroma_kept(luminance: Array, shift: list[Array]) -> Array:
    """The factor t in 0..1 that brings luminance + t * shift inside the gamut, all in 0..1."""
    tiny = np.float32(1e-9)
    above = np.maximum(np.maximum(shift[0], shift[1]), shift[2])
    below = np.minimum(np.minimum(shift[0], shift[1]), shift[2])
    room: Array = np.float32(1) - luminance
    room /= np.maximum(above, tiny, out=above)
    np.negative(below, out=below)
    np.minimum(room, np.divide(luminance, np.maximum(below, tiny, out=below), out=below), out=room)
    np.minimum(room, np.float32(1), out=room)
    return room


def _linear_positions(size: int, small: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Where each of `size` pixels lies among `small` ones, half-pixel centres, edges held.

    Returns the index before, the index after and the share of the latter.
    """
    centre = np.clip((np.arange(size) + 0.5) * small / size - 0.5, 0, small - 1)
    before = np.floor(centre).astype(np.intp)
    after = np.minimum(before + 1, small - 1)
    return before, after, (centre - before).astype(np.float32)
