"""Guided chroma upsampling: from the network's coarse ab grid to any size, along the edges of L.

On the small copy: joint bilateral upsampling with back-projection, then a guided filter's linear
model ab = A L + B in small windows. A and B are smooth, so they can be enlarged linearly and
applied to the full-size L as it streams by (`photochrom.stream`).

Kopf and others, "Joint bilateral upsampling", 2007; He, Sun, Tang, "Guided image filtering", 2010.
The settings are the best of those measured with exact ab at stride 4, see benchmarks/upsampling.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.color import Array
from photochrom.windows import guided_lines

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
    """

    slope: Array
    offset: Array

    def turned(self, quarter_turns: int, mirrored: bool) -> LinearChroma:
        """The same for a photo that is mirrored left to right, then turned counter-clockwise."""

        def turn(field: Array) -> Array:
            flipped = field[:, ::-1] if mirrored else field
            return np.ascontiguousarray(np.rot90(flipped, quarter_turns))

        return LinearChroma(turn(self.slope), turn(self.offset))


def refine(ab: Array, lightness: Array) -> Array:
    """Upsample coarse ab to the small copy along the edges of its lightness.

    ab: (h / s, w / s, 2), Lab units, for a whole stride s.
    lightness: (h, w), 0..100.
    Returns (h, w, 2), whose mean over every coarse cell is close to the given ab.
    """
    stride = len(lightness) // len(ab)
    fine = _joint_bilateral(ab, lightness, stride)
    for _ in range(BACK_PROJECTIONS):
        fine = fine + _joint_bilateral(ab - cell_mean(fine, stride), lightness, stride)
    return fine


def linear_chroma(ab: Array, lightness: Array) -> LinearChroma:
    """Fit ab = slope * L + offset in small windows of the small copy.

    ab: (h, w, 2), Lab units. lightness: (h, w), 0..100.
    """
    return LinearChroma(*guided_lines(ab, lightness, GUIDE_RADIUS, GUIDE_EPSILON))


def cell_mean(image: Array, stride: int) -> Array:
    """Mean of (h, w, ...) over the cells of a grid, (h / stride, w / stride, ...)."""
    height, width, *rest = image.shape
    cells = image.reshape(height // stride, stride, width // stride, stride, *rest)
    mean: Array = cells.mean(axis=(1, 3), dtype=np.float32)
    return mean


def _joint_bilateral(coarse: Array, lightness: Array, stride: int) -> Array:
    """Each fine pixel is a mean of its cell and the 8 around, weighted by distance and by L."""
    height, width = lightness.shape
    cell_lightness = cell_mean(lightness, stride)
    blocks = lightness.reshape(height // stride, stride, width // stride, stride)
    blocks = blocks.transpose(0, 2, 1, 3)  # cell rows, cell columns, rows and columns inside
    inside = (np.arange(stride, dtype=np.float32) + 0.5) / stride - 0.5
    padded = np.pad(coarse, ((1, 1), (1, 1), (0, 0)), mode="edge")
    padded_lightness = np.pad(cell_lightness, 1, mode="edge")
    rows, columns = cell_lightness.shape
    total = np.zeros((rows, columns, stride, stride, coarse.shape[-1]), np.float32)
    weight_sum = np.zeros((rows, columns, stride, stride), np.float32)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            near = np.s_[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns]
            difference = blocks - padded_lightness[near][:, :, None, None]
            distance = np.square(inside - dy)[:, None] + np.square(inside - dx)[None]
            weight = np.exp(
                -np.square(difference) / (2 * SIGMA_LIGHTNESS**2)
                - (distance / (2 * SIGMA_CELLS**2)).astype(np.float32)
            )
            weight += 1e-8  # an isolated speck falls back to the plain mean
            total += weight[..., None] * padded[near][:, :, None, None]
            weight_sum += weight
    fine = total / weight_sum[..., None]
    return fine.transpose(0, 2, 1, 3, 4).reshape(height, width, -1)
