"""Metrics of steadiness for `video.py`: warping error, colour distribution consistency, ghosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array, srgb_from_lab
from photochrom.filters.guided_filter import window_mean

AGREE, HIDDEN = 3.0, 10.0
"""Difference of lightness below which a pixel was seen before, and above which it was hidden."""
STEPS = 1, 2, 4
"""Distances, pictures, over which distributions of colour are compared (ColorMNet's code)."""
AFTER_CUT = 5


@dataclass(frozen=True)
class ColoredSequence:
    """Pictures with their truth and their true motion.

    lightness: (h, w) each. truth: ab (h, w, 2) each. flow: from each picture to the one before,
    (h, w, 2), down and right; None for the first picture of a shot.
    """

    lightness: Sequence[Array]
    truth: Sequence[Array]
    flow: Sequence[Array | None]


def sampled(field: Array, flow: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Values of (h, w, bands) where the flow leads, and whether that is inside."""
    height, width = field.shape[:2]
    row = np.arange(height, dtype=np.float32)[:, None] + flow[..., 0]
    column = np.arange(width, dtype=np.float32) + flow[..., 1]
    inside = (row >= 0) & (row <= height - 1) & (column >= 0) & (column <= width - 1)
    row, column = row.clip(0, height - 1), column.clip(0, width - 1)
    top, left = row.astype(int), column.astype(int)
    bottom, far = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, right = (row - top)[..., None], (column - left)[..., None]
    upper = field[top, left] * (1 - right) + field[top, far] * right
    lower = field[bottom, left] * (1 - right) + field[bottom, far] * right
    return upper * (1 - down) + lower * down, inside


def scores(sequence: ColoredSequence, maps: Sequence[Array]) -> dict[str, float]:
    """All figures of one way of colouring a sequence.

    maps: ab (h, w, 2) of each picture.
    """
    warped, hidden, after = [], [], []
    since = 0
    for index, flow in enumerate(sequence.flow):
        error = np.linalg.norm(maps[index] - sequence.truth[index], axis=-1)
        since = 0 if flow is None else since + 1
        if index and since < AFTER_CUT and any(flow is not None for flow in sequence.flow[:index]):
            after.append(error.mean())
        if flow is None:
            continue
        before, inside = sampled(sequence.lightness[index - 1][..., None], flow)
        apart = window_mean(np.abs(before[..., 0] - sequence.lightness[index]), 1)
        seen, covered = inside & (apart < AGREE), ~inside | (apart > HIDDEN)
        colors, _ = sampled(maps[index - 1], flow)
        warped.append(np.linalg.norm(maps[index] - colors, axis=-1)[seen].mean())
        if covered.any():
            hidden.append((error[covered].sum(), covered.sum()))
    errors = [
        np.linalg.norm(ab - truth, axis=-1).mean()
        for ab, truth in zip(maps, sequence.truth, strict=True)
    ]
    total, count = np.sum(hidden, axis=0) if hidden else (np.nan, 1)
    return {
        "warping": float(np.mean(warped)),
        "CDC": 1e3 * distribution_consistency(sequence.lightness, maps),
        "error": float(np.mean(errors)),
        "chroma": float(np.mean([np.linalg.norm(ab, axis=-1).mean() for ab in maps])),
        "hidden": float(total / count),
        "after cut": float(np.mean(after)) if after else float("nan"),
    }


def distribution_consistency(lightness: Sequence[Array], maps: Sequence[Array]) -> float:
    """CDC as in yyang181/colormnet, evaluation_matrics/cdc.py: Jensen-Shannon, natural log."""
    histograms = []
    for one, ab in zip(lightness, maps, strict=True):
        codes = np.rint(srgb_from_lab(np.concatenate([one[..., None], ab], -1)) * 255)
        counts = [
            np.bincount(codes[..., band].astype(int).ravel(), minlength=256) for band in (0, 1, 2)
        ]
        histograms.append(np.array(counts) / one.size)
    steps = []
    for step in STEPS:
        pairs = zip(histograms[:-step], histograms[step:], strict=True)
        steps.append(np.mean([_divergence(*pair) for pair in pairs]))
    return float(np.mean(steps))


def _divergence(first: Any, second: Any) -> float:
    middle = (first + second) / 2

    def relative(values: Any) -> Any:
        ratio = np.where(values > 0, values / np.where(middle > 0, middle, 1), 1)
        return (values * np.log(ratio)).sum(axis=1)

    return float((0.5 * relative(first) + 0.5 * relative(second)).mean())
