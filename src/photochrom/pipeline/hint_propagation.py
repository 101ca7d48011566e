"""How a hint's colour spreads: the network's answer, believed where it can be, and mended.

A network that is told an unlikely colour, a red sky, tints all of the picture with it. Its answer
counts where a pixel is like a hint: near in the picture without an edge between, and of like
lightness and predicted colour; the more likely the hint's colour was, the farther. Elsewhere stays
what it says without hints.

A network also follows hints only in part. Every pixel's colour is therefore replaced, in part, by
those of the hints that it is like. What comes out lies between the network's colours and the
hints', so that nothing can ring, and at a hint's own pixel it is the hint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.filters.geodesic import StepCosts
from photochrom.filters.guided_filter import window_mean
from photochrom.filters.upsample import LinearChroma
from photochrom.pipeline.hints import PlacedHints

WAY = 0.3
"""Dissimilarity a short side of the way from hint to pixel; edges make the way longer."""
LIGHTNESS = 1 / 20
"""Dissimilarity a unit of difference in L, each the mean of 3 x 3 pixels."""
COLOR = 1 / 25
"""Dissimilarity a unit of difference in the ab that the network predicts without hints."""
FAR, NEAR = 4.0, 1.0
"""Dissimilarity to which the network is believed on a hint of the colour that it predicts, and on
one that it would never have thought of."""
SURPRISE = 20.0
"""From what the network predicts to a hint's colour, ab units, where most of FAR is gone."""
OBEYED = 5.0
"""Where the network missed a hint by this, ab units, half of the spreading sets its colour and half
shifts the network's; a network that follows its hints well keeps what else it sees."""

SETTLING_ROUNDS = 3
"""Each leaves about a third of what a hint was missed by; contradicting neighbours share it."""

_DOT = 2  # pixels to each side that settling changes
_SMOOTHED = 1  # pixels to each side of the mean lightness
_NEAREST = 1e-5  # keeps the weight of a hint's own pixel finite
_AT_ONCE = 2**22  # distances in memory, numbers
_MOST_WAYS, _MOST_FIELDS = 64, 512  # kept, each as large as the small copy

Pixel = tuple[int, int]
"""Row and column of a small copy."""


class HintDistances:
    """How far it is from hints to all pixels of one small copy; each hint's found once."""

    def __init__(self, lightness: Array) -> None:
        """Take up a small copy; lightness: (h, w), 0..100."""
        self.lightness = window_mean(lightness, _SMOOTHED)
        self.distances = _KeptFields(StepCosts(self.lightness).distances, _MOST_WAYS)


class Dissimilarity:
    """How little each pixel of a small copy is like at hints; each hint's found once."""

    def __init__(self, ways: HintDistances, without_hints: Array) -> None:
        """Take up a colouring; without_hints: (h, w, 2), what the network predicts, Lab units."""
        self._ways = ways
        self._bands = [np.ascontiguousarray(without_hints[..., band]) for band in (0, 1)]
        self.fields = _KeptFields(self._found, _MOST_FIELDS)

    def _found(self, pixels: Sequence[Pixel]) -> Array:
        rows, columns = np.transpose(pixels)
        light = self._ways.lightness
        unlike: Array = WAY * self._ways.distances(pixels)
        unlike += LIGHTNESS * np.abs(light - light[rows, columns][:, None, None])
        squared = np.zeros_like(unlike)
        for band in self._bands:
            squared += np.square(band - band[rows, columns][:, None, None])
        unlike += np.float32(COLOR) * np.sqrt(squared, out=squared)
        return unlike


class _KeptFields:
    """Fields (N, h, w) of pixels; a person sets hints one by one, and only the new one is found."""

    def __init__(self, find: Callable[[Sequence[Pixel]], Array], most: int) -> None:
        self._find, self._most = find, most
        self._kept: dict[Pixel, Array] = {}

    def __call__(self, pixels: Sequence[Pixel]) -> Array:
        known = {pixel: self._kept[pixel] for pixel in pixels if pixel in self._kept}
        missing = [pixel for pixel in dict.fromkeys(pixels) if pixel not in known]
        if missing:
            known |= zip(missing, np.ascontiguousarray(self._find(missing)), strict=True)
        self._kept = dict(list({**self._kept, **known}.items())[-self._most :])
        return np.stack([known[pixel] for pixel in pixels])


def propagate_hints(
    hints: PlacedHints,
    with_hints: Array,
    without_hints: Array,
    lightness: Array,
    dissimilarity: Dissimilarity | None = None,
) -> Array:
    """Give the small copy the hints' colours, each where the picture is like at the hint.

    with_hints, without_hints: (h, w, 2), what the network predicts, Lab units.
    lightness: (h, w), 0..100. dissimilarity: of both, where it is kept from an earlier call.
    Returns (h, w, 2). Constants were chosen on validation photos, see docs/hints.md.
    """
    dissimilarity = dissimilarity or Dissimilarity(HintDistances(lightness), without_hints)
    step = max(1, _AT_ONCE // lightness.size)
    parts = [slice(start, start + step) for start in range(0, len(hints.ab), step)]
    doubt = np.ones_like(lightness)
    for part in parts:
        unlike = dissimilarity.fields(hints.pixels[part])
        doubt *= _distrust(hints, part, unlike, without_hints)
    ab = with_hints + doubt[..., None] * (without_hints - with_hints)
    nearest = np.full(lightness.shape, np.inf, np.float32)
    total: Array = np.zeros_like(nearest)
    replaced: Array = np.zeros_like(nearest)
    offered: Array = np.zeros_like(ab)
    for part in parts:
        if len(parts) > 1:  # too many to be kept at once
            unlike = dissimilarity.fields(hints.pixels[part])
        rows, columns = np.transpose(hints.pixels[part])
        seen = ab[rows, columns]
        missed = hints.ab[part] - seen
        weight = 1 / np.square(np.square(unlike) + np.float32(_NEAREST))
        size = np.linalg.norm(missed, axis=-1)
        share = size / (size + np.float32(OBEYED))
        offer = missed + share[:, None] * seen
        total += weight.sum(axis=0, dtype=np.float32)
        replaced += np.einsum("nhw,n->hw", weight, share)
        offered += np.einsum("nhw,nc->hwc", weight, offer)
        np.minimum(nearest, unlike.min(axis=0), out=nearest)
    strength = np.exp(-(nearest**3)) / total
    spread_ab = ab + strength[..., None] * (offered - replaced[..., None] * ab)
    return spread_ab.astype(np.float32, copy=False)


def _distrust(hints: PlacedHints, part: slice, unlike: Array, without_hints: Array) -> Array:
    """How little the network's answer to some of the hints is believed, (h, w), 0..1."""
    rows, columns = np.transpose(hints.pixels[part])
    surprise = np.linalg.norm(hints.ab[part] - without_hints[rows, columns], axis=-1)
    reach = NEAR + (FAR - NEAR) * np.exp(-np.square(surprise / SURPRISE))
    believed = np.exp(-np.square(unlike / reach.astype(np.float32)[:, None, None]))
    return np.prod(1 - believed, axis=0)


def snap_to_hints(hints: PlacedHints, chroma: LinearChroma, lightness: Array) -> LinearChroma:
    """Mend what the linear model lost of the hints, right around their points.

    chroma: fitted to what `propagate_hints` gave. lightness: (h, w), 0..100, of the small copy.
    Returns a model that gives the hints' ab at the hints' places, as the full-size pass reads it.
    """
    dots = [_dot(row, column, hints.shape) for row, column in hints.place]
    crowd: Array = np.zeros(hints.shape, np.float32)
    for window, weight in dots:
        crowd[window] += weight
    dots = [(window, weight * weight / crowd[window]) for window, weight in dots]
    held = np.zeros_like(crowd)
    for window, weight in dots:
        held[window] += weight
    # A pixel of the photo may be lighter or darker than the small copy: hold ab against its L.
    slope: Array = (chroma.slope * (1 - held)[..., None]).astype(np.float32)
    offset = chroma.offset + (chroma.slope - slope) * lightness[..., None]
    following = _at(slope, hints.place) * _at(lightness[..., None], hints.place)
    for _ in range(SETTLING_ROUNDS):
        missed = hints.ab - following - _at(offset, hints.place)
        for (window, weight), shift in zip(dots, missed, strict=True):
            offset[window] += weight[..., None] * shift
    return LinearChroma(slope, offset)


def _dot(row: float, column: float, shape: tuple[int, int]) -> tuple[tuple[slice, slice], Array]:
    """The pixels around a place, and a Gaussian of one pixel there."""
    windows, weights = [], []
    for center, size in zip((row, column), shape, strict=True):
        middle = round(center)
        window = slice(max(0, middle - _DOT), min(size, middle + _DOT + 1))
        windows.append(window)
        weights.append(np.exp(-np.square(np.arange(window.start, window.stop) - center) / 2))
    return (windows[0], windows[1]), np.outer(*weights).astype(np.float32)


def _at(field: Array, place: NDArray[np.float64]) -> Array:
    """Values (N, bands) of a field (h, w, bands) between its pixels, by lines."""
    before = np.floor(place).astype(np.intp)
    after = np.minimum(before + 1, np.subtract(field.shape[:2], 1))
    share = (place - before).astype(np.float32)
    (top, left), (bottom, right), (down, across) = before.T, after.T, share.T[..., None]
    upper = field[top, left] * (1 - across) + field[top, right] * across
    lower = field[bottom, left] * (1 - across) + field[bottom, right] * across
    return upper * (1 - down) + lower * down
