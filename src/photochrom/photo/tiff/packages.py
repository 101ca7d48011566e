"""TIFF compressions that libvips cannot read here: by tifffile and imagecodecs, of the extra
"formats"; in memory as a whole.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom._system.vips import pyvips
from photochrom.errors import MissingExtraError, PhotoError, first_line
from photochrom.photo.tiff.damage import Lost
from photochrom.photo.tiff.layout import Layout
from photochrom.photo.tiff.view import PatchedFile

NAMES = {
    1: "none", 2: "CCITT RLE", 3: "CCITT fax 3", 4: "CCITT fax 4", 5: "LZW", 6: "old-style JPEG",
    7: "JPEG", 8: "ZIP", 9: "JBIG", 10: "JBIG", 22610: "JPEG XR", 32766: "NeXT", 32773: "PackBits",
    32809: "ThunderScan", 32908: "Pixar film", 32909: "Pixar log", 32946: "ZIP", 33003: "JPEG 2000",
    33005: "JPEG 2000", 34661: "JBIG", 34676: "SGI Log", 34677: "SGI Log 24", 34712: "JPEG 2000",
    34887: "LERC", 34892: "lossy JPEG", 34925: "LZMA", 34926: "ZSTD", 34927: "WebP", 34933: "PNG",
    34934: "JPEG XR", 50000: "ZSTD", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip
"""How people call a compression, by TIFF's number."""
_ALWAYS = frozenset({1, 2, 3, 4, 5, 7, 8, 32766, 32773, 32809, 32946, 34676, 34677})
"""What every libtiff reads that libvips is built with."""
_DEPENDS = {50000: "zstd", 50001: "webp"}
"""What libtiff reads where it was built to, and the name by which libvips writes it."""
CHECKED = frozenset({
    7, 22610, 33003, 33005, 34712, 34887, 34925, 34927, 34933, 34934, 50001, 50002, 52546
})  # fmt: skip
"""Compressions that notice what is empty, by a checksum or by their structure (JPEG, LERC, LZMA,
PNG, JPEG XL), and those whose sound data has zeros in a row (JPEG XR, JPEG 2000, WebP)."""
_RGB_OF_YCBCR = frozenset({7, 34892, 34927, 50001, 50002, 52546, 22610, 34934})
"""Compressions whose decoder gives RGB where the tags say YCbCr."""


def name_of(compression: int) -> str:
    """The name of a compression; its number where it has none."""
    return NAMES.get(compression, f"number {compression}")


@lru_cache
def libvips_reads(compression: int) -> bool:
    """Whether this build of libvips has a decoder for a compression."""
    if compression not in _DEPENDS:
        return compression in _ALWAYS
    try:
        pixel = pyvips.Image.black(16, 16, bands=3).copy(interpretation="srgb")
        written = pixel.tiffsave_buffer(compression=_DEPENDS[compression])
        pyvips.Image.tiffload_buffer(written, fail_on="error").avg()
    except pyvips.Error:
        return False
    return True


def decoded(
    origin: Path | bytes, layout: Layout, name: str
) -> tuple[NDArray[Any], list[Lost], bool]:
    """Decode a picture as a whole.

    name: what errors call it.
    Returns the samples (height, width, samples), what of them cannot be decoded, and whether YCbCr
    became RGB. Raises MissingExtraError without the packages, PhotoError where they cannot decode
    this compression either.
    """
    what = f"TIFF files compressed with {name_of(layout.compression)}"
    try:
        tifffile = importlib.import_module("tifffile")
        importlib.import_module("imagecodecs")
    except ImportError as error:
        raise MissingExtraError(what, "formats") from error
    if not _has_decoder(tifffile, layout.compression):
        raise _unreadable(name, layout)
    try:
        with PatchedFile(origin, layout) as file, tifffile.TiffFile(file) as tiff:
            page = tiff.pages[0]
            if page.dtype is None:
                raise _unreadable(name, layout)
            pixels, lost = _decoded_segments(file, page, layout)
    except PhotoError:
        raise
    except Exception as error:  # a directory that tifffile makes no sense of; it has many errors
        raise PhotoError(
            name, f"damaged or unusual image ({first_line(error)})", "repair it or save it again"
        ) from error
    return pixels, lost, layout.compression in _RGB_OF_YCBCR


def _has_decoder(tifffile: Any, compression: int) -> bool:
    try:
        return bool(tifffile.TIFF.DECOMPRESSORS[compression])
    except (KeyError, ValueError):
        return False


def _unreadable(name: str, layout: Layout) -> PhotoError:
    return PhotoError(
        name,
        f"TIFF files compressed with {name_of(layout.compression)} are not supported",
        "save it with ZIP or LZW compression",
    )


def _decoded_segments(
    file: PatchedFile, page: Any, layout: Layout
) -> tuple[NDArray[Any], list[Lost]]:
    pixels = np.zeros((layout.height, layout.width, layout.samples), page.dtype)
    decode, tables = page.decode, page.jpegtables  # tifffile moves in the file to make these
    lost = []
    for index, segment in enumerate(layout.segments):
        file.seek(segment.offset)
        try:
            data, place, _ = decode(
                file.read(segment.count), index, jpegtables=tables, _fullsize=False
            )
            plane, _, top, left, _ = place
            block = np.asarray(data)[0]
            area = pixels[top : top + block.shape[0], left : left + block.shape[1]]
            if layout.planar:
                area[..., plane : plane + 1] = block[: area.shape[0], : area.shape[1], :1]
            else:
                area[...] = block[: area.shape[0], : area.shape[1]]
            short = segment.rows - block.shape[0]
        except Exception:  # each codec has errors of its own
            short = segment.rows
        if short > 0:
            lost.append(Lost(segment.top + segment.rows - short, short, segment.columns))
    return pixels, lost
