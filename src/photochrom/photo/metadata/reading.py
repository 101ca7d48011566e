"""The metadata of a photo: EXIF, XMP, IPTC, comments, text, resolution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from photochrom.photo.codecs.camera_raw import is_raw
from photochrom.photo.codecs.decoded import RawMetadata
from photochrom.photo.file_access import opened
from photochrom.photo.formats import AVIF, TIFF, WEBP, sniffed
from photochrom.photo.jpeg import header as jpeg_header
from photochrom.photo.metadata import gif_blocks, png_chunks
from photochrom.photo.metadata.exif import MILLIMETRES, from_exif, resolution_of
from photochrom.photo.metadata.iptc import split_photoshop_block
from photochrom.photo.metadata.png_chunks import Text
from photochrom.photo.metadata.xmp import Packet
from photochrom.photo.reader import Source, field
from photochrom.photo.tiff.pictures import pictures_of
from photochrom.photo.tiff.tags import Directory, read_directories

_RESOLUTION_IN_EXIF = (WEBP, AVIF)
"""Kinds without another place for it; libvips does not look there."""
_FINEST = 1e6
"""Pixels a millimetre; what says more is damaged, and libvips holds no more."""


@dataclass(frozen=True)
class Metadata:
    """The metadata of a photo.

    descriptive_tags: descriptions, EXIF, GPS. xmp: the packet. iptc: records. photoshop: other
    resources.
    resolution: pixels a millimetre, across and down, and the unit's name.
    comments: of a JPEG or GIF. texts: of a PNG. notes: what could not be read, a line each.
    """

    descriptive_tags: Directory | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    photoshop: bytes | None = None
    resolution: tuple[float, float] = (1.0, 1.0)
    unit: str | None = None
    comments: tuple[bytes, ...] = ()
    texts: tuple[Text, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def resolution_in_metres(self) -> tuple[float, float] | None:
        """Pixels a metre, across and down; None where the photo has none."""
        across, down = self.resolution
        return None if self.unit is None else (1000 * across, 1000 * down)


def metadata_of(exif: bytes | None, xmp: bytes | None) -> Metadata:
    """Metadata from an EXIF block and an XMP packet."""
    if not exif:
        return Metadata(xmp=xmp)
    resolution, unit = resolution_of(exif) or ((1.0, 1.0), None)
    return Metadata(from_exif(exif), xmp, resolution=resolution, unit=unit)


def read_metadata(source: Source, image: Any) -> Metadata:
    """The metadata of a page of a file; of the finished picture in a camera's raw file.

    image: the opened header.
    """
    if source.decoded is not None:
        found = _of_decoded(source.decoded.metadata)
    else:
        found = _of_file(source, image)
    if found.xmp and Packet.parse(found.xmp) is None:
        note = "its XMP is damaged, and is carried as it is"
        found = replace(found, notes=(*found.notes, note))
    return found


def _of_file(source: Source, image: Any) -> Metadata:
    """What libvips has read, and what it does not read of these kinds."""
    found = _of_libvips(source, image)
    complete = {"JPEG": _with_jpeg_metadata, "PNG": _with_png_metadata, "GIF": _with_gif_metadata}
    add_metadata = complete.get("" if source.kind is None else source.kind.name)
    if add_metadata is None:
        return found
    with opened(source.encoded) as file:
        return add_metadata(found, file)


def _of_decoded(metadata: RawMetadata) -> Metadata:
    """Of what a package has read; resolution: a box of its own counts before EXIF."""
    found = metadata_of(metadata.exif, metadata.xmp)
    found = replace(
        found, iptc=metadata.iptc, photoshop=metadata.photoshop, comments=metadata.comments
    )
    return found if metadata.resolution is None else _with_resolution(found, metadata.resolution)


def _of_libvips(source: Source, image: Any) -> Metadata:
    resolution, unit = (image.xres, image.yres), field(image, "resolution-unit", None)
    if not all(0 < pixels <= _FINEST for pixels in resolution):
        resolution, unit = (1.0, 1.0), None
    if source.kind in _RESOLUTION_IN_EXIF:
        in_exif = resolution_of(field(image, "exif-data", None) or b"")
        resolution, unit = in_exif or (resolution, unit)
    return Metadata(
        _descriptive_tags(source, image),
        field(image, "xmp-data", None),
        *_iptc_and_photoshop(image),
        resolution,
        unit,
    )


def _descriptive_tags(source: Source, image: Any) -> Directory | None:
    if source.tiff is not None:
        return _tiff_tags(source.encoded, source.page)
    exif = field(image, "exif-data", None)
    return from_exif(exif) if exif else None


def _iptc_and_photoshop(image: Any) -> tuple[bytes | None, bytes | None]:
    """Of a TIFF; what libvips has of a JPEG is one segment of perhaps several."""
    iptc, photoshop = field(image, "iptc-data", None), field(image, "photoshop-data", None)
    if photoshop is not None:
        inside, photoshop = split_photoshop_block(photoshop)
        iptc = iptc or inside
    return iptc, photoshop


def _with_jpeg_metadata(found: Metadata, file: BinaryIO) -> Metadata:
    metadata = jpeg_header.read_metadata(file)
    iptc, photoshop = split_photoshop_block(metadata.photoshop)
    notes = () if metadata.complete else ("a part of its XMP is damaged, and was left out",)
    return replace(
        found,
        xmp=metadata.xmp or found.xmp,
        iptc=iptc,
        photoshop=photoshop,
        comments=tuple(metadata.comments),
        notes=notes,
    )


def _with_png_metadata(found: Metadata, file: BinaryIO) -> Metadata:
    metadata = png_chunks.read_metadata(file)
    if found.descriptive_tags is None and metadata.exif:
        found = metadata_of(metadata.exif, found.xmp)
    if metadata.resolution is not None:
        found = _with_resolution(found, metadata.resolution)
    iptc, photoshop = _either_form(metadata.iptc)
    notes = () if metadata.complete else ("some of its text chunks are damaged, and were left out",)
    return replace(
        found,
        xmp=found.xmp or metadata.xmp,
        iptc=iptc,
        photoshop=photoshop,
        texts=metadata.texts,
        notes=notes,
    )


def _with_gif_metadata(found: Metadata, file: BinaryIO) -> Metadata:
    metadata = gif_blocks.read_metadata(file)
    return replace(found, xmp=metadata.xmp, comments=tuple(metadata.comments))


def _either_form(block: bytes | None) -> tuple[bytes | None, bytes | None]:
    """IPTC and Photoshop's resources of either; programs write both under one name."""
    if block is None or not block.startswith(b"8BIM"):
        return block, None
    return split_photoshop_block(block)


def _with_resolution(found: Metadata, per_metre: tuple[float, float]) -> Metadata:
    """With another resolution: in inches where a whole number of pixels an inch was rounded."""
    across, down = (value / 1000 for value in per_metre)
    if not all(0 < value <= _FINEST for value in (across, down)):
        return found
    inches = [value * MILLIMETRES["in"] for value in (across, down)]
    meant = [1000 * round(value) / MILLIMETRES["in"] for value in inches]
    if all(abs(value - real) <= 0.5 for value, real in zip(meant, per_metre, strict=True)):
        across, down = (round(value) / MILLIMETRES["in"] for value in inches)
        return replace(found, resolution=(across, down), unit="in")
    return replace(found, resolution=(across, down), unit="cm")


def _tiff_tags(origin: Path | bytes, page: int) -> Directory | None:
    with opened(origin) as file:
        directories = read_directories(file)
    return directories[page].descriptive_tags if page < len(directories) else None


def pages_of(source: Any) -> list[int]:
    """The pages of a TIFF, path or bytes, that are photographs of their own; [0] for all else.

    Smaller copies of other pages, masks and infrared pages, which some programs put beside them,
    are left out; of a camera's raw file the finished picture is the one page.
    """
    if not isinstance(source, Path | bytes):
        return [0]
    with opened(source) as file:
        kind = sniffed(file.read(64))
    if kind is not TIFF or is_raw(source):
        return [0]
    name = str(source) if isinstance(source, Path) else "the photo"
    photographs = pictures_of(source, name).photographs
    return [picture.page for picture in photographs] or [0]
