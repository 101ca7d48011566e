"""A photo as it is stored for training: reduced while it is decoded, upright, sRGB, WebP."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom._system.vips import fault_of, pyvips, use_libvips
from photochrom.errors import DataError, os_reason
from photochrom.photo.tiff.tags import read_directories
from photochrom.workshop.data.recipe import Fit

_UNBOUNDED = 10_000_000
"""libvips's largest coordinate: a side that follows from the other one."""
_WHITE = 255
_TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""


class Rendition:
    """One encoded photo: its size from the header, then reduced pixels, then WebP."""

    def __init__(self, content: Path | bytes) -> None:
        """Read the header.

        Raises DataError, without naming the photo, where this is no whole image.
        """
        if isinstance(content, Path) and not str(content).isprintable():
            content = _call(content.read_bytes)  # libvips opens names that are UTF-8 only
        self._content = content
        header = _call(_open, content)
        self.width: int = header.width
        self.height: int = header.height
        if header.get_typeof("orientation") and header.get("orientation") in _TURNED:
            self.width, self.height = self.height, self.width
        self._profile = _has_other_profile(header)
        if header.get("vips-loader").startswith("tiff"):
            _call(_check_tiff_is_whole, content)

    def reduced(self, size: int, fit: Fit) -> NDArray[np.uint8]:
        """Decode and reduce in one step, whole and never enlarged.

        size: of the short side; of the long side for Fit.PAD, whose square holds the whole photo.
        Returns (H, W, 3), sRGB, upright; transparency becomes white.
        Raises DataError where the image is damaged.
        """
        if fit == Fit.PAD:
            box = size, size
        else:
            box = (_UNBOUNDED, size) if self.width >= self.height else (size, _UNBOUNDED)
        options: dict[str, Any] = {"export_profile": "srgb"} if self._profile else {}
        return _call(_reduce, self._content, box, options)


def central_square(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The square in the middle of a photo (H, W, 3)."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def encode(pixels: NDArray[np.uint8], size: int, fit: Fit, quality: int) -> tuple[bytes, int, int]:
    """Bring reduced pixels to their stored shape and encode them.

    Returns the WebP file's bytes, its width and its height.
    """
    height, width = pixels.shape[:2]
    if fit == Fit.CROP:
        pixels = central_square(pixels)
    elif fit == Fit.PAD:
        square = np.full((size, size, 3), _WHITE, np.uint8)
        top, left = (size - height) // 2, (size - width) // 2
        square[top : top + height, left : left + width] = pixels
        pixels = square
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels)).copy(interpretation="srgb")
    encoded: bytes = image.webpsave_buffer(Q=quality, smart_subsample=True, keep="none")
    return encoded, image.width, image.height


def one_thread_each() -> None:
    """Tell libvips that photos, not parts of a photo, are worked on side by side."""
    pyvips.concurrency_set(1)


def _call(work: Any, *arguments: Any) -> Any:
    use_libvips()
    try:
        return work(*arguments)
    except pyvips.Error as error:
        raise DataError(None, fault_of(error)) from error
    except OSError as error:
        raise DataError(None, os_reason(error)) from error


def _open(content: Path | bytes) -> Any:
    if isinstance(content, Path):
        return pyvips.Image.new_from_file(str(content), access="sequential")
    return pyvips.Image.new_from_buffer(content, "", access="sequential")


def _reduce(content: Path | bytes, box: tuple[int, int], options: dict[str, Any]) -> Any:
    width, height = box
    options = options | {"height": height, "size": "down"}
    if isinstance(content, Path):
        image = pyvips.Image.thumbnail(str(content), width, fail_on="truncated", **options)
    else:  # libvips 8.18 takes fail_on here too, but does not heed it
        image = pyvips.Image.thumbnail_buffer(
            content, width, option_string="[fail_on=truncated]", **options
        )
    if image.hasalpha():
        white = _WHITE if image.format == "uchar" else 257 * _WHITE
        image = image.flatten(background=white)
    pixels = image.colourspace("srgb").numpy()
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise DataError(None, f"{image.bands} bands of {image.format} samples are not supported")
    return pixels


def _check_tiff_is_whole(content: Path | bytes) -> None:
    """Libvips fills what is missing of a TIFF with black and only logs a warning."""
    with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as file:
        pages = read_directories(file)
        end, size = pages[0].data_end if pages else 0, file.seek(0, io.SEEK_END)
    if end > size:
        raise DataError(None, f"{end - size} bytes of pixels are missing")


def _has_other_profile(header: Any) -> bool:
    """Whether the embedded profile is another one than sRGB; applying one costs more than the
    rest of the reduction.
    """
    if not header.get_typeof("icc-profile-data"):
        return False
    profile = bytes(header.get("icc-profile-data"))
    return b"sRGB" not in profile and "sRGB".encode("utf-16-be") not in profile
