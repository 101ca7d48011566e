"""Does low confidence mean a large error? One model's confidence maps against its errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import spearmanr

from photochrom.color.lab import Array

BINS = 10


class Calibration:
    """Confidence and error of every place that a model has coloured."""

    def __init__(self) -> None:
        self._confidence: list[Array] = []
        self._error: list[Array] = []

    def add(self, confidence: Array, error: NDArray[np.floating]) -> None:
        """Add a photo.

        confidence: (h, w), 0..1, at the network's stride.
        error: (H, W), of ab, Lab units; it is averaged over the places of that grid.
        """
        height, width = confidence.shape
        fine = Image.fromarray(error.astype(np.float32))
        coarse = np.asarray(fine.resize((width, height), Image.Resampling.BOX))
        self._confidence.append(confidence.ravel().astype(np.float32))
        self._error.append(coarse.ravel())

    def bins(self) -> list[dict[str, float]]:
        """Ten bins of equally many places, the least confident first.

        Each has its mean "confidence", its mean "ab_error" and its "share" of the places.
        """
        confidence, error = np.concatenate(self._confidence), np.concatenate(self._error)
        order = confidence.argsort(kind="stable")
        return [
            {
                "confidence": round(float(confidence[places].mean(dtype=np.float64)), 4),
                "ab_error": round(float(error[places].mean(dtype=np.float64)), 4),
                "share": round(len(places) / len(order), 4),
            }
            for places in np.array_split(order, min(BINS, len(order)))
        ]

    def rank_correlation(self) -> float:
        """Spearman's rank correlation of confidence and negated error over all places.

        1: the surer, the better, without exception; 0: confidence says nothing. NaN where one of
        the two is the same everywhere.
        """
        confidence, error = np.concatenate(self._confidence), np.concatenate(self._error)
        if np.ptp(confidence) == 0 or np.ptp(error) == 0:
            return float("nan")
        return float(spearmanr(confidence, -error).statistic)
