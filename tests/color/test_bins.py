import numpy as np
import pytest

from photochrom.color.bins import annealed_mean, chroma_factor, gamut_bins, rebalancing_weights
from photochrom.color.lab import lab_from_srgb


def test_every_color_has_its_bin():
    colors = np.random.default_rng(0).integers(0, 256, (50000, 3)).astype(np.float32) / 255
    cells = np.rint(lab_from_srgb(colors)[:, 1:] / 10) * 10
    known = {tuple(center) for center in gamut_bins()}
    missing = {tuple(cell) for cell in cells} - known
    # The cube is sampled at every third code, so a cell that only its rim touches may be absent.
    assert len(missing) <= 2
    assert (0.0, 0.0) in known


def test_bins_are_sorted_unique_and_frozen():
    centers = gamut_bins()
    assert centers.dtype == np.float32
    assert np.array_equal(np.unique(centers, axis=0), centers)
    assert not np.any(centers % 10)
    # Zhang and others find 313 with a margin around the gamut; sRGB itself touches fewer.
    assert 230 < len(centers) < 313
    with pytest.raises(ValueError, match="read-only"):
        centers[0] = 0


def test_a_finer_grid_has_more_bins():
    # Half the distance, four times the cells, but for the rim.
    assert 3 < len(gamut_bins(5.0)) / len(gamut_bins()) < 4.2


def test_rebalancing_weights_by_hand():
    prior = np.array([0.75, 0.25], np.float32)
    # λ = 1: no rebalancing. λ = 0: w ∝ 1 / p = (4/3, 4), whose mean over the prior is 2.
    assert rebalancing_weights(prior, 1) == pytest.approx([1, 1])
    assert rebalancing_weights(prior, 0) == pytest.approx([2 / 3, 2])
    # λ = 0.5: 0.5 p + 0.25 = (0.625, 0.375), 1 / that = (1.6, 8/3), mean over the prior 28/15.
    assert rebalancing_weights(prior, 0.5) == pytest.approx([1.6 * 15 / 28, 8 / 3 * 15 / 28])


CENTERS = np.array([[40, 0], [0, -20]], np.float32)


def decode(logits, weights=(0, 0), gamma=0.0, temperature=1.0):
    column = np.asarray(logits, np.float32)[None, :, None, None]
    ab = annealed_mean(column, CENTERS, np.asarray(weights, np.float32), gamma, temperature)
    assert ab.shape == (1, 2, 1, 1)
    return ab[0, :, 0, 0]


def test_mean_at_temperature_one():
    assert decode([np.log(3), 0]) == pytest.approx([30, -5], abs=1e-4)  # p = (3/4, 1/4)


def test_mode_towards_temperature_zero():
    assert decode([0.1, 0], temperature=1e-3) == pytest.approx([40, 0], abs=1e-4)


def test_high_temperature_is_uniform():
    assert decode([5, 0], temperature=1e6) == pytest.approx([20, -10], abs=1e-3)


def test_gamma_takes_the_rebalancing_back():
    weights = np.log([3, 1])
    assert decode(weights, weights, gamma=1.0) == pytest.approx([20, -10], abs=1e-4)
    assert decode(weights, weights, gamma=0.0) == pytest.approx([30, -5], abs=1e-4)


def test_large_logits_do_not_overflow():
    assert decode([5000, 4000]) == pytest.approx([40, 0])


def factor(logits, power, weights=(0, 0), gamma=0.0):
    columns = np.asarray(logits, np.float32).T[None, :, :, None]
    weights = np.asarray(weights, np.float32)
    ab = annealed_mean(columns, CENTERS, weights, gamma, 1.0)
    return chroma_factor(columns, CENTERS, weights, gamma, ab, power)


def test_chroma_factor_by_hand():
    # Two places, half of either bin: the mean (20, -10) has the square 500, the bins expect
    # (1600 + 400) / 2 = 1000; 2² is added to both.
    halves = [[0, 0], [1, 1]]
    assert factor(halves, 1) == pytest.approx((1004 / 504) ** 0.5)
    assert factor(halves, 0.5) == pytest.approx((1004 / 504) ** 0.25)
    assert factor(halves, 0) == 1


def test_chroma_factor_is_one_of_the_whole_photo():
    # One place as above, one that is sure of (0, -20): (1000 + 400) / 2 and (500 + 400) / 2.
    assert factor([[0, 0], [-50, 50]], 1) == pytest.approx((704 / 454) ** 0.5, rel=1e-5)


def test_sure_places_keep_their_chroma():
    assert factor([[50, -50], [-50, 50]], 1) == pytest.approx(1, abs=1e-6)


def test_chroma_factor_of_the_balanced_distribution():
    weights = np.log([3, 1])
    assert factor([weights], 1, weights, gamma=1.0) == pytest.approx((1004 / 504) ** 0.5)
