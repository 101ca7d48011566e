"""The first, cheap part of making a small copy: reduction by whole numbers while decoding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from photochrom.photo.strips import Pixels

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
