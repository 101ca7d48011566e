"""Fill wide damage with a network, in windows around its pieces.

The network takes 8-bit sRGB; its answer becomes codes of the photo's own space and depth, with the
grain of the surroundings where it lacks some. Only the damaged pixels are taken from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import XYZ_FROM_RGB, Array
from photochrom.color.rgb_space import SRGB, RgbSpace
from photochrom.models.inpainting import Inpainter
from photochrom.photo import Photo
from photochrom.photo.strips import FetchRows, Pixels, RowWindows
from photochrom.restoration.inpainting import missing_grain
from photochrom.restoration.mask import BAND, DamageMask, Mask, grown, mask_of_bands
from photochrom.restoration.mending import as_codes, as_floats
from photochrom.restoration.pieces import Piece, Pieces

_MARGIN = 64
"""Pixels around a piece that the network sees at least; more around a larger piece."""
_LARGEST = 4096
"""Side of the largest window, pixels."""
_UNREDUCED = 1024
"""Side of the largest piece whose window is not reduced, pixels."""
_BLENDED = 3
"""Pixels beside a hole that MI-GAN's file blends with what it replaces."""
_GRAIN = 256
"""Pixels around a piece in which its grain is looked for."""


@dataclass(frozen=True, eq=False)
class Filling:
    """New codes of some of a photo's pixels, by rows.

    rows, columns: (n,), int32. codes: (n, bands), of the photo's type, without alpha.
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    codes: Pixels

    @classmethod
    def of(cls, photo: Photo, wide: DamageMask, inpainter: Inpainter) -> Filling:
        """Fill the pieces of a mask, in one pass over the photo; pieces too large are left out.

        Raises PhotoError where the file is damaged, ModelError where the network fails.
        """
        framed = _framed(photo, wide)
        first = min((window[1] for window, _ in framed), default=0)
        last = max((window[3] for window, _ in framed), default=0)
        fetch = photo.strips()
        # copies, because a view would keep all columns, and the band that it is a part of
        windows = RowWindows(fetch(*span)[:, first:last].copy() for span in photo.plan.spans())
        rows, columns = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
        codes = [np.zeros((0, photo.color_bands), photo.dtype)]
        for (top, left, bottom, right), piece in framed:
            pixels = windows(top, bottom)[:, left - first : right - first]
            hole = wide.rows(top, bottom)[:, left:right]
            if hole.all():
                continue
            down, across = piece.places()
            codes.append(_filled(photo, pixels, hole, (down - top, across - left), inpainter))
            rows.append(down.astype(np.int32))
            columns.append(across.astype(np.int32))
        order = np.argsort(np.concatenate(rows), kind="stable")
        return cls(*(np.concatenate(parts)[order] for parts in (rows, columns, codes)))

    def mask(self, width: int, height: int) -> DamageMask:
        """Which pixels are filled."""

        def drawn(top: int, bottom: int) -> Mask:
            part = self._part(top, bottom)
            mask = np.zeros((bottom - top, width), bool)
            mask[self.rows[part] - top, self.columns[part]] = True
            return mask

        return mask_of_bands(width, height, drawn)

    def applied(self, photo: Photo, record: str, note: str | None = None) -> Photo:
        """The photo with these pixels.

        record: a line about them for XMP. note: a line for the notes of the returned photo.
        """

        def edit(fetch: FetchRows) -> FetchRows:
            return lambda top, rows: self._put(fetch(top, rows), top, photo.color_bands)

        return photo.edited(edit, record, note)

    def _put(self, strip: Pixels, top: int, colors: int) -> Pixels:
        part = self._part(top, top + len(strip))
        if part.start < part.stop:
            strip = strip.copy()
            strip[self.rows[part] - top, self.columns[part], :colors] = self.codes[part]
        return strip

    def _part(self, top: int, bottom: int) -> slice:
        first, last = np.searchsorted(self.rows, [top, bottom])
        return slice(int(first), int(last))


Box = tuple[int, int, int, int]
"""Top, left, and where it ends: bottom and right."""


def _framed(photo: Photo, wide: DamageMask) -> list[tuple[Box, Piece]]:
    """The pieces that are not too large, with the windows around them, from the top."""
    pieces = Pieces(wide.width)
    for top in range(0, wide.height, BAND):
        rows = wide.rows(top, min(wide.height, top + BAND))
        pieces.add(rows, rows)
    framed = []
    for piece in pieces.all():
        top, left, bottom, right = piece.box
        margin = max(_MARGIN, bottom - top, right - left)
        window = _around(piece.box, margin, (photo.height, photo.width))
        if max(window[2] - window[0], window[3] - window[1]) <= _LARGEST:
            framed.append((window, piece))
    return sorted(framed, key=lambda item: item[0])


def _around(box: Box, margin: int, shape: tuple[int, ...]) -> Box:
    """A box with a margin, inside a picture."""
    top, left, bottom, right = box
    return (
        max(0, top - margin),
        max(0, left - margin),
        min(shape[0], bottom + margin),
        min(shape[1], right + margin),
    )


def _filled(
    photo: Photo,
    pixels: Pixels,
    hole: Mask,
    places: tuple[NDArray[np.int64], NDArray[np.int64]],
    inpainter: Inpainter,
) -> Pixels:
    """Codes (n, bands) for some of the holes of a window.

    pixels: (h, w, bands), the photo's. hole: (h, w). places: rows and columns, (n,).
    """
    rows, columns = places
    box = (int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1)
    factor = math.ceil(max(box[2] - box[0], box[3] - box[1]) / _UNREDUCED)
    top, left, bottom, right = _around(box, _GRAIN, hole.shape)
    around = slice(top, bottom), slice(left, right)
    answer = _answer(inpainter, _shown(photo, pixels), grown(hole, _BLENDED), factor, around)
    codes = as_floats(pixels[around][..., : photo.color_bands]).astype(np.float32)
    codes[hole[around]] = _in_space(answer[hole[around]], photo)
    rows, columns = rows - top, columns - left
    new = codes[rows, columns] + missing_grain(codes, hole[around], rows, columns)
    return as_codes(new.clip(0, 1), photo.dtype)


def _shown(photo: Photo, pixels: Pixels) -> NDArray[np.uint8]:
    """SRGB (h, w, 3) of a window, made of a few rows at a time, whose floats take less memory."""
    image = np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(pixels), BAND):
        rows = slice(top, top + BAND)
        image[rows] = photo.for_screen(pixels[rows])[..., : photo.color_bands]
    return image


def _answer(
    inpainter: Inpainter,
    image: NDArray[np.uint8],
    hole: Mask,
    factor: int,
    part: tuple[slice, slice],
) -> Array:
    """A part of the network's picture of a window, sRGB, 0..1.

    factor: by how much the window that the network sees is reduced.
    """
    if factor > 1:
        margins = [(0, -side % factor) for side in hole.shape]
        blocks = _blocks(np.pad(image, [*margins, (0, 0)], mode="edge"), factor)
        seen = np.rint(blocks.mean((1, 3), np.float32)).astype(np.uint8)
        missing: Mask = np.any(_blocks(np.pad(hole, margins), factor), axis=(1, 3))
        answer = inpainter.fill(seen, missing)
        return _enlarged(answer.astype(np.float32) / np.float32(255), factor, part)
    return inpainter.fill(image, hole)[part].astype(np.float32) / np.float32(255)


def _blocks(pixels: NDArray[Any], factor: int) -> NDArray[Any]:
    """(h / factor, factor, w / factor, factor, ...)."""
    height, width = (side // factor for side in pixels.shape[:2])
    return pixels.reshape(height, factor, width, factor, *pixels.shape[2:])


def _enlarged(picture: Array, factor: int, part: tuple[slice, slice]) -> Array:
    """A part of a picture that is enlarged by linear interpolation."""
    for axis, span in enumerate(part):
        last = picture.shape[axis] - 1
        pixels = np.arange(span.start, span.stop, dtype=np.float32)
        place = ((pixels + 0.5) / factor - 0.5).clip(0, last)
        low = place.astype(np.intp)
        share = (place - low).reshape([-1 if at == axis else 1 for at in range(3)])
        high = np.minimum(low + 1, last)
        picture = picture.take(low, axis) * (1 - share) + picture.take(high, axis) * share
    return picture


def _in_space(colors: Array, photo: Photo) -> Array:
    """Codes (n, bands) of the photo's space, 0..1, of sRGB (n, 3)."""
    grey = photo.color_bands == 1
    codes = colors.mean(1, keepdims=True) if grey else colors
    space: RgbSpace = photo.space
    if space is SRGB:
        return codes
    linear = SRGB.curve.decode(codes)
    if not grey:
        linear = linear @ (space.rgb_from_xyz @ XYZ_FROM_RGB).T.astype(np.float32)
    encoded: Array = space.curve.encode(linear.clip(0, 1), np.dtype(np.float32))
    return encoded
