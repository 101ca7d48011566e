"""A few seconds of a film in colour, small enough for a browser: MP4 with H.264, 4:2:0, 8 bits.

The part is first written as a small grey film, which the engine then colours like any other.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from photochrom.options import Hint
from photochrom.photo.strips import Pixels
from photochrom.server.films.work import StoppableFilm, gray_pictures
from photochrom.video.coloring import ShotSettings
from photochrom.video.job import FilmJob, Model
from photochrom.video.layout import plane_of
from photochrom.video.options import VideoOptions
from photochrom.video.shot_list import key_picture
from photochrom.video.shots import Shot
from photochrom.video.survey import Survey
from photochrom.video.work import LONGEST

SECONDS = 4.0
LONGEST_SIDE = 960
_BYTES = np.dtype(np.uint8)
_NARROWED = np.rint(16 + np.arange(256) * (219 / 255)).astype(np.uint8)
"""Codes whose black is 16 and white 235 of those whose are 0 and 255."""
_BASE = Fraction(1, 90_000)
_BT709 = 1


def write_preview(
    film: StoppableFilm,
    found: Survey,
    shot: Shot,
    settings: ShotSettings,
    model: Model,
    folder: Path,
) -> Path:
    """Colour a few seconds around a shot's key picture; returns the file, in `folder`.

    Raises StoppedError once the film is stopped.
    """
    key = key_picture(shot)
    half = round(SECONDS / 2 * float(film.facts.rate))
    first = max(shot.first, key - min(half, LONGEST - 1))
    end = min(shot.end, first + 2 * half + 1)
    clip = folder / "clip.mkv"
    height, width = _size(film)
    _write_clip(film, found, range(first, end), (height, width), clip)
    small = StoppableFilm(clip, film.name)
    small.stop = film.stop
    options = VideoOptions(encoder_preset="veryfast", overwrite=True, recolor=True)
    target = folder / "preview.mp4"
    job = FilmJob(small, model, target, settings.options, options)
    survey = job.survey()
    whole = replace(survey, shots=(Shot(0, len(survey.times)),))
    job.run(whole, [_placed(settings, film, small, key - first)])
    return target


def _size(film: StoppableFilm) -> tuple[int, int]:
    """Height and width of the clip, as stored, with square pixels; even, as 4:2:0 needs them."""
    layout = film.facts.layout
    height, width = float(layout.height), float(layout.width * film.facts.aspect)
    scale = min(1, LONGEST_SIDE / max(height, width))
    return max(2, round(height * scale / 2) * 2), max(2, round(width * scale / 2) * 2)


def _placed(
    settings: ShotSettings, film: StoppableFilm, small: StoppableFilm, key: int
) -> ShotSettings:
    """The settings with hints in pixels of the clip."""
    if not settings.leads:
        return settings
    down, across = (
        new / old
        for new, old in zip(small.facts.upright_size, film.facts.upright_size, strict=True)
    )
    hints = tuple(_scaled(hint, across, down) for hint in settings.options.hints)
    return ShotSettings(replace(settings.options, hints=hints), key)


def _scaled(hint: Hint, across: float, down: float) -> Hint:
    sizes = {
        name: value * across
        for name in ("radius", "reach")
        if (value := getattr(hint, name)) is not None
    }
    x, y = ((value + 0.5) * scale - 0.5 for value, scale in ((hint.x, across), (hint.y, down)))
    return replace(hint, x=max(0.0, x), y=max(0.0, y), **sizes)


def _write_clip(
    film: StoppableFilm, found: Survey, numbers: range, size: tuple[int, int], path: Path
) -> None:
    """Write some pictures of a film as a small grey film without losses."""
    av, facts = film.av, film.facts
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=facts.rate)
        context = stream.codec_context
        context.height, context.width = size
        context.pix_fmt, context.time_base = "yuv420p", _BASE
        context.colorspace, context.color_range = _BT709, 1
        stream.time_base = _BASE
        if facts.rotation:
            stream.set_display_rotation(facts.rotation)
        start = found.times[numbers.start]
        for number, codes in zip(numbers, gray_pictures(film, found, numbers, size), strict=True):
            frame = _gray_frame(av, codes)
            frame.time_base = _BASE
            frame.pts = round((found.times[number] - start) * facts.time_base / _BASE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _gray_frame(av: Any, codes: Pixels) -> Any:
    height, width = codes.shape
    frame = av.VideoFrame(width, height, "yuv420p")
    plane_of(frame, 0, _BYTES)[:] = _NARROWED.take(codes)
    for index in (1, 2):
        plane_of(frame, index, _BYTES)[:] = 128
    frame.colorspace, frame.color_range = _BT709, 1
    return frame
