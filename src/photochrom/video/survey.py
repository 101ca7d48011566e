"""The first reading of a film: its pictures' time stamps, its shots, and whether it has colours."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from photochrom.errors import InColorError, Option, Remedy
from photochrom.pipeline.toning import Tone, tone_of
from photochrom.video.grain import EVERY, Grain
from photochrom.video.layout import Layout
from photochrom.video.shots import THUMBNAIL, Shot, ShotFinder
from photochrom.video.small import lightness_of, small_codes
from photochrom.video.source import Film

Progress = Callable[[str, int, int], None]
"""Called with a stage ("reading", "coloring"), the pictures done, and all pictures or 0."""

_LOOKED_AT = 24
"""Pictures between two that are looked at for colours."""
_MOST_LOOKED_AT = 40
_IN_COLOR = 0.5
"""Share of these in colour from which the film is."""
_COLOR_SIDE = 128
_GRAIN_SIDE = 192
NO_STAMP = -(1 << 63)
"""Stands for the time stamp of a picture that has none, as in FFmpeg."""
_SHORT, _SLACK = 0.9, 0.2
"""A film is shorter than its header says below this share of it, less these seconds."""


@dataclass(frozen=True)
class Survey:
    """What the first reading found.

    stamps: the time stamp of each picture as decoded, NO_STAMP where it has none. times: the same,
    always rising, in units of the film's time base. Both are arrays of 8 bytes a picture, and the
    same one where they are equal: a film may have hundreds of thousands. shots: of these pictures.
    in_color: whether most pictures have colours. warnings: one line for each kind of fault. grain:
    number, variance of noise, and fading of some pictures.
    """

    stamps: Sequence[int]
    times: Sequence[int]
    shots: tuple[Shot, ...]
    in_color: bool
    warnings: tuple[str, ...]
    grain: tuple[tuple[int, float, bool], ...] = ()

    @property
    def usual_step(self) -> int:
        """Units of time from most pictures to the next."""
        if len(self.times) < 2:
            return 1
        return max(1, int(np.median(np.diff(np.asarray(self.times)))))

    @property
    def sound(self) -> bool:
        """Whether each picture can be found by its time stamp."""
        return not self.warnings and self.times == self.stamps


def checked_survey(
    film: Film,
    start: float | None,
    end: float | None,
    progress: Progress | None = None,
    *,
    recolor: bool,
    known: Survey | None = None,
) -> Survey:
    """The survey of a film that is to be coloured.

    known: an earlier survey. Raises InColorError where it has colours, unless `recolor`.
    """
    found = known or survey(film, start, end, progress)
    film.careful |= bool(found.warnings)
    if found.in_color and not recolor:
        raise InColorError(
            film.name,
            "is in colour already",
            Remedy("add {} to colour it anew", Option("recolor", True)),
        )
    return found


def survey_record(found: Survey) -> dict[str, Any]:
    """A survey as plain data."""
    return {
        "stamps": None if found.stamps is found.times else list(found.stamps),
        "times": list(found.times),
        "shots": [[shot.first, shot.end] for shot in found.shots],
        "in_color": found.in_color,
        "warnings": found.warnings,
        "grain": found.grain,
    }


def survey_of(record: dict[str, Any]) -> Survey:
    """The survey of `survey_record`."""
    times = array("q", record["times"])
    return Survey(
        times if record["stamps"] is None else array("q", record["stamps"]),
        times,
        tuple(Shot(*pair) for pair in record["shots"]),
        record["in_color"],
        tuple(record["warnings"]),
        tuple((number, variance, faded) for number, variance, faded in record["grain"]),
    )


class Clock:
    """Makes time stamps rise: missing ones are filled in, jumps back are taken out."""

    def __init__(self, step: int) -> None:
        self._step, self._offset = step, 0
        self._last: int | None = None
        self.missing = self.jumps = 0

    def __call__(self, stamp: int | None) -> int:
        """The time of the next picture, whose time stamp is given."""
        """The time of the next picture, whose time stamp is given."""
        if stamp is None:
            self.missing += 1
            time = 0 if self._last is None else self._last + self._step
        else:
            time = stamp + self._offset
            if self._last is not None and time <= self._last:
                self.jumps += 1
                self._offset += self._last + self._step - time
                time = self._last + self._step
        self._last = time
        return time


def survey(
    film: Film, start: float | None, end: float | None, progress: Progress | None = None
) -> Survey:
    """Read a film from its start to its end.

    start, end: seconds; None for those of the film.
    Raises VideoError where no picture lies between them.
    """
    first = _read(film, start, end, progress)
    if film.damage.counts and not film.careful:
        film.careful = True  # once more, as all later readings
        film.damage.counts.clear()
        first = _read(film, start, end, progress)
    if not first.times:
        raise film.fault("has no pictures" + (" between start and end" if start or end else ""))
    return first


def _read(film: Film, start: float | None, end: float | None, progress: Progress | None) -> Survey:
    layout, base = film.facts.layout, film.facts.time_base
    clock = Clock(max(1, round(1 / (film.facts.rate * base))))
    finder, stamps, times = ShotFinder(), array("q"), array("q")
    grain = list[tuple[int, float, bool]]()
    colored, looked, odd = 0, 0, 0
    promised = _promised(film, start, end)
    expected = round(promised * film.facts.rate)
    for stamp, frame in film.pictures(start):
        time = clock(stamp)
        if start is not None and time * base < start:
            continue
        if end is not None and time * base >= end:
            break
        if len(times) % _LOOKED_AT == 0 and looked < _MOST_LOOKED_AT:
            looked += 1
            colored += _in_color(frame)
        odd += (frame.width, frame.height) != (layout.width, layout.height)
        try:
            luma = layout.luma(frame)
        except (OSError, ValueError) as error:
            raise film.fault("has pictures in colours that cannot be converted") from error
        finder.add(small_codes(film.av, luma, layout, *THUMBNAIL))
        if len(times) % EVERY == 0:
            copy = small_codes(film.av, luma, layout, *_copy_size(layout))
            found = Grain.of(lightness_of(copy))
            grain.append((len(times), found.variance, found.faded))
        stamps.append(NO_STAMP if stamp is None else stamp)
        times.append(time)
        if progress is not None:
            progress("reading", len(times), max(expected, len(times)))
    warnings = list(film.damage.lines)
    if odd:
        warnings.append(f"{odd} pictures of another size are scaled to the first one's")
    if clock.missing:
        warnings.append(f"{clock.missing} pictures have no time stamp and follow the one before")
    if clock.jumps:
        warnings.append(f"time stamps jump back {clock.jumps} times; the pictures follow on")
    length = float((times[-1] - times[0]) * base) if times else 0.0
    if times and length < _SHORT * promised - _SLACK:
        warnings.append(
            f"the pictures end at {length:.1f} s, though the header says {promised:.1f} s"
        )
    shots = tuple(finder.shots())
    return Survey(
        times if stamps == times else stamps,
        times,
        shots,
        bool(looked) and colored / looked >= _IN_COLOR,
        tuple(warnings),
        tuple(grain),
    )


def _copy_size(layout: Layout) -> tuple[int, int]:
    """Height and width of a small copy about as large as networks see."""
    scale = _GRAIN_SIDE / min(layout.height, layout.width)
    return round(layout.height * scale), round(layout.width * scale)


def _promised(film: Film, start: float | None, end: float | None) -> float:
    """Seconds of pictures that the file's header says there are; 0 where it is silent."""
    if film.path.is_dir():
        seconds = float(len(film.picture_files) * film.facts.time_base)
    else:
        container = film.open()
        try:
            stream = film.stream_of(container)
            seconds = float((stream.duration or 0) * film.facts.time_base)
            seconds = seconds or (container.duration or 0) / 1e6
        finally:
            container.close()
    last = seconds if end is None else min(end, seconds or end)
    return max(0.0, last - (start or 0))


def _in_color(frame: Any) -> bool:
    if frame.format.name.startswith(("gray", "ya", "mono")):
        return False
    scale = _COLOR_SIDE / min(frame.width, frame.height)
    sides = (round(side * scale) for side in (frame.height, frame.width))
    height, width = (min(max(8, side), 8 * _COLOR_SIDE) for side in sides)
    try:
        small = frame.reformat(width, height, "rgb24", interpolation="AREA")
    except (OSError, ValueError):  # a damaged picture may claim colours that do not exist
        return False
    return tone_of(small.to_ndarray().astype(np.float32) / 255) is Tone.COLOR


def frames_from(film: Film, found: Survey, first: int) -> Generator[Any]:
    """The pictures from number `first` on, as the survey counted them.

    Raises VideoError where the film has changed since.
    """
    if first and found.sound:
        seconds = float(found.times[first] * film.facts.time_base)
        wanted = found.times[first]
        for stamp, frame in film.pictures(seconds):
            if stamp == wanted:
                yield frame
                first += 1
                wanted = found.times[first] if first < len(found.times) else -1
            elif stamp is None or stamp > wanted:
                break
        if first == len(found.times):
            return
    start = float(found.times[0] * film.facts.time_base) if found.sound else None
    count = 0
    for stamp, frame in film.pictures(start):
        if count == len(found.stamps):
            return
        if (NO_STAMP if stamp is None else stamp) != found.stamps[count]:
            if count:
                break
            continue  # before the part that is coloured
        if count >= first:
            yield frame
        count += 1
    if count < len(found.stamps):
        raise film.fault("gave other pictures than when it was read first", "was it changed?")


def seconds_at(film: Film, found: Survey, numbers: Sequence[int]) -> list[float]:
    """The times of pictures, seconds; the number behind the last is the film's end."""
    ends = [*found.times, found.times[-1] + found.usual_step]
    return [float(ends[number] * film.facts.time_base) for number in numbers]
