"""The repair of a photo as requests and answers have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from photochrom.errors import ConfigError, Option
from photochrom.restoration.options import RepairOptions
from photochrom.restoration.strokes import DamageStroke
from photochrom.server.problems import RefusedError

MOST_STROKES, MOST_POINTS = 500, 20_000
_LARGEST_RADIUS = 2000  # pixels
_LARGEST_COORDINATE = 1e9  # pixels; larger than any photo

Sensitivity = Annotated[float, Field(ge=0, le=1)]
Coordinate = Annotated[float, Field(strict=True, ge=-_LARGEST_COORDINATE, le=_LARGEST_COORDINATE)]
Points = Annotated[list[tuple[Coordinate, Coordinate]], Field(min_length=1, max_length=MOST_POINTS)]


@dataclass(frozen=True)
class Repair:
    """How the photo of a session is repaired; strokes correct which pixels are damaged."""

    options: RepairOptions
    strokes: tuple[DamageStroke, ...] = ()


class DamageStrokeRequest(BaseModel):
    """A line of a brush under which pixels are damaged, or are sound."""

    model_config = ConfigDict(extra="forbid")

    damaged: StrictBool
    points: Points
    radius: Annotated[float, Field(strict=True, gt=0, le=_LARGEST_RADIUS)]


class RepairRequest(BaseModel):
    """A repair: what is found at a sensitivity, corrected by strokes in their order, is filled."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    sensitivity: Annotated[Sensitivity, Field(strict=True)] = RepairOptions.sensitivity
    levels: StrictBool = RepairOptions.levels
    """Stretch the tones of a flat or faded photo."""
    strokes: Annotated[list[DamageStrokeRequest], Field(max_length=MOST_STROKES)] = []

    def repair(self) -> Repair:
        """The repair; raises RefusedError, 413, for too many points."""
        points = sum(len(stroke.points) for stroke in self.strokes)
        if points > MOST_POINTS:
            raise RefusedError(
                413,
                "config-error",
                f"{points} points of strokes, but this server takes {MOST_POINTS}",
            )
        strokes = tuple(
            DamageStroke(one.damaged, tuple(one.points), one.radius) for one in self.strokes
        )
        options = RepairOptions(sensitivity=self.sensitivity, levels=self.levels)
        return Repair(options, strokes)


class RepairFields(BaseModel):
    """The repair of POST /colorize."""

    repair: bool = False
    """Fill dust and scratches first."""
    sensitivity: Sensitivity = RepairOptions.sensitivity
    """Of the repair: 0 (only what is certain is damage) to 1 (what may be damage, too)."""
    levels: bool = RepairOptions.levels
    """Of the repair: stretch the tones of a flat or faded photo."""

    def repair_options(self) -> RepairOptions | None:
        """The options; None for no repair. Raises ConfigError for options without a repair."""
        options = RepairOptions(sensitivity=self.sensitivity, levels=self.levels)
        if not self.repair and options != RepairOptions():
            raise ConfigError(
                Option("repair", False), "but options of a repair are given", "set it to true"
            )
        return options if self.repair else None


class DamageStrokeResponse(BaseModel):
    """A stroke in an answer."""

    damaged: bool
    points: Sequence[tuple[float, float]]
    radius: float


class RepairResponse(BaseModel):
    """A repair in an answer."""

    sensitivity: float
    levels: bool
    strokes: list[DamageStrokeResponse]

    @classmethod
    def of(cls, repair: Repair | None) -> RepairResponse | None:
        """The answer's form of a repair."""
        if repair is None:
            return None
        return cls(
            sensitivity=repair.options.sensitivity,
            levels=repair.options.levels,
            strokes=[DamageStrokeResponse(**vars(stroke)) for stroke in repair.strokes],
        )
