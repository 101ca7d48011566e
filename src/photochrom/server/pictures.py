"""Pictures for a screen, as bytes that a browser shows."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from fastapi import Response

from photochrom._system.vips import pyvips
from photochrom.errors import PhotoError
from photochrom.photo.strips import Pixels

ScreenFormat = Literal["jpeg", "webp", "png"]

_OPTIONS: dict[str, dict[str, Any]] = {
    "jpeg": {"Q": 90, "subsample_mode": "off", "background": [255, 255, 255]},
    "webp": {"Q": 88, "effort": 1, "smart_subsample": True},
    "png": {"compression": 3},
}


def picture(pixels: Pixels, format: ScreenFormat | None = None) -> Response:
    """An answer with pixels (h, w, bands), 8-bit sRGB.

    format: by default JPEG; WebP for what is transparent in places.
    """
    transparent = pixels.shape[2] in (2, 4)
    chosen = format or ("webp" if transparent else "jpeg")
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels))
    image = image.copy(interpretation="srgb" if pixels.shape[2] > 2 else "b-w")
    try:
        data = image.write_to_buffer(f".{chosen}", **_OPTIONS[chosen])
    except pyvips.Error as error:
        raise PhotoError(
            "this picture", f"cannot be a {chosen}", "ask for another format"
        ) from error
    return Response(data, media_type=f"image/{chosen}")
