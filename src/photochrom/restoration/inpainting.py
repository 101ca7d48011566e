"""Fill thin damage: smooth continuation along edges, and the grain of the surroundings.

A filled pixel depends on its surroundings of `REACH` pixels at most, so that large pictures can be
filled in overlapping parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.filters.guided_filter import window_mean

Mask = NDArray[np.bool_]
"""(h, w): which pixels are damaged."""

REACH = 64
"""Pixels around a filled one that it may depend on."""

_DIRECTIONS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
_SWEEPS = 120
_SETTLED = 5e-4
"""The change of a sweep, of white at 1, after which no other one follows."""
_ALONG = 6
"""Exponent of the cosine to the edge: how much more a neighbour along it counts than others."""
_DISTANCES = (12, 20, 32, 48)
"""How far away the grain of thin damage may be, pixels."""
_FARTHER = 1.35
"""By how much each next distance is larger, for the grain of wide damage."""
_BLOCK = 24
"""Side of the squares that take their grain from one place, pixels."""
_ALIKE = 0.05
"""A place whose lightness differs by less, of white at 1, has the same grain."""
_MOST_GRAIN = 2.5
"""Grain beyond so many times its usual size is structure, and is cut off."""
_MEDIAN_TO_SPREAD = 1.4826
"""From the median of absolute values to the standard deviation, of a normal distribution."""


def inpaint(image: Array, damaged: Mask) -> Array:
    """Replace the damaged pixels of an image; all others are unchanged.

    image: (h, w, bands), float32. damaged: at least one pixel is not.
    """
    rows, columns = np.nonzero(damaged)
    if not len(rows):
        return image
    smooth = inpaint_smoothly(image, damaged)
    filled = smooth.copy()
    filled[rows, columns] += _grain(_residual(smooth, damaged), smooth, damaged, rows, columns)
    return filled


def missing_grain(
    filled: Array, damaged: Mask, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Array:
    """The grain that filled pixels lack beside the undamaged ones, (n, bands).

    filled: (h, w, bands), float32. rows, columns: of the pixels of one piece of damage.
    """
    residual = _residual(filled, damaged)
    known = residual[::2, ::2][~_beside(damaged)[::2, ::2]]
    if not known.size:
        return np.zeros((len(rows), filled.shape[2]), np.float32)
    share = _spread(residual[rows, columns]) / np.maximum(_spread(known), 1e-6)
    lacking = np.sqrt(np.maximum(0, 1 - share**2)).astype(np.float32)
    distances, reach = list(_DISTANCES), max(np.ptp(rows), np.ptp(columns))
    while distances[-1] < reach:
        distances.append(round(distances[-1] * _FARTHER))
    return lacking * _grain(residual, filled, damaged, rows, columns, distances)


def inpaint_smoothly(image: Array, damaged: Mask) -> Array:
    """Continue an image into its damaged pixels, along edges and without grain.

    Diffusion with weights that follow the edges around, as in Bornemann and März, "Fast image
    inpainting based on coherence transport", 2007, but repeated instead of one pass inwards.
    image: (h, w, bands), float32.
    """
    rows, columns = np.nonzero(damaged)
    filled = np.stack(
        [_first_guess(image[..., band], damaged) for band in range(image.shape[2])], axis=2
    )
    weights = _weights(filled.mean(2), damaged, rows, columns)
    padded = np.pad(filled, ((1, 1), (1, 1), (0, 0)), mode="edge")
    pixels, width = padded.reshape(-1, image.shape[2]), padded.shape[1]
    places = (rows + 1) * width + columns + 1
    neighbors = np.array([places + down * width + right for down, right in _DIRECTIONS])
    for sweep in range(_SWEEPS):
        new = np.einsum("kn,knb->nb", weights, pixels[neighbors])
        settled = sweep % 8 == 7 and np.abs(new - pixels[places]).max() < _SETTLED
        pixels[places] = new
        if settled:
            break
    return padded[1:-1, 1:-1]


def _first_guess(image: Array, damaged: Mask) -> Array:
    """Fill with means of what is known, over squares as small as possible."""
    if not damaged.any():
        return image
    if min(image.shape) < 2:
        known = image[~damaged]
        return np.where(damaged, known.mean() if known.size else 0, image).astype(np.float32)
    known = (~damaged).astype(np.float32)
    sums, counts = _halved(image * known), _halved(known)
    coarse = _first_guess((sums / np.maximum(counts, 1)).astype(np.float32), counts == 0)
    return np.where(damaged, _doubled(coarse, image.shape), image).astype(np.float32)


def _halved(values: Array) -> Array:
    """Sums over squares of 2 x 2 pixels."""
    height, width = values.shape
    even = np.pad(values, ((0, height % 2), (0, width % 2)))
    return even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]


def _doubled(values: Array, shape: tuple[int, ...]) -> Array:
    """Enlarge twofold by linear interpolation, and cut to a shape."""
    for axis in (0, 1):
        near = np.pad(values, [(1, 1) if axis == at else (0, 0) for at in (0, 1)], mode="edge")
        near = np.moveaxis(near, axis, 0)
        twice = np.empty((2 * (len(near) - 2), near.shape[1]), np.float32)
        twice[::2] = 0.75 * near[1:-1] + 0.25 * near[:-2]
        twice[1::2] = 0.75 * near[1:-1] + 0.25 * near[2:]
        values = np.moveaxis(twice, 0, axis)
    return values[: shape[0], : shape[1]]


def _weights(
    filled: Array, damaged: Mask, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Array:
    """(8, n): for each direction the share of that neighbour in each damaged pixel."""
    xx, xy, yy = (part[rows // 2, columns // 2] for part in _structure(filled, damaged))
    spread = np.hypot(xx - yy, 2 * xy)
    coherence = (spread / np.maximum(xx + yy, 1e-8)) ** 2
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2  # along the edge
    weights = []
    for down, right in _DIRECTIONS:
        length = np.hypot(down, right)
        cosine = (right * np.cos(angle) + down * np.sin(angle)) / length
        weights.append((1 - coherence + coherence * cosine**_ALONG + 1e-3) / length)
    shares = np.array(weights, np.float32)
    return shares / shares.sum(0)


def _structure(filled: Array, damaged: Mask) -> tuple[Array, Array, Array]:
    """The structure tensor of what is known, averaged over some 13 pixels: xx, xy, yy.

    Of squares of 2 x 2 pixels, because nothing in it is finer.
    """
    near = np.pad(filled, 1, mode="edge")
    down, right = near[2:, 1:-1] - near[:-2, 1:-1], near[1:-1, 2:] - near[1:-1, :-2]
    beside = _beside(damaged)  # there gradients see the damage's border
    down[beside] = right[beside] = 0
    products = np.stack([_halved(part) for part in (right * right, right * down, down * down)], 2)
    mean = window_mean(window_mean(products, 1), 2)
    return mean[..., 0], mean[..., 1], mean[..., 2]


def _beside(mask: Mask) -> Mask:
    """The mask and the pixels that touch it."""
    near = np.pad(mask, 1)
    rows = near[:-2] | near[1:-1] | near[2:]
    return rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]


def _grain(
    residual: Array,
    smooth: Array,
    damaged: Mask,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    distances: Sequence[int] = _DISTANCES,
) -> Array:
    """Grain for the damaged pixels, (n, bands), from undamaged places nearby, as light as they."""
    shifts = [
        (round(distance * np.sin(angle)), round(distance * np.cos(angle)))
        for distance in distances
        for angle in np.arange(8) * np.pi / 4
    ]
    grain = np.zeros((len(rows), smooth.shape[2]), np.float32)
    lightness = smooth.mean(2)
    blocks = rows // _BLOCK * (damaged.shape[1] // _BLOCK + 1) + columns // _BLOCK
    order = np.argsort(blocks, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(blocks[order])) + 1):
        source = _source(lightness, damaged, rows[group], columns[group], shifts)
        if source is not None:
            grain[group] = residual[source]
    return grain


def _source(
    lightness: Array,
    damaged: Mask,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    shifts: Sequence[tuple[int, int]],
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Where pixels find grain: undamaged, and as light as they are; None where nothing is."""
    height, width = damaged.shape
    best, least = None, np.inf
    own = lightness[rows, columns]
    for down, right in shifts:
        there = rows + down, columns + right
        if min(there[0].min(), there[1].min()) < 0:
            continue
        if there[0].max() >= height or there[1].max() >= width or damaged[there].any():
            continue
        difference = float(np.abs(lightness[there] - own).mean())
        if difference < least:
            best, least = there, difference
        if difference < _ALIKE:
            break
    return best


def _residual(smooth: Array, damaged: Mask) -> Array:
    """What is left of an image without its structure, cut off where it is no grain."""
    residual = smooth - window_mean(smooth, 1)
    known = ~_beside(damaged)
    if not known[::2, ::2].any():
        return np.zeros_like(residual)
    usual = _spread(residual[::2, ::2][known[::2, ::2]])
    return residual.clip(-_MOST_GRAIN * usual, _MOST_GRAIN * usual)


def _spread(residual: Array) -> Array:
    """The standard deviation of (n, bands) without outliers, (bands,)."""
    spread: Array = np.median(np.abs(residual), axis=0).astype(np.float32)
    return spread * np.float32(_MEDIAN_TO_SPREAD)
