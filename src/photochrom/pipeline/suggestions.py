"""Likely colours of one place: what a network holds possible there, as a few distinct choices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.color.lab import Array, lab_from_srgb, srgb_from_lab

APART = 14.0
"""Least distance between two suggestions, ab units: nearer ones look the same in a small swatch."""
BLUR = 7.0
"""σ of the blur before peaks are sought, ab units: bins are 10 apart, and noisy one by one."""
SUGGESTIONS = 6
"""As many as a person takes in at a glance."""
LEAST = 0.005
"""A colour with a smaller share is no suggestion."""


@dataclass(frozen=True)
class Suggestion:
    """One colour that a place may have, as `Workspace.suggestions` gives it.

    Parameters
    ----------
    ab
        a and b, CIE Lab units, of a colour that sRGB has at the place's lightness.
    probability
        0 to 1: the share of what the network holds possible that is nearer to this suggestion than
        to any other; None where a model says one colour only.

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
    gain: of the decoding, so that a suggestion is as vivid as the picture. count: at most so many.
    Every bin counts for the peak it is nearest to, whose colour is the mean of its bins.
    """
    squared = np.square(bins[:, None] - bins).sum(axis=-1)
    kernel = np.exp(-squared / (2 * BLUR**2))
    density = kernel @ distribution / kernel.sum(axis=1)
    peaks: list[int] = []
    for index in np.argsort(-density, kind="stable"):
        if len(peaks) == count:
            break
        if all(squared[index, peak] >= APART**2 for peak in peaks):
            peaks.append(int(index))
    nearest = squared[:, peaks].argmin(axis=1)
    found = []
    for place in range(len(peaks)):
        own = distribution * (nearest == place)
        share = float(own.sum())
        if share >= LEAST:
            found.append(Suggestion(in_gamut(own @ bins / share * gain, lightness), share))
    found.sort(key=lambda suggestion: -(suggestion.probability or 0))
    distinct: list[Suggestion] = []
    for suggestion in found:  # the gamut may bring two together
        if all(_distance(suggestion, other) >= APART / 2 for other in distinct):
            distinct.append(suggestion)
    return distinct


def in_gamut(ab: Array, lightness: float) -> tuple[float, float]:
    """The ab (2,) itself, or what is left of it in sRGB at a lightness (0..100)."""
    lab = np.array([lightness, *ab], np.float32)
    _, a, b = lab_from_srgb(srgb_from_lab(lab)).tolist()
    return a, b


def hex_of(ab: tuple[float, float], lightness: float) -> str:
    """The sRGB colour "#rrggbb" of an ab at a lightness (0..100)."""
    codes = np.rint(255 * srgb_from_lab(np.array([lightness, *ab], np.float32)))
    return "#" + bytes(codes.astype(np.uint8).tolist()).hex()


def _distance(one: Suggestion, other: Suggestion) -> float:
    return float(np.hypot(one.ab[0] - other.ab[0], one.ab[1] - other.ab[1]))
