"""Suggestions: a few distinct likely colours of one place, from the predicted distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.color.lab import Array, lab_from_srgb, srgb_from_lab

MIN_DISTANCE = 14.0
"""Least distance between two suggestions, ab units: nearer ones look the same in a small swatch."""
BLUR = 7.0
"""σ of the blur before peaks are detected, ab units: single bins, 10 apart, are noisy."""
SUGGESTIONS = 6
"""Default number of suggestions; a person compares so many at a glance."""
MIN_PROBABILITY = 0.005
"""Peaks of a smaller probability are dropped."""


@dataclass(frozen=True)
class Suggestion:
    """One colour that a place may have, as `Workspace.suggestions` gives it.

    Parameters
    ----------
    ab
        a and b, CIE Lab units, of a colour that sRGB has at the place's lightness.
    probability
        0 to 1: the predicted probability of the colours nearer to this suggestion than to any
        other; None where a model predicts no distribution.

    Examples
    --------
    >>> from photochrom import Colorizer, Hint
    >>> work = Colorizer().workspace("photo.jpg")
    >>> suggestion = work.suggestions(225, 150)[1]
    >>> work.result(hints=[Hint(225, 150, suggestion.ab)])
    <Result of photo.jpg, 451 x 300, by photochrom>
    """

    ab: tuple[float, float]
    probability: float | None


def likely_colors(
    distribution: Array, bins: Array, lightness: float, gain: float, count: int
) -> list[Suggestion]:
    """The peaks of a distribution over ab bins, most likely first.

    distribution: (Q,), sums to 1. bins: (Q, 2), ab centres. lightness: 0..100, of the place.
    gain: of the decoding, so that a suggestion is as vivid as the picture.
    count: the most suggestions to return.
    Every bin belongs to the nearest peak; a suggestion's colour is the mean of its peak's bins.
    """
    squared = np.square(bins[:, None] - bins).sum(axis=-1)
    kernel = np.exp(-squared / (2 * BLUR**2))
    density = kernel @ distribution / kernel.sum(axis=1)
    peaks: list[int] = []
    for index in np.argsort(-density, kind="stable"):
        if len(peaks) == count:
            break
        if all(squared[index, peak] >= MIN_DISTANCE**2 for peak in peaks):
            peaks.append(int(index))
    nearest = squared[:, peaks].argmin(axis=1)
    suggestions = []
    for index in range(len(peaks)):
        weights = distribution * (nearest == index)
        probability = float(weights.sum())
        if probability >= MIN_PROBABILITY:
            ab = in_gamut(weights @ bins / probability * gain, lightness)
            suggestions.append(Suggestion(ab, probability))
    suggestions.sort(key=lambda suggestion: -(suggestion.probability or 0))
    distinct: list[Suggestion] = []
    for suggestion in suggestions:  # reduction to the gamut may make two alike
        if all(_distance(suggestion, other) >= MIN_DISTANCE / 2 for other in distinct):
            distinct.append(suggestion)
    return distinct


def in_gamut(ab: Array, lightness: float) -> tuple[float, float]:
    """The ab (2,), its chroma reduced until it fits sRGB at a lightness (0..100)."""
    lab = np.array([lightness, *ab], np.float32)
    _, a, b = lab_from_srgb(srgb_from_lab(lab)).tolist()
    return a, b


def hex_of(ab: tuple[float, float], lightness: float) -> str:
    """The sRGB colour "#rrggbb" of an ab at a lightness (0..100)."""
    codes = np.rint(255 * srgb_from_lab(np.array([lightness, *ab], np.float32)))
    return "#" + bytes(codes.astype(np.uint8).tolist()).hex()


def _distance(one: Suggestion, other: Suggestion) -> float:
    return float(np.hypot(one.ab[0] - other.ab[0], one.ab[1] - other.ab[1]))
