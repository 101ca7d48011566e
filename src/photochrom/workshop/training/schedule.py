"""What happens when in a run: stages, learning rates, the order of the photos."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from photochrom.errors import ConfigError
from photochrom.workshop.training.config import RunConfig, ScheduleConfig, Stage


def total_samples(schedule: ScheduleConfig) -> int:
    """Samples of all stages."""
    return sum(stage.samples for stage in schedule.stages)


def learning_rate_factor(schedule: ScheduleConfig, samples: int) -> float:
    """Linear warm-up, then the curve of `ScheduleConfig.decay`."""
    if samples < schedule.warmup:
        return samples / schedule.warmup
    if schedule.decay == "constant":
        left = total_samples(schedule) - samples
        return min(1.0, max(0.0, left / schedule.decay_samples)) if schedule.decay_samples else 1.0
    rest = max(1, total_samples(schedule) - schedule.warmup)
    progress = min(1.0, (samples - schedule.warmup) / rest)
    return 0.5 + 0.5 * math.cos(math.pi * progress)


def stage_at(schedule: ScheduleConfig, samples: int) -> Stage | None:
    """The stage a run is in after `samples`, None past the last."""
    for stage in schedule.stages:
        if samples < stage.samples:
            return stage
        samples -= stage.samples
    return None


def check_stages(config: RunConfig, multiple: int, world: int) -> None:
    """Raise ConfigError for a stage that does not fit the network or the processes.

    multiple: of a crop's side, as the network needs it. world: processes that share a batch.
    """
    for stage in config.schedule.stages:
        if stage.crop % multiple:
            raise ConfigError(
                "schedule.stages",
                f"crop is {stage.crop}, but must be a multiple of {multiple} for "
                f"{config.network.architecture}",
            )
        if stage.batch % world:
            raise ConfigError(
                "schedule.stages",
                f"batch is {stage.batch}, but must be a multiple of the {world} processes",
            )


def sample_indices(count: int, seed: int, first: int, batch: int) -> Tensor:
    """Which photos are samples `first` ... `first + batch - 1`: each epoch a permutation."""
    indices = []
    while batch > 0:
        epoch, position = divmod(first, count)
        mixed = hash((seed, epoch)) & (2**63 - 1)  # integers hash alike everywhere
        order = torch.randperm(count, generator=torch.Generator().manual_seed(mixed))
        indices.append(order[position : position + batch])
        first += len(indices[-1])
        batch -= len(indices[-1])
    return torch.cat(indices)


class BalancedOrder:
    """An endless order of photos in which large sources count less than by their size.

    An epoch has as many samples as there are photos; a source's share of them is proportional to
    its number of photos to the power `balance`: 1 for every photo alike, 0 for every source alike.
    From epoch to epoch a source goes on where it was in permutations of its photos, so that all of
    them are seen alike often.
    """

    def __init__(self, sources: Sequence[str], balance: float, seed: int) -> None:
        """Describe an order; sources: the label of every photo."""
        self.seed = seed
        labels = np.asarray(sources)
        self._groups = [torch.from_numpy(np.flatnonzero(labels == n)) for n in np.unique(labels)]
        weights = np.array([len(group) ** balance for group in self._groups])
        shares = weights / weights.sum() * len(labels)
        self._quotas = [max(1, round(share)) for share in shares]
        self._epoch, self._order = -1, torch.empty(0)

    def __call__(self, first: int, batch: int) -> Tensor:
        """Which photos are samples `first` ... `first + batch - 1`."""
        length, indices = sum(self._quotas), []
        while batch > 0:
            epoch, position = divmod(first, length)
            indices.append(self._of(epoch)[position : position + batch])
            first += len(indices[-1])
            batch -= len(indices[-1])
        return torch.cat(indices)

    def _of(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            drawn = [
                group[sample_indices(len(group), self.seed + 1 + number, epoch * quota, quota)]
                for number, (group, quota) in enumerate(
                    zip(self._groups, self._quotas, strict=True)
                )
            ]
            mixed = sample_indices(
                sum(self._quotas), self.seed, epoch * sum(self._quotas), sum(self._quotas)
            )
            self._epoch, self._order = epoch, torch.cat(drawn)[mixed]
        return self._order


def freeze_blocks(network: nn.Module, count: int) -> None:
    """Keep the weights of an encoder's stem and its first groups of blocks.

    count: how many groups of timm's `blocks`; 0 changes nothing. Raises ConfigError where the
    network has no encoder with so many.
    """
    if not count:
        return
    encoder = getattr(network, "encoder", None)
    blocks = getattr(encoder, "blocks", ())
    if encoder is None or len(blocks) < count:
        raise ConfigError(
            "schedule.frozen_blocks",
            f"is {count}, but the network's encoder has {len(blocks)} groups of blocks",
            "lower it, or 0 for none",
        )
    for part in (encoder.conv_stem, encoder.bn1, *blocks[:count]):
        part.requires_grad_(False)


def build_optimizer(network: nn.Module, schedule: ScheduleConfig) -> torch.optim.Optimizer:
    """The configuration's optimiser; a pretrained encoder has a learning rate of its own."""
    named = list(network.named_parameters())
    encoder = [p for name, p in named if name.startswith("encoder.")]
    rest = [p for name, p in named if not name.startswith("encoder.")]
    groups = [
        {"params": params, "lr": rate}
        for params, rate in (
            (encoder, schedule.encoder_learning_rate),
            (rest, schedule.learning_rate),
        )
        if params
    ]
    if schedule.optimizer == "rmsprop":
        # Keras' smoothing constant, which the paper's networks were trained with
        return torch.optim.RMSprop(groups, alpha=0.9, eps=1e-7)
    if schedule.optimizer == "adam":
        return torch.optim.Adam(groups)
    return torch.optim.AdamW(groups, weight_decay=schedule.weight_decay)
