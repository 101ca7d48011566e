"""One colour at one point of a photo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from photochrom.color.lab import LARGEST_AB, lab_from_srgb
from photochrom.errors import HintError
from photochrom.strokes import is_number


@dataclass(frozen=True)
class Hint:
    """One colour at one point; only the colour's ab is used, the photo keeps its lightness.

    Parameters
    ----------
    x, y
        Pixels of the upright full-size photo, right and down; (0, 0) is the centre of the top left
        pixel.
    ab
        a and b, CIE Lab units; (0, 0) is neutral. Colours outside sRGB at the pixel's lightness
        lose chroma until they fit.
    radius
        Radius around the point within which the colour is known, pixels of the photo; None for 1 %
        of its short side. From there the colour spreads over the object.
    reach
        Distance from the point beyond which the hint changes nothing, pixels of the photo, and at
        least 1.7 % of the short side; None to let the colour spread as far as the object goes.

    Raises
    ------
    HintError
        The place, the colour, the radius or the reach is invalid.

    Examples
    --------
    >>> from photochrom import Hint, colorize
    >>> neutral = Hint(225, 150, ab=(0, 0))
    >>> colorize("photo.jpg", hints=[neutral])
    <Result of photo.jpg, 451 x 300, by photochrom>
    """

    x: float
    y: float
    ab: tuple[float, float]
    radius: float | None = None
    reach: float | None = None

    def __post_init__(self) -> None:
        if not (is_number(self.x) and is_number(self.y)):
            raise HintError(None, f"x and y are {self.x!r} and {self.y!r}, but must be numbers")
        if not _is_ab(self.ab):
            raise HintError(
                None,
                f"ab is {self.ab!r}, but must be two numbers in -{LARGEST_AB:g}..{LARGEST_AB:g}",
            )
        for name in ("radius", "reach"):
            value = getattr(self, name)
            if value is not None and not (is_number(value) and value > 0):
                raise HintError(None, f"{name} is {value!r}, but must be a number above 0")

    @classmethod
    def from_srgb(
        cls, x: float, y: float, color: str, radius: float | None = None, reach: float | None = None
    ) -> Hint:
        """A hint of an sRGB colour, of which a and b are used.

        Parameters
        ----------
        x, y, radius, reach
            As of a `Hint`.
        color
            "#rrggbb", sRGB.

        Returns
        -------
        Hint
            A hint with the colour's ab.

        Raises
        ------
        HintError
            The text is not of this form.

        Examples
        --------
        >>> from photochrom import Hint
        >>> [round(value) for value in Hint.from_srgb(225, 150, "#8a5a3c").ab]
        [16, 25]
        """
        if not isinstance(color, str) or not re.fullmatch("#[0-9a-fA-F]{6}", color):
            raise HintError(None, f'color is {color!r}, but must be written "#rrggbb"')
        rgb = np.array(list(bytes.fromhex(color[1:])), np.float32) / 255
        _, a, b = lab_from_srgb(rgb).tolist()
        return cls(x, y, (a, b), radius, reach)


def _is_ab(value: Any) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(is_number(number) and abs(number) <= LARGEST_AB for number in value)
    )
