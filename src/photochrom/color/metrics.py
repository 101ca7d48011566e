"""Figures that compare a coloured photo with the real one; NumPy in, floats out.

docs/evaluation.md defines them: a figure is computed for each photo, and the figure of a set is the
mean over its photos.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array

FloatArray = NDArray[np.float64]


def psnr(image: NDArray[np.uint8], real: NDArray[np.uint8]) -> float:
    """10 log10(255² / MSE) in dB of two 8-bit sRGB images of one shape; 99 where they agree."""
    error = np.square(image.astype(np.float64) - real).mean()
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def ab_distance(ab: Array, real: Array) -> FloatArray:
    """Euclidean distance, pixel by pixel, of two (..., 2) arrays of ab; Lab units, (...)."""
    return np.linalg.norm(ab.astype(np.float64) - real, axis=-1)


def ab_error(ab: Array, real: Array) -> float:
    """Mean Euclidean distance of two (..., 2) arrays of ab, Lab units."""
    return float(ab_distance(ab, real).mean())


def colorfulness(image: NDArray[np.uint8]) -> float:
    """Colourfulness of an 8-bit sRGB image (H, W, 3); 0 for grey, about 40 for a vivid photo.

    Hasler and Süsstrunk, "Measuring colourfulness in natural images", 2003, signed differences.
    """
    return _colorfulness(*_opponents(image))


def absolute_colorfulness(image: NDArray[np.uint8]) -> float:
    """Colourfulness from absolute differences, as DDColor's code computes it and its paper reports.

    The absolute value comes before mean and deviation, so opposite colours add up to a mean where
    they cancel in `colorfulness`, and spread less. (H, W, 3) 8-bit sRGB; 0 for grey.
    """
    rg, yb = _opponents(image)
    return _colorfulness(np.abs(rg), np.abs(yb))


def _opponents(image: NDArray[np.uint8]) -> tuple[FloatArray, FloatArray]:
    r, g, b = (image[..., channel].astype(np.float64) for channel in range(3))
    return r - g, (r + g) / 2 - b


def _colorfulness(rg: FloatArray, yb: FloatArray) -> float:
    spread = np.sqrt(rg.var() + yb.var())
    return float(spread + 0.3 * np.hypot(rg.mean(), yb.mean()))
