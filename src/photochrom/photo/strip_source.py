"""Hand strips of pixels to libvips, which writes them in any format, without holding them all.

libvips pulls: its savers read from an image. So the strips pose as a file, an uncompressed BigTIFF
that is made while it is read and never exists as a whole.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from photochrom._system.vips import pyvips, use_libvips
from photochrom.photo.strips import Pixels, StripPlan

_SHORT, _LONG8 = 3, 16


class StripSource:
    """Strips of one image, read by libvips from the top to the bottom, once.

    The plan is that of the file it poses as; strips may come in other pieces, row by row in order.
    """

    def __init__(
        self, strips: Iterator[Pixels], plan: StripPlan, bands: int, dtype: np.dtype[Any]
    ) -> None:
        self.failure: Exception | None = None
        self._strips = strips
        self._header = _tiff_header(plan, bands, dtype)
        data = plan.width * plan.height * bands * dtype.itemsize
        self._size = len(self._header) + data
        self._position = 0
        self._buffer: memoryview = memoryview(self._header)
        self._buffer_start = 0
        use_libvips()
        self._source = pyvips.SourceCustom()
        # not by on_read: it copies in Python, and all other threads wait
        self._source.signal_connect("read", self._read)
        self._source.on_seek(self._seek)

    def image(self) -> Any:
        """The image, as a pyvips.Image to be written once, sequentially."""
        return pyvips.Image.new_from_source(
            self._source, "", access="sequential", fail_on="truncated"
        )

    def _seek(self, offset: int, whence: int) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def _read(self, wanted: Any) -> int:
        try:
            piece = self._piece(len(wanted))
        except Exception as error:  # must not pass through libvips; the writer raises it again
            self.failure = error
            return 0
        if len(piece):
            np.frombuffer(wanted, np.uint8)[: len(piece)] = np.frombuffer(piece, np.uint8)
        return len(piece)

    def _piece(self, length: int) -> memoryview:
        """At most so many bytes from where libvips reads; none at the end."""
        if self._position < len(self._header):
            start = self._position
            piece = memoryview(self._header)[start : start + length]
        else:
            while self._position >= self._buffer_start + len(self._buffer):
                strip = next(self._strips, None)
                if strip is None:
                    return memoryview(b"")
                self._buffer_start += len(self._buffer)
                self._buffer = np.ascontiguousarray(strip).data.cast("B")
            start = self._position - self._buffer_start
            if start < 0:
                raise RuntimeError("the strips were read out of order")
            piece = self._buffer[start : start + length]
        self._position += len(piece)
        return piece


def _tiff_header(plan: StripPlan, bands: int, dtype: np.dtype[Any]) -> bytes:
    """A little-endian BigTIFF header with one directory, the pixels to follow."""
    row = plan.width * bands * dtype.itemsize
    counts = [rows * row for _, rows in plan.spans()]
    colors = 3 if bands >= 3 else 1
    tags: list[tuple[int, int, list[int]]] = [
        (256, _LONG8, [plan.width]),
        (257, _LONG8, [plan.height]),
        (258, _SHORT, [8 * dtype.itemsize] * bands),
        (259, _SHORT, [1]),  # no compression
        (262, _SHORT, [2 if colors == 3 else 1]),  # RGB or grey
        (273, _LONG8, [0] * len(counts)),  # where the strips start, filled in below
        (277, _SHORT, [bands]),
        (278, _LONG8, [plan.rows]),
        (279, _LONG8, counts),
    ]
    if bands > colors:
        tags.append((338, _SHORT, [2] * (bands - colors)))  # unassociated alpha
    if dtype.kind == "f":
        tags.append((339, _SHORT, [3] * bands))  # floats
    directory = 16 + 8 + 20 * len(tags) + 8
    outside = sum(len(_values(kind, v)) for _, kind, v in tags if len(_values(kind, v)) > 8)
    start = directory + outside
    starts = [start]
    for count in counts[:-1]:
        starts.append(starts[-1] + count)
    entries, extra = b"", b""
    for tag, kind, values in tags:
        packed = _values(kind, starts if tag == 273 else values)
        if len(packed) > 8:
            where = struct.pack("<Q", directory + len(extra))
            extra += packed
        else:
            where = packed.ljust(8, b"\0")
        entries += struct.pack("<HHQ", tag, kind, len(values)) + where
    head = b"II" + struct.pack("<HHHQ", 43, 8, 0, 16)
    return head + struct.pack("<Q", len(tags)) + entries + struct.pack("<Q", 0) + extra


def _values(kind: int, values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}{'H' if kind == _SHORT else 'Q'}", *values)
