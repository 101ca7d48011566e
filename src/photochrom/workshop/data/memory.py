"""A whole training set, decoded, in the memory of one device.

22,592 photos of 200 x 270 pixels are 3.8 GB as bytes: they fit a laptop's memory and any GPU's.
Cropping and resizing happen there too, for a whole batch at once, so the same code feeds two CPU
cores and an H100.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.color.metrics import colorfulness
from photochrom.errors import DataError
from photochrom.workshop.data.draws import Draws
from photochrom.workshop.data.sources import photos_from

FITS = ("crop", "pad")
SLACK = 1e-2
"""Rounding of a box's edges, pixels."""


@dataclass(frozen=True)
class Framing:
    """How a photo becomes a square.

    fit: "crop" cuts a box out of it; "pad" keeps the whole photo and its aspect ratio, with white
        beside it.
    scale: smallest and largest side of a crop, as a share of the photo's short side.
    stretch: largest change of a crop's aspect ratio, 1 for none.
    mirror: share of samples that are flipped left to right.
    """

    fit: str = "crop"
    scale: tuple[float, float] = (0.5, 1.0)
    stretch: float = 1.1
    mirror: float = 0.5


class MemoryPhotos:
    """Decoded photos, one after the other in a single tensor of pixels."""

    def __init__(self, pixels: Tensor, sizes: Tensor, keys: Sequence[str] = ()) -> None:
        """Wrap decoded photos.

        pixels: (P, 3) uint8 sRGB, the rows of every photo one after the other.
        sizes: (N, 2) int64, height and width of each photo.
        keys: the photos' names, where something else is looked up by them.
        """
        areas = sizes.prod(1)
        if len(sizes) == 0 or int(areas.sum()) != len(pixels):
            raise DataError(None, f"{len(sizes)} photos do not account for {len(pixels)} pixels")
        self.pixels = pixels
        self.sizes = sizes
        self.keys = tuple(keys)
        self.offsets = areas.cumsum(0) - areas

    @classmethod
    def load(
        cls,
        sources: Sequence[str | Path],
        device: torch.device,
        min_colorfulness: float = 0.0,
        only: Container[str] | None = None,
    ) -> MemoryPhotos:
        """Decode the photos of the shards onto `device`.

        min_colorfulness: leave out photos below it (grey and tinted ones teach dullness).
        only: the keys of the photos that are meant, all where None.
        Raises DataError where there are no photos or one cannot be read.
        """
        photos = (
            (key, photo)
            for key, photo in photos_from(sources, only)
            if not min_colorfulness or colorfulness(photo[::3, ::3]) >= min_colorfulness
        )
        return cls.of(photos, device, f"in {', '.join(map(str, sources))}")

    @classmethod
    def of(
        cls,
        photos: Iterable[tuple[str, NDArray[np.uint8]]],
        device: torch.device,
        where: str = "given",
    ) -> MemoryPhotos:
        """Gather (key, (H, W, 3) uint8 sRGB) on `device`.

        Raises DataError, which says `where`, when there are none.
        """
        parts: list[Tensor] = []
        sizes: list[tuple[int, int]] = []
        keys: list[str] = []
        pending: list[NDArray[np.uint8]] = []

        def flush() -> None:
            parts.append(torch.from_numpy(np.concatenate(pending)).to(device))
            pending.clear()

        for key, photo in photos:
            keys.append(key)
            sizes.append((photo.shape[0], photo.shape[1]))
            pending.append(photo.reshape(-1, 3))
            if len(pending) == 1024:
                flush()
        if pending:
            flush()
        if not parts:
            raise DataError(None, f"no photos {where}")
        return cls(torch.cat(parts), torch.tensor(sizes, device=device), keys)

    def __len__(self) -> int:
        return len(self.sizes)

    def photo(self, index: int) -> Tensor:
        """One whole photo, (3, H, W) uint8 sRGB."""
        height, width = self.sizes[index].tolist()
        start = int(self.offsets[index])
        rows = self.pixels[start : start + height * width]
        return rows.view(height, width, 3).permute(2, 0, 1)

    def squares(self, indices: Tensor, size: int, framing: Framing, draws: Draws) -> Tensor:
        """Photos as squares, resized with an antialiasing filter.

        indices: (B,), which photos. size: side of the squares, pixels.
        draws: the samples' random numbers, one row a photo.
        Returns (B, 3, size, size), sRGB in 0..1.
        """
        device = self.pixels.device
        uniform = draws.uniform(5).to(device)
        indices = indices.to(device)
        sides = self.sizes[indices].float()
        if framing.fit == "pad":
            start, extent = _middle(sides, "pad")
        else:
            low, high = framing.scale
            side = sides.amin(1) * (low + (high - low) * uniform[:, 0])
            stretch = framing.stretch ** (uniform[:, 1] - 0.5)
            extent = torch.stack([side * stretch, side / stretch], 1).minimum(sides)
            start = (sides - extent) * uniform[:, 2:4]
        mirrored = uniform[:, 4] < framing.mirror
        return self.resample(indices, start, extent, mirrored, size)

    def whole(self, indices: Tensor, size: int, fit: str) -> Tensor:
        """Photos as squares without chance: padded, or the middle of their long side.

        Returns (B, 3, size, size), sRGB in 0..1.
        """
        indices = indices.to(self.pixels.device)
        start, extent = _middle(self.sizes[indices].float(), fit)
        straight = torch.zeros(len(indices), dtype=torch.bool, device=self.pixels.device)
        return self.resample(indices, start, extent, straight, size)

    def resample(
        self, indices: Tensor, start: Tensor, extent: Tensor, mirrored: Tensor, size: int
    ) -> Tensor:
        """Cut boxes out of photos and resize them, as two batched matrix products.

        indices: (B,); start, extent: (B, 2), the boxes' corner and size in pixels (y, x); what of
        a box lies outside its photo is white. mirrored: (B,), true for a horizontal flip.
        Returns (B, 3, size, size), sRGB in 0..1.
        """
        device = self.pixels.device
        window = int(extent.max().ceil().item()) + 3
        corner = start.floor().long() - 1
        limits = self.sizes[indices]
        boxes = torch.full((len(indices), window, window, 3), 255, dtype=torch.uint8, device=device)
        places = zip(indices.tolist(), corner.tolist(), limits.tolist(), strict=True)
        for box, (index, (top, left), (height, width)) in zip(boxes, places, strict=True):
            rows = slice(max(top, 0), min(top + window, height))
            columns = slice(max(left, 0), min(left + window, width))
            piece = self.photo(index).permute(1, 2, 0)[rows, columns]
            below, beside = rows.start - top, columns.start - left
            box[below : below + piece.shape[0], beside : beside + piece.shape[1]] = piece
        image = boxes.permute(0, 3, 1, 2).float() / 255
        vertical, horizontal = (
            _resize_matrix(start[:, axis], extent[:, axis], limits[:, axis], size, window)
            for axis in (0, 1)
        )
        horizontal = torch.where(mirrored[:, None, None], horizontal.flip(1), horizontal)
        return vertical[:, None] @ image @ horizontal[:, None].transpose(2, 3)


def _middle(sides: Tensor, fit: str) -> tuple[Tensor, Tensor]:
    """Corner and size (B, 2) of the square around ("pad") or inside ("crop") photos of (B, 2)."""
    side = sides.amax(1, keepdim=True) if fit == "pad" else sides.amin(1, keepdim=True)
    extent = side.expand(-1, 2)
    return (sides - extent) / 2, extent


def _resize_matrix(start: Tensor, extent: Tensor, limit: Tensor, size: int, window: int) -> Tensor:
    """Triangle-filter weights (B, size, window) that resize [start, start + extent) to `size`.

    The window begins a pixel before `start`; the photo ends at `limit`. Half-pixel centres; the
    filter widens with the reduction and leaves out what is beyond the photo's edge, as in libvips
    and Pillow, unless the box itself leaves the photo: then that is white.
    """
    scale = (extent / size)[:, None]
    first = start.floor()[:, None] - 1
    positions = first + torch.arange(window, device=start.device)
    center = start[:, None] + (torch.arange(size, device=start.device) + 0.5) * scale - 0.5
    distance = positions[:, None] - center[:, :, None]
    weights = (1 - distance.abs() / scale.clamp(min=1)[:, :, None]).clamp(min=0)
    within = (start >= -SLACK) & (start + extent <= limit + SLACK)
    beyond = (positions < 0) | (positions >= limit[:, None])
    weights = weights.masked_fill((beyond & within[:, None])[:, None], 0)
    return weights / weights.sum(2, keepdim=True)
