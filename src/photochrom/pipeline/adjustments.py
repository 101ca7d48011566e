"""Adjustments of colours after the network: saturation, warmth, tint, smoothness.

They are applied to the small copy, in a few milliseconds whatever the photo's size. The full-size
pass reduces the chroma of colours that they move out of gamut, at the photo's own lightness.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from photochrom.color.lab import Array
from photochrom.filters.guided_filter import guided_coefficients
from photochrom.filters.upsample import LinearChroma, linear_chroma
from photochrom.options import ADJUSTMENTS, ColorizeOptions, check_ranges

SHIFT = 20.0
"""Lab units that a warmth or tint of 1 shifts colours by."""
MAX_RADIUS = 0.08
"""Radius of the smoothing windows at a smoothness of 1, short sides of the picture."""
EPSILON = 9.0
"""Regularisation of the guided filter, squared units of L: edges above some 6 units keep colours
apart."""


@dataclass(frozen=True)
class Adjustments:
    """Changes of colour after the network; the defaults change nothing.

    Parameters
    ----------
    saturation
        Factor on a and b, 0 (grey) to 3.
    warmth
        -1 (bluer) to 1 (yellower); 1 is 20 Lab units of b.
    tint
        -1 (greener) to 1 (more magenta); 1 is 20 Lab units of a.
    smooth
        0 to 1: how far colours are evened out where no edge of L lies between.

    Raises
    ------
    ConfigError
        A value is out of range.

    Examples
    --------
    >>> import photochrom
    >>> photochrom.colorize("photo.jpg").adjusted_by(photochrom.Adjustments(saturation=1.2))
    <Result of photo.jpg, 451 x 300, by photochrom>
    """

    saturation: float = ColorizeOptions.saturation
    warmth: float = ColorizeOptions.warmth
    tint: float = ColorizeOptions.tint
    smooth: float = ColorizeOptions.smooth

    def __post_init__(self) -> None:
        check_ranges(self, ADJUSTMENTS)

    @classmethod
    def of(cls, options: ColorizeOptions) -> Adjustments:
        """The adjustments among the options of a photo.

        Parameters
        ----------
        options
            The options.

        Returns
        -------
        Adjustments
            Their saturation, warmth, tint and smooth.

        Examples
        --------
        >>> from photochrom import Adjustments, ColorizeOptions
        >>> Adjustments.of(ColorizeOptions(vividness=1, tint=0.1)).tint
        0.1
        """
        return cls(**{name: getattr(options, name) for name in ADJUSTMENTS})

    def apply(
        self, ab: Array, chroma: LinearChroma, lightness: Array
    ) -> tuple[Array, LinearChroma]:
        """Change the colours of a small copy.

        Parameters
        ----------
        ab
            (h, w, 2), CIE Lab units.
        chroma
            The linear model of ab by L that was fitted to it.
        lightness
            (h, w), CIE L, 0 to 100.

        Returns
        -------
        tuple
            The changed ab and linear model.

        Examples
        --------
        >>> import photochrom
        >>> result = photochrom.colorize("photo.jpg")
        >>> half = photochrom.Adjustments(saturation=0.5)
        >>> ab, chroma = half.apply(result.ab, result.chroma, result.lightness)
        >>> bool((ab == result.ab / 2).all())
        True
        """
        if self.smooth > 0:
            radius = max(1, round(self.smooth * MAX_RADIUS * min(lightness.shape)))
            slope, offset = guided_coefficients(ab, lightness, radius, EPSILON)
            ab = slope * lightness[..., None] + offset
            chroma = replace(linear_chroma(ab, lightness), kept=chroma.kept)
        gain = np.float32(self.saturation)
        shift = np.array([SHIFT * self.tint, SHIFT * self.warmth], np.float32)
        slope, offset = chroma.slope * gain, chroma.offset * gain + shift
        return ab * gain + shift, LinearChroma(slope, offset, chroma.kept)
