"""Small copies of a film's pictures: lightness for the network, thumbnails for finding shots."""

from __future__ import annotations

from typing import Any

import numpy as np

from photochrom.color.lab import Array, lightness_from_luminance, linear_from_srgb
from photochrom.photo.strips import Pixels
from photochrom.video.layout import Layout, plane_of

_BYTES = np.dtype(np.uint8)
_EXPANDED = np.rint((np.arange(256) - 16).clip(0, 219) * (255 / 219)).astype(np.uint8)
"""Codes whose black is 0 and white 255 of those whose are 16 and 235; swscale leaves grey ones."""
_LIGHTNESS = lightness_from_luminance(linear_from_srgb(np.arange(256) / 255))


def small_codes(av: Any, luma: Pixels, layout: Layout, height: int, width: int) -> Pixels:
    """A luma plane, reduced to (height, width), black at 0 and white at 255, uint8.

    Of interlaced pictures only the lines of one moment are taken.
    """
    if layout.interlaced:
        luma = luma[layout.interlaced - 1 :: 2]
    depth = layout.coding.depth
    rows, columns = luma.shape
    frame = av.VideoFrame(columns, rows, "gray" if depth == 8 else f"gray{depth}le")
    plane_of(frame, 0, layout.coding.dtype)[:] = luma
    small = frame.reformat(width, height, "gray", interpolation="AREA")
    codes = plane_of(small, 0, _BYTES)
    return codes.copy() if layout.coding.full else _EXPANDED.take(codes)


def lightness_of(codes: Pixels) -> Array:
    """CIE L, 0..100, of 8-bit codes; they are taken as sRGB's, of which a film's differ little."""
    return _LIGHTNESS.take(codes)
