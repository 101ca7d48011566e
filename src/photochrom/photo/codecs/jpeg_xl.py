"""JPEG XL, read by pyjpegxl, which brings the reference decoder (libjxl).

Of the packages that do, it alone is small, freely licensed, and gives profile and metadata too.
"""

from __future__ import annotations

import numpy as np

from photochrom.photo.arrays import as_pixels
from photochrom.photo.codecs.decoded import (
    Decoded,
    RawMetadata,
    check_pixel_count,
    guarded,
    package,
)
from photochrom.photo.formats import JPEG_XL


def read_jpeg_xl(data: bytes, name: str, limit: int) -> Decoded:
    """Read the first picture of a file; raises as `photochrom.photo.codecs.optional.decode`."""
    library = package("pyjpegxl", JPEG_XL)
    header = guarded(name, lambda: library.probe(data))
    check_pixel_count(name, header.width, header.height, limit)
    _, pixels = guarded(name, lambda: library.decode_to_numpy(data))
    pixels = as_pixels(pixels, name)
    return Decoded(
        np.atleast_3d(pixels),
        8 * pixels.dtype.itemsize,
        RawMetadata(
            exif=header.exif or None, xmp=header.xmp or None, icc=header.icc_profile or None
        ),
    )
