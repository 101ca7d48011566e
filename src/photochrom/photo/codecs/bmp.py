"""BMP, as Pillow reads it: every depth, run lengths, either order of rows, and alpha."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np

from photochrom.photo.codecs.decoded import (
    Decoded,
    RawMetadata,
    check_pixel_count,
    guarded,
    package,
)
from photochrom.photo.formats import BMP
from photochrom.photo.pillow_pixels import pillow_pixels

_INCHES_A_METRE = 39.3701
"""As Pillow counts."""


def read_bmp(data: bytes, name: str, limit: int) -> Decoded:
    """Read a BMP; raises as `photochrom.photo.codecs.optional.decode`."""
    pillow = package("PIL.Image", BMP)

    def opened() -> Any:
        with warnings.catch_warnings():  # the limit here is our own
            warnings.simplefilter("ignore", pillow.DecompressionBombWarning)
            return pillow.open(io.BytesIO(data), formats=("BMP", "DIB"))

    image = guarded(name, opened)
    check_pixel_count(name, image.width, image.height, limit)
    pixels = guarded(name, lambda: np.atleast_3d(pillow_pixels(image, name)))
    return Decoded(pixels, metadata=RawMetadata(resolution=_resolution(image)))


def _resolution(image: Any) -> tuple[float, float] | None:
    """Pixels a metre, whole numbers in the file; Pillow gives them an inch."""
    across, down = image.info.get("dpi", (0, 0))
    return (round(across * _INCHES_A_METRE), round(down * _INCHES_A_METRE)) if across else None
