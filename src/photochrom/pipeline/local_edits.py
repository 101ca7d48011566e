"""The colours of one small copy with everything that is set in parts of it: hints and strokes.

Each effect of strokes is a field over the small copy. What a stroke does is the mix of two models
of colour, which the full-size pass enlarges like all models:

erase        with hints, and without
vividness    the prediction at the photo's vividness, and at the stroke's
saturation   ab, and ab times the value
original     kept: the full-size pass mixes the photo's own pixels in
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.filters.upsample import LinearChroma, linear_chroma
from photochrom.options import ColorizeOptions
from photochrom.pipeline.hint_propagation import reach_mask, snap_to_hints
from photochrom.pipeline.predictions import PhotoPredictions
from photochrom.strokes import Stroke

FADE = 1 / 3
"""Outer share of a brush's radius over which its effect fades."""
SMALLEST = 1.5
"""Least radius of a brush, pixels of the small copy."""


@dataclass(frozen=True)
class LocalColors:
    """Colours of a small copy: ab (h, w, 2) in Lab units, their model, and the confidence."""

    ab: Array
    chroma: LinearChroma
    confidence: Array | None

    def mixed(self, other: LocalColors, weight: Array) -> LocalColors:
        """These colours where `weight` (h, w) is 0, the others where it is 1."""
        ab = self.ab + weight[..., None] * (other.ab - self.ab)
        return replace(self, ab=ab, chroma=self.chroma.blended(other.chroma, weight))


def local_colors(predictions: PhotoPredictions, options: ColorizeOptions) -> LocalColors:
    """The colours of a photo's small copy, with hints and strokes; without the adjustments.

    Raises HintError for hints that do not fit.
    """
    copy, strokes = predictions.copy(options.size), options.strokes
    photo, shape = predictions.photo.upright_size, copy.lightness.shape
    masks = _Masks(strokes, photo, (shape[0], shape[1]))
    colors = _with_hints(predictions, options, masks)
    at: dict[float, LocalColors] = {}
    for vividness, weight in masks.by_value("vividness"):
        if vividness not in at:
            there = replace(options, vividness=vividness)
            at[vividness] = _with_hints(predictions, there, masks)
        colors = colors.mixed(at[vividness], weight)
    if masks.has("saturation"):
        factor = masks.values("saturation", 1.0)
        colors = replace(
            colors, ab=colors.ab * factor[..., None], chroma=colors.chroma.scaled(factor)
        )
    if masks.has("original"):
        own = lab_from_srgb(copy.srgb)[..., 1:]
        colors = _keeping(colors, masks.weight("original"), own, predictions.photo.color_bands)
    return colors


def _with_hints(
    predictions: PhotoPredictions, options: ColorizeOptions, masks: _Masks
) -> LocalColors:
    lightness = predictions.copy(options.size).lightness
    plain = predictions.of(options)

    def fitted(ab: Array) -> LinearChroma:
        return linear_chroma(ab, lightness)

    if not options.hints:
        return LocalColors(plain.ab, fitted(plain.ab), plain.confidence)
    hinted = predictions.hinted(options)
    free = hinted.placed.only(~hinted.placed.limited)
    spread = hinted.prediction
    chroma = snap_to_hints(free, fitted(spread.ab), lightness)
    colors = LocalColors(spread.ab, chroma, spread.confidence)
    limited = hinted.placed.only(hinted.placed.limited)
    if len(limited.ab):
        chroma = snap_to_hints(hinted.placed, fitted(hinted.ab), lightness)
        painted = replace(colors, ab=hinted.ab, chroma=chroma)
        colors = colors.mixed(painted, reach_mask(limited))
    if masks.has("erase"):
        without = LocalColors(plain.ab, fitted(plain.ab), plain.confidence)
        colors = colors.mixed(without, masks.weight("erase"))
    return colors


def _keeping(colors: LocalColors, kept: Array, own: Array, bands: int) -> LocalColors:
    """The colours with the photo's own ab (h, w, 2) where `kept` (h, w) is 1."""
    ab = colors.ab + kept[..., None] * (own - colors.ab)
    if bands < 3:  # the photo's own colours are none
        return replace(colors, ab=ab, chroma=colors.chroma.scaled(1 - kept))
    return replace(colors, ab=ab, chroma=replace(colors.chroma, kept=kept))


class _Masks:
    """Where strokes lie on a small copy; those of one effect lie over each other in their order."""

    def __init__(
        self, strokes: Sequence[Stroke], photo: tuple[int, int], shape: tuple[int, int]
    ) -> None:
        self.shape = shape
        self._strokes = [(stroke, _coverage(stroke, photo, shape)) for stroke in strokes]

    def _of(self, effect: str) -> list[tuple[Stroke, Array]]:
        return [(stroke, mask) for stroke, mask in self._strokes if stroke.effect == effect]

    def has(self, effect: str) -> bool:
        return bool(self._of(effect))

    def weight(self, effect: str) -> Array:
        """The share of an effect without a value, (h, w), 0..1."""
        weight = np.zeros(self.shape, np.float32)
        for _, mask in self._of(effect):
            np.maximum(weight, mask, out=weight)
        return weight

    def values(self, effect: str, elsewhere: float) -> Array:
        """The value of an effect at each pixel, (h, w)."""
        values = np.full(self.shape, elsewhere, np.float32)
        for stroke, mask in self._of(effect):
            assert stroke.value is not None
            values += mask * (np.float32(stroke.value) - values)
        return values

    def by_value(self, effect: str) -> list[tuple[float, Array]]:
        """Each value of an effect, and the weight (h, w) with which it replaces those before it."""
        return [(stroke.value or 0.0, mask) for stroke, mask in self._of(effect)]


def _coverage(stroke: Stroke, photo: tuple[int, int], shape: tuple[int, int]) -> Array:
    """How far a stroke covers each pixel of a small copy, (h, w), 0..1.

    photo, shape: height and width of the upright photo and of the small copy.
    """
    scale = np.divide(shape, photo)
    places = (np.array(stroke.points)[:, ::-1] + 0.5) * scale - 0.5
    radius = max(SMALLEST, stroke.radius * float(scale.min()))
    distance = np.full(shape, np.inf, np.float32)
    for start, end in zip(places, [*places[1:], places[-1]], strict=True):
        low = np.floor(np.minimum(start, end) - radius).astype(int).clip(0)
        high = np.ceil(np.maximum(start, end) + radius).astype(int) + 1
        part = np.s_[low[0] : max(low[0], high[0]), low[1] : max(low[1], high[1])]
        if distance[part].size:
            near = _distance_to_segment(distance[part].shape, start - low, end - low)
            np.minimum(distance[part], near, out=distance[part])
    fade = max(FADE * radius, 1.0)
    return np.clip((radius - distance) / fade, 0, 1).astype(np.float32)


def _distance_to_segment(shape: tuple[int, ...], start: Array, end: Array) -> Array:
    """Distance of each pixel (h, w) from a segment, pixels; start, end: row and column."""
    rows, columns = np.indices(shape, np.float32)
    along = end - start
    length = float(along @ along)
    down, across = rows - start[0], columns - start[1]
    share = np.clip((down * along[0] + across * along[1]) / length, 0, 1) if length else 0.0
    return np.hypot(down - share * along[0], across - share * along[1])
