"""The options: how a photo is coloured, its hints included, and how the file is written.

All surfaces (Python, the command line, jobs, the server and its web page) take these options, with
the defaults and ranges given here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict, cast

from photochrom.color.lab import LARGEST_AB as LARGEST_AB
from photochrom.crops import TURNS, Crop, framed_size
from photochrom.errors import ConfigError, Option, Remedy
from photochrom.hint import Hint as Hint
from photochrom.references import Reference
from photochrom.strokes import VALUES, Stroke

FEWEST_VARIANTS, MOST_VARIANTS = 2, 12
"""Bounds of a count of variants; beyond a dozen they hardly differ."""
RANGES = {
    "vividness": VALUES["vividness"],
    "saturation": VALUES["saturation"],
    "warmth": (-1.0, 1.0),
    "tint": (-1.0, 1.0),
    "smooth": (0.0, 1.0),
}
"""Smallest and largest value of each number with a range."""
SIZES = (32, 2048)  # smallest and largest input size that a person may choose, pixels
ADJUSTMENTS = ("saturation", "warmth", "tint", "smooth")
"""Options that change colours after the network."""
PROFILES = ("srgb", "keep")
STANDARD_STREAM = "-"
"""The name of standard input and output at the command line, and in reports also of open files."""
DEVICE = "auto"
"""The default device: the best one available to ONNX Runtime."""


def check_ranges(options: object, names: tuple[str, ...]) -> None:
    """Raise ConfigError for an attribute outside its range."""
    for name in names:
        value, (low, high) = getattr(options, name), RANGES[name]
        if not math.isfinite(value) or not low <= value <= high:
            raise ConfigError(Option(name, value), f"must lie in {low:g}..{high:g}")


class ColorizeKeywords(TypedDict, total=False):
    """The fields of `ColorizeOptions`, as keywords."""

    vividness: float
    size: int | None
    hints: Sequence[Hint]
    strokes: Sequence[Stroke]
    references: Sequence[Reference]
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
    reversible: bool
    crop: Crop | None
    turn: int
    overwrite: bool
    keep_time: bool


@dataclass(frozen=True, kw_only=True)
class ColorizeOptions:
    """How a photo is coloured.

    Parameters
    ----------
    vividness
        0 (faithful, muted) to 1 (vivid). Models that predict ab directly have their chroma scaled;
        published ones are unchanged at 0.5.
    size
        Short side of the copy that the network sees, pixels; None for the model's own.
    hints
        Colours at points of the photo.
    strokes
        Parts of the photo whose colours are changed or kept.
    references
        Colour photos whose colours lead those of like things.
    variant
        0 for the usual colours, else a plausible variant, 1 to 11. `photochrom variants` numbers
        its files from 1: the first is variant 0.
    seed
        Seed of the variants; not negative.
    recolor
        Also colour a photo that is in colour already. A toned print is not in colour.
    saturation
        Factor on a and b after the network, 0 (grey) to 3.
    warmth
        -1 (bluer) to 1 (yellower); 1 is 20 Lab units of b.
    tint
        -1 (greener) to 1 (more magenta); 1 is 20 Lab units of a.
    smooth
        0 to 1: how far colours are evened out where no edge of lightness lies between.

    Raises
    ------
    ConfigError
        A value is out of range.

    Examples
    --------
    >>> from photochrom import Colorizer, ColorizeOptions
    >>> vivid = ColorizeOptions(vividness=0.9, warmth=0.2)
    >>> Colorizer().colorize("photo.jpg", vivid, saturation=1.1)
    <Result of photo.jpg, 451 x 300, by photochrom>
    """

    vividness: float = 0.5
    size: int | None = None
    hints: tuple[Hint, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    references: tuple[Reference, ...] = ()
    variant: int = 0
    seed: int = 0
    recolor: bool = False
    saturation: float = 1.0
    warmth: float = 0.0
    tint: float = 0.0
    smooth: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", tuple(self.hints))
        object.__setattr__(self, "strokes", tuple(self.strokes))
        object.__setattr__(self, "references", tuple(self.references))
        check_ranges(self, tuple(RANGES))
        if not 0 <= self.variant < MOST_VARIANTS:
            raise ConfigError(
                Option("variant", self.variant), f"must lie in 0..{MOST_VARIANTS - 1}"
            )
        if self.seed < 0:
            raise ConfigError(Option("seed", self.seed), "must not be negative")

    @classmethod
    def of(cls, options: Self | None, keywords: ColorizeKeywords) -> Self:
        """Options with some of their fields given as keywords.

        Parameters
        ----------
        options
            The options for all other fields; None for the defaults.
        keywords
            Fields by name, which override those of `options`.

        Returns
        -------
        ColorizeOptions
            New options; the given ones are unchanged.

        Raises
        ------
        ConfigError
            A value is out of range.

        Examples
        --------
        >>> from photochrom import ColorizeOptions
        >>> ColorizeOptions.of(ColorizeOptions(warmth=0.2), {"vividness": 1.0}).vividness
        1.0
        """
        return replace(cls() if options is None else options, **cast(Any, keywords))

    @property
    def unadjusted(self) -> Self:
        """The options with the defaults of the adjustments: saturation, warmth, tint and smooth."""
        return replace(self, **{name: getattr(ColorizeOptions, name) for name in ADJUSTMENTS})


@dataclass(frozen=True, kw_only=True)
class SaveOptions:
    """How a coloured photo is written; the file's suffix chooses the format.

    Parameters
    ----------
    quality
        Quality of lossy formats (JPEG, WebP, AVIF, HEIC), 1 to 100.
    mark
        Record in XMP that the colours are computed.
    profile
        Colour space of the file: "srgb", or "keep" for the photo's own. A wide RGB space is kept as
        it is; a grey photo gets RGB with its tone curve.
    reversible
        Colour a grey JPEG without touching its luma: the result holds the photo's own coded data,
        and `photochrom.restore_original` gives the grey file back byte for byte.
    crop
        The part of the upright photo that is written, its pixels as in the whole result; None for
        all. The colours are those of the whole photo.
    turn
        Degrees by which the result is turned clockwise, after the crop: 0, 90, 180 or 270. Files
        with an orientation tag get it, other files turned pixels.
    overwrite
        Replace a file of that name.
    keep_time
        Give the file the modification time of the photo's file; a photo without a file has none.

    Raises
    ------
    ConfigError
        The profile or the turn is unknown, the quality is out of range, or a reversible result is
        cropped or turned.

    Examples
    --------
    >>> from photochrom import SaveOptions, colorize
    >>> small = SaveOptions(quality=80, overwrite=True)
    >>> colorize("photo.jpg").save("small.jpg", small)
    PosixPath('small.jpg')
    """

    quality: int = 95
    mark: bool = True
    profile: str = "srgb"
    reversible: bool = False
    crop: Crop | None = None
    turn: int = 0
    overwrite: bool = False
    keep_time: bool = False

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ConfigError(
                Option("profile", self.profile), f"must be one of {', '.join(PROFILES)}"
            )
        if not 1 <= self.quality <= 100:
            raise ConfigError(Option("quality", self.quality), "must lie in 1..100")
        if self.turn not in TURNS:
            raise ConfigError(Option("turn", self.turn), "must be 0, 90, 180 or 270 degrees")
        crop = None if self.crop is None else str(self.crop)
        for option in (Option("crop", crop), Option("turn", self.turn)):
            if self.reversible and option.value:
                raise ConfigError(
                    option,
                    "cannot be combined with a reversible result, which holds the whole grey file",
                    Remedy("leave {} out", Option("reversible", True)),
                )

    def framed_size(self, photo: tuple[int, int], name: str = "the photo") -> tuple[int, int]:
        """Height and width of what the crop and the turn leave of a photo.

        Parameters
        ----------
        photo
            Height and width of the upright photo, pixels.
        name
            What errors call it.

        Returns
        -------
        tuple of int
            Height and width, pixels.

        Raises
        ------
        PhotoError
            The crop reaches beyond the photo.

        Examples
        --------
        >>> from photochrom import Crop, SaveOptions
        >>> SaveOptions(crop=Crop(0, 0, 200, 100), turn=90).framed_size((300, 451))
        (200, 100)
        """
        return framed_size(photo, self.crop, self.turn, name)

    @classmethod
    def of(cls, options: Self | None, keywords: SaveKeywords) -> Self:
        """Options with some of their fields given as keywords.

        Parameters
        ----------
        options
            The options for all other fields; None for the defaults.
        keywords
            Fields by name, which override those of `options`.

        Returns
        -------
        SaveOptions
            New options; the given ones are unchanged.

        Raises
        ------
        ConfigError
            A value is out of range.

        Examples
        --------
        >>> from photochrom import SaveOptions
        >>> SaveOptions.of(None, {"quality": 80}).quality
        80
        """
        return replace(cls() if options is None else options, **keywords)
