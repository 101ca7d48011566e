"""Stretch the tones of a flat or faded photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.photo import Photo
from photochrom.photo.strips import FetchRows, Pixels

_COPY = 512
"""Longest side of the copy on which tones are counted, pixels."""
_BORDER = 0.06
"""Share of each side that is not counted: the paper's border, the scanner's lid."""
_DARK, _LIGHT = 0.5, 99.5
"""Percentiles that become black and white."""
_MOST_BLACK, _LEAST_WHITE = 0.35, 0.65
"""A photo whose darkest tones are lighter, or whose lightest are darker, is high-key or low-key: no
tone beyond these is made black or white.
"""
_TOLERANCE = 0.02
"""Levels that move a tone by no more are left alone."""


@dataclass(frozen=True)
class Levels:
    """The display codes, 0..1, that become black and white."""

    black: float
    white: float

    def __str__(self) -> str:
        return f"black {self.black:.3f}, white {self.white:.3f}"


def levels_of(photo: Photo) -> Levels | None:
    """How a photo's tones are stretched; None where they reach from black to white already."""
    height, width = photo.upright_size
    scale = min(1.0, _COPY / max(height, width))
    copy = photo.upright_copy(*(max(1, round(side * scale)) for side in (height, width)))
    rows, columns = (round(_BORDER * side) for side in copy.shape[:2])
    inner = copy[rows : copy.shape[0] - rows, columns : copy.shape[1] - columns]
    black, white = np.percentile(inner.mean(2), (_DARK, _LIGHT))
    black, white = min(float(black), _MOST_BLACK), max(float(white), _LEAST_WHITE)
    return None if black < _TOLERANCE and white > 1 - _TOLERANCE else Levels(black, white)


def stretched(photo: Photo, levels: Levels) -> Photo:
    """The photo with its tones stretched; alpha stays as it is."""

    def edit(fetch: FetchRows) -> FetchRows:
        return lambda top, rows: _stretch(fetch(top, rows), photo.color_bands, levels)

    return photo.edited(edit, f"tones stretched: {levels}")


def _stretch(strip: Pixels, colors: int, levels: Levels) -> Pixels:
    strip = strip.copy()
    codes = strip[..., :colors]
    span = levels.white - levels.black
    if strip.dtype.kind == "f":
        strip[..., :colors] = (codes - levels.black) / span
        return strip
    white = np.iinfo(strip.dtype).max
    table = ((np.arange(white + 1) / white - levels.black) / span).clip(0, 1) * white
    strip[..., :colors] = np.rint(table).astype(strip.dtype)[codes]
    return strip
