"""How a film stores its pictures: planes, codes, matrix, and how its luma is read and written back.

A film with a luma plane keeps it, code by code. Grey pictures get 4:2:0 chroma; pictures without a
luma plane (RGB, palettes) are converted to one once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from photochrom.photo.strips import Pixels
from photochrom.pipeline.luma_chroma import LumaCoding

_MATRICES = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.601, 625 lines
    6: (0.299, 0.114),  # BT.601, 525 lines
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020
}
"""Shares of R' and B' in Y' by the code of ITU-T H.273."""
_BT709, _BT601 = 1, 6
_HD = 720
"""Rows from which a film that names no matrix has BT.709's, as players assume."""
_TV, _FULL = 1, 2
_STUDIO_CODECS = frozenset({"h264", "hevc", "av1", "vp8", "vp9", "mpeg2video", "mpeg4", "vc1"})
"""Codecs whose grey pictures have black at 16 unless they say otherwise."""
_PLANAR = re.compile(r"(yuvj?)(4\d\d)p(\d*)(le|be)?$")
_SUBSAMPLING = {
    "420": (2, 2),
    "422": (2, 1),
    "444": (1, 1),
    "440": (1, 2),
    "411": (4, 1),
}
_SEMIPLANAR = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "p010le": "yuv420p10le",
    "p012le": "yuv420p12le",
    "p016le": "yuv420p16le",
    "p210le": "yuv422p10le",
    "p410le": "yuv444p10le",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "yvyu422": "yuv422p",
    "y210le": "yuv422p10le",
    "yuva420p": "yuv420p",
    "yuva422p": "yuv422p",
    "yuva444p": "yuv444p",
    "yuv410p": "yuv420p",
}
"""Formats that hold the same luma in another order."""
_GRAY = re.compile(r"(gray|ya)(\d*)(le|be)?$")


@dataclass(frozen=True)
class Layout:
    """The planes of a film's pictures.

    width, height: pixels. read_as: the pixel format that a decoded picture is brought into first,
    by a copy of codes. written_as: the pixel format of the coloured picture. coding: of both.
    converted: whether there was no luma plane to keep. interlaced: 0 for whole pictures, 1 where
    the upper lines come first, 2 where the lower ones do.
    """

    width: int
    height: int
    read_as: str
    written_as: str
    coding: LumaCoding
    colorspace: int
    converted: bool = False
    interlaced: int = 0

    @property
    def color_range(self) -> int:
        """FFmpeg's code of the range."""
        return _FULL if self.coding.full else _TV

    @property
    def chroma_size(self) -> tuple[int, int]:
        """Rows and columns of a plane of chroma."""
        return -(-self.height // self.coding.down), -(-self.width // self.coding.across)

    def luma(self, frame: Any) -> Pixels:
        """The luma plane of a decoded picture, (height, width), as it was read."""
        if self.converted:
            frame = frame.reformat(
                self.width,
                self.height,
                self.read_as,
                dst_colorspace=self.colorspace,
                dst_color_range=self.color_range,
            )
        elif frame.format.name != self.read_as or (frame.width, frame.height) != (
            self.width,
            self.height,
        ):
            # of a damaged picture the matrix may be one that does not exist; luma needs none
            frame.colorspace, frame.color_range = self.colorspace, self.color_range
            frame = frame.reformat(self.width, self.height, self.read_as)
        return plane_of(frame, 0, self.coding.dtype)

    def picture(self, av: Any, luma: Pixels, chroma: list[Pixels]) -> Any:
        """A picture of PyAV's with these planes."""
        frame = av.VideoFrame(self.width, self.height, self.written_as)
        for index, plane in enumerate((luma, *chroma)):
            _clear(frame.planes[index])
            plane_of(frame, index, self.coding.dtype)[:] = plane
        frame.colorspace, frame.color_range = self.colorspace, self.color_range
        return frame


def plane_of(frame: Any, index: int, dtype: np.dtype[Any]) -> Pixels:
    """A view of a plane of a picture of PyAV's, (rows, columns)."""
    plane = frame.planes[index]
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width * dtype.itemsize].view(dtype)


def _clear(plane: Any) -> None:
    """Fill a plane with zeros: encoders read what lies between its rows, and it must not vary."""
    np.frombuffer(plane, np.uint8).fill(0)


def layout_of(frame: Any, codec: str, interlaced: int = 0) -> Layout:
    """The layout of a film by its first picture.

    frame: of PyAV. codec: its name.
    """
    name = frame.format.name
    if name in _SEMIPLANAR:
        name = _SEMIPLANAR[name]
    matrix = frame.colorspace if frame.colorspace in _MATRICES else None
    if planar := _PLANAR.match(name):
        kind, subsampling, bits, _ = planar.groups()
        if subsampling in _SUBSAMPLING and frame.colorspace in (*_MATRICES, 2, 3, 0):
            depth = int(bits or 8)
            full = kind == "yuvj" or frame.color_range == _FULL
            written = f"yuv{subsampling}p" + (f"{depth}le" if depth > 8 else "")
            read = name if kind == "yuvj" else written
            return _layout(frame, read, written, depth, full, subsampling, matrix, interlaced)
    if gray := _GRAY.match(name):
        depth = int(gray[2] or 8) if gray[1] == "gray" else 8 if gray[2] in ("", "8") else 16
        full = frame.color_range == _FULL or (
            frame.color_range != _TV and codec not in _STUDIO_CODECS
        )
        suffix = f"{depth}le" if depth > 8 else ""
        return _layout(
            frame, f"gray{suffix}", f"yuv420p{suffix}", depth, full, "420", matrix, interlaced
        )
    depth = max((component.bits for component in frame.format.components), default=8)
    depth = 8 if depth <= 8 else 10 if depth <= 10 else 12 if depth <= 12 else 16
    read = f"yuv444p{depth}le" if depth > 8 else "yuv444p"
    written = f"yuv420p{depth}le" if depth > 8 else "yuv420p"
    return _layout(frame, read, written, depth, True, "420", None, interlaced, converted=True)


def _layout(
    frame: Any,
    read: str,
    written: str,
    depth: int,
    full: bool,
    subsampling: str,
    matrix: int | None,
    interlaced: int,
    converted: bool = False,
) -> Layout:
    code = matrix or (_BT709 if frame.height >= _HD or frame.width >= 1280 else _BT601)
    kr, kb = _MATRICES[code]
    across, down = _SUBSAMPLING[subsampling]
    coding = LumaCoding(kr, kb, depth, full, across, down)
    return Layout(frame.width, frame.height, read, written, coding, code, converted, interlaced)
