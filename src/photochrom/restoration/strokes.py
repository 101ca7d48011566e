"""Strokes of a person's brush that correct which pixels of a photo are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from photochrom.photo import Photo
from photochrom.restoration.mask import DamageMask, Mask, mask_of_bands

_Floats = NDArray[np.float64]

_LEAST_RADIUS = 0.5
"""Pixels; a thinner line would pass between the centres of pixels."""


@dataclass(frozen=True)
class DamageStroke:
    """A line that a brush painted.

    damaged: whether the pixels under it are damaged; False where they are sound. points: x and y,
    pixels of the upright photo, (0, 0) for the centre of its first one. radius: of the brush,
    pixels of the photo.
    """

    damaged: bool
    points: tuple[tuple[float, float], ...]
    radius: float


def corrected(found: DamageMask, strokes: Sequence[DamageStroke], photo: Photo) -> DamageMask:
    """The damage with strokes painted over it, in their order; `photo` is that of the mask."""
    if not strokes:
        return found
    segments = [_segments(stroke, photo) for stroke in strokes]

    def rows(top: int, bottom: int) -> Mask:
        mask = found.rows(top, bottom)
        for stroke, ends in zip(strokes, segments, strict=True):
            _paint(mask, top, ends, max(_LEAST_RADIUS, stroke.radius), stroke.damaged)
        return mask

    return mask_of_bands(photo.width, photo.height, rows)


def painted(strokes: Sequence[DamageStroke], photo: Photo) -> DamageMask:
    """Only what strokes say is damaged."""
    nothing = partial(_nothing, photo.width)
    return corrected(mask_of_bands(photo.width, photo.height, nothing), strokes, photo)


def _nothing(width: int, top: int, bottom: int) -> Mask:
    return np.zeros((bottom - top, width), bool)


def _segments(stroke: DamageStroke, photo: Photo) -> _Floats:
    """(2, 2, n): x and y of the ends of a line's segments, in stored orientation."""
    points = [photo.turn.stored_point(point, photo.upright_size) for point in stroke.points]
    ends = [points[:-1] or points, points[1:] or points]
    return np.array(ends, np.float64).transpose(2, 0, 1)


def _paint(mask: Mask, top: int, ends: _Floats, radius: float, value: bool) -> None:
    """Give a value to the pixels of a band that lie within a radius of any segment."""
    lowest, highest = ends[1].min(0) - radius, ends[1].max(0) + radius
    ends = ends[:, :, (highest >= top) & (lowest < top + len(mask))]
    if not ends.size:
        return
    left, right = _runs(ends, top + np.arange(len(mask), dtype=np.float64), radius)
    width = mask.shape[1]
    first = np.ceil(left).clip(0, width)
    last = (np.floor(right) + 1).clip(0, width)
    segments, rows = np.nonzero(first < last)
    if not len(rows):
        return
    starts, stops = (edge[segments, rows].astype(np.intp) for edge in (first, last))
    low, high = int(starts.min()), int(stops.max())
    steps = np.zeros((len(mask), high - low + 1), np.int32)
    np.add.at(steps, (rows, starts - low), 1)
    np.add.at(steps, (rows, stops - low), -1)
    mask[:, low:high][np.cumsum(steps[:, :-1], axis=1) > 0] = value


def _runs(ends: _Floats, rows: _Floats, radius: float) -> tuple[_Floats, _Floats]:
    """(n, rows): from where to where in each row a segment reaches; left above right where not.

    Its outline is two circles and the two straight edges between them.
    """
    (x0, x1), (y0, y1) = ends[..., None]
    left = np.full((len(x0), len(rows)), np.inf)
    right = -left
    for x, y in ((x0, y0), (x1, y1)):
        half = np.sqrt(np.maximum(radius**2 - (rows - y) ** 2, 0))
        inside = np.abs(rows - y) <= radius
        np.minimum(left, x - half, out=left, where=inside)
        np.maximum(right, x + half, out=right, where=inside)
    length = np.maximum(np.hypot(x1 - x0, y1 - y0), 1e-9)
    across, down = (y1 - y0) / length * radius, (x0 - x1) / length * radius
    for side in (-1, 1):
        start, span = y0 + side * down, y1 - y0
        share = (rows - start) / np.where(span == 0, np.inf, span)
        inside = (span != 0) & (share >= 0) & (share <= 1)
        edge = x0 + side * across + share * (x1 - x0)
        np.minimum(left, edge, out=left, where=inside)
        np.maximum(right, edge, out=right, where=inside)
    return left, right
