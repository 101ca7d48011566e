"""Small copies: reduction by whole numbers while decoding, floats within their range, sRGB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from photochrom.color.lab import RGB_FROM_XYZ, Array, srgb_from_linear
from photochrom.color.rgb_space import SRGB, RgbSpace
from photochrom.photo.arrays import check_floats
from photochrom.photo.strips import FetchRows, Pixels, StripPlan

_SMALLEST_SHRUNK = 2
"""The reduction stops at this multiple of the small copy; the rest is exact."""


def shrunk(
    open_image: Callable[..., Any],
    stored: tuple[int, int],
    wanted: tuple[int, int],
    shrinks_on_load: bool,
) -> tuple[Pixels, tuple[float, float]]:
    """Read an image reduced by whole numbers, still larger than the size asked for.

    open_image: gives a fresh sequential image; takes `shrink` where the decoder itself reduces.
    stored, wanted: height and width.
    Returns the pixels (h, w, bands), and the height and width in them at which the picture ends.
    """
    (height, width), (small_height, small_width) = stored, wanted
    factor = min(height / small_height, width / small_width) / _SMALLEST_SHRUNK
    done = max(k for k in (1, 2, 4, 8) if k <= max(1.0, factor)) if shrinks_on_load else 1
    image = open_image(shrink=done) if shrinks_on_load else open_image()
    by_height = max(1, int(height / small_height / _SMALLEST_SHRUNK / done))
    by_width = max(1, int(width / small_width / _SMALLEST_SHRUNK / done))
    if by_height > 1 or by_width > 1:
        image = image.cast("float").shrink(by_width, by_height)
    pixels = image.numpy().reshape(image.height, image.width, image.bands)
    return pixels, (height / (by_height * done), width / (by_width * done))


def reduced(
    fetch: FetchRows, plan: StripPlan, wanted: tuple[int, int]
) -> tuple[Array, tuple[float, float]]:
    """Like `shrunk`, from a pass over pixels: means over squares of whole numbers of pixels."""
    height, width = plan.height, plan.width
    down = max(1, int(height / wanted[0] / _SMALLEST_SHRUNK))
    across = max(1, int(width / wanted[1] / _SMALLEST_SHRUNK))
    columns = np.arange(0, width, across)
    widths = np.diff([*columns, width])[:, None]
    rows_out = -(-height // down)
    sums: Array | None = None
    counts = np.diff([*range(0, height, down), height])[:, None, None]
    for top, rows in plan.spans():
        strip = np.add.reduceat(fetch(top, rows).astype(np.float32), columns, axis=1) / widths
        if sums is None:
            sums = np.zeros((rows_out, *strip.shape[1:]), np.float32)
        np.add.at(sums, np.arange(top, top + rows) // down, strip)
    assert sums is not None
    return (sums / counts).astype(np.float32), (height / down, width / across)


def checked_floats(values: Array, name: str) -> Array:
    """Floats within 0..1; raises PhotoError that names the photo where white is another number."""
    check_floats(float(np.nanmax(values, initial=0)), name)
    return np.clip(np.nan_to_num(values), 0, 1)


def as_srgb(codes: Array, space: RgbSpace) -> Array:
    """SRGB (h, w, 3) of codes of a space, 0..1; (h, w, 1 or 3)."""
    codes = np.repeat(codes, 3, axis=2) if codes.shape[2] == 1 else codes
    if space is SRGB:
        return codes
    linear = space.curve.decode(codes.clip(0, 1))
    linear = linear @ (RGB_FROM_XYZ @ space.xyz_from_rgb).T.astype(np.float32)
    return srgb_from_linear(linear.clip(0, 1))
