"""Figures of marks: precision, recall and F1 by pixel, with a tolerance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, generate_binary_structure, iterate_structure, label

Mask = NDArray[np.bool_]

TOLERANCE = 2
"""Pixels (in steps to a neighbour) that a mark may lie beside the damage."""
LARGE_MARK = 30
"""Pixels above which a mark on an undamaged photo is one that everybody sees."""

_DISK = iterate_structure(generate_binary_structure(2, 1), TOLERANCE)
_TOUCHING = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Tally:
    """Counts of pixels, which add up over photos.

    right: marked pixels near damage. marked: all marked ones. found: damaged pixels near a mark.
    damaged: all damaged ones.
    """

    right: int = 0
    marked: int = 0
    found: int = 0
    damaged: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.right + other.right,
            self.marked + other.marked,
            self.found + other.found,
            self.damaged + other.damaged,
        )

    @property
    def precision(self) -> float:
        """Share of the marked pixels that are right; 1 where nothing is marked."""
        return self.right / self.marked if self.marked else 1.0

    @property
    def recall(self) -> float:
        """Share of the damaged pixels that are found; 1 where nothing is damaged."""
        return self.found / self.damaged if self.damaged else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def tally(marks: Mask, damage: Mask, counts: Mask | None = None) -> Tally:
    """Compare marks (H, W) with damage (H, W).

    counts: false for pixels that are neither right nor wrong to mark; all count where None.
    """
    if counts is not None:
        marks = marks & counts
    near_damage, near_marks = binary_dilation(damage, _DISK), binary_dilation(marks, _DISK)
    return Tally(
        int((marks & near_damage).sum()),
        int(marks.sum()),
        int((damage & near_marks).sum()),
        int(damage.sum()),
    )


def has_large_mark(marks: Mask) -> bool:
    """Whether a connected mark has more than `LARGE_MARK` pixels."""
    pieces, _ = label(marks, _TOUCHING)
    return bool((np.bincount(pieces.ravel())[1:] > LARGE_MARK).any())


def threshold_for(probabilities: NDArray[np.float32], share: float) -> float:
    """The threshold above which at most a share of the pixels lies."""
    allowed = int(len(probabilities) * share)
    return float(np.partition(probabilities, -allowed - 1)[-allowed - 1])
