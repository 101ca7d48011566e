"""A colour photo as it is evaluated: its Lab, and the grey picture made of it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array, gray_from_lightness, lab_from_srgb
from photochrom.errors import DataError
from photochrom.workshop.data.sources import photos_from

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Original:
    """A real photo.

    key: its name in its source. index: its place among all photos of the sources.
    real: (H, W, 3), 8-bit sRGB.
    """

    key: str
    index: int
    real: Picture

    @cached_property
    def lab(self) -> Array:
        """Lab of the photo, (H, W, 3)."""
        return lab_of(self.real)

    @cached_property
    def gray(self) -> Picture:
        """The photo's CIE L, coded as 8-bit sRGB grey, (H, W)."""
        return gray_from_lightness(self.lab[..., 0])


def lab_of(picture: Picture) -> Array:
    """Lab of an 8-bit sRGB picture, (H, W, 3)."""
    return lab_from_srgb(picture.astype(np.float32) / 255)


def originals_from(
    sources: Sequence[str], selection: Container[str] | None = None
) -> Iterator[Original]:
    """Yield the photos of shards or folders, those whose key is in `selection` where there is one.

    Photos keep the index they have among all of the sources, whatever is selected. Raises DataError
    where a source cannot be read, two photos have one key, or nothing is left.
    """
    seen: set[str] = set()
    for index, (key, real) in enumerate(photos_from(sources)):
        if selection is not None and key not in selection:
            continue
        if key in seen:
            raise DataError(key, "two photos have this key", "evaluate their sources one by one")
        seen.add(key)
        yield Original(key, index, real)
    if not seen:
        among = "" if selection is None else " that meet the conditions"
        raise DataError(", ".join(sources), f"no photos there{among}")
