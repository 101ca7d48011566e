from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from photochrom.workshop.evaluation.calibration import Calibration


def calibration_of(*photos: tuple[np.ndarray, np.ndarray]) -> Calibration:
    calibration = Calibration()
    for confidence, error in photos:
        calibration.add(confidence, error)
    return calibration


def test_bins_hold_equally_many_places_of_all_photos() -> None:
    sure, unsure = np.full((5, 10), 0.8, np.float32), np.full((5, 10), 0.2, np.float32)
    found = calibration_of((sure, np.full((5, 10), 3.0)), (unsure, np.full((5, 10), 11.0)))
    bins = found.bins()
    assert [part["share"] for part in bins] == [0.1] * 10
    assert [part["confidence"] for part in bins] == pytest.approx([0.2] * 5 + [0.8] * 5)
    assert [part["ab_error"] for part in bins] == pytest.approx([11] * 5 + [3] * 5)
    assert found.rank_correlation() == pytest.approx(1)


def test_error_is_averaged_to_the_grid_of_the_confidence() -> None:
    confidence = np.array([[0.1, 0.9]], np.float32)
    left = np.zeros((40, 80))
    left[:, :40] = 10
    low, high = calibration_of((confidence, left)).bins()
    assert (low["ab_error"], high["ab_error"]) == (10, 0)
    checks = np.indices((41, 83)).sum(axis=0) % 2 * 10.0  # cells of no whole number of pixels
    assert calibration_of((confidence, checks)).bins()[0]["ab_error"] == pytest.approx(5, abs=0.1)


def test_rank_correlation_agrees_with_scipy_ties_included() -> None:
    random = np.random.default_rng(0)
    confidence = random.integers(0, 5, (8, 9)).astype(np.float32)
    error = random.integers(0, 7, (8, 9)) + 2.0 * confidence
    expected = spearmanr(confidence.ravel(), -error.ravel()).statistic
    assert expected < -0.5  # surer where it is worse
    assert calibration_of((confidence, error)).rank_correlation() == pytest.approx(expected)


def test_the_same_confidence_everywhere_ranks_nothing() -> None:
    flat = np.full((4, 4), 0.5, np.float32)
    error = np.arange(16.0).reshape(4, 4)
    assert np.isnan(calibration_of((flat, error)).rank_correlation())
