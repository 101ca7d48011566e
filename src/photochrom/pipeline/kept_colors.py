"""The photo's own colours, kept in a part of the full-size result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from photochrom.color.lab import Array
from photochrom.color.rgb_space import RgbSpace
from photochrom.filters.upsample import linear_positions
from photochrom.photo.strips import Coding, Pixels, StripPlan

Extent = tuple[tuple[float, float], tuple[float, float]]
"""A part of a picture: start and end, down and across, as shares of its height and width."""


@dataclass(frozen=True)
class Recoding:
    """The codes of a colour photo's strip in another space and type of number."""

    source: RgbSpace
    target: Coding

    def __call__(self, colors: Pixels) -> Pixels:
        """Recode (n, 3); the same codes where space and type are the same."""
        kind, space = self.target.kind, self.target.space
        if colors.dtype == kind and space is self.source:
            return colors
        light = np.stack([self.source.curve.decode(colors[:, band]) for band in range(3)], axis=-1)
        if space is not self.source:
            matrix = space.rgb_from_xyz @ self.source.xyz_from_rgb
            light = light @ matrix.T.astype(np.float32)
        return space.curve.encode(np.clip(light, 0, 1).astype(np.float32), kind)


class KeptColors:
    """Mixes the photo's own pixels into coloured ones, by a field of the small copy."""

    def __init__(self, plan: StripPlan, kept: Array, extent: Extent) -> None:
        """Prepare a picture; kept: (h, w), 0..1, of a small copy of the whole."""
        down, across = extent
        left, right, share = linear_positions(plan.width, kept.shape[1], across)
        self.columns = kept.take(left, axis=1) * (1 - share) + kept.take(right, axis=1) * share
        self.rows = linear_positions(plan.height, kept.shape[0], down)

    def mix(self, colored: Pixels, recoded: Recoding, strip: Pixels, top: int) -> None:
        """Change the coloured strip (rows, W, 3 or 4) in place; strip: (rows, W, 3 or 4)."""
        above, below, share = (values[top : top + len(strip)] for values in self.rows)
        upper = self.columns[above]
        kept = upper + share[:, None] * (self.columns[below] - upper)
        places = kept > 0
        if not places.any():
            return
        weight, new = kept[places][:, None], colored[places][:, :3]
        own = recoded(strip[places][:, :3])
        mixed = new + weight * (own.astype(np.float32) - new)
        colored[places, :3] = mixed if colored.dtype.kind == "f" else np.rint(mixed)
