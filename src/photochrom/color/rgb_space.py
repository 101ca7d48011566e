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

from photochrom.color.lab import XYZ_FROM_RGB, Array, linear_from_srgb

STEPS = 65536
"""Evenly spaced codes at which a curve is sampled."""
_ROOT_STEPS = {np.dtype(np.uint8): 2**16, np.dtype(np.uint16): 2**20}
"""Steps of the tables from the square root of linear light to integer codes; the nearest entry is
read."""
_FLOAT_ROOT_STEPS = 2**16
"""The same for floats, whose codes are interpolated between entries."""


class Curve:
    """A tone curve, the same for all bands: from codes to linear light, and its inverse."""

    def __init__(self, linear: NDArray[np.floating]) -> None:
        """Store samples of the curve.

        linear: (65536,), linear light 0..1 at evenly spaced codes, ascending.
        """
        ascending = np.maximum.accumulate(np.clip(linear, 0, 1))
        self.linear: Array = ascending.astype(np.float32)
        self.linear8: Array = np.ascontiguousarray(self.linear[::257])
        self._tables: dict[np.dtype[Any], NDArray[Any]] = {}

    def decode(self, pixels: NDArray[Any]) -> Array:
        """Linear light of codes, of any shape: uint8, uint16, or floats whose white is 1.

        Floats outside 0..1 are clipped; NaN stays NaN.
        """
        if pixels.dtype == np.uint8:
            return self.linear8.take(pixels)
        if pixels.dtype == np.uint16:
            return self.linear.take(pixels)
        with np.errstate(invalid="ignore"):  # some of the NaNs in damaged files are signals
            position = np.clip(pixels, 0, 1).astype(np.float32) * np.float32(STEPS - 1)
        return _interpolated(self.linear, position)

    def encode(self, linear: Array, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Codes of linear light 0..1, of a number type that `decode` takes."""
        root = np.sqrt(np.maximum(linear, np.float32(0)))  # rounding may have taken it below
        root *= np.float32(self.root_steps(dtype))
        return self.encode_root(root, dtype)

    def encode_root(self, root: Array, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Codes of linear light from its square root times `root_steps`."""
        table = self.table(dtype)
        if dtype.kind == "f":
            return _interpolated(table, root).astype(dtype)
        return table.take(root.astype(np.intp))

    @staticmethod
    def root_steps(dtype: np.dtype[Any]) -> int:
        """The position of a root of 1 in the table of a number type."""
        return _ROOT_STEPS.get(dtype, _FLOAT_ROOT_STEPS)

    def table(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Codes at even steps of the square root of light; a root of 2.7 steps reads entry 2."""
        if dtype not in self._tables:
            steps, codes = self.root_steps(dtype), np.linspace(0, 1, STEPS)
            center = 0.0 if dtype.kind == "f" else 0.5
            light = np.square((np.arange(steps + 1) + center) / steps)
            table = np.interp(light, self.linear, codes)
            self._tables[dtype] = _as_codes(table, dtype)
        return self._tables[dtype]


def _as_codes(values: NDArray[np.floating], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "f":
        return values.astype(dtype)
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)


def _interpolated(table: Array, position: Array) -> Array:
    """Values of a table at fractional positions, linearly interpolated; NaN stays NaN."""
    finite = np.nan_to_num(position)
    index = finite.astype(np.int32)
    np.minimum(index, len(table) - 2, out=index)
    low = table.take(index)
    high = table.take(index + 1)
    high -= low
    high *= position - index
    low += high
    return low


@dataclass(frozen=True, eq=False)
class RgbSpace:
    """An RGB colour space; the codes of a grey space lie on its neutral axis.

    name: for messages. curve: the tone curve of every band.
    xyz_from_rgb: (3, 3), for linear light, adapted to the white of `photochrom.color.lab`.
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
        return self.xyz_from_rgb[1].astype(np.float32)


SRGB = RgbSpace("sRGB", Curve(linear_from_srgb(np.linspace(0, 1, STEPS))), XYZ_FROM_RGB)
