"""The parameters of requests: a photo's look, and the format of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from photochrom.crops import Crop, framed_size
from photochrom.errors import ConfigError, HintError, ModelError, Option, PhotoError, Remedy
from photochrom.options import (
    ADJUSTMENTS,
    MOST_VARIANTS,
    RANGES,
    ColorizeOptions,
    SaveOptions,
)
from photochrom.photo import SUFFIXES, TIFF, Photo, check_size, kind_of
from photochrom.references import Reference
from photochrom.server.local_options import (
    MOST_STROKES,
    HintRequest,
    HintResponse,
    Saturation,
    StrokeRequest,
    StrokeResponse,
    checked_count,
    checked_strokes,
    local_in,
)
from photochrom.server.presets import PresetName
from photochrom.server.repairs import (
    Repair,
    RepairFields,
    RepairRequest,
    RepairResponse,
)
from photochrom.server.settings import Settings
from photochrom.workspace import Workspace

_MOST_HINTED = 32 * 2**20
"""Hints times pixels: 500 on a copy of 192 x 349."""

NOT_OF_FILMS = (
    "model",
    "size",
    "variant",
    "seed",
    "strokes",
    "references",
    "repair",
    "crop",
    "turn",
)
"""Parts of a look that a shot of a film cannot have."""
_PLAIN_OPTIONS = ("vividness", "variant", "seed", *ADJUSTMENTS)

MOST_REFERENCES = 20

SessionId = Annotated[str, Field(min_length=1, max_length=64)]
Share = Annotated[float, Field(ge=0, le=1)]
Signed = Annotated[float, Field(ge=-1, le=1)]
Lease = Annotated[float, Field(ge=1, le=86_400)]
Turned = Annotated[int, Field(ge=0, le=270, multiple_of=90)]
Geometry = Annotated[
    str,
    # in an address a plus sign that is not escaped stands for a space
    BeforeValidator(lambda text: text.replace(" ", "+") if isinstance(text, str) else text),
    Field(pattern=r"^[0-9]{1,9}x[0-9]{1,9}\+[0-9]{1,9}\+[0-9]{1,9}$"),
]
Integer = Annotated[int, Field(strict=True)]
JsonShare = Annotated[Share, Field(strict=True)]
JsonSigned = Annotated[Signed, Field(strict=True)]


@dataclass(frozen=True)
class ModelAndOptions:
    """How a photo shall be coloured, by a model's name with options, how it is repaired before, and
    how its result is framed.

    turn: degrees clockwise, after the crop. led_by: the sessions that the options' references come
    from, by id.
    """

    model: str
    options: ColorizeOptions = field(default_factory=ColorizeOptions)
    crop: Crop | None = None
    turn: int = 0
    repair: Repair | None = None
    led_by: tuple[str, ...] = ()

    def check(self, workspace: Workspace, settings: Settings) -> None:
        """Raise ConfigError, HintError, ModelError or PhotoError for a look that is too costly, or
        does not fit the photo or the model.

        A hint costs as much as the small copy has pixels.
        """
        photo = workspace.photo
        framed_size(photo.upright_size, self.crop, self.turn, photo.name)
        height, width = workspace.copy_size(self.options.size)
        if height * width > settings.copy_pixels:
            raise ConfigError(
                Option("size", self.options.size),
                f"makes a copy of {width} x {height} pixels, more than this server works on",
                "choose a smaller one",
            )
        if len(self.options.hints) * height * width > _MOST_HINTED:
            raise HintError(
                "hints",
                f"{len(self.options.hints)} on a copy of {width} x {height} pixels are too many",
                "set fewer, or choose a smaller size",
            )
        workspace.check_hints(self.options.hints)
        if self.options.references and not workspace.takes_references:
            raise ModelError(workspace.model, "takes no references", "choose a model that does")

    def led(self, references: Mapping[str, Reference]) -> ModelAndOptions:
        """The look with other references, each from the session of an id."""
        options = replace(self.options, references=tuple(references.values()))
        return replace(self, options=options, led_by=tuple(references))

    @property
    def whole(self) -> ModelAndOptions:
        """The look without its crop and turn, which change no colours."""
        return replace(self, crop=None, turn=0)

    @property
    def unadjusted(self) -> ModelAndOptions:
        """The look without the adjustments that are made after the network."""
        return replace(self, options=self.options.unadjusted)


class OptionsRequest(BaseModel):
    """Changes of a photo's look."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    preset: PresetName | None = None
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    vividness: JsonShare | None = None
    size: Annotated[Integer, Field(ge=1, le=4096)] | None = None
    variant: Annotated[Integer, Field(ge=0, lt=MOST_VARIANTS)] | None = None
    seed: Annotated[Integer, Field(ge=0, lt=2**31)] | None = None
    saturation: Saturation | None = None
    warmth: JsonSigned | None = None
    tint: JsonSigned | None = None
    smooth: JsonShare | None = None
    hints: list[HintRequest] | None = None
    strokes: Annotated[list[StrokeRequest], Field(max_length=MOST_STROKES)] | None = None
    references: Annotated[list[SessionId], Field(max_length=MOST_REFERENCES)] | None = None
    crop: Geometry | None = None
    turn: Annotated[Turned, Field(strict=True)] | None = None
    repair: RepairRequest | None = None

    def applied(self, look: ModelAndOptions, most_hints: int) -> ModelAndOptions:
        """A look with these changes; a size of null stands for the model's own, a crop of null for
        the whole photo, a repair of null for none. References stay; `ModelAndOptions.led` has them.

        Raises RefusedError, 413, for more hints than the server takes, HintError for a stroke whose
        value does not fit its effect, ConfigError for an empty crop.
        """
        changes: dict[str, Any] = {
            name: getattr(self, name) for name in _PLAIN_OPTIONS if getattr(self, name) is not None
        }
        if "size" in self.model_fields_set:
            changes["size"] = self.size
        if self.hints is not None:
            changes["hints"] = checked_count([hint.hint() for hint in self.hints], most_hints)
        if self.strokes is not None:
            changes["strokes"] = checked_strokes([stroke.stroke() for stroke in self.strokes])
        crop = look.crop
        if "crop" in self.model_fields_set:
            crop = None if self.crop is None else Crop.parse(self.crop)
        turn = look.turn if self.turn is None else self.turn
        repair = look.repair
        if "repair" in self.model_fields_set:
            repair = None if self.repair is None else self.repair.repair()
        return ModelAndOptions(
            self.model or look.model,
            replace(look.options, **changes),
            crop,
            turn,
            repair,
            look.led_by,
        )

    @staticmethod
    def check_of_film(before: ModelAndOptions, after: ModelAndOptions) -> None:
        """Raise ConfigError for a change that a shot of a film cannot have."""
        for name in NOT_OF_FILMS:
            old, new = (
                getattr(look, name, getattr(look.options, name, None)) for look in (before, after)
            )
            if old != new:
                raise ConfigError(
                    Option(name), "cannot be set for a shot of a film", "leave it out"
                )


class LeasesRequest(BaseModel):
    """How long sessions and films shall live without a request."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    sessions: Annotated[list[str], Field(max_length=1000)] = []
    films: Annotated[list[str], Field(max_length=100)] = []
    seconds: Annotated[Lease, Field(strict=True)]


class ReferenceResponse(BaseModel):
    """A photo that leads the colours."""

    session: str
    name: str


class OptionsResponse(BaseModel):
    """A complete look."""

    model: str
    vividness: float
    size: int | None
    variant: int
    seed: int
    saturation: float
    warmth: float
    tint: float
    smooth: float
    hints: list[HintResponse]
    strokes: list[StrokeResponse]
    references: list[ReferenceResponse]
    crop: str | None
    turn: int
    repair: RepairResponse | None

    @classmethod
    def of(cls, look: ModelAndOptions) -> OptionsResponse:
        """The answer's form of a look."""
        options = look.options
        plain = {name: getattr(options, name) for name in (*_PLAIN_OPTIONS, "size")}
        hints = [HintResponse(**vars(hint)) for hint in options.hints]
        strokes = [StrokeResponse(**vars(stroke)) for stroke in options.strokes]
        crop = None if look.crop is None else str(look.crop)
        return cls(
            model=look.model,
            **plain,
            hints=hints,
            strokes=strokes,
            references=[
                ReferenceResponse(session=session, name=reference.name)
                for session, reference in zip(look.led_by, options.references, strict=True)
            ],
            crop=crop,
            turn=look.turn,
            repair=RepairResponse.of(look.repair),
        )


class FileOptions(BaseModel):
    """How a result is written."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    format: Annotated[str, Field(max_length=10)] | None = None
    """jpg, png, tif, ...; that of the photo by default."""
    quality: Annotated[int, Field(ge=1, le=100)] = SaveOptions.quality
    profile: Literal["srgb", "keep"] = "srgb"
    mark: bool = SaveOptions.mark
    reversible: bool = SaveOptions.reversible
    """Keep the luma of a grey JPEG bit for bit."""

    def suffix(self, photo: Photo, pages: int, look: ModelAndOptions) -> str:
        """The result's suffix, by default the photo's.

        Raises PhotoError for what cannot be written, or cannot hold so many pages, or for a crop
        that reaches beyond the photo.
        """
        suffix = f".{(self.format or photo.suffix).lower().lstrip('.')}"
        kind = kind_of(suffix) if suffix in SUFFIXES else None
        if kind is None:
            raise PhotoError(
                Option("format", self.format), "cannot write this format", "see /api/v1/about"
            )
        size = framed_size(photo.upright_size, look.crop, look.turn, photo.name)
        check_size(kind, *size, photo.name)
        if pages > 1 and kind is not TIFF:
            raise PhotoError(
                photo.name,
                f"its {pages} pages do not fit into one {kind.name} file",
                Remedy("ask for {}", Option("format", "tif")),
            )
        return suffix

    def saving(self, look: ModelAndOptions) -> SaveOptions:
        """The options as the library takes them, with the crop and the turn of a look.

        Raises ConfigError where a reversible result is cropped or turned.
        """
        return SaveOptions(
            quality=self.quality,
            mark=self.mark,
            profile=self.profile,
            reversible=self.reversible,
            crop=look.crop,
            turn=look.turn,
        )


class ColorizeRequest(FileOptions, RepairFields):
    """The parameters of POST /colorize."""

    name: Annotated[str, Field(max_length=500)] = ""
    """The file's name, where the body is the file itself; the result's name and errors use it."""
    preset: PresetName | None = None
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    vividness: Share = ColorizeOptions.vividness
    size: Annotated[int, Field(ge=1, le=4096)] | None = None
    saturation: Annotated[float, Field(ge=0, le=RANGES["saturation"][1])] = (
        ColorizeOptions.saturation
    )
    warmth: Signed = ColorizeOptions.warmth
    tint: Signed = ColorizeOptions.tint
    smooth: Share = ColorizeOptions.smooth
    recolor: bool = ColorizeOptions.recolor
    """Also colour what is in colour already."""
    hints: Annotated[str, Field(max_length=2**20)] | None = None
    """The JSON of a file of hints and strokes."""
    crop: Geometry | None = None
    turn: Turned = SaveOptions.turn

    def look(self, model: str, most_hints: int) -> ModelAndOptions:
        """The same as a look.

        Raises HintError for invalid hints, RefusedError for too many, ConfigError for an empty
        crop.
        """
        plain = {name: getattr(self, name) for name in (*ADJUSTMENTS, "vividness", "size")}
        local = local_in(self.hints)
        hints = checked_count(local.hints, most_hints)
        strokes = checked_strokes(local.strokes)
        options = ColorizeOptions(**plain, recolor=self.recolor, hints=hints, strokes=strokes)
        crop = None if self.crop is None else Crop.parse(self.crop)
        return ModelAndOptions(self.model or model, options, crop, self.turn)
