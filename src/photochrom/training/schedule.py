"""What happens when in a run: stages, learning rates, the order of the photos."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from photochrom.training.config import ScheduleConfig, Stage


def total_samples(schedule: ScheduleConfig) -> int:
    """Samples of all stages."""
    return sum(stage.samples for stage in schedule.stages)


def learning_rate_factor(schedule: ScheduleConfig, samples: int) -> float:
    """Linear warm-up, then a cosine from 1 to 0 over all stages, or 1 throughout."""
    if samples < schedule.warmup:
        return samples / schedule.warmup
    if schedule.decay == "constant":
        return 1.0
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
