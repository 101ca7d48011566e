"""Geodesic distance from seed pixels to all others; edges of lightness cost extra.

The passes are those of Toivanen, "New geodesic distance transforms for gray-scale images", 1996,
with whole rows and columns at a time as in Weber and others, "Parallel algorithms for approximation
of distance maps on parametric surfaces", 2008. Both costs and their weights were chosen on
validation photos (docs/hints.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from photochrom.color.lab import Array

EDGE_COST = 0.12
"""What one unit of L costs where lightness changes, in short sides of the picture."""
FREE_SLOPE = 240.0
"""Change of L a short side that costs nothing: shading and texture, not edges. It is 1.25 units a
pixel where the short side has 192."""
MOST_ROUNDS = 8
"""Passes over the picture, each in four directions; further ones only find paths that wind through
texture."""
SETTLED = 0.01
"""A change of any distance below which no further pass is made, short sides."""

_FAR = np.float32(1e9)


class StepCosts:
    """The costs of the steps from every pixel to its neighbours; computed once, used repeatedly."""

    def __init__(self, lightness: Array) -> None:
        """Compute the costs of a picture; lightness: (h, w), 0..100."""
        self.shape = lightness.shape
        down, right, falling, rising = _step_costs(lightness)
        self.rows = _row_costs(down, falling, rising)
        self.columns = _row_costs(right.T, falling.T, rising.T)

    def distances(self, seeds: Sequence[tuple[int, int]]) -> Array:
        """Length of the cheapest path from each seed to every pixel.

        seeds: row and column of each.
        Returns (N, h, w), in short sides of the picture: the length of the path through an even
        area, and more over edges of L.
        """
        height, width = self.shape
        distance = np.full((height, len(seeds), width), _FAR)
        for index, (row, column) in enumerate(seeds):
            distance[row, index, column] = 0
        active = np.arange(len(seeds))  # a seed's rounds do not depend on the other seeds
        for _ in range(MOST_ROUNDS):
            previous = distance[:, active]
            current = _sweep(previous, *self.rows)
            current = _sweep(current.transpose(2, 1, 0), *self.columns).transpose(2, 1, 0)
            distance[:, active] = current
            active = active[(previous - current).max(axis=(0, 2), initial=0) >= SETTLED]
            if not active.size:
                break
        return distance.transpose(1, 0, 2)


def _step_costs(lightness: Array) -> tuple[Array, Array, Array, Array]:
    """Costs of a step down, right, down and right, down and left, between neighbours."""
    step = 1 / min(lightness.shape)

    def cost(one: Array, other: Array, length: float) -> Array:
        edge = np.maximum(np.abs(one - other) - FREE_SLOPE * step * length, 0)
        return np.hypot(step * length, EDGE_COST * edge).astype(np.float32)

    diagonal = float(np.sqrt(2))
    return (
        cost(lightness[1:], lightness[:-1], 1),
        cost(lightness[:, 1:], lightness[:, :-1], 1),
        cost(lightness[1:, 1:], lightness[:-1, :-1], diagonal),
        cost(lightness[1:, :-1], lightness[:-1, 1:], diagonal),
    )


def _row_costs(straight: Array, falling: Array, rising: Array) -> tuple[Array, Array]:
    """Costs (h - 1, 3, 1, w) of the steps into a pixel from its three neighbours in one row.

    The first array is for a downward sweep (from the row above), the second for an upward one.
    """
    before_first = ((0, 0), (1, 0))
    after_last = ((0, 0), (0, 1))

    def stacked(from_left: Array, from_right: Array) -> Array:
        costs = [
            np.pad(from_left, before_first, constant_values=_FAR),
            straight,
            np.pad(from_right, after_last, constant_values=_FAR),
        ]
        return np.stack(costs, axis=1)[:, :, None]

    return stacked(falling, rising), stacked(rising, falling)


def _sweep(distance: Array, downward: Array, upward: Array) -> Array:
    """Propagate distances (h, N, w) from row to row, downward and then upward."""
    height, seeds, width = distance.shape
    padded = np.full((height, seeds, width + 2), _FAR)
    rows = padded[:, :, 1:-1]
    rows[:] = distance
    # (h, 3, N, w): the left, the same and the right column
    neighbors = sliding_window_view(padded, width, axis=2).transpose(0, 2, 1, 3)
    candidates = np.empty((3, seeds, width), np.float32)
    left, same, right = candidates
    add, minimum = np.add, np.minimum  # looked up once: called tens of thousands of times
    for source, cost, target in (
        *zip(neighbors[:-1], downward, rows[1:], strict=True),
        *zip(neighbors[:0:-1], upward[::-1], rows[-2::-1], strict=True),
    ):
        add(source, cost, out=candidates)
        minimum(left, same, out=same)
        minimum(same, right, out=same)
        minimum(target, same, out=target)
    return rows
