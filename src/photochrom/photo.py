"""Photographs: opened from a path, bytes or an array, read in strips, written whole or not at all.

A Photo is what lies in the file, in its stored orientation; `Photo.turn` says how to show it
upright. Every pass over the pixels is an open of its own, because a sequential decoder reads once.
"""

from __future__ import annotations

import io
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from photochrom.color import Array
from photochrom.errors import OutputExists, PhotoError
from photochrom.provenance import mark_computed
from photochrom.resize import resize
from photochrom.stream import FetchRows, Pixels, StripPlan
from photochrom.strip_source import StripSource
from photochrom.tiff import data_end

pyvips.cache_set_max(0)  # a cached operation would keep whole strips, and hide changed files

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"})
"""What Photochrom reads and writes."""

_FORMAT_OF_LOADER = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "webp": ".webp"}
_KEEPS_ORIENTATION_TAG = frozenset({".jpg", ".jpeg", ".tif", ".tiff"})
_DEPTHS: dict[str, np.dtype[Any]] = {
    "uchar": np.dtype(np.uint8),
    "ushort": np.dtype(np.uint16),
}
_CARRIED_METADATA = ("exif-data", "xmp-data", "iptc-data", "icc-profile-data", "resolution-unit")
_SMALLEST_SHRUNK = 2
"""The decoder's own reduction stops at this multiple of the small copy; the rest is exact."""


@dataclass(frozen=True)
class Turn:
    """How to show a stored picture upright: mirror left to right, then turn counter-clockwise."""

    quarters: int = 0
    mirrored: bool = False

    @classmethod
    def from_exif(cls, orientation: int) -> Turn:
        """The turn of EXIF orientation 1..8."""
        quarters = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
        return cls(quarters, orientation in (2, 4, 5, 7))

    def apply(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Turn an array (H, W, ...) upright."""
        flipped = picture[:, ::-1] if self.mirrored else picture
        return np.rot90(flipped, self.quarters)

    def undo(self) -> tuple[int, bool]:
        """The same turn backwards, as (quarters, mirrored) with the mirror first."""
        return (self.quarters if self.mirrored else -self.quarters) % 4, self.mirrored


class Photo:
    """One photograph: its size, its turn, and as many passes over its pixels as one asks for."""

    def __init__(self, source: Path | bytes | Pixels, name: str | None = None) -> None:
        """Open a photo and read its header.

        source: a path, an encoded file's bytes, or an array (H, W), (H, W, 3) or (H, W, 4), uint8
        or uint16, sRGB.
        name: what errors call it.
        Raises PhotoError where it is missing, empty, of no readable kind, or of an unusual one.
        """
        self.source = source
        self.name = name or (str(source) if isinstance(source, Path) else "the photo")
        _check_source(source, self.name)
        header = self._open()
        self.width: int = header.width
        self.height: int = header.height
        self.bands: int = header.bands
        self.dtype = _DEPTHS[header.format]
        self.turn = Turn.from_exif(_field(header, "orientation", 1))
        loader = _field(header, "vips-loader", "")
        self.suffix = next(
            (s for k, s in _FORMAT_OF_LOADER.items() if loader.startswith(k)), ".png"
        )
        self._shrinks_on_load = loader.startswith("jpeg")
        self._header = header
        if loader.startswith("tiff"):
            self._check_tiff_is_whole()

    @property
    def upright_size(self) -> tuple[int, int]:
        """Height and width as displayed."""
        size = (self.height, self.width)
        return size[::-1] if self.turn.quarters % 2 else size

    @property
    def colour_bands(self) -> int:
        """1 for grey, 3 for colour; an alpha band is not counted."""
        return 1 if self.bands < 3 else 3

    @property
    def plan(self) -> StripPlan:
        """How its pixels are cut into strips."""
        return StripPlan.of(self.width, self.height)

    def strips(self) -> FetchRows:
        """Start a pass over the pixels, in stored orientation; see `photochrom.stream`."""
        image = self._open()
        region = pyvips.Region.new(image)

        def fetch(top: int, rows: int) -> Pixels:
            with self._errors():
                raw = region.fetch(0, top, self.width, rows)
            pixels = np.frombuffer(raw, self.dtype)
            return pixels.reshape(rows, self.width, self.bands)

        return fetch

    def small_copy(self, height: int, width: int) -> Array:
        """Read the photo reduced to a given size, in stored orientation.

        Returns (height, width, 3), sRGB in 0..1.
        """
        factor = min(self.height / height, self.width / width) / _SMALLEST_SHRUNK
        shrink = max(k for k in (1, 2, 4, 8) if k <= max(1.0, factor))
        with self._errors():
            image = self._open(shrink=shrink) if self._shrinks_on_load else self._open()
            done = shrink if self._shrinks_on_load else 1
            by_height = max(1, int(self.height / height / _SMALLEST_SHRUNK / done))
            by_width = max(1, int(self.width / width / _SMALLEST_SHRUNK / done))
            if by_height > 1 or by_width > 1:
                image = image.cast("float").shrink(by_width, by_height)
            pixels = image.numpy().reshape(image.height, image.width, image.bands)
        extent = (self.height / (by_height * done), self.width / (by_width * done))
        values = pixels[:, :, : self.colour_bands].astype(np.float32) / np.iinfo(self.dtype).max
        small = resize(values, height, width, extent)
        return np.repeat(small, 3, axis=2) if self.colour_bands == 1 else small

    def _check_tiff_is_whole(self) -> None:
        """Libvips fills what is missing of a TIFF with black and only logs a warning."""
        if isinstance(self.source, Path):
            with self.source.open("rb") as file:
                missing = data_end(file) - self.source.stat().st_size
        elif isinstance(self.source, bytes):
            missing = data_end(io.BytesIO(self.source)) - len(self.source)
        else:
            missing = 0
        if missing > 0:
            raise PhotoError(
                f"{self.name}: damaged, {missing} bytes of pixels are missing; "
                "copy it again from its source"
            )

    def _open(self, **options: Any) -> Any:
        """A fresh sequential pyvips image: sRGB or grey, 8 or 16 bit."""
        with self._errors():
            if isinstance(self.source, Path):
                image = pyvips.Image.new_from_file(
                    str(self.source), access="sequential", fail_on="truncated", **options
                )
            elif isinstance(self.source, bytes):
                image = pyvips.Image.new_from_buffer(
                    self.source, "", access="sequential", fail_on="truncated", **options
                )
            else:
                image = pyvips.Image.new_from_array(self.source)
                kind = "grey16" if image.format == "ushort" else "b-w"
                kind = {"b-w": "srgb", "grey16": "rgb16"}[kind] if image.bands > 2 else kind
                image = image.copy(interpretation=kind)
            return _as_srgb(image, self.name)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except pyvips.Error as error:
            raise PhotoError(f"{self.name}: {_reason(error)}") from error

    def write(
        self,
        strips: Iterator[Pixels],
        target: Path,
        *,
        upright: bool,
        quality: int = 95,
        mark: bool = True,
        overwrite: bool = False,
    ) -> None:
        """Write coloured strips with this photo's metadata; whole, or not at all.

        strips: of the photo's size and type, three colour bands, in stored orientation, or turned
        where `upright` is true.
        target: its suffix chooses the format.
        quality: of JPEG and WebP, 1..100.
        mark: say in XMP that the colours are computed.
        Raises OutputExists or PhotoError.
        """
        check_target(target, overwrite)
        with _temporary_beside(target) as part:
            self._write(strips, part, target, upright, quality, mark)
            check_target(target, overwrite)  # again: somebody may have taken the name meanwhile
            with foreseen_os_errors(str(target)):
                part.replace(target)

    def encode(
        self, strips: Iterator[Pixels], suffix: str, *, upright: bool, quality: int, mark: bool
    ) -> bytes:
        """Like `write`, but to the bytes of a file; for pipes."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / f"photo{suffix}"
            self.write(strips, target, upright=upright, quality=quality, mark=mark)
            return target.read_bytes()

    def _write(
        self,
        strips: Iterator[Pixels],
        part: Path,
        target: Path,
        upright: bool,
        quality: int,
        mark: bool,
    ) -> None:
        height, width = self.upright_size if upright else (self.height, self.width)
        bands = 3 + self.bands - self.colour_bands
        source = StripSource(strips, StripPlan.of(width, height), bands, self.dtype)
        try:
            image = source.image()
            image = image.copy(interpretation="rgb16" if self.dtype == np.uint16 else "srgb")
            image = self._with_metadata(image, upright, mark)
            image.write_to_file(str(part), **_save_options(target.suffix.lower(), quality))
        except pyvips.Error as error:
            if source.failure is None:
                detail = _first_line(error)
                raise PhotoError(
                    f"{target}: cannot be written ({detail}); check the folder and its free space"
                ) from error
        if source.failure is not None:  # libvips takes an early end for a warning
            raise source.failure

    def _with_metadata(self, image: Any, upright: bool, mark: bool) -> Any:
        header = self._header
        image = image.copy(xres=header.xres, yres=header.yres)
        for name in header.get_fields():
            if name in _CARRIED_METADATA or name.startswith("exif-"):
                image.set_type(header.get_typeof(name), name, header.get(name))
        if header.get_typeof("orientation"):
            upright_tag = 1 if upright else header.get("orientation")
            image.set_type(pyvips.GValue.gint_type, "orientation", upright_tag)
        if mark:
            existing = _field(header, "xmp-data", None)
            image.set_type(pyvips.GValue.blob_type, "xmp-data", mark_computed(existing))
        return image


def _field(image: Any, name: str, default: Any) -> Any:
    """A field of libvips's metadata, or the default where the image has none of that name."""
    return image.get(name) if image.get_typeof(name) else default


def keeps_orientation(suffix: str) -> bool:
    """Whether a format's viewers honour the orientation tag; else the pixels must be turned."""
    return suffix.lower() in _KEEPS_ORIENTATION_TAG


def check_target(target: Path, overwrite: bool) -> None:
    """Raise the one-line error for a name that cannot be written to."""
    if target.suffix.lower() not in SUFFIXES:
        known = ", ".join(sorted(s[1:] for s in SUFFIXES))
        raise PhotoError(f"{target}: cannot write this format; end the name in one of {known}")
    with foreseen_os_errors(str(target)):
        exists = target.exists()
    if exists and not overwrite:
        raise OutputExists(f"{target}: exists already; add --overwrite to replace it")
    if not target.parent.is_dir():
        raise PhotoError(f"{target}: the folder {target.parent} does not exist; create it first")


@contextmanager
def _temporary_beside(target: Path) -> Iterator[Path]:
    part = target.with_name(f".{target.stem[:40]}-{secrets.token_hex(6)}.part{target.suffix}")
    with foreseen_os_errors(str(target)):
        part.touch(exist_ok=False)  # with the permissions that a new file gets here
    try:
        yield part
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


@contextmanager
def foreseen_os_errors(name: str) -> Iterator[None]:
    """Turn what the operating system says of a file or folder into one line that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise PhotoError(f"{name}: no such file; check the name") from error
    except OSError as error:
        raise PhotoError(f"{name}: {error.strerror}; choose another name or folder") from error


def _check_source(source: Path | bytes | Pixels, name: str) -> None:
    if isinstance(source, Path):
        with foreseen_os_errors(name):
            source.stat()
        if source.is_dir():
            raise PhotoError(f"{name}: is a folder, not a photo")
        if source.stat().st_size == 0:
            raise PhotoError(f"{name}: the file is empty; copy it again from its source")
    elif isinstance(source, bytes):
        if not source:
            raise PhotoError(f"{name}: no bytes arrived; pipe an encoded photo in")
    elif source.dtype not in (np.uint8, np.uint16) or not (
        source.ndim == 2 or (source.ndim == 3 and source.shape[2] in (1, 3, 4))
    ):
        raise PhotoError(
            f"{name}: an array must be uint8 or uint16 and (H, W), (H, W, 3) or (H, W, 4), "
            f"not {source.dtype} {source.shape}"
        )


def _as_srgb(image: Any, name: str) -> Any:
    """Grey or sRGB, 8 or 16 bit, with any alpha; a profile other than sRGB is applied."""
    if image.interpretation == "cmyk" or _has_other_profile(image):
        depth = 16 if image.format == "ushort" else 8
        alpha = image[-1] if image.hasalpha() else None
        colour = image[: image.bands - 1] if alpha is not None else image
        colour = colour.icc_transform("srgb", embedded=True, depth=depth)
        image = colour.bandjoin(alpha) if alpha is not None else colour
    elif image.interpretation in ("lab", "labs", "labq", "xyz", "scrgb", "hsv", "lch"):
        image = image.colourspace("srgb")
    if image.format not in _DEPTHS or image.bands > 4:
        raise PhotoError(
            f"{name}: {image.bands} bands of {image.format} samples are not supported; "
            "convert to 8 or 16 bit grey or RGB"
        )
    return image


def _has_other_profile(image: Any) -> bool:
    """Whether the embedded profile is another one than sRGB, by its description."""
    if not image.get_typeof("icc-profile-data"):
        return False
    profile = bytes(image.get("icc-profile-data"))
    is_rgb = profile[16:20] == b"RGB "
    return not (is_rgb and (b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile))


def _save_options(suffix: str, quality: int) -> dict[str, Any]:
    if suffix in (".jpg", ".jpeg"):
        return {"Q": quality, "subsample_mode": "off"}
    if suffix == ".webp":
        return {"Q": quality, "smart_subsample": True}
    if suffix in (".tif", ".tiff"):
        return {"compression": "deflate", "predictor": "horizontal"}
    return {}


def _first_line(error: pyvips.Error) -> str:
    detail = str(error.detail or error.message).strip().splitlines()
    return detail[0] if detail else "unknown fault"


def _reason(error: pyvips.Error) -> str:
    """The first line of libvips's own words, and what to do."""
    line = _first_line(error)
    if "not in a known format" in line or "is not a known" in line:
        known = ", ".join(sorted(s[1:] for s in SUFFIXES))
        return f"not an image of a kind Photochrom reads ({known})"
    return f"damaged or unusual image ({line}); repair it or save it again"
