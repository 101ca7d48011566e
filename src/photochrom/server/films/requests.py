"""The parameters and answers of the routes of films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from photochrom.options import ADJUSTMENTS, ColorizeOptions
from photochrom.server.local_options import HintRequest, Saturation, checked_count
from photochrom.server.requests import Integer, JsonShare, JsonSigned
from photochrom.video.coloring import ShotSettings
from photochrom.video.options import VideoOptions
from photochrom.video.shot_list import key_picture
from photochrom.video.shots import Shot

State = Literal["surveying", "ready", "rendering", "finished", "failed"]

_NUMBERS = ("vividness", *ADJUSTMENTS)


class ShotRequest(BaseModel):
    """How one shot is coloured; hints are in pixels of its key picture."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    shot: Annotated[Integer, Field(ge=0)]
    """Its number, from 0."""
    vividness: JsonShare = ColorizeOptions.vividness
    saturation: Saturation = ColorizeOptions.saturation
    warmth: JsonSigned = ColorizeOptions.warmth
    tint: JsonSigned = ColorizeOptions.tint
    smooth: JsonShare = ColorizeOptions.smooth
    hints: list[HintRequest] = []

    def settings(self, shot: Shot, most_hints: int) -> ShotSettings:
        """The same for the engine.

        Raises RefusedError for too many hints, HintError for one that is NaN or infinite.
        """
        hints = checked_count([hint.hint() for hint in self.hints], most_hints)
        plain: dict[str, Any] = {name: getattr(self, name) for name in _NUMBERS}
        options = ColorizeOptions(recolor=True, hints=hints, **plain)
        return ShotSettings(options, key_picture(shot) if hints else None)


class RenderRequest(BaseModel):
    """How a film is coloured and written."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    shots: Annotated[list[ShotRequest], Field(max_length=100_000)] = []
    """Of the shots that are not coloured as usual."""
    container: Literal["mp4", "mkv", "mov"] = "mp4"
    lossless: bool = False
    """FFV1 in Matroska: the luma plane stays bit for bit."""
    mark: bool = True
    """Record in the file that the colours are computed."""

    @property
    def saving(self) -> VideoOptions:
        """The options as the engine takes them."""
        return VideoOptions(lossless=self.lossless, mark=self.mark, overwrite=True, recolor=True)

    @property
    def suffix(self) -> str:
        """Of the result."""
        return self.saving.suffix(None if self.lossless else self.container)

    def settings(self, shots: Sequence[Shot], most_hints: int) -> list[ShotSettings]:
        """Of each shot; raises what `ShotRequest.settings` raises, and IndexError."""
        usual = ShotSettings(ColorizeOptions(recolor=True))
        settings = [replace(usual) for _ in shots]
        for one in self.shots:
            settings[one.shot] = one.settings(shots[one.shot], most_hints)
        return settings


class ShotResponse(BaseModel):
    """A shot; times are seconds of the film."""

    start: float
    end: float
    key: float


class ProgressResponse(BaseModel):
    """How far the work is. rate: pictures a second. seconds_left: null as long as it is unknown."""

    done: int
    total: int
    rate: float | None
    seconds_left: float | None


class FilmResultResponse(BaseModel):
    """A coloured film. resumed: pictures that had been coloured before."""

    name: str
    bytes: int
    pictures: int
    resumed: int
    notes: list[str]


class FilmResponse(BaseModel):
    """A film that is open."""

    id: str
    name: str
    state: State
    width: int
    height: int
    seconds: float | None
    pictures: int | None
    in_color: bool
    notes: list[str]
    problem: str | None
    """Why the work failed."""
    shots: list[ShotResponse]
    progress: ProgressResponse | None
    """Of the reading, or of the colouring; null where nothing was begun."""
    waits: bool
    """Whether another film is coloured first."""
    result: FilmResultResponse | None
    expires_in: float
