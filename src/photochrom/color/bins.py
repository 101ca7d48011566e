"""Bins of the ab plane: their centres, their weights, and decoding a distribution over them.

Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016, section 2.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from photochrom.color.lab import Array, lab_from_srgb

GRID = 10.0
"""Distance between bin centres in ab units, as published."""
CHROMA_FLOOR = 2.0
"""ab units that are added, as squares, to both chromas that `chroma_factor` compares, so that the
noise of an almost grey photo is not enlarged."""


@lru_cache(maxsize=4)
def gamut_bins(grid: float = GRID) -> Array:
    """Centres of the bins that some sRGB colour falls into.

    grid: distance between centres, ab units.
    Returns (Q, 2), ab, sorted by a, then b.
    """
    steps = np.linspace(0, 1, 86, dtype=np.float32)  # every third 8-bit code
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    cells = np.rint(lab_from_srgb(cube)[:, 1:] / grid).astype(np.int64)
    centers: Array = (np.unique(cells, axis=0) * grid).astype(np.float32)
    centers.flags.writeable = False
    return centers


def rebalancing_weights(prior: Array, mix: float) -> Array:
    """Training weight of each bin: rare colours count more.

    prior: (Q,), the share of each bin in the training photos, sums to 1.
    mix: λ, 0 for the full inverse frequency, 1 for none.
    Returns (Q,), w ∝ 1 / ((1 - λ) p + λ / Q), scaled so that its mean over the prior is 1.

    Zhang and others 2016, eq. 4, with λ the weight of the uniform part.
    """
    weights = 1 / ((1 - mix) * prior + mix / len(prior))
    return (weights / (weights * prior).sum()).astype(np.float32)


def annealed_mean(
    logits: Array, centers: Array, log_weights: Array, gamma: float, temperature: float
) -> Array:
    """Collapse a distribution over colour bins to one colour a pixel.

    logits: (N, Q, H, W), unnormalised log-probabilities.
    centers: (Q, 2), ab centres in CIE Lab units.
    log_weights: (Q,), the logarithm of the rebalancing weights of training.
    gamma: 1 undoes the rebalancing of training, 0 keeps it.
    temperature: 1 gives the mean (dull, safe), towards 0 the mode (vivid, patchy).
    Returns (N, 2, H, W), ab in CIE Lab units.

    Zhang and others 2016, eq. 5, with the rebalancing undone or kept at decoding.
    """
    z = (logits - gamma * log_weights[None, :, None, None]) / temperature
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return np.einsum("nqhw,qc->nchw", p, centers).astype(np.float32)


def chroma_factor(
    logits: Array, centers: Array, log_weights: Array, gamma: float, ab: Array, power: float
) -> float:
    """The factor on a photo's ab that gives back chroma lost in the mean of a distribution.

    Where a thing may have several colours, their mean has less chroma than each of them. The factor
    compares the chroma that the distribution expects with that of its mean, over the whole photo.
    logits, centers, log_weights, gamma: as for `annealed_mean`, N = 1.
    ab: (1, 2, H, W), Lab units, what it gives.
    power: 0 for a factor of 1, 1 for the whole ratio of the chromas (root mean square).
    """
    z = logits - gamma * log_weights[None, :, None, None]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    squared = np.einsum("nqhw,q->nhw", p, np.square(centers).sum(axis=1)) / p.sum(axis=1)
    expected, found = squared.mean(), np.square(ab).sum(axis=1).mean()
    floor = CHROMA_FLOOR**2
    return float(((expected + floor) / (found + floor)) ** (power / 2))
