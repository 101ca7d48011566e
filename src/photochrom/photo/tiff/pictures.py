"""Which pictures of a TIFF are photographs: not its small copies, masks and infrared pages.

A camera's raw file is a TIFF too. Its pages are previews; what the sensor measured is no picture
yet, and such files are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from photochrom.errors import PhotoError
from photochrom.photo.file_access import opened
from photochrom.photo.tiff.layout import (
    BLACK_IS_ZERO,
    COLOR_FILTER_ARRAY,
    COMPRESSION,
    LINEAR_RAW,
    PHOTOMETRIC,
    WHITE_IS_ZERO,
)
from photochrom.photo.tiff.tags import Directory, Structure, read_structure
from photochrom.photo.tiff.view import SHARED

DEVELOP = "develop it into a TIFF first"
"""The remedy for raw files."""
_DNG_VERSION = 50706
_CANON_MARK = b"CR"
_OF_SENSORS = frozenset({COLOR_FILTER_ARRAY, LINEAR_RAW})
_RAW_COMPRESSIONS = frozenset({32767, 32769, 32770, 34713, 65000, 65535})
"""Of Sony, of packed sensor data, of Samsung, Nikon, Kodak and Pentax."""
_DESCRIPTION, _PAGE_NAME = 270, 285
_INFRARED = re.compile(r"\binfra-?red\b", re.IGNORECASE)


@dataclass(frozen=True)
class Picture:
    """One picture of a TIFF.

    page: its place in the chain of directories. directory: of its pixels; that of a SubIFD where
    the page itself is a small copy of it.
    """

    page: int
    directory: Directory


@dataclass(frozen=True)
class Pictures:
    """The photographs of a TIFF, and the pages that are left out for being none."""

    structure: Structure
    photographs: tuple[Picture, ...]
    masks: tuple[int, ...]

    def picture(self, page: int | None) -> Picture | None:
        """The picture of a page; of the first photograph without one. None for no such page."""
        if page is None:
            return self.photographs[0] if self.photographs else None
        found = [picture for picture in self.photographs if picture.page == page]
        if found:
            return found[0]
        directories = self.structure.directories
        return Picture(page, directories[page]) if page < len(directories) else None

    @property
    def note(self) -> str | None:
        """Which pages are left out, as a line for the photo's notes."""
        if not self.masks:
            return None
        pages = ", ".join(str(page + 1) for page in self.masks)
        if len(self.masks) == 1:
            return f"page {pages}, a mask or an infrared picture, was left out"
        return f"pages {pages}, masks or infrared pictures, were left out"


def pictures_of(source: Path | bytes, name: str) -> Pictures:
    """The photographs of a TIFF.

    name: what errors call it.
    Raises PhotoError for a camera's raw file, and for one that holds only masks.
    """
    with opened(source) as file:
        structure = read_structure(file)
    photographs: list[Picture] = []
    masks: list[int] = []
    for page, directory in enumerate(structure.directories):
        before = structure.directories[page - 1] if page else None
        if _is_mask(directory, before, [picture.directory for picture in photographs]):
            masks.append(page)
        elif (own := _own_picture(directory)) is not None:
            photographs.append(Picture(page, own))
    _check_not_raw(structure, photographs, name)
    if not photographs:
        photographs = _largest(structure, masks, name)
    return Pictures(structure, tuple(photographs), tuple(masks))


def _is_mask(directory: Directory, before: Directory | None, photographs: list[Directory]) -> bool:
    """Whether a page is a mask, or the infrared picture of one of the photographs before it.

    Where the page before it is named infrared as well, these are infrared photographs.
    """
    if directory.mask:
        return True
    gray = directory.number(PHOTOMETRIC, BLACK_IS_ZERO) in (WHITE_IS_ZERO, BLACK_IS_ZERO)
    return (
        gray
        and _is_named_infrared(directory)
        and not (before is not None and _is_named_infrared(before))
        and any(directory.size == other.size for other in photographs)
    )


def _is_named_infrared(directory: Directory) -> bool:
    words = directory.text(_PAGE_NAME) + " " + directory.text(_DESCRIPTION)
    return bool(_INFRARED.search(words))


def _own_picture(directory: Directory) -> Directory | None:
    """A page's picture in full; None where the page is a small copy of another page."""
    if not directory.reduced:
        return directory
    full = [child for child in directory.sub_ifds if not child.reduced and not child.mask]
    if not full:
        return None
    shared = {tag: entry for tag, entry in directory.entries.items() if tag in SHARED}
    return replace(full[0], entries={**shared, **full[0].entries})


def _check_not_raw(structure: Structure, photographs: list[Picture], name: str) -> None:
    main = structure.directories[0] if structure.directories else Directory({})
    dng = _DNG_VERSION in main.entries
    measured = [*(picture.directory for picture in photographs), *main.sub_ifds]
    raw = structure.camera_mark == _CANON_MARK or any(map(_is_raw, measured))
    if raw or (dng and not photographs):
        raise undeveloped(name)


def undeveloped(name: str) -> PhotoError:
    """The error of a raw file in which no finished picture is found."""
    return PhotoError(name, "a camera's raw file without a finished picture", DEVELOP)


def _is_raw(directory: Directory) -> bool:
    """Whether it holds what a sensor measured."""
    return (
        directory.number(PHOTOMETRIC) in _OF_SENSORS
        or directory.number(COMPRESSION) in _RAW_COMPRESSIONS
    )


def _largest(structure: Structure, masks: list[int], name: str) -> list[Picture]:
    """The largest page of a file whose pages are all small copies."""
    pages = [
        Picture(page, directory)
        for page, directory in enumerate(structure.directories)
        if page not in masks
    ]
    if masks and not pages:
        raise PhotoError(name, "holds only a mask, and no picture", "give the photo itself")
    return sorted(pages, key=lambda picture: picture.directory.size, reverse=True)[:1]
