"""Photos written all in one colour, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from photochrom.filters.upsample import LinearChroma
from photochrom.options import SaveOptions
from photochrom.photo import Page, Photo, coding_for, kind_of, write
from photochrom.pipeline.full_size import colored_strips


def saved(photo: Photo, target: Path, ab: tuple[float, float] = (20, 15), **saving: Any) -> Path:
    """Write a photo all in one colour, or grey."""
    offset = np.broadcast_to(np.float32(ab), (2, 2, 2)).copy()
    how = SaveOptions(**saving)
    coding = coding_for(photo, kind_of(target), how)
    chroma = LinearChroma(np.zeros_like(offset), offset)
    strips = colored_strips(
        photo.strips(), photo.plan, chroma, 1, source=photo.space, target=coding
    )
    write([Page(photo, strips, coding, False)], target, how)
    return target
