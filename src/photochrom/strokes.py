"""Strokes of a mask brush: parts of a photo whose colours are changed or kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from photochrom.errors import HintError, nearest_name

VALUES = {"saturation": (0.0, 3.0), "vividness": (0.0, 1.0)}
"""Smallest and largest value of the effects that have one."""
EFFECTS = ("erase", "original", *VALUES)

_LARGEST_COORDINATE = 1e9  # pixels; larger than any photo


@dataclass(frozen=True)
class Stroke:
    """A line that a brush painted, and what happens to the colours under it.

    Parameters
    ----------
    effect
        "erase": hints have no effect there. "original": the photo keeps the colours that it came
        with, none where it is grey. "saturation", "vividness": those options have `value` there.
    points
        x and y of the line's points, pixels of the upright full-size photo.
    radius
        Radius of the brush, pixels of the photo; the effect fades over the outer third.
    value
        Of "saturation" (0 to 3, a factor beside that of the whole photo) and "vividness" (0 to 1,
        instead of that of the whole photo); None for the other effects.

    Raises
    ------
    HintError
        The effect is unknown, or a number is invalid.

    Examples
    --------
    >>> from photochrom import Stroke, colorize
    >>> gray = Stroke("saturation", [(100, 150), (300, 150)], radius=20, value=0)
    >>> colorize("photo.jpg", strokes=[gray])
    <Result of photo.jpg, 451 x 300, by photochrom>
    """

    effect: str
    points: Sequence[tuple[float, float]]
    radius: float
    value: float | None = None

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS:
            near = nearest_name(str(self.effect), EFFECTS)
            advice = f"did you mean {near}?" if near else f"known: {', '.join(EFFECTS)}"
            raise HintError(None, f"unknown effect {self.effect!r}", advice)
        if not (
            isinstance(self.points, Sequence) and self.points and all(map(_is_point, self.points))
        ):
            raise HintError(None, "points must be a list of at least one [x, y]")
        if not (is_number(self.radius) and self.radius > 0):
            raise HintError(None, f"radius is {self.radius!r}, but must be a number above 0")
        self._check_value()
        points = tuple((float(x), float(y)) for x, y in self.points)
        object.__setattr__(self, "points", points)  # hashable

    def _check_value(self) -> None:
        if self.effect not in VALUES:
            if self.value is not None:
                raise HintError(None, f"the effect {self.effect} has no value", "leave it out")
            return
        low, high = VALUES[self.effect]
        if self.value is None or not is_number(self.value) or not low <= self.value <= high:
            raise HintError(None, f"value is {self.value!r}, but must lie in {low:g}..{high:g}")


def is_number(value: Any) -> bool:
    """Whether a value is a finite number that may be a coordinate."""
    types = (int, float, np.integer, np.floating)
    is_real = isinstance(value, types) and not isinstance(value, bool)
    return bool(is_real and abs(value) <= _LARGEST_COORDINATE)


def _is_point(point: Any) -> bool:
    return isinstance(point, tuple | list) and len(point) == 2 and all(map(is_number, point))
