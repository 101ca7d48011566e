"""The kinds of files: their suffixes, what they can hold, who reads and writes them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from photochrom.errors import PhotoError

MAX_PIXELS = 1_000_000_000
"""Of a picture that is decoded row by row, by default."""
MAX_WHOLE_PIXELS = 150_000_000
"""Of one that lies in memory as a whole, by default: about 1 GB."""
EIGHT, SIXTEEN, FLOAT = (np.dtype(t) for t in (np.uint8, np.uint16, np.float32))


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of image file.

    suffixes: the first is what we write. loader: how libvips's name for its reader begins; empty
    where a package of an extra reads it (`photochrom.photo.codecs.optional`).
    package: the module of that package; empty where libvips reads it.
    depths: the types of number it holds. alpha: whether it holds transparency.
    tagged: whether viewers honour the orientation tag; else pixels are turned.
    streams: whether it is decoded row by row; the others lie in memory as a whole.
    lossless: whether it gives back what was written. quality: whether `SaveOptions.quality` counts.
    profile: whether it carries an ICC profile.
    longest: pixels a side that a result may have, by the format or by what writes it here; None for
    no limit.
    becomes: what a result's name ends in where the kind is read only; empty where it is written.
    """

    name: str
    suffixes: tuple[str, ...]
    loader: str = ""
    package: str = ""
    depths: frozenset[np.dtype[Any]] = frozenset({EIGHT})
    alpha: bool = True
    tagged: bool = False
    streams: bool = False
    lossless: bool = False
    quality: bool = False
    profile: bool = True
    longest: int | None = None
    becomes: str = ""

    @property
    def suffix(self) -> str:
        """What a new file's name ends in."""
        return self.becomes or self.suffixes[0]

    @property
    def available(self) -> bool:
        """Whether what reads it is installed."""
        return not self.package or find_spec(self.package) is not None

    @property
    def written(self) -> bool:
        """Whether results can be of this kind."""
        return not self.becomes


JPEG = Kind(
    name="JPEG",
    suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
    loader="jpeg",
    alpha=False,
    tagged=True,
    streams=True,
    quality=True,
    longest=65_500,  # libjpeg's; the format has 65,535
)
PNG = Kind(
    name="PNG",
    suffixes=(".png",),
    loader="png",
    depths=frozenset({EIGHT, SIXTEEN}),
    streams=True,
    lossless=True,
)
TIFF = Kind(
    name="TIFF",
    suffixes=(".tif", ".tiff"),
    loader="tiff",
    depths=frozenset({EIGHT, SIXTEEN, FLOAT}),
    tagged=True,
    streams=True,
    lossless=True,
)
WEBP = Kind(name="WebP", suffixes=(".webp",), loader="webp", quality=True, longest=16_383)
AVIF = Kind(  # libvips writes no longer ones
    name="AVIF", suffixes=(".avif",), loader="heif", quality=True, longest=16_384
)
GIF = Kind(name="GIF", suffixes=(".gif",), loader="gif", profile=False, longest=65_535)
PNM = Kind(
    name="PGM or PPM",
    suffixes=(".ppm", ".pgm", ".pnm"),
    package="netpbmfile",
    depths=frozenset({EIGHT, SIXTEEN}),
    alpha=False,
    lossless=True,
    profile=False,
)
JPEG2000 = Kind(
    name="JPEG 2000",
    suffixes=(".jp2", ".j2k", ".jpx"),
    package="openjpeg",
    depths=frozenset({EIGHT, SIXTEEN}),
    lossless=True,
    profile=False,
    longest=65_535,  # openjpeg's package's
)
HEIC = Kind(
    name="HEIC",
    suffixes=(".heic", ".heif"),
    package="pillow_heif",
    depths=frozenset({EIGHT, SIXTEEN}),
    quality=True,
    longest=65_528,
)
BMP = Kind(name="BMP", suffixes=(".bmp", ".dib"), package="PIL", becomes=".png")
JPEG_XL = Kind(name="JPEG XL", suffixes=(".jxl",), package="pyjpegxl", becomes=".png")
PSD = Kind(
    name="Photoshop document", suffixes=(".psd", ".psb"), package="psd_tools", becomes=".tif"
)
RAW = Kind(
    name="camera raw",
    suffixes=(
        *(".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2"),
        *(".sr2", ".srw"),
    ),
    package="rawpy",
    becomes=".jpg",
)

KINDS = (JPEG, PNG, TIFF, WEBP, AVIF, GIF, PNM, JPEG2000, HEIC, BMP, JPEG_XL, PSD, RAW)
WRITTEN = tuple(kind for kind in KINDS if kind.written)
SUFFIXES = frozenset(suffix for kind in KINDS for suffix in kind.suffixes)
"""What Photochrom reads."""


def kind_of(name: str | PurePath) -> Kind | None:
    """The kind of results that a file's name, or a suffix, stands for."""
    kind = kind_by_name(name)
    return kind if kind is not None and kind.written else None


def kind_by_name(name: str | PurePath) -> Kind | None:
    """The kind that a file's name, or a suffix, stands for, even if it is read only."""
    text = str(name).lower()
    suffix = PurePath(text).suffix or text
    return next((kind for kind in KINDS if suffix in kind.suffixes), None)


_HEAD = 64
"""Bytes from which a kind can be known."""


def check_size(kind: Kind, height: int, width: int, subject: object) -> None:
    """Raise PhotoError, about a subject, where a picture is too large for files of a kind."""
    if kind.longest is not None and max(height, width) > kind.longest:
        raise PhotoError(
            subject,
            f"{width} x {height} pixels are too many for a {kind.name} file, which has at most "
            f"{kind.longest} a side",
            "write a PNG or TIFF instead",
        )


_MAGIC = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"\xff\x4f\xff\x51", JPEG2000),
    (b"\0\0\0\x0cjP  \r\n\x87\n", JPEG2000),
    *((b"P%d" % digit, PNM) for digit in range(1, 7)),
    (b"8BPS\0\1", PSD),
    (b"8BPS\0\2", PSD),
    (b"\xff\x0a", JPEG_XL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JPEG_XL),
    (b"FUJIFILMCCD-RAW", RAW),
    *((magic, RAW) for magic in (b"IIRO", b"IIRS", b"MMOR", b"IIU\0")),  # Olympus, Panasonic
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1"})


def kind_of_file(path: Path) -> Kind | None:
    """The kind of a file whose name does not say it, by its first bytes.

    None where the name says it, and for what cannot be read or is of no known kind.
    """
    if kind_by_name(path) is not None:
        return None
    try:
        with path.open("rb") as file:
            return sniffed(file.read(_HEAD))
    except OSError:
        return None


_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Lengths of a BMP's second header, by which its version is known."""


def sniffed(head: bytes) -> Kind | None:
    """The kind of a file by its first bytes, whatever its name says.

    Raw files of most cameras are TIFFs; `photochrom.photo.codecs.camera_raw` tells them apart.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        brands = {head[start : start + 4] for start in range(8, len(head) - 3, 4)}
        if b"crx " in brands:
            return RAW
        return AVIF if brands & _AVIF_BRANDS else HEIC if brands & _HEIC_BRANDS else None
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return BMP
    if head[:3] == b"II*" and head[8:10] == b"CR":
        return RAW
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
