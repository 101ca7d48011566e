"""Kinds that libvips does not know here, in memory as a whole.

Each is read, and some are written, by a small package of its own, all of them in the extra
"formats". PGM and PPM, JPEG 2000 and HEIC are here.
"""

from __future__ import annotations

import io
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import Option, PhotochromError, PhotoError, Remedy, first_line
from photochrom.photo import coded_data, holes
from photochrom.photo.codecs.bmp import read_bmp
from photochrom.photo.codecs.decoded import (
    Decoded,
    RawMetadata,
    check_pixel_count,
    guarded,
    package,
)
from photochrom.photo.codecs.jpeg_xl import read_jpeg_xl
from photochrom.photo.codecs.photoshop import read_psd
from photochrom.photo.formats import BMP, HEIC, JPEG2000, JPEG_XL, PNM, PSD, Kind
from photochrom.photo.metadata import jp2_boxes, pnm_comments

_JPEG2000_LEAST = 32
"""Pixels a side: openjpeg writes six resolutions, each half the one before."""
_RAW_PNM = frozenset({"P5", "P6"})
_NO_METADATA = RawMetadata()


def decode(data: bytes, kind: Kind, name: str, limit: int) -> Decoded:
    """Read an encoded picture of one of these kinds.

    name: what errors call it. limit: pixels; a larger picture is refused before it is decoded.
    Raises MissingExtraError without the kind's package, PhotoError where the picture is damaged or
    too large.
    """
    readers = {
        PNM.name: _read_pnm,
        JPEG2000.name: _read_jpeg2000,
        HEIC.name: _read_heic,
        BMP.name: read_bmp,
        JPEG_XL.name: read_jpeg_xl,
        PSD.name: read_psd,
    }
    return readers[kind.name](data, name, limit)


def encode(
    pixels: NDArray[Any],
    kind: Kind,
    name: str,
    *,
    quality: int,
    bits: int = 8,
    metadata: RawMetadata = _NO_METADATA,
) -> bytes:
    """A file of one of these kinds.

    pixels: (H, W, 3 or 4), uint8 or uint16. name: what errors call it. quality: of HEIC; the others
    lose nothing. What the kind cannot hold of the metadata is left out.
    Raises MissingExtraError without the kind's package, PhotoError where the package refuses.
    """
    try:
        if kind is PNM:
            return pnm_comments.with_comments(_pnm_file(pixels), metadata.comments)
        if kind is JPEG2000:
            return _jpeg2000_file(pixels, name, bits, metadata)
        if kind is HEIC:
            return _heic_file(pixels, quality, metadata)
    except PhotochromError:
        raise
    except Exception as error:  # each package has errors of its own
        raise PhotoError(
            name,
            f"cannot be written as {kind.name} ({first_line(error)})",
            Remedy("choose another {}", Option("format"), otherwise="choose another kind of file"),
        ) from error
    raise PhotoError(name, f"no package here writes {kind.name}", "choose another format")


def _read_pnm(data: bytes, name: str, limit: int) -> Decoded:
    library = package("netpbmfile", PNM)
    with guarded(name, lambda: library.NetpbmFile(io.BytesIO(data))) as file:
        shape = file.shape
        if file.axes not in ("YX", "YXS") or (len(shape) == 3 and shape[2] > 4):
            raise PhotoError(name, "more than one picture in one file", "save them one by one")
        check_pixel_count(name, shape[1], shape[0], limit)
        if len(data) * 8 < shape[0] * shape[1]:
            raise PhotoError(name, "damaged, pixels are missing", "copy it again from its source")
        pixels = guarded(name, file.asarray)
        highest = int(file.maxval)
    if highest < 1:
        raise PhotoError(name, f"damaged, its white is {highest}", "save it again")
    if pixels.dtype == bool:  # a bitmap: true is white here
        pixels, highest = pixels.astype(np.uint8), 1
    sixteen = highest > 255
    full = 65535 if sixteen else 255
    if highest != full:
        pixels = np.rint(pixels * (full / highest))
    pixels = np.atleast_3d(pixels).astype(np.uint16 if sixteen else np.uint8)
    metadata = RawMetadata(comments=pnm_comments.read_comments(data))
    note = None
    if file.magicnumber in _RAW_PNM:
        row = (len(data) - file.dataoffset) // shape[0]
        note = holes.note_of_pixels(data, (file.dataoffset,), len(data), row)
    notes = () if note is None else (note,)
    return Decoded(pixels, max(8, highest.bit_length()), metadata, notes)


def _pnm_file(pixels: NDArray[Any]) -> bytes:
    library = package("netpbmfile", PNM)
    stream = io.BytesIO()
    library.imwrite(stream, pixels[..., :3], magicnumber="P6", maxval=np.iinfo(pixels.dtype).max)
    return stream.getvalue()


def _read_jpeg2000(data: bytes, name: str, limit: int) -> Decoded:
    library = package("openjpeg", JPEG2000)
    header = guarded(name, lambda: library.get_parameters(data))
    check_pixel_count(name, header["columns"], header["rows"], limit)
    bits = int(header["precision"])
    if not 1 <= bits <= 16 or header["is_signed"]:
        raise PhotoError(name, f"{bits}-bit samples are not supported", "save it with 8 or 16 bit")
    pixels = np.atleast_3d(guarded(name, lambda: library.decode(data)))
    full = 65535 if bits > 8 else 255
    if (1 << bits) - 1 != full:
        pixels = np.rint(pixels * (full / ((1 << bits) - 1)))
    metadata = RawMetadata(**vars(jp2_boxes.read_metadata(data)))
    return Decoded(pixels.astype(np.uint16 if bits > 8 else np.uint8), max(8, bits), metadata)


def _jpeg2000_file(pixels: NDArray[Any], name: str, bits: int, metadata: RawMetadata) -> bytes:
    utils = package("openjpeg.utils", JPEG2000)
    height, width = pixels.shape[:2]
    if min(height, width) < _JPEG2000_LEAST:
        raise PhotoError(
            name,
            f"{width} x {height} pixels are too few for a JPEG 2000 file",
            Remedy("choose another {}", Option("format"), otherwise="choose another kind of file"),
        )
    if pixels.dtype == np.uint16 and bits < 16:
        pixels = pixels >> (16 - bits)
    stored = bits if pixels.dtype == np.uint16 else 8
    color = 1 if pixels.shape[2] == 3 else 0
    data: bytes = utils.encode_array(
        np.ascontiguousarray(pixels),
        bits_stored=stored,
        photometric_interpretation=color,
        codec_format=1,
    )
    return jp2_boxes.with_metadata(data, _boxes_of(metadata))


def _boxes_of(metadata: RawMetadata) -> jp2_boxes.Jp2Metadata:
    held = {item.name: getattr(metadata, item.name) for item in fields(jp2_boxes.Jp2Metadata)}
    return jp2_boxes.Jp2Metadata(**held)


def _read_heic(data: bytes, name: str, limit: int) -> Decoded:
    library = package("pillow_heif", HEIC)
    opened = guarded(
        name,
        lambda: library.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=True),
    )
    if not len(opened):
        raise PhotoError(name, "damaged, there is no picture in it", "copy it from its source")
    picture = opened[opened.primary_index] if len(opened) > 1 else opened
    width, height = picture.size
    check_pixel_count(name, width, height, limit)
    pixels = np.atleast_3d(guarded(name, lambda: np.array(np.asarray(picture))))
    info = picture.info
    coded = coded_data.of_heic(data, info.get("exif"), info.get("xmp"))
    note = holes.note_of_coded(coded, name)
    bits = int(info.get("bit_depth", 8))
    if pixels.dtype == np.uint16:  # shifted up: white is 65520
        pixels |= pixels >> bits
    return Decoded(
        pixels,
        bits,
        RawMetadata(
            exif=info.get("exif"), xmp=info.get("xmp"), icc=info.get("icc_profile") or None
        ),
        () if note is None else (note,),
    )


def _heic_file(pixels: NDArray[Any], quality: int, metadata: RawMetadata) -> bytes:
    library = package("pillow_heif", HEIC)
    library.options.SAVE_HDR_TO_12_BIT = True
    deep = pixels.dtype == np.uint16
    mode = ("RGBA" if pixels.shape[2] == 4 else "RGB") + (";16" if deep else "")
    extras = {"exif": metadata.exif, "xmp": metadata.xmp, "icc_profile": metadata.icc}
    stream = io.BytesIO()
    library.encode(
        mode,
        (pixels.shape[1], pixels.shape[0]),
        np.ascontiguousarray(pixels).tobytes(),
        stream,
        quality=quality,
        **{name: value for name, value in extras.items() if value is not None},
    )
    return stream.getvalue()
