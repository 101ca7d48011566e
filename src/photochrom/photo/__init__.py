"""Photographs: opened from a path, bytes or an array, read in strips, written whole or not."""

from photochrom.photo.convert import PhotoLike, as_photo
from photochrom.photo.exif import from_exif
from photochrom.photo.file_access import foreseen_os_errors
from photochrom.photo.formats import (
    JPEG,
    KINDS,
    MAX_PIXELS,
    MAX_WHOLE_PIXELS,
    SUFFIXES,
    TIFF,
    WRITTEN,
    Kind,
    check_size,
    kind_by_name,
    kind_of,
)
from photochrom.photo.metadata import Metadata, metadata_of, pages_of
from photochrom.photo.orientation import Turn
from photochrom.photo.page import Page
from photochrom.photo.photo import Photo
from photochrom.photo.writer import (
    check_target,
    coding_for,
    encode,
    losses,
    save_picture,
    write,
)

__all__ = [
    "JPEG",
    "KINDS",
    "MAX_PIXELS",
    "MAX_WHOLE_PIXELS",
    "SUFFIXES",
    "TIFF",
    "WRITTEN",
    "Kind",
    "Metadata",
    "Page",
    "Photo",
    "PhotoLike",
    "Turn",
    "as_photo",
    "check_size",
    "check_target",
    "coding_for",
    "encode",
    "foreseen_os_errors",
    "from_exif",
    "kind_by_name",
    "kind_of",
    "losses",
    "metadata_of",
    "pages_of",
    "save_picture",
    "write",
]
