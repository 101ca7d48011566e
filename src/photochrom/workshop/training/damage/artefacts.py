"""Cut-outs of real dust, hairs and scratches, as opacities.

They are data that a run is given (docs/training.md says which and how to get them): one folder of
PNG files for each class, named by the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.errors import DataError, os_reason

HELD_OUT = 5
"""Every fifth file of a class, in the order of their names, is never trained on."""
FAINT = 12
"""Opacities below it (of 255) do not count towards an artefact's box."""


class Artefacts:
    """The cut-outs of one split, read when they are first drawn.

    classes: their names, in alphabetical order.
    """

    def __init__(self, folder: Path, held_out: bool = False) -> None:
        """List the files.

        held_out: those that no training sees, instead of the others. Raises DataError where there
        are none.
        """
        self._files = {
            group.name: split
            for group in sorted(folder.glob("*/"))
            if (split := split_of(sorted(group.glob("*.png")), held_out))
        }
        if not self._files:
            raise DataError(
                folder, "has no folders of PNG files", 'get them, or set damage.artefacts = ""'
            )
        self.classes = tuple(self._files)

    def draw(self, kind: str, random: np.random.Generator) -> Image.Image:
        """One artefact of a class: its opacity, mode L, cut to its box."""
        files = self._files[kind]
        return _opacity(files[random.integers(len(files))])


def split_of(files: Sequence[Path], held_out: bool) -> list[Path]:
    """The files of a class that are trained on, or the others."""
    return [
        file for number, file in enumerate(files) if (number % HELD_OUT == HELD_OUT - 1) == held_out
    ]


@lru_cache(maxsize=8192)
def _opacity(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            opacity = image.getchannel("A")
    except OSError as error:
        raise DataError(path, f"cannot be read ({os_reason(error)})") from error
    except ValueError as error:
        raise DataError(path, "has no opacity", "give PNG files with transparency") from error
    return opacity.crop(opacity.point(lambda value: value >= FAINT and 255).getbbox())
