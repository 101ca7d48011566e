"""What a photo says beside its pixels: EXIF, XMP, IPTC, resolution."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photochrom.errors import PhotoError
from photochrom.photo.exif import from_exif, resolution_of
from photochrom.photo.file_access import opened
from photochrom.photo.formats import JPEG, Kind
from photochrom.photo.iptc import split_photoshop_block
from photochrom.photo.reader import Source, field
from photochrom.photo.tiff_tags import Directory, read_directories

_FINEST = 1e6
"""Pixels a millimetre; what says more is damaged, and libvips holds no more."""


@dataclass(frozen=True)
class Metadata:
    """What a photo says beside its pixels.

    descriptive_tags: descriptions, EXIF, GPS. xmp: the packet. iptc: records. photoshop: other
    resources.
    resolution: pixels a millimetre, across and down, and the unit's name.
    """

    descriptive_tags: Directory | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    photoshop: bytes | None = None
    resolution: tuple[float, float] = (1.0, 1.0)
    unit: str | None = None


def metadata_of(exif: bytes | None, xmp: bytes | None) -> Metadata:
    """Metadata from an EXIF block and an XMP packet."""
    if not exif:
        return Metadata(xmp=xmp)
    resolution, unit = resolution_of(exif) or ((1.0, 1.0), None)
    return Metadata(from_exif(exif), xmp, resolution=resolution, unit=unit)


def read_metadata(source: Source, image: Any, origin: Any, name: str, page: int) -> Metadata:
    """The metadata of a page of a file.

    image: the opened header. origin: the path or the bytes. name: what errors call it.
    Raises PhotoError for a TIFF with less pixels than it says; libvips would make them black.
    """
    if source.decoded is not None:
        return metadata_of(source.decoded.exif, source.decoded.xmp)
    resolution, unit = (image.xres, image.yres), field(image, "resolution-unit", None)
    if not all(0 < pixels <= _FINEST for pixels in resolution):
        resolution, unit = (1.0, 1.0), None
    return Metadata(
        _descriptive_tags(source.kind, image, origin, name, page),
        field(image, "xmp-data", None),
        *_iptc_and_photoshop(source.kind, image),
        resolution,
        unit,
    )


def _descriptive_tags(
    kind: Kind | None, image: Any, origin: Any, name: str, page: int
) -> Directory | None:
    if kind is not None and kind.loader == "tiff":
        return _tiff_tags(origin, name, page)
    exif = field(image, "exif-data", None)
    return from_exif(exif) if exif else None


def _iptc_and_photoshop(kind: Kind | None, image: Any) -> tuple[bytes | None, bytes | None]:
    iptc, photoshop = field(image, "iptc-data", None), field(image, "photoshop-data", None)
    if kind is JPEG and iptc is not None:
        return split_photoshop_block(iptc)
    if photoshop is not None:
        inside, photoshop = split_photoshop_block(photoshop)
        iptc = iptc or inside
    return iptc, photoshop


def _tiff_tags(origin: Path | bytes, name: str, page: int) -> Directory | None:
    with opened(origin) as file:
        directories = read_directories(file)
        length = file.seek(0, io.SEEK_END)
    if page >= len(directories):
        return None
    missing = directories[page].data_end - length
    if missing > 0:
        raise PhotoError(
            name,
            f"damaged, {missing} bytes of pixels are missing",
            "copy it again from its source",
        )
    return directories[page].descriptive_tags


def pages_of(source: Any) -> list[int]:
    """The pages of a TIFF, path or bytes, that are pictures of their own; [0] for all else.

    Smaller copies of other pages, which some programs put beside them, are none.
    """
    if not isinstance(source, Path | bytes):
        return [0]
    with opened(source) as file:
        directories = read_directories(file)
    own = [index for index, directory in enumerate(directories) if not directory.reduced]
    return own or [0]
