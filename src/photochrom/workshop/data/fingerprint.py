"""Near duplicates: a hash that small changes leave alone, and a fast search for near hashes."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.filters.resize import resize

BITS = 64
_SIDE = 8
_REDUCED = 32


_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_COSINES: Array = np.cos(
    np.pi * np.arange(_SIDE)[:, None] * (np.arange(_REDUCED) + 0.5) / _REDUCED
).astype(np.float32)
"""The first 8 rows of the 32-point DCT-II, scale left out."""
_MIRRORED: Array = np.where(np.arange(_SIDE) % 2, -1, 1).astype(np.float32)
"""What mirroring left and right makes of the coefficients of each column."""


def perceptual_hash(pixels: NDArray[np.uint8]) -> int:
    """The first of `perceptual_hashes`."""
    return perceptual_hashes(pixels)[0]


def perceptual_hashes(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    """64 bits that resizing, recompression and slight retouching change little.

    pixels: (H, W, 3), sRGB.
    The signs, about their median, of the 64 lowest DCT coefficients of a 32 x 32 grey copy.
    Returns the photo's hash and that of its mirror image, whose odd columns have the other sign.

    Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, section 3.2.
    """
    red, green, blue = np.moveaxis(_means(pixels), 2, 0)
    gray = (_RED * red + _GREEN * green + _BLUE * blue)[..., None]
    low = _COSINES @ resize(gray, _REDUCED, _REDUCED)[..., 0] @ _COSINES.T
    return _signs(low), _signs(low * _MIRRORED)


def _signs(coefficients: NDArray[np.floating]) -> int:
    flat = coefficients.ravel()
    bits = flat > np.median(flat[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _means(pixels: NDArray[np.uint8]) -> Array:
    """Reduce a picture to about 64 pixels by means of blocks.

    What is left is so small that NumPy's products of matrices take one thread each; their threads
    beside ours would cost half the speed.
    """
    block = max(1, min(pixels.shape[:2]) // (2 * _REDUCED))
    height, width = (side // block * block for side in pixels.shape[:2])
    cut = pixels[:height, :width].reshape(height // block, block, width // block, block, 3)
    return cut.mean(axis=(1, 3), dtype=np.float32)


class HashIndex:
    """Hashes with their keys; finds one that differs in few bits.

    Hashes that differ in at most d bits agree on one of d + 1 pieces (the pigeonhole principle),
    so only those that share a piece are compared.
    """

    def __init__(self, distance: int) -> None:
        """Prepare a search for hashes that differ in at most `distance` bits."""
        self.distance = distance
        edges = [BITS * piece // (distance + 1) for piece in range(distance + 2)]
        self._pieces = [(start, (1 << (end - start)) - 1) for start, end in pairwise(edges)]
        self._buckets: list[dict[int, list[int]]] = [defaultdict(list) for _ in self._pieces]
        self._hashes: list[int] = []
        self._keys: list[str] = []

    def add(self, value: int, key: str) -> None:
        """Remember a hash."""
        for bucket, (start, mask) in zip(self._buckets, self._pieces, strict=True):
            bucket[(value >> start) & mask].append(len(self._hashes))
        self._hashes.append(value)
        self._keys.append(key)

    def find(self, value: int) -> str | None:
        """Return the key of the nearest hash, the first of several; None where none is near."""
        best = (self.distance + 1, -1)
        for bucket, (start, mask) in zip(self._buckets, self._pieces, strict=True):
            for index in bucket.get((value >> start) & mask, ()):
                best = min(best, ((self._hashes[index] ^ value).bit_count(), index))
        return self._keys[best[1]] if best[1] >= 0 else None
