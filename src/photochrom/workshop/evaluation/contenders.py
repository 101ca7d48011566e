"""What is scored: photos left grey, one constant colour, models, other programs' pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from photochrom.color.lab import Array, srgb_from_lab
from photochrom.colorizer import Colorizer
from photochrom.errors import DataError
from photochrom.options import ColorizeOptions
from photochrom.workshop.data.shards import decode_rgb
from photochrom.workshop.evaluation.original import Original, Picture

BEST_CONSTANT = (0.65, 4.79)
"""The geometric median of the training photos' ab, from benchmarks/best_constant.py: of all tints
the one with the least ab error there."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
"""Of other programs' pictures, in the order they are looked for."""


@dataclass(frozen=True)
class Answer:
    """A contender's picture of one photo.

    picture: (H, W, 3), 8-bit sRGB, of the photo's size.
    confidence: (h, w), 0..1, at the network's stride; None where there is none.
    seconds: what it took; None where nothing was coloured here.
    """

    picture: Picture
    confidence: Array | None = None
    seconds: float | None = None


class Contender(Protocol):
    """One row of the tables."""

    @property
    def name(self) -> str:
        """The row's name."""

    def answer(self, original: Original) -> Answer:
        """Its picture of a photo, of which it may look only at the grey and the key."""


@dataclass(frozen=True)
class Gray:
    """The photo left grey: what every gain is measured from."""

    name: str = "grey"

    def answer(self, original: Original) -> Answer:
        """The grey input itself."""
        return Answer(np.repeat(original.gray[..., None], 3, axis=2))


@dataclass(frozen=True)
class BestConstant:
    """One tint for all: a gain no larger than its is no result."""

    name: str = "best constant"

    def answer(self, original: Original) -> Answer:
        """The photo's L with the constant a and b, chroma reduced where sRGB ends."""
        tinted = original.lab.copy()
        tinted[..., 1:] = BEST_CONSTANT
        return Answer(np.rint(srgb_from_lab(tinted) * 255).astype(np.uint8))


@dataclass(frozen=True)
class Setting:
    """A model at one vividness.

    size: short side of the small copy that the network sees; the model's own by default.
    """

    colorizer: Colorizer
    vividness: float
    size: int | None = None

    @property
    def model(self) -> str:
        """The model's name."""
        return self.colorizer.name

    @property
    def name(self) -> str:
        """The model's name and the vividness."""
        return f"{self.model} {self.vividness:g}"

    @property
    def options(self) -> ColorizeOptions:
        """The options of colouring."""
        return ColorizeOptions(vividness=self.vividness, size=self.size, recolor=True)

    def answer(self, original: Original) -> Answer:
        """The grey photo, coloured by the pipeline that users run."""
        started = time.perf_counter()
        result = self.colorizer.colorize(original.gray, self.options)
        picture = result.rgb
        return Answer(picture, result.confidence, time.perf_counter() - started)


@dataclass(frozen=True)
class Folder:
    """Pictures that another program made, in files named by the photos' keys."""

    name: str
    path: Path

    def answer(self, original: Original) -> Answer:
        """The file of the photo's key, resized to the photo's size where it has another.

        Raises DataError where the file is missing, or is not an image.
        """
        files = (self.path / f"{original.key}{suffix}" for suffix in SUFFIXES)
        file = next((file for file in files if file.is_file()), None)
        if file is None:
            raise DataError(
                self.path,
                f"no picture of {original.key}",
                f"it takes one for every photo, named {original.key}.png (or "
                f"{', '.join(SUFFIXES[1:])})",
            )
        picture = decode_rgb(file.read_bytes(), str(file))
        height, width = original.real.shape[:2]
        if picture.shape[:2] != (height, width):
            image = Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC)
            picture = np.asarray(image)
        return Answer(picture)
