"""Where shots begin: hard cuts, dissolves and fades, found on thumbnails; flashes are no cuts.

Thumbnails are compared after their mean and contrast were matched, because old films pulse in
brightness, and each block of one with the best of the blocks around its place in the other, because
things and cameras move. The difference of two unlike pictures is then about 1, that of the same
picture in motion about 0.1 to 0.3. Thresholds are measured by `benchmarks/video.py --shots`.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np

from photochrom.color.lab import Array
from photochrom.filters.guided_filter import window_mean
from photochrom.photo.strips import Pixels

THUMBNAIL = 27, 48
"""Rows and columns."""
CUT = 0.42
"""Least difference of the pictures before and after a cut."""
CUT_RISE = 2.5
"""How many times the usual difference around it a cut's is."""
AROUND = 8
"""Pictures to each side whose differences are the usual ones."""
FLASH = 5
"""Longest flash, pictures."""
SAME = 0.6
"""Share of a jump's difference below which the pictures before and after a flash are the same."""
GRADUAL = ((32, 0.8, 1.2), (20, 0.85, 1.2), (12, 0.88, 1.0))
"""Lengths of dissolves that are looked for, pictures, the longest first, whose middle is surest;
for each, the largest contrast of its middle as a share of its ends' (two pictures fade each other,
while one that moves stays as it is), and the least difference of its ends."""
MIXTURE = 0.7
"""Largest difference of a dissolve's middle from the mean of its ends, as a share of theirs."""
STILL_DISSOLVE = 0.5, 0.45, 0.8, 0.9
"""Of pictures that hardly move: least difference of the ends, largest one of the middle from their
mean as a share of it and of the middle's difference from each end, largest contrast."""
FLATTEST = 0.45
"""Contrast, as a share of the ends', below which it is a flash or a fade."""
VALLEY = 3
"""Pictures to each side of the middle, none of which has clearly less contrast."""
DARK = 3.0
"""Standard deviation of codes below which a picture is blank, as between fades."""
SHORTEST = 5
"""Pictures of the shortest shot."""

_SHIFTS = [(down, right) for down in range(-2, 3) for right in range(-3, 4)]


@dataclass(frozen=True)
class Shot:
    """Pictures `first` to `end - 1` of a film."""

    first: int
    end: int

    def __len__(self) -> int:
        return self.end - self.first


class ShotFinder:
    """Finds shots in a film's thumbnails, of which it keeps the last few, and 17 bytes of each."""

    def __init__(self) -> None:
        self.starts: list[int] = [0]
        self._thumbnails: list[Array] = []
        self._jumps, self._contrasts, self._blank = array("d"), array("d"), bytearray()
        self._dropped = 0
        self._gradual_end = 0

    def add(self, thumbnail: Pixels) -> None:
        """Add the next picture's thumbnail, uint8."""
        codes = thumbnail.astype(np.float32)
        deviation = float(codes.std())
        self._blank.append(deviation < DARK)
        self._contrasts.append(deviation)
        matched = (codes - codes.mean()) / max(deviation, DARK)
        before = self._thumbnails[-1] if self._thumbnails else matched
        self._jumps.append(difference(before, matched))
        self._thumbnails.append(matched)
        self._look(len(self._jumps) - 1 - _DELAY)
        while len(self._thumbnails) > 2 * _DELAY + 2:
            self._thumbnails.pop(0)
            self._dropped += 1

    def shots(self) -> list[Shot]:
        """The shots of all pictures that were added."""
        count = len(self._jumps)
        for place in range(max(0, count - _DELAY), count):
            self._look(place)
        starts = [start for start in self.starts if start < count] or [0]
        return [Shot(*pair) for pair in zip(starts, [*starts[1:], count], strict=True)]

    def _look(self, place: int) -> None:
        if place < 1:
            return
        if self._is_cut(place) or self._blank_ends(place) or self._is_dissolve(place):
            self._begin(place)

    def _begin(self, place: int) -> None:
        if place - self.starts[-1] >= SHORTEST:
            self.starts.append(place)

    def _thumbnail(self, place: int) -> Array | None:
        index = place - self._dropped
        return self._thumbnails[index] if 0 <= index < len(self._thumbnails) else None

    def _is_cut(self, place: int) -> bool:
        jump = self._jumps[place]
        if jump < CUT or self._blank[place] or self._blank[place - 1]:
            return False
        sides = self._jumps[max(1, place - AROUND) : place + AROUND + 1]
        usual = float(np.median(sides))
        if jump < CUT_RISE * usual or jump < max(self._jumps[max(1, place - 2) : place + 3]):
            return False
        return not self._in_flash(place)

    def _in_flash(self, place: int) -> bool:
        """Whether the picture before a jump comes back soon, or the one behind was there before."""
        before, after = self._thumbnail(place - 1), self._thumbnail(place)
        limit = SAME * self._jumps[place]
        for step in range(1, FLASH + 1):
            later, earlier = self._thumbnail(place + step), self._thumbnail(place - 1 - step)
            if before is not None and later is not None and difference(before, later) < limit:
                return True
            if after is not None and earlier is not None and difference(earlier, after) < limit:
                return True
        return False

    def _blank_ends(self, place: int) -> bool:
        """Whether a fade was in the middle of its blank pictures here."""
        if not self._blank[place]:
            return False
        first = place
        while first > 0 and self._blank[first - 1]:
            first -= 1
        end = place
        while end < len(self._blank) and self._blank[end]:
            end += 1
        return first > 0 and end < len(self._blank) and place == (first + end) // 2

    def _is_dissolve(self, place: int) -> bool:
        """Whether the picture is a mixture in equal parts of those some way before and behind."""
        middle = self._thumbnail(place)
        if middle is None or place < self._gradual_end or not self._in_valley(place):
            return False
        for length, flat, unlike in GRADUAL:
            first, last = place - length // 2, place + length // 2
            before, after = self._thumbnail(first), self._thumbnail(last)
            if before is None or after is None or first < self.starts[-1]:
                continue
            contrast = self._contrast(first, place, last)
            if contrast is None or max(self._jumps[first : last + 1]) > 1.6 * CUT:
                continue
            apart, mixed, like_ends = _mixture(before, middle, after)
            least, most, of_ends, most_contrast = STILL_DISSOLVE
            moving = contrast <= flat and apart >= unlike and mixed <= MIXTURE
            still = contrast <= most_contrast and apart >= least and mixed <= most
            if moving or (still and like_ends <= of_ends):
                self._gradual_end = place + GRADUAL[1][0]
                return True
        return False

    def _in_valley(self, place: int) -> bool:
        around = self._contrasts[max(0, place - VALLEY) : place + VALLEY + 1]
        return self._contrasts[place] <= 1.03 * min(around)

    def _contrast(self, first: int, place: int, last: int) -> float | None:
        """Contrast as a share of the ends'; None in a flash or a fade."""
        contrasts = self._contrasts
        ends = (contrasts[first] + contrasts[last]) / 2
        around = sorted(contrasts[place - VALLEY : place + VALLEY + 1])
        if ends < DARK or around[-2] > 0.95 * ends:
            return None
        if min(contrasts[first : last + 1]) < max(DARK, FLATTEST * ends):
            return None
        return contrasts[place] / ends


def _mixture(before: Array, middle: Array, after: Array) -> tuple[float, float, float]:
    """How far the ends of a dissolve are apart, and its middle from their mean.

    The latter as a share of the ends' difference, and of the middle's from the nearer end.
    """
    apart = difference(before, after)
    mean: Array = (before + after) / np.float32(2)
    mean /= np.float32(max(float(mean.std()), 1e-3))
    own = difference(mean, middle)
    others = min(difference(before, middle), difference(after, middle))
    return apart, own / max(apart, 1e-3), own / max(others, 1e-3)


_DELAY = GRADUAL[0][0] // 2 + FLASH + 1
"""Pictures that must be known behind the one that is judged."""


def difference(first: Array, second: Array) -> float:
    """Difference of two thumbnails of mean 0 and deviation 1; 0 for equal ones, about 1 for others.

    The mean over places of the least difference of a block of 3 x 3 from those around.
    """
    rows, columns = first.shape
    padded = np.pad(second, ((2, 2), (3, 3)), mode="edge")
    apart = [
        np.abs(first - padded[2 + down : 2 + down + rows, 3 + right : 3 + right + columns])
        for down, right in _SHIFTS
    ]
    blocks = window_mean(np.stack(apart, axis=-1), 1)
    return float(blocks.min(axis=-1).mean()) * _UNLIKE


_UNLIKE = 2.0
"""Makes the difference of two unlike pictures about 1."""
