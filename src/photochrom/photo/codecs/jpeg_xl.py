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
from photochrom.photo.codecs.jpeg_xl_header import is_animated
from photochrom.photo.formats import JPEG_XL


def read_jpeg_xl(data: bytes, name: str, limit: int) -> Decoded:
    """Read the first picture of a file; raises as `photochrom.photo.codecs.optional.decode`."""
    library = package("pyjpegxl", JPEG_XL)
    header = guarded(name, lambda: library.probe(data))
    check_pixel_count(name, header.width, header.height, limit)
    _, pixels = guarded(name, lambda: library.decode_to_numpy(data))
    notes: tuple[str, ...] = ()
    if guarded(name, lambda: is_animated(data)):  # pyjpegxl gives the last of the pictures
        frames = package("imagecodecs", JPEG_XL)
        pixels = guarded(name, lambda: frames.jpegxl_decode(data, index=0))
        notes = ("only the first of its pictures is coloured",)
    pixels = as_pixels(pixels, name)
    return Decoded(
        np.atleast_3d(pixels),
        8 * pixels.dtype.itemsize,
        RawMetadata(
            exif=header.exif or None, xmp=header.xmp or None, icc=header.icc_profile or None
        ),
        notes,
    )
