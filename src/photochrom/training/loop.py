"""The training loop: plain, on Lightning Fabric, the same on two CPU cores and on a GPU.

Every random choice of a step is a function of (seed, samples seen, rank), so a run that was
stopped and resumed passes through the same states as one that was not.
"""

from __future__ import annotations

import copy
import json
import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.bins import gamut_bins
from photochrom.data.memory import CropRange, MemoryPhotos
from photochrom.errors import ConfigError, DataError
from photochrom.training.augment import make_batch
from photochrom.training.checkpoint import (
    Progress,
    load_optimizer,
    load_weights,
    read_record,
    save_checkpoint,
)
from photochrom.training.config import RunConfig, ScheduleConfig, Stage
from photochrom.training.lab import lab_from_srgb
from photochrom.training.losses import BinEncoder, ColorLoss, count_prior
from photochrom.training.networks import build_network
from photochrom.training.validation import validate

LOG_SECONDS = 5.0
PRIOR_STREAM, CROP_STREAM = 1, 2
"""Which use of the seed a generator serves."""


@dataclass(frozen=True)
class Limits:
    """When to stop before the schedule's end, and how to write checkpoints.

    minutes: by the run's own clock, loading included; None for no limit.
    compact: half-precision checkpoints, for carrying between machines.
    """

    minutes: float | None = None
    compact: bool = False


def learning_rate_factor(schedule: ScheduleConfig, samples: int) -> float:
    """Linear warm-up, then a cosine from 1 to 0 over all stages."""
    total = sum(stage.samples for stage in schedule.stages)
    if samples < schedule.warmup:
        return samples / schedule.warmup
    progress = min(1.0, (samples - schedule.warmup) / max(1, total - schedule.warmup))
    return 0.5 + 0.5 * math.cos(math.pi * progress)


def stage_at(schedule: ScheduleConfig, samples: int) -> Stage | None:
    """The stage a run is in after `samples`, None past the last."""
    for stage in schedule.stages:
        if samples < stage.samples:
            return stage
        samples -= stage.samples
    return None


def generator_for(seed: int, stream: int, position: int, rank: int = 0) -> torch.Generator:
    """A CPU generator that depends on nothing but its arguments."""
    mixed = hash((seed, stream, position, rank)) & (2**63 - 1)  # integers hash alike everywhere
    return torch.Generator().manual_seed(mixed)


def sample_indices(count: int, seed: int, first: int, batch: int) -> Tensor:
    """Which photos are samples `first` ... `first + batch - 1`: each epoch a permutation."""
    indices = []
    while batch > 0:
        epoch, position = divmod(first, count)
        order = torch.randperm(count, generator=generator_for(seed, 0, epoch))
        indices.append(order[position : position + batch])
        first += len(indices[-1])
        batch -= len(indices[-1])
    return torch.cat(indices)


def average_into(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Exponential moving average of weights; counters and the like are copied."""
    ours, theirs = average.state_dict(), network.state_dict()
    floating = [name for name, tensor in ours.items() if tensor.is_floating_point()]
    with torch.no_grad():
        torch._foreach_lerp_(
            [ours[name] for name in floating], [theirs[name] for name in floating], 1 - decay
        )
        for name in ours.keys() - set(floating):
            ours[name].copy_(theirs[name])


class _StopRequest:
    """Turns Ctrl-C and termination into a flag, so that the loop ends with a checkpoint."""

    def __init__(self) -> None:
        self.raised = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _StopRequest:
        for signum in (signal.SIGINT, signal.SIGTERM):
            self._before[signum] = signal.signal(signum, self._raise)
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def _raise(self, _signum: int, _frame: FrameType | None) -> None:
        self.raised = True


class Trainer:
    """One run in one folder: its network, data, optimiser and progress."""

    def __init__(
        self,
        config: RunConfig,
        folder: Path,
        limits: Limits | None = None,
        log: Callable[[str], None] = lambda _line: None,
        fabric: Fabric | None = None,
    ) -> None:
        """Prepare a run; reads all photos into memory.

        folder: gets config.json, metrics.jsonl, sheets and checkpoints.
        log: called with one line every few seconds.
        """
        self.started = time.monotonic()
        self.config = config
        self.folder = folder
        self.limits = limits or Limits()
        self.log = log
        self.fabric = fabric or Fabric(devices=1, precision=cast(Any, config.schedule.precision))
        self.fabric.launch()
        self.fabric.seed_everything(config.seed, verbose=False)
        schedule = config.schedule
        if any(
            stage.crop % 32 or stage.batch % self.fabric.world_size for stage in schedule.stages
        ):
            raise ConfigError(
                "schedule.stages: crop must be a multiple of 32 and batch of the process count"
            )
        self.photos = self._load(config.data.train, config.data.min_colourfulness)
        self.validation = self._load(config.data.validation)
        self.centres = gamut_bins()
        self.network = build_network(config.network, len(self.centres))
        self.network.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.optimizer = self._build_optimizer()
        self.progress: Progress | None = None

    @property
    def latest(self) -> Path:
        """Where the newest checkpoint lies."""
        return self.folder / "latest"

    def run(self, resume: Path | None = None) -> dict[str, float]:
        """Train to the schedule's end or the time limit; returns the last validation's figures.

        resume: a checkpoint to continue from; the schedule is this configuration's.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        steps = 0.0
        if resume is not None:
            _, self.progress, record = read_record(resume)
            load_weights(resume, "model", self.network)
            load_weights(resume, "ema", self.average)
            steps = float(record["steps"])
        else:
            self.progress = Progress(0, self._prior(), {})
        loss = self._loss().to(self.fabric.device)
        self.average.to(self.fabric.device)
        compiled = torch.compile(self.network) if self.config.schedule.compile else self.network
        model, optimizer = self.fabric.setup(cast(nn.Module, compiled), self.optimizer)
        if resume is not None:
            load_optimizer(resume, self.network, self.optimizer, steps)
        _write_json(self.folder / "config.json", self.config.as_dict())
        with _StopRequest() as stop:
            self._train(model, optimizer, loss, stop)
            self._validate(loss)
            self._save()
        return self.progress.figures

    def _train(self, model: Any, optimizer: Any, loss: ColorLoss, stop: _StopRequest) -> None:
        assert self.progress is not None
        schedule, seed = self.config.schedule, self.config.seed
        rates = [group["lr"] for group in self.optimizer.param_groups]
        logged, logged_samples = time.monotonic(), self.progress.samples
        while (stage := stage_at(schedule, self.progress.samples)) is not None:
            samples = self.progress.samples
            factor = learning_rate_factor(schedule, samples + stage.batch)
            for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            parts = self._step(model, optimizer, loss, stage, samples, seed)
            updates = samples // stage.batch + 1
            average_into(
                self.average, self.network, min(schedule.ema_decay, updates / (updates + 10))
            )
            self.progress = replace(self.progress, samples=samples + stage.batch)
            now = time.monotonic()
            if now - logged > LOG_SECONDS:
                rate = (self.progress.samples - logged_samples) / (now - logged)
                self._log_step(parts, rate, factor)
                logged, logged_samples = now, self.progress.samples
            if self.progress.samples // self._every != samples // self._every:
                self._validate(loss)
                self._save()
                logged, logged_samples = time.monotonic(), self.progress.samples
            minutes = (time.monotonic() - self.started) / 60
            if stop.raised or (self.limits.minutes and minutes > self.limits.minutes):
                self.log(f"stopping after {minutes:.1f} minutes, before the schedule's end")
                return

    def _step(
        self, model: Any, optimizer: Any, loss: ColorLoss, stage: Stage, samples: int, seed: int
    ) -> dict[str, Tensor]:
        model.train()
        rank, world = self.fabric.global_rank, self.fabric.world_size
        draw = generator_for(seed, CROP_STREAM, samples, rank)
        chosen = sample_indices(len(self.photos), seed, samples, stage.batch)[rank::world]
        crops = self.photos.crops(chosen, stage.crop, self._crop_range, draw)
        batch = make_batch(crops, self.config.augment, self._stride, draw)
        optimizer.zero_grad()
        logits = model(batch.lightness, batch.hint_ab, batch.hint_mask)
        parts = loss(logits, batch.target)
        self.fabric.backward(parts["loss"])
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.schedule.clip_norm)
        optimizer.step()
        return {name: value.detach() for name, value in parts.items()}

    @property
    def _stride(self) -> int:
        return int(self.network.stride)  # type: ignore[arg-type]

    @property
    def _every(self) -> int:
        return self.config.validation.every

    @property
    def _crop_range(self) -> CropRange:
        return CropRange(self.config.data.crop_scale, self.config.data.crop_stretch)

    def _load(self, sources: tuple[str, ...], min_colourfulness: float = 0.0) -> MemoryPhotos:
        photos = MemoryPhotos.load(sources, self.fabric.device, min_colourfulness)
        self.log(f"{len(photos)} photos from {', '.join(sources)} in memory")
        return photos

    def _build_optimizer(self) -> torch.optim.Optimizer:
        schedule = self.config.schedule
        encoder = [p for n, p in self.network.named_parameters() if n.startswith("encoder.")]
        rest = [p for n, p in self.network.named_parameters() if not n.startswith("encoder.")]
        groups = [
            {"params": encoder, "lr": schedule.encoder_learning_rate},
            {"params": rest, "lr": schedule.learning_rate},
        ]
        return torch.optim.AdamW(groups, weight_decay=schedule.weight_decay)

    def _bin_encoder(self) -> BinEncoder:
        settings = self.config.loss
        return BinEncoder(self.centres, settings.smoothing, settings.neighbours)

    def _prior(self) -> Any:
        encoder = self._bin_encoder().to(self.fabric.device)
        draw = generator_for(self.config.seed, PRIOR_STREAM, 0)
        order = torch.randperm(len(self.photos), generator=draw)[: self.config.loss.prior_photos]
        batches = []
        for first in range(0, len(order), 64):
            indices = order[first : first + 64]
            crops = self.photos.crops(indices, 64, CropRange((1.0, 1.0), 1.0), draw)
            batches.append(lab_from_srgb(crops)[:, 1:])
        return count_prior(encoder, batches).cpu().numpy()

    def _loss(self) -> ColorLoss:
        assert self.progress is not None
        settings = self.config.loss
        return ColorLoss(
            self._bin_encoder(), self.progress.prior, settings.rebalance, settings.mean_colour
        )

    def _validate(self, loss: ColorLoss) -> None:
        assert self.progress is not None
        if not self.fabric.is_global_zero:
            return
        samples = self.progress.samples
        figures = validate(
            self.average.eval(),
            self.validation,
            self.config.validation,
            loss.encoder.centres,
            loss.weights.log(),
            self.folder / f"sheet-{samples:08d}.jpg",
        )
        if not all(math.isfinite(value) for value in figures.values()):
            raise DataError(f"{self.folder}: validation figures are not finite; lower the rate")
        self.progress = replace(self.progress, figures=figures)
        self._record({"samples": samples, **figures})
        self.log(" ".join(f"{name} {value:.2f}" for name, value in figures.items()))

    def _save(self) -> None:
        assert self.progress is not None
        if self.fabric.is_global_zero:
            save_checkpoint(
                self.latest,
                self.config,
                self.progress,
                self.network,
                self.average,
                self.optimizer,
                self.limits.compact,
            )

    def _log_step(self, parts: dict[str, Tensor], rate: float, factor: float) -> None:
        assert self.progress is not None
        values = {name: float(value) for name, value in parts.items()}
        samples = self.progress.samples
        self._record({"samples": samples, "samples_per_second": rate, **values})
        shown = " ".join(f"{name} {value:.4f}" for name, value in values.items())
        self.log(f"{samples} samples, {rate:.1f}/s, rate x{factor:.3f}: {shown}")

    def _record(self, entry: dict[str, float]) -> None:
        if self.fabric.is_global_zero:
            with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
