"""Box mean and guided filter."""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Array


def window_mean(image: Array, radius: int) -> Array:
    """Mean over the window of `radius` pixels to each side, edges repeated.

    image: (h, w, ...). Returns the same shape.
    """
    side = 2 * radius + 1
    height, width = image.shape[:2]
    other_axes = [(0, 0)] * (image.ndim - 2)
    padded = np.pad(image, [(radius, radius), (radius, radius), *other_axes], mode="edge")
    rows = padded[:height].copy()
    for start in range(1, side):
        rows += padded[start : start + height]
    rows /= np.float32(side)
    total = rows[:, :width].copy()
    for start in range(1, side):
        total += rows[:, start : start + width]
    return total / np.float32(side)


def guided_coefficients(
    image: Array, guide: Array, radius: int, epsilon: float
) -> tuple[Array, Array]:
    """The lines image = slope * guide + offset that fit best in windows, averaged over windows.

    image: (h, w, C). guide: (h, w).
    epsilon: regularisation, which keeps slopes small where the guide is flat, squared units of the
    guide.
    Returns slope and offset, (h, w, C) each.

    He, Sun, Tang, "Guided image filtering", ECCV 2010, equations 5 to 8.
    """
    guide = guide[..., None]
    mean_guide, mean_image = window_mean(guide, radius), window_mean(image, radius)
    covariance = window_mean(guide * image, radius) - mean_guide * mean_image
    variance = window_mean(guide * guide, radius) - mean_guide * mean_guide
    slope: Array = (covariance / (variance + epsilon)).astype(np.float32)
    offset = mean_image - slope * mean_guide
    return window_mean(slope, radius), window_mean(offset, radius)
