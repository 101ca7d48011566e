"""Propagation of hints: the network's prediction, used where it is reliable, and corrected.

A network that gets an unlikely colour as a hint, such as a red sky, tints the whole picture with
it. Its prediction with hints is used only at pixels that are similar to a hint: near it in the
picture without an edge between, and of similar lightness and predicted colour; the likelier the
hint's colour, the farther. All other pixels get the prediction without hints.

A network also follows hints only in part. Every pixel's colour is therefore replaced, in part, by
those of the hints that it is similar to. The result lies between the network's colours and the
hints', so that it cannot ring, and at a hint's own pixel it equals the hint.

The points of a brush stroke are one hint: twenty points must not be believed twenty times. A stroke
says how large the thing under it is, so an unlikely colour is not carried far from it. A hint with
a reach colours nothing beyond that, and no network is asked about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.filters.geodesic import StepCosts
from photochrom.filters.guided_filter import window_mean
from photochrom.filters.upsample import LinearChroma
from photochrom.pipeline.hints import PlacedHints

DISTANCE_WEIGHT = 0.3
"""Dissimilarity for each short side of the geodesic distance from hint to pixel."""
STROKE_WEIGHT = 3.0
"""The same, for a point of a stroke whose colour is far from the one predicted without hints. Of
the pixels outside a thing that was painted in an unlikely colour this lets 1.8 % change, 0.3 lets
33 % (benchmarks/strokes.py)."""
STROKE_SURPRISE = 40.0
"""Distance between predicted and hinted colour, ab units, at which the weight is mostly up to
STROKE_WEIGHT (scale of a Gaussian)."""
LIGHTNESS_WEIGHT = 1 / 20
"""Dissimilarity for each unit of difference in L, both means of 3 x 3 pixels."""
COLOR_WEIGHT = 1 / 25
"""Dissimilarity for each unit of difference in the ab predicted without hints."""
FAR, NEAR = 4.0, 1.0
"""Reach of a prediction with hints, as a dissimilarity: for a hint of the colour predicted without
hints, and for a hint of a colour far from it."""
SURPRISE = 20.0
"""Distance between predicted and hinted colour, ab units, at which the reach is mostly down to NEAR
(scale of a Gaussian)."""
HALF_REPLACED = 5.0
"""Residual at a hint, ab units, at which half of the correction replaces the predicted colours and
half shifts them. Smaller residuals mostly shift, which keeps the network's own variation."""

FULL_WITHIN = 0.6
"""Share of a hint's reach within which it has its full effect; from there it fades."""

SETTLING_ROUNDS = 3
"""Each round leaves about a third of the residual at a hint; overlapping hints share it."""

_SETTLING_RADIUS = 2  # pixels to each side of a hint that settling changes
_MEAN_RADIUS = 1  # pixels to each side in the mean lightness
_WEIGHT_EPSILON = 1e-5  # keeps the weight of a hint's own pixel finite
_BEYOND = 1.5  # pixels around one of the small copy that it still colours; diagonally 1.41
_LEAST_WEIGHT = 1e-12  # where no hint reaches, nothing is divided by 0
_CHUNK_SIZE = 2**22  # numbers of dissimilarity in memory at a time
_CACHED_DISTANCES, _CACHED_DISSIMILARITIES = 64, 512  # fields as large as the small copy

Pixel = tuple[int, int]
"""Row and column of a small copy."""
Key = tuple[float, ...]
"""Row and column of a hint; for a dissimilarity also the weight of the distance from it."""


class HintDistances:
    """Geodesic distances from hints to all pixels of one small copy, cached by hint."""

    def __init__(self, lightness: Array) -> None:
        """Prepare a small copy; lightness: (h, w), 0..100."""
        self.lightness = window_mean(lightness, _MEAN_RADIUS)
        self.distances = _FieldCache(StepCosts(self.lightness).distances, _CACHED_DISTANCES)


class Dissimilarity:
    """Dissimilarity of every pixel of a small copy to hints, cached by hint."""

    def __init__(self, distances: HintDistances, without_hints: Array) -> None:
        """Prepare a prediction; without_hints: (h, w, 2), ab, Lab units."""
        self._distances, self._without_hints = distances, without_hints
        self._bands = [np.ascontiguousarray(without_hints[..., band]) for band in (0, 1)]
        self._fields = _FieldCache(self._compute, _CACHED_DISSIMILARITIES)

    def fields(self, hints: PlacedHints) -> Array:
        """The dissimilarity to each hint, (N, h, w); 0 at its own pixel."""
        weights = self._distance_weights(hints).tolist()
        return self._fields(
            [(*pixel, weight) for pixel, weight in zip(hints.pixels, weights, strict=True)]
        )

    def _distance_weights(self, hints: PlacedHints) -> Array:
        """Each hint's own DISTANCE_WEIGHT, in steps of 0.1, so that fields are found again."""
        local = hints.in_strokes | hints.limited
        surprise = np.square(_surprise(hints, self._without_hints) / STROKE_SURPRISE)
        weights = STROKE_WEIGHT - (STROKE_WEIGHT - DISTANCE_WEIGHT) * np.exp(-surprise)
        return np.where(local, np.round(weights, 1), DISTANCE_WEIGHT)

    def _compute(self, keys: Sequence[Key]) -> Array:
        pixels = [(int(row), int(column)) for row, column, _ in keys]
        rows, columns = np.transpose(pixels)
        lightness = self._distances.lightness
        weights = np.array([weight for *_, weight in keys], np.float32)
        field: Array = weights[:, None, None] * self._distances.distances(pixels)
        field += LIGHTNESS_WEIGHT * np.abs(lightness - lightness[rows, columns][:, None, None])
        squared = np.zeros_like(field)
        for band in self._bands:
            squared += np.square(band - band[rows, columns][:, None, None])
        field += np.float32(COLOR_WEIGHT) * np.sqrt(squared, out=squared)
        return field


class _FieldCache:
    """Fields (N, h, w) by hint: hints are set one by one, and only the new one is computed."""

    def __init__(self, compute: Callable[[Sequence[Any]], Array], capacity: int) -> None:
        self._compute, self._capacity = compute, capacity
        self._fields: dict[Key, Array] = {}

    def __call__(self, keys: Sequence[Key]) -> Array:
        fields = {key: self._fields[key] for key in keys if key in self._fields}
        missing = [key for key in dict.fromkeys(keys) if key not in fields]
        if missing:
            fields |= zip(missing, np.ascontiguousarray(self._compute(missing)), strict=True)
        self._fields = dict(list({**self._fields, **fields}.items())[-self._capacity :])
        return np.stack([fields[key] for key in keys])


def propagate_hints(
    hints: PlacedHints,
    with_hints: Array,
    without_hints: Array,
    lightness: Array,
    dissimilarity: Dissimilarity | None = None,
) -> Array:
    """Spread the hints' colours over the small copy, each where pixels are similar to the hint.

    with_hints, without_hints: (h, w, 2), the network's predictions, Lab units.
    lightness: (h, w), 0..100. dissimilarity: of lightness and the prediction without any hints,
    with the cache of earlier calls; None to compute it.
    Returns (h, w, 2), Lab units. Constants were chosen on validation photos, see docs/hints.md.
    """
    dissimilarity = dissimilarity or Dissimilarity(HintDistances(lightness), without_hints)
    step = max(1, _CHUNK_SIZE // lightness.size)
    parts = [_part(hints, start, start + step) for start in range(0, len(hints.ab), step)]
    fields = [dissimilarity.fields(parts[0])] if len(parts) == 1 else None  # else not kept
    ab = without_hints
    if with_hints is not without_hints:
        distrust = _distrust(hints, parts, fields, dissimilarity, without_hints)
        ab = with_hints + distrust[..., None] * (without_hints - with_hints)
    strength: Array = np.zeros(lightness.shape, np.float32)
    total: Array = np.full_like(strength, _LEAST_WEIGHT)
    replaced: Array = np.zeros_like(strength)
    corrections: Array = np.zeros_like(ab)
    for number, part in enumerate(parts):
        unlike = fields[number] if fields else dissimilarity.fields(part)
        within = _within_reach(part)
        rows, columns = np.transpose(part.pixels)
        predicted = ab[rows, columns]
        residual = part.ab - predicted
        weight = within / np.square(np.square(unlike) + np.float32(_WEIGHT_EPSILON))
        size = np.linalg.norm(residual, axis=-1)
        share = size / (size + np.float32(HALF_REPLACED))
        correction = residual + share[:, None] * predicted
        total += weight.sum(axis=0, dtype=np.float32)
        replaced += np.einsum("nhw,n->hw", weight, share)
        corrections += np.einsum("nhw,nc->hwc", weight, correction)
        np.maximum(strength, (within * np.exp(-(unlike**3))).max(axis=0), out=strength)
    strength /= total
    spread_ab = ab + strength[..., None] * (corrections - replaced[..., None] * ab)
    return spread_ab.astype(np.float32, copy=False)


def _part(hints: PlacedHints, start: int, stop: int) -> PlacedHints:
    places = np.arange(len(hints.ab))
    return hints.only((places >= start) & (places < stop))


def _surprise(hints: PlacedHints, without_hints: Array) -> Array:
    """Distance between each hint's colour and the predicted one, (N,), ab units."""
    rows, columns = np.transpose(hints.pixels)
    return np.linalg.norm(hints.ab - without_hints[rows, columns], axis=-1)


def _distrust(
    hints: PlacedHints,
    parts: Sequence[PlacedHints],
    fields: Sequence[Array] | None,
    dissimilarity: Dissimilarity,
    without_hints: Array,
) -> Array:
    """Weight of the prediction without hints against that with them, (h, w), 0..1.

    A stroke counts as much as the most similar of its points.
    """
    distrust = np.ones(hints.shape, np.float32)
    of_stroke, stroke = np.ones_like(distrust), -1
    for number, part in enumerate(parts):
        unlike = fields[number] if fields else dissimilarity.fields(part)
        surprise = _surprise(part, without_hints)
        reach = NEAR + (FAR - NEAR) * np.exp(-np.square(surprise / SURPRISE))
        doubts = 1 - np.exp(-np.square(unlike / reach.astype(np.float32)[:, None, None]))
        for doubt, its_stroke in zip(doubts, part.stroke, strict=True):
            if its_stroke != stroke:
                distrust *= of_stroke
                of_stroke, stroke = doubt, its_stroke
            else:
                of_stroke = np.minimum(of_stroke, doubt)
    return distrust * of_stroke


def _within_reach(hints: PlacedHints) -> Array:
    """1 near each hint, falling to 0 at its reach, (N, h, w); 1 everywhere without a reach."""
    if not hints.limited.any():
        return np.ones((len(hints.ab), 1, 1), np.float32)
    rows, columns = (np.arange(size) for size in hints.shape)
    down = np.square((rows - hints.place[:, :1]) / hints.reach[:, :1])
    across = np.square((columns - hints.place[:, 1:]) / hints.reach[:, 1:])
    share = np.sqrt(down[:, :, None] + across[:, None, :])
    slope = np.clip((1 - share) / (1 - FULL_WITHIN), 0, 1)
    smooth: Array = (slope * slope * (3 - 2 * slope)).astype(np.float32)
    return smooth


def reach_mask(hints: PlacedHints) -> Array:
    """Where hints of limited reach may change the full-size photo, (h, w), 0..1.

    A pixel of the small copy colours the photo up to the middles of those around it, so the mask
    ends before the reach.
    """
    rows, columns = (np.arange(size) for size in hints.shape)
    mask = np.zeros(hints.shape, np.float32)
    for (row, column), (down, across) in zip(hints.place, hints.reach, strict=True):
        short = min(down, across)
        share = np.hypot((rows[:, None] - row) / down, (columns - column) / across)
        np.maximum(mask, np.clip((1 - share) * short - _BEYOND, 0, 1), out=mask)
    return mask


def snap_to_hints(hints: PlacedHints, chroma: LinearChroma, lightness: Array) -> LinearChroma:
    """Correct the linear model around the hints' points, where it lost part of their colours.

    chroma: fitted to the result of `propagate_hints`. lightness: (h, w), 0..100, of the small copy.
    Returns a model whose ab at the hints' places, as the full-size pass interpolates it, is theirs.
    """
    spots = [_spot(row, column, hints.shape) for row, column in hints.place]
    total: Array = np.zeros(hints.shape, np.float32)
    for window, weight in spots:
        total[window] += weight
    spots = [(window, weight * weight / total[window]) for window, weight in spots]
    fixed = np.zeros_like(total)
    for window, weight in spots:
        fixed[window] += weight
    # The photo's pixels may be lighter or darker than the small copy: ab must not depend on L.
    slope: Array = (chroma.slope * (1 - fixed)[..., None]).astype(np.float32)
    offset = chroma.offset + (chroma.slope - slope) * lightness[..., None]
    from_slope = _at(slope, hints.place) * _at(lightness[..., None], hints.place)
    for _ in range(SETTLING_ROUNDS):
        residual = hints.ab - from_slope - _at(offset, hints.place)
        for (window, weight), shift in zip(spots, residual, strict=True):
            offset[window] += weight[..., None] * shift
    return LinearChroma(slope, offset, chroma.kept)


def _spot(row: float, column: float, shape: tuple[int, int]) -> tuple[tuple[slice, slice], Array]:
    """The window around a place, and the weights of a Gaussian of one pixel in it."""
    windows, weights = [], []
    for center, size in zip((row, column), shape, strict=True):
        middle = round(center)
        window = slice(max(0, middle - _SETTLING_RADIUS), min(size, middle + _SETTLING_RADIUS + 1))
        windows.append(window)
        weights.append(np.exp(-np.square(np.arange(window.start, window.stop) - center) / 2))
    return (windows[0], windows[1]), np.outer(*weights).astype(np.float32)


def _at(field: Array, place: NDArray[np.float64]) -> Array:
    """Values (N, bands) of a field (h, w, bands) at fractional places, bilinearly interpolated."""
    before = np.floor(place).astype(np.intp)
    after = np.minimum(before + 1, np.subtract(field.shape[:2], 1))
    share = (place - before).astype(np.float32)
    (top, left), (bottom, right), (down, across) = before.T, after.T, share.T[..., None]
    upper = field[top, left] * (1 - across) + field[top, right] * across
    lower = field[bottom, left] * (1 - across) + field[bottom, right] * across
    return upper * (1 - down) + lower * down
