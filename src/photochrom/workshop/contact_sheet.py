"""Contact sheets: rows of pictures side by side, for looking at results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GAP = 8


def save_sheet(
    rows: Sequence[Sequence[NDArray[np.uint8]]], path: Path, height: int = 160, width: int = 2000
) -> None:
    """Write a contact sheet.

    rows: one sequence of (H, W, 3) uint8 pictures per photo, for instance grey, ours, real; the
    pictures of a photo touch, photos have a gap between them.
    height: of every picture, pixels. width: of the sheet.
    """
    lines: list[list[NDArray[np.uint8]]] = [[]]
    used = 0
    for row in rows:
        cell = np.concatenate([_fit(picture, height) for picture in row], axis=1)
        if lines[-1] and used + cell.shape[1] > width:
            lines.append([])
            used = 0
        lines[-1].append(cell)
        used += cell.shape[1] + GAP
    widest = max(sum(cell.shape[1] + GAP for cell in line) for line in lines)
    sheet = np.full((len(lines) * (height + GAP), widest, 3), 255, np.uint8)
    for index, line in enumerate(lines):
        top, left = index * (height + GAP), 0
        for cell in line:
            sheet[top : top + height, left : left + cell.shape[1]] = cell
            left += cell.shape[1] + GAP
    Image.fromarray(sheet).save(path, quality=92)


def _fit(picture: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    size = (min(width, 2 * height), height)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
