"""An uploaded film: its shots, the work on it, and its result."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from threading import Event, Lock
from typing import Any

import numpy as np

from photochrom._system.cpus import available_cpus
from photochrom.errors import PhotochromError
from photochrom.options import ColorizeOptions
from photochrom.photo.naming import colored_name
from photochrom.photo.strips import Pixels
from photochrom.photo.writer import save_picture
from photochrom.pipeline.hints import check_inside
from photochrom.server.films.preview import write_preview
from photochrom.server.films.requests import (
    FilmResponse,
    FilmResultResponse,
    ProgressResponse,
    RenderRequest,
    ShotRequest,
    ShotResponse,
    State,
)
from photochrom.server.films.work import StoppableFilm, StoppedError, Tally, gray_pictures
from photochrom.server.leased import Leased
from photochrom.server.models import Models
from photochrom.server.problems import RefusedError, log, parameter
from photochrom.video.coloring import ShotSettings
from photochrom.video.job import FilmJob, FilmReport, Model
from photochrom.video.shot_list import key_picture
from photochrom.video.shots import Shot
from photochrom.video.survey import Survey, checked_survey, seconds_at

_READINGS = 2
"""How often the engine reads each picture: to find its colours, then to render it. It finds them
piece by piece, so that the pictures done come in bursts.
"""
_RESULTS = "result"
"""The folder of the result, in the film's own."""


class FilmSession(Leased):
    """One film; thread-safe."""

    def __init__(self, folder: Path, film: StoppableFilm, models: Models) -> None:
        super().__init__(folder, "film")
        self.film, self._models = film, models
        self.state: State = "surveying"
        self.found: Survey | None = None
        self._problem: str | None = None
        self._tally: Tally | None = None
        self._result: tuple[Path, FilmReport] | None = None
        self._lock = Lock()
        self._job: tuple[StoppableFilm, Future[None]] | None = None
        """What is coloured now, or waits for it."""

    @property
    def expired(self) -> bool:
        """Whether nobody asked for it; the work of a client without a lease is waited for."""
        working = self.state in ("surveying", "rendering")
        return self.overdue and (self.leased or not working)

    def close(self) -> None:
        """Stop the work and remove the files."""
        self.film.stop.set()
        self.cancel()
        super().close()

    # Reading

    def survey(self) -> None:
        """Find the shots; runs on a thread of its own, and ends in a state."""
        self._tally = Tally()

        def read() -> None:
            self.found = checked_survey(self.film, None, None, self._tally, recolor=True)
            self._tally = None
            self.state = "ready"

        self._ending(read)

    def shot(self, number: int) -> Shot:
        """A shot by its number; raises RefusedError, 409 before they are known, or 404."""
        found = self._surveyed()
        if not 0 <= number < len(found.shots):
            raise RefusedError(
                404, "no-such-shot", f"there is no shot {number}, the film has {len(found.shots)}"
            )
        return found.shots[number]

    def write_key_picture(self, number: int, path: Path) -> str:
        """Write the picture that stands for a shot, grey; returns a name for it."""
        shot, found = self.shot(number), self._surveyed()
        [start] = seconds_at(self.film, found, [shot.first])
        part = path.with_name("key.png")
        save_picture(self._picture(shot), part)
        part.rename(path)
        minutes, seconds = divmod(int(start), 60)
        return f"{Path(self.film.name).stem} {minutes}.{seconds:02}.png"

    def _picture(self, shot: Shot) -> Pixels:
        """RGB, upright, with square pixels."""
        film, key = self.film.again(), key_picture(shot)
        layout = film.facts.layout
        size = layout.height, round(layout.width * film.facts.aspect)
        [codes] = gray_pictures(film, self._surveyed(), range(key, key + 1), size)
        upright = np.rot90(codes, film.facts.quarter_turns)
        return np.ascontiguousarray(np.broadcast_to(upright[..., None], (*upright.shape, 3)))

    # Colouring

    def preview(self, request: ShotRequest, most_hints: int, folder: Path, stop: Event) -> Path:
        """Colour a few seconds of a shot into a folder; raises StoppedError once `stop` is set."""
        shot = self.shot(request.shot)
        settings = request.settings(shot, most_hints)
        self._check([settings])
        film = self.film.again()
        film.stop = stop
        return write_preview(film, self._surveyed(), shot, settings, self._model, folder)

    def render(self, request: RenderRequest, most_hints: int, executor: Executor) -> None:
        """Begin to colour the film, or go on.

        Raises RefusedError where it is being coloured, and the errors of wrong settings.
        """
        found = self._surveyed()
        for one in request.shots:
            self.shot(one.shot)
        settings = request.settings(found.shots, most_hints)
        self._check(settings)
        target = self.folder / _RESULTS / colored_name(self.film.name, request.suffix)
        target.parent.mkdir(exist_ok=True)
        with self._lock:
            if self.state == "rendering":
                raise RefusedError(409, "conflict", "the film is being coloured already")
            film, tally = self.film.again(), Tally(total=len(found.times))
            job = FilmJob(
                film, self._model, target, ColorizeOptions(recolor=True), request.saving,
                threads=available_cpus(), progress=tally,
            )  # fmt: skip
            self.state, self._tally, self._problem = "rendering", tally, None
            self._drop_result()
            work = executor.submit(self._render, job, found, settings)
            self._job = film, work

    def _render(self, job: FilmJob, found: Survey, settings: list[ShotSettings]) -> None:
        def color() -> None:
            report = job.run(found, settings, keep_work=True)
            assert isinstance(job.target, Path)  # since it is a file
            self._result = job.target, report
            self.state = "finished"

        self._ending(color)

    def cancel(self) -> None:
        """Stop colouring; what is finished is kept. `state` changes once the work has ended."""
        with self._lock:
            if self._job is None or self.state != "rendering":
                return
            film, work = self._job
            film.stop.set()
            if work.cancel():  # it had not begun
                self.state = "ready"

    @property
    def result(self) -> Path:
        """The coloured film; raises RefusedError, 409, where there is none."""
        if self._result is None:
            raise RefusedError(409, "conflict", "the film is not in colour yet", "wait for it")
        return self._result[0]

    def response(self) -> FilmResponse:
        """The film as an answer."""
        found, facts, result = self.found, self.film.facts, self._result
        height, width = facts.upright_size
        return FilmResponse(
            id=self.id,
            name=self.film.name,
            state=self.state,
            width=width,
            height=height,
            seconds=None if found is None else self._times(found, [0, len(found.times)])[1],
            pictures=None if found is None else len(found.times),
            in_color=found is not None and found.in_color,
            notes=[] if found is None else self._notes(found),
            problem=self._problem,
            shots=[] if found is None else self._shots(found),
            progress=self._progress,
            waits=self._waits,
            result=None if result is None else _described(*result),
            expires_in=self.lifetime_s,
        )

    @property
    def _progress(self) -> ProgressResponse | None:
        tally, job = self._tally, self._job
        if tally is None:
            return None
        if self.state == "surveying":
            return tally.while_working(tally.done, 1)
        if self.state == "rendering" and job is not None:
            return tally.while_working(job[0].read, _READINGS)
        return tally.response()

    @property
    def _waits(self) -> bool:
        job = self._job
        return self.state == "rendering" and job is not None and not job[1].running()

    def _notes(self, found: Survey) -> list[str]:
        notes = list(found.warnings)
        if self.film.facts.layout.converted:
            notes.append("its pictures have no luma plane and were converted to one")
        return notes

    def _times(self, found: Survey, numbers: list[int]) -> list[float]:
        """Seconds from the film's first picture on."""
        first, *times = seconds_at(self.film, found, [0, *numbers])
        return [round(time - first, 6) for time in times]

    def _shots(self, found: Survey) -> list[ShotResponse]:
        numbers = [[shot.first, shot.end, key_picture(shot)] for shot in found.shots]
        times = [self._times(found, three) for three in numbers]
        return [ShotResponse(start=start, end=end, key=key) for start, end, key in times]

    @property
    def _model(self) -> Model:
        colorizer = self._models.for_films()
        return Model(colorizer.members, colorizer.name)

    def _surveyed(self) -> Survey:
        if self.found is None:
            raise RefusedError(409, "conflict", "the film's shots are not known yet", "wait for it")
        return self.found

    def _check(self, settings: list[ShotSettings]) -> None:
        """Raise HintError for a hint outside the picture."""
        size = self.film.facts.upright_size
        for own in settings:
            for number, hint in enumerate(own.options.hints, 1):
                check_inside(hint.x, hint.y, size, f"{self.film.name}: hint {number}")

    def _drop_result(self) -> None:
        if self._result is not None:
            self._result[0].unlink(missing_ok=True)
            self._result = None

    def _ending(self, work: Callable[[], Any]) -> None:
        """Do the work, and end it in a state whatever becomes of it."""
        try:
            with self.used():
                work()
        except StoppedError:
            self.state = "ready"
        except RefusedError:  # the film was removed before the work began
            return
        except PhotochromError as error:
            self._failed(error.fields(parameter).line)
        except Exception as error:
            log.error("unforeseen", exc_info=error)
            self._failed(f"unforeseen ({type(error).__name__}); please report it")

    def _failed(self, line: str) -> None:
        self._problem, self.state = line, "failed"


def _described(path: Path, report: FilmReport) -> FilmResultResponse:
    return FilmResultResponse(
        name=path.name,
        bytes=path.stat().st_size,
        pictures=report.frames,
        resumed=report.resumed,
        notes=list(report.warnings),
    )
