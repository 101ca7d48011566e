"""The part of a photo that a result shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from photochrom.errors import ConfigError, Option, PhotoError

TURNS = (0, 90, 180, 270)
"""Degrees by which a result may be turned clockwise."""
_GEOMETRY = re.compile(r"(\d{1,9})x(\d{1,9})\+(\d{1,9})\+(\d{1,9})", re.ASCII)


@dataclass(frozen=True)
class Crop:
    """A rectangle of whole pixels, written WxH+X+Y as ImageMagick does.

    Parameters
    ----------
    left, top
        The first column and row, pixels of the upright photo, from 0.
    width, height
        Pixels, at least 1.

    Raises
    ------
    ConfigError
        A number is negative or none, or the rectangle is empty.

    Examples
    --------
    >>> from photochrom import Crop, colorize
    >>> middle = Crop(100, 50, width=250, height=200)
    >>> str(middle)
    '250x200+100+50'
    >>> colorize("photo.jpg").save("middle.png", crop=middle)
    PosixPath('middle.png')
    """

    left: int
    top: int
    width: int
    height: int

    def __post_init__(self) -> None:
        sides, corner = (self.width, self.height), (self.left, self.top)
        if not all(type(value) is int for value in (*corner, *sides)):
            raise ConfigError(Option("crop", str(self)), "must have whole numbers of pixels")
        if min(sides) < 1 or min(corner) < 0:
            raise ConfigError(
                Option("crop", str(self)), "must be at least one pixel, and begin inside the photo"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """A crop of its written form.

        Parameters
        ----------
        text
            "WxH+X+Y": width, height, first column and first row.

        Returns
        -------
        Crop
            The rectangle.

        Raises
        ------
        ConfigError
            The text is not of this form, or the rectangle is empty.

        Examples
        --------
        >>> from photochrom import Crop
        >>> Crop.parse("250x200+100+50")
        Crop(left=100, top=50, width=250, height=200)
        """
        found = _GEOMETRY.fullmatch(text)
        if found is None:
            raise ConfigError(
                Option("crop", text), "must be written WxH+X+Y, such as 800x600+100+50"
            )
        width, height, left, top = map(int, found.groups())
        return cls(left, top, width, height)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}+{self.left}+{self.top}"

    @property
    def right(self) -> int:
        """The column behind the last."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The row below the last."""
        return self.top + self.height


def framed_size(
    photo: tuple[int, int], crop: Crop | None, turn: int, name: str = "the photo"
) -> tuple[int, int]:
    """Height and width of what a crop and a turn leave of an upright photo of this size.

    turn: degrees, one of TURNS. Raises PhotoError, with the photo's name, where the crop reaches
    beyond the photo.
    """
    height, width = photo
    if crop is not None:
        if crop.right > width or crop.bottom > height:
            raise PhotoError(
                name,
                f"the crop {crop} reaches beyond its {width} x {height} pixels",
                "choose a part of the photo",
            )
        height, width = crop.height, crop.width
    return (width, height) if turn % 180 else (height, width)
