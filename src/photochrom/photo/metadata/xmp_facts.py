"""What XMP repeats of the pixels, made true of the file that is written.

A result is turned where its kind has no orientation tag, is in colour where the photo was grey, and
may have another depth, profile and kind of file.
"""

from __future__ import annotations

from photochrom.color.rgb_space import SRGB
from photochrom.photo.formats import AVIF, GIF, HEIC, JPEG2000, SIXTEEN, Kind
from photochrom.photo.icc import name_of, srgb_profile
from photochrom.photo.metadata.xmp import Packet, Value
from photochrom.photo.page import Page, orientation_tag, profile_of

_MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "WebP": "image/webp",
    "AVIF": "image/avif",
    "GIF": "image/gif",
    "JPEG 2000": "image/jp2",
    "HEIC": "image/heic",
}
_UNTRUE = (
    "xmp:Thumbnails",  # they would show the photo grey
    "tiff:Compression",
    "tiff:YCbCrSubSampling",
    "tiff:YCbCrPositioning",
    "tiff:PrimaryChromaticities",
    "tiff:WhitePoint",
    "exif:CompressedBitsPerPixel",
    "exif:ComponentsConfiguration",
    "exif:Gamma",
)
"""Of the old file alone; a reader that misses them loses nothing."""
_INDEXED = {
    "photoshop:ColorMode": "2",
    "tiff:PhotometricInterpretation": "3",
    "tiff:SamplesPerPixel": "1",
    "tiff:BitsPerSample": ("8",),
}
"""Photoshop's and TIFF's numbers for a picture with a palette; those for RGB are 3 and 2."""


PLACES = ("mwg-rs:Regions", "MP:RegionInfo", "Iptc4xmpExt:ImageRegion")
"""Regions marked in a photo, in shares of it."""
_SUBJECT_PLACES = ("exif:SubjectArea", "exif:SubjectLocation")


def correct_facts(packet: Packet, page: Page, kind: Kind) -> None:
    """Correct the properties that a packet has; none is added."""
    for name in _UNTRUE:
        packet.remove(name)
    if page.reframed:
        for name in (*PLACES, *_SUBJECT_PLACES):
            packet.remove(name)
    for name, value in _facts(page, kind).items():
        packet.correct(name, value)


def _facts(page: Page, kind: Kind) -> dict[str, Value]:
    height, width = page.size
    facts: dict[str, Value] = {
        "tiff:ImageWidth": str(width),
        "tiff:ImageLength": str(height),
        "exif:PixelXDimension": str(width),
        "exif:PixelYDimension": str(height),
        "exif:ColorSpace": "1" if page.coding.space is SRGB else "65535",
    }
    profile = profile_of(page) if kind.profile else srgb_profile()
    if profile is not None:
        facts["photoshop:ICCProfile"] = name_of(profile)
    if page.upright or page.photo.orientation != 1 or page.turn:
        facts["tiff:Orientation"] = str(orientation_tag(page))
    if kind.name in _MEDIA_TYPES:
        facts["dc:format"] = _MEDIA_TYPES[kind.name]
    return facts | (_INDEXED if kind is GIF else _samples(page, kind))


def _samples(page: Page, kind: Kind) -> dict[str, Value]:
    colors = 3 if page.bands > 2 else 1
    bands = page.bands if kind.alpha else colors
    return {
        "photoshop:ColorMode": "3" if colors == 3 else "1",
        "tiff:PhotometricInterpretation": "2" if colors == 3 else "1",
        "tiff:SamplesPerPixel": str(bands),
        "tiff:BitsPerSample": (str(_bits(page, kind)),) * bands,
    }


def _bits(page: Page, kind: Kind) -> int:
    """Of a sample, as written."""
    if page.coding.kind != SIXTEEN:
        return 8 * page.coding.kind.itemsize
    return 12 if kind in (AVIF, HEIC) else page.photo.bits if kind is JPEG2000 else 16
