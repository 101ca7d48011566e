"""Where coloured pictures go: into a film's file, a folder of PNG files, or a pipe of Y4M."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from photochrom._system.atomic import atomic_write, move_into_place, temporary_beside
from photochrom.errors import ConfigError, Option, OutputExistsError, Remedy
from photochrom.photo.strips import Pixels
from photochrom.video.encoding import Encoder
from photochrom.video.layout import Layout
from photochrom.video.muxing import Muxer
from photochrom.video.options import VideoOptions
from photochrom.video.rendering import ColoredPicture
from photochrom.video.source import Film
from photochrom.video.steady import Carried
from photochrom.video.survey import Survey
from photochrom.video.work import Piece, Work, writing

Pictures = Iterable[ColoredPicture]


class Sink(Protocol):
    """Takes a film's pieces in their order, and keeps which are finished."""

    warnings: list[str]

    def take(self, piece: Piece, pictures: Pictures, state: Carried) -> None:
        """Take a piece; it is finished when this returns."""

    def finish(self, pieces: list[Piece]) -> None:
        """Give the result its name."""


class FileSink:
    """A film's file: encoded piece by piece, put together at the end."""

    def __init__(
        self, film: Film, found: Survey, work: Work, target: Path, options: VideoOptions
    ) -> None:
        suffix = target.suffix.lower()
        self._encoder = Encoder(film.av, options, film.facts, suffix)
        self._film, self._work, self._target, self._options = film, work, target, options
        self._muxer = Muxer(film, found, self._encoder, options)
        self.warnings = self._muxer.warnings

    @property
    def settings(self) -> list[Any]:
        """All that encoded pictures depend on."""
        return [self._encoder.name, self._encoder.options]

    def take(self, piece: Piece, pictures: Pictures, state: Carried) -> None:
        """Encode a piece and keep it."""
        layout, av = self._film.facts.layout, self._film.av
        frames = ((time, layout.picture(av, luma, chroma)) for time, luma, chroma in pictures)
        self._work.save(piece, list(self._encoder.packets(frames)), state)

    def finish(self, pieces: list[Piece]) -> None:
        """Write the file under a hidden name, then give it its own."""
        target = self._target
        with writing(target), temporary_beside(target) as part:
            packets = self._work.packets(pieces)
            self._muxer.write(part, target, packets, self._work.times(pieces))
            try:
                move_into_place(part, target, overwrite=self._options.overwrite, durable=True)
            except FileExistsError as error:
                raise taken(target) from error


class FolderSink:
    """A folder of PNG files, one a picture, 8 or 16 bits; made beside its name and then renamed."""

    def __init__(
        self, film: Film, found: Survey, work: Work, target: Path, options: VideoOptions
    ) -> None:
        self._film, self._work, self._target, self._options = film, work, target, options
        self._folder = work.folder / "pictures"
        self.warnings: list[str] = []
        self._times = found.times
        self._files = film.picture_files if film.path.is_dir() else None
        with writing(target):
            self._folder.mkdir(exist_ok=True)

    @property
    def settings(self) -> list[Any]:
        """All that the files depend on."""
        return ["png"]

    def take(self, piece: Piece, pictures: Pictures, state: Carried) -> None:
        """Write a piece's pictures, and remember it."""
        for number, (_, luma, chroma) in enumerate(pictures, piece.first):
            with (
                writing(self._target),
                atomic_write(self._folder / self._name(number)) as part,
            ):
                self._write(part, rgb_of(self._film.facts.layout, luma, chroma))
        self._work.save(piece, [], state)

    def _name(self, number: int) -> str:
        """The file's name of a picture: that of its source in a folder, or its number."""
        if self._files is None:
            return f"frame-{number + 1:06d}.png"
        return self._files[self._times[number]].with_suffix(".png").name

    def _write(self, path: Path, picture: Pixels) -> None:
        av = self._film.av
        deep = picture.dtype == np.uint16
        frame = av.VideoFrame.from_ndarray(picture, "rgb48le" if deep else "rgb24")
        context = av.codec.CodecContext.create("png", "w")
        context.pix_fmt = "rgb48be" if deep else "rgb24"
        context.width, context.height = frame.width, frame.height
        context.time_base = 1 / self._film.facts.rate
        frame = frame.reformat(format=context.pix_fmt)
        data = b"".join(bytes(p) for p in [*context.encode(frame), *context.encode(None)])
        path.write_bytes(data)

    def finish(self, pieces: list[Piece]) -> None:  # noqa: ARG002 - all are in the folder
        """Give the folder its name."""
        with writing(self._target):
            if self._target.exists():
                if not self._options.overwrite and any(self._target.iterdir()):
                    raise taken(self._target)
                shutil.rmtree(self._target)
            self._folder.rename(self._target)


class PipeSink:
    """Standard output: Y4M, picture after picture; nothing is kept."""

    def __init__(self, film: Film, out: BinaryIO) -> None:
        self._film, self._out = film, out
        self.warnings: list[str] = []
        self._out.write(_y4m_header(film))

    @property
    def settings(self) -> list[Any]:
        """All that the pictures depend on."""
        return ["y4m"]

    def take(self, piece: Piece, pictures: Pictures, state: Carried) -> None:  # noqa: ARG002
        """Write a piece's pictures."""
        for _, luma, chroma in pictures:
            self._out.write(b"FRAME\n")
            for plane in (luma, *chroma):
                self._out.write(np.ascontiguousarray(plane).tobytes())

    def finish(self, pieces: list[Piece]) -> None:  # noqa: ARG002 - all are written
        """Write what is left."""
        self._out.flush()


def _y4m_header(film: Film) -> bytes:
    """The head of a Y4M stream (yuv4mpeg(5))."""
    layout, rate, aspect = film.facts.layout, film.facts.rate, film.facts.aspect
    across, down, depth = layout.coding.across, layout.coding.down, layout.coding.depth
    names = {(2, 2): "420", (2, 1): "422", (1, 1): "444", (4, 1): "411"}
    if (across, down) not in names:
        raise ConfigError("-", f"Y4M holds no {layout.written_as}", "write a file")
    kind = names[across, down]
    kind += f"p{depth}" if depth > 8 else "jpeg" if kind == "420" else ""
    order = {0: "p", 1: "t", 2: "b"}[layout.interlaced]
    color_range = "FULL" if layout.coding.full else "LIMITED"
    return (
        f"YUV4MPEG2 W{layout.width} H{layout.height} F{rate.numerator}:{rate.denominator} "
        f"I{order} A{aspect.numerator}:{aspect.denominator} C{kind} XCOLORRANGE={color_range}\n"
    ).encode()


def rgb_of(layout: Layout, luma: Pixels, chroma: list[Pixels]) -> Pixels:
    """RGB (height, width, 3) of planes, 8 bits, or 16 where they have more.

    Chroma is enlarged by lines between samples; no code leaves the cube, since chroma was found so.
    """
    coding = layout.coding
    y = (luma.astype(np.float32) - coding.black) / coding.luma_range
    cb, cr = (
        _enlarged((plane.astype(np.float32) - coding.neutral) / coding.chroma_range, y.shape)
        for plane in chroma
    )
    (of_cb, of_cr), (green_of_cb, green_of_cr) = coding.spans, coding.green_of
    rgb = np.stack([y + of_cr * cr, y + green_of_cb * cb + green_of_cr * cr, y + of_cb * cb], -1)
    dtype = np.uint8 if coding.depth == 8 else np.uint16
    return np.rint(rgb.clip(0, 1) * np.iinfo(dtype).max).astype(dtype)


def _enlarged(plane: Any, shape: tuple[int, ...]) -> Any:
    """A plane of chroma at the size of the luma."""
    for axis, size in enumerate(shape):
        count = plane.shape[axis]
        if count == size:
            continue
        step = -(-size // count)
        place = ((np.arange(size, dtype=np.float32) + 0.5) / step - 0.5).clip(0, count - 1)
        before = place.astype(np.intp)
        share = (place - before).reshape((-1, 1) if axis == 0 else (1, -1))
        after = np.minimum(before + 1, count - 1)
        first, second = plane.take(before, axis), plane.take(after, axis)
        plane = first + (second - first) * share
    return plane


def taken(target: Path) -> OutputExistsError:
    """The error for a result whose name is taken."""
    return OutputExistsError(
        target, "exists already", Remedy("use {} to replace it", Option("overwrite", True))
    )
