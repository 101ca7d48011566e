"""The presets that a server offers, and requests that name one."""

from __future__ import annotations

from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, Field

from photochrom.presets import NAME_PATTERN, Preset, load_preset, readable_presets
from photochrom.server.settings import Settings

PresetName = Annotated[str, Field(pattern=NAME_PATTERN)]


class PresetLook(BaseModel):
    """The part of a preset that a look has."""

    vividness: float
    size: int | None
    saturation: float
    warmth: float
    tint: float
    smooth: float


class PresetFile(BaseModel):
    """The part of a preset that says how a file is written."""

    quality: int
    profile: str
    reversible: bool
    keep_time: bool


class PresetResponse(BaseModel):
    """A preset with all its options."""

    name: Annotated[str, Field(description="of the preset")]
    purpose: str
    shipped: bool
    colorize: PresetLook
    save: PresetFile


class PresetsResponse(BaseModel):
    """The presets, by name."""

    presets: list[PresetResponse]

    @classmethod
    def of(cls, presets: list[Preset]) -> Self:
        """The answer's form of presets."""
        return cls(presets=[PresetResponse(**preset.record()) for preset in presets])


_R = TypeVar("_R", bound=BaseModel)


def _with_own(settings: Settings) -> bool:
    """Whether the presets of the person whose server it is are offered: where it is there for that
    person alone, reached neither by another machine nor through a proxy. How somebody names their
    options is nobody else's concern.
    """
    return settings.local and not settings.hosts


def offered(settings: Settings) -> list[Preset]:
    """The presets that can be read."""
    return readable_presets(own=_with_own(settings))[0]


def with_preset(request: _R, name: str | None, settings: Settings) -> _R:
    """A request with the options of a preset, of which those that it gives itself count more.

    Raises ConfigError for a preset that there is not.
    """
    if name is None:
        return request
    values = load_preset(name, own=_with_own(settings)).values
    known, given = type(request).model_fields, request.model_fields_set
    added = {key: value for key, value in values.items() if key in known and key not in given}
    return request.model_copy(update=added)
