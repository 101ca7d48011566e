"""The photo that a network is looked at with, as the network sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.color.lab import Array
from photochrom.colorizer import network_size
from photochrom.errors import ConfigError, Option
from photochrom.photo import Photo
from photochrom.workshop.training.lab import lab_from_srgb, srgb_from_lab
from photochrom.workshop.training.validation import Copy, network_copy

COLORFUL = 6.0
"""A photo is in colour where a hundredth of it has more chroma than this, Lab units."""


@dataclass(frozen=True)
class Subject:
    """One photo at the network's scale.

    name: the file's. size: height and width of the photo itself, upright.
    copy: what the network sees, with any white beside it.
    """

    name: str
    size: tuple[int, int]
    copy: Copy

    @cached_property
    def lab(self) -> Tensor:
        """Lab (1, 3, H, W) of the copy."""
        return lab_from_srgb(self.copy.rgb)

    @property
    def lightness(self) -> Tensor:
        """L (1, 1, H, W) of the copy, 0..100: all that the network is given."""
        return self.lab[:, :1]

    @cached_property
    def in_color(self) -> bool:
        """Whether there are real colours to compare with."""
        chroma = self.copy.photo(self.lab[:, 1:].norm(dim=1))
        return float(chroma.quantile(0.99)) > COLORFUL

    def photo_lab(self) -> Array:
        """Lab (h, w, 3) of the photo alone, without the white beside it."""
        return self.copy.photo(self.lab)[0].permute(1, 2, 0).numpy()

    def picture(self, ab: Tensor | None) -> NDArray[np.uint8]:
        """The photo's lightness with other colours: (h, w, 3), sRGB.

        ab: (1, 2, H, W) on the whole copy, Lab units; None for grey.
        """
        colors = torch.zeros_like(self.lab[:, 1:]) if ab is None else ab
        rgb = self.copy.photo(srgb_from_lab(torch.cat([self.lightness, colors], 1)))
        return to_bytes(rgb)

    def real(self) -> NDArray[np.uint8]:
        """The photo as it is: (h, w, 3), sRGB."""
        return to_bytes(self.copy.photo(self.copy.rgb))

    def place(self, at: tuple[int, int]) -> tuple[int, int]:
        """Row and column on the copy of a pixel (x, y) of the photo; ConfigError outside it."""
        x, y = at
        height, width = self.size
        if not (0 <= x < width and 0 <= y < height):
            raise ConfigError(
                Option("at", (x, y)),
                f"is outside {self.name}, which is {width} x {height} pixels",
                f"x goes from 0 to {width - 1}, y from 0 to {height - 1}",
            )
        row = self.copy.top + int((y + 0.5) * self.copy.height / height)
        column = self.copy.left + int((x + 0.5) * self.copy.width / width)
        return row, column


def to_bytes(rgb: Tensor) -> NDArray[np.uint8]:
    """An sRGB tensor (1, 3, H, W) in 0..1 as an array (H, W, 3)."""
    return (rgb[0] * 255).round().byte().permute(1, 2, 0).numpy()


def read_subject(path: Path, size: int, fit: str) -> Subject:
    """Read a photo for a network.

    size, fit: the network's, as in `photochrom.workshop.training.validation.network_copy`.
    Raises PhotoError where the photo cannot be read.
    """
    photo = Photo(path)
    height, width = network_size(*photo.upright_size, size, fit)
    upright = photo.upright_copy(height, width)
    pixels = torch.from_numpy((upright * 255).round().clip(0, 255).astype(np.uint8))
    copy = network_copy(pixels.permute(2, 0, 1), size, fit)
    return Subject(path.name, photo.upright_size, copy)
