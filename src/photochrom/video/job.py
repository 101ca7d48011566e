"""Colour a film from file to file: survey, colours, pictures, file; resumed where it was."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Full, Queue
from threading import Event, Thread
from typing import Any, BinaryIO

from photochrom._system.cpus import available_cpus
from photochrom.options import STANDARD_STREAM, ColorizeOptions
from photochrom.pipeline.adjustments import Adjustments
from photochrom.pipeline.inference import Member
from photochrom.video.coloring import ColoredPiece, FilmColoring, ShotSettings
from photochrom.video.encoding import Encoder
from photochrom.video.network import FilmNetwork, Painter
from photochrom.video.options import VideoOptions
from photochrom.video.rendering import ColoredPicture, FilmRenderer
from photochrom.video.shot_sheet import write_shot_sheet
from photochrom.video.sinks import FileSink, FolderSink, PipeSink, Sink, taken
from photochrom.video.source import Film
from photochrom.video.survey import Progress, Survey, checked_survey, survey_of, survey_record
from photochrom.video.work import Piece, Work, pieces_of

_VERSION = 2
"""Of all that a piece's content depends on in this code; a change makes older pieces useless."""
_FORESEEN = 0.02
"""Share of the film after which its size is foreseen."""
_SPARE = 64 << 20
"""Bytes that are left free on a disk."""


@dataclass(frozen=True)
class Model:
    """Loaded networks, their weights, and their common name."""

    members: Sequence[Member]
    name: str


@dataclass(frozen=True)
class FilmReport:
    """What became of a film.

    frames: pictures coloured. seconds: of the film. shots: found in it. resumed: pictures that an
    earlier run had finished. took: seconds of this run. warnings: one line for each kind.
    """

    source: str
    output: str
    frames: int
    seconds: float
    shots: int
    resumed: int
    took: float
    warnings: tuple[str, ...]


class FilmJob:
    """One film and its result."""

    def __init__(
        self,
        film: Film,
        model: Model,
        target: Path | BinaryIO,
        options: ColorizeOptions,
        video: VideoOptions,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare the work; nothing is read yet.

        target: a file, a folder, or an open stream, which gets Y4M. say: called with warnings as
        they arise.
        """
        self.film, self.model, self.target = film, model, target
        self.options, self.video = options, video
        self.threads = threads or available_cpus()
        if isinstance(target, Path) and target.suffix:
            Encoder(
                film.av, video, film.facts, target.suffix.lower()
            )  # raises at once what is wrong with it
        self.progress: Progress = progress or (lambda *_: None)
        self._say = say or (lambda _: None)
        self._warnings: list[str] = []
        self._work: Work | None = None
        self._foreseen = False

    def run(
        self,
        found: Survey | None = None,
        settings: Sequence[ShotSettings] | None = None,
        *,
        keep_work: bool = False,
    ) -> FilmReport:
        """Colour the film.

        found: its survey, where it is known. settings: of each shot, those of the film by default.
        keep_work: keep what is finished for another run, in which some shots have other settings.
        Raises InColorError for a film in colour, and the errors of reading and writing.
        """
        started = time.monotonic()
        with self._working() as work:
            found = found or self.survey()
            settings = settings or [ShotSettings(self.options)] * len(found.shots)
            sink = self._sink(found, work)
            pieces = self._pieces(found, settings, sink.settings)
            missing = [piece for piece in pieces if work is None or not work.has(piece)]
            self._color(pieces, missing, found, settings, sink)
            sink.finish(pieces)
        if work is not None and not keep_work:
            work.remove()
        for line in sink.warnings:
            self._warn(line)
        length = (found.times[-1] - found.times[0] + found.usual_step) * self.film.facts.time_base
        return FilmReport(
            self.film.name,
            str(self.target) if isinstance(self.target, Path) else STANDARD_STREAM,
            len(found.times),
            round(float(length), 3),
            len(found.shots),
            len(found.times) - sum(piece.end - piece.first for piece in missing),
            round(time.monotonic() - started, 3),
            tuple(self._warnings),
        )

    def write_sheet(self, page: Path) -> list[Path]:
        """Write a contact sheet of the film's shots, and shots.json; returns the files."""
        found = self.survey()
        coloring = self._coloring(found, [ShotSettings(self.options)] * len(found.shots))
        overwrite = self.video.overwrite
        return write_shot_sheet(
            page, coloring, self.options, overwrite=overwrite, progress=self.progress
        )

    def survey(self) -> Survey:
        """Read the film once, or remember how it was read for the same result.

        Raises InColorError where it has colours and may not.
        """
        video = self.video
        key = [self._identity, video.start, video.end]
        with self._working() as work:
            record = None if work is None else work.remembered("survey", key)
            found = checked_survey(
                self.film,
                video.start,
                video.end,
                self.progress,
                recolor=video.recolor,
                known=None if record is None else survey_of(record),
            )
            if work is not None and record is None:
                work.remember("survey", key, survey_record(found))
        for line in found.warnings:
            self._warn(line)
        if self.film.facts.layout.converted:
            self._warn("its pictures have no luma plane and were converted to one")
        return found

    def _warn(self, line: str) -> None:
        if line not in self._warnings:
            self._warnings.append(line)
            self._say(line)

    @contextmanager
    def _working(self) -> Iterator[Work | None]:
        """The working folder of a result that is a file or a folder, for this process alone."""
        target = self.target
        if self._work is not None or not isinstance(target, Path):
            yield self._work
            return
        if target.exists() and not self.video.overwrite:
            raise taken(target)
        self._work = Work(target)
        try:
            yield self._work
        finally:
            self._work.release()
            self._work = None

    @property
    def _identity(self) -> list[Any]:
        """What distinguishes the film's file from others, and from itself when it is changed."""
        stat = self.film.path.stat()
        return [_VERSION, str(self.film.path.resolve()), stat.st_size, stat.st_mtime_ns]

    def _sink(self, found: Survey, work: Work | None) -> FileSink | FolderSink | PipeSink:
        if not isinstance(self.target, Path):
            return PipeSink(self.film, self.target)
        assert work is not None  # since there is a target
        kind = FileSink if self.target.suffix else FolderSink
        return kind(self.film, found, work, self.target, self.video)

    def _pieces(self, found: Survey, settings: Sequence[ShotSettings], of_sink: Any) -> list[Piece]:
        key = [self._identity, self.model.name, found.times[0], len(found.times), of_sink]
        return pieces_of(found.shots, [repr(own) for own in settings], key)

    def _color(
        self,
        pieces: Sequence[Piece],
        missing: Sequence[Piece],
        found: Survey,
        settings: Sequence[ShotSettings],
        sink: Sink,
    ) -> None:
        """Colour the pieces that are not finished, and give them to the sink."""
        coloring = self._coloring(found, settings)
        renderer = FilmRenderer(self.film, found, coloring.network, self.threads)
        work, total = self._work, len(found.times)
        done = total - sum(piece.end - piece.first for piece in missing)
        with _Ahead(coloring, pieces, missing, work) as colored:
            for one in colored:
                piece = one.piece
                painter = Painter(Adjustments.of(coloring.settings_of(piece).options))
                pictures = renderer.planes(piece.first, one.maps, painter)
                sink.take(piece, self._counted(pictures, done, total), one.state)
                done += piece.end - piece.first
                if work is not None:
                    self._foresee(work, done / total)
        renderer.close()

    def _coloring(self, found: Survey, settings: Sequence[ShotSettings]) -> FilmColoring:
        network = FilmNetwork(
            self.model.members, self.model.name, self.film.facts, self.options.size
        )
        return FilmColoring(self.film, found, network, settings, self.threads)

    def _counted(
        self, pictures: Iterator[ColoredPicture], done: int, total: int
    ) -> Iterator[ColoredPicture]:
        for number, picture in enumerate(pictures, done + 1):
            yield picture
            self.progress("coloring", number, total)

    def _foresee(self, work: Work, share: float) -> None:
        """Say where the disk will not hold the result, which is there twice for a while."""
        if share < _FORESEEN or self._foreseen:
            return
        size = work.size
        needed = 2 * size / share - size
        free = shutil.disk_usage(work.folder).free
        if needed > free - _SPARE:
            self._foreseen = True
            self._warn(
                f"the disk will be full: about {needed / 1e6:,.0f} MB are needed, "
                f"{free / 1e6:,.0f} MB are free; make room, or stop and go on later"
            )


class _Ahead:
    """Colours pieces in a thread of its own, one ahead of those that are written."""

    def __init__(
        self,
        coloring: FilmColoring,
        pieces: Sequence[Piece],
        missing: Sequence[Piece],
        work: Work | None,
    ) -> None:
        self._queue: Queue[ColoredPiece | BaseException | None] = Queue(1)
        self._stop = Event()

        def state_behind(number: int) -> Any:
            assert work is not None  # without a working folder no piece is passed over
            return work.state_behind(pieces[number])

        def color() -> None:
            try:
                for one in coloring.pieces(missing, state_behind):
                    if not self._put(one):
                        return
                self._put(None)
            except BaseException as error:  # raised where the pieces are taken
                self._put(error)

        self._thread = Thread(target=color, daemon=True)

    def _put(self, item: ColoredPiece | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.2)
            except Full:
                continue
            return True
        return False

    def __enter__(self) -> _Ahead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def __iter__(self) -> _Ahead:
        return self

    def __next__(self) -> ColoredPiece:
        item = self._queue.get()
        if item is None:
            raise StopIteration
        if isinstance(item, BaseException):
            raise item
        return item
