"""Grey in the place of strips or tiles of JPEG of which a decoder gives no pixel at all.

libvips fills other strips that it cannot decode; of JPEG it refuses the whole picture.
"""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from pathlib import Path

from photochrom._system.vips import pyvips
from photochrom.photo.file_access import opened
from photochrom.photo.jpeg import structure
from photochrom.photo.jpeg.markers import END, header_of
from photochrom.photo.tiff.damage import coded_segments
from photochrom.photo.tiff.layout import Layout
from photochrom.photo.tiff.view import segment_file

_HEIGHT_IN_FRAME = 5
"""Bytes from a frame's marker to its height."""


def with_blank_jpegs(origin: Path | bytes, layout: Layout) -> tuple[Layout, bytes]:
    """The layout with readable data for all strips or tiles, and the bytes to put behind the file.

    origin: the TIFF file, whose strips or tiles are of JPEG. A stand-in is the header of a readable
    one without any coefficient. The layout stays as it is where none is readable.
    """
    offsets, counts, behind = list(layout.offsets), list(layout.counts), b""
    model, missing = b"", []
    for index, data in enumerate(coded_segments(origin, layout)):
        if not _gives_pixels(data, layout, index):
            missing.append(index)
        else:
            model = model or data
    with opened(origin) as file:
        length = file.seek(0, os.SEEK_END)
    for index in missing if model else ():
        blank = _blank(model, layout.stored_rows(layout.segment(index)))
        offsets[index], counts[index] = length + len(behind), len(blank)
        behind += blank
    return replace(layout, offsets=tuple(offsets), counts=tuple(counts)), behind


def _gives_pixels(data: bytes, layout: Layout, index: int) -> bool:
    """Whether libvips decodes a strip or tile, be it with warnings."""
    frame, segment = header_of(data), layout.segment(index)
    if frame is None or frame.width < segment.columns or frame.height < segment.rows:
        return False
    stream = replace(layout, block_width=frame.width, block_height=frame.height)
    try:
        small = segment_file(data, stream, frame.height)
        pyvips.Image.tiffload_buffer(small, access="sequential", fail_on="none").avg()
    except (pyvips.Error, struct.error):
        return False
    return True


def _blank(model: bytes, rows: int) -> bytes:
    """A JPEG stream like another, of so many rows, whose scan is empty: decoders make it grey."""
    frame = structure.frame_of(model)
    if frame is None:
        return b""
    place = frame.offset + _HEIGHT_IN_FRAME
    head = model[:place] + struct.pack(">H", rows) + model[place + 2 : frame.data]
    return head + END
