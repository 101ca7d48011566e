"""The options of a repair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypedDict

from photochrom.errors import ConfigError, Option

if TYPE_CHECKING:
    from photochrom.photo import PhotoLike


class RepairKeywords(TypedDict, total=False):
    """The fields of `RepairOptions`, as keywords."""

    sensitivity: float
    max_width: int
    mask: PhotoLike | None
    levels: bool
    inpainter: str | Path | None


WIDEST_DAMAGE = 48
"""The largest width of damage that can be filled, pixels."""


@dataclass(frozen=True, kw_only=True)
class RepairOptions:
    """What of a photo is taken for damage, and what is done about it.

    Parameters
    ----------
    sensitivity
        0 (only what is certain is damage) to 1 (what may be damage, too).
    max_width
        Width up to which damage is filled from its surroundings, 1 to 48 pixels; what is wider
        stays as it is, or is filled by `inpainter`.
    mask
        A picture of the upright photo's size that shows the damage in white, instead of a search.
    levels
        Stretch the tones of a flat or faded photo.
    inpainter
        A model that fills wider damage: a name, such as "mi-gan", or the path of an .onnx file;
        None for none. No model is downloaded for it.

    Raises
    ------
    ConfigError
        A value is out of range.

    Examples
    --------
    >>> import photochrom
    >>> cautious = photochrom.RepairOptions(sensitivity=0.2)
    >>> photochrom.repair("photo.jpg", cautious).mended.share < 0.01
    True
    """

    sensitivity: float = 0.5
    max_width: int = 16
    mask: PhotoLike | None = None
    levels: bool = False
    inpainter: str | Path | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.sensitivity <= 1:
            raise ConfigError(Option("sensitivity", self.sensitivity), "must lie in 0..1")
        if not 1 <= self.max_width <= WIDEST_DAMAGE:
            raise ConfigError(
                Option("max_width", self.max_width), f"must lie in 1..{WIDEST_DAMAGE}"
            )

    @classmethod
    def of(cls, options: Self | None, keywords: RepairKeywords) -> Self:
        """Options with some of their fields given as keywords.

        Parameters
        ----------
        options
            The options for all other fields; None for the defaults.
        keywords
            Fields by name, which override those of `options`.

        Returns
        -------
        RepairOptions
            New options; the given ones are unchanged.

        Raises
        ------
        ConfigError
            A value is out of range.

        Examples
        --------
        >>> from photochrom import RepairOptions
        >>> RepairOptions.of(None, {"max_width": 8}).max_width
        8
        """
        return replace(cls() if options is None else options, **keywords)
