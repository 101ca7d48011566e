"""RGB spaces: a tone curve from codes to linear light, and primaries.

A photograph's codes mean something only with its space. The pipeline works in linear light, so it
reads and writes any space that is a curve and a matrix; sRGB is one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color import XYZ_FROM_RGB, Array, linear_from_srgb

STEPS = 65536
"""Codes that a curve is sampled at."""
_ENCODING = 65536
"""Steps of the table from linear light back to codes, even in its square root."""


class Curve:
    """A tone curve, the same for all bands: what linear light a code means, and the way back."""

    def __init__(self, linear: NDArray[np.floating]) -> None:
        """Take samples of the curve.

        linear: (65536,), light 0..1 of evenly spaced codes, ascending.
        """
        ascending = np.maximum.accumulate(np.clip(linear, 0, 1))
        self.linear: Array = ascending.astype(np.float32)
        self.linear8: Array = np.ascontiguousarray(self.linear[::257])
        codes = np.linspace(0, 1, STEPS)
        light = np.linspace(0, 1, _ENCODING + 1) ** 2
        self._codes = np.interp(light, ascending, codes).astype(np.float32)
        self._codes8 = np.rint(255 * self._codes).astype(np.uint8)

    def decode(self, pixels: NDArray[Any]) -> Array:
        """Linear light of codes, of any shape: uint8, uint16, or floats of which 1 is white.

        Floats outside 0..1 are taken as the end of the range; NaN stays.
        """
        if pixels.dtype == np.uint8:
            return self.linear8.take(pixels)
        if pixels.dtype == np.uint16:
            return self.linear.take(pixels)
        place = np.clip(pixels, 0, 1).astype(np.float32) * np.float32(STEPS - 1)
        return _between(self.linear, place)

    def encode(self, linear: Array, kind: np.dtype[Any]) -> NDArray[Any]:
        """Codes of linear light 0..1, of a type as for `decode`."""
        root = np.sqrt(np.maximum(linear, np.float32(0)))  # rounding may have taken it below
        root *= np.float32(_ENCODING)
        if kind == np.uint8:
            root += np.float32(0.5)
            return self._codes8.take(root.astype(np.int32))
        codes = _between(self._codes, root)
        if kind == np.uint16:
            codes *= np.float32(65535)
            codes += np.float32(0.5)
            return codes.astype(np.uint16)
        return codes.astype(kind)


def _between(table: Array, place: Array) -> Array:
    """Values of a table at places between its entries, by lines; NaN stays."""
    known = np.nan_to_num(place)
    index = known.astype(np.int32)
    np.minimum(index, len(table) - 2, out=index)
    low = table.take(index)
    high = table.take(index + 1)
    high -= low
    high *= place - index
    low += high
    return low


@dataclass(frozen=True, eq=False)
class RgbSpace:
    """A space of RGB codes, or of grey ones as its neutral axis.

    name: for messages. curve: of every band.
    xyz_from_rgb: (3, 3), of linear light, adapted to the white of `photochrom.color`.
    """

    name: str
    curve: Curve
    xyz_from_rgb: NDArray[np.float64]

    @cached_property
    def rgb_from_xyz(self) -> NDArray[Any]:
        """The inverse of `xyz_from_rgb`."""
        return np.linalg.inv(self.xyz_from_rgb)

    @cached_property
    def luminance_weights(self) -> Array:
        """Shares of R, G and B in the luminance."""
        weights: Array = self.xyz_from_rgb[1].astype(np.float32)
        return weights


SRGB = RgbSpace("sRGB", Curve(linear_from_srgb(np.linspace(0, 1, STEPS))), XYZ_FROM_RGB)
