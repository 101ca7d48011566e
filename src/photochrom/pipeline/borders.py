"""The border around a photo: a scanner's lid, an album's page, the white frame of a print.

A border is a band of one lightness along a side that ends at a straight step. Several may lie
inside each other, and a side may have none. What is found is a proposal for a person: a studio's
plain background can look the same.
"""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.crops import Crop
from photochrom.photo import PhotoLike, as_photo

_LONGEST = 1024
"""Long side of the copy that is searched, pixels."""
_MOST_FRAMES = 3
"""Borders inside each other: the lid, the page, the print's frame."""
_TOLERANCE = 7.0
"""How far a pixel of a border may be from the band's lightness, units of L."""
_DRIFT = 8.0
"""How far the lightness of a band may drift from the edge to its end."""
_ALIKE = 15.0
"""How far the sides of one border may differ."""
_FILLED = 0.9
"""Least share of a line that is border, where it is all border but for dust and writing."""
_STEP = 0.7
"""Largest share behind the step at which a border ends."""
_STEP_WIDTH = 0.025
"""Width of that step, where the photo lies askew, as a share of the side."""
_CLEAR = 0.03
"""Share of a line up to which its ends may be border still."""
_LEAST_SIDE, _LEAST_BAND = 0.3, 0.006
"""Least side of what remains, and least width of a band, as shares."""
_FEWEST_SIDES = 2


def border_of(photo: PhotoLike) -> Crop | None:
    """Find the photo inside a border, which a scan or an album's page has.

    Parameters
    ----------
    photo
        As for `Colorizer.colorize`.

    Returns
    -------
    Crop or None
        What is inside the border; None where none is found.

    Raises
    ------
    PhotoError
        The photo cannot be read.

    Examples
    --------
    >>> from photochrom import border_of
    >>> border_of("photo.jpg") is None
    True
    """
    opened = as_photo(photo)
    height, width = opened.upright_size
    scale = min(1.0, _LONGEST / max(height, width))
    rows, columns = (max(1, round(side * scale)) for side in (height, width))
    lightness = lab_from_srgb(opened.upright_copy(rows, columns))[..., 0]
    top, bottom, left, right = _inside(lightness)
    if (top, bottom, left, right) == (0, rows, 0, columns):
        return None
    # the lines of the copy at the step show both
    first = [
        int(np.ceil((line + (line > 0)) * side / count))
        for line, side, count in ((left, width, columns), (top, height, rows))
    ]
    last = [
        int((line - (line < count)) * side / count)
        for line, side, count in ((right, width, columns), (bottom, height, rows))
    ]
    return Crop(first[0], first[1], last[0] - first[0], last[1] - first[1])


def _inside(lightness: Array) -> tuple[int, int, int, int]:
    """First and last row and column, the last exclusive, inside all borders of (h, w)."""
    top, left = 0, 0
    bottom, right = lightness.shape
    for _ in range(_MOST_FRAMES):
        above, below, before, behind = _bands(lightness[top:bottom, left:right])
        if not any((above, below, before, behind)):
            break
        top, bottom, left, right = top + above, bottom - below, left + before, right - behind
    return top, bottom, left, right


def _bands(part: Array) -> tuple[int, int, int, int]:
    """Widths of one border above, below, left and right of (h, w); zeros where there is none."""
    height, width = part.shape
    above, below = _band(part), _band(part[::-1])
    columns = part[above[0] : height - below[0]].T
    before, behind = _band(columns), _band(columns[::-1])
    sides = (above, below, before, behind)
    levels = [level for band, level in sides if band]
    remaining = min(1 - (above[0] + below[0]) / height, 1 - (before[0] + behind[0]) / width)
    if len(levels) < _FEWEST_SIDES or np.ptp(levels) > _ALIKE or remaining < _LEAST_SIDE:
        return 0, 0, 0, 0
    return _without_wedges(part, sides)


def _band(lines: Array) -> tuple[int, float]:
    """How many of the first lines of (h, w) are a band of one lightness; and that lightness."""
    level = float(np.median(lines[: max(1, len(lines) // 200)]))
    medians = np.median(lines, axis=1)
    close = np.abs(lines - medians[:, None]) < _TOLERANCE
    filled = (close.mean(axis=1) >= _FILLED) & (np.abs(medians - level) < _DRIFT)
    band = len(filled) if filled.all() else int(np.argmin(filled))
    reach = _step_width(lines)
    if not max(1, _LEAST_BAND * len(lines)) <= band < len(lines) - reach:
        return 0, level
    level = float(medians[band - 1])
    behind = np.abs(lines[band : band + reach] - level) < _TOLERANCE
    return (band, level) if behind.mean(axis=1).min() <= _STEP else (0, level)


def _step_width(lines: Array) -> int:
    return max(3, round(_STEP_WIDTH * max(lines.shape)))


def _without_wedges(part: Array, sides: tuple[tuple[int, float], ...]) -> tuple[int, int, int, int]:
    """The widths, and what a photo that lies askew leaves of the border at its corners."""
    above, below, before, behind = (band for band, _ in sides)
    levels = [level for _, level in sides]
    for _ in range(2):  # a wedge hides the end of its neighbour
        inside = part[above : len(part) - below, before : part.shape[1] - behind]
        seen = (inside, inside[::-1], inside.T, inside.T[::-1])
        wedges = [
            _wedge(lines, level) if band else 0
            for lines, (band, _), level in zip(seen, sides, levels, strict=True)
        ]
        above, below = above + wedges[0], below + wedges[1]
        before, behind = before + wedges[2], behind + wedges[3]
    return above, below, before, behind


def _wedge(lines: Array, level: float) -> int:
    """How many of the first lines of (h, w) begin or end in the border."""
    of_border = np.abs(lines[: _step_width(lines)] - level) < _TOLERANCE
    ends = (np.pad(side, ((0, 0), (0, 1))) for side in (of_border, of_border[:, ::-1]))
    runs = np.maximum(*(np.argmin(end, axis=1) for end in ends))
    clear = np.flatnonzero(runs <= _CLEAR * lines.shape[1])
    return int(clear[0]) if len(clear) else 0
