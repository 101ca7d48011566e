"""Where in a JPEG a strict decoder warns: the row of minimum coded units (MCUs).

libvips takes rows from libjpeg in strips, and asks for warnings before the next strip. So a JPEG is
decoded in a layout where a strip is one row of MCUs, and where libjpeg reads no row ahead. The
order of blocks in the data, which is all that the count depends on, stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from photochrom._system.vips import forget_faults, pyvips
from photochrom.photo.jpeg.markers import END
from photochrom.photo.jpeg.structure import Frame, with_plain_header

LARGEST = 65_500
"""Pixels that libjpeg decodes at most, across and down."""
STRIP = 8
"""Rows that libvips takes from libjpeg at a time, before it asks for warnings."""
_CROWDED = 25
"""Restart markers in a row of MCUs; libvips stops at 50 warnings, within the strip."""
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_BEHIND = 2
"""Rows of MCUs that are decoded behind the picture: libvips overlooks warnings of the last."""


@dataclass(frozen=True)
class _Layout:
    """A frame of the same data, of which `STRIP` rows, reduced by `shrink`, are one row of MCUs."""

    frame: Frame
    shrink: int


def can_locate(frame: Frame) -> bool:
    """Whether `warned_row` is exact for a picture."""
    return not frame.one_scan or _layout(frame) is not None


def warned_row(data: bytes | bytearray, frame: Frame) -> int:
    """The row of pixels, the first of a row of MCUs, where a strict decoder warns or fails first.

    The picture's height where it does so behind the picture only, or never, or where the row cannot
    be located. Of several scans, no row is known: then it is 0. data: without the end marker.
    """
    if not frame.one_scan:
        return frame.height if _warned_strip(data, frame, shrink=8) is None else 0
    layout = _layout(frame)
    if layout is None:
        return frame.height
    data = _with_row_behind(data, frame)
    strip = _warned_strip(data, layout.frame, shrink=layout.shrink, strips=frame.mcu_rows + 1)
    if strip is None:
        return frame.height
    return min(frame.height, max(0, strip - 1) * frame.mcu[0])  # seen with the next strip


def decoded(data: bytes | bytearray, **options: Any) -> Any:
    """The image in memory that must outlive it: libvips copies nothing."""
    forget_faults()
    source = pyvips.Source.new_from_memory(data)
    return pyvips.Operation.call("jpegload_source", source, access="sequential", **options)


def _warned_strip(
    data: bytes | bytearray, frame: Frame, *, shrink: int, strips: int | None = None
) -> int | None:
    """The strip that libvips refuses, of the first ones."""
    plain = with_plain_header(data, frame) + END
    strip = 0
    try:
        image = decoded(plain, fail_on="warning", shrink=shrink)
        region = pyvips.Region.new(image)
        for strip in range(strips or -(-image.height // STRIP)):
            top = strip * STRIP
            region.fetch(0, top, image.width, min(STRIP, image.height - top))
    except pyvips.Error:
        return strip
    return None


def _layout(frame: Frame) -> _Layout | None:
    """None where there is no such layout, or where it is larger than `LARGEST`."""
    columns = -(-frame.width // frame.mcu[1])
    for sampling, shrink in _samplings(frame):
        width = min(LARGEST, columns * 8 * max(across for _, across in sampling))
        height = (frame.mcu_rows + _BEHIND) * STRIP * shrink
        laid_out = replace(frame, width=width, height=height, sampling=sampling)
        if height <= LARGEST and -(-width // laid_out.mcu[1]) == columns:
            return _Layout(laid_out, shrink)
    return None


def _samplings(frame: Frame) -> list[tuple[tuple[tuple[int, int], ...], int]]:
    """Vertical and horizontal factors with as many blocks for each component, and the reduction.

    libjpeg reads a row ahead where it smooths components that it doubles vertically.
    """
    blocks = [down * across for down, across in frame.sampling]
    most = max(blocks)
    if len(blocks) == 1:  # the blocks of one component lie row by row
        return [(((1, 1),), 1)]
    if max(down for down, _ in frame.sampling) == 1:
        return [(frame.sampling, 1)]
    if most <= 4 and all(most % count == 0 for count in blocks):
        flat = (tuple((1, count) for count in blocks), 1)
        halved = (frame.sampling, 2)  # quicker, and nothing is left to be doubled
        return [halved, flat] if set(frame.sampling) == {(2, 2), (1, 1)} else [flat]
    if most in (6, 8) and set(blocks) == {most, 1}:
        return [(tuple((1, 1) if count == 1 else (2, most // 2) for count in blocks), 2)]
    return []


def _with_row_behind(data: bytes | bytearray, frame: Frame) -> bytes | bytearray:
    """The data, followed by a copy of its first row where many restart markers would be missing.

    Where markers are missing in the picture, the data is returned as it is.
    """
    columns = -(-frame.width // frame.mcu[1])
    if not frame.interval or columns < _CROWDED * frame.interval:
        return data
    places = [found.start() for found in _RESTART.finditer(data, frame.data)]
    intervals = -(-frame.mcus // frame.interval)
    if len(places) != intervals - 1:
        return data
    starts = [frame.data, *(place + 2 for place in places)]
    ends = [*places, len(data)]
    extended = bytearray(data)
    for number in range(min(intervals, -(-columns // frame.interval))):
        extended += bytes((0xFF, 0xD0 + (intervals - 1 + number) % 8))
        extended += data[starts[number] : ends[number]]
    return extended
