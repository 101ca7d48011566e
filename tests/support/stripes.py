"""A photo by which tests tell full resolution from less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyvips


def write_stripes(folder: Path) -> Path:
    """A photo of 3600 x 2400 pixels: a slow ramp with stripes of two pixels, ±40 codes."""
    width, height = 3600, 2400
    ramp = np.linspace(80, 170, height)[:, None] + np.zeros(width)
    waves = np.where(np.arange(width) // 2 % 2 == 0, 40, -40)[None, :]
    codes = np.ascontiguousarray((ramp + waves).astype(np.uint8))
    path = folder / "stripes.png"
    pyvips.Image.new_from_array(codes).write_to_file(str(path), compression=1)
    return path
