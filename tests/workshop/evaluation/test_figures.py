from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from photochrom.workshop.evaluation.figures import UNKNOWN, Measured, figures_of, figures_of_real

pytestmark = pytest.mark.workshop


def measured(features: Any, labels: list[int], **scores: list[float]) -> Measured:
    return Measured(
        {name: np.array(values) for name, values in scores.items()},
        np.array(features, np.float32),
        np.array(labels),
    )


REAL = measured(
    [[0, 0], [2, 0], [0, 2]],
    [1, 2, 3],
    colorfulness=[30, 50, 40],
    colorfulness_absolute=[20, 30, 25],
)
GRAY = measured(
    [[4, 0], [6, 0], [4, 2]],
    [1, 9, 9],
    psnr=[20, 22, 24],
    ssim=[0.9, 0.9, 0.9],
    ab_error=[10, 20, 30],
    ciede2000=[8, 8, 8],
    colorfulness=[0, 0, 0],
    colorfulness_absolute=[0, 0, 0],
)
OURS = measured(
    [[1, 0], [3, 0], [1, 2]],
    [1, 2, 9],
    psnr=[21, 23, 28],
    ssim=[0.9, 0.95, 1.0],
    ab_error=[5, 15, 25],
    ciede2000=[4, 6, 8],
    colorfulness=[40, 40, 40],
    colorfulness_absolute=[10, 20, 30],
    seconds=[0.1, 0.2, 0.3],
)
NOBODY = np.full(3, UNKNOWN)


def test_figures_by_hand() -> None:
    figures = figures_of(OURS, GRAY, REAL, NOBODY)
    assert figures == pytest.approx(
        {
            "psnr": 24,
            "psnr_gain": 2,
            "ssim": 0.95,
            "ab_error": 15,
            "ab_gain_percent": 25,
            "ciede2000": 6,
            "ciede2000_gain_percent": 25,
            "colorfulness_ratio": 1,
            "colorfulness_distance": 0,
            "colorfulness_photo_distance": 20 / 3,  # of 10, 10 and 0
            "colorfulness_absolute_ratio": 0.8,
            "colorfulness_absolute_distance": 5,
            "frechet": 1,  # moved by 1, as grey is by 4
            "frechet_share_percent": 6.25,
            "agreement_percent": 200 / 3,
            "agreement_gain": 100 / 3,
            "seconds": 0.2,
        },
        abs=1e-4,
    )


def test_gray_gains_nothing_and_takes_no_time() -> None:
    figures = figures_of(GRAY, GRAY, REAL, NOBODY)
    for gain in ("psnr_gain", "ab_gain_percent", "ciede2000_gain_percent", "agreement_gain"):
        assert figures[gain] == 0
    assert figures["frechet_share_percent"] == 100
    assert "seconds" not in figures


def test_accuracy_is_of_the_photos_with_a_label() -> None:
    truth = np.array([UNKNOWN, 2, 3])
    assert figures_of(OURS, GRAY, REAL, truth)["accuracy_percent"] == 50
    assert figures_of_real(REAL, truth) == pytest.approx(
        {"colorfulness": 40, "colorfulness_absolute": 25, "accuracy_percent": 100}
    )


def test_what_cannot_be_had_is_left_out() -> None:
    one = [measured.pick([1]) for measured in (OURS, GRAY, REAL)]
    figures = figures_of(*one, NOBODY[:1])
    assert "frechet" not in figures
    assert "accuracy_percent" not in figures
    assert figures["ab_error"] == 15
    assert figures["ab_gain_percent"] == 25
    gray_photo = measured([[0, 0]], [1], colorfulness=[0], colorfulness_absolute=[0])
    assert "colorfulness_ratio" not in figures_of(one[0], one[1], gray_photo, NOBODY[:1])
