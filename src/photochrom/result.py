"""One coloured photo, not yet written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Unpack

import numpy as np

from photochrom._system.vips import pyvips
from photochrom.color.lab import Array
from photochrom.color.rgb_space import SRGB
from photochrom.crops import Crop
from photochrom.drawing.confidence import confidence_picture
from photochrom.errors import ConfigError, ModelError, Option, PhotoError, Remedy, see_docs
from photochrom.filters.upsample import LinearChroma
from photochrom.options import ColorizeOptions, SaveKeywords, SaveOptions
from photochrom.photo import (
    JPEG,
    Kind,
    Page,
    Photo,
    Turn,
    check_target,
    coding_for,
    encode,
    kind_of,
    write,
)
from photochrom.photo.formats import EIGHT
from photochrom.photo.read_ahead import strips_of
from photochrom.photo.strips import Coding, Pixels, StripPlan
from photochrom.pipeline.adjustments import Adjustments
from photochrom.pipeline.full_size import colored_strips

_DISPLAY_CODING = Coding(SRGB, np.dtype(np.uint8))
_MAX_DISPLAY_SIDE = 1200
"""Largest side of a picture in a notebook, pixels."""


@dataclass(frozen=True)
class Result:
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

    def save(
        self,
        path: str | Path | BinaryIO,
        options: SaveOptions | None = None,
        *,
        format: str | None = None,
        **keywords: Unpack[SaveKeywords],
    ) -> Path | None:
        """Write the coloured photo at full size; on an error no partial file is left.

        Parameters
        ----------
        path
            A path, whose suffix chooses the format, or an open binary file.
        options
            How the file is written.
        format
            "png", "jpg", ... for an open file; by default the photo's own.
        **keywords
            Single fields of `SaveOptions`, which override those of `options`.

        Returns
        -------
        pathlib.Path or None
            The path; None for an open file.

        Raises
        ------
        OutputExistsError
            The file exists, and `overwrite` is false.
        PhotoError
            The file cannot be written, or the format is unknown.
        ConfigError
            A format was given beside a path, or an option is out of range.

        Examples
        --------
        >>> import photochrom
        >>> photochrom.colorize("photo.jpg").save("saved.png")
        PosixPath('saved.png')
        """
        saving = SaveOptions.of(options, keywords)
        if not isinstance(path, str | os.PathLike):
            suffix = f".{format.lstrip('.')}" if format else self.photo.suffix
            path.write(self.encode(suffix, saving))
            return None
        if format is not None:
            raise ConfigError(path, "its suffix chooses the format", "leave format out")
        target = Path(path)
        check_target(target, saving.overwrite)
        write([self.page(target.suffix, saving)], target, saving)
        return target

    def encode(
        self, suffix: str, options: SaveOptions | None = None, **keywords: Unpack[SaveKeywords]
    ) -> bytes:
        r"""The bytes of the coloured photo's file.

        Parameters
        ----------
        suffix
            ".jpg", ".png", ...: the format.
        options, **keywords
            As for `Result.save`.

        Returns
        -------
        bytes
            A whole file, at full size.

        Raises
        ------
        PhotoError
            The format is unknown, or cannot hold the photo.

        Examples
        --------
        >>> import photochrom
        >>> photochrom.colorize("photo.jpg").encode(".png")[:4]
        b'\x89PNG'
        """
        saving = SaveOptions.of(options, keywords)
        return encode([self.page(suffix, saving)], suffix, saving)

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

    def page(self, suffix: str, saving: SaveOptions) -> Page:
        """One page of a file to write: strips of pixels with their coding.

        Parameters
        ----------
        suffix
            ".jpg", ".png", ...: the format.
        saving
            How the file is written.

        Returns
        -------
        photochrom.photo.Page
            Pixels as stored where the format has an orientation tag, else turned upright.

        Raises
        ------
        PhotoError
            The format is unknown, or the crop reaches beyond the photo.

        Examples
        --------
        >>> import photochrom
        >>> result = photochrom.colorize("photo.jpg")
        >>> result.page(".png", photochrom.SaveOptions()).size
        (300, 451)
        """
        file_format = kind_of(suffix)
        if file_format is None:
            raise PhotoError(suffix, "cannot write this format", see_docs("formats"))
        if saving.reversible:
            return self._reversible_page(file_format, saving)
        photo, crop = self.photo, saving.crop
        coding = coding_for(photo, file_format, saving)
        height, width = saving.framed_size(photo.upright_size, photo.name)
        part = None if crop is None else photo.turn.stored(crop, photo.upright_size)
        turn = photo.turn.then(saving.turn)
        upright = turn != Turn() and not file_format.tagged
        strips = self._strips(coding, part)
        if upright:
            pixels = self._turned(strips, turn)
            strips = (pixels[t : t + rows] for t, rows in StripPlan.of(width, height).spans())
        return Page(photo, strips, coding, upright, part=part, turn=saving.turn)

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
        return self._turned(self._strips(coding), self.photo.turn)

    @staticmethod
    def _turned(strips: Iterator[Pixels], turn: Turn) -> Pixels:
        return np.ascontiguousarray(turn.apply(np.concatenate(list(strips))))
