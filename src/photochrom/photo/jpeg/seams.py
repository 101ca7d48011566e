"""Where damage to a JPEG's data shows in its picture: all below is shifted, and of another shade.

A decoder that meets damage counts MCUs wrongly, and adds a constant to all that follows, because
shades are coded as differences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Means = NDArray[np.float32]
"""(rows, columns, bands): the mean of every MCU, 0..255."""

_NEAR, _FARTHEST = 2, 24
"""Rows of MCUs that belong to one seam; MCUs by which a decoder is thought to count wrongly."""
_SHIFTED = 1.5
"""How many times as much as elsewhere a shift must help, for a row to be named."""


def shifted_row(means: Means) -> int | None:
    """The row of MCUs from which on the picture is shifted; None where unsure.

    The rows around it agree better once one of them is shifted, which helps no other rows.
    """
    rows = means.mean(axis=2)
    above, below = rows[:-2], rows[2:]  # the row between may be damaged in its second half
    width = rows.shape[1]
    if len(above) < 2 * _NEAR + 2 or width < 4:
        return None
    apart = np.abs(below - above).mean(axis=1)
    closest = apart
    reach = min(_FARTHEST, width // 3)
    for shift in range(-reach, reach + 1):
        start, stop = max(0, shift), width + min(0, shift)
        change = below[:, start - shift : stop - shift] - above[:, start:stop]
        change -= np.median(change, axis=1, keepdims=True)
        closest = np.minimum(closest, np.abs(change).mean(axis=1))
    gain = apart - closest
    place = int(gain.argmax())
    others = np.delete(gain, slice(max(0, place - _NEAR), place + _NEAR + 1))
    return place + 1 if gain[place] >= _SHIFTED * max(1.0, float(others.max())) else None
