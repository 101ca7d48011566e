from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from photochrom.workshop.evaluation.frechet import frechet_distance, split_halves_distance


def textbook(first: np.ndarray, second: np.ndarray) -> float:
    """The formula as it is written, with a matrix root; sound while covariances have full rank."""
    (a, b) = (np.cov(features, rowvar=False) for features in (first, second))
    means = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    return float(means + np.trace(a + b - 2 * sqrtm(a @ b).real))


def by_eigenvalues(first: np.ndarray, second: np.ndarray) -> float:
    """The formula of torchmetrics' FrechetInceptionDistance."""
    (a, b) = (np.cov(features, rowvar=False) for features in (first, second))
    means = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    root = np.sqrt(np.linalg.eigvals(a @ b).astype(complex)).real.sum()
    return float(means + np.trace(a) + np.trace(b) - 2 * root)


def correlated(random: np.random.Generator, count: int, size: int) -> np.ndarray:
    mixing = random.normal(size=(size, size)) / np.sqrt(size)
    return random.normal(size=(count, size)) @ mixing + random.normal(size=size)


def test_full_rank_against_the_matrix_root() -> None:
    random = np.random.default_rng(1)
    first, second = correlated(random, 300, 12), correlated(random, 200, 12)
    expected = textbook(first, second)
    assert expected > 1
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)


def test_fewer_pictures_than_features() -> None:
    random = np.random.default_rng(2)
    first, second = correlated(random, 20, 60), correlated(random, 25, 60)
    expected = by_eigenvalues(first, second)
    # the reference takes roots of eigenvalues that should be zero and are about 1e-16
    assert frechet_distance(first, second) == pytest.approx(expected, abs=1e-5)


def test_diagonal_gaussians_have_a_closed_form() -> None:
    random = np.random.default_rng(3)

    def exactly(mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """A sample whose mean and covariance are these, not only nearly."""
        drawn = random.normal(size=(50, len(mean)))
        basis, _ = np.linalg.qr(drawn - drawn.mean(axis=0))
        return np.sqrt(49) * basis * spread + mean

    means, spreads = random.normal(size=(2, 8)), random.uniform(0.5, 3, (2, 8))
    expected = np.square(means[0] - means[1]).sum() + np.square(spreads[0] - spreads[1]).sum()
    found = frechet_distance(*(exactly(m, s) for m, s in zip(means, spreads, strict=True)))
    assert found == pytest.approx(expected, rel=1e-9)


def test_sets_that_vary_in_different_directions() -> None:
    # one point pair along each axis: variance 2 there, nothing in common, means equal
    first, second = np.array([[1.0, 0], [-1, 0]]), np.array([[0.0, 1], [0, -1]])
    assert frechet_distance(first, second) == pytest.approx(4)
    assert frechet_distance(first, first) == 0
    assert frechet_distance(first, first + 3) == pytest.approx(18)


def test_too_few_pictures() -> None:
    assert np.isnan(frechet_distance(np.ones((1, 4)), np.ones((5, 4))))
    assert np.isnan(split_halves_distance(np.ones((3, 4))))


def test_halves_of_one_set() -> None:
    random = np.random.default_rng(4)
    features = correlated(random, 400, 12)
    floor = split_halves_distance(features)
    assert floor == split_halves_distance(features)
    # sorted halves differ, random ones hardly
    ranked = features[features[:, 0].argsort()]
    assert 0 < floor < frechet_distance(ranked[:200], ranked[200:]) / 5
    assert split_halves_distance(ranked) < frechet_distance(ranked[:200], ranked[200:]) / 5
