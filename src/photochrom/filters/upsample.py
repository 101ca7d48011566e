"""Guided chroma upsampling: from the network's coarse ab grid to any size, along the edges of L.

On the small copy: joint bilateral upsampling with back-projection, then a guided filter's linear
model ab = A L + B in small windows. A and B are smooth, so they can be enlarged linearly and
applied to the full-size L as it streams by (`photochrom.pipeline.full_size`).

Kopf and others, "Joint bilateral upsampling", 2007; He, Sun, Tang, "Guided image filtering", 2010.
The settings are the best of those measured with exact ab at stride 4, see benchmarks/upsampling.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.filters.guided_filter import guided_coefficients

SIGMA_LIGHTNESS = 6.0
"""Range sigma of the joint bilateral filter, units of L."""
SIGMA_CELLS = 0.7
"""Spatial sigma of the joint bilateral filter, cells of the coarse grid."""
BACK_PROJECTIONS = 2
GUIDE_RADIUS = 1
GUIDE_EPSILON = 4.0
"""Regularisation of the guided filter, squared units of L."""


@dataclass(frozen=True)
class LinearChroma:
    """ab as a linear function of L: ab = slope * L + offset, at every pixel of the small copy.

    slope, offset: (h, w, 2); ab in Lab units, L in 0..100.
    kept: (h, w), the share of the photo's own colours in the full-size result, 0..1; None for 0.
    """

    slope: Array
    offset: Array
    kept: Array | None = None

    def blended(self, other: LinearChroma, weight: Array) -> LinearChroma:
        """The model where `weight` (h, w) is 0, the other one where it is 1."""
        share = weight[..., None]
        return replace(
            self,
            slope=self.slope + share * (other.slope - self.slope),
            offset=self.offset + share * (other.offset - self.offset),
        )

    def scaled(self, factor: Array) -> LinearChroma:
        """The model with ab times `factor`, (h, w)."""
        share = factor[..., None]
        return replace(self, slope=self.slope * share, offset=self.offset * share)

    def turned(self, quarter_turns: int, mirrored: bool) -> LinearChroma:
        """The model of the photo mirrored left to right, then turned counter-clockwise."""

        def turn(field: Array) -> Array:
            flipped = field[:, ::-1] if mirrored else field
            return np.ascontiguousarray(np.rot90(flipped, quarter_turns))

        kept = None if self.kept is None else turn(self.kept)
        return LinearChroma(turn(self.slope), turn(self.offset), kept)


def refine(ab: Array, lightness: Array) -> Array:
    """Upsample coarse ab to the small copy along the edges of its lightness.

    ab: (h / s, w / s, 2), Lab units, for a whole stride s.
    lightness: (h, w), 0..100.
    Returns (h, w, 2), whose mean over every coarse cell is close to the given ab.
    """
    stride = len(lightness) // len(ab)
    coarse = np.ascontiguousarray(ab.transpose(2, 0, 1))
    upsampled = _JointBilateral(lightness, stride)
    fine = upsampled(coarse)
    for _ in range(BACK_PROJECTIONS):
        fine += upsampled(coarse - fine.mean(axis=1, dtype=np.float32))
    bands, _, rows, columns = fine.shape
    pixels = fine.reshape(bands, stride, stride, rows, columns).transpose(3, 1, 4, 2, 0)
    return np.ascontiguousarray(pixels).reshape(*lightness.shape, bands)


def linear_chroma(ab: Array, lightness: Array) -> LinearChroma:
    """Fit ab = slope * L + offset in small windows of the small copy.

    ab: (h, w, 2), Lab units. lightness: (h, w), 0..100.
    """
    return LinearChroma(*guided_coefficients(ab, lightness, GUIDE_RADIUS, GUIDE_EPSILON))


def cell_mean(image: Array, stride: int) -> Array:
    """Mean of (h, w, ...) over the cells of a grid, (h / stride, w / stride, ...)."""
    height, width, *rest = image.shape
    cells = image.reshape(height // stride, stride, width // stride, stride, *rest)
    return cells.mean(axis=(1, 3), dtype=np.float32)


def linear_positions(
    size: int, small: int, span: tuple[float, float]
) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Linear interpolation of `size` pixels from `small` ones, half-pixel centres, edges repeated.

    span: start and end of the part that they cover, as shares of the small ones.
    Returns the index before, the index after and the weight of the latter.
    """
    start, end = span
    center = (np.arange(size) + 0.5) * (end - start) * small / size + start * small - 0.5
    center = np.clip(center, 0, small - 1)
    before = np.floor(center).astype(np.intp)
    after = np.minimum(before + 1, small - 1)
    return before, after, (center - before).astype(np.float32)


class _JointBilateral:
    """Upsampling: a pixel is the mean of its cell and the 8 around, weighted by space and L.

    The pixels of one place in their cells lie together, as a picture of the coarse grid's size: so
    each operation runs over whole pictures.
    """

    def __init__(self, lightness: Array, stride: int) -> None:
        height, width = lightness.shape
        rows, columns = height // stride, width // stride
        blocks = lightness.reshape(rows, stride, columns, stride)
        places = np.ascontiguousarray(blocks.transpose(1, 3, 0, 2)).reshape(-1, rows, columns)
        centers = (np.arange(stride, dtype=np.float32) + 0.5) / stride - 0.5
        self.weights = np.empty((len(_NEIGHBORHOOD), *places.shape), np.float32)
        cells = _neighbors(cell_mean(lightness, stride))
        for weight, cell, (dy, dx) in zip(self.weights, cells, _NEIGHBORHOOD, strict=True):
            distance = np.square(centers - dy)[:, None] + np.square(centers - dx)
            np.subtract(places, cell, out=weight)
            np.square(weight, out=weight)
            weight *= np.float32(-1 / (2 * SIGMA_LIGHTNESS**2))
            weight -= (distance / np.float32(2 * SIGMA_CELLS**2)).reshape(-1, 1, 1)
            np.exp(weight, out=weight)
            weight += np.float32(1e-8)  # a pixel unlike all 9 cells gets their plain mean
        self.weights /= self.weights.sum(axis=0)

    def __call__(self, coarse: Array) -> Array:
        """Enlarge (bands, h / s, w / s) to (bands, s * s, h / s, w / s), by the place in a cell."""
        shape = self.weights.shape[1:]
        fine = np.zeros((len(coarse), *shape), np.float32)
        part = np.empty(shape, np.float32)
        for band, enlarged in zip(coarse, fine, strict=True):
            for weight, cells in zip(self.weights, _neighbors(band), strict=True):
                np.multiply(weight, cells, out=part)
                enlarged += part
        return fine


_NEIGHBORHOOD = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]


def _neighbors(cells: Array) -> Array:
    """Every cell's 9, itself in the middle: (9, rows, columns); edges are repeated."""
    rows, columns = cells.shape
    padded = np.pad(cells, 1, mode="edge")
    return np.stack(
        [padded[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns] for dy, dx in _NEIGHBORHOOD]
    )
