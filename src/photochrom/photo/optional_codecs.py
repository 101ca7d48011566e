"""Kinds that libvips does not know here: PGM and PPM, JPEG 2000, HEIC; in memory as a whole.

Each is read and written by a small package of its own, all of them in the extra "formats".
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import (
    MissingExtraError,
    Option,
    PhotochromError,
    PhotoError,
    Remedy,
    first_line,
)
from photochrom.photo import jp2_boxes, pnm_comments
from photochrom.photo.formats import HEIC, JPEG2000, MAX_PIXELS, MAX_WHOLE_PIXELS, PNM, Kind

_JPEG2000_LEAST = 32
"""Pixels a side: openjpeg writes six resolutions, each half the one before."""


@dataclass(frozen=True, kw_only=True)
class RawMetadata:
    """Blocks of metadata of a file.

    photoshop: resources other than IPTC. resolution: pixels a metre, across and down.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    icc: bytes | None = None
    iptc: bytes | None = None
    photoshop: bytes | None = None
    resolution: tuple[float, float] | None = None
    comments: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Decoded:
    """A picture as its package reads it.

    pixels: (H, W, bands), uint8 or uint16, upright where `kind` says nothing of orientation.
    bits: how many of each number are in use.
    """

    pixels: NDArray[Any]
    bits: int = 8
    metadata: RawMetadata = field(default_factory=RawMetadata)

    @property
    def icc(self) -> bytes | None:
        """Its profile."""
        return self.metadata.icc


def decode(data: bytes, kind: Kind, name: str, limit: int) -> Decoded:
    """Read an encoded picture of one of these kinds.

    name: what errors call it. limit: pixels; a larger picture is refused before it is decoded.
    Raises MissingExtraError without the kind's package, PhotoError where the picture is damaged or
    too large.
    """
    reader = {PNM.name: _read_pnm, JPEG2000.name: _read_jpeg2000, HEIC.name: _read_heic}[kind.name]
    return reader(data, name, limit)


def encode(
    pixels: NDArray[Any],
    kind: Kind,
    name: str,
    *,
    quality: int,
    bits: int = 8,
    metadata: RawMetadata = RawMetadata(),
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


def _package(name: str, kind: Kind) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"{kind.name} files", "formats") from error


def _guarded(name: str, read: Callable[[], Any]) -> Any:
    """What a package reads; whatever it raises becomes one line."""
    try:
        return read()
    except Exception as error:  # each package has errors of its own
        raise PhotoError(
            name, f"damaged or unusual image ({first_line(error)})", "repair it or save it again"
        ) from error


def check_pixel_count(name: str, width: int, height: int, limit: int) -> None:
    """Refuse a picture without pixels, or with too many; raises PhotoError."""
    if width < 1 or height < 1:
        raise PhotoError(name, f"has no pixels ({width} x {height})", "copy it from its source")
    if width * height > limit:
        raise PhotoError(
            name,
            f"{width} x {height} are {width * height / 1e6:.4g} megapixels, the limit here "
            f"is {limit / 1e6:.4g}",
            _fewer(width * height, limit),
        )


def _fewer(pixels: int, limit: int) -> Remedy:
    """What to do about too many pixels; a TIFF may have more by default, but not by request."""
    as_tiff = limit == MAX_WHOLE_PIXELS and pixels <= MAX_PIXELS
    other = "save it as a TIFF" if as_tiff else "make it smaller"
    return Remedy(f"raise {{}} if that is meant, or {other}", Option("max_pixels"), otherwise=other)


def _read_pnm(data: bytes, name: str, limit: int) -> Decoded:
    package = _package("netpbmfile", PNM)
    with _guarded(name, lambda: package.NetpbmFile(io.BytesIO(data))) as file:
        shape = file.shape
        if file.axes not in ("YX", "YXS") or (len(shape) == 3 and shape[2] > 4):
            raise PhotoError(name, "more than one picture in one file", "save them one by one")
        check_pixel_count(name, shape[1], shape[0], limit)
        if len(data) * 8 < shape[0] * shape[1]:
            raise PhotoError(name, "damaged, pixels are missing", "copy it again from its source")
        pixels = _guarded(name, file.asarray)
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
    return Decoded(pixels, max(8, highest.bit_length()), metadata)


def _pnm_file(pixels: NDArray[Any]) -> bytes:
    package = _package("netpbmfile", PNM)
    stream = io.BytesIO()
    package.imwrite(stream, pixels[..., :3], magicnumber="P6", maxval=np.iinfo(pixels.dtype).max)
    return stream.getvalue()


def _read_jpeg2000(data: bytes, name: str, limit: int) -> Decoded:
    package = _package("openjpeg", JPEG2000)
    header = _guarded(name, lambda: package.get_parameters(data))
    check_pixel_count(name, header["columns"], header["rows"], limit)
    bits = int(header["precision"])
    if not 1 <= bits <= 16 or header["is_signed"]:
        raise PhotoError(name, f"{bits}-bit samples are not supported", "save it with 8 or 16 bit")
    pixels = np.atleast_3d(_guarded(name, lambda: package.decode(data)))
    full = 65535 if bits > 8 else 255
    if (1 << bits) - 1 != full:
        pixels = np.rint(pixels * (full / ((1 << bits) - 1)))
    metadata = RawMetadata(**vars(jp2_boxes.read_metadata(data)))
    return Decoded(pixels.astype(np.uint16 if bits > 8 else np.uint8), max(8, bits), metadata)


def _jpeg2000_file(pixels: NDArray[Any], name: str, bits: int, metadata: RawMetadata) -> bytes:
    utils = _package("openjpeg.utils", JPEG2000)
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
    package = _package("pillow_heif", HEIC)
    opened = _guarded(
        name,
        lambda: package.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=True),
    )
    if not len(opened):
        raise PhotoError(name, "damaged, there is no picture in it", "copy it from its source")
    picture = opened[opened.primary_index] if len(opened) > 1 else opened
    width, height = picture.size
    check_pixel_count(name, width, height, limit)
    pixels = np.atleast_3d(_guarded(name, lambda: np.array(np.asarray(picture))))
    info = picture.info
    bits = int(info.get("bit_depth", 8))
    if pixels.dtype == np.uint16:  # shifted up: white is 65520
        pixels |= pixels >> bits
    return Decoded(
        pixels,
        bits,
        RawMetadata(
            exif=info.get("exif"), xmp=info.get("xmp"), icc=info.get("icc_profile") or None
        ),
    )


def _heic_file(pixels: NDArray[Any], quality: int, metadata: RawMetadata) -> bytes:
    package = _package("pillow_heif", HEIC)
    package.options.SAVE_HDR_TO_12_BIT = True
    deep = pixels.dtype == np.uint16
    mode = ("RGBA" if pixels.shape[2] == 4 else "RGB") + (";16" if deep else "")
    extras = {"exif": metadata.exif, "xmp": metadata.xmp, "icc_profile": metadata.icc}
    stream = io.BytesIO()
    package.encode(
        mode,
        (pixels.shape[1], pixels.shape[0]),
        np.ascontiguousarray(pixels).tobytes(),
        stream,
        quality=quality,
        **{name: value for name, value in extras.items() if value is not None},
    )
    return stream.getvalue()
