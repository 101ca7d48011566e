"""Colour a photo: load models, take up photos, return results."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Unpack

from photochrom.errors import ConfigError, Option
from photochrom.models import SizeRule, parse_blend
from photochrom.models.session import Session
from photochrom.options import DEVICE, ColorizeKeywords, ColorizeOptions
from photochrom.photo import PhotoLike, as_photo, pages_of
from photochrom.pipeline.inference import Member
from photochrom.result import Result
from photochrom.workspace import Workspace


class Colorizer:
    """Colours photographs with one model, or several; thread-safe, one object for many photos."""

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        threads: int | None = None,
        providers: Sequence[str] | None = None,
        device: str = DEVICE,
        kind: str | None = None,
    ) -> None:
        """Load a model.

        model: a name, the path of an .onnx file, several with their weights ("a:0.7+b:0.3") whose
        colours are averaged, or None for the default.
        The rest as for `photochrom.models.session.Session`, which also says what is raised.
        """
        self.members = tuple(
            Member(Session(name, threads, providers, device=device, kind=kind), weight)
            for name, weight in parse_blend(model)
        )
        self.threads = threads
        if kind is not None and not any(member.session.asked_kind for member in self.members):
            raise ConfigError(
                Option("kind", kind), f"{self.name} is described already", "leave it out"
            )

    @staticmethod
    def blend(parts: Sequence[tuple[Colorizer, float]], threads: int | None) -> Colorizer:
        """Several loaded models as one, whose colours are averaged with these weights.

        The networks are shared. threads: for the full-size pass.
        """
        total = sum(weight for _, weight in parts)
        blended = copy(parts[0][0])
        blended.members = tuple(
            Member(member.session, member.weight * weight / total)
            for colorizer, weight in parts
            for member in colorizer.members
        )
        blended.threads = threads
        return blended

    @property
    def session(self) -> Session:
        """The network; of a blend, the first."""
        return self.members[0].session

    @property
    def name(self) -> str:
        """The model's name; of a blend, all names with their weights."""
        if len(self.members) == 1:
            return self.session.name
        return "+".join(f"{member.session.name}:{member.weight:g}" for member in self.members)

    def check_size(self, size: int | None) -> None:
        """Raise ConfigError for a short side of the small copy that a model does not take."""
        for member in self.members:
            member.copy_size(1024, 1024, size)

    def colorize(
        self,
        photo: PhotoLike,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> Result:
        """Colour one photograph; of a TIFF with several pages, the first.

        photo: a path, an encoded file's bytes, an array (H, W), (H, W, 3) or (H, W, 4) of uint8,
        uint16 or float32 (white at 1), sRGB, or an image of Pillow's.
        options: what colours it shall have. keywords: single fields of `ColorizeOptions`, which
        count before those of `options`.
        Raises PhotoError where the photo cannot be read, InColorError for one in colour unless
        `recolor` is true, ConfigError for an option out of range, HintError for a hint outside the
        photo or a model that takes none.
        """
        return self.workspace(photo).result(options, **keywords)

    def workspace(self, photo: PhotoLike) -> Workspace:
        """Take up a photo to colour it more than once, with other hints, sizes, vividness.

        photo: as for `colorize`. Raises PhotoError where it cannot be read.
        """
        return Workspace(as_photo(photo), self.members, self.name, self.threads)

    def colorize_pages(
        self,
        photo: PhotoLike,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> list[Result]:
        """Colour every page of a TIFF; of any other photo, the one there is.

        photo, options, keywords: as for `colorize`. See `save_pages`.
        """
        first = as_photo(photo)
        pages = pages_of(first.source)
        return [self.colorize(first.with_page(page), options, **keywords) for page in pages]

    def variants(
        self,
        photo: PhotoLike,
        count: int = 4,
        options: ColorizeOptions | None = None,
        **keywords: Unpack[ColorizeKeywords],
    ) -> list[Result]:
        """Colour one photograph in several plausible ways that differ in whole objects.

        count: how many, 2..12.
        photo, options, keywords: as for `colorize`; the same seed gives the same variants.
        Returns `count` results. The first is what `colorize` gives; the second is typical of what
        else the photo may have looked like, often quieter; each further one is as far as can be
        from all before it (`photochrom.pipeline.variants`). A larger count begins with the same
        ones.
        Raises what `colorize` raises, and ModelError where the model says only one colour a place.
        """
        return self.workspace(photo).variants(count, options, **keywords)


@lru_cache(maxsize=1)
def shared_colorizer(model: str | Path | None = None) -> Colorizer:
    """A loaded model; the last one stays loaded."""
    return Colorizer(model)


def colorize(
    photo: PhotoLike,
    options: ColorizeOptions | None = None,
    *,
    model: str | Path | None = None,
    **keywords: Unpack[ColorizeKeywords],
) -> Result:
    """Colour one photograph, in one call.

    photo, options, keywords, and what is raised: as for `Colorizer.colorize`. model: as for
    `Colorizer`; the last one stays loaded.

    >>> import numpy as np, photochrom
    >>> grey = np.full((40, 60), 128, np.uint8)
    >>> photochrom.colorize(grey, vividness=0.7).rgb.shape
    (40, 60, 3)
    """
    return shared_colorizer(model).colorize(photo, options, **keywords)


def network_size(height: int, width: int, size: int, fit: str = "stretch") -> tuple[int, int]:
    """The small copy's height and width for a network of Photochrom's own architecture.

    size: the side aimed at, pixels: the short one, or the long one where the copy is padded to a
    square (fit "pad"). Raises ConfigError below 32 or above 2048.
    """
    return SizeRule(fit=fit, usual=size).copy_size(height, width)
