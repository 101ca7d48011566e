"""Figures of a set of photos, out of what was measured of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.workshop.evaluation.classifier import Sight
from photochrom.workshop.evaluation.frechet import frechet_distance

DIGITS = 4
UNKNOWN = -1
"""Stands for the class of a photo that has no label."""

FloatArray = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Measured:
    """What was measured of one row's pictures, a line a photo.

    scores: by name, (n,). features: (n, 1280). labels: (n,), the classes that the classifier sees.
    """

    scores: Mapping[str, FloatArray]
    features: Array
    labels: Labels

    @classmethod
    def of(cls, scores: Sequence[Mapping[str, float]], sights: Sequence[Sight]) -> Self:
        """Line up the scores and sights of the photos."""
        return cls(
            {name: np.array([score[name] for score in scores]) for name in scores[0]},
            np.stack([sight.features for sight in sights]),
            np.array([sight.label for sight in sights], np.int64),
        )

    def pick(self, lines: Sequence[int]) -> Self:
        """The same of some of the photos."""
        chosen = np.asarray(lines)
        scores = {name: values[chosen] for name, values in self.scores.items()}
        return type(self)(scores, self.features[chosen], self.labels[chosen])


def figures_of(row: Measured, gray: Measured, real: Measured, truth: Labels) -> dict[str, float]:
    """The figures of one row, beside the photos left grey and the real ones.

    truth: (n,), the photos' classes, UNKNOWN where nobody says. A figure that cannot be had, like a
    ratio to nothing, is left out. See docs/evaluation.md for what each means.
    """
    of_row, of_gray, of_real = (_means(measured) for measured in (row, gray, real))
    frechet = frechet_distance(row.features, real.features)
    agreement, gray_agreement = (
        100 * float((some.labels == real.labels).mean()) for some in (row, gray)
    )
    photo_distance = np.abs(row.scores["colorfulness"] - real.scores["colorfulness"]).mean()
    absolute = "colorfulness_absolute"
    return _kept(
        {
            "psnr": of_row["psnr"],
            "psnr_gain": of_row["psnr"] - of_gray["psnr"],
            "ssim": of_row["ssim"],
            "ab_error": of_row["ab_error"],
            "ab_gain_percent": 100 - _percent(of_row["ab_error"], of_gray["ab_error"]),
            "ciede2000": of_row["ciede2000"],
            "ciede2000_gain_percent": 100 - _percent(of_row["ciede2000"], of_gray["ciede2000"]),
            "colorfulness_ratio": _percent(of_row["colorfulness"], of_real["colorfulness"]) / 100,
            "colorfulness_distance": abs(of_row["colorfulness"] - of_real["colorfulness"]),
            "colorfulness_photo_distance": float(photo_distance),
            "colorfulness_absolute_ratio": _percent(of_row[absolute], of_real[absolute]) / 100,
            "colorfulness_absolute_distance": abs(of_row[absolute] - of_real[absolute]),
            "frechet": frechet,
            "frechet_share_percent": _percent(
                frechet, frechet_distance(gray.features, real.features)
            ),
            "agreement_percent": agreement,
            "agreement_gain": agreement - gray_agreement,
            "accuracy_percent": _accuracy(row, truth),
            "seconds": of_row.get("seconds", float("nan")),
        }
    )


def figures_of_real(real: Measured, truth: Labels) -> dict[str, float]:
    """What the real photos themselves have: the values that the rows can be held against."""
    means = _means(real)
    return _kept(
        {
            "colorfulness": means["colorfulness"],
            "colorfulness_absolute": means["colorfulness_absolute"],
            "accuracy_percent": _accuracy(real, truth),
        }
    )


def _means(measured: Measured) -> dict[str, float]:
    return {name: float(values.mean()) for name, values in measured.scores.items()}


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else float("nan")


def _accuracy(measured: Measured, truth: Labels) -> float:
    known = truth != UNKNOWN
    right = measured.labels[known] == truth[known]
    return 100 * float(right.mean()) if known.any() else float("nan")


def _kept(figures: Mapping[str, float]) -> dict[str, float]:
    """The figures that could be had, rounded; -0 is 0."""
    return {name: round(value, DIGITS) + 0.0 for name, value in figures.items() if value == value}
