"""Variants: several plausible colourings of one photo, which differ in whole objects.

Where a network is unsure it predicts several colours, and the ordinary colouring is their mean. A
variant draws one colour for every object (`photochrom.filters.superpixels`) from the distribution
predicted over the whole object, and tilts the distribution of each of its cells towards it:

    p'(q) ∝ p(q) (exp(-|q - colour|² / 2 σ²) + ε)

So a cell follows as far as its own distribution allows: an ambiguous dress turns blue, a sky that
can only be blue stays blue. Of many draws, the few that differ most from each other are chosen.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import annealed_mean, chroma_factor
from photochrom.color.lab import Array, lab_from_srgb, srgb_from_lab
from photochrom.color.vividness import Decoding
from photochrom.filters.superpixels import object_regions

DRAWS = 300
"""Number of draws, of which a few are chosen."""
TILT_SIGMA = 15.0
"""σ above, ab units: one and a half bins."""
TILT_FLOOR = 0.01
"""ε above: a cell that predicts the drawn colour with less than about this probability, relative to
its own colour, keeps its own."""
MIN_LIKELIHOOD = 0.1
"""Least probability of a drawn colour, as a share of the likeliest colour's."""
BLUR = 8.0
"""σ of the blur of an object's distribution before a colour is drawn, ab units."""
SHARED = 0.4
"""Correlation of the noise between a photo's objects: in a warm picture, several are warm."""
SHARED_BLUR = 12.0
"""σ over which similar colours share their noise, ab units, so that objects can agree."""
QUIET = 0.9
"""A draw with less of the ordinary colouring's chroma is quiet."""


def draw_variants(
    logits: Array,
    lightness: Array,
    bins: Array,
    log_weights: Array,
    decoding: Decoding,
    count: int,
    seed: int,
) -> list[Array]:
    """Colourings that differ from the ordinary one and from each other.

    logits: (h, w, Q), as the network was trained. lightness: (h, w), of the same cells, 0..100.
    bins: (Q, 2), ab centres. log_weights: (Q,), of the rebalancing in training.
    count: how many. seed: the same seed gives the same draws; a larger count begins with the same
    variants.
    Returns ab, (h, w, 2) each, Lab units, without the decoding's gain. The first is the draw most
    typical of the alternatives to the ordinary colouring, often a quieter one; each further one is
    the draw farthest from all before it. At most one is quieter than the ordinary colouring.
    """
    factor = _chroma_factor(logits, bins, log_weights, decoding)
    decoding = replace(decoding, gain=decoding.gain * factor)
    rebalanced = logits - decoding.gamma * log_weights
    distribution = _softmax(rebalanced)
    membership = object_regions(distribution, bins, lightness)
    area = np.maximum(membership.sum(axis=(0, 1)), 1e-3)
    pooled = np.einsum("hwq,hwr->rq", distribution, membership, optimize=True) / area[:, None]
    light = np.einsum("hw,hwr->r", lightness, membership) / area

    colors = bins[_draw(pooled, bins, np.random.default_rng(seed))]
    tilts = _tilt(colors / np.float32(decoding.gain), bins)
    ordinary = _region_colors(np.log(pooled + 1e-12)[None], bins, light, decoding)
    region_ab = _region_colors(np.log(pooled + 1e-12) + tilts, bins, light, decoding)
    chosen = _choose(region_ab, ordinary[0], area / area.sum(), count)
    return [
        np.float32(factor)
        * _decode(logits + membership @ tilts[index], bins, log_weights, decoding)
        for index in chosen
    ]


def _chroma_factor(logits: Array, bins: Array, log_weights: Array, decoding: Decoding) -> float:
    """That of the ordinary colouring, which all variants share."""
    if not decoding.chroma_power:
        return 1.0
    planes = logits.transpose(2, 0, 1)[None]
    ab = annealed_mean(planes, bins, log_weights, decoding.gamma, decoding.temperature)
    power = decoding.chroma_power
    return chroma_factor(planes, bins, log_weights, decoding.gamma, ab, power)


def _draw(pooled: Array, bins: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a bin for every object (R, Q), DRAWS times: (DRAWS, R).

    The largest of log p + Gumbel noise is a draw from p. Here a part of the noise is common to
    all objects, and similar colours have similar noise.
    """
    blurred = pooled @ _kernel(bins, BLUR)
    shape = (DRAWS, *blurred.shape)
    own, shared = rng.standard_normal(shape), rng.standard_normal((DRAWS, 1, shape[2]))
    noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own
    spread = _kernel(bins, SHARED_BLUR)
    noise = noise @ (spread / np.sqrt(np.square(spread).sum(axis=0))).astype(np.float64)
    likely = blurred >= MIN_LIKELIHOOD * blurred.max(axis=1, keepdims=True)
    scores = np.where(likely, np.log(blurred + 1e-12) + _gumbel_from_normal(noise), -np.inf)
    return scores.argmax(axis=-1)


def _choose(draws: Array, ordinary: Array, area: Array, count: int) -> list[int]:
    """Indices of the chosen ones of draws (DRAWS, R, 2).

    ordinary: (R, 2), the ordinary colours. area: (R,), of the objects, sums to 1.
    """
    distances = np.stack([np.linalg.norm(draws - draw, axis=-1) @ area for draw in draws])
    nearest = np.linalg.norm(draws - ordinary, axis=-1) @ area
    chroma = np.linalg.norm(draws, axis=-1) @ area
    quiet = chroma < QUIET * (np.linalg.norm(ordinary, axis=-1) @ area)
    allowed = np.ones(len(draws), bool)
    chosen: list[int] = []
    for _ in range(count):
        # The first draw is the one that, with the ordinary colouring, is nearest to all others.
        score = nearest if chosen else np.maximum(nearest - distances, 0).sum(axis=1)
        pick = int(np.where(allowed, score, -1).argmax())
        chosen.append(pick)
        nearest = np.minimum(nearest, distances[pick])
        allowed[pick] = False
        if quiet[pick] and (allowed & ~quiet).any():
            allowed &= ~quiet
    return chosen


def _region_colors(
    log_probabilities: Array, bins: Array, lightness: Array, decoding: Decoding
) -> Array:
    """The colours (N, R, 2) of objects, reduced to sRGB at their lightness (R,)."""
    ab = _softmax(log_probabilities / decoding.temperature) @ bins * decoding.gain
    light = np.broadcast_to(lightness[:, None], (*ab.shape[:2], 1))
    lab = np.concatenate([light, ab], axis=-1, dtype=np.float32)
    return lab_from_srgb(srgb_from_lab(lab))[..., 1:]


def _decode(logits: Array, bins: Array, log_weights: Array, decoding: Decoding) -> Array:
    planes = logits.transpose(2, 0, 1)[None]
    ab = annealed_mean(planes, bins, log_weights, decoding.gamma, decoding.temperature)
    return ab[0].transpose(1, 2, 0)


def _tilt(colors: Array, bins: Array) -> Array:
    """The terms (..., Q) that, added to logits, tilt them towards colours (..., 2)."""
    distance = np.square(colors[..., None, :] - bins).sum(axis=-1)
    return np.log(np.exp(-distance / (2 * TILT_SIGMA**2)) + TILT_FLOOR).astype(np.float32)


def _kernel(bins: Array, sigma: float) -> Array:
    """Weights (Q, Q) of a blur over the ab plane; rows sum to 1."""
    distance = np.square(bins[:, None] - bins).sum(axis=-1)
    weights = np.exp(-distance / (2 * sigma**2))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _softmax(z: Array) -> Array:
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


def _gumbel_from_normal(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn standard normal numbers into Gumbel ones: -log(-log Φ(x)).

    With Φ to 2e-4 by Page, "Approximations to the cumulative normal function", 1977.
    """
    logit = np.sqrt(8 / np.pi) * x * (1 + 0.044715 * x * x)
    return -np.log(np.log1p(np.exp(-logit)))
