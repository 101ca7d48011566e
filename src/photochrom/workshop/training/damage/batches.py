"""From colour crops to batches of damaged and undamaged grey scans.

Every random number belongs to a sample, as in `photochrom.workshop.training.augment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photochrom.workshop.data.draws import Draws
from photochrom.workshop.training.config import DamageConfig
from photochrom.workshop.training.damage.artefacts import Artefacts
from photochrom.workshop.training.damage.laying import Sample, damaged_sample, undamaged_sample


@dataclass(frozen=True)
class DamageBatch:
    """What a training step sees, (N, 1, H, W) each.

    gray: display codes 0..1. target: 1 for pixels to mark, else 0. counts: 0 for pixels whose
    change is too faint to be asked for, else 1. damaged: (N,), whether a sample has damage at all.
    """

    gray: Tensor
    target: Tensor
    counts: Tensor
    damaged: Tensor

    def take(self, names: Sequence[str]) -> list[Tensor]:
        """The inputs that a network takes, in its order."""
        return [getattr(self, name) for name in names]


class DamageBatches:
    """Makes batches; a share of the samples is damaged, the rest is as sound photos are."""

    def __init__(self, config: DamageConfig, held_out: bool = False) -> None:
        """Find the cut-outs.

        held_out: lay those that no training sees. Raises DataError where there are none.
        """
        self._share = config.damaged
        folder = config.artefacts
        self._artefacts = Artefacts(Path(folder), held_out) if folder else None

    def __call__(self, crops: Tensor, draws: Draws) -> DamageBatch:
        """Turn colour crops (N, 3, H, H), sRGB 0..1, into a batch on their device."""
        chosen = draws.on_cpu(3).numpy()
        pictures = crops.cpu().numpy()
        samples, damaged = [], []
        for picture, (choice, first, second) in zip(pictures, chosen, strict=True):
            random = _generator(first, second)
            gray = _gray(picture, random)
            damaged.append(bool(choice < self._share))
            if damaged[-1]:
                samples.append(damaged_sample(gray, random, self._artefacts))
            else:
                samples.append(undamaged_sample(gray, random))
        return _batch(samples, damaged, crops.device)


def _generator(first: float, second: float) -> np.random.Generator:
    """A sample's own generator, out of two of its uniform numbers (24 bits each)."""
    return np.random.Generator(np.random.Philox(key=[int(first * 2**24), int(second * 2**24)]))


def _gray(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A colour picture (3, H, W) in grey, by the weights of some film: (H, W)."""
    weights = random.random(3) ** 1.5 + 0.05
    return np.tensordot((weights / weights.sum()).astype(np.float32), picture, 1)


def _batch(samples: Sequence[Sample], damaged: Sequence[bool], device: torch.device) -> DamageBatch:
    def stack(name: str) -> Tensor:
        planes = np.stack([getattr(sample, name) for sample in samples])
        return torch.from_numpy(planes.astype(np.float32))[:, None].to(device)

    return DamageBatch(
        stack("gray"), stack("target"), stack("counts"), torch.tensor(damaged, device=device)
    )
