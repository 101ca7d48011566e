"""Photographs: opened from a path, bytes or an array, read in strips, written whole or not.

A module is imported at the first access to one of its names: names of formats need no libvips.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photochrom.photo.convert import PhotoLike as PhotoLike
    from photochrom.photo.convert import as_photo as as_photo
    from photochrom.photo.file_access import foreseen_os_errors as foreseen_os_errors
    from photochrom.photo.formats import JPEG as JPEG
    from photochrom.photo.formats import KINDS as KINDS
    from photochrom.photo.formats import MAX_PIXELS as MAX_PIXELS
    from photochrom.photo.formats import MAX_WHOLE_PIXELS as MAX_WHOLE_PIXELS
    from photochrom.photo.formats import SUFFIXES as SUFFIXES
    from photochrom.photo.formats import TIFF as TIFF
    from photochrom.photo.formats import WRITTEN as WRITTEN
    from photochrom.photo.formats import Kind as Kind
    from photochrom.photo.formats import check_size as check_size
    from photochrom.photo.formats import kind_by_name as kind_by_name
    from photochrom.photo.formats import kind_of as kind_of
    from photochrom.photo.metadata.exif import from_exif as from_exif
    from photochrom.photo.metadata.reading import Metadata as Metadata
    from photochrom.photo.metadata.reading import metadata_of as metadata_of
    from photochrom.photo.metadata.reading import pages_of as pages_of
    from photochrom.photo.orientation import Turn as Turn
    from photochrom.photo.page import Page as Page
    from photochrom.photo.photo import Photo as Photo
    from photochrom.photo.writer import check_target as check_target
    from photochrom.photo.writer import coding_for as coding_for
    from photochrom.photo.writer import encode as encode
    from photochrom.photo.writer import losses as losses
    from photochrom.photo.writer import save_picture as save_picture
    from photochrom.photo.writer import write as write

_MODULES = {
    "photochrom.photo.convert": (
        "PhotoLike",
        "as_photo",
    ),
    "photochrom.photo.metadata.exif": ("from_exif",),
    "photochrom.photo.file_access": ("foreseen_os_errors",),
    "photochrom.photo.formats": (
        "JPEG",
        "KINDS",
        "MAX_PIXELS",
        "MAX_WHOLE_PIXELS",
        "SUFFIXES",
        "TIFF",
        "WRITTEN",
        "Kind",
        "check_size",
        "kind_by_name",
        "kind_of",
    ),
    "photochrom.photo.metadata.reading": (
        "Metadata",
        "metadata_of",
        "pages_of",
    ),
    "photochrom.photo.orientation": ("Turn",),
    "photochrom.photo.page": ("Page",),
    "photochrom.photo.photo": ("Photo",),
    "photochrom.photo.writer": (
        "check_target",
        "coding_for",
        "encode",
        "losses",
        "save_picture",
        "write",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
