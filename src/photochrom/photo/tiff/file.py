"""The pixels of one picture of a TIFF file through libvips, and what is lost of them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from photochrom._system.vips import pyvips
from photochrom.errors import PhotoError
from photochrom.photo.holes import note_of_blocks, note_of_coded, note_of_pixels
from photochrom.photo.tiff.blank import with_blank_jpegs
from photochrom.photo.tiff.damage import (
    MOST_TRIED,
    Lost,
    checked_beforehand,
    coded_segments,
    fail_level,
    find_lost,
    missing_from_file,
    note_of,
)
from photochrom.photo.tiff.layout import JPEG, LZW, NONE, PACK_BITS, WEBP, ZSTD, Layout
from photochrom.photo.tiff.view import patched_image

_UNCHECKED = frozenset({LZW, PACK_BITS, ZSTD})
"""Compressions whose decoders take what is empty for pixels, and which never write it."""
_QUIET = frozenset({2, 3, 4, PACK_BITS})
"""Compressions of whose damage libtiff only warns, as libvips does of that of all tiles; both warn
of strange directories as well, so these are read with a sound one."""


class TiffFile:
    """One picture of a TIFF as an image of libvips, as often as one likes.

    The file is read as it is, where libvips understands it; else under a directory of our own.
    When a pass over the pixels fails, `examine` finds out what is lost.
    """

    def __init__(self, origin: Path | bytes, page: int, layout: Layout, name: str) -> None:
        """Raise PhotoError for a picture of which too much is not even in the file.

        page: its place in the chain of directories; -1 where it is in a SubIFD.
        """
        self._origin, self._page, self._name = origin, page, name
        self._layout = layout
        self._behind = b""
        self._patched = page < 0 or layout.repaired or layout.tiled or layout.compression in _QUIET
        self._fail_on = fail_level(layout) if self._patched else "error"
        self._examined = self._searched = False
        missing = note_of(missing_from_file(layout), layout, name)
        self._beforehand = missing is not None or checked_beforehand(layout)

    def image(self) -> Any:
        """A fresh sequential image; its pixels raise pyvips.Error where they cannot be decoded."""
        settings = {"access": "sequential", "fail_on": self._fail_on}
        if self._patched:
            try:
                return patched_image(self._origin, self._layout, self._behind, **settings)
            except struct.error as error:
                raise PhotoError(
                    self._name,
                    "its directory is damaged, and there is no place for another in so long a file",
                    "save it again as BigTIFF",
                ) from error
        return file_image(self._origin, page=self._page, **settings)

    def check(self) -> str | None:
        """Examine what libvips decodes without noticing damage, and what is not in the file.

        See `examine`.
        """
        return self.examine() if self._beforehand else None

    def holes(self) -> str | None:
        """Look once for parts of the file that were never written, as a line; None for none.

        Raises PhotoError where most of compressed data is empty.
        """
        if self._searched:
            return None
        layout = self._layout
        start = min(filter(None, layout.offsets), default=0)
        end = max(segment.offset + segment.count for segment in layout.segments)
        if layout.compression == NONE:
            note = note_of_pixels(self._origin, layout.offsets, end, layout.row_bytes)
        elif layout.compression == WEBP:
            note = note_of_blocks(self._origin, [(start, end)], self._name)
        elif layout.compression in _UNCHECKED:
            note = note_of_coded(coded_segments(self._origin, layout), self._name)
        else:
            note = None
        self._searched = True
        return note

    def examine(self) -> str | None:
        """Try each strip alone, once; from then on what is lost is black.

        Returns what is lost as a line, None where nothing is. Raises PhotoError where it is too
        much.
        """
        if self._examined:
            return None
        self._examined = True
        many = len(self._layout.offsets) > MOST_TRIED
        if many and not self._beforehand:
            raise PhotoError(
                self._name, "damaged, not all rows can be decoded", "copy it again from its source"
            )
        return self._accept(find_lost(self._origin, self._layout))

    @property
    def examined(self) -> bool:
        """Whether `examine` was called: nothing new is to be found."""
        return self._examined

    def _accept(self, lost: list[Lost]) -> str | None:
        note = note_of(lost, self._layout, self._name)
        if note is not None:
            self._patched, self._fail_on = True, "none"
            if self._layout.compression == NONE and not self._layout.tiled:
                self._layout = self._layout.row_by_row()
            if self._layout.compression == JPEG:
                self._layout, self._behind = with_blank_jpegs(self._origin, self._layout)
        else:  # each strip is sound, whatever libvips warned of
            self._patched, self._fail_on = self._patched or not self._beforehand, "error"
        return note

    def pixels(self) -> tuple[NDArray[Any], list[str]]:
        """All pixels (height, width), of one sample each, and what is lost of them, as lines."""
        notes = [self.check(), self.holes()]
        try:
            pixels = self.image().numpy()
        except pyvips.Error:
            if self.examined:
                raise
            notes.append(self.examine())
            pixels = self.image().numpy()
        return pixels, [note for note in notes if note is not None]


def file_image(origin: Path | bytes, **settings: Any) -> Any:
    """A page as libvips reads it by itself."""
    if isinstance(origin, bytes):
        return pyvips.Image.tiffload_buffer(origin, **settings)
    with origin.open("rb") as file:  # by descriptor: libvips wants names to be text
        source = pyvips.Source.new_from_descriptor(file.fileno())
    return pyvips.Image.tiffload_source(source, **settings)
