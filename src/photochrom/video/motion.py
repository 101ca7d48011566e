"""Motion between neighbouring pictures: block matching by FFmpeg's filter `mestimate`.

A block's vector is where its content lies in the picture before, or in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.strips import Pixels
from photochrom.video.layout import plane_of

BLOCK = 8
"""Side of a block, pixels of the small copy."""
_OPTIONS = f"method=epzs:mb_size={BLOCK}:search_param=7"
_BEFORE, _BEHIND = -1, 1

Vectors = NDArray[np.float32]
"""(rows, columns, 2): how far down and to the right the content of each block lies, pixels."""


@dataclass(frozen=True)
class Motion:
    """Vectors of one picture to the one before and to the next; zero where there is none."""

    before: Vectors
    behind: Vectors


class MotionFinder:
    """Finds the motion of small copies, of each when the next one is given.

    The filter looks first where the last pictures moved, so that what it finds depends on the
    pictures before. A new finder for each piece of a film makes that the same after a resumption.
    warmed: the small copy before the first one; None at the beginning of a shot.
    """

    def __init__(self, av: Any, warmed: Pixels | None = None) -> None:
        self._av, self._count = av, 0
        self._graph: Any = None
        self._shape: tuple[int, ...] = (0, 0)
        self._last: Pixels | None = None
        self._passed_over = 0
        if warmed is not None:
            self._passed_over = 1
            self._push(warmed)

    def add(self, copy: Pixels) -> list[Motion]:
        """Give the next small copy, (h, w), uint8, sides multiples of 8; the motion of that before.

        Nothing is returned for the first.
        """
        self._push(copy)
        return self._pulled()

    def end(self, behind: Pixels | None = None) -> list[Motion]:
        """The motion of the last small copy; behind: the one that follows in the same shot."""
        copy = self._last if behind is None else behind
        return [] if copy is None else self.add(copy)

    def _push(self, copy: Pixels) -> None:
        if self._graph is None:
            self._shape = copy.shape
            self._graph = _graph(self._av, copy.shape)
        self._graph.push(_frame(self._av, copy, self._count))
        self._count += 1
        self._last = copy

    def _pulled(self) -> list[Motion]:
        found = [_motion(frame, self._shape) for frame in _pulled(self._av, self._graph)]
        passed_over = min(self._passed_over, len(found))
        self._passed_over -= passed_over
        return found[passed_over:]


def _graph(av: Any, shape: tuple[int, ...]) -> Any:
    height, width = shape
    graph = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format="yuv420p", time_base=1)
    estimate, sink = graph.add("mestimate", _OPTIONS), graph.add("buffersink")
    source.link_to(estimate)
    estimate.link_to(sink)
    graph.configure()
    return graph


def _frame(av: Any, copy: Pixels, number: int) -> Any:
    """The small copy as the luma of a picture: the filter takes no grey ones."""
    frame = av.VideoFrame(copy.shape[1], copy.shape[0], "yuv420p")
    bytes_ = np.dtype(np.uint8)
    plane_of(frame, 0, bytes_)[:] = copy
    for index in (1, 2):
        plane_of(frame, index, bytes_)[:] = 128
    frame.pts = number
    return frame


def _pulled(av: Any, graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return


def _motion(frame: Any, shape: tuple[int, ...]) -> Motion:
    rows, columns = shape[0] // BLOCK, shape[1] // BLOCK
    fields = np.zeros((2, rows, columns, 2), np.float32)
    data = frame.side_data.get("MOTION_VECTORS")
    if data is not None:
        vectors = data.to_ndarray()
        for field, source in zip(fields, (_BEFORE, _BEHIND), strict=True):
            chosen = vectors[vectors["source"] == source]
            row, column = chosen["dst_y"] // BLOCK, chosen["dst_x"] // BLOCK
            field[row, column, 0] = chosen["src_y"] - chosen["dst_y"]
            field[row, column, 1] = chosen["src_x"] - chosen["dst_x"]
    return Motion(fields[0], fields[1])
