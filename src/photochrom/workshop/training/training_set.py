"""What a run trains on: its photos, in memory, on the disk or in a stream, and batches of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.errors import ConfigError
from photochrom.workshop.data.memory import MemoryPhotos
from photochrom.workshop.data.on_demand import ShardPhotos
from photochrom.workshop.data.stream import Place
from photochrom.workshop.training.config import RunConfig
from photochrom.workshop.training.embedder import Embedder
from photochrom.workshop.training.embeddings import CachedEmbeddings
from photochrom.workshop.training.feed import (
    Embed,
    Feed,
    MemoryFeed,
    OnDemandFeed,
    StreamFeed,
    chosen_keys,
)


class TrainingSet:
    """The training photos of one process.

    photos: in memory or on the disk; None for a stream.
    """

    def __init__(
        self,
        config: RunConfig,
        network: nn.Module,
        embedder: Embedder | None,
        fabric: Fabric,
        log: Callable[[str], None],
    ) -> None:
        """Read the photos into memory, or index their shards, as `config.data` says.

        Raises ConfigError where its entries exclude each other, DataError as reading does.
        """
        self._config, self._embedder, self._fabric = config, embedder, fabric
        self._stride = cast(int, network.stride)
        self.photos = _open_photos(config, fabric, log)

    def feed(self, places: tuple[Place, ...] = ()) -> Feed:
        """Batches from the beginning; of a stream, from this process's place on, if there are any.

        Raises ConfigError where the places are of another number of processes.
        """
        config, fabric = self._config, self._fabric
        rank, world = fabric.global_rank, fabric.world_size
        if isinstance(self.photos, MemoryPhotos):
            return MemoryFeed(
                config,
                self.photos,
                stride=self._stride,
                rank=rank,
                world=world,
                embed=self._embed(),
            )
        if self.photos is not None:
            return OnDemandFeed(
                config,
                self.photos,
                fabric.device,
                stride=self._stride,
                rank=rank,
                world=world,
                embed=self._embed(),
            )
        if places and len(places) != world:
            raise ConfigError(
                None,
                f"the checkpoint is of a stream over {len(places)} processes, not {world}",
                f"resume with {len(places)}",
            )
        return StreamFeed(
            config,
            fabric.device,
            stride=self._stride,
            rank=rank,
            world=world,
            embed=self._embed(),
            start=places[rank] if places else None,
        )

    def _embed(self) -> Embed | None:
        """How the feed comes by the embeddings of a batch."""
        embedder = self._embedder
        if embedder is None:
            return None
        data, settings = self._config.data, self._config.embedder
        if settings.cache:
            cached = CachedEmbeddings(data.train, settings, embedder, data.fit)
            if self.photos is not None:
                cached(self.photos.keys)  # all are there, or the run does not begin
            return lambda keys, _lightness: cached(keys)

        def live(_keys: Any, lightness: Tensor) -> Tensor:
            with torch.no_grad():
                answer: Tensor = embedder(lightness)
            return answer

        return live


def load_photos(
    sources: tuple[str, ...],
    device: torch.device,
    log: Callable[[str], None],
    min_colorfulness: float = 0.0,
    only: frozenset[str] | None = None,
) -> MemoryPhotos:
    """Read photos into memory, and say so."""
    photos = MemoryPhotos.load(sources, device, min_colorfulness, only)
    log(f"{len(photos)} photos from {', '.join(sources)} in memory")
    return photos


def _open_photos(
    config: RunConfig, fabric: Fabric, log: Callable[[str], None]
) -> MemoryPhotos | ShardPhotos | None:
    data = config.data
    if data.stream and data.on_demand:
        raise ConfigError("data.stream", "and data.on_demand exclude each other", "choose one")
    if data.balance != 1 and not data.on_demand:
        raise ConfigError("data.balance", "needs data.on_demand", "set data.on_demand = true")
    if data.stream:
        return None
    if not data.on_demand:
        return load_photos(data.train, fabric.device, log, data.min_colorfulness, chosen_keys(data))
    if data.min_colorfulness:
        raise ConfigError(
            "data.min_colorfulness",
            "must be 0 with data.on_demand",
            "drop dull photos when the shards are made (photochrom data prepare)",
        )
    photos = ShardPhotos(data.train, chosen_keys(data))
    log(
        f"{len(photos)} photos of {len(set(photos.sources))} sources on the disk, from "
        f"{', '.join(data.train)}"
    )
    return photos
