"""Antialiased resizing of arrays that covers an exact extent, in fractions of a pixel.

Half-pixel centres and a triangle filter that widens with the reduction, as in libvips and Pillow.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from photochrom.color.lab import Array


@lru_cache(maxsize=32)  # the photos of one folder have few different sizes
def resize_matrix(size: int, count: int, extent: float | None = None) -> Array:
    """Weights (size, count) that resample the first `extent` of `count` pixels to `size`.

    extent: may be a fraction of a pixel less or more than `count`; by default all of them.
    """
    scale = (count if extent is None else extent) / size
    center = (np.arange(size) + 0.5) * scale - 0.5
    distance = np.abs(np.arange(count) - np.minimum(center, count - 1)[:, None])
    weights = np.maximum(1 - distance / max(scale, 1.0), 0)
    matrix: Array = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    matrix.flags.writeable = False
    return matrix


def resize(
    image: Array, height: int, width: int, extent: tuple[float, float] | None = None
) -> Array:
    """Resize (H, W, bands) to (height, width, bands).

    extent: how many rows and columns of the input to cover, all by default.
    """
    rows, columns = extent or image.shape[:2]
    vertical = resize_matrix(height, image.shape[0], rows)
    horizontal = resize_matrix(width, image.shape[1], columns)
    return np.einsum("yi,ijb,xj->yxb", vertical, image, horizontal, optimize=True)
