"""Kinds of files that Photochrom knows by their first bytes, and does not read."""

from __future__ import annotations

import re
from typing import NamedTuple


class Unread(NamedTuple):
    """A kind of file. name: as in "is NAME". remedy: what to do about a photo in it."""

    name: str
    remedy: str


_AS_PNG = "save it as PNG or TIFF"
_ONE_FRAME = Unread("a video", "save one of its frames as PNG")
_MAGIC: tuple[tuple[int, bytes, Unread], ...] = (
    (0, b"%PDF", Unread("a PDF document", "save its pictures as PNG or TIFF")),
    (0, b"%!PS", Unread("a PostScript document", "save its pictures as PNG or TIFF")),
    (0, b"\xc5\xd0\xd3\xc6", Unread("a PostScript document", "save its pictures as TIFF")),
    (0, b"gimp xcf", Unread("a GIMP document (XCF)", "export it from GIMP as TIFF")),
    (0, b"icns", Unread("an icon (ICNS)", _AS_PNG)),
    (128, b"DICM", Unread("a DICOM file", "convert it to TIFF with a DICOM program")),
    (0, b"SIMPLE  =", Unread("a FITS file", "convert it to TIFF with 16 bit")),
    (0, b"v/1\1", Unread("an OpenEXR picture", "save it as TIFF with 16 bit")),
    (0, b"#?RADIANCE", Unread("a Radiance HDR picture", "save it as TIFF with 16 bit")),
    (0, b"#?RGBE", Unread("a Radiance HDR picture", "save it as TIFF with 16 bit")),
    (0, b"II\xbc\1", Unread("a JPEG XR picture", _AS_PNG)),
    (0, b"AT&TFORM", Unread("a DjVu document", "export its pages as TIFF")),
    (0, b"P7\n", Unread("a PAM picture", "save it as PGM or PPM")),
    (0, b"Pf\n", Unread("a PFM picture", "save it as TIFF with 16 bit")),
    (0, b"PF\n", Unread("a PFM picture", "save it as TIFF with 16 bit")),
    (0, b"DDS ", Unread("a DDS texture", _AS_PNG)),
    (0, b"qoif", Unread("a QOI picture", _AS_PNG)),
    (0, b"FOVb", Unread("a Sigma raw file (X3F)", "develop it into a TIFF")),
    (0, b"\0MRM", Unread("a Minolta raw file (MRW)", "develop it into a TIFF")),
    (0, b"PK\3\4", Unread("a ZIP archive", "unpack it")),
    (0, b"\x1f\x8b", Unread("a gzip archive", "unpack it")),
    (0, b"7z\xbc\xaf", Unread("a 7-Zip archive", "unpack it")),
    (0, b"Rar!", Unread("a RAR archive", "unpack it")),
    (0, b"\x1a\x45\xdf\xa3", _ONE_FRAME),  # Matroska, WebM
    (0, b"\0\0\1\xba", _ONE_FRAME),  # MPEG
    (0, b"\0\0\1\xb3", _ONE_FRAME),
    (8, b"AVI LIST", _ONE_FRAME),
    *((4, box, _ONE_FRAME) for box in (b"moov", b"mdat", b"wide", b"ftypqt")),
    *((4, b"ftyp" + brand, _ONE_FRAME) for brand in (b"isom", b"iso2", b"mp4", b"M4V", b"avc1",
                                                     b"3gp", b"MSNV")),
)  # fmt: skip
_SVG = re.compile(rb"\s*(<\?xml|<!--|<!DOCTYPE\s+svg|<svg)", re.IGNORECASE)
_HTML = re.compile(rb"\s*(<!DOCTYPE\s+html|<html)", re.IGNORECASE)
HEAD = 1024
"""Bytes that `unread` looks at."""


def unread(head: bytes) -> Unread | None:
    """What a file is that Photochrom does not read, by its first `HEAD` bytes; None if unknown."""
    for offset, magic, kind in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return kind
    if _HTML.match(head):
        return Unread("a web page", "download the picture itself")
    if _SVG.match(head) and b"<svg" in head:
        return Unread("an SVG drawing", _AS_PNG)
    return _without_signature(head)


def _without_signature(head: bytes) -> Unread | None:
    """Kinds without a signature, by headers that nothing else begins with."""
    if head[:4] in (b"\0\0\1\0", b"\0\0\2\0") and head[4:6] != b"\0\0":
        return Unread("an icon (ICO)" if head[2] == 1 else "a cursor (CUR)", _AS_PNG)
    if len(head) >= 128 and head[0] == 10 and head[1] in (0, 2, 3, 4, 5) and head[2] <= 1:
        return Unread("a PCX picture", _AS_PNG)
    if (
        len(head) >= 18
        and head[1] <= 1
        and head[2] in (1, 2, 3, 9, 10, 11)
        and head[16] in (8, 15, 16, 24, 32)
        and head[12:14] != b"\0\0"
        and head[14:16] != b"\0\0"
        and (head[1] == 1 or head[3:8] == bytes(5))
    ):
        return Unread("a TGA picture", _AS_PNG)
    return None
