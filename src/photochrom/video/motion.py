"""Motion between neighbouring pictures: block matching by FFmpeg's filter `mestimate`.

A block's vector is where its content lies in the picture before, or in the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def motions(av: Any, copies: Iterable[Pixels]) -> Iterator[Motion]:
    """The motion of each small copy of a film, one picture later than it is given.

    copies: (h, w), uint8; sides are multiples of 8.
    """
    graph, shape, count, given = None, (0, 0), 0, 0
    copy = None
    for copy in copies:
        if graph is None:
            shape = copy.shape
            graph = _graph(av, shape)
        graph.push(_frame(av, copy, given))
        given += 1
        for frame in _pulled(av, graph):
            count += 1
            yield _motion(frame, shape)
    if graph is None or copy is None:
        return
    graph.push(_frame(av, copy, given))  # the filter gives a picture when it has the next
    for frame in _pulled(av, graph):
        if count < given:
            count += 1
            yield _motion(frame, shape)


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
