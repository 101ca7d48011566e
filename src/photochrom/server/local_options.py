"""Hints and strokes of requests, within a server's limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from photochrom.errors import HintError, see_docs
from photochrom.options import LARGEST_AB, RANGES, Hint
from photochrom.pipeline.hints import LocalOptions, parse_hints
from photochrom.server.problems import RefusedError
from photochrom.strokes import Stroke

MOST_STROKES, MOST_POINTS = 200, 5000
MOST_VIVIDNESSES = 8
"""Among the strokes of one photo: each is one more run of the network."""


Number = Annotated[float, Field(strict=True)]
"""Of a JSON body, where neither a text nor a truth value stands for a number."""
Saturation = Annotated[Number, Field(ge=0, le=RANGES["saturation"][1])]
Ab = Annotated[Number, Field(ge=-LARGEST_AB, le=LARGEST_AB)]


class HintRequest(BaseModel):
    """A colour at a point; see docs/hints.md. Either `ab` or `color`."""

    model_config = ConfigDict(extra="forbid")

    x: Number
    y: Number
    ab: tuple[Ab, Ab] | None = None
    color: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")] | None = None
    radius: Annotated[Number, Field(gt=0)] | None = None
    reach: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_color(self) -> HintRequest:
        if (self.ab is None) == (self.color is None):
            raise ValueError("give its colour either as color or as ab")
        return self

    def hint(self) -> Hint:
        """The hint; raises HintError where a number is NaN or infinite."""
        if self.color is not None:
            return Hint.from_srgb(self.x, self.y, self.color, self.radius, self.reach)
        assert self.ab is not None
        return Hint(self.x, self.y, self.ab, self.radius, self.reach)


class StrokeRequest(BaseModel):
    """A line of a mask brush; see docs/hints.md."""

    model_config = ConfigDict(extra="forbid")

    effect: Literal["erase", "original", "saturation", "vividness"]
    points: Annotated[list[tuple[Number, Number]], Field(min_length=1, max_length=MOST_POINTS)]
    radius: Annotated[Number, Field(gt=0)]
    value: Saturation | None = None

    def stroke(self) -> Stroke:
        """The stroke; raises HintError for a value that does not fit its effect."""
        return Stroke(self.effect, self.points, self.radius, self.value)


class HintResponse(BaseModel):
    """A hint in an answer."""

    x: float
    y: float
    ab: tuple[float, float]
    radius: float | None
    reach: float | None


class StrokeResponse(BaseModel):
    """A stroke in an answer."""

    effect: str
    points: list[tuple[float, float]]
    radius: float
    value: float | None


def checked_count(hints: Sequence[Hint], most: int) -> tuple[Hint, ...]:
    """The hints; raises RefusedError, 413, for more than `most`."""
    if len(hints) > most:
        raise RefusedError(413, "hint-error", f"{len(hints)} hints, but this server takes {most}")
    return tuple(hints)


def checked_strokes(strokes: Sequence[Stroke]) -> tuple[Stroke, ...]:
    """The strokes; raises RefusedError, 413, for too many, or too many points or vividnesses."""
    points = sum(len(stroke.points) for stroke in strokes)
    vividnesses = len({one.value for one in strokes if one.effect == "vividness"})
    for count, most, what in (
        (len(strokes), MOST_STROKES, "strokes"),
        (points, MOST_POINTS, "points of strokes"),
        (vividnesses, MOST_VIVIDNESSES, "values of vividness"),
    ):
        if count > most:
            raise RefusedError(413, "hint-error", f"{count} {what}, but this server takes {most}")
    return tuple(strokes)


def local_in(text: str | None) -> LocalOptions:
    """Hints and strokes in the JSON of a file; raises HintError for one that is invalid."""
    if text is None:
        return LocalOptions((), ())
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HintError("hints", f"not valid JSON ({error})", see_docs("hints")) from error
    return parse_hints(record, "hints")
