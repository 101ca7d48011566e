"""The training loop: plain, on Lightning Fabric, the same on two CPU cores and on many GPUs.

Every random choice of a step is a function of the seed and of the numbers of its samples, so a run
that was stopped and resumed passes through the same states as one that was not, and what a sample
draws does not depend on the process that makes it.
"""

from __future__ import annotations

import copy
import json
import math
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.color.bins import gamut_bins
from photochrom.errors import ConfigError, DataError, first_line, os_reason
from photochrom.workshop.data.memory import MemoryPhotos
from photochrom.workshop.data.stream import Place
from photochrom.workshop.training.allocator import keep_freed_memory
from photochrom.workshop.training.checkpoint import (
    Progress,
    load_optimizer,
    load_weights,
    read_record,
    save_checkpoint,
)
from photochrom.workshop.training.config import RunConfig, Stage
from photochrom.workshop.training.damage.objective import DamageObjective
from photochrom.workshop.training.damage.validation import validate_damage
from photochrom.workshop.training.embedder import Embedder, embedder_of
from photochrom.workshop.training.feed import Feed
from photochrom.workshop.training.journal import Journal
from photochrom.workshop.training.networks import build_network
from photochrom.workshop.training.objective import Objective, build_objective, measure_prior
from photochrom.workshop.training.processes import (
    build_fabric,
    check_agreement,
    everywhere,
    leave_group,
    leaving_on_failure,
    share_statistics,
)
from photochrom.workshop.training.schedule import (
    build_optimizer,
    check_stages,
    freeze_blocks,
    learning_rate_factor,
    stage_at,
    total_samples,
)
from photochrom.workshop.training.starting_point import CALIBRATION, StartingPoint
from photochrom.workshop.training.stop import StopRequest
from photochrom.workshop.training.training_set import TrainingSet, load_photos
from photochrom.workshop.training.validation import validate

STEP_STREAM = 1
"""The use of the seed that a network's own randomness (dropout) has."""


@dataclass(frozen=True)
class Limits:
    """When to stop before the schedule's end, and how to write checkpoints.

    minutes: by the run's own clock, loading included; None for no limit.
    compact: half-precision checkpoints, for carrying between machines.
    """

    minutes: float | None = None
    compact: bool = False


def average_into(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Exponential moving average of weights; counters and the like are copied."""
    averaged, current = average.state_dict(), network.state_dict()
    floating = [name for name, tensor in averaged.items() if tensor.is_floating_point()]
    with torch.no_grad():
        torch._foreach_lerp_(
            [averaged[name] for name in floating], [current[name] for name in floating], 1 - decay
        )
        for name in averaged.keys() - set(floating):
            averaged[name].copy_(current[name])


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
        """Prepare a run; reads the photos into memory, or opens their stream.

        folder: gets config.json, metrics.jsonl, TensorBoard's files, sheets and checkpoints.
        log: called with one line every few seconds.
        """
        self.started = time.monotonic()
        keep_freed_memory()
        self.config = config
        self.folder = folder
        self.limits = limits or Limits()
        self.fabric = fabric or build_fabric(config.schedule.precision)
        self._joined = torch.distributed.is_initialized()  # a group of the caller's, as on Ray
        self.fabric.launch()
        with self._leaving_on_failure():
            self._prepare(log)

    def _prepare(self, log: Callable[[str], None]) -> None:
        config = self.config
        self.fabric.seed_everything(config.seed, verbose=False)
        network = build_network(config.network, len(gamut_bins()))
        self.network = share_statistics(network, self.fabric)
        check_stages(config, cast(int, network.multiple), self.fabric.world_size)
        self.journal = Journal(
            self.folder,
            config.logging,
            total_samples(config.schedule),
            log if self.fabric.is_global_zero else lambda _line: None,
            writes=self.fabric.is_global_zero,
        )
        self.embedder = self._load_embedder()
        self.validation = {"": self._load(config.data.validation)}
        if config.data.far:
            self.validation["far"] = self._load(config.data.far)
        self.training_set = TrainingSet(
            config, self.network, self.embedder, self.fabric, self.journal.log
        )
        self.network.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        freeze_blocks(self.network, config.schedule.frozen_blocks)
        self.optimizer = build_optimizer(self.network, config.schedule)
        self.progress: Progress | None = None
        self._validated = self._saved = -1  # after how many samples
        self._loss = torch.zeros(())

    @property
    def latest(self) -> Path:
        """Where the newest checkpoint lies."""
        return self.folder / "latest"

    def run(
        self, resume: Path | None = None, start: StartingPoint | None = None
    ) -> dict[str, float]:
        """Train to the schedule's end or the time limit; returns the last validation's figures.

        resume: a checkpoint to continue from; the schedule is this configuration's.
        start: weights that a run without `resume` begins with.
        Raises ModelError where the weights are of another network; ConfigError where the checkpoint
        is of another optimiser or embedder, where the processes would begin at different places, or
        a stream's checkpoint is of another number of them; DataError where the loss or the figures
        are not finite, or the folder cannot be written.
        """
        with self._leaving_on_failure():
            try:
                figures = self._run(resume, start if resume is None else None)
            except OSError as error:
                raise DataError(
                    self.folder,
                    f"cannot be written ({os_reason(error)})",
                    "make room or name another folder",
                ) from error
            if not self._joined:
                leave_group(self.fabric)
        return figures

    def _leaving_on_failure(self) -> AbstractContextManager[None]:
        return nullcontext() if self._joined else leaving_on_failure(self.fabric)

    def _run(self, resume: Path | None, start: StartingPoint | None) -> dict[str, float]:
        steps = 0.0
        if resume is not None:
            _, self.progress, record = read_record(resume)
            self._check_checkpoint(resume, record)
            load_weights(resume, "model", self.network)
            load_weights(resume, "ema", self.average)
            steps = float(record["steps"])
        check_agreement(self.fabric, 0 if self.progress is None else self.progress.samples)
        if start is not None:
            start.give_to(self.network.to(self.fabric.device), self._calibration)
            self.journal.log(f"beginning with the weights of {start.path}")
        feed = self.training_set.feed(self.progress.places if self.progress else ())
        if self.progress is None:
            self.progress = Progress(0, self._prior(feed), {}, embedder=self._digest())
        objective = build_objective(self.network, self.config, self.progress.prior)
        objective.to(self.fabric.device)
        model, optimizer = self.fabric.setup(self._compiled(), self.optimizer)
        self.average.to(self.fabric.device, next(self.network.parameters()).dtype)
        if start is not None:  # of the first process: batch norms are measured on own photos
            self.average.load_state_dict(self.network.state_dict())
        if resume is not None:
            load_optimizer(resume, self.network, self.optimizer, steps)
        if resume is None and self.fabric.is_global_zero:
            shutil.rmtree(self.latest, ignore_errors=True)  # an older run's
        self.journal.begin(self.progress.samples)
        if self.fabric.is_global_zero:
            resolved = json.dumps(self.config.as_dict(), indent=1)
            (self.folder / "config.json").write_text(resolved, encoding="utf-8")
        with StopRequest() as stop:
            self._train(model, optimizer, objective, feed, stop)
            if self.progress.samples != self._saved:
                self._save(feed)  # before all else: a scheduler that sent SIGTERM may kill soon
            if self.progress.samples != self._validated and not everywhere(
                self.fabric, stop.raised
            ):
                self._validate(objective)
                self._save(feed)
        self.journal.close()
        return self.progress.figures

    def _compiled(self) -> nn.Module:
        """The network, compiled where that is wanted and works here."""
        if not self.config.schedule.compile:
            return self.network
        try:
            torch.compile(nn.ReLU())(torch.zeros(1, device=self.fabric.device))
        except Exception as error:  # whatever the compiler of this machine raises
            line = first_line(error)
            self.journal.log(f"training without torch.compile, which fails here: {line}")
            return self.network
        return cast(nn.Module, torch.compile(self.network))

    def _train(
        self, model: Any, optimizer: Any, objective: Objective, feed: Feed, stop: StopRequest
    ) -> None:
        assert self.progress is not None
        schedule = self.config.schedule
        rates = [group["lr"] for group in self.optimizer.param_groups]
        while (stage := stage_at(schedule, self.progress.samples)) is not None:
            before = self.progress.samples
            samples = before + stage.batch
            factor = learning_rate_factor(schedule, samples)
            for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            parts = self._step(model, optimizer, objective, feed, stage)
            updates = before // stage.batch + 1
            average_into(
                self.average, self.network, min(schedule.ema_decay, updates / (updates + 10))
            )
            self.progress = replace(self.progress, samples=samples)
            self.journal.step(samples, factor, parts)
            self._loss = parts["loss"]
            if self._passed(before, samples, self.config.validation.every):
                self._validate(objective)
                self._save(feed)
                self.journal.rest(samples)
            elif self._passed(before, samples, self.config.logging.checkpoint):
                self._save(feed)
            minutes = (time.monotonic() - self.started) / 60
            late = self.limits.minutes is not None and minutes > self.limits.minutes
            if everywhere(self.fabric, stop.raised or late):
                self.journal.log(f"stopping after {minutes:.1f} minutes, before the schedule's end")
                return

    def _step(
        self, model: Any, optimizer: Any, objective: Objective, feed: Feed, stage: Stage
    ) -> dict[str, Tensor]:
        assert self.progress is not None
        model.train()
        samples = self.progress.samples
        torch.manual_seed(hash((self.config.seed, STEP_STREAM, samples)) & (2**63 - 1))
        batch = feed.batch(samples, stage.batch, stage.crop)
        optimizer.zero_grad()
        output = model(*batch.take(cast(Any, self.network.inputs)))
        parts: dict[str, Tensor] = objective(output, batch)
        self.fabric.backward(parts["loss"])
        if self.config.schedule.clip_norm:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.schedule.clip_norm)
        optimizer.step()
        return {name: value.detach() for name, value in parts.items()}

    @staticmethod
    def _passed(before: int, samples: int, every: int) -> bool:
        return every > 0 and samples // every != before // every

    def _load(self, sources: tuple[str, ...]) -> MemoryPhotos:
        return load_photos(sources, self.fabric.device, self.journal.log)

    def _load_embedder(self) -> Embedder | None:
        embedder = embedder_of(self.network, self.config)
        return None if embedder is None else embedder.to(self.fabric.device)

    def _calibration(self) -> tuple[Tensor, ...]:
        """What the network takes of the first crops, from a feed of their own."""
        stage = self.config.schedule.stages[0]
        batch = self.training_set.feed().batch(0, CALIBRATION, stage.crop)
        return tuple(batch.take(cast(Any, self.network.inputs)))

    def _digest(self) -> str:
        return "" if self.embedder is None else self.embedder.digest()

    def _prior(self, feed: Feed) -> Any:
        if self.network.output != "bins":
            return np.zeros(0, np.float32)
        return measure_prior(self.config.loss, feed.colors(self.config.loss.prior_photos))

    def _predict(self, lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> Tensor:
        """The averaged network's output for a photo."""
        dtype = next(self.average.parameters()).dtype
        lightness = lightness.to(dtype)
        inputs = {
            "lightness": lightness,
            "hint_ab": hint_ab.to(dtype),
            "hint_mask": hint_mask.to(dtype),
            "embedding": None if self.embedder is None else self.embedder(lightness.float()),
        }
        with self.fabric.autocast():
            output: Tensor = self.average(*(inputs[n] for n in cast(Any, self.network.inputs)))
        return output

    def _probability(self, gray: Tensor) -> Tensor:
        """The averaged network's probability of damage."""
        with self.fabric.autocast():
            logits: Tensor = self.average(gray.to(next(self.average.parameters()).dtype))
        return logits.float().sigmoid()

    def _validate(self, objective: Objective) -> None:
        assert self.progress is not None
        samples = self.progress.samples
        figures: dict[str, float] = {}
        sheets: list[Path] = []
        for name, photos in self.validation.items():
            dash, slash = (f"{name}-", f"{name}/") if name else ("", "")
            sheets.append(self.folder / f"{dash}sheet-{samples:08d}.jpg")
            scores = self._scores(objective, photos, sheets[-1])
            figures |= {f"{slash}{figure}": value for figure, value in scores.items()}
        if not all(math.isfinite(value) for value in figures.values()):
            raise DataError(self.folder, "validation figures are not finite", "lower the rate")
        self._validated = samples
        self.progress = replace(self.progress, figures=figures)
        self.journal.validation(samples, figures, sheets)

    def _scores(self, objective: Objective, photos: MemoryPhotos, sheet: Path) -> dict[str, float]:
        config, fabric = self.config, self.fabric
        if isinstance(objective, DamageObjective):
            return validate_damage(self._probability, photos, config, fabric, sheet)
        settings, fit = config.validation, config.data.fit
        return validate(self._predict, objective, photos, settings, fit, fabric, sheet)

    def _save(self, feed: Feed) -> None:
        assert self.progress is not None
        if everywhere(self.fabric, not math.isfinite(float(self._loss))):
            raise DataError(
                self.folder,
                f"the loss is not finite after {self.progress.samples} samples",
                "lower schedule.learning_rate and go on from the last checkpoint",
            )
        self._saved = self.progress.samples
        if self.training_set.photos is None:
            self.progress = replace(self.progress, places=self._places(feed.place))
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

    def _check_checkpoint(self, path: Path, record: dict[str, Any]) -> None:
        """Refuse to go on with another optimiser or embedder than the checkpoint's."""
        then = record["config"]["schedule"].get("optimizer", "adamw")
        if then != self.config.schedule.optimizer:
            raise ConfigError(
                path,
                f"schedule.optimizer was {then}, but is {self.config.schedule.optimizer}",
                f"set it to {then}, or begin a fresh run",
            )
        if record.get("embedder", "") != self._digest():
            raise ConfigError(
                path,
                "this run's embedder has other weights than the checkpoint's",
                "name the embedder of that run, or begin a fresh one",
            )

    def _places(self, own: Place) -> tuple[Place, ...]:
        """Where every process stands in its stream."""
        here = torch.tensor([own.epoch, own.position], device=self.fabric.device)
        gathered = cast(Tensor, self.fabric.all_gather(here)).view(-1, 2).tolist()
        return tuple(Place(*place) for place in gathered)
