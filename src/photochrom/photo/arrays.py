"""Arrays of numbers as pixels: what counts as white, by the numbers' type and, of some, range."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.photo.strips import Pixels

BRIGHTEST = 4.0
"""Floats may go beyond white, as highlights do; so far beyond, they are of another range."""
_CHANNELS = (1, 2, 3, 4)


def as_pixels(array: NDArray[Any], name: str) -> Pixels:
    """An array as pixels, (H, W) or (H, W, bands) of uint8, uint16 or float32, contiguous.

    White is True of bool, 255 of uint8, 65535 of uint16, and 1 of floats. Integers of other types
    have no white of their own: where none is above 255, they are taken for 8 bit, else for 16.
    name: what errors call it. Raises PhotoError for other types and shapes, and for numbers outside
    these ranges: negative integers, or any above 65535; floats above `BRIGHTEST`.
    """
    shape = array.shape
    if array.ndim not in (2, 3) or (array.ndim == 3 and shape[2] not in _CHANNELS):
        remedy = "give (H, W), (H, W, 3), or (H, W, 2) or (H, W, 4) with alpha"
        if array.ndim == 3 and shape[0] in _CHANNELS:
            remedy = "put the channels last: numpy.moveaxis(array, 0, -1)"
        raise PhotoError(name, f"an array of shape {shape} is no picture", remedy)
    if not array.size:
        raise PhotoError(name, f"an array of shape {shape} has no pixels", "give one that has")
    kind = array.dtype.kind
    if kind == "b":
        array = array * np.uint8(255)
    elif kind == "f":
        check_floats(float(np.max(array, where=np.isfinite(array), initial=0)), name)
        array = array.astype(np.float32, copy=False)
    elif kind in "iu":
        array = _integers(array, name)
    else:
        raise PhotoError(
            name,
            f"an array of {array.dtype} holds no pixels",
            "give uint8, uint16, or floats with white at 1",
        )
    return np.ascontiguousarray(array)


def check_floats(brightest: float, name: str) -> None:
    """Raise PhotoError where the brightest of some floats says that white is not 1."""
    if brightest > BRIGHTEST:
        raise PhotoError(
            name,
            f"its floats reach {brightest:.4g}, but white is 1",
            "divide them or save it with 16 bit",
        )


def _integers(array: NDArray[Any], name: str) -> Pixels:
    if array.dtype.itemsize <= 2 and array.dtype.kind == "u":
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > 65535:
        raise PhotoError(
            name,
            f"its numbers reach from {low} to {high}, but black is 0 and white 255 or 65535",
            "scale them, and give uint8 or uint16",
        )
    return array.astype(np.uint8 if high <= 255 else np.uint16)
