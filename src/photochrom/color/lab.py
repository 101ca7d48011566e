"""sRGB, linear RGB and CIE Lab, as NumPy arrays.

One definition for the whole project: sRGB (IEC 61966-2-1), white D65, CIE constants
ε = 216/24389 and κ = 24389/27. The white point is the image of RGB (1, 1, 1), so that a grey has
a = b = 0 up to rounding. `photochrom.workshop.training.lab` holds the same formulas for torch
tensors and `photochrom.pipeline.full_size` for whole photos; a test keeps the three within 0.01 of
each other.

Colour is the last axis here: arrays are (..., 3), or (..., 2) for ab.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

XYZ_FROM_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = XYZ_FROM_RGB.sum(axis=1)
RGB_FROM_XYZ = np.linalg.inv(XYZ_FROM_RGB)
EPSILON = 216 / 24389
KAPPA = 24389 / 27
LARGEST_AB = 128.0
"""Bound on |a| and |b|, Lab units: those of sRGB colours reach from -108 to 98."""


def linear_from_srgb(srgb: NDArray[np.floating]) -> Array:
    """Undo the sRGB transfer curve; values 0..1 in and out."""
    low = srgb / 12.92
    high = ((np.maximum(srgb, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.where(srgb <= 0.04045, low, high).astype(np.float32)


def srgb_from_linear(linear: NDArray[np.floating]) -> Array:
    """Apply the sRGB transfer curve; values 0..1 in and out."""
    low = linear * 12.92
    high = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, low, high).astype(np.float32)


def lightness_from_luminance(luminance: Array) -> Array:
    """CIE L (0..100) of relative luminance Y (0..1)."""
    root = np.cbrt(luminance)
    return np.where(luminance > EPSILON, 116 * root - 16, KAPPA * luminance).astype(np.float32)


def luminance_from_lightness(lightness: Array) -> Array:
    """Relative luminance Y (0..1) of CIE L (0..100)."""
    root = (lightness + 16) / 116
    return np.where(lightness > 8, root**3, lightness / KAPPA).astype(np.float32)


def gray_from_lightness(lightness: Array) -> NDArray[np.uint8]:
    """The 8-bit sRGB code, of any shape, of a grey of CIE L (0..100)."""
    codes = srgb_from_linear(luminance_from_lightness(lightness))
    return np.rint(codes * 255).astype(np.uint8)


def lab_from_srgb(srgb: NDArray[np.floating]) -> Array:
    """Convert sRGB (..., 3) in 0..1 to Lab: L 0..100, a and b in CIE units."""
    xyz = linear_from_srgb(srgb) @ (XYZ_FROM_RGB / WHITE[:, None]).T
    f = np.where(xyz > EPSILON, np.cbrt(xyz), (KAPPA * xyz + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def linear_from_lab(lab: Array) -> Array:
    """Convert Lab (..., 3) to linear RGB, which leaves 0..1 where the colour is outside sRGB."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, (116 * f - 16) / KAPPA)
    return (xyz @ (RGB_FROM_XYZ * WHITE).T).astype(np.float32)


def reduce_chroma(linear: Array) -> Array:
    """Move colours outside sRGB towards the neutral of the same luminance until they fit.

    linear: (..., 3), linear RGB, possibly outside 0..1.
    Returns the same shape inside 0..1 with Y, and so L, unchanged where Y was in 0..1:
    rgb' = Y + t (rgb - Y) with t = min(1, (1 - Y) / (max - Y), Y / (Y - min)).
    """
    luminance = np.clip(linear @ XYZ_FROM_RGB[1], 0, 1)[..., None]
    above = np.maximum(linear.max(axis=-1, keepdims=True) - luminance, 1e-9)
    below = np.maximum(luminance - linear.min(axis=-1, keepdims=True), 1e-9)
    t = np.minimum(1, np.minimum((1 - luminance) / above, luminance / below))
    return np.clip(luminance + t * (linear - luminance), 0, 1).astype(np.float32)


def srgb_from_lab(lab: Array) -> Array:
    """Convert Lab (..., 3) to sRGB in 0..1, reducing chroma at constant L where it must."""
    return srgb_from_linear(reduce_chroma(linear_from_lab(lab)))
