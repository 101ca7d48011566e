"""Inference on a small copy: padding to the input size, prediction, upsampling, averaging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.color.vividness import Decoding
from photochrom.errors import ConfigError
from photochrom.filters.resize import resize
from photochrom.filters.upsample import refine
from photochrom.models import SizeRule
from photochrom.models.session import Prediction, Session
from photochrom.photo import Photo
from photochrom.pipeline.cleaning import clean
from photochrom.pipeline.hints import PlacedHints

BLANK = 1.5
"""Standard deviation of L below which a picture is nearly blank: its colours fade to grey."""

WHITE = 100.0
"""L of the padding."""


@dataclass(frozen=True)
class Member:
    """One network of a blend, and its weight."""

    session: Session
    weight: float

    def copy_size(self, height: int, width: int, size: int | None) -> tuple[int, int]:
        """The small copy's height and width; raises ConfigError that names the model."""
        try:
            return self.session.contract.size_rule.copy_size(height, width, size)
        except ConfigError as error:
            raise ConfigError(
                error.subject, f"{error.problem} for {self.session.name}", error.remedy
            ) from error

    def logits(self, copy: SmallCopy) -> Array:
        """The distribution over ab bins on the coarse grid, (h / s, w / s, Q), as trained.

        Raises ModelError for a network that predicts ab without a distribution.
        """
        frame = Frame.of(copy.lightness, self.session.contract.size_rule)
        logits = self.session.logits(frame.padded(copy.cleaned, WHITE))
        return frame.crop(logits.transpose(1, 2, 0))

    def features(self, copy: SmallCopy) -> Array:
        """What the network recognizes at each cell of its coarse grid, (h / s, w / s, C).

        Raises ModelError for a network without features.
        """
        frame = Frame.of(copy.lightness, self.session.contract.size_rule)
        return frame.crop(self.session.features(frame.padded(copy.cleaned, WHITE)))


@dataclass(frozen=True)
class SmallCopy:
    """A small copy of a photo, upright.

    srgb: (h, w, 3), 0..1. lightness: (h, w), 0..100.
    cleaned: the network's input: lightness without the faults that `photochrom.pipeline.cleaning`
    removes.
    """

    srgb: Array
    lightness: Array
    cleaned: Array

    @classmethod
    def of(cls, photo: Photo, height: int, width: int) -> SmallCopy:
        """Read a photo reduced to this size, upright."""
        return cls.of_srgb(photo.upright_copy(height, width))

    @classmethod
    def of_srgb(cls, srgb: Array) -> SmallCopy:
        """A small copy from its pixels, (h, w, 3), 0..1."""
        lightness = np.ascontiguousarray(lab_from_srgb(srgb)[..., 0])
        return cls(srgb, lightness, clean(lightness))


def predict(
    member: Member, copy: SmallCopy, decoding: Decoding, hints: PlacedHints | None = None
) -> Prediction:
    """A network's colours at every pixel of its small copy."""
    return upsample_prediction(
        copy, decoding, predict_cells(member.session, copy.cleaned, decoding, hints)
    )


def distribution(member: Member, cells: Array, cell: tuple[int, int]) -> Array:
    """The distribution predicted at a cell and its 8 neighbours, (3, 3, Q); edges are repeated.

    cells: (h, w, Q), logits as trained. The rebalancing of training is undone, so that the
    probabilities are those of colours in photos.
    """
    rows, columns = (
        np.clip(np.arange(index - 1, index + 2), 0, size - 1)
        for index, size in zip(cell, cells.shape, strict=False)
    )
    z = cells[np.ix_(rows, columns)] - member.session.contract.log_weights
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def predict_cells(
    session: Session, lightness: Array, decoding: Decoding, hints: PlacedHints | None = None
) -> Prediction:
    """A network's colours on its own grid; the small copy is padded with white where it must be."""
    frame = Frame.of(lightness, session.contract.size_rule)
    fields = () if hints is None else hints.inputs(decoding.gain)
    hint_inputs = [frame.padded(field, 0) for field in fields]
    padded = frame.padded(lightness, WHITE)
    prediction = session.predict(padded, decoding, *hint_inputs)
    ab = prediction.ab
    if not frame.aligned_to_cells(len(ab)):
        ab = refine(ab, padded)
    confidence = None if prediction.confidence is None else frame.crop(prediction.confidence)
    return Prediction(frame.crop(ab), confidence)


def upsample_prediction(copy: SmallCopy, decoding: Decoding, prediction: Prediction) -> Prediction:
    """The network's ab at every pixel of the small copy, times the dial's gain."""
    fade = min(1.0, float(copy.lightness.std()) / BLANK)
    ab = prediction.ab * np.float32(decoding.gain * fade)
    if ab.shape[:2] != copy.lightness.shape:
        ab = refine(ab, copy.lightness)
    return Prediction(ab, prediction.confidence)


def average_predictions(
    predictions: Sequence[tuple[Member, SmallCopy, Prediction]], target: SmallCopy
) -> Prediction:
    """The weighted mean of ab, and of confidence over the members that predict one.

    target: the small copy whose size the result has.
    """
    if len(predictions) == 1:
        return predictions[0][2]
    ab = np.zeros((*target.lightness.shape, 2), np.float32)
    confidences = [(m.weight, p.confidence) for m, _, p in predictions if p.confidence is not None]
    for member, _, prediction in predictions:
        enlarged = resize(prediction.ab, *target.lightness.shape)
        ab += np.float32(member.weight) * enlarged
    if not confidences:
        return Prediction(ab, None)
    rows, columns = max(field.shape for _, field in confidences)
    confidence = np.zeros((rows, columns), np.float32)
    total = sum(weight for weight, _ in confidences)
    for weight, field in confidences:
        confidence += np.float32(weight / total) * resize(field[..., None], rows, columns)[..., 0]
    return Prediction(ab, confidence)


@dataclass(frozen=True)
class Frame:
    """The position of a small copy, `height` by `width`, in a network's input of `input_size`."""

    height: int
    width: int
    input_size: tuple[int, int]

    @classmethod
    def of(cls, lightness: Array, rule: SizeRule) -> Frame:
        """The frame of a small copy with this lightness for a network with this size rule."""
        height, width = lightness.shape
        return cls(height, width, rule.input_size(height, width))

    @property
    def corner(self) -> tuple[int, int]:
        """Row and column of the small copy's first pixel in the input."""
        return (self.input_size[0] - self.height) // 2, (self.input_size[1] - self.width) // 2

    def padded(self, field: Array, value: float) -> Array:
        """A field (height, width, ...), padded with `value` to the input size."""
        if self.input_size == (self.height, self.width):
            return field
        padded = np.full((*self.input_size, *field.shape[2:]), value, np.float32)
        top, left = self.corner
        padded[top : top + self.height, left : left + self.width] = field
        return padded

    def aligned_to_cells(self, rows: int) -> bool:
        """Whether the small copy's edges lie on edges of cells of an output with `rows` rows."""
        stride = self.input_size[0] // rows
        edges = (*self.corner, self.height, self.width)
        return all(edge % stride == 0 for edge in edges)

    def crop(self, field: Array) -> Array:
        """The small copy's part of an output, at any stride."""
        stride = self.input_size[0] // len(field)
        top, left = self.corner
        rows = slice(top // stride, (top + self.height) // stride)
        return field[rows, left // stride : (left + self.width) // stride]
