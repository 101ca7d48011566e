"""A whole training set, decoded, in the memory of one device.

22,592 photos of 200 x 270 pixels are 3.8 GB as bytes: they fit a laptop's memory and any GPU's.
Cropping and resizing happen there too, for a whole batch at once, so the same code feeds two CPU
cores and an H100.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photochrom.data.shards import decoded_photos
from photochrom.errors import DataError
from photochrom.metrics import colourfulness


@dataclass(frozen=True)
class CropRange:
    """How crops are drawn: what share of the photo, what shape.

    scale: smallest and largest side, as a share of the photo's short side.
    stretch: largest change of aspect ratio, 1 for none.
    """

    scale: tuple[float, float] = (0.5, 1.0)
    stretch: float = 1.1


class MemoryPhotos:
    """Decoded photos, one after the other in a single tensor of pixels."""

    def __init__(self, pixels: Tensor, sizes: Tensor) -> None:
        """Wrap decoded photos.

        pixels: (P, 3) uint8 sRGB, the rows of every photo one after the other.
        sizes: (N, 2) int64, height and width of each photo.
        """
        areas = sizes.prod(1)
        if len(sizes) == 0 or int(areas.sum()) != len(pixels):
            raise DataError(f"{len(sizes)} photos do not account for {len(pixels)} pixels")
        self.pixels = pixels
        self.sizes = sizes
        self.offsets = areas.cumsum(0) - areas

    @classmethod
    def load(
        cls,
        sources: Sequence[str | Path],
        device: torch.device,
        min_colourfulness: float = 0.0,
    ) -> MemoryPhotos:
        """Decode the photos of the shards onto `device`.

        min_colourfulness: leave out photos below it (grey and tinted ones teach dullness).
        Raises DataError where there are no photos or one cannot be read.
        """
        parts: list[Tensor] = []
        sizes: list[tuple[int, int]] = []
        pending: list[np.ndarray] = []
        for _, photo in decoded_photos(sources):
            if min_colourfulness and colourfulness(photo[::3, ::3]) < min_colourfulness:
                continue
            sizes.append(photo.shape[:2])
            pending.append(photo.reshape(-1, 3))
            if len(pending) == 1024:
                parts.append(torch.from_numpy(np.concatenate(pending)).to(device))
                pending = []
        if pending:
            parts.append(torch.from_numpy(np.concatenate(pending)).to(device))
        if not parts:
            raise DataError(f"no photos in {', '.join(map(str, sources))}")
        return cls(torch.cat(parts), torch.tensor(sizes, device=device))

    def __len__(self) -> int:
        return len(self.sizes)

    def photo(self, index: int) -> Tensor:
        """One whole photo, (3, H, W) uint8 sRGB."""
        height, width = self.sizes[index].tolist()
        start = int(self.offsets[index])
        rows = self.pixels[start : start + height * width]
        return rows.view(height, width, 3).permute(2, 0, 1)

    def crops(
        self, indices: Tensor, size: int, draw: CropRange, generator: torch.Generator
    ) -> Tensor:
        """Random crops, some mirrored, resized with an antialiasing filter.

        indices: (B,), which photos.
        size: side of the crops, pixels.
        generator: on the CPU, so that every device draws the same crops.
        Returns (B, 3, size, size), sRGB in 0..1.
        """
        device = self.pixels.device
        uniform = torch.rand(len(indices), 5, generator=generator).to(device)
        sides = self.sizes[indices.to(device)].float()
        low, high = draw.scale
        side = sides.amin(1) * (low + (high - low) * uniform[:, 0])
        stretch = draw.stretch ** (uniform[:, 1] - 0.5)
        extent = torch.stack([side * stretch, side / stretch], 1).minimum(sides)
        start = (sides - extent) * uniform[:, 2:4]
        mirrored = uniform[:, 4] < 0.5
        return self.resample(indices.to(device), start, extent, mirrored, size)

    def resample(
        self, indices: Tensor, start: Tensor, extent: Tensor, mirrored: Tensor, size: int
    ) -> Tensor:
        """Cut boxes out of photos and resize them, as two batched matrix products.

        indices: (B,); start, extent: (B, 2), the boxes' corner and size in pixels (y, x);
        mirrored: (B,), true for a horizontal flip.
        Returns (B, 3, size, size), sRGB in 0..1.
        """
        device = self.pixels.device
        window = int(extent.max().ceil().item()) + 3
        corner = start.floor().long() - 1
        offset = torch.arange(window, device=device)
        limits = self.sizes[indices]
        rows = (corner[:, :1] + offset).clamp(min=0).minimum(limits[:, :1] - 1)
        columns = (corner[:, 1:] + offset).clamp(min=0).minimum(limits[:, 1:] - 1)
        flat = self.offsets[indices][:, None, None] + (
            rows[:, :, None] * limits[:, 1, None, None] + columns[:, None, :]
        )
        boxes = self.pixels[flat].permute(0, 3, 1, 2).float() / 255
        vertical = _resize_matrix(start[:, 0] - corner[:, 0], extent[:, 0], size, window)
        horizontal = _resize_matrix(start[:, 1] - corner[:, 1], extent[:, 1], size, window)
        horizontal = torch.where(mirrored[:, None, None], horizontal.flip(1), horizontal)
        return vertical[:, None] @ boxes @ horizontal[:, None].transpose(2, 3)


def _resize_matrix(start: Tensor, extent: Tensor, size: int, window: int) -> Tensor:
    """Triangle-filter weights (B, size, window) that resize [start, start + extent) to `size`.

    Half-pixel centres; the filter widens with the reduction, as in libvips and Pillow.
    """
    scale = (extent / size)[:, None]
    centre = start[:, None] + (torch.arange(size, device=start.device) + 0.5) * scale - 0.5
    distance = torch.arange(window, device=start.device) - centre[:, :, None]
    weights = (1 - distance.abs() / scale.clamp(min=1)[:, :, None]).clamp(min=0)
    return weights / weights.sum(2, keepdim=True)
