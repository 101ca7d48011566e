"""Hints: colours set at points of a photo, their places in the small copy, and their files.

A file of hints is JSON, and may have strokes (`photochrom.strokes`) too:

    {"hints": [{"x": 812, "y": 400, "color": "#8a5a3c", "radius": 12},
               {"x": 10, "y": 20, "ab": [0, 0], "reach": 60}],
     "strokes": [{"effect": "erase", "points": [[300, 80], [340, 90]], "radius": 15},
                 {"effect": "saturation", "value": 0.4, "points": [[9, 9]], "radius": 8}]}
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.errors import HintError, nearest_name, os_reason, see_docs
from photochrom.options import Hint
from photochrom.strokes import Stroke

RADIUS = 0.01
"""Default radius, as a share of the photo's short side: 5 x 5 pixels of a small copy of 192, which
the network, trained on squares of 1 to 9, follows better than 9 x 9."""

SHORTEST_REACH = 3.25
"""Least reach of a hint, pixels of the small copy: 1.7 % of a short side of 192."""

_KEYS = ("x", "y", "color", "ab", "radius", "reach")


_STROKE_KEYS = ("effect", "points", "radius", "value")


class LocalOptions(NamedTuple):
    """What a file of hints holds, and options of colouring take."""

    hints: tuple[Hint, ...]
    strokes: tuple[Stroke, ...]


def load_hints(path: Path) -> LocalOptions:
    """Read a file of hints and strokes; raises HintError that names the file and the entry."""
    try:
        record = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise HintError(path, os_reason(error), "name a JSON file of hints") from error
    except (ValueError, RecursionError) as error:
        raise HintError(path, f"not valid JSON ({error})", see_docs("hints")) from error
    return parse_hints(record, str(path))


def parse_hints(record: Any, origin: str) -> LocalOptions:
    """The hints and strokes of a parsed JSON file.

    origin: the file's name in errors. Raises HintError for an unknown key, naming the nearest known
    one, and for an invalid hint.
    """
    if not isinstance(record, dict):
        raise HintError(origin, 'must be an object {"hints": [...]}', see_docs("hints"))
    _check_keys(record, ("hints", "strokes"), origin)
    hints = _entries(record.get("hints", [] if "strokes" in record else None), "hints", origin)
    strokes = _entries(record.get("strokes", []), "strokes", origin)
    return LocalOptions(
        tuple(_parse_hint(entry, f"{origin}: hint {n}") for n, entry in enumerate(hints, 1)),
        tuple(_parse_stroke(entry, f"{origin}: stroke {n}") for n, entry in enumerate(strokes, 1)),
    )


def _entries(entries: Any, kind: str, origin: str) -> list[Any]:
    if not isinstance(entries, list):
        raise HintError(origin, f'"{kind}" must be a list of {kind}', see_docs("hints"))
    return entries


def _parse_stroke(entry: Any, where: str) -> Stroke:
    if not isinstance(entry, dict):
        raise HintError(
            where, f"is {reprlib.repr(entry)}, but must be an object with effect, points and radius"
        )
    _check_keys(entry, _STROKE_KEYS, where)
    missing = [key for key in _STROKE_KEYS[:3] if key not in entry]
    if missing:
        raise HintError(where, f"{missing[0]} is missing")
    try:
        return Stroke(**entry)
    except HintError as error:
        raise error.with_subject(where) from None


def _parse_hint(entry: Any, where: str) -> Hint:
    if not isinstance(entry, dict):
        raise HintError(
            where, f"is {reprlib.repr(entry)}, but must be an object with x, y and color"
        )
    _check_keys(entry, _KEYS, where)
    missing = [key for key in ("x", "y") if key not in entry]
    if missing:
        raise HintError(where, f"{missing[0]} is missing")
    if ("color" in entry) == ("ab" in entry):
        raise HintError(where, "give its colour either as color or as ab")
    place, sizes = (entry["x"], entry["y"]), (entry.get("radius"), entry.get("reach"))
    try:
        if "color" in entry:
            return Hint.from_srgb(*place, entry["color"], *sizes)
        ab = entry["ab"]
        return Hint(*place, tuple(ab) if isinstance(ab, list) else ab, *sizes)
    except HintError as error:
        raise error.with_subject(where) from None


def _check_keys(record: dict[str, Any], known: Sequence[str], where: str) -> None:
    for key in record:
        if key not in known:
            near = nearest_name(key, known)
            advice = f"did you mean {near}?" if near else f"known: {', '.join(known)}"
            raise HintError(where, f"unknown key {key!r}", advice)


@dataclass(frozen=True)
class PlacedHints:
    """The hints of one photo on its small copy.

    shape: of the small copy, rows and columns.
    place: (N, 2), rows and columns of the small copy, in fractions; whole numbers are centres.
    ab: (N, 2), Lab units.
    radius: (N, 2), in rows and in columns.
    reach: (N, 2), the distance beyond which a hint changes nothing, in rows and in columns;
    infinite where it has no such limit.
    stroke: (N,), ascending numbers; hints of one brush stroke have the same.
    """

    shape: tuple[int, int]
    place: NDArray[np.float64]
    ab: Array
    radius: NDArray[np.float64]
    reach: NDArray[np.float64]
    stroke: NDArray[np.intp]

    @classmethod
    def of(
        cls, hints: Sequence[Hint], photo: tuple[int, int], shape: tuple[int, int], name: str
    ) -> PlacedHints:
        """Place a photo's hints in its small copy.

        photo, shape: height and width of the upright photo and of the small copy. Of several
        hints in one pixel of the small copy the last one is used. name: the photo's, for errors.
        Raises HintError for a hint outside the photo.
        """
        scale = np.divide(shape, photo)
        by_pixel: dict[tuple[int, ...], tuple[NDArray[np.float64], Hint]] = {}
        for number, hint in enumerate(hints, 1):
            check_inside(hint.x, hint.y, photo, f"{name}: hint {number}")
            place = place_in(hint.x, hint.y, photo, shape)
            pixel = tuple(np.rint(place).astype(int).tolist())
            by_pixel.pop(pixel, None)  # the later hint moves to the end
            by_pixel[pixel] = (place, hint)
        places = np.array([place for place, _ in by_pixel.values()]).reshape(-1, 2)
        kept = [hint for _, hint in by_pixel.values()]
        ab = np.array([hint.ab for hint in kept], np.float32).reshape(-1, 2)
        radius = np.outer([hint.radius or RADIUS * min(photo) for hint in kept], scale)
        reach = np.outer([hint.reach or np.inf for hint in kept], scale)
        return cls(
            shape,
            places,
            ab,
            radius,
            np.maximum(reach, SHORTEST_REACH),
            _strokes(places, ab, radius),
        )

    def only(self, chosen: NDArray[np.bool_]) -> PlacedHints:
        """Some of the hints; chosen: (N,)."""
        return PlacedHints(
            self.shape,
            self.place[chosen],
            self.ab[chosen],
            self.radius[chosen],
            self.reach[chosen],
            self.stroke[chosen],
        )

    @property
    def limited(self) -> NDArray[np.bool_]:
        """Which hints have a limited reach, (N,)."""
        return np.isfinite(self.reach[:, 0])

    @property
    def in_strokes(self) -> NDArray[np.bool_]:
        """Which hints belong to a brush stroke of several, (N,)."""
        return np.bincount(self.stroke, minlength=1)[self.stroke] > 1

    @property
    def pixels(self) -> list[tuple[int, int]]:
        """Row and column of the pixel that each hint lies in."""
        return [(int(row), int(column)) for row, column in np.rint(self.place)]

    def inputs(self, gain: float) -> tuple[Array, Array]:
        """A network's hint inputs: hint_ab (h, w, 2), Lab units, and hint_mask (h, w), 0 or 1.

        gain: of the decoding that follows; hint_ab holds colours before the gain.
        """
        hint_ab = np.zeros((*self.shape, 2), np.float32)
        hint_mask = np.zeros(self.shape, np.float32)
        for place, ab, radius in zip(self.pixels, self.ab, np.rint(self.radius), strict=True):
            first = [max(0, int(p - r)) for p, r in zip(place, radius, strict=True)]
            last = [int(p + r) + 1 for p, r in zip(place, radius, strict=True)]
            square = np.s_[first[0] : last[0], first[1] : last[1]]
            hint_ab[square] = ab / np.float32(gain)
            hint_mask[square] = 1
        return hint_ab, hint_mask


def _strokes(
    places: NDArray[np.float64], ab: Array, radius: NDArray[np.float64]
) -> NDArray[np.intp]:
    """The stroke of each hint: neighbours in the list, of one colour, that touch or overlap."""
    if len(places) < 2:
        return np.zeros(len(places), np.intp)
    steps = np.abs(np.diff(places, axis=0)) / np.maximum(2 * radius[1:], 2)
    begins = (np.linalg.norm(steps, axis=1) > 1) | (ab[1:] != ab[:-1]).any(axis=1)
    return np.cumsum([False, *begins])


def place_in(
    x: float, y: float, photo: tuple[int, int], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Fractional row and column in a small copy of a point of the upright photo.

    x, y: pixels of the photo. photo, shape: height and width of the photo and of the small copy.
    """
    place = (np.array([y, x]) + 0.5) * np.divide(shape, photo) - 0.5
    return place.clip(0, np.subtract(shape, 1))


def check_inside(x: float, y: float, photo: tuple[int, int], where: str) -> None:
    """Raise HintError for a point outside a photo of this height and width."""
    for name, value, size, side in (
        ("x", x, photo[1], "wide"),
        ("y", y, photo[0], "high"),
    ):
        if not -0.5 <= value < size - 0.5:
            raise HintError(
                where,
                f"{name} is {value:g}, but the photo is {size} pixels {side}",
                f"{name} must lie in 0..{size - 1}",
            )
