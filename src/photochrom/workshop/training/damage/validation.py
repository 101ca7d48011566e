"""Figures and a contact sheet of a network that finds damage, during training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from photochrom.workshop.contact_sheet import save_sheet
from photochrom.workshop.data.draws import Draws
from photochrom.workshop.data.memory import Framing, MemoryPhotos
from photochrom.workshop.training.config import RunConfig
from photochrom.workshop.training.damage.batches import DamageBatch, DamageBatches
from photochrom.workshop.training.damage.scores import Mask, Tally, has_large_mark, tally

Network = Callable[[Tensor], Tensor]
"""From grey (1, 1, H, W), display codes 0..1, sides multiples of 16, to the probability of damage
of the same shape."""

MULTIPLE = 16
STREAM = 7
"""The use of a seed that the damage of validation photos has."""
THRESHOLDS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
DEFAULT = THRESHOLDS.index(0.5)
QUIET_SHARE = 2e-4
"""Marked pixels of undamaged photos that a threshold may have to be called quiet."""
LUMA = (0.299, 0.587, 0.114)
"""Grey of sRGB codes; ITU-R BT.601."""


@torch.no_grad()
def validate_damage(
    network: Network, photos: MemoryPhotos, config: RunConfig, fabric: Fabric, sheet: Path
) -> dict[str, float]:
    """Mark validation photos as they are, and squares of them with held-out damage.

    Writes a contact sheet (damaged, its damage, our marks). The processes share the photos. Returns
    percentages: at the threshold 0.5, precision, recall and F1 by pixel on the damaged squares,
    marked pixels of the undamaged photos and those of them with a large mark; and the lowest of
    some thresholds that marks at most 0.02 % of the undamaged pixels, with its F1.
    """
    count = min(config.validation.photos, len(photos))
    step = max(1, count // config.validation.sheet) if config.validation.sheet else 0
    damaged = DamageBatches(replace(config.damage, damaged=1.0), held_out=True)
    table = torch.zeros(len(THRESHOLDS), 6, dtype=torch.float64)
    pixels = torch.zeros(1, dtype=torch.float64)
    rows: list[list[NDArray[np.uint8]]] = []
    for index in range(fabric.global_rank, count, fabric.world_size):
        sound = gray_copy(photos.photo(index))
        probability = _plane(network(sound))
        pixels += probability.size
        batch = _damaged(photos, index, config, damaged)
        found = _plane(network(batch.gray))
        for row, threshold in zip(table, THRESHOLDS, strict=True):
            row += torch.tensor(_counts(probability > threshold, found > threshold, batch))
        if step and not index % step and fabric.is_global_zero and len(rows) < 2 * count // step:
            rows.append(_pictures(batch, found > THRESHOLDS[DEFAULT]))
    if rows:
        save_sheet(rows, sheet)
    if fabric.world_size > 1:
        table, pixels = (
            cast(Tensor, fabric.all_reduce(part.to(fabric.device), reduce_op="sum")).cpu()
            for part in (table, pixels)
        )
    return _figures(table, float(pixels), count)


def gray_copy(photo: Tensor) -> Tensor:
    """A photo (3, H, W) uint8 in grey, (1, 1, H, W) in 0..1, cut to multiples of 16."""
    height, width = (side // MULTIPLE * MULTIPLE for side in photo.shape[1:])
    weights = torch.tensor(LUMA, device=photo.device)
    return torch.einsum("c,chw->hw", weights, photo[:, :height, :width] / 255)[None, None]


def _damaged(
    photos: MemoryPhotos, index: int, config: RunConfig, batches: DamageBatches
) -> DamageBatch:
    draws = Draws(config.seed, [index], STREAM, photos.pixels.device)
    data = config.data
    framing = Framing(data.fit, data.crop_scale, data.crop_stretch, data.mirror)
    squares = photos.squares(torch.tensor([index]), config.validation.size, framing, draws)
    return batches(squares, draws)


def _counts(sound: Mask, marks: Mask, batch: DamageBatch) -> tuple[int, ...]:
    """One row of the table: of the damaged square a tally, of the sound photo its marks."""
    score = tally(marks, _plane(batch.target) > 0, _plane(batch.counts) > 0)
    pieces = (score.right, score.marked, score.found, score.damaged)
    return (*pieces, int(sound.sum()), has_large_mark(sound))


def _figures(table: Tensor, pixels: float, count: int) -> dict[str, float]:
    tallies = [Tally(*map(int, row[:4].tolist())) for row in table]
    shares = (table[:, 4] / pixels).tolist()
    quiet = next((i for i, share in enumerate(shares) if share <= QUIET_SHARE), len(shares) - 1)
    default = tallies[DEFAULT]
    return {
        "precision": 100 * default.precision,
        "recall": 100 * default.recall,
        "f1": 100 * default.f1,
        "sound_pixels_marked": 100 * shares[DEFAULT],
        "sound_photos_marked": 100 * float(table[DEFAULT, 5]) / count,
        "quiet/threshold": THRESHOLDS[quiet],
        "quiet/sound_pixels_marked": 100 * shares[quiet],
        "quiet/f1": 100 * tallies[quiet].f1,
    }


def _plane(tensor: Tensor) -> NDArray[np.float32]:
    return tensor[0, 0].float().cpu().numpy()


def _pictures(batch: DamageBatch, marks: Mask) -> list[NDArray[np.uint8]]:
    gray = _plane(batch.gray)
    return [in_red(gray, mask) for mask in (np.zeros_like(marks), _plane(batch.target) > 0, marks)]


def in_red(gray: NDArray[np.float32], marks: Mask) -> NDArray[np.uint8]:
    """A grey picture (H, W), 0..1, as RGB with the marked pixels in red."""
    codes = np.repeat((gray * 255).round().astype(np.uint8)[..., None], 3, 2)
    codes[marks] = (255, 0, 0)
    return codes
