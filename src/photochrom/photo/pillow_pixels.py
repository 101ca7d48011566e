"""The pixels of images of Pillow's, of every mode that stands for grey or RGB."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError

_PLAIN = {"1": "L", "L": "L", "LA": "LA", "La": "LA", "P": "RGB", "PA": "RGBA", "RGB": "RGB",
          "RGBA": "RGBA", "RGBa": "RGBA", "RGBX": "RGB", "CMYK": "RGB", "YCbCr": "RGB",
          "HSV": "RGB"}  # fmt: skip
"""Modes of Pillow, and what they become."""
_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}


def pillow_pixels(image: Any, name: str) -> NDArray[Any]:
    """An array of an image of Pillow's: grey or RGB, with alpha where it has transparency.

    Numbers of modes I and F stay as they are. name: what errors call it.
    Raises PhotoError for other modes.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return np.asarray(image)
    if image.mode not in _PLAIN:
        raise PhotoError(name, f"its mode {image.mode} is not read", "convert it to L or RGB")
    mode = _PLAIN[image.mode]
    if image.info.get("transparency") is not None:  # of a palette, or of one color
        mode = _WITH_ALPHA.get(mode, mode)
    return np.asarray(image.convert(mode))
