"""The contact sheet of a photo's variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import gray_from_lightness, lab_from_srgb
from photochrom.drawing.labels import lettered
from photochrom.photo import Photo
from photochrom.result import Result

LONG_SIDE = 480
"""Long side of each picture on a sheet, pixels."""
MIN_CELL_WIDTH = 60
"""Smallest width of a cell of the sheet, pixels: its label needs the room."""
LETTER = 30
"""Height of the labels, pixels."""
GAP = 12
"""Between cells, pixels."""
COLUMNS = 5
"""Most cells in a row: grey and four variants."""

Picture = NDArray[np.uint8]


def contact_sheet(results: Sequence[Result]) -> Picture:
    """Set the grey photo and its colourings side by side, numbered from 1.

    results: of one photo.
    Returns (H, W, 3), sRGB, on white; pictures are reduced to 480 pixels at most.
    Raises PhotoError where the photo cannot be read.
    """
    photo = results[0].photo
    height, width = photo.upright_size
    scale = min(1.0, LONG_SIDE / max(height, width))
    rows, columns = (max(1, round(side * scale)) for side in (height, width))
    gray = gray_from_lightness(lab_from_srgb(photo.upright_copy(rows, columns))[..., 0])
    reduced = Photo(gray, photo.name)
    pictures = [np.repeat(gray[..., None], 3, axis=2)]
    pictures += [replace(result, photo=reduced).rgb for result in results]
    labels = ["grey", *(str(number) for number in range(1, len(results) + 1))]
    return _grid([_labelled(*pair) for pair in zip(pictures, labels, strict=True)])


def _labelled(picture: Picture, label: str) -> Picture:
    """A picture with its label below."""
    height, width = picture.shape[:2]
    cell = np.full((height + LETTER, max(width, MIN_CELL_WIDTH), 3), 255, np.uint8)
    cell[:height, :width] = picture
    ink = lettered(label, LETTER - 6)[:, : cell.shape[1]]
    paper = cell[height + 6 :, : ink.shape[1]]
    paper[:] = np.rint(255 * (1 - ink))[..., None]
    return cell


def _grid(cells: Sequence[Picture]) -> Picture:
    """Cells of one size in as few rows as COLUMNS allows, of nearly equal length."""
    rows = -(-len(cells) // COLUMNS)
    columns = -(-len(cells) // rows)
    height, width = cells[0].shape[:2]
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 255, np.uint8)
    for index, cell in enumerate(cells):
        top = GAP + index // columns * (height + GAP)
        left = GAP + index % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = cell
    return sheet
