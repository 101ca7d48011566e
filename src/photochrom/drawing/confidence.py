"""The confidence map as a picture with a legend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom._system.vips import pyvips, use_libvips
from photochrom.color.lab import Array
from photochrom.drawing.labels import lettered

MAX_SIDE, MIN_SIDE = 1024, 256
"""Bounds of the map's long side, pixels; between them it is the photo's."""
TEXT_HEIGHT = 22
"""Height of the legend's text, pixels."""
MARGIN = 10
RAMP = 16
"""Height of the legend's ramp, pixels."""
MIN_WIDTH = 220
"""Minimum width of a picture, pixels, so that its legend can be read."""
LOW_LABEL, HIGH_LABEL = "0 a guess", "1 sure"

OVERLAY_RANGE = 0.25, 0.7
"""Confidence at which a map over a photo is darkest and brightest. Most pixels of most photos lie
between; over 0..1 such a map has hardly more than one colour."""

_COLORS = np.array(
    [
        (68, 1, 84),
        (71, 45, 123),
        (59, 82, 139),
        (44, 114, 142),
        (33, 145, 140),
        (40, 174, 128),
        (94, 201, 98),
        (173, 220, 48),
        (253, 231, 37),
    ],
    np.float32,
)
"""Every eighth of the colour map viridis (van der Walt, Smith, Firing, 2015, CC0): perceptually
uniform, and readable by the colour-blind and in print."""

Picture = NDArray[np.uint8]


def confidence_picture(confidence: Array, size: tuple[int, int]) -> Picture:
    """Draw a confidence map with its legend.

    confidence: (h, w), 0..1. size: height and width of the upright photo.
    Returns (H, W, 3), sRGB: the map in the photo's aspect, its long side the photo's within
    256..1024 pixels, and below it a ramp from dark (0, every colour is as likely) to bright (1, one
    colour is certain).
    """
    scale = min(max(max(size), MIN_SIDE), MAX_SIDE) / max(size)
    height, width = (max(1, round(side * scale)) for side in size)
    use_libvips()
    image = pyvips.Image.new_from_array(np.ascontiguousarray(confidence, np.float32))
    rows, columns = confidence.shape
    large = image.resize(width / columns, vscale=height / rows, kernel="cubic").numpy()
    canvas = np.full((height, max(width, MIN_WIDTH), 3), 255, np.uint8)
    canvas[:, :width] = color_mapped(large)
    return np.concatenate([canvas, _legend(canvas.shape[1])])


def color_mapped(values: Array, low: float = 0.0, high: float = 1.0) -> Picture:
    """Colours (..., 3), 8-bit sRGB, of values (...) in low..high; those outside are clipped."""
    positions = np.linspace(low, high, len(_COLORS))
    bands = [np.interp(values, positions, band) for band in _COLORS.T]
    return np.rint(np.stack(bands, axis=-1)).astype(np.uint8)


def _legend(width: int) -> Picture:
    legend = np.full((3 * MARGIN + RAMP + TEXT_HEIGHT, width, 3), 255, np.uint8)
    inside = width - 2 * MARGIN
    ramp = color_mapped(np.linspace(0, 1, inside, dtype=np.float32))
    legend[MARGIN : MARGIN + RAMP, MARGIN:-MARGIN] = ramp
    top = 2 * MARGIN + RAMP
    for text, at_end in ((LOW_LABEL, False), (HIGH_LABEL, True)):
        coverage = lettered(text, TEXT_HEIGHT)
        left = width - MARGIN - coverage.shape[1] if at_end else MARGIN
        label = legend[top : top + TEXT_HEIGHT, left : left + coverage.shape[1]]
        label[:] = np.rint(255 * (1 - coverage))[..., None]
    return legend
