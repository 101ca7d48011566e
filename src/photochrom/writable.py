"""Photos that were coloured or repaired, and can be written."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Unpack

import numpy as np

from photochrom.crops import Crop
from photochrom.errors import ConfigError, PhotoError, see_docs
from photochrom.options import SaveKeywords, SaveOptions
from photochrom.photo import (
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
from photochrom.photo.strips import Coding, Pixels, StripPlan


class Writable(ABC):
    """A photo whose pixels are made while its file is written.

    Attributes
    ----------
    photo : Photo
        The photo.
    model : str or None
        The name of the model that coloured it.
    """

    photo: Photo
    model: str | None

    _colored = True

    @abstractmethod
    def _strips(self, coding: Coding, part: Crop | None = None) -> Iterator[Pixels]:
        """The strips of pixels, of all or of a part as stored."""

    def _coding(self, file_format: Kind, saving: SaveOptions) -> Coding:
        """What the codes mean in a file of a format."""
        return coding_for(self.photo, file_format, saving)

    def save(
        self,
        path: str | Path | BinaryIO,
        options: SaveOptions | None = None,
        *,
        format: str | None = None,
        **keywords: Unpack[SaveKeywords],
    ) -> Path | None:
        """Write the photo at full size; on an error no partial file is left.

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
        r"""The bytes of the photo's file.

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
        return self._page(file_format, saving)

    def _page(self, file_format: Kind, saving: SaveOptions) -> Page:
        photo, crop = self.photo, saving.crop
        coding = self._coding(file_format, saving)
        height, width = saving.framed_size(photo.upright_size, photo.name)
        part = None if crop is None else photo.turn.stored(crop, photo.upright_size)
        turn = photo.turn.then(saving.turn)
        upright = turn != Turn() and not file_format.tagged
        strips = self._strips(coding, part)
        if upright:
            pixels = turned(strips, turn)
            strips = (pixels[t : t + rows] for t, rows in StripPlan.of(width, height).spans())
        return Page(
            photo, strips, coding, upright, part=part, turn=saving.turn, colored=self._colored
        )


def turned(strips: Iterator[Pixels], turn: Turn) -> Pixels:
    """All strips as one array, upright."""
    return np.ascontiguousarray(turn.apply(np.concatenate(list(strips))))
