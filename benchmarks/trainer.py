"""What the trainer costs beside the network's own step.

    python benchmarks/trainer.py CONFIG [--steps 30] [--beside-eager] [--set KEY=VALUE ...]

With --beside-eager, photos a second of the bare step as the configuration has it
(`schedule.compile`, `schedule.precision`) and eager in fp32, turn by turn. Otherwise three figures
within one run:

- the rate of the loop (schedule, averaging of weights, journal) with batches that lie ready, as a
  share of the rate of the bare step (forward, loss, backward, clipping, optimiser);
- the processor time of making batches from photos in memory, as a share of the whole;
- the same with photos that are streamed: read, shuffled and decoded for every sample.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from photochrom.workshop.data.stream import Place
from photochrom.workshop.training.checkpoint import Progress
from photochrom.workshop.training.config import RunConfig, load_config
from photochrom.workshop.training.feed import AnyBatch, StreamFeed
from photochrom.workshop.training.loop import Trainer
from photochrom.workshop.training.objective import build_objective

ROUNDS = 5


class ReadyFeed:
    """The same batch again and again."""

    place = Place()

    def __init__(self, batch: AnyBatch) -> None:
        self._batch = batch

    def batch(self, *_: int) -> AnyBatch:
        return self._batch


class NoStop:
    raised = False


def wall(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def processor(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


Step = Callable[[], None]


@dataclass(frozen=True)
class Ready:
    """A trainer set up, one batch, and the bare step on that batch."""

    trainer: Trainer
    feed: Any
    model: Any
    optimizer: Any
    objective: Any
    batch: AnyBatch
    step: Step


def ready(config: RunConfig) -> Ready:
    trainer = Trainer(config, Path(tempfile.mkdtemp()))
    feed = trainer.training_set.feed()
    stage = config.schedule.stages[0]
    objective = build_objective(trainer.network, config, trainer._prior(feed))
    model, optimizer = trainer.fabric.setup(trainer._compiled(), trainer.optimizer)
    model.train()
    network: Any = trainer.network  # whose attributes say what it takes
    batch = feed.batch(0, stage.batch, stage.crop)

    def step() -> None:
        optimizer.zero_grad()
        parts = objective(model(*batch.take(network.inputs)), batch)
        trainer.fabric.backward(parts["loss"])
        nn.utils.clip_grad_norm_(trainer.network.parameters(), config.schedule.clip_norm)
        optimizer.step()

    return Ready(trainer, feed, model, optimizer, objective, batch, step)


def repeat(step: Step, steps: int) -> Step:
    def work() -> None:
        for _ in range(steps):
            step()  # a function, as in the loop: what it allocated is free before the next

    return work


def beside_eager(config: RunConfig, steps: int) -> None:
    """The bare step as the configuration has it, and eager in fp32, turn by turn."""
    plain = replace(config.schedule, compile=False, precision="32-true")
    works = []
    for settings in (config, replace(config, schedule=plain)):
        works.append(repeat(ready(settings).step, steps))
    for work in works:
        work()
    rates = [[wall(work) for work in works] for _ in range(ROUNDS)]
    stage = config.schedule.stages[0]
    ours, eager = (steps * stage.batch / t for t in np.median(rates, axis=0))
    print(
        f"{stage.crop} px: {ours:.1f} photos/s with compile {config.schedule.compile} and "
        f"{config.schedule.precision}, {eager:.1f} plain eager in fp32: {ours / eager:.2f}x"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--beside-eager", action="store_true")
    parser.add_argument("--set", action="append", default=[])
    arguments = parser.parse_args()
    overrides = [*arguments.set, "logging.seconds=5", "validation.every=1000000000"]
    config = load_config(arguments.config, [*overrides, "logging.tensorboard=false"])
    if arguments.beside_eager:
        beside_eager(config, arguments.steps)
        return
    it = ready(config)
    trainer, feed, batch = it.trainer, it.feed, it.batch
    stage, steps = config.schedule.stages[0], arguments.steps
    bare = repeat(it.step, steps)

    def loop() -> None:
        short = replace(stage, samples=steps * stage.batch)
        trainer.config = replace(config, schedule=replace(config.schedule, stages=(short,)))
        trainer.progress = Progress(0, np.zeros(0, np.float32), {})
        trainer.journal.begin(0)
        again: Any = ReadyFeed(batch)
        stop: Any = NoStop()
        trainer._train(it.model, it.optimizer, it.objective, again, stop)

    bare()
    rates = [(wall(bare), wall(loop)) for _ in range(ROUNDS)]
    photos = steps * stage.batch
    ours, theirs = (photos / np.median([r[i] for r in rates]) for i in (1, 0))
    print(f"bare step {theirs:.1f} photos/s, loop {ours:.1f} photos/s: {ours / theirs:.1%}")

    step_time = processor(bare)
    network: Any = trainer.network
    stream = StreamFeed(config, trainer.fabric.device, stride=network.stride)
    stream.batch(0, stage.batch, stage.crop)
    for name, source in (("memory", feed), ("stream", stream)):

        def make(source: Any = source) -> None:
            for index in range(steps):
                source.batch(index * stage.batch, stage.batch, stage.crop)

        share = processor(make) / photos
        whole = share + step_time / photos
        print(
            f"{name}: {1000 * share:.2f} ms of processor time a photo for reading and augmenting, "
            f"{share / whole:.1%} of {1000 * whole:.1f} ms"
        )


if __name__ == "__main__":
    main()
