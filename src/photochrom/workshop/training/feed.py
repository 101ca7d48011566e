"""Where a run's batches come from: photos in memory, shards on a disk, or a stream of shards.

Every process makes its share of each batch: samples rank, rank + world, rank + 2 world, ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Protocol

import torch
from torch import Tensor

from photochrom.errors import ConfigError
from photochrom.workshop.data.draws import Draws
from photochrom.workshop.data.memory import Framing, MemoryPhotos
from photochrom.workshop.data.on_demand import ShardPhotos
from photochrom.workshop.data.selection import selected_keys
from photochrom.workshop.data.stream import Place, ShardStream
from photochrom.workshop.training.augment import Batch, make_batch
from photochrom.workshop.training.config import DataConfig, RunConfig
from photochrom.workshop.training.damage.batches import DamageBatch, DamageBatches
from photochrom.workshop.training.lab import lab_from_srgb
from photochrom.workshop.training.schedule import BalancedOrder, sample_indices

PRIOR_SIDE = 64

AnyBatch = Batch | DamageBatch

Embed = Callable[[Sequence[str], Tensor], Tensor]
"""From the keys of a batch's photos and its lightness (N, 1, H, W) to embeddings (N, C)."""


def framing_of(data: DataConfig) -> Framing:
    """How a configuration makes squares of photos."""
    return Framing(data.fit, data.crop_scale, data.crop_stretch, data.mirror)


def chosen_keys(data: DataConfig) -> frozenset[str] | None:
    """The keys of the training photos that a configuration means, None for all.

    Raises ConfigError for conditions without a manifest.
    """
    if not data.where:
        return None
    if not data.manifest:
        raise ConfigError("data.where", "needs data.manifest", "name the CSV with the photos' keys")
    return selected_keys(data.manifest, data.where)


class Feed(Protocol):
    """A source of batches."""

    def batch(self, first: int, count: int, size: int) -> AnyBatch:
        """Make this process's share of samples `first` ... `first + count - 1`."""

    def colors(self, count: int) -> Iterator[Tensor]:
        """The ab of `count` photos, small, as (N, 2, 64, 64) tensors, Lab units."""

    @property
    def place(self) -> Place:
        """Where a stream stands; the beginning for photos in memory, which need no place."""


class _Batches:
    """From photos to batches: what both feeds share."""

    def __init__(
        self, config: RunConfig, stride: int, device: torch.device, embed: Embed | None
    ) -> None:
        self.config = config
        self.stride = stride
        self.device = device
        self.embed = embed
        self.framing = framing_of(config.data)
        damage = config.network.architecture == "damage"
        self.damage = DamageBatches(config.damage) if damage else None

    def make(
        self, photos: MemoryPhotos, indices: Tensor, samples: Sequence[int], size: int
    ) -> AnyBatch:
        draws = Draws(self.config.seed, samples, device=self.device)
        squares = photos.squares(indices, size, self.framing, draws)
        if self.damage is not None:
            return self.damage(squares, draws)
        batch = make_batch(squares, self.config.augment, self.stride, draws)
        if self.embed is None:
            return batch
        keys = [photos.keys[index] for index in indices.tolist()]
        return replace(batch, embedding=self.embed(keys, batch.lightness).to(self.device))


class MemoryFeed:
    """Batches of photos that are all in memory."""

    def __init__(
        self,
        config: RunConfig,
        photos: MemoryPhotos,
        *,
        stride: int,
        rank: int = 0,
        world: int = 1,
        embed: Embed | None = None,
    ) -> None:
        self.photos = photos
        self.place = Place()
        self._seed, self._rank, self._world = config.seed, rank, world
        self._batches = _Batches(config, stride, photos.pixels.device, embed)

    def batch(self, first: int, count: int, size: int) -> AnyBatch:
        """See `Feed`."""
        chosen = sample_indices(len(self.photos), self._seed, first, count)
        own = slice(self._rank, None, self._world)
        return self._batches.make(self.photos, chosen[own], range(first, first + count)[own], size)

    def colors(self, count: int) -> Iterator[Tensor]:
        """See `Feed`."""
        order = sample_indices(len(self.photos), self._seed, 0, min(count, len(self.photos)))
        for indices in torch.split(order, 64):
            yield lab_from_srgb(self.photos.whole(indices, PRIOR_SIDE, "crop"))[:, 1:]


class OnDemandFeed:
    """Batches of photos that are read and decoded as they are drawn, in any order.

    While a step is computed, the next batch is made on a thread of its own.
    """

    def __init__(
        self,
        config: RunConfig,
        photos: ShardPhotos,
        device: torch.device,
        *,
        stride: int,
        rank: int = 0,
        world: int = 1,
        embed: Embed | None = None,
    ) -> None:
        self.photos = photos
        self.place = Place()
        self._rank, self._world = rank, world
        self._batches = _Batches(config, stride, device, embed)
        self._order: Callable[[int, int], Tensor]
        if config.data.balance == 1:
            self._order = lambda first, count: sample_indices(
                len(photos), config.seed, first, count
            )
        else:
            self._order = BalancedOrder(photos.sources, config.data.balance, config.seed)
        self._ahead = ThreadPoolExecutor(1)
        self._next: tuple[tuple[int, int, int], Future[AnyBatch]] | None = None

    def batch(self, first: int, count: int, size: int) -> AnyBatch:
        """See `Feed`."""
        wanted, pending = (first, count, size), self._next
        if pending is not None and pending[0] == wanted:
            batch = pending[1].result()
        else:
            batch = self._ahead.submit(self._make, *wanted).result()
        following = (first + count, count, size)
        self._next = following, self._ahead.submit(self._make, *following)
        return batch

    def _make(self, first: int, count: int, size: int) -> AnyBatch:
        own = slice(self._rank, None, self._world)
        photos = self._drawn(self._order(first, count)[own])
        samples = range(first, first + count)[own]
        return self._batches.make(photos, torch.arange(len(photos)), samples, size)

    def _drawn(self, indices: Tensor) -> MemoryPhotos:
        return MemoryPhotos.of(self.photos.photos(indices.tolist()), self._batches.device)

    def colors(self, count: int) -> Iterator[Tensor]:
        """See `Feed`."""
        for indices in torch.split(self._order(0, min(count, len(self.photos))), 64):
            drawn = self._drawn(indices)
            yield lab_from_srgb(drawn.whole(torch.arange(len(drawn)), PRIOR_SIDE, "crop"))[:, 1:]


class StreamFeed:
    """Batches of photos that are read, shuffled and decoded as they are needed."""

    def __init__(
        self,
        config: RunConfig,
        device: torch.device,
        *,
        stride: int,
        rank: int = 0,
        world: int = 1,
        embed: Embed | None = None,
        start: Place | None = None,
    ) -> None:
        self.place = start or Place()
        self._rank, self._world = rank, world
        self._batches = _Batches(config, stride, device, embed)
        self._photos = iter(self._stream(rank, world, self.place))

    def _stream(self, part: int, parts: int, start: Place) -> ShardStream:
        config = self._batches.config
        return ShardStream(
            config.data.train,
            seed=config.seed,
            part=part,
            parts=parts,
            buffer=config.data.shuffle_buffer,
            min_colorfulness=config.data.min_colorfulness,
            only=chosen_keys(config.data),
            start=start,
        )

    def batch(self, first: int, count: int, size: int) -> AnyBatch:
        """See `Feed`."""
        samples = range(first, first + count)[self._rank :: self._world]
        drawn = list(islice(self._photos, len(samples)))
        photos = MemoryPhotos.of(((d.key, d.pixels) for d in drawn), self._batches.device)
        batch = self._batches.make(photos, torch.arange(len(drawn)), samples, size)
        self.place = drawn[-1].after
        return batch

    def colors(self, count: int) -> Iterator[Tensor]:
        """See `Feed`; the same photos on every process."""
        photos = iter(self._stream(0, 1, Place()))
        while count > 0 and (drawn := list(islice(photos, min(64, count)))):
            memory = MemoryPhotos.of(((d.key, d.pixels) for d in drawn), self._batches.device)
            everything = torch.arange(len(drawn))
            yield lab_from_srgb(memory.whole(everything, PRIOR_SIDE, "crop"))[:, 1:]
            count -= len(drawn)
