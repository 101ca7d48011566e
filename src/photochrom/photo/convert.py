"""A photo from whatever a program has: a name, bytes, an array, an image of Pillow's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoError
from photochrom.photo.file_access import check_no_address
from photochrom.photo.metadata.reading import Metadata, metadata_of
from photochrom.photo.orientation import Turn
from photochrom.photo.photo import Photo
from photochrom.photo.pillow_pixels import pillow_pixels
from photochrom.photo.strips import Pixels


class PillowImage(Protocol):
    """A `PIL.Image.Image`, by what it can do; Pillow need not be installed."""

    def getexif(self) -> Any:
        """Its EXIF."""

    def convert(self, mode: str) -> Any:
        """The same image in another mode."""


PhotoLike = str | os.PathLike[str] | bytes | bytearray | memoryview | Pixels | PillowImage | Photo
"""What public calls take as a photo: a path, an encoded file's bytes, an array, an image of
Pillow's, or a `Photo`.

Arrays are (H, W), (H, W, 3), or (H, W, 2) or (H, W, 4) with alpha, in sRGB, of uint8, uint16, or
floats with white at 1; `Photo` says what other types mean."""


def as_photo(photo: PhotoLike, max_pixels: int | None = None) -> Photo:
    """A photo of a path, an encoded file's bytes, an array, a PIL image, or the photo itself.

    max_pixels: as for `Photo`, of what is opened here.
    Raises PhotoError for any other type, and where it cannot be read.
    """
    if isinstance(photo, Photo):
        return photo
    if isinstance(photo, str | os.PathLike):
        if "://" in str(photo):  # while it can be seen: a path has one slash
            check_no_address(str(photo))
        return Photo(Path(photo), max_pixels=max_pixels)
    if isinstance(photo, bytes | bytearray | memoryview):
        return Photo(bytes(photo), max_pixels=max_pixels)
    if isinstance(photo, np.ndarray):
        return Photo(photo, max_pixels=max_pixels)
    if hasattr(photo, "getexif") and hasattr(photo, "convert"):
        return Photo(_pil_pixels(photo), metadata=_pil_metadata(photo))
    raise PhotoError(
        f"a {type(photo).__name__}", "is no photo", "give a path, bytes, an array or a PIL image"
    )


def _pil_pixels(image: Any) -> NDArray[Any]:
    turn = Turn.from_exif(image.getexif().get(274, 1))
    return turn.apply(pillow_pixels(image, "a PIL image"))


def _pil_metadata(image: Any) -> Metadata:
    exif = image.getexif().tobytes()
    return metadata_of(exif or None, image.info.get("xmp"))
