"""A film to be coloured: a file, or a folder of pictures, and its pictures in order.

What is wrong with it is counted while it is read, by kind; `Damage.lines` has one line for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from photochrom._system.cpus import available_cpus
from photochrom._system.malloc import trim_memory
from photochrom.errors import VideoError, first_line, os_reason
from photochrom.video.layout import Layout, layout_of
from photochrom.video.pyav import load_av

PICTURE_RATE = Fraction(24)
"""Pictures a second of a folder of pictures."""
_PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".dpx"})
_SEEK_BEFORE = 2.0
"""Seconds before a wanted picture at which decoding starts: key pictures may refer further back."""
_UPPER_FIRST, _LOWER_FIRST = (2, 5), (3, 4)
"""FFmpeg's codes of field orders."""


@dataclass
class Damage:
    """How often each fault was met."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str) -> None:
        """Count a fault. kind: a sentence with {} for the number of times."""
        self.counts[kind] = self.counts.get(kind, 0) + 1

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each kind of fault."""
        return tuple(kind.format(count) for kind, count in self.counts.items())


@dataclass(frozen=True)
class Facts:
    """What is the same for all pictures of a film.

    layout: of its pictures. rotation: degrees by which a player turns them counter-clockwise.
    aspect: width of a pixel in its heights. rate: pictures a second, on average. time_base: seconds
    of a unit of time stamps. codec: the decoder's name.
    """

    layout: Layout
    rotation: int
    aspect: Fraction
    rate: Fraction
    time_base: Fraction
    codec: str
    primaries: int
    transfer: int

    @property
    def quarter_turns(self) -> int:
        """Counter-clockwise quarter turns that show a picture upright."""
        return round(self.rotation / 90) % 4

    @property
    def upright_size(self) -> tuple[int, int]:
        """Height and width as shown, with square pixels."""
        height, width = self.layout.height, round(self.layout.width * self.aspect)
        return (width, height) if self.quarter_turns % 2 else (height, width)


class Film:
    """A film's file, opened anew for each reading."""

    def __init__(
        self, path: Path, name: str | None = None, demuxers: Sequence[str] | None = None
    ) -> None:
        """Open a film and look at its first picture.

        path: a film, or a folder of pictures. name: in messages; the path by default. demuxers:
        FFmpeg's names of the kinds of file that are opened; all by default, among them playlists,
        which name other files and addresses.
        Raises VideoError where there is no film, MissingExtraError without PyAV.
        """
        self.av = load_av()
        self.path, self.name = path, name or str(path)
        self._options = {} if demuxers is None else {"format_whitelist": ",".join(demuxers)}
        self.damage = Damage()
        self.careful = False
        """Whether one thread decodes it: several may make other pictures of damaged data."""
        self.facts = self._look()

    def fault(self, problem: str, remedy: str | None = None) -> VideoError:
        """An error about this film."""
        return VideoError(self.name, problem, remedy)

    def open(self) -> Any:
        """PyAV's container; of a folder, that of its first picture."""
        path = self.picture_files[0] if self.path.is_dir() else self.path
        try:
            return self.av.open(str(path), options=self._options, metadata_errors="replace")
        except (self.av.FFmpegError, OSError, ValueError) as error:
            raise self.fault(f"is no film that can be read ({_reason(error)})") from error

    @property
    def picture_files(self) -> list[Path]:
        """The pictures of a folder in the order of their numbers."""
        try:
            files = [
                entry
                for entry in self.path.iterdir()
                if entry.suffix.lower() in _PICTURE_SUFFIXES and not entry.name.startswith(".")
            ]
        except OSError as error:
            raise self.fault(os_reason(error)) from error
        if not files:
            raise self.fault("has no pictures", "name a folder of PNG, TIFF or JPEG files")
        return sorted(files, key=lambda file: [_number(part) for part in _parts(file.name)])

    def stream_of(self, container: Any) -> Any:
        """The stream of pictures: the first one that is no cover picture."""
        covers = self.av.stream.Disposition.attached_pic
        for stream in container.streams.video:
            if not stream.disposition & covers and stream.codec_context is not None:
                return stream
        kinds = ", ".join(dict.fromkeys(stream.type for stream in container.streams)) or "nothing"
        raise self.fault(f"has no stream of pictures, only {kinds}")

    def pictures(self, first: float | None = None) -> Iterator[tuple[int | None, Any]]:
        """Time stamp and picture, one after the other.

        first: seconds; pictures long before are passed over, some before may be given.
        """
        if self.path.is_dir():
            yield from self._pictures_of_folder()
            return
        with closing(self.open()) as container:
            trim_memory()  # of an hour in MP4, reading the index leaves 10 MB that nobody needs
            stream = self.stream_of(container)
            context = stream.codec_context
            stream.thread_type = "SLICE" if self.careful else "AUTO"
            context.thread_count = 1 if self.careful else min(4, available_cpus())
            if first is not None and first > _SEEK_BEFORE:
                container.seek(int((first - _SEEK_BEFORE) / stream.time_base), stream=stream)
            yield from self._decoded(container, stream)

    def _decoded(self, container: Any, stream: Any) -> Iterator[tuple[int | None, Any]]:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (self.av.FFmpegError, OSError) as error:
                self.damage.add(f"the file cannot be read to its end ({_reason(error)})")
                return
            try:
                frames = packet.decode()
            except self.av.EOFError:
                return
            except self.av.FFmpegError:
                self.damage.add("{} packets are damaged and were passed over")
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self.damage.add("{} pictures are damaged")
                yield frame.pts, frame

    def _pictures_of_folder(self) -> Iterator[tuple[int | None, Any]]:
        for number, file in enumerate(self.picture_files):
            yield number, self._picture(file)

    def _picture(self, file: Path) -> Any:
        try:
            with self.av.open(str(file)) as container:
                return next(container.decode(video=0))
        except (self.av.FFmpegError, OSError, StopIteration, IndexError) as error:
            raise VideoError(file, f"cannot be read ({_reason(error)})") from error

    def _look(self) -> Facts:
        with closing(self.open()) as container:
            folder = self.path.is_dir()
            stream = self.stream_of(container)
            name = container.format.name
            if not folder and (name.endswith("_pipe") or name == "image2"):
                raise self.fault("is one picture, no film", "colour it with `photochrom colorize`")
            if folder:
                frame = self._picture(self.picture_files[0])
            else:
                frame = next((f for _, f in self._decoded(container, stream)), None)
                self.damage = Damage()
            if frame is None:
                raise self.fault("has no picture that can be decoded")
            order = stream.codec_context.field_order
            interlaced = 2 if order in _LOWER_FIRST else 1
            if folder or not (frame.interlaced_frame or order in _UPPER_FIRST + _LOWER_FIRST):
                interlaced = 0
            codec = stream.codec_context.codec.name
            aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
            rate = stream.average_rate or stream.guessed_rate or PICTURE_RATE
            return Facts(
                layout_of(frame, stream.codec_context.codec.canonical_name, interlaced),
                frame.rotation,
                Fraction(1) if folder or not aspect else _fraction(aspect),
                PICTURE_RATE if folder else _fraction(rate),
                1 / PICTURE_RATE if folder else _fraction(stream.time_base),
                codec,
                int(frame.color_primaries),
                int(frame.color_trc),
            )


def _fraction(value: Any) -> Fraction:
    """PyAV's ratio as Python's; its newer versions have a type of their own."""
    return Fraction(int(value.numerator), int(value.denominator))


def _reason(error: Exception) -> str:
    return os_reason(error) if isinstance(error, OSError) else first_line(error)


def _parts(name: str) -> list[str]:
    return re.split(r"(\d+)", name)


def _number(part: str) -> tuple[int, int | str]:
    return (0, int(part)) if part.isdigit() else (1, part)
