"""The Fréchet distance between two sets of pictures, each a Gaussian of its features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array

SPLIT_SEED = 0


def frechet_distance(first: Array, second: Array) -> float:
    """|μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½) of the features' means and covariances.

    first, second: (n, d) and (m, d), one line a picture. NaN where a set has fewer than two.

    Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium", NeurIPS 2017, eq. 6. With centred features X, Σ = Xᵀ X, and Σ₁ Σ₂ has the
    eigenvalues of M Mᵀ, M = X₁ X₂ᵀ, so the trace of its root is the sum of M's singular values: no
    root of a singular matrix is taken where there are fewer pictures than features.
    """
    if min(len(first), len(second)) < 2:
        return float("nan")
    (mean, root), (other_mean, other_root) = _moments(first), _moments(second)
    common = np.linalg.svd(root @ other_root.T, compute_uv=False).sum()
    spread = np.square(root).sum() + np.square(other_root).sum() - 2 * common
    return max(0.0, float(np.square(mean - other_mean).sum() + spread))


def split_halves_distance(features: Array) -> float:
    """The distance between two random halves of one set, (n, d): what sampling alone makes of it.

    The split is always the same for one n. NaN where a half has fewer than two.
    """
    order = np.random.default_rng(SPLIT_SEED).permutation(len(features))
    half = len(features) // 2
    return frechet_distance(features[order[:half]], features[order[half : 2 * half]])


def _moments(features: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean, (d,), and a root R, (at most d, d), of the covariance: Rᵀ R = Σ."""
    exact = features.astype(np.float64)
    centered = (exact - exact.mean(axis=0)) / np.sqrt(len(exact) - 1)
    if len(centered) > centered.shape[1]:
        centered = np.asarray(np.linalg.qr(centered, mode="r"))
    return exact.mean(axis=0), centered
