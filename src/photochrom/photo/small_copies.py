"""A photo read small: as stored or upright, as floats or as a screen shows it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from photochrom.color.lab import Array
from photochrom.color.rgb_space import RgbSpace
from photochrom.photo.orientation import Turn
from photochrom.photo.reduction import as_srgb
from photochrom.photo.strips import Pixels


class SmallCopies(ABC):
    """What can be read of a photo at any size that is not its own.

    space: of its codes. turn: how it is shown upright. color_bands: 1 for grey, 3 for colour.
    """

    space: RgbSpace
    turn: Turn

    @property
    @abstractmethod
    def color_bands(self) -> int:
        """1 for grey, 3 for colour; an alpha band is not counted."""

    @abstractmethod
    def _reduced(self, height: int, width: int) -> Array:
        """Codes (height, width, bands) of the photo's own space, 0..1."""

    def small_copy(self, height: int, width: int) -> Array:
        """Read the photo reduced to a given size, in stored orientation.

        Parameters
        ----------
        height, width
            Pixels.

        Returns
        -------
        numpy.ndarray
            (height, width, 3), float32, sRGB, 0 to 1.

        Raises
        ------
        PhotoError
            The file is damaged.

        Examples
        --------
        >>> from pathlib import Path
        >>> from photochrom import Photo
        >>> Photo(Path("photo.jpg")).small_copy(30, 45).shape
        (30, 45, 3)
        """
        return as_srgb(self._reduced(height, width)[..., : self.color_bands], self.space)

    def upright_copy(self, height: int, width: int) -> Array:
        """Read the photo reduced to a given size, upright.

        Parameters
        ----------
        height, width
            Pixels.

        Returns
        -------
        numpy.ndarray
            (height, width, 3), float32, sRGB, 0 to 1.

        Raises
        ------
        PhotoError
            The file is damaged.

        Examples
        --------
        >>> from pathlib import Path
        >>> from photochrom import Photo
        >>> Photo(Path("photo.jpg")).upright_copy(30, 45).shape
        (30, 45, 3)
        """
        sideways = self.turn.quarters % 2
        stored = self.small_copy(*((width, height) if sideways else (height, width)))
        return np.ascontiguousarray(self.turn.apply(stored))

    def small_for_screen(self, height: int, width: int) -> Pixels:
        """Read the photo reduced to a given size, in stored orientation, as `for_screen` shows it.

        Parameters
        ----------
        height, width
            Pixels.

        Returns
        -------
        numpy.ndarray
            (height, width, bands), uint8, sRGB.

        Raises
        ------
        PhotoError
            The file is damaged.

        Examples
        --------
        >>> from pathlib import Path
        >>> from photochrom import Photo
        >>> Photo(Path("photo.jpg")).small_for_screen(30, 45).shape
        (30, 45, 1)
        """
        values = self._reduced(height, width)
        colors = self.color_bands
        values[..., :colors] = as_srgb(values[..., :colors], self.space)[..., :colors]
        return np.rint(255 * values).astype(np.uint8)
