"""What a person chooses: the colours of a photo, hints among them, and how the file is written.

Every surface takes these: Python, the command line, jobs, the server and its page. The defaults
are said here and nowhere else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict, cast

import numpy as np

from photochrom.color.lab import LARGEST_AB, lab_from_srgb
from photochrom.errors import ConfigError, HintError, Option

FEWEST_VARIANTS, MOST_VARIANTS = 2, 12
"""Beyond a dozen variants hardly differ."""
RANGES = {
    "vividness": (0.0, 1.0),
    "saturation": (0.0, 3.0),
    "warmth": (-1.0, 1.0),
    "tint": (-1.0, 1.0),
    "smooth": (0.0, 1.0),
}
"""Smallest and largest value of each number that lies in a range."""
ADJUSTMENTS = ("saturation", "warmth", "tint", "smooth")
"""What changes colours after the network."""
PROFILES = ("srgb", "keep")
DEVICE = "auto"
"""What runs a network where nobody says otherwise: the best that ONNX Runtime offers here."""

_LARGEST_PLACE = 1e9  # no photo has as many pixels on a side


def check_ranges(options: object, names: tuple[str, ...]) -> None:
    """Raise ConfigError for an attribute outside its range."""
    for name in names:
        value, (low, high) = getattr(options, name), RANGES[name]
        if not math.isfinite(value) or not low <= value <= high:
            raise ConfigError(Option(name, value), f"must lie in {low:g}..{high:g}")


@dataclass(frozen=True)
class Hint:
    """One colour at one point; only the colour's ab counts, the photo keeps its lightness.

    x, y: pixels of the upright full-size photo, right and down; (0, 0) is the centre of its first.
    ab: Lab units; (0, 0) is neutral. Colours outside sRGB at the pixel's lightness lose chroma
    until they fit.
    radius: how far around the point the colour is known, pixels of the photo; by default 1 % of
    its short side. The colour spreads on from there, see `photochrom.pipeline.hint_propagation`.
    Raises HintError for what is no place, no colour or no radius.
    """

    x: float
    y: float
    ab: tuple[float, float]
    radius: float | None = None

    def __post_init__(self) -> None:
        if not (_is_number(self.x) and _is_number(self.y)):
            raise HintError(None, f"x and y are {self.x!r} and {self.y!r}, but must be numbers")
        if not _is_ab(self.ab):
            raise HintError(
                None,
                f"ab is {self.ab!r}, but must be two numbers in -{LARGEST_AB:g}..{LARGEST_AB:g}",
            )
        if self.radius is not None and not (_is_number(self.radius) and self.radius > 0):
            raise HintError(None, f"radius is {self.radius!r}, but must be a number above 0")

    @classmethod
    def from_srgb(cls, x: float, y: float, color: str, radius: float | None = None) -> Hint:
        """A hint of an sRGB colour, "#rrggbb"; raises HintError for any other text."""
        if not isinstance(color, str) or not re.fullmatch("#[0-9a-fA-F]{6}", color):
            raise HintError(None, f'color is {color!r}, but must be written "#rrggbb"')
        rgb = np.array(list(bytes.fromhex(color[1:])), np.float32) / 255
        _, a, b = lab_from_srgb(rgb).tolist()
        return cls(x, y, (a, b), radius)


def _is_number(value: Any) -> bool:
    kinds = (int, float, np.integer, np.floating)
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    return bool(is_number and abs(value) <= _LARGEST_PLACE)


def _is_ab(value: Any) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(_is_number(number) and abs(number) <= LARGEST_AB for number in value)
    )


class ColorizeKeywords(TypedDict, total=False):
    """The fields of `ColorizeOptions`, as keywords."""

    vividness: float
    size: int | None
    hints: Sequence[Hint]
    variant: int
    seed: int
    recolor: bool
    saturation: float
    warmth: float
    tint: float
    smooth: float


class SaveKeywords(TypedDict, total=False):
    """The fields of `SaveOptions`, as keywords."""

    quality: int
    mark: bool
    profile: str
    overwrite: bool


@dataclass(frozen=True, kw_only=True)
class ColorizeOptions:
    """What colours a photo shall have.

    Raises ConfigError for a value out of range.
    """

    vividness: float = 0.5
    """0 (faithful, muted) to 1 (vivid). Models that predict ab directly have their chroma scaled;
    published ones are unchanged at 0.5."""
    size: int | None = None
    """Short side of the copy that the network sees, pixels; by default the model's own."""
    hints: tuple[Hint, ...] = ()
    """Colours that points of the photo shall have."""
    variant: int = 0
    """0 for the usual colours, else a plausible variant, 1..11."""
    seed: int = 0
    """Of the variants; not negative."""
    recolor: bool = False
    """Also colour a photo that is in colour already. A toned print is not in colour."""
    saturation: float = 1.0
    """Factor on a and b after the network, 0 (grey) to 3."""
    warmth: float = 0.0
    """-1 (bluer) to 1 (yellower)."""
    tint: float = 0.0
    """-1 (greener) to 1 (more magenta)."""
    smooth: float = 0.0
    """0 to 1: how far colours are evened out where no edge of lightness lies between."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", tuple(self.hints))
        check_ranges(self, tuple(RANGES))
        if not 0 <= self.variant < MOST_VARIANTS:
            raise ConfigError(
                Option("variant", self.variant), f"must lie in 0..{MOST_VARIANTS - 1}"
            )
        if self.seed < 0:
            raise ConfigError(Option("seed", self.seed), "must not be negative")

    @classmethod
    def of(cls, options: Self | None, keywords: ColorizeKeywords) -> Self:
        """Options with some of their fields given as keywords."""
        return replace(cls() if options is None else options, **cast(Any, keywords))

    @property
    def unadjusted(self) -> Self:
        """The part that the network is asked about."""
        return replace(self, **{name: getattr(ColorizeOptions, name) for name in ADJUSTMENTS})


@dataclass(frozen=True, kw_only=True)
class SaveOptions:
    """How a coloured photo is written; the file's suffix chooses the format.

    Raises ConfigError for an unknown profile or a quality out of range.
    """

    quality: int = 95
    """Of lossy formats (JPEG, WebP, AVIF, HEIC), 1..100."""
    mark: bool = True
    """Say in XMP that the colours are computed."""
    profile: str = "srgb"
    """Colour space: "srgb", or "keep" for the photo's own: a wide RGB space as it is, for a grey
    photo RGB with its tone curve."""
    overwrite: bool = False
    """Replace a file of that name."""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ConfigError(
                Option("profile", self.profile), f"must be one of {', '.join(PROFILES)}"
            )
        if not 1 <= self.quality <= 100:
            raise ConfigError(Option("quality", self.quality), "must lie in 1..100")

    @classmethod
    def of(cls, options: Self | None, keywords: SaveKeywords) -> Self:
        """Options with some of their fields given as keywords."""
        return replace(cls() if options is None else options, **keywords)
