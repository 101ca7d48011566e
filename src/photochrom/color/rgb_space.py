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
"""Codes that a curve is sampled at."""
_ROOT_STEPS = {np.dtype(np.uint8): 2**16, np.dtype(np.uint16): 2**20}
"""Steps of the tables from linear light back to codes, even in its root; nearest entry counts."""
_LINE_STEPS = 2**16
"""The same for floats, where lines lie between the entries."""


class Curve:
    """A tone curve, the same for all bands: what linear light a code means, and the way back."""

    def __init__(self, linear: NDArray[np.floating]) -> None:
        """Take samples of the curve.

        linear: (65536,), light 0..1 of evenly spaced codes, ascending.
        """
        ascending = np.maximum.accumulate(np.clip(linear, 0, 1))
        self.linear: Array = ascending.astype(np.float32)
        self.linear8: Array = np.ascontiguousarray(self.linear[::257])
        self._tables: dict[np.dtype[Any], NDArray[Any]] = {}

    def decode(self, pixels: NDArray[Any]) -> Array:
        """Linear light of codes, of any shape: uint8, uint16, or floats of which 1 is white.

        Floats outside 0..1 are taken as the end of the range; NaN stays.
        """
        if pixels.dtype == np.uint8:
            return self.linear8.take(pixels)
        if pixels.dtype == np.uint16:
            return self.linear.take(pixels)
        with np.errstate(invalid="ignore"):  # some of the NaNs in damaged files are signals
            place = np.clip(pixels, 0, 1).astype(np.float32) * np.float32(STEPS - 1)
        return _between(self.linear, place)

    def encode(self, linear: Array, kind: np.dtype[Any]) -> NDArray[Any]:
        """Codes of linear light 0..1, of a type as for `decode`."""
        root = np.sqrt(np.maximum(linear, np.float32(0)))  # rounding may have taken it below
        root *= np.float32(self.root_steps(kind))
        return self.encode_root(root, kind)

    def encode_root(self, root: Array, kind: np.dtype[Any]) -> NDArray[Any]:
        """Codes of linear light whose root is given, times `root_steps`."""
        table = self.table(kind)
        if kind.kind == "f":
            return _between(table, root).astype(kind)
        return table.take(root.astype(np.intp))

    @staticmethod
    def root_steps(kind: np.dtype[Any]) -> int:
        """What a root of 1 is in the table of a type of code."""
        return _ROOT_STEPS.get(kind, _LINE_STEPS)

    def table(self, kind: np.dtype[Any]) -> NDArray[Any]:
        """Codes at even steps of the root of light; the entry of 2.7 steps is number 2."""
        if kind not in self._tables:
            steps, codes = self.root_steps(kind), np.linspace(0, 1, STEPS)
            middle = 0.0 if kind.kind == "f" else 0.5
            light = np.square((np.arange(steps + 1) + middle) / steps)
            table = np.interp(light, self.linear, codes)
            self._tables[kind] = _as_codes(table, kind)
        return self._tables[kind]


def _as_codes(values: NDArray[np.floating], kind: np.dtype[Any]) -> NDArray[Any]:
    if kind.kind == "f":
        return values.astype(kind)
    return np.rint(values * np.iinfo(kind).max).astype(kind)


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
    xyz_from_rgb: (3, 3), of linear light, adapted to the white of `photochrom.color.lab`.
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
