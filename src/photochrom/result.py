"""One coloured photo, not yet written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib import import_module
from typing import Any

import numpy as np

from photochrom._system.vips import pyvips
from photochrom.color.lab import Array, srgb_from_lab
from photochrom.color.rgb_space import SRGB
from photochrom.crops import Crop
from photochrom.drawing.confidence import confidence_picture
from photochrom.errors import ModelError, Option, PhotoError, Remedy
from photochrom.filters.upsample import LinearChroma
from photochrom.options import ColorizeOptions, SaveOptions
from photochrom.photo import (
    JPEG,
    Kind,
    Page,
    Photo,
)
from photochrom.photo.formats import EIGHT
from photochrom.photo.read_ahead import strips_of
from photochrom.photo.strips import Coding, Pixels
from photochrom.pipeline.adjustments import Adjustments
from photochrom.pipeline.full_size import colored_strips
from photochrom.references import Reference
from photochrom.writable import Writable, turned

_DISPLAY_CODING = Coding(SRGB, np.dtype(np.uint8))
_MAX_DISPLAY_SIDE = 1200
"""Largest side of a picture in a notebook, pixels."""


@dataclass(frozen=True)
class Result(Writable):
    """One coloured photo, not yet written: colours on a small copy, pixels still in the source.

    Colorizers and workspaces return it. Nothing is computed at full size before `rgb`, `image`,
    `save` or `encode` is used.

    Attributes
    ----------
    photo : Photo
        The input.
    model : str
        The name of the model.
    ab : numpy.ndarray
        (h, w, 2), CIE Lab units, on the small copy, upright.
    confidence : numpy.ndarray or None
        (h / s, w / s), 0 (every colour is as likely) to 1 (one colour is certain), at the network's
        stride s, upright; None where the model predicts no distribution.
    lightness : numpy.ndarray
        (h, w), CIE L, 0 to 100, of the small copy, upright.
    chroma : LinearChroma
        ab as a linear function of L, on the small copy, upright, which colours the pixels.

    Examples
    --------
    >>> import photochrom
    >>> result = photochrom.colorize("photo.jpg")
    >>> result.rgb.shape, result.rgb.dtype.name
    ((300, 451, 3), 'uint8')
    >>> result.ab.shape, result.confidence.shape
    ((192, 288, 2), (48, 72))
    """

    photo: Photo
    model: str
    ab: Array
    confidence: Array | None
    lightness: Array
    chroma: LinearChroma
    _threads: int | None

    def adjusted(
        self,
        *,
        saturation: float = ColorizeOptions.saturation,
        warmth: float = ColorizeOptions.warmth,
        tint: float = ColorizeOptions.tint,
        smooth: float = ColorizeOptions.smooth,
    ) -> Result:
        """The same photo with its colours changed; the network is not run again.

        Parameters
        ----------
        saturation
            Factor on a and b, 0 (grey) to 3.
        warmth
            -1 (bluer) to 1 (yellower); 1 is 20 Lab units of b.
        tint
            -1 (greener) to 1 (more magenta); 1 is 20 Lab units of a.
        smooth
            0 to 1: how far colours are evened out where no edge of lightness lies between.

        Returns
        -------
        Result
            Another result; this one stays as it is.

        Raises
        ------
        ConfigError
            A value is out of range.

        Examples
        --------
        >>> import photochrom
        >>> gray = photochrom.colorize("photo.jpg").adjusted(saturation=0)
        >>> float(abs(gray.ab).max())
        0.0
        """
        return self.adjusted_by(Adjustments(saturation, warmth, tint, smooth))

    def adjusted_by(self, adjustments: Adjustments) -> Result:
        """The same photo with its colours changed by an `Adjustments`.

        Parameters
        ----------
        adjustments
            The changes. They add to earlier ones; smoothing blurs hints as well.

        Returns
        -------
        Result
            Another result; this one stays as it is.

        Examples
        --------
        >>> import photochrom
        >>> warm = photochrom.Adjustments(warmth=0.2)
        >>> photochrom.colorize("photo.jpg").adjusted_by(warm)
        <Result of photo.jpg, 451 x 300, by photochrom>
        """
        if adjustments == Adjustments():
            return self
        ab, chroma = adjustments.apply(self.ab, self.chroma, self.lightness)
        return replace(self, ab=ab, chroma=chroma)

    def as_reference(self) -> Reference:
        """The result as a reference for other photos: how corrections by hand lead an album.

        Returns
        -------
        Reference
            The small copy with these colours.

        Examples
        --------
        >>> from photochrom import Hint, colorize
        >>> corrected = colorize("photo.jpg", hints=[Hint(225, 150, ab=(40, 20))])
        >>> colorize("photo.jpg", references=[corrected.as_reference()])
        <Result of photo.jpg, 451 x 300, by photochrom>
        """
        lab = np.concatenate([self.lightness[..., None], self.ab], axis=-1, dtype=np.float32)
        codes = np.rint(255 * srgb_from_lab(lab)).astype(np.uint8)
        return Reference.of_srgb(self.photo.name, codes)

    @cached_property
    def rgb(self) -> Pixels:
        """The coloured photo, (H, W, 3) or (H, W, 4), upright sRGB, of the input's depth.

        uint8 and uint16 reach from 0 to 255 and 65535; of floats 1 is white.
        """
        return self._upright(Coding(SRGB, self.photo.stored_dtype))

    def __repr__(self) -> str:
        """Photo, size and model, without the arrays."""
        height, width = self.photo.upright_size
        return f"<Result of {self.photo.name}, {width} x {height}, by {self.model}>"

    @property
    def image(self) -> Any:
        """The coloured photo as a `PIL.Image.Image` of 8 bits, RGB or RGBA, upright sRGB.

        Raises ImportError where Pillow is not installed.
        """
        image = import_module("PIL.Image")  # Pillow is no dependency of the runtime

        return image.fromarray(self._upright(_DISPLAY_CODING))

    def _repr_png_(self) -> bytes:
        """A PNG for notebooks, reduced where it is larger than a screen."""
        image = pyvips.Image.new_from_array(self._upright(_DISPLAY_CODING))
        reduced = image.thumbnail_image(_MAX_DISPLAY_SIDE, size="down")
        return bytes(reduced.write_to_buffer(".png"))

    def confidence_picture(self) -> Pixels:
        """The confidence map in colours, with a legend.

        Returns
        -------
        numpy.ndarray
            (h, w, 3), uint8, sRGB, in the photo's aspect with the legend below: dark where the
            colours are a guess, yellow where the network is sure.

        Raises
        ------
        ModelError
            The model predicts no confidence.

        Examples
        --------
        >>> import photochrom
        >>> photochrom.colorize("photo.jpg").confidence_picture().shape
        (368, 451, 3)
        """
        if self.confidence is None:
            raise ModelError(self.model, "predicts no confidence", "choose another model")
        return confidence_picture(self.confidence, self.photo.upright_size)

    def _page(self, file_format: Kind, saving: SaveOptions) -> Page:
        if saving.reversible:
            return self._reversible_page(file_format, saving)
        return super()._page(file_format, saving)

    def _reversible_page(self, file_format: Kind, saving: SaveOptions) -> Page:
        if file_format is not JPEG:
            raise PhotoError(
                self.photo.name,
                f"cannot be coloured reversibly into a {file_format.name} file",
                Remedy(
                    "leave {} out, or write a JPEG",
                    Option("reversible", True),
                    otherwise="ask for a JPEG",
                ),
            )
        from photochrom.pipeline.reversible import gray_jpeg_of, reversible_jpeg

        gray = gray_jpeg_of(self.photo)
        chroma = self.chroma.turned(*self.photo.turn.undo())
        page = Page(self.photo, iter(()), Coding(self.photo.space, EIGHT), False)
        encoded = partial(reversible_jpeg, page, gray, chroma, saving, self._threads)
        return replace(page, encoded=encoded)

    def _strips(self, coding: Coding, part: Crop | None = None) -> Iterator[Pixels]:
        """The coloured strips, of all or of a part as stored.

        The photo is opened for the first one and closed after the last.
        """
        photo = self.photo
        chroma = self.chroma.turned(*photo.turn.undo())
        yield from colored_strips(
            strips_of(photo),
            photo.plan,
            chroma,
            self._threads,
            source=photo.space,
            target=coding,
            part=part,
        )

    def _upright(self, coding: Coding) -> Pixels:
        return turned(self._strips(coding), self.photo.turn)
