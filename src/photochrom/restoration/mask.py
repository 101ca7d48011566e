"""Which pixels of a photo are damaged: eight to a byte, as the photo is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.photo import Photo, Turn
from photochrom.photo.strips import Pixels

Mask = NDArray[np.bool_]
"""(h, w): which pixels are damaged."""

BAND = 256
"""Rows that are worked on together."""
_WHITE = 128
"""The least code of a damaged pixel in a picture of a mask, of 8 bits."""


@dataclass(frozen=True, eq=False)
class DamageMask:
    """Which pixels of a photo are damaged, in its stored orientation.

    Attributes
    ----------
    width, height : int
        Of the photo as it is stored, pixels.
    packed : numpy.ndarray
        (height, ceil(width / 8)), uint8, as `numpy.packbits` makes it.

    Examples
    --------
    >>> import photochrom
    >>> mask = photochrom.find_damage("photo.jpg")
    >>> mask.width, mask.height, mask.share < 0.01
    (451, 300, True)
    """

    width: int
    height: int
    packed: NDArray[np.uint8]

    @property
    def share(self) -> float:
        """Damaged pixels as a share of all, 0 to 1."""
        return float(_BITS[self.packed].sum(dtype=np.int64)) / (self.width * self.height)

    def rows(self, top: int, bottom: int) -> Mask:
        """Unpack some rows.

        Parameters
        ----------
        top, bottom
            The first row, and the one after the last; beyond the photo nothing is damaged.

        Returns
        -------
        numpy.ndarray
            (bottom - top, width), bool.

        Examples
        --------
        >>> import photochrom
        >>> photochrom.find_damage("photo.jpg").rows(0, 20).shape
        (20, 451)
        """
        inside = self.packed[max(0, top) : max(0, bottom)]
        mask = np.unpackbits(inside, axis=1, count=self.width).astype(bool)
        return np.pad(mask, ((max(0, -top), max(0, bottom - self.height)), (0, 0)))

    def picture(self) -> Pixels:
        """A picture of the mask, in the photo's stored orientation.

        Returns
        -------
        numpy.ndarray
            (height, width), uint8: 255 where the photo is damaged, else 0.

        Examples
        --------
        >>> import photochrom
        >>> photochrom.find_damage("photo.jpg").picture().shape
        (300, 451)
        """
        return 255 * np.unpackbits(self.packed, axis=1, count=self.width)


def mask_of_bands(width: int, height: int, rows: Callable[[int, int], Mask]) -> DamageMask:
    """A mask that is made band by band. rows: gives those from a first to before a last one."""
    bands = [
        np.packbits(rows(top, min(height, top + BAND)), axis=1) for top in range(0, height, BAND)
    ]
    return DamageMask(width, height, np.concatenate(bands))


def mask_of_picture(picture: Photo, photo: Photo) -> DamageMask:
    """The mask in a picture of the upright photo: white is damaged, black is not.

    Raises PhotoError where the picture has another size than the photo.
    """
    if picture.upright_size != photo.upright_size:
        sizes = [
            f"{width} x {height}" for height, width in (picture.upright_size, photo.upright_size)
        ]
        raise PhotoError(
            picture.name,
            f"is {sizes[0]} pixels, and the photo is {sizes[1]}",
            "draw the mask on a picture of the photo's size",
        )
    fetch = picture.strips()
    strips = [picture.for_screen(fetch(*span)) for span in picture.plan.spans()]
    white = np.concatenate([strip[..., : picture.color_bands].max(2) >= _WHITE for strip in strips])
    stored = Turn(*photo.turn.undo()).apply(picture.turn.apply(white))
    return DamageMask(photo.width, photo.height, np.packbits(stored, axis=1))


def thin_part(mask: DamageMask, max_width: int) -> DamageMask:
    """Only the damage that is nowhere wider than `max_width` pixels."""
    radius, margin = max_width // 2, 2 * max_width + 2

    def rows(top: int, bottom: int) -> Mask:
        around = mask.rows(top - margin, bottom + margin)
        if not around.any():
            return around[margin : margin + bottom - top]
        wide = grown(eroded(around, radius), radius + 1)
        return (around & ~wide)[margin : margin + bottom - top]

    return mask_of_bands(mask.width, mask.height, rows)


def reduced(mask: DamageMask, height: int, width: int) -> Pixels:
    """A small picture of a mask, (height, width), uint8: 255 where any pixel is damaged."""
    picture = np.zeros((height, width), np.uint8)
    for top in range(0, mask.height, BAND):
        rows, columns = np.nonzero(mask.rows(top, min(mask.height, top + BAND)))
        picture[(rows + top) * height // mask.height, columns * width // mask.width] = 255
    return picture


_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(1)
"""How many bits each byte has."""


def difference(mask: DamageMask, other: DamageMask) -> DamageMask:
    """The damage of a mask that another one of the same size does not show."""
    return DamageMask(mask.width, mask.height, mask.packed & ~other.packed)


def union(mask: DamageMask, other: DamageMask) -> DamageMask:
    """The damage that either of two masks of one size shows."""
    return DamageMask(mask.width, mask.height, mask.packed | other.packed)


def grown(mask: Mask, radius: int) -> Mask:
    """Dilate by a square of 2 * radius + 1 pixels."""
    side = 2 * radius + 1
    for axis in (0, 1):
        margins = [(radius, radius) if at == axis else (0, 0) for at in (0, 1)]
        mask = _any_of(np.pad(mask, margins), side, axis)
    return mask


def eroded(mask: Mask, radius: int) -> Mask:
    """Erode by a square of 2 * radius + 1 pixels; beyond the mask all is damaged."""
    return ~grown(~mask, radius)


def _any_of(mask: Mask, side: int, axis: int) -> Mask:
    """Whether any pixel is set in each window of `side` pixels along an axis."""
    mask, done = np.moveaxis(mask, axis, 0), 1
    while done < side:  # windows twice as long are two windows
        step = min(done, side - done)
        mask = mask[: len(mask) - step] | mask[step:]
        done += step
    return np.moveaxis(mask, 0, axis)
