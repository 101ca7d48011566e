"""Is a picture grey, toned, or in colour already?

A toned print (sepia, cyanotype, selenium) has one colour for each lightness; so does a grey one,
with noise. In a colour photo, pixels of one lightness differ. Yellowed paper around a grey photo
differs too, but along one line through the neutral: away from it there is nothing.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.filters.resize import resize

SIDE = 64
"""Short side of the copy that is looked at, pixels: averages out the chroma noise of JPEG."""
NEUTRAL = 2.0
"""Chroma below which a picture counts as grey, Lab units, for all but one pixel in a hundred."""
DIFFERING, TINT_TOLERANCE_PER_CHROMA = 2.6, 0.01
"""How far from its lightness's usual colour one pixel in ten is in a colour photo, Lab units.

Chosen so that none of 512 colour photos is taken for a print; the dullest of them leaves 0.02.
"""
PRUSSIAN_BLUE, A_SHARE_OF_BLUE = 12.0, 0.04
"""Chroma from which blue may be a cyanotype's, and how much more those may differ: their colour
changes fast with lightness, so pixels that mix light and dark are off it."""
MIN_OFF_AXIS_CHROMA = 2.5
"""How far from the one line through the neutral one pixel in a hundred must be."""
_LEVELS = 49
"""Lightnesses at which the usual colour is found."""


class Tone(Enum):
    """What a picture is: neutral, of one colour for each lightness, or in colour."""

    GRAY = "grey"
    TINTED = "tinted"
    COLOR = "color"


def tone_of(srgb: Array) -> Tone:
    """Judge a picture.

    srgb: (H, W, 3), 0..1, of any size; a small copy is as good as the whole.
    """
    height, width = srgb.shape[:2]
    scale = min(1.0, SIDE / min(height, width))
    small = resize(srgb, max(1, round(height * scale)), max(1, round(width * scale)))
    lab = lab_from_srgb(small).reshape(-1, 3)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    if np.quantile(chroma, 0.99) < NEUTRAL:
        return Tone.GRAY
    difference = lab[:, 1:] - _usual(lab)
    differing = np.quantile(np.hypot(*difference.T), 0.9)
    tint = np.median(chroma)
    allowed = DIFFERING + TINT_TOLERANCE_PER_CHROMA * tint
    a, b = lab[:, 1:].mean(axis=0)
    if b < -abs(a):
        allowed += A_SHARE_OF_BLUE * max(0.0, tint - PRUSSIAN_BLUE)
    if differing <= allowed:
        return Tone.TINTED
    _, axes = np.linalg.eigh(lab[:, 1:].T @ lab[:, 1:])
    aside = np.quantile(np.abs(lab[:, 1:] @ axes[:, 0]), 0.99)
    return Tone.COLOR if aside > MIN_OFF_AXIS_CHROMA else Tone.TINTED


def _usual(lab: Array) -> Array:
    """The usual ab at each pixel's lightness, (N, 2): medians among the pixels nearest in L."""
    order = np.argsort(lab[:, 0], kind="stable")
    reach = max(16, len(lab) // 24) // 2
    places = np.linspace(0, len(lab) - 1, _LEVELS).astype(int)
    around = [order[max(0, place - reach) : place + reach + 1] for place in places]
    usual = np.array([np.median(lab[pixels, 1:], axis=0) for pixels in around])
    levels, inverse = np.unique(lab[order[places], 0], return_inverse=True)
    counts = np.bincount(inverse)
    columns = [
        np.interp(lab[:, 0], levels, np.bincount(inverse, usual[:, band]) / counts)
        for band in (0, 1)
    ]
    return np.stack(columns, axis=1).astype(np.float32)
