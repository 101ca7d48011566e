"""Distributions over ab bins, drawn in the ab plane at a point's own lightness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from photochrom.color.bins import gamut_bins
from photochrom.color.lab import Array, linear_from_lab, srgb_from_lab
from photochrom.workshop.inspection.drawings import INK
from photochrom.workshop.inspection.reading import Point

REACH = 115
"""The plane is drawn for a and b from minus this to this; sRGB needs -108..98."""
PALENESS = 0.62
"""How far the plane's colours are mixed with white, so that the bins stand out."""
SHOWN = 0.002
"""Bins below this probability are left out."""
LARGEST = 420.0
"""Area of a certain bin's disc, square points."""


def plane(point: Point, number: int) -> Figure:
    """The bins' probabilities at one point as discs, its chosen and its real colour."""
    figure = Figure((3.5, 3.5), layout="constrained", facecolor="white")
    axes = figure.subplots()
    extent = (-REACH, REACH, -REACH, REACH)
    axes.imshow(_background(point.lightness), extent=extent, origin="lower")
    centers = gamut_bins()
    shown = np.flatnonzero(point.shares > SHOWN)
    shown = shown[np.argsort(-point.shares[shown])]
    axes.scatter(
        centers[shown, 0],
        centers[shown, 1],
        s=LARGEST * np.sqrt(point.shares[shown]),
        c=_colors(centers[shown], point.lightness),
        edgecolors=INK,
        linewidths=0.8,
    )
    chosen = {"ms": 13, "mew": 4.5, "color": "white"}
    axes.plot(*point.ab, "x", **chosen)  # type: ignore[arg-type]
    axes.plot(*point.ab, "x", ms=12, mew=2, color="black", label="chosen")
    if point.real is not None:
        axes.plot(*point.real, "D", ms=11, mfc="none", mec="white", mew=4)
        axes.plot(*point.real, "D", ms=11, mfc="none", mec="black", mew=1.6, label="real")
    axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH))
    axes.set_xlabel("a: green to red", fontsize=11, color=INK)
    axes.set_ylabel("b: blue to yellow", fontsize=11, color=INK)
    axes.tick_params(labelsize=10, colors=INK)
    axes.set_title(f"Point {number}: confidence {point.confidence:.2f}", fontsize=11, color=INK)
    axes.legend(loc="lower left", fontsize=10, framealpha=0.9)
    return figure


def points_on_photo(
    photo: NDArray[np.uint8], places: Sequence[tuple[int, int]], offset: tuple[int, int]
) -> Figure:
    """The photo with numbered points.

    photo: (h, w, 3). places: (row, column) on the copy. offset: of the photo in the copy.
    """
    shape = photo.shape[0] / photo.shape[1]
    figure = Figure((5.6, 5.6 * shape), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(photo)
    axes.set_axis_off()
    for number, (row, column) in enumerate(places, 1):
        y, x = row - offset[0], column - offset[1]
        axes.plot(x, y, "o", ms=20, mfc="white", mec="black", mew=1.5)
        axes.text(x, y, str(number), ha="center", va="center_baseline", fontsize=13, color="black")
    return figure


def _background(lightness: float) -> Array:
    """The plane's colours at a lightness, pale; white where sRGB has none. (2 R, 2 R, 3)."""
    axis = np.arange(-REACH, REACH, dtype=np.float32) + 0.5
    b, a = np.meshgrid(axis, axis, indexing="ij")
    lab = np.stack([np.full_like(a, lightness), a, b], axis=-1)
    linear = linear_from_lab(lab)
    inside = ((linear >= 0) & (linear <= 1)).all(-1, keepdims=True)
    pale = PALENESS + (1 - PALENESS) * srgb_from_lab(lab)
    return np.where(inside, pale, 1.0)


def _colors(centers: Array, lightness: float) -> Array:
    """The bins' own colours at a lightness, within sRGB. (n, 3)."""
    lab = np.concatenate([np.full((len(centers), 1), lightness, np.float32), centers], axis=1)
    return srgb_from_lab(lab)
