"""Is a picture grey, toned, or in colour already?

A toned print (sepia, cyanotype, selenium) has one colour for each lightness; so does a grey one,
with noise. In a colour photo, pixels of one lightness differ. What differs in a scan of a grey
photo is not the picture:

    yellowed paper, tape    its colours lie on one line through the neutral, a yellow or brown one
    a coloured mat          rows and columns of one colour along the edges, which are left out
    a colour target         lies along one side; the picture must have colour without any side
    ink, stamps, dust       thin or small: no window is filled by it
    colour fringes          follow the edges of lightness, as channels do that are out of register
    moire, a screen's dots  fine, periodic and of one strength everywhere

What is left makes a picture in colour where it is of several hues, or fills windows: few of them
with a strong colour (a flower in a grey scene), or many with a weak one (snow, fog, night). So do
two hues with a jump between them (a sky above a meadow), each of which is usual for its lightness:
the hue of a toned print changes with lightness little by little.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.filters.guided_filter import window_mean
from photochrom.filters.resize import resize

SIDE = 96
"""Short side of the copy that is looked at, pixels: averages out the chroma noise of JPEG."""
SMALLEST = 36
"""Short side, pixels, below which no window fits in, so that only single pixels can be judged."""
NEUTRAL = 2.0
"""Chroma below which a picture counts as grey, Lab units, for all but one pixel in a hundred."""
YELLOWED = 2.8
"""How far from one line through the neutral one pixel in a hundred of yellowed paper is."""
YELLOW = 45.0, 110.0
"""Hues of aged paper, glue and tape, degrees in ab."""
COARSEST_PATTERN, COARSEST_OF_STRONG = 0.8, 0.6
"""Largest `_fineness` of a picture in colour, and of one with strong colours in a few places.
Colour photos have -0.2 to 0.7, fringes, moire and dense writing mostly 0.7 to 1.7."""
STRONG, STRONG_FILL, STRONG_SHARE = 6.0, 0.8, 0.007
"""Difference from the tone, Lab units, in that part of a window; and the share of such windows."""
HUES_FINENESS, HUES = (0.45, 0.6, 0.7, 0.85), (1.2, 1.6, 1.6, 3.5)
"""How far off one line the colours of a picture of several hues are, Lab units, by `_fineness`."""
CELLS_FINENESS, CELLS, CELLS_HUES = (0.3, 0.5, 0.68, 0.78), (0.5, 0.6, 0.9, 2.5), 0.95
"""How much colour one cell in ten has, Lab units, by `_fineness`; the hues that must be there too.

All chosen on 512 colour photos and on the prints and scans of `benchmarks/tone.py`.
"""
HALF, HALF_CHROMA, APART, STEEPEST = 0.2, 12.0, 75.0, 1.5
"""Share of the picture that each of two hues has, its least chroma, degrees between the hues, and
from which change of ab by lightness they are no tone; a strong cyanotype on yellowed paper has 0.9.
"""

_LEVELS, _SMOOTHED = 49, 13
"""Lightnesses at which the usual colour is found, and of how many of them the median is taken: a
tone changes smoothly with lightness, a thing of one colour has few lightnesses."""
_CENTRE = 0.06
"""Part of each side that does not count for the usual colours: scans have worn edges."""
_MAT_CHROMA, _MAT_TOLERANCE, _MAT_FILL, _MAT_LIMIT = 4.0, 4.0, 0.9, 0.4
"""A mat's least chroma, how far that part of a row may be from it, and how much of a side it is."""
_TWELFTH = 30.0
"""Degrees of the circle of hues that count as one hue."""
_MAT_EDGE = 2
"""Pixels in which a mat and the picture mix."""
_CELL, _CELL_QUANTILE, _COLORED_CELLS = 12, 0.3, 0.9
_TARGET_CELLS, _TARGET = 0.25, 0.28
"""How much of one side a colour target may take: of the cells, of the pixels."""
_RADIUS = 6
"""Of the windows that a strong colour fills, pixels."""
_FINE = 3
"""Waves across the short side from which a pattern counts as fine."""
_LEAST = 1e-6
"""Keeps quotients finite where there is no colour at all."""
_FITS = 3
_ROBUST = 4.0
"""Lab units beyond which a pixel counts less for the fit of fringes."""


class Tone(Enum):
    """What a picture is: neutral, of one colour for each lightness, or in colour."""

    GRAY = "grey"
    TINTED = "tinted"
    COLOR = "color"


def tone_of(srgb: Array) -> Tone:
    """Judge a picture.

    srgb: (H, W, 3), 0..1, of any size; a small copy is as good as the whole.
    """
    height, width = srgb.shape[:2]
    scale = min(1.0, SIDE / min(height, width))
    small = resize(srgb, max(1, round(height * scale)), max(1, round(width * scale)))
    lab = lab_from_srgb(small)
    if np.quantile(np.hypot(lab[..., 1], lab[..., 2]), 0.99) < NEUTRAL:
        return Tone.GRAY
    lab = _without_mat(lab)
    if _has_two_hues(lab):
        return Tone.COLOR
    difference = lab[..., 1:] - _usual(lab)
    if min(lab.shape[:2]) < SMALLEST:
        differing = np.quantile(np.hypot(difference[..., 0], difference[..., 1]), 0.9)
        return Tone.COLOR if differing > STRONG and not _is_yellowed(lab) else Tone.TINTED
    difference = _without_fringes(difference, lab[..., 0])
    return Tone.COLOR if _is_colored(difference, yellowed=_is_yellowed(lab)) else Tone.TINTED


def _is_colored(difference: Array, *, yellowed: bool) -> bool:
    """Whether the differences from the tone, (h, w, 2), are those of a picture in colour."""
    fineness = _fineness(difference)
    if fineness > COARSEST_PATTERN:
        return False
    if not yellowed and fineness < COARSEST_OF_STRONG and _strong_share(difference) > STRONG_SHARE:
        return True
    hues = _hue_spread(difference)
    if hues > np.interp(fineness, HUES_FINENESS, HUES):
        return True
    colored = _cell_chroma(difference) > np.interp(fineness, CELLS_FINENESS, CELLS)
    return bool(colored) and hues > CELLS_HUES and not yellowed


def _without_mat(lab: Array) -> Array:
    """The part of (h, w, 3) inside a mat or border of one colour, which is on two sides or more."""
    ab = lab[..., 1:]
    top, bottom = _mat(ab), _mat(ab[::-1])
    columns = ab[top : len(ab) - bottom].swapaxes(0, 1)
    left, right = _mat(columns), _mat(columns[::-1])
    sides = (
        (top, ab[0]),
        (bottom, ab[-1]),
        (left, ab[:, 0]),
        (right, ab[:, -1]),
    )
    colors = np.array([np.median(line, axis=0) for width, line in sides if width])
    # a sky above and a meadow below are no mat
    if len(colors) < 2 or np.linalg.norm(colors - colors[0], axis=1).max() > _MAT_TOLERANCE:
        return lab
    inside = lab[top : len(lab) - bottom, left : lab.shape[1] - right]
    return inside if min(inside.shape[:2]) >= SMALLEST else lab


def _mat(ab: Array) -> int:
    """How many of the first rows of (h, w, 2) have one and the same colour that is not grey."""
    color = np.median(ab[0], axis=0)
    if np.hypot(*color) < _MAT_CHROMA:
        return 0
    rows = ab[: int(len(ab) * _MAT_LIMIT)] - color
    filled = (np.hypot(rows[..., 0], rows[..., 1]) < _MAT_TOLERANCE).mean(axis=1) >= _MAT_FILL
    width = len(filled) if filled.all() else int(np.argmin(filled))
    return width + _MAT_EDGE if width else 0


def _usual(lab: Array) -> Array:
    """The usual ab at each pixel's lightness, (h, w, 2): medians among the pixels nearest in L."""
    edges = [int(side * _CENTRE) for side in lab.shape[:2]]
    centre = lab[edges[0] : len(lab) - edges[0], edges[1] : lab.shape[1] - edges[1]].reshape(-1, 3)
    order = np.argsort(centre[:, 0], kind="stable")
    reach = max(16, len(centre) // 24) // 2
    places = np.linspace(0, len(centre) - 1, _LEVELS).astype(int)
    around = [order[max(0, place - reach) : place + reach + 1] for place in places]
    usual = np.array([np.median(centre[pixels, 1:], axis=0) for pixels in around])
    padded = np.pad(usual, [(_SMOOTHED // 2, _SMOOTHED // 2), (0, 0)], mode="edge")
    usual = np.median(sliding_window_view(padded, _SMOOTHED, axis=0), axis=-1)
    levels, inverse = np.unique(centre[order[places], 0], return_inverse=True)
    counts = np.bincount(inverse)
    bands = [
        np.interp(lab[..., 0], levels, np.bincount(inverse, usual[:, band]) / counts)
        for band in (0, 1)
    ]
    return np.stack(bands, axis=-1).astype(np.float32)


def _has_two_hues(lab: Array) -> bool:
    """Whether large parts of (h, w, 3) have two hues, with a jump between them."""
    colors = window_mean(lab, 2).reshape(-1, 3)
    colored = colors[np.hypot(colors[:, 1], colors[:, 2]) >= HALF_CHROMA]
    least = HALF * len(colors)
    if len(colored) < 2 * least:
        return False
    hues = np.degrees(np.arctan2(colored[:, 2], colored[:, 1])) % 360
    first = _most_of_one_hue(hues)
    away = np.abs((hues - np.median(hues[first]) + 180) % 360 - 180) >= APART
    if first.sum() < least or away.sum() < least:
        return False
    second = np.flatnonzero(away)[_most_of_one_hue(hues[away])]
    if len(second) < least:
        return False
    jump = np.median(colored[first], axis=0) - np.median(colored[second], axis=0)
    return bool(np.hypot(jump[1], jump[2]) >= STEEPEST * abs(jump[0]))


def _most_of_one_hue(hues: Array) -> NDArray[np.bool_]:
    """Which of hues, degrees, are in the fullest twelfth of the circle."""
    starts = np.arange(0, 360, 5)
    inside = (hues[:, None] - starts) % 360 < _TWELFTH
    return inside[:, inside.sum(axis=0).argmax()]


def _is_yellowed(lab: Array) -> bool:
    """Whether all colours of (h, w, 3) are more or less of one yellow or brown."""
    colors = lab[..., 1:].reshape(-1, 2)
    _, axes = np.linalg.eigh(colors.T @ colors)
    aside, along = axes[:, 0], axes[:, 1]
    if (colors @ along).mean() < 0:
        along = -along
    hue = np.degrees(np.arctan2(along[1], along[0]))
    on_line = np.quantile(np.abs(colors @ aside), 0.99) <= YELLOWED
    return bool(on_line and YELLOW[0] <= hue <= YELLOW[1])


def _without_fringes(difference: Array, lightness: Array) -> Array:
    """What channels that are out of register, scaled or out of focus do not explain, (h, w, 2).

    Such a fault makes colours that are proportional to the derivatives of lightness.
    """
    down, across = np.gradient(lightness)
    height, width = lightness.shape
    y, x = np.mgrid[:height, :width]
    scaled = (y - height / 2) / height * down + (x - width / 2) / height * across
    laplacian = np.gradient(down, axis=0) + np.gradient(across, axis=1)
    causes = np.stack([down, across, scaled, laplacian], axis=-1, dtype=np.float32).reshape(-1, 4)
    colors = difference.reshape(-1, 2)
    rest, weighted = colors, causes
    for _ in range(_FITS):
        fitted, *_ = np.linalg.lstsq(weighted.T @ causes, weighted.T @ colors, rcond=None)
        rest = colors - causes @ fitted
        weighted = causes / (1 + (rest**2).sum(axis=1, keepdims=True) / np.float32(_ROBUST**2))
    return rest.reshape(difference.shape)


def _fineness(difference: Array) -> float:
    """How fine, periodic and even colours are: about -0.4 (few regions) to 1.7 (a screen)."""
    height, width = difference.shape[:2]
    window = (np.hanning(height)[:, None] * np.hanning(width))[..., None]
    waves = (difference - difference.mean(axis=(0, 1))) * window
    power = (np.abs(np.fft.fft2(waves, axes=(0, 1))) ** 2).sum(axis=-1)
    cycles = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) * min(height, width)
    power[cycles < 0.5] = 0
    fine = np.fft.fftshift(np.where(cycles >= _FINE, power, 0))
    total = power.sum() + _LEAST
    peak = 2 * 25 * window_mean(fine, 2).max() / total  # a wave has two peaks, 5 x 5 bins each
    smooth = window_mean(difference, 4)
    regions = np.sqrt((smooth**2).sum() / ((difference**2).sum() + _LEAST))
    usual, strongest = np.quantile(np.hypot(difference[..., 0], difference[..., 1]), [0.5, 0.9])
    even = usual / (strongest + _LEAST)  # moire is everywhere, things are somewhere
    return float(fine.sum() / total + 0.5 * peak - 0.5 * regions + even - 0.3)


def _hue_spread(difference: Array) -> float:
    """How far one pixel in fifty is off the line that fits best, whichever side is left out.

    difference: (h, w, 2). Lab units, of windows, so that noise and thin lines do not count.
    """
    spreads = []
    for part in _without_a_side(window_mean(difference, 2), _TARGET):
        colors = part.reshape(-1, 2)
        _, axes = np.linalg.eigh(colors.T @ colors)
        spreads.append(float(np.quantile(np.abs(colors @ axes[:, 0]), 0.98)))
    return min(spreads)


def _strong_share(difference: Array) -> float:
    """Share of windows that a strong colour fills, whichever side is left out."""
    strong = np.hypot(difference[..., 0], difference[..., 1]) > STRONG
    share = window_mean(strong.astype(np.float32), _RADIUS)
    parts = _without_a_side(share, _TARGET)
    return min(float((part >= STRONG_FILL).mean()) for part in parts)


def _cell_chroma(difference: Array) -> float:
    """The chroma of one cell in ten, Lab units, whichever side is left out.

    A cell's colour is what most of its pixels have at least, so that lines on it do not count.
    """
    height, width = (side // _CELL for side in difference.shape[:2])
    top, left = ((side % _CELL) // 2 for side in difference.shape[:2])
    inner = difference[top : top + height * _CELL, left : left + width * _CELL]
    cells = inner.reshape(height, _CELL, width, _CELL, 2).swapaxes(1, 2)
    cells = cells.reshape(height, width, _CELL**2, 2)
    low, high = np.quantile(cells, [_CELL_QUANTILE, 1 - _CELL_QUANTILE], axis=2)
    least = np.where(low > 0, low, np.where(high < 0, high, 0))
    chroma = np.hypot(least[..., 0], least[..., 1])
    parts = _without_a_side(chroma, _TARGET_CELLS)
    return min(float(np.quantile(part, _COLORED_CELLS)) for part in parts)


def _without_a_side(values: Array, part: float) -> list[Array]:
    """Four parts of (h, w, ...): each without that part along one side."""
    height, width = values.shape[:2]
    rows, columns = max(1, int(height * part)), max(1, int(width * part))
    return [
        values[rows:],
        values[: height - rows],
        values[:, columns:],
        values[:, : width - columns],
    ]
