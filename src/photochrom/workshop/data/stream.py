"""Photos drawn from shards without end, for sets that fit neither a disk nor memory.

What a stream gives depends on its arguments alone, so that it can stop anywhere and go on: a Place
says how far it came, and a new stream gets there by shuffling encoded bytes, decoding nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from photochrom._system.cpus import available_cpus
from photochrom._system.threads import ordered_map
from photochrom.color.metrics import colorfulness
from photochrom.errors import ConfigError, DataError
from photochrom.workshop.data.shards import StoredPhoto, decode_rgb, photos_in, shard_paths

READ_TOGETHER, READ_AHEAD = 32, 8
"""Encoded photos that the reading thread takes in one go, and how many such goes it is ahead."""
DECODED_AHEAD = 4
"""Photos decoded ahead for each decoding thread."""
ORDER_STREAM, BUFFER_STREAM = 0, 1
"""Which use of the seed a generator serves."""

Item = TypeVar("Item")


@dataclass(frozen=True, order=True)
class Place:
    """Where a stream stands.

    epoch: how many times the whole set has gone by.
    position: how many photos of this epoch the part has drawn, those passed over included.
    """

    epoch: int = 0
    position: int = 0


@dataclass(frozen=True)
class Drawn:
    """One photo out of a stream.

    pixels: (H, W, 3) uint8 sRGB, upright.
    after: where a stream starts that goes on behind this photo.
    """

    key: str
    pixels: NDArray[np.uint8]
    after: Place


class ShardStream:
    """The photos of many shards, epoch after epoch, each epoch in an order of its own.

    An epoch permutes the shards and deals them out to the parts; a part draws from a buffer of
    encoded photos that it keeps filled. Together the parts see every photo exactly once an epoch.
    With fewer shards than parts every part reads them all and takes each photo that is its turn.

    One thread reads and shuffles ahead of the drawing, into the next shard when the current one
    ends; others decode. Closing an iterator, or dropping it, ends them.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        *,
        seed: int,
        part: int = 0,
        parts: int = 1,
        buffer: int = 2048,
        workers: int | None = None,
        min_colorfulness: float = 0.0,
        only: Container[str] | None = None,
        start: Place = Place(),
    ) -> None:
        """Describe a stream; nothing but folders is read yet.

        sources: as for shard_paths.
        seed: of all choices, not negative.
        part, parts: which share of the photos; one for each process that trains.
        buffer: encoded photos to shuffle among; more mix the photos of more shards.
        workers: decoding threads, one for each core where None.
        min_colorfulness: pass over photos below it; they count as drawn.
        only: the keys of the photos that are meant, all where None; the others count as drawn.
        start: where to go on, the `after` of a stream with the same other arguments.
        Raises DataError as shard_paths does, ConfigError for numbers out of range.
        """
        if not 0 <= part < parts or buffer < 1 or seed < 0:
            raise ConfigError(
                f"part {part} of {parts}, buffer {buffer}, seed {seed}",
                "parts count from 0, a buffer holds at least one photo, and a seed is not negative",
            )
        self.sources = tuple(map(str, sources))
        self.shards = shard_paths(sources)
        self.seed = seed
        self.part = part
        self.parts = parts
        self.buffer = buffer
        self.workers = workers or available_cpus()
        self.min_colorfulness = min_colorfulness
        self.only = only
        self.start = start

    def __iter__(self) -> Generator[Drawn]:
        """Draw photos from `start` on, without end.

        Raises DataError where a shard or photo cannot be read, where a whole epoch has no photo
        for this part, and where `start` lies behind the end of its epoch.
        """
        fruitful = self.start.position > 0  # what came before `start` may have been
        with (
            closing(_read_ahead(self._encoded())) as encoded,
            closing(self._decoded(encoded)) as decoded,
        ):
            for place, drawn in decoded:
                if drawn is not None:
                    fruitful = True
                    yield drawn
                if place.position == 0:
                    if not fruitful:
                        meant = "" if self.only is None else " among those meant"
                        raise self._barren(f"as colourful as {self.min_colorfulness:g}{meant}")
                    fruitful = False

    def _decoded(
        self, encoded: Iterator[tuple[StoredPhoto, Place, Place]]
    ) -> Generator[tuple[Place, Drawn | None]]:
        """Yield the place after each photo, and the photo; None where it is passed over."""

        def work(photo: tuple[StoredPhoto, Place, Place]) -> tuple[Place, Drawn | None]:
            stored, _, after = photo
            pixels = self._decode(stored)
            return after, None if pixels is None else Drawn(stored.key, pixels, after)

        photos = (photo for photo in encoded if photo[1] >= self.start)
        return ordered_map(work, photos, self.workers, DECODED_AHEAD)

    def _decode(self, photo: StoredPhoto) -> NDArray[np.uint8] | None:
        """Pixels of a photo, None where it is to be passed over."""
        if self.only is not None and photo.key not in self.only:
            return None
        pixels = decode_rgb(photo.encoded, f"{photo.shard}: {photo.key}")
        if self.min_colorfulness and colorfulness(pixels[::3, ::3]) < self.min_colorfulness:
            return None
        return pixels

    def _encoded(self) -> Generator[tuple[StoredPhoto, Place, Place]]:
        """Yield photos from the epoch of `start` on, with the places before and behind them."""
        for epoch in count(self.start.epoch):
            drawn = 0
            held: StoredPhoto | None = None  # until it is known whether it ends the epoch
            for photo in self._shuffled(epoch):
                if held is not None:
                    yield held, Place(epoch, drawn - 1), Place(epoch, drawn)
                held = photo
                drawn += 1
            if held is None:
                raise self._barren("for it")
            yield held, Place(epoch, drawn - 1), Place(epoch + 1)
            if epoch == self.start.epoch and drawn < self.start.position:
                raise DataError(
                    ", ".join(self.sources),
                    f"epoch {epoch} has {drawn} photos for this part, none behind "
                    f"{self.start.position}",
                    "resume with shards and parts as they were",
                )

    def _shuffled(self, epoch: int) -> Iterator[StoredPhoto]:
        random = _random(self.seed, BUFFER_STREAM, epoch, self.part)
        held: list[StoredPhoto] = []
        for photo in self._dealt(epoch):
            if len(held) < self.buffer:
                held.append(photo)
                continue
            index = random.randrange(self.buffer)
            drawn, held[index] = held[index], photo
            yield drawn
        random.shuffle(held)
        while held:
            yield held.pop()

    def _dealt(self, epoch: int) -> Iterator[StoredPhoto]:
        """Yield the photos of an epoch that are for this part, shard by shard."""
        shards = list(self.shards)
        _random(self.seed, ORDER_STREAM, epoch, 0).shuffle(shards)
        shared = len(shards) < self.parts
        mine = shards if shared else shards[self.part :: self.parts]
        photos = (photo for shard in mine for photo in photos_in(shard))
        return islice(photos, self.part, None, self.parts) if shared else photos

    def _barren(self, lack: str) -> DataError:
        return DataError(
            ", ".join(self.sources),
            f"part {self.part} of {self.parts} went through an epoch without a photo {lack}",
            "add shards, use fewer processes or lower min_colorfulness",
        )


def _random(seed: int, *numbers: int) -> Random:
    """A generator that depends on nothing but its arguments, the same on every machine."""
    mixed = seed
    for number in numbers:
        mixed = mixed << 32 | number
    return Random(mixed)


def _read_ahead(items: Generator[Item]) -> Generator[Item]:
    """Pass on what an endless generator yields, which runs ahead on a thread of its own."""
    pool = ThreadPoolExecutor(1)
    pending: deque[Future[list[Item]]] = deque()
    try:
        while True:
            while len(pending) < READ_AHEAD:
                pending.append(pool.submit(lambda: list(islice(items, READ_TOGETHER))))
            yield from pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        items.close()
