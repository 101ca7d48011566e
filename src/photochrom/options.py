"""What a person chooses: the colours of a photo, and how the file is written.

Every surface takes these two: Python, the command line, jobs, the server and its page. The defaults
are said here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypedDict, cast

from photochrom.errors import ConfigError

if TYPE_CHECKING:
    from photochrom.pipeline.hints import Hint

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
PROFILES = ("srgb", "keep")
DEVICE = "auto"
"""What runs a network where nobody says otherwise: the best that ONNX Runtime offers here."""


def check_ranges(options: object, names: tuple[str, ...]) -> None:
    """Raise ConfigError for an attribute outside its range."""
    for name in names:
        value, (low, high) = getattr(options, name), RANGES[name]
        if not math.isfinite(value) or not low <= value <= high:
            raise ConfigError(f"{name} is {value:g}, but must lie in {low:g}..{high:g}")


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
    0.5 leaves it unchanged."""
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
            raise ConfigError(f"variant is {self.variant}, but must lie in 0..{MOST_VARIANTS - 1}")
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}, but must not be negative")

    @classmethod
    def of(cls, options: Self | None, keywords: ColorizeKeywords) -> Self:
        """Options with some of their fields given as keywords."""
        return replace(cls() if options is None else options, **cast(Any, keywords))

    @property
    def unadjusted(self) -> Self:
        """The part that the network is asked about."""
        return replace(self, saturation=1.0, warmth=0.0, tint=0.0, smooth=0.0)

    def as_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


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
            raise ConfigError(f"profile is {self.profile!r}, but must be one of srgb, keep")
        if not 1 <= self.quality <= 100:
            raise ConfigError(f"quality is {self.quality}, but must lie in 1..100")

    @classmethod
    def of(cls, options: Self | None, keywords: SaveKeywords) -> Self:
        """Options with some of their fields given as keywords."""
        return replace(cls() if options is None else options, **keywords)
