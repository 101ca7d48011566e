"""Cut a picture into objects of one colour each, from its lightness and the predicted distribution.

First superpixels are made (k-means in space, lightness and the distribution over colours). Then
neighbours are merged until few regions are left, beginning with those whose distributions are alike
and that no edge of L separates. Last, similar regions that do not touch become one, such as the two
halves of a wall behind a head.

Achanta and others, "SLIC superpixels", 2012; Ward, "Hierarchical grouping", 1963. The settings were
chosen by looking at the regions of some 40 photographs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.bins import gamut_bins
from photochrom.color.lab import Array
from photochrom.filters.guided_filter import guided_coefficients

Labels = NDArray[np.int64]

SUPERPIXELS = 240
SPACE = 0.25
"""Weight in superpixels of a distance in space, in sides of a superpixel, against distances of the
features."""
ROUNDS = 5
"""Iterations of k-means; further ones change nothing visible."""

REGIONS = 12
"""Number of regions at which merging of neighbours stops."""
ALIKE = 0.03
"""Squared Hellinger distance (times two) below which two regions are similar."""
ALIKE_LIGHTNESS = 10.0
"""Difference in L below which two regions are similar; both distances are combined."""

COARSE_GRID = 30.0
"""Grid of the coarse colours in the features, ab units; half of it is the sigma of the blur between
them."""

SOFT_RADIUS = 3
SOFT_EPSILON = 9.0
"""Window (cells) and regularisation (squared units of L) of the filter that softens borders."""


def object_regions(distribution: Array, bins: Array, lightness: Array) -> Array:
    """Find the objects of a picture.

    distribution: (h, w, Q), the probability of each bin; sums to 1 over the last axis.
    bins: (Q, 2), ab centres. lightness: (h, w), 0..100.
    Returns (h, w, R), how much of each cell belongs to each region; sums to 1 over the last axis.
    Borders are sharp where L has an edge and soft where it has none.
    """
    colors = distribution @ _coarse_colors(bins)
    features = np.concatenate([np.sqrt(colors), lightness[..., None] / 200], axis=-1)
    labels = merged(superpixels(features, SUPERPIXELS), colors, lightness)
    return softened(np.eye(labels.max() + 1, dtype=np.float32)[labels], lightness)


def superpixels(features: Array, count: int) -> Labels:
    """Cut a picture into about `count` compact pieces of similar features, (h, w, D) to (h, w).

    Every cell is assigned to one of the nine nearest seeds of a regular grid.
    """
    height, width, _ = features.shape
    side = max(1.0, (height * width / count) ** 0.5)
    rows, columns = max(1, round(height / side)), max(1, round(width / side))
    y, x = np.mgrid[:height, :width]
    position = np.stack([y, x], axis=-1) * (SPACE / side)
    points = np.concatenate([features, position], axis=-1, dtype=np.float32)
    points = points.reshape(height * width, -1)
    own_row, own_column = (y * rows // height).ravel(), (x * columns // width).ravel()
    labels = own_row * columns + own_column
    for _ in range(ROUNDS):
        centers = _means(points, labels, rows * columns)
        nearest = np.full(len(points), np.inf, np.float32)
        assigned = labels
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                row = np.clip(own_row + dy, 0, rows - 1)
                seed = row * columns + np.clip(own_column + dx, 0, columns - 1)
                distance = np.square(points - centers[seed]).sum(axis=1)
                assigned = np.where(distance < nearest, seed, assigned)
                nearest = np.minimum(distance, nearest)
        labels = assigned
    return _renumbered(labels).reshape(height, width)


def merged(labels: Labels, colors: Array, lightness: Array) -> Labels:
    """Merge neighbours until REGIONS are left, then similar regions wherever they lie.

    labels, lightness: (h, w). colors: (h, w, C), a distribution over a few colours.
    """
    regions = _Regions(labels, colors, lightness)
    while regions.count > REGIONS and regions.merge_neighbors():
        pass
    while regions.count > 1 and regions.merge_alike():
        pass
    return _renumbered(regions.merged_into[labels])


def softened(membership: Array, lightness: Array) -> Array:
    """Smooth the membership of regions where L has no edge; both on one grid, sums stay 1."""
    slope, offset = guided_coefficients(membership, lightness, SOFT_RADIUS, SOFT_EPSILON)
    soft = np.maximum(slope * lightness[..., None] + offset, 0)
    return soft / soft.sum(axis=-1, keepdims=True)


class _Regions:
    """Statistics of the regions while they are merged; a merged one keeps the lower label."""

    def __init__(self, labels: Labels, colors: Array, lightness: Array) -> None:
        self.count = count = int(labels.max()) + 1
        self.merged_into = np.arange(count)
        flat = labels.ravel()
        self._area = np.bincount(flat).astype(float)
        self._colors = _means(colors.reshape(len(flat), -1), flat, count)
        self._lightness = np.bincount(flat, lightness.ravel()) / self._area
        self._alive = np.ones(count, bool)
        self._border = np.zeros((count, count))
        self._edge = np.zeros((count, count))
        for one, other in (np.s_[1:, :], np.s_[:-1, :]), (np.s_[:, 1:], np.s_[:, :-1]):
            step = np.abs(lightness[one] - lightness[other])
            np.add.at(self._border, (labels[one], labels[other]), 1)
            np.add.at(self._edge, (labels[one], labels[other]), step)
        self._border += self._border.T
        self._edge += self._edge.T
        np.fill_diagonal(self._border, 0)
        self._cost = np.stack([self._costs_of(region) for region in range(count)])

    def merge_neighbors(self) -> bool:
        """Merge the two neighbours of least cost; false where no regions touch."""
        one, other = np.unravel_index(int(self._cost.argmin()), self._cost.shape)
        if not np.isfinite(self._cost[one, other]):
            return False
        self._merge(min(one, other), max(one, other))
        return True

    def merge_alike(self) -> bool:
        """Merge the two most similar regions, touching or not; false where none are similar."""
        alive = np.flatnonzero(self._alive)
        roots, light = np.sqrt(self._colors[alive]), self._lightness[alive]
        distance = np.square(roots[:, None] - roots).sum(axis=-1) / ALIKE
        distance += np.square((light[:, None] - light) / ALIKE_LIGHTNESS)
        np.fill_diagonal(distance, np.inf)
        one, other = np.unravel_index(int(distance.argmin()), distance.shape)
        if distance[one, other] > 1:
            return False
        self._merge(alive[min(one, other)], alive[max(one, other)])
        return True

    def _merge(self, target: np.intp, absorbed: np.intp) -> None:
        share = self._area[absorbed] / (self._area[target] + self._area[absorbed])
        for mean in (self._colors, self._lightness):
            mean[target] += share * (mean[absorbed] - mean[target])
        self._area[target] += self._area[absorbed]
        for matrix in (self._border, self._edge):
            matrix[target] += matrix[absorbed]
            matrix[:, target] += matrix[:, absorbed]
            matrix[absorbed] = matrix[:, absorbed] = 0
        self._border[target, target] = 0
        self._alive[absorbed] = False
        self.merged_into[self.merged_into == absorbed] = target
        self._cost[absorbed] = self._cost[:, absorbed] = np.inf
        self._cost[target] = self._cost[:, target] = self._costs_of(int(target))
        self.count -= 1

    def _costs_of(self, region: int) -> NDArray[np.float64]:
        """The cost of merging with every neighbour: different colours, edges of L, and size."""
        color_distance = np.square(np.sqrt(self._colors) - np.sqrt(self._colors[region])).sum(
            axis=-1
        )
        border = np.maximum(self._border[region], 1)
        edge = self._edge[region] / border / 100
        size = self._area * self._area[region] / (self._area + self._area[region])
        adjacent = self._border[region] > 0
        return np.where(adjacent, (color_distance + edge) * np.sqrt(size), np.inf)


def _coarse_colors(bins: Array) -> Array:
    """Weights (Q, C) from bins to a few colours of the gamut, blurred so that they overlap."""
    coarse = gamut_bins(COARSE_GRID)
    distance = np.square(bins[:, None] - coarse).sum(axis=-1)
    weights = np.exp(-distance / (2 * (COARSE_GRID / 2) ** 2))
    return weights / weights.sum(axis=1, keepdims=True)


def _means(points: Array, labels: Labels, count: int) -> Array:
    """Mean of (N, D) over each label; far away where a label has no points."""
    sizes = np.bincount(labels, minlength=count)[:, None]
    sums = np.stack([np.bincount(labels, column, count) for column in points.T], axis=1)
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), 1e6).astype(np.float32)


def _renumbered(labels: Labels) -> Labels:
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
