"""Several plausible colourings of one photo, which differ in whole objects.

Where a network is unsure it gives several colours a chance, and the ordinary colouring is their
mean. A variant draws one colour for every object (`photochrom.filters.superpixels`) from what the
network says of it as a whole, and leans the distribution of each of its cells towards that colour:

    p'(q) ∝ p(q) (exp(-|q - colour|² / 2 σ²) + ε)

So a cell follows as far as its own distribution lets it: an ambiguous dress turns blue, a sky that
can only be blue stays. Of many draws, those few are kept that differ most from each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import annealed_mean
from photochrom.color.lab import Array, lab_from_srgb, srgb_from_lab
from photochrom.color.vividness import Decoding
from photochrom.filters.superpixels import object_regions

DRAWS = 300
"""How many are made, of which a few are kept."""
LEAN = 15.0
"""σ above, ab units: one and a half bins."""
STUBBORN = 0.01
"""ε above: a cell that gives the drawn colour a smaller chance, beside its own, keeps its own."""
LIKELY = 0.1
"""A colour is drawn only where it is this likely, as a part of the likeliest."""
BLUR = 8.0
"""σ of the blur of an object's distribution before a colour is drawn, ab units."""
SHARED = 0.4
"""Correlation of the chance between a photo's objects: a warm picture is warm in more than one."""
SHARED_BLUR = 12.0
"""σ over which like colours share their chance, ab units, so that objects can agree."""
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
    count: how many. seed: the same seed, the same draws; more of them begin with the same.
    Returns ab, (h, w, 2) each, Lab units, without the decoding's gain. The first is the most
    typical of what the ordinary colouring is not, often a quieter one; each further one is the
    draw farthest from all before it. At most one is quieter than the ordinary colouring.
    """
    rebalanced = logits - decoding.gamma * log_weights
    distribution = _softmax(rebalanced)
    members = object_regions(distribution, bins, lightness)
    area = np.maximum(members.sum(axis=(0, 1)), 1e-3)
    pooled = np.einsum("hwq,hwr->rq", distribution, members, optimize=True) / area[:, None]
    light = np.einsum("hw,hwr->r", lightness, members) / area

    colors = bins[_draw(pooled, bins, np.random.default_rng(seed))]
    leans = _lean(colors / np.float32(decoding.gain), bins)
    ordinary = _region_colors(np.log(pooled + 1e-12)[None], bins, light, decoding)
    drawn = _region_colors(np.log(pooled + 1e-12) + leans, bins, light, decoding)
    chosen = _choose(drawn, ordinary[0], area / area.sum(), count)
    return [
        _decode(logits + members @ leans[index], bins, log_weights, decoding) for index in chosen
    ]


def _draw(pooled: Array, bins: Array, chance: np.random.Generator) -> NDArray[np.int64]:
    """Draw a bin for every object (R, Q), DRAWS times: (DRAWS, R).

    The largest of log p + Gumbel noise is a draw from p. Here the noise has a part that all objects
    share, and like colours have like noise.
    """
    blurred = pooled @ _kernel(bins, BLUR)
    shape = (DRAWS, *blurred.shape)
    own, shared = chance.standard_normal(shape), chance.standard_normal((DRAWS, 1, shape[2]))
    noise = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own
    spread = _kernel(bins, SHARED_BLUR)
    noise = noise @ (spread / np.sqrt(np.square(spread).sum(axis=0))).astype(np.float64)
    likely = blurred >= LIKELY * blurred.max(axis=1, keepdims=True)
    scores = np.where(likely, np.log(blurred + 1e-12) + _gumbel_from_normal(noise), -np.inf)
    return scores.argmax(axis=-1)


def _choose(drawn: Array, ordinary: Array, area: Array, count: int) -> list[int]:
    """Which draws to keep, of (DRAWS, R, 2) beside the ordinary colours (R, 2) of `area` (R,)."""
    apart = np.stack([np.linalg.norm(drawn - one, axis=-1) @ area for one in drawn])
    nearest = np.linalg.norm(drawn - ordinary, axis=-1) @ area
    chroma = np.linalg.norm(drawn, axis=-1) @ area
    quiet = chroma < QUIET * (np.linalg.norm(ordinary, axis=-1) @ area)
    allowed = np.ones(len(drawn), bool)
    chosen: list[int] = []
    for _ in range(count):
        # First the draw that brings all others nearest to one of the two, then the farthest.
        worth = nearest if chosen else np.maximum(nearest - apart, 0).sum(axis=1)
        pick = int(np.where(allowed, worth, -1).argmax())
        chosen.append(pick)
        nearest = np.minimum(nearest, apart[pick])
        allowed[pick] = False
        if quiet[pick] and (allowed & ~quiet).any():
            allowed &= ~quiet
    return chosen


def _region_colors(
    log_probabilities: Array, bins: Array, lightness: Array, decoding: Decoding
) -> Array:
    """The colours (N, R, 2) that objects will have, as sRGB shows them at their lightness (R,)."""
    ab = _softmax(log_probabilities / decoding.temperature) @ bins * decoding.gain
    light = np.broadcast_to(lightness[:, None], (*ab.shape[:2], 1))
    lab = np.concatenate([light, ab], axis=-1, dtype=np.float32)
    return lab_from_srgb(srgb_from_lab(lab))[..., 1:]


def _decode(logits: Array, bins: Array, log_weights: Array, decoding: Decoding) -> Array:
    planes = logits.transpose(2, 0, 1)[None]
    ab = annealed_mean(planes, bins, log_weights, decoding.gamma, decoding.temperature)
    return ab[0].transpose(1, 2, 0)


def _lean(colors: Array, bins: Array) -> Array:
    """What to add to logits so that they lean towards (..., 2): (..., Q)."""
    distance = np.square(colors[..., None, :] - bins).sum(axis=-1)
    return np.log(np.exp(-distance / (2 * LEAN**2)) + STUBBORN).astype(np.float32)


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
