"""Predictions for a small copy: framed as a network wants it, upsampled, averaged over an
ensemble.
"""

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
"""Spread of L below which a picture shows nothing: its colours fade, a blank card stays grey."""

WHITE = 100.0
"""L of the padding."""


@dataclass(frozen=True)
class Member:
    """One network of a blend, and its share in the colours."""

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

        Raises ModelError for a network that says only ab.
        """
        frame = Frame.of(copy.lightness, self.session.contract.size_rule)
        logits = self.session.logits(frame.padded(copy.seen, WHITE))
        return frame.cut(logits.transpose(1, 2, 0))


@dataclass(frozen=True)
class SmallCopy:
    """A small copy of a photo, upright.

    lightness: (h, w), 0..100. seen: the same, cleaned for the network.
    """

    srgb: Array
    lightness: Array
    seen: Array

    @classmethod
    def of(cls, photo: Photo, height: int, width: int) -> SmallCopy:
        """Read a photo reduced to this size, upright."""
        srgb = photo.upright_copy(height, width)
        lightness = np.ascontiguousarray(lab_from_srgb(srgb)[..., 0])
        return cls(srgb, lightness, clean(lightness))


def predict(
    member: Member, copy: SmallCopy, decoding: Decoding, hints: PlacedHints | None = None
) -> Prediction:
    """A network's colours at every pixel of its small copy."""
    return upsample_prediction(copy, decoding, _predict(member.session, copy.seen, decoding, hints))


def distribution(member: Member, cells: Array, cell: tuple[int, int]) -> Array:
    """What a network holds possible at a cell and its 8 neighbours, (3, 3, Q); edges repeated.

    cells: (h, w, Q), logits as trained. The rebalancing of training is taken back, so that these
    are the shares of colours in photos.
    """
    rows, columns = (
        np.clip(np.arange(place - 1, place + 2), 0, size - 1)
        for place, size in zip(cell, cells.shape, strict=False)
    )
    z = cells[np.ix_(rows, columns)] - member.session.contract.log_weights
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def _predict(
    session: Session, lightness: Array, decoding: Decoding, hints: PlacedHints | None = None
) -> Prediction:
    """The network's answer for a small copy, which it may want to see with white around it."""
    frame = Frame.of(lightness, session.contract.size_rule)
    fields = () if hints is None else hints.inputs(decoding.gain)
    told = [frame.padded(field, 0) for field in fields]
    shown = frame.padded(lightness, WHITE)
    whole = session.predict(shown, decoding, *told)
    ab = whole.ab if frame.cuts_cells(len(whole.ab)) else refine(whole.ab, shown)
    confidence = None if whole.confidence is None else frame.cut(whole.confidence)
    return Prediction(frame.cut(ab), confidence)


def upsample_prediction(copy: SmallCopy, decoding: Decoding, prediction: Prediction) -> Prediction:
    """The network's ab at every pixel of the small copy, with the dial's gain."""
    evidence = min(1.0, float(copy.lightness.std()) / BLANK)
    ab = prediction.ab * np.float32(decoding.gain * evidence)
    if ab.shape[:2] != copy.lightness.shape:
        ab = refine(ab, copy.lightness)
    return Prediction(ab, prediction.confidence)


def average_predictions(
    answers: Sequence[tuple[Member, SmallCopy, Prediction]], main: SmallCopy
) -> Prediction:
    """The weighted mean of ab, and of the confidence of those that have one."""
    if len(answers) == 1:
        return answers[0][2]
    ab = np.zeros((*main.lightness.shape, 2), np.float32)
    confident = [(m.weight, p.confidence) for m, _, p in answers if p.confidence is not None]
    for member, _, prediction in answers:
        enlarged = resize(prediction.ab, *main.lightness.shape)
        ab += np.float32(member.weight) * enlarged
    if not confident:
        return Prediction(ab, None)
    rows, columns = max(field.shape for _, field in confident)
    confidence = np.zeros((rows, columns), np.float32)
    total = sum(weight for weight, _ in confident)
    for weight, field in confident:
        confidence += np.float32(weight / total) * resize(field[..., None], rows, columns)[..., 0]
    return Prediction(ab, confidence)


@dataclass(frozen=True)
class Frame:
    """Where a small copy of `height` and `width` lies in what a network sees, `seen` in size."""

    height: int
    width: int
    seen: tuple[int, int]

    @classmethod
    def of(cls, lightness: Array, rule: SizeRule) -> Frame:
        """Where a small copy with this lightness lies for a network of this size rule."""
        height, width = lightness.shape
        return cls(height, width, rule.seen_size(height, width))

    @property
    def corner(self) -> tuple[int, int]:
        """The row and column where the small copy begins."""
        return (self.seen[0] - self.height) // 2, (self.seen[1] - self.width) // 2

    def padded(self, field: Array, value: float) -> Array:
        """A field (height, width, ...) with `value` around it."""
        if self.seen == (self.height, self.width):
            return field
        whole = np.full((*self.seen, *field.shape[2:]), value, np.float32)
        top, left = self.corner
        whole[top : top + self.height, left : left + self.width] = field
        return whole

    def cuts_cells(self, rows: int) -> bool:
        """Whether the small copy begins and ends between the cells of an answer of `rows` rows."""
        stride = self.seen[0] // rows
        edges = (*self.corner, self.height, self.width)
        return all(edge % stride == 0 for edge in edges)

    def cut(self, field: Array) -> Array:
        """The small copy's part of an answer, at any stride."""
        stride = self.seen[0] // len(field)
        top, left = self.corner
        rows = slice(top // stride, (top + self.height) // stride)
        return field[rows, left // stride : (left + self.width) // stride]
