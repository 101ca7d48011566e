"""Photos of local shards, read and decoded when they are drawn.

For sets that do not fit into memory decoded, on a disk that does: any photo can be drawn at any
time, so a run goes through them in one well-mixed order, as it does in memory.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import DataError, os_reason
from photochrom.workshop.data.shards import IMAGE_SUFFIXES, decode_rgb, shard_paths


@dataclass(frozen=True)
class _Place:
    """Where an encoded photo lies: its shard, the first byte and the number of bytes."""

    shard: str
    offset: int
    size: int


class ShardPhotos:
    """The photos of uncompressed tar shards, indexed once and decoded when read.

    keys: the photos' names. sources: of each photo, the label of its collection: what its record
    says, else the name of its shard's folder.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        only: Container[str] | None = None,
        workers: int = 2,
    ) -> None:
        """Find the photos; only headers and records are read.

        sources: as for `shard_paths`, local. only: the keys that are meant, all where None.
        workers: decoding threads.
        Raises DataError where a shard cannot be read, is compressed or not on a disk, and where no
        photo is left.
        """
        self._places: list[_Place] = []
        self.keys: list[str] = []
        self.sources: list[str] = []
        for shard in shard_paths(sources):
            self._index(shard, only)
        if not self.keys:
            raise DataError(", ".join(map(str, sources)), "no photos there", "name other shards")
        self._pool = ThreadPoolExecutor(workers)

    def _index(self, shard: str, only: Container[str] | None) -> None:
        if "://" in shard:
            raise DataError(shard, "not on this disk", "copy the shard, or set data.stream = true")
        label = Path(shard).resolve().parent.name
        places: dict[str, _Place] = {}
        labels: dict[str, str] = {}
        try:
            with Path(shard).open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
                for member in archive:
                    name = PurePosixPath(member.name)
                    key = str(name.with_suffix(""))
                    if only is not None and key not in only:
                        continue
                    if name.suffix.lower() in IMAGE_SUFFIXES:
                        places[key] = _Place(shard, member.offset_data, member.size)
                    elif name.suffix.lower() == ".json":
                        content = archive.extractfile(member)
                        record = json.load(content) if content is not None else {}
                        labels[key] = str(record.get("source") or label)
        except (OSError, tarfile.TarError, ValueError, AttributeError) as error:
            reason = " ".join(str(error).split())
            raise DataError(
                shard, f"no readable uncompressed shard ({reason})", "make it again"
            ) from (error)
        for key, place in places.items():
            self._places.append(place)
            self.keys.append(key)
            self.sources.append(labels.get(key, label))

    def __len__(self) -> int:
        return len(self.keys)

    def photos(self, indices: Sequence[int]) -> list[tuple[str, NDArray[np.uint8]]]:
        """Key and pixels, (H, W, 3) uint8 sRGB, of each of the photos.

        Raises DataError where one cannot be read.
        """
        return list(self._pool.map(self._photo, indices))

    def _photo(self, index: int) -> tuple[str, NDArray[np.uint8]]:
        place, key = self._places[index], self.keys[index]
        try:
            with Path(place.shard).open("rb") as file:
                file.seek(place.offset)
                encoded = file.read(place.size)
        except OSError as error:
            raise DataError(place.shard, f"cannot be read ({os_reason(error)})") from error
        return key, decode_rgb(encoded, f"{place.shard}: {key}")
