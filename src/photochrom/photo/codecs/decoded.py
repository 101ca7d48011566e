"""A picture that a package of the extra "formats" reads, and how such packages are called."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from photochrom.errors import MissingExtraError, Option, PhotoError, Remedy, first_line
from photochrom.photo.formats import MAX_PIXELS, MAX_WHOLE_PIXELS, Kind


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
    bits: how many of each number are in use. notes: what a person should know, a line each.
    """

    pixels: NDArray[Any]
    bits: int = 8
    metadata: RawMetadata = field(default_factory=RawMetadata)
    notes: tuple[str, ...] = ()

    @property
    def icc(self) -> bytes | None:
        """Its profile."""
        return self.metadata.icc


def package(name: str, kind: Kind) -> Any:
    """The module of a package; raises MissingExtraError where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"{kind.name} files", "formats") from error


def guarded(name: str, read: Callable[[], Any]) -> Any:
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


def check_page(name: str, page: int | None, pages: int) -> None:
    """Refuse a page that a file of so many pages does not have; raises PhotoError."""
    if page is None or 0 <= page < pages:
        return
    have = "1 page" if pages == 1 else f"{pages} pages"
    remedy = "leave {} out" if pages == 1 else f"choose {{}} from 0 to {pages - 1}"
    raise PhotoError(
        name,
        f"has {have}, but no page {page}",
        Remedy(remedy, Option("page"), otherwise="choose another page"),
    )


def _fewer(pixels: int, limit: int) -> Remedy:
    """What to do about too many pixels; a TIFF may have more by default, but not by request."""
    as_tiff = limit == MAX_WHOLE_PIXELS and pixels <= MAX_PIXELS
    other = "save it as a TIFF" if as_tiff else "make it smaller"
    return Remedy(f"raise {{}} if that is meant, or {other}", Option("max_pixels"), otherwise=other)
