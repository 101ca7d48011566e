"""How a stored picture is shown upright: EXIF's orientation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.crops import Crop

_TURNS = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}
"""Quarters counter-clockwise of EXIF's orientations."""
_MIRRORED = (2, 4, 5, 7)


@dataclass(frozen=True)
class Turn:
    """How to show a stored picture upright: mirror left to right, then turn counter-clockwise."""

    quarters: int = 0
    mirrored: bool = False

    @classmethod
    def from_exif(cls, orientation: int) -> Turn:
        """The turn of EXIF orientation 1..8."""
        return cls(_TURNS.get(orientation, 0), orientation in _MIRRORED)

    @property
    def exif(self) -> int:
        """The EXIF orientation of this turn, 1..8."""
        return next(
            orientation
            for orientation, quarters in _TURNS.items()
            if quarters == self.quarters and (orientation in _MIRRORED) == self.mirrored
        )

    def then(self, degrees: int) -> Turn:
        """Turn like this, and then clockwise by a multiple of 90 degrees."""
        return Turn((self.quarters - degrees // 90) % 4, self.mirrored)

    def apply(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Turn an array (H, W, ...) upright."""
        flipped = picture[:, ::-1] if self.mirrored else picture
        return np.rot90(flipped, self.quarters)

    def stored(self, crop: Crop, upright: tuple[int, int]) -> Crop:
        """Where a part of the upright picture lies in the stored one.

        upright: height and width of the upright picture.
        """
        left, top, width, height = crop.left, crop.top, crop.width, crop.height
        down, across = upright
        for _ in range(self.quarters):  # each step turns the picture clockwise
            left, top, width, height = down - top - height, left, height, width
            down, across = across, down
        if self.mirrored:
            left = across - left - width
        return Crop(left, top, width, height)

    def stored_point(
        self, point: tuple[float, float], upright: tuple[int, int]
    ) -> tuple[float, float]:
        """Where a point (x, y) of the upright picture lies in the stored one.

        (0, 0) is the centre of the first pixel. upright: height and width of the upright picture.
        """
        x, y = point
        down, across = upright
        for _ in range(self.quarters):  # each step turns the picture clockwise
            x, y = down - 1 - y, x
            down, across = across, down
        return (across - 1 - x if self.mirrored else x), y

    def undo(self) -> tuple[int, bool]:
        """The same turn backwards, as (quarters, mirrored) with the mirror first."""
        return (self.quarters if self.mirrored else -self.quarters) % 4, self.mirrored
