"""The network's colours of single pictures of a film, on the map's grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from photochrom.color.lab import Array
from photochrom.filters.resize import resize
from photochrom.filters.upsample import LinearChroma, cell_mean, linear_chroma, refine
from photochrom.models.session import Prediction
from photochrom.options import ColorizeOptions
from photochrom.photo import as_photo
from photochrom.photo.strips import Pixels
from photochrom.pipeline.adjustments import Adjustments
from photochrom.pipeline.inference import (
    Member,
    SmallCopy,
    average_predictions,
    predict_cells,
    upsample_prediction,
)
from photochrom.pipeline.predictions import PhotoPredictions, decoding_of
from photochrom.video.grain import Grain
from photochrom.video.small import lightness_of
from photochrom.video.source import Facts
from photochrom.video.steady import LEAST_CONFIDENCE, Lead

STEP = 2
"""Pixels of the small copy in one of the map."""
_CHANGED = 3.0
"""Change of ab by hints, Lab units, above which a pixel counts as set."""


@dataclass(frozen=True)
class FilmNetwork:
    """A model, for pictures of one film.

    members, name: of the model. facts: of the film. size: the network's, as for photos.
    """

    members: Sequence[Member]
    name: str
    facts: Facts
    size: int | None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the small copies, as stored."""
        shapes = [member.copy_size(*self.facts.upright_size, self.size) for member in self.members]
        height, width = max(shapes, key=lambda shape: shape[0] * shape[1])
        return (width, height) if self.facts.quarter_turns % 2 else (height, width)

    def upright(self, field: Array) -> Array:
        """A stored picture as it is shown."""
        return np.ascontiguousarray(np.rot90(field, self.facts.quarter_turns))

    def stored(self, field: Array) -> Array:
        """An upright picture as it is stored."""
        return np.ascontiguousarray(np.rot90(field, -self.facts.quarter_turns))

    def predicted(self, codes: Pixels, vividness: float, grain: Grain) -> tuple[Array, Array]:
        """Ab (h, w, 2) and its weight (h, w) on the map's grid, as stored.

        codes: a small copy, as stored. grain: of its shot.
        """
        lightness = self.upright(lightness_of(codes))
        copy = _copy_of(lightness, grain)
        predictions = []
        for member in self.members:
            shape = member.copy_size(*self.facts.upright_size, self.size)
            own = copy
            if shape != lightness.shape:
                own = _copy_of(resize(lightness[..., None], *shape)[..., 0], grain)
            decoding = decoding_of(member, vividness)
            cells = predict_cells(member.session, own.cleaned, decoding)
            small = _reduced(own)
            if len(cells.ab) > len(small.lightness):
                ab = cell_mean(cells.ab, len(cells.ab) // len(small.lightness))
                cells = Prediction(ab, cells.confidence)
            predictions.append((member, small, upsample_prediction(small, decoding, cells)))
        joined = average_predictions(predictions, _reduced(copy))
        return self.stored(joined.ab), self.stored(_weight(joined, *joined.ab.shape[:2]))

    def hinted(self, codes: Pixels, options: ColorizeOptions) -> Lead:
        """The colours that hints give a key picture, on the map's grid, as stored.

        codes: the luma of the whole picture, 0..255, as stored and with square pixels, in which
        hints have their places.
        """
        photo = as_photo(self.upright(codes))
        predictions = PhotoPredictions(photo, self.members, self.name)
        hinted = predictions.hinted(options)
        base = predictions.of(options)
        change = np.linalg.norm(hinted.ab - base.ab, axis=-1)
        weight = cell_mean(np.minimum(1, change / np.float32(_CHANGED)), STEP)
        return Lead(self.stored(cell_mean(hinted.ab, STEP)), self.stored(weight))


@dataclass(frozen=True)
class Painter:
    """From an ab map and a small copy to chroma as a function of L.

    adjustments: after the network.
    """

    adjustments: Adjustments

    def __call__(self, ab: Array, codes: Pixels) -> LinearChroma:
        """ab: (h, w, 2) on the map's grid. codes: the small copy."""
        lightness = lightness_of(codes)
        fine = refine(ab, lightness)
        chroma = linear_chroma(fine, lightness)
        if self.adjustments == Adjustments():
            return chroma
        return self.adjustments.apply(fine, chroma, lightness)[1]


def _copy_of(lightness: Array, grain: Grain) -> SmallCopy:
    gray = np.broadcast_to(lightness[..., None] / np.float32(100), (*lightness.shape, 3))
    return SmallCopy(gray, lightness, grain.cleaned(lightness))


def _reduced(copy: SmallCopy) -> SmallCopy:
    """A small copy on the map's grid, along whose edges the network's colours are enlarged."""
    lightness = cell_mean(copy.lightness, STEP)
    return SmallCopy(copy.srgb, lightness, lightness)


def _weight(prediction: Prediction, height: int, width: int) -> Array:
    """How far a network's colours count, by its confidence."""
    if prediction.confidence is None:
        return np.ones((height, width), np.float32)
    confidence: Any = resize(prediction.confidence[..., None], height, width)[..., 0]
    return np.maximum(confidence, np.float32(LEAST_CONFIDENCE))
