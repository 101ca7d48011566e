"""How a stored picture is shown upright: EXIF's orientation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Turn:
    """How to show a stored picture upright: mirror left to right, then turn counter-clockwise."""

    quarters: int = 0
    mirrored: bool = False

    @classmethod
    def from_exif(cls, orientation: int) -> Turn:
        """The turn of EXIF orientation 1..8."""
        quarters = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
        return cls(quarters, orientation in (2, 4, 5, 7))

    def apply(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Turn an array (H, W, ...) upright."""
        flipped = picture[:, ::-1] if self.mirrored else picture
        return np.rot90(flipped, self.quarters)

    def undo(self) -> tuple[int, bool]:
        """The same turn backwards, as (quarters, mirrored) with the mirror first."""
        return (self.quarters if self.mirrored else -self.quarters) % 4, self.mirrored
