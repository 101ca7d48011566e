"""The confidence map as a picture: where a network was sure of a colour, and where it guessed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom._system.vips import pyvips, use_libvips
from photochrom.color.lab import Array
from photochrom.drawing.labels import lettered

LONGEST, SHORTEST = 1024, 256
"""Long side of the map, pixels: the photo's within these bounds."""
LETTER = 22
"""Height of the legend's text, pixels."""
MARGIN = 10
RAMP = 16
"""Height of the legend's ramp, pixels."""
NARROWEST = 220
"""Minimum width of a picture, pixels, so that its legend can be read."""
LEAST, MOST = "0 a guess", "1 sure"

_STOPS = np.array(
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

    confidence: (h, w), 0..1. size: height and width of the photo it belongs to, upright.
    Returns (H, W, 3), sRGB: the map in the photo's aspect, its long side the photo's within
    256..1024 pixels, and below it a ramp from dark (0, every colour is as likely) to bright (1, one
    colour alone is).
    """
    scale = min(max(max(size), SHORTEST), LONGEST) / max(size)
    height, width = (max(1, round(side * scale)) for side in size)
    use_libvips()
    field = pyvips.Image.new_from_array(np.ascontiguousarray(confidence, np.float32))
    rows, columns = confidence.shape
    large = field.resize(width / columns, vscale=height / rows, kernel="cubic").numpy()
    page = np.full((height, max(width, NARROWEST), 3), 255, np.uint8)
    page[:, :width] = color_mapped(large)
    return np.concatenate([page, _legend(page.shape[1])])


def color_mapped(values: Array) -> Picture:
    """Colours (..., 3), 8-bit sRGB, of values (...) in 0..1; those outside count as 0 or 1."""
    places = np.linspace(0, 1, len(_STOPS))
    bands = [np.interp(values, places, band) for band in _STOPS.T]
    return np.rint(np.stack(bands, axis=-1)).astype(np.uint8)


def _legend(width: int) -> Picture:
    legend = np.full((3 * MARGIN + RAMP + LETTER, width, 3), 255, np.uint8)
    inside = width - 2 * MARGIN
    ramp = color_mapped(np.linspace(0, 1, inside, dtype=np.float32))
    legend[MARGIN : MARGIN + RAMP, MARGIN:-MARGIN] = ramp
    top = 2 * MARGIN + RAMP
    for text, at_end in ((LEAST, False), (MOST, True)):
        ink = lettered(text, LETTER)
        left = width - MARGIN - ink.shape[1] if at_end else MARGIN
        paper = legend[top : top + LETTER, left : left + ink.shape[1]]
        paper[:] = np.rint(255 * (1 - ink))[..., None]
    return legend
