"""How far it is from a pixel to every other, where edges of lightness are hills to be climbed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.color import Array

EDGE_COST = 0.12
"""What one unit of L costs where lightness changes, in short sides of the picture."""
FREE_SLOPE = 240.0
"""Change of L a short side that costs nothing: shading and texture, not edges. It is 1.25 units a
pixel where the short side has 192."""
MOST_ROUNDS = 8
"""Passes over the picture, each in four directions; more would only find ways that wind through
texture."""
SETTLED = 0.01
"""A change of any distance below which no further pass is made, short sides."""

_FAR = np.float32(1e9)


def geodesic_distances(lightness: Array, seeds: Sequence[tuple[int, int]]) -> Array:
    """Length of the cheapest path from each seed to every pixel.

    lightness: (h, w), 0..100.
    seeds: row and column of each.
    Returns (N, h, w), in short sides of the picture: the way through an even area, and more over
    edges of L. Both costs and their weights were chosen on validation photos (docs/hints.md).

    The passes are those of Toivanen, "New geodesic distance transforms for gray-scale images",
    1996, with whole rows and columns at a time as in Weber and others, "Parallel algorithms for
    approximation of distance maps on parametric surfaces", 2008.
    """
    height, width = lightness.shape
    down, right, falling, rising = _step_costs(lightness)
    distance = np.full((height, len(seeds), width), _FAR)
    for index, (row, column) in enumerate(seeds):
        distance[row, index, column] = 0
    for _ in range(MOST_ROUNDS):
        before = distance.copy()
        _sweep(distance, down, falling, rising)
        turned = np.ascontiguousarray(distance.transpose(2, 1, 0))
        _sweep(turned, right.T, falling.T, rising.T)
        distance = np.ascontiguousarray(turned.transpose(2, 1, 0))
        if (before - distance).max() < SETTLED:
            break
    found: Array = distance.transpose(1, 0, 2)
    return found


def _step_costs(lightness: Array) -> tuple[Array, Array, Array, Array]:
    """Costs of a step down, right, down and right, down and left, between neighbours."""
    step = 1 / min(lightness.shape)

    def cost(one: Array, other: Array, length: float) -> Array:
        climb = np.maximum(np.abs(one - other) - FREE_SLOPE * step * length, 0)
        found: Array = np.hypot(step * length, EDGE_COST * climb).astype(np.float32)
        return found

    diagonal = float(np.sqrt(2))
    return (
        cost(lightness[1:], lightness[:-1], 1),
        cost(lightness[:, 1:], lightness[:, :-1], 1),
        cost(lightness[1:, 1:], lightness[:-1, :-1], diagonal),
        cost(lightness[1:, :-1], lightness[:-1, 1:], diagonal),
    )


def _sweep(distance: Array, straight: Array, falling: Array, rising: Array) -> None:
    """Carry distances (h, N, w) from row to row, down and up again, in place."""
    last = len(distance) - 1
    for row in range(last):
        _step(distance[row], distance[row + 1], straight[row], falling[row], rising[row])
    for row in reversed(range(last)):
        _step(distance[row + 1], distance[row], straight[row], rising[row], falling[row])


def _step(
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    straight: Array,
    rightward: Array,
    leftward: Array,
) -> None:
    """Shorten the distances of a row by the ways over a neighbouring row."""
    np.minimum(target, source + straight, out=target)
    np.minimum(target[:, 1:], source[:, :-1] + rightward, out=target[:, 1:])
    np.minimum(target[:, :-1], source[:, 1:] + leftward, out=target[:, :-1])
