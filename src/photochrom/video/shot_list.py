"""A person's say about a film's shots: `shots.json`, with its times, settings and key pictures.

    {"film": "reel.mp4", "shots": [
        {"start": 0.0, "end": 4.2, "key": 2.0, "vividness": 0.6, "saturation": 1.1,
         "hints": [{"x": 310, "y": 120, "color": "#5a3a2c"}]},
        {"start": 4.2, "end": 9.6, "keyframe": "frame-000131.png"}]}

Times are seconds of the film. A shot begins with the first picture at or behind its start.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from photochrom.errors import ConfigError, HintError, nearest_name, os_reason, see_docs
from photochrom.options import ADJUSTMENTS, ColorizeOptions
from photochrom.pipeline.hints import parse_hints
from photochrom.video.coloring import ShotSettings
from photochrom.video.shots import Shot
from photochrom.video.source import Film
from photochrom.video.survey import Survey, seconds_at
from photochrom.video.work import LONGEST

_NUMBERS = ("vividness", *ADJUSTMENTS)
_KEYS = ("start", "end", "key", *_NUMBERS, "hints", "keyframe")


def key_picture(shot: Shot) -> int:
    """The number of the picture that stands for a shot."""
    return shot.first + min(len(shot) // 2, LONGEST // 2)


def record_of(film: Film, found: Survey, options: ColorizeOptions) -> dict[str, Any]:
    """The content of a new shots.json."""
    shots = []
    for shot in found.shots:
        start, end, key = seconds_at(film, found, [shot.first, shot.end, key_picture(shot)])
        entry = {"start": start, "end": end, "key": key, "vividness": options.vividness}
        shots.append({name: round(value, 6) for name, value in entry.items()})
    return {"film": film.name, "shots": shots}


def load_shots(
    path: Path, film: Film, found: Survey, options: ColorizeOptions
) -> tuple[Survey, list[ShotSettings]]:
    """The survey with the file's shots instead of those found, and how each is coloured.

    options: those of shots that the file says nothing of.
    Raises ConfigError that names the file, the shot and the key.
    """
    record = _read(path)
    entries = record.get("shots") if isinstance(record, dict) else None
    if not isinstance(entries, list) or not entries:
        raise ConfigError(path, '"shots" must be a list of shots', see_docs("video"))
    base = film.facts.time_base
    times = [float(time * base) for time in found.times]
    starts, settings, keys = list[int](), list[ShotSettings](), list[float | None]()
    for number, entry in enumerate(entries, 1):
        where = f"{path}: shot {number}"
        start = _number(entry, "start", where)
        first = bisect_left(times, start - 1e-4)
        if starts and first <= starts[-1]:
            raise ConfigError(where, "starts before the shot in front of it, or holds no picture")
        starts.append(0 if number == 1 else first)
        settings.append(_settings(entry, where, path.parent, options))
        keys.append(_number(entry, "key", where) if "key" in entry else None)
    if starts[-1] >= len(times):
        raise ConfigError(path, "the last shot starts behind the film's end")
    ends = [*starts[1:], len(times)]
    shots = tuple(Shot(*pair) for pair in zip(starts, ends, strict=True))
    placed = [
        _with_key(own, shot, key, times, f"{path}: shot {number}")
        for number, (own, shot, key) in enumerate(zip(settings, shots, keys, strict=True), 1)
    ]
    return replace(found, shots=shots), placed


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(path, os_reason(error), "name a JSON file of shots") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(path, f"not valid JSON ({error})", see_docs("video")) from error


def _settings(entry: Any, where: str, folder: Path, options: ColorizeOptions) -> ShotSettings:
    for key in entry:
        if key not in _KEYS:
            near = nearest_name(key, _KEYS)
            hint = f'"{near}" is the nearest' if near else f"known are {', '.join(_KEYS)}"
            raise ConfigError(where, f'"{key}" is unknown', hint)
    numbers: dict[str, Any] = {
        name: _number(entry, name, where) for name in _NUMBERS if name in entry
    }
    try:
        hints = parse_hints({"hints": entry.get("hints", [])}, where).hints
        own = replace(options, hints=hints, **numbers)
    except HintError as error:
        raise ConfigError(error.subject, error.problem, error.remedy) from error
    except ConfigError as error:
        raise error.with_subject(where) from error
    keyframe = entry.get("keyframe")
    if keyframe is None:
        return ShotSettings(own)
    if not isinstance(keyframe, str) or not (folder / keyframe).is_file():
        raise ConfigError(where, f"there is no picture {keyframe!r}", "name one beside the file")
    return ShotSettings(own, picture=folder / keyframe)


def _with_key(
    own: ShotSettings, shot: Shot, key: float | None, times: Sequence[float], where: str
) -> ShotSettings:
    """The settings with the number of the key picture, where one is needed."""
    if not own.leads:
        return own
    number = key_picture(shot) if key is None else bisect_left(times, key - 1e-4)
    if not shot.first <= number < shot.end:
        raise ConfigError(where, "its key picture lies outside it", '"key" is a time in seconds')
    if number >= shot.first + LONGEST:
        raise ConfigError(
            where,
            f"its key picture is not among its first {LONGEST}",
            "begin another shot before it",
        )
    return replace(own, key=number)


def _number(entry: Any, key: str, where: str) -> float:
    value = entry.get(key) if isinstance(entry, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(where, f'"{key}" must be a number', see_docs("video"))
    return float(value)
