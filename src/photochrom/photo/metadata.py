"""What a photo says beside its pixels: EXIF, XMP, IPTC, resolution."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photochrom.photo.exif import from_exif, resolution_of
from photochrom.photo.file_access import opened
from photochrom.photo.formats import JPEG, Kind
from photochrom.photo.iptc import split_photoshop_block
from photochrom.photo.reader import Source, field
from photochrom.photo.tiff_pictures import pictures_of
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


def read_metadata(source: Source, image: Any, origin: Any) -> Metadata:
    """The metadata of a page of a file.

    image: the opened header. origin: the path or the bytes.
    """
    if source.decoded is not None:
        return metadata_of(source.decoded.exif, source.decoded.xmp)
    resolution, unit = (image.xres, image.yres), field(image, "resolution-unit", None)
    if not all(0 < pixels <= _FINEST for pixels in resolution):
        resolution, unit = (1.0, 1.0), None
    return Metadata(
        _descriptive_tags(source, image, origin),
        field(image, "xmp-data", None),
        *_iptc_and_photoshop(source.kind, image),
        resolution,
        unit,
    )


def _descriptive_tags(source: Source, image: Any, origin: Any) -> Directory | None:
    if source.tiff is not None:
        return _tiff_tags(origin, source.page)
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


def _tiff_tags(origin: Path | bytes, page: int) -> Directory | None:
    with opened(origin) as file:
        directories = read_directories(file)
    return directories[page].descriptive_tags if page < len(directories) else None


def pages_of(source: Any) -> list[int]:
    """The pages of a TIFF, path or bytes, that are photographs of their own; [0] for all else.

    Smaller copies of other pages, masks and infrared pages, which some programs put beside them,
    are left out. Raises PhotoError for a camera's raw file.
    """
    if not isinstance(source, Path | bytes):
        return [0]
    name = str(source) if isinstance(source, Path) else "the photo"
    photographs = pictures_of(source, name).photographs
    return [picture.page for picture in photographs] or [0]
