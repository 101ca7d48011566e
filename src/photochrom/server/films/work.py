"""Reading a film so that it can be stopped, and how far the work is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from copy import copy
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

from photochrom.errors import VideoError
from photochrom.photo.strips import Pixels
from photochrom.server.films.requests import ProgressResponse
from photochrom.video.small import small_codes
from photochrom.video.source import Damage, Film
from photochrom.video.survey import Survey, frames_from

DEMUXERS = (
    *("3dostr", "amv", "asf", "avi", "dv", "flic", "flv", "gif", "gxf", "h264", "hevc", "ivf"),
    *("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "m4v", "mpeg", "mpegts", "mpegtsraw"),
    *("mpegvideo", "mxf", "nut", "ogg", "rm", "swf", "vc1", "wtv", "yuv4mpegpipe"),
)
"""FFmpeg's kinds of file that are taken: no playlists, which name other files and addresses."""


class StoppedError(Exception):
    """Work on a film was stopped by a person, or because the film was removed."""


class StoppableFilm(Film):
    """A film whose readings end by StoppedError once `stop` is set."""

    def __init__(self, path: Path, name: str) -> None:
        """Open an uploaded film; raises VideoError where it cannot be read as one."""
        self.stop = Event()
        self.read = 0
        """Pictures so far."""
        super().__init__(path, name, DEMUXERS)

    def open(self) -> Any:
        """As Film has it; the reason is left out, since it contains the path."""
        try:
            return super().open()
        except VideoError as error:
            raise self.fault("is no film that can be read", "send MP4, Matroska or MPEG") from error

    def pictures(self, first: float | None = None) -> Iterator[tuple[int | None, Any]]:
        """As Film has it."""
        for picture in super().pictures(first):
            if self.stop.is_set():
                raise StoppedError
            self.read += 1
            yield picture

    def again(self) -> StoppableFilm:
        """The same film for other work, which is stopped by itself."""
        other = copy(self)
        other.stop, other.damage, other.read = Event(), Damage(), 0
        return other


def gray_pictures(
    film: StoppableFilm, found: Survey, numbers: range, size: tuple[int, int]
) -> Iterator[Pixels]:
    """The codes of pictures that follow each other, (height, width), uint8, as stored.

    size: height and width. Black is 0, white 255.
    """
    layout = film.facts.layout
    with closing(frames_from(film, found, numbers.start)) as frames:
        for frame in islice(frames, len(numbers)):
            yield small_codes(film.av, layout.luma(frame), layout, *size)


@dataclass
class Tally:
    """How many pictures are done of all."""

    done: int = 0
    total: int = 0
    _kept: int | None = None
    _began: float = field(default_factory=time.monotonic)

    def __call__(self, stage: str, done: int, total: int) -> None:  # noqa: ARG002 - the engine's
        """Note that so many pictures are done."""
        if self._kept is None:
            self._kept = done - 1
        self.done, self.total = done, total

    def response(self) -> ProgressResponse:
        """The same in an answer."""
        return ProgressResponse(done=self.done, total=self.total, rate=None, seconds_left=None)

    def while_working(self, read: int, readings: int) -> ProgressResponse:
        """The same, with rate and time left.

        read: pictures that were read so far. readings: how often each one is read.
        """
        missing = self.total - (self._kept or 0)
        share = min(1.0, read / max(1, readings * missing))
        if self._kept is None or not share:
            return self.response()
        rate = share * missing / max(1e-3, time.monotonic() - self._began)
        left = (1 - share) * missing / rate
        return ProgressResponse(done=self.done, total=self.total, rate=rate, seconds_left=left)
