"""A photograph to be read: from a path, bytes or an array, as often as one likes.

A Photo is what lies in the file, in its stored orientation; `Photo.turn` says how to show it
upright. Every pass over the pixels is an opening of its own: a sequential decoder reads once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from photochrom._system.vips import fault_of, pyvips, use_libvips
from photochrom.color.lab import Array
from photochrom.color.rgb_space import SRGB
from photochrom.errors import PhotoError
from photochrom.filters.resize import resize
from photochrom.photo.arrays import as_pixels
from photochrom.photo.file_access import check_source, foreseen_os_errors
from photochrom.photo.formats import AVIF, FLOAT, PNG
from photochrom.photo.metadata.reading import Metadata, read_metadata
from photochrom.photo.orientation import Turn
from photochrom.photo.reader import Source, field
from photochrom.photo.reduction import as_srgb, checked_floats, reduced, shrunk
from photochrom.photo.small_copies import SmallCopies
from photochrom.photo.strips import FetchRows, Pixels, StripPlan

_FINITE = 1e30

Edit = Callable[[FetchRows], FetchRows]
"""From a pass over pixels to one over changed pixels; begun anew for each pass."""


class Photo(SmallCopies):
    """One photograph: its size, its turn, and as many passes over its pixels as one asks for.

    `colorize` takes paths and bytes as they are; a Photo is for limits and names of one's own, and
    to look at a file before it is coloured.

    Parameters
    ----------
    source
        A `pathlib.Path`, an encoded file's bytes, or an array (H, W), (H, W, 3), or (H, W, 2) or
        (H, W, 4) with alpha, in sRGB. White is True of bool, 255 of uint8, 65535 of uint16, 1 of
        floats; other integers are 8 bit where none is above 255, else 16 bit.
    name
        What errors call it; None for the path.
    page
        Of a TIFF, from 0; None for its first photograph, which a small copy, a mask or an infrared
        page is not.
    max_pixels
        Larger pictures are refused before they are decoded; None for 1 gigapixel, or 150 megapixels
        where the format cannot be decoded row by row.
    metadata
        Of an array.

    Attributes
    ----------
    width, height : int
        Pixels, as stored.
    upright_size : tuple of int
        Height and width as displayed.
    bits : int
        Bits a channel, as stored.
    pages : int
        How many photographs the file has.

    Raises
    ------
    PhotoError
        The file is missing, empty, of no readable kind, too large or damaged; it has no such page.

    Examples
    --------
    >>> from pathlib import Path
    >>> from photochrom import Photo
    >>> photo = Photo(Path("photo.jpg"))
    >>> photo.upright_size, photo.bits, photo.color_bands
    ((300, 451), 8, 1)
    """

    def __init__(
        self,
        source: Path | bytes | Pixels,
        name: str | None = None,
        *,
        page: int | None = None,
        max_pixels: int | None = None,
        metadata: Metadata | None = None,
    ) -> None:
        self.max_pixels = max_pixels
        self.name = name or (str(source) if isinstance(source, Path) else "the photo")
        with self._errors():
            if isinstance(source, np.ndarray):
                source = as_pixels(source, self.name)
            else:
                check_source(source, self.name)
            self.source: Path | bytes | Pixels = source
            self._source = Source(source, self.name, page, max_pixels)
            header = self._source.header()
        self.page, self.check_unchanged = self._source.page, self._source.check_unchanged
        self._header = header
        self.kind, self.pages, self.whole = header.kind, header.pages, header.whole
        self._notes = list(header.notes)
        self.space, self.profile = header.space, header.profile
        self.stored_dtype, self.bits = header.stored_dtype, header.bits
        with self._errors():
            image = self._source.image(header) if header.converted_to_srgb else header.image
        self.width: int = image.width
        self.height: int = image.height
        self.bands: int = image.bands
        self.dtype = np.dtype(np.uint16) if header.converted_to_srgb else header.stored_dtype
        self.converted_to_srgb = header.converted_to_srgb
        self.orientation: int = field(header.image, "orientation", 1)
        self.turn = Turn.from_exif(self.orientation)
        self.suffix = (header.kind or PNG).suffix
        self._edit: Edit | None = None
        self.edits: tuple[str, ...] = ()
        self._edit_notes: tuple[str, ...] = ()
        self._shrinks_on_load = self._source.is_jpeg_file
        with self._errors():
            self.metadata = metadata or read_metadata(self._source, header.image)
        self._notes.extend(self.metadata.notes)
        self._header = replace(header, image=None)  # it would keep the file open

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the file, a line each; grows while damage is read."""
        return (*self._notes, *self._edit_notes)

    def add_note(self, note: str) -> None:
        """Add a line to `notes`, once, however many passes meet its cause.

        Parameters
        ----------
        note
            What a person should know, without the photo's name.

        Examples
        --------
        >>> from pathlib import Path
        >>> from photochrom import Photo
        >>> photo = Photo(Path("photo.jpg"))
        >>> photo.add_note("its corner is torn")
        >>> photo.notes
        ('its corner is torn',)
        """
        if note not in self._notes:
            self._notes.append(note)

    @property
    def upright_size(self) -> tuple[int, int]:
        """Height and width as displayed."""
        size = (self.height, self.width)
        return size[::-1] if self.turn.quarters % 2 else size

    @property
    def color_bands(self) -> int:
        """1 for grey, 3 for colour; an alpha band is not counted."""
        return 1 if self.bands < 3 else 3

    @property
    def alpha(self) -> bool:
        """Whether it has transparency."""
        return self.bands > self.color_bands

    @property
    def plan(self) -> StripPlan:
        """How its pixels are cut into strips."""
        return StripPlan.of(self.width, self.height)

    def with_page(self, page: int) -> Photo:
        """Another page of the same TIFF.

        Parameters
        ----------
        page
            From 0.

        Returns
        -------
        Photo
            This one, where it is that page.

        Raises
        ------
        PhotoError
            The page cannot be read.

        Examples
        --------
        >>> from pathlib import Path
        >>> from photochrom import Photo
        >>> photo = Photo(Path("photo.jpg"))
        >>> photo.with_page(0) is photo
        True
        """
        if page == self.page:
            return self
        return Photo(self.source, self.name, page=page, max_pixels=self.max_pixels)

    def strips(self) -> FetchRows:
        """Start a pass over the pixels, from the top, in stored orientation.

        Returns
        -------
        callable
            `fetch(top, rows)` gives the rows from `top` on, (rows, width, bands), of the photo's
            own depth and colour space.

        Raises
        ------
        PhotoError
            The file is damaged; `fetch` may raise it too.

        Examples
        --------
        >>> from pathlib import Path
        >>> from photochrom import Photo
        >>> fetch = Photo(Path("photo.jpg")).strips()
        >>> fetch(0, 16).shape
        (16, 451, 1)
        """
        image, region = self._image_and_region()  # the region does not keep the image
        shifted = self.kind is AVIF and self.dtype == np.uint16 and not self.converted_to_srgb

        def fetch(top: int, rows: int) -> Pixels:
            nonlocal image, region
            try:
                raw = region.fetch(0, top, self.width, rows)
            except pyvips.Error as error:
                with self._errors():
                    self._look_for_damage(error)
                    image, region = self._image_and_region()
                    raw = region.fetch(0, top, self.width, rows)
            pixels = np.frombuffer(raw, self.dtype).reshape(rows, self.width, self.bands)
            if shifted:  # 10 and 12 bit come shifted up: white is 65520
                pixels = pixels | (pixels >> self.bits)
            return pixels

        return fetch if self._edit is None else self._edit(fetch)

    def edited(self, edit: Edit, record: str, note: str | None = None) -> Photo:
        """The same photo with other pixels, which are made while they are read.

        Parameters
        ----------
        edit
            Called for each pass: takes a function as `strips` returns it, and returns another one,
            which gives pixels of the same size and type.
        record
            What is changed, a line for the XMP of files that are written from the photo.
        note
            A line that the new photo has among its notes, and this one has not.

        Returns
        -------
        Photo
            All but the pixels is that of this photo.

        Examples
        --------
        >>> from pathlib import Path
        >>> from photochrom import Photo
        >>> photo = Photo(Path("photo.jpg"))
        >>> negative = photo.edited(lambda fetch: lambda *span: 255 - fetch(*span), "inverted")
        >>> int(negative.strips()(0, 1)[0, 0, 0]) + int(photo.strips()(0, 1)[0, 0, 0])
        255
        """
        other, before = copy(self), self._edit
        other.edits = (*self.edits, record)
        other._edit_notes += () if note is None else (note,)
        other._edit = edit if before is None else lambda fetch: edit(before(fetch))
        return other

    def _image_and_region(self) -> tuple[Any, Any]:
        with self._errors():
            self._check_for_damage()
            image = self._source.image(self._header)
            return image, pyvips.Region.new(image)

    def _check_for_damage(self) -> None:
        """Note what of a JPEG or TIFF cannot be decoded, where libvips would not notice."""
        for note in self._source.verify():
            self.add_note(note)

    def _look_for_damage(self, error: pyvips.Error) -> None:
        """Find out what of a TIFF cannot be decoded; raise the error where nothing can be done."""
        again, note = (False, None) if self._source.tiff is None else self._source.tiff.examine()
        if not again:
            raise error
        if note is not None:
            self.add_note(note)

    def for_screen(self, strip: Pixels) -> Pixels:
        """A strip as a screen shows it.

        Parameters
        ----------
        strip
            (rows, width, bands), as `strips` gives it.

        Returns
        -------
        numpy.ndarray
            uint8, sRGB, of as many bands.

        Examples
        --------
        >>> from pathlib import Path
        >>> from photochrom import Photo
        >>> photo = Photo(Path("photo.jpg"))
        >>> photo.for_screen(photo.strips()(0, 16)).dtype.name
        'uint8'
        """
        if self.space is SRGB and self.dtype == np.uint8:
            return strip
        colors = self.color_bands
        values = strip.astype(np.float32)
        if self.dtype == FLOAT:
            values = checked_floats(values, self.name)
        else:
            values /= np.iinfo(self.dtype).max
        if self.space is not SRGB:
            values[..., :colors] = as_srgb(values[..., :colors], self.space)[..., :colors]
        values *= 255
        return np.rint(values, out=values).astype(np.uint8)

    def _reduced(self, height: int, width: int) -> Array:
        stored, wanted = (self.height, self.width), (height, width)
        if self._edit is not None:
            pixels, extent = reduced(self.strips(), self.plan, wanted)
            return self._normalized(pixels, height, width, extent)
        read = partial(shrunk, self._open, stored, wanted, self._shrinks_on_load)
        with self._errors():
            try:
                pixels, extent = self._source.read_verified(read, self.add_note)
            except pyvips.Error as error:
                self._look_for_damage(error)
                pixels, extent = read()
        return self._normalized(pixels, height, width, extent)

    def _normalized(
        self, pixels: Pixels, height: int, width: int, extent: tuple[float, float]
    ) -> Array:
        values = pixels.astype(np.float32)
        if self.dtype == FLOAT:
            values = checked_floats(values, self.name)
        else:
            values /= np.iinfo(self.dtype).max
        return resize(values, height, width, extent)

    def _open(self, **options: Any) -> Any:
        """A fresh image, its floats finite."""
        image = self._source.image(self._header, **options)
        if self.dtype == FLOAT:
            return (image.abs() < _FINITE).ifthenelse(image, 0)  # NaN is not less either
        return image

    @contextmanager
    def _errors(self) -> Iterator[None]:
        use_libvips()
        try:
            with foreseen_os_errors(self.name):
                yield
        except pyvips.Error as error:
            raise PhotoError(
                self.name,
                f"damaged or unusual image ({fault_of(error)})",
                "repair it or save it again",
            ) from error
