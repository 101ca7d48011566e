"""A photo from whatever a program has: a name, bytes, an array, an image of Pillow's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from photochrom.errors import PhotoError
from photochrom.photo.file_access import check_no_address
from photochrom.photo.metadata import Metadata, metadata_of
from photochrom.photo.orientation import Turn
from photochrom.photo.photo import Photo
from photochrom.photo.strips import Pixels


class PillowImage(Protocol):
    """A `PIL.Image.Image`, by what it can do; Pillow need not be installed."""

    def getexif(self) -> Any:
        """Its EXIF."""

    def convert(self, mode: str) -> Any:
        """The same image in another mode."""


PhotoLike = str | os.PathLike[str] | bytes | bytearray | memoryview | Pixels | PillowImage | Photo
"""What public calls take as a photo: a path, an encoded file's bytes, an array (H, W), (H, W, 3) or
(H, W, 4) of uint8, uint16 or float32 (white at 1), sRGB, an image of Pillow's, or a `Photo`."""


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
        return Photo(np.ascontiguousarray(photo), max_pixels=max_pixels)
    if hasattr(photo, "getexif") and hasattr(photo, "convert"):
        return Photo(_pil_pixels(photo), metadata=_pil_metadata(photo))
    raise PhotoError(
        f"a {type(photo).__name__}", "is no photo", "give a path, bytes, an array or a PIL image"
    )


def _pil_pixels(image: Any) -> Pixels:
    """An upright array of a PIL image: grey, RGB or RGBA, 8 bit, or 16-bit grey."""
    if image.mode.startswith("I;16"):
        pixels = np.asarray(image).astype(np.uint16)
    elif image.mode in ("1", "L"):
        pixels = np.asarray(image.convert("L"))
    else:
        pixels = np.asarray(image.convert("RGBA" if "A" in image.getbands() else "RGB"))
    turn = Turn.from_exif(image.getexif().get(274, 1))
    return np.ascontiguousarray(turn.apply(pixels))


def _pil_metadata(image: Any) -> Metadata:
    exif = image.getexif().tobytes()
    return metadata_of(exif or None, image.info.get("xmp"))
