"""A photo on a screen: whole and reduced, or a piece at full resolution, grey or in a result's
colours. 8-bit sRGB, upright.

Pixels are decoded once. The whole photo stays in memory reduced; full resolution is decoded when a
piece is first requested, to a file where there is a folder for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from photochrom._system.atomic import atomic_write
from photochrom._system.vips import pyvips
from photochrom.errors import PhotoError
from photochrom.photo import Photo
from photochrom.photo.strips import Pixels
from photochrom.pipeline.full_size import colored_piece
from photochrom.pipeline.kept_colors import Extent
from photochrom.result import Result

LONGEST_WHOLE, SHORTEST_WHOLE = 2560, 64
"""Long side of the whole on a screen, pixels."""
MOST_PIXELS = 4 * 2**20
"""Of a piece's answer."""
LONGEST_PIECE = 16383
"""A side of a piece's answer: the most that a WebP holds, and browsers draw."""

_SIZES = 3  # reductions that stay in memory
_WHOLE: Extent = ((0.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True)
class Box:
    """A piece of an upright photo, whole pixels."""

    x: int
    y: int
    width: int
    height: int

    def clipped(self, photo: tuple[int, int]) -> Box:
        """The part inside a photo of this height and width; raises PhotoError outside it."""
        height, width = photo
        x, y = max(0, self.x), max(0, self.y)
        right, bottom = min(width, self.x + self.width), min(height, self.y + self.height)
        if x >= right or y >= bottom:
            raise PhotoError(
                f"the piece {self.width}x{self.height} at {self.x}, {self.y}",
                f"lies outside the photo of {width}x{height} pixels",
            )
        return Box(x, y, right - x, bottom - y)


class View:
    """One photo's pixels for a screen; thread-safe."""

    def __init__(
        self,
        photo: Photo,
        folder: Path | None = None,
        threads: int | None = None,
        name: str = "pixels",
    ) -> None:
        """Open a view; nothing is decoded yet.

        folder: where full resolution is written; without one it stays in memory. name: of its file
        there; a complete one is used again.
        """
        self.photo, self._folder, self._threads, self._name = photo, folder, threads, name
        self._lock = threading.Lock()
        self._reduced = lru_cache(maxsize=_SIZES)(partial(_reduced, photo))
        self._full: Pixels | None = None

    def whole(self, result: Result | None, longest: int) -> Pixels:
        """The whole photo, its long side at most `longest` pixels, never enlarged.

        result: whose colours; None for the original.
        Returns (h, w, bands); a result has 3 bands or, with alpha, 4.
        """
        with self._lock:
            pixels = self._reduced(min(max(longest, SHORTEST_WHOLE), LONGEST_WHOLE))
        return self._colored(pixels, _WHOLE, result)

    def piece(self, result: Result | None, box: Box, width: int | None = None) -> Pixels:
        """A piece of the photo from full resolution.

        box: clipped to the photo. width: of the returned pixels, at most the piece's. A piece
        larger than MOST_PIXELS, or longer than LONGEST_PIECE, is reduced to that.
        Returns the same as `whole`. Raises PhotoError for a box outside the photo.
        """
        height, across = self.photo.upright_size
        box = box.clipped((height, across))
        with self._lock:
            if self._full is None:
                self._full = self._decoded()
        pixels = self._full[box.y : box.y + box.height, box.x : box.x + box.width]
        scale = min(1.0, (width or box.width) / box.width)
        scale = min(scale, (MOST_PIXELS / (box.width * box.height)) ** 0.5)
        scale = min(scale, LONGEST_PIECE / max(box.width, box.height))
        extent = (
            (box.y / height, (box.y + box.height) / height),
            (box.x / across, (box.x + box.width) / across),
        )
        return self._colored(_scaled(pixels, scale), extent, result)

    def _colored(self, pixels: Pixels, extent: Extent, result: Result | None) -> Pixels:
        if result is None:
            return pixels
        return colored_piece(pixels, extent, result.chroma, self._threads)

    def _decoded(self) -> Pixels:
        """Full resolution, turned upright without a copy."""
        photo = self.photo
        shape = (photo.height, photo.width, photo.bands)
        stored: Any
        if self._folder is None:
            stored = np.empty(shape, np.uint8)
            for top, strip in _screen_strips(photo):
                stored[top : top + len(strip)] = strip
        else:
            name = self._folder / self._name
            if not name.exists():
                # not into a map: one that finds the disk full ends the process
                with atomic_write(name) as part, part.open("wb") as file:
                    for _, strip in _screen_strips(photo):
                        file.write(np.ascontiguousarray(strip).data)
            stored = np.memmap(name, np.uint8, "r", shape=shape)
        return photo.turn.apply(stored)


def _screen_strips(photo: Photo) -> Iterator[tuple[int, Pixels]]:
    """Yield each strip's first row and its pixels as a screen shows them."""
    fetch = photo.strips()
    for top, rows in photo.plan.spans():
        yield top, photo.for_screen(fetch(top, rows))


def _reduced(photo: Photo, longest: int) -> Pixels:
    """The whole photo upright, (h, w, bands)."""
    scale = min(1.0, longest / max(photo.height, photo.width))
    height, width = (max(1, round(side * scale)) for side in (photo.height, photo.width))
    return np.ascontiguousarray(photo.turn.apply(photo.small_for_screen(height, width)))


def _scaled(pixels: Pixels, scale: float) -> Pixels:
    pixels = np.ascontiguousarray(pixels)
    if scale >= 1:
        return pixels
    image = pyvips.Image.new_from_array(pixels)
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    resized = image.resize(width / image.width, vscale=height / image.height, kernel="linear")
    return resized.numpy().reshape(height, width, pixels.shape[2])
