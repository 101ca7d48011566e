"""A pass over a photo's pixels in which the damaged ones are replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.photo import Photo
from photochrom.photo.strips import FetchRows, Pixels, RowWindows
from photochrom.restoration.inpainting import REACH, inpaint
from photochrom.restoration.mask import BAND, DamageMask, Mask

_TILE = 256
"""Columns that are filled together."""


def mended(
    photo: Photo, damage: DamageMask, thin: DamageMask, record: str, note: str | None = None
) -> Photo:
    """The photo with its thin damage filled; all other pixels are its own.

    thin: the part of the damage that is filled; the rest serves no pixel as surroundings either.
    record: a line about it for XMP. note: a line for the notes of the returned photo.
    """

    def edit(fetch: FetchRows) -> FetchRows:
        windows = RowWindows(_bands(photo, fetch, damage, thin))
        return lambda top, rows: windows(top, top + rows)

    return photo.edited(edit, record, note)


def _bands(
    photo: Photo, fetch: FetchRows, damage: DamageMask, thin: DamageMask
) -> Iterator[Pixels]:
    windows = RowWindows(fetch(*span) for span in photo.plan.spans())
    for top in range(0, photo.height, BAND):
        bottom = min(photo.height, top + BAND)
        first, last = max(0, top - REACH), min(photo.height, bottom + REACH)
        window = windows(first, last)
        core = slice(top - first, bottom - first)
        wanted = thin.rows(top, bottom)
        band = window[core]
        if wanted.any():
            band = band.copy()
            _fill(band, wanted, window, damage.rows(first, last), core, photo.color_bands)
        yield band


def _fill(
    band: Pixels, wanted: Mask, window: Pixels, damaged: Mask, core: slice, colors: int
) -> None:
    """Fill the wanted pixels of a band from the window around it."""
    width = wanted.shape[1]
    for left in range(0, width, _TILE):
        rows, columns = np.nonzero(wanted[:, left : left + _TILE])
        if not len(rows):
            continue
        columns += left
        down = _around(rows + core.start, len(window))
        across = _around(columns, width)
        filled = inpaint(as_floats(window[down, across, :colors]), damaged[down, across])
        new = filled[rows + core.start - down.start, columns - across.start]
        band[rows, columns, :colors] = as_codes(new, band.dtype)


def _around(places: NDArray[np.intp], length: int) -> slice:
    """The part of an axis that these places may depend on."""
    first, last = int(places.min()) - REACH, int(places.max()) + REACH + 1
    return slice(max(0, first), min(length, last))


def as_floats(pixels: Pixels) -> Pixels:
    """Codes as floats, white at 1; floats that are no numbers become 0."""
    if pixels.dtype.kind == "f":
        return np.nan_to_num(pixels)
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def as_codes(values: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Codes of floats whose white is 1."""
    if dtype.kind == "f":
        return values
    white = np.iinfo(dtype).max
    return np.rint(values * white).clip(0, white).astype(dtype)
