"""Keep only those connected pieces of a mask in which enough pixels are certain.

Two thresholds with hysteresis, as in Canny's edge detector: a scratch is certain in places and
likely in between; what is only likely anywhere is left out. Pieces are found as runs of pixels in
rows, so that memory follows what is marked and not the photo's size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.restoration.mask import BAND, DamageMask, Mask

_Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Piece:
    """One connected piece of a mask, as runs of pixels in rows.

    rows, starts, ends: (n,), ascending; a run ends before its `end`.
    """

    rows: _Ints
    starts: _Ints
    ends: _Ints

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Top, left, and where it ends: bottom and right."""
        left, right = int(self.starts.min()), int(self.ends.max())
        return int(self.rows[0]), left, int(self.rows[-1]) + 1, right

    def places(self) -> tuple[_Ints, _Ints]:
        """Rows and columns of its pixels."""
        lengths = self.ends - self.starts
        first = np.repeat(self.starts - (np.cumsum(lengths) - lengths), lengths)
        return np.repeat(self.rows, lengths), first + np.arange(lengths.sum())


class Pieces:
    """Collects the rows of a mask, from the top, and finds its connected pieces (8 neighbours)."""

    def __init__(self, width: int) -> None:
        """width: of the mask, pixels."""
        self.width = width
        self._height = 0
        self._runs: list[_Ints] = []

    def add(self, likely: Mask, certain: Mask) -> None:
        """Add the next rows (h, width): which pixels may be damaged, and which surely are."""
        edges = np.diff(np.pad(likely, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        rows, starts = np.nonzero(edges == 1)
        ends = np.nonzero(edges == -1)[1]
        sums = np.pad(np.cumsum(certain & likely, axis=1, dtype=np.int64), ((0, 0), (1, 0)))
        counts = sums[rows, ends] - sums[rows, starts]
        self._runs.append(np.stack([rows + self._height, starts, ends, counts]))
        self._height += len(likely)

    def kept(self, least: int) -> DamageMask:
        """The mask of the pieces with at least so many certain pixels."""
        runs, pieces = self._labelled()
        certain = np.bincount(pieces, weights=runs[3])
        kept = runs[:3, certain[pieces] >= least]
        bands = [
            self._drawn(kept, top, min(self._height, top + BAND))
            for top in range(0, self._height, BAND)
        ]
        return DamageMask(self.width, self._height, np.concatenate(bands))

    def all(self) -> list[Piece]:
        """Every piece, from the top."""
        runs, pieces = self._labelled()
        order = np.argsort(pieces, kind="stable")
        ends = np.flatnonzero(np.diff(pieces[order])) + 1
        return [Piece(*part[:3]) for part in np.split(runs[:, order], ends, axis=1) if part.size]

    def _labelled(self) -> tuple[_Ints, _Ints]:
        runs = np.concatenate([np.zeros((4, 0), np.int64), *self._runs], axis=1)
        return runs, _connected(runs, self.width + 2)

    def _drawn(self, runs: _Ints, top: int, bottom: int) -> NDArray[np.uint8]:
        rows, starts, ends = runs[
            :, np.searchsorted(runs[0], top) : np.searchsorted(runs[0], bottom)
        ]
        steps = np.zeros((bottom - top, self.width + 1), np.int8)
        steps[rows - top, starts] = 1
        steps[rows - top, ends] = -1
        return np.packbits(np.cumsum(steps[:, :-1], axis=1, dtype=np.int8).astype(bool), axis=1)


def _connected(runs: _Ints, stride: int) -> _Ints:
    """The number of the piece that each run belongs to."""
    rows, starts, ends, _ = runs
    # places in the row below, in one order for all rows
    below = (rows + 1) * stride
    first = np.searchsorted(rows * stride + ends, below + starts)
    last = np.searchsorted(rows * stride + starts, below + ends, side="right")
    touching = np.maximum(last - first, 0)
    one = np.repeat(np.arange(len(rows)), touching)
    other = np.arange(len(one)) - np.repeat(np.cumsum(touching) - touching, touching)
    other += np.repeat(first, touching)
    pieces = np.arange(len(rows))
    while (pieces[one] != pieces[other]).any():
        low, high = np.minimum(pieces[one], pieces[other]), np.maximum(pieces[one], pieces[other])
        np.minimum.at(pieces, high, low)
        while (pieces[pieces] != pieces).any():
            pieces = pieces[pieces]
    return pieces
