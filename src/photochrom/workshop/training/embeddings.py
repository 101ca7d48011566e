"""Embeddings computed once: a file beside every shard, keyed by photo and by embedder.

SHARD.MODEL.embeddings.safetensors holds `embeddings` (N, C) float32 and, in its metadata, the
photos' keys, the embedder's name and digest, and how the photos were framed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import fsspec
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from photochrom._system.atomic import atomic_write
from photochrom.errors import DataError
from photochrom.workshop.data.memory import Framing, MemoryPhotos
from photochrom.workshop.data.shards import decoded_photos, shard_paths
from photochrom.workshop.training.config import EmbedderConfig
from photochrom.workshop.training.embedder import Embedder
from photochrom.workshop.training.graph import as_onnx
from photochrom.workshop.training.lab import lab_from_srgb

BATCH = 16


def embeddings_path(shard: str, model: str, folder: str) -> str:
    """Where a shard's embeddings lie: in `folder`, or beside the shard for "beside"."""
    stem = shard.removesuffix(".tar")
    if folder != "beside":
        stem = f"{folder.rstrip('/')}/{stem.rsplit('/', 1)[-1]}"
    return f"{stem}.{model}.embeddings.safetensors"


def embed_shards(
    sources: Sequence[str],
    embedder: Embedder,
    folder: str,
    framing: Framing,
    size: int,
    log: Callable[[str], None] = lambda _line: None,
) -> None:
    """Write the embeddings of every photo of the shards; shards with embeddings are left out.

    folder: where to, or "beside" the shards.
    framing, size: the squares that a network will be trained on, unaugmented; a crop is the
    photo's middle.
    Raises DataError where a shard cannot be read or the file cannot be written.
    """
    if folder != "beside" and "://" not in folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    embed: Callable[[Tensor], Tensor] | None = None
    about = {
        "model": embedder.name,
        "digest": embedder.digest(),
        "fit": framing.fit,
        "size": str(size),
    }
    for shard, target in _targets(sources, embedder.name, folder).items():
        about["shard"] = hashlib.sha256(_read(shard)).hexdigest()
        if _stored(target)[0].items() >= about.items():
            log(f"{target}: there already")
            continue
        embed = embed or as_onnx(embedder, torch.zeros(1, 1, size, size))
        photos = MemoryPhotos.of(decoded_photos([shard]), torch.device("cpu"), f"in {shard}")
        rows = []
        for first in range(0, len(photos), BATCH):
            indices = torch.arange(first, min(first + BATCH, len(photos)))
            squares = photos.whole(indices, size, framing.fit)
            rows.append(embed(lab_from_srgb(squares)[:, :1]))
        metadata = about | {"keys": json.dumps(photos.keys)}
        stored = safetensors.torch.save({"embeddings": torch.cat(rows)}, metadata)
        try:
            _write(target, stored)
        except (OSError, NotImplementedError) as error:
            raise DataError(
                target, f"cannot be written ({error})", "name another folder"
            ) from error
        log(f"{target}: {len(photos)} photos")


def _targets(sources: Sequence[str], model: str, folder: str) -> dict[str, str]:
    """The embeddings file of every shard; raises DataError where one cannot have its own."""
    targets = {shard: embeddings_path(shard, model, folder) for shard in shard_paths(sources)}
    for shard, target in targets.items():
        if target.startswith(("http://", "https://")):
            raise DataError(
                shard, "nothing can be written beside it", "name another folder for them"
            )
        if list(targets.values()).count(target) > 1:
            raise DataError(shard, "another shard has this name", "embed each into its own folder")
    return targets


class CachedEmbeddings:
    """The embeddings of a training set, looked up by the photos' keys."""

    def __init__(
        self, sources: Sequence[str], config: EmbedderConfig, embedder: Embedder, fit: str
    ) -> None:
        """Read the embeddings of all shards from where the configuration says they are.

        Raises DataError where a shard has none, or they are of another embedder or framing, or
        two photos have one key.
        """
        tables, rows = [], 0
        self._row: dict[str, int] = {}
        wanted = {"model": embedder.name, "digest": embedder.digest(), "fit": fit}
        for shard in map(str, shard_paths(sources)):
            path = embeddings_path(shard, embedder.name, config.cache)
            about, table = _stored(path)
            where = "beside them" if config.cache == "beside" else f"in {config.cache}"
            remedy = (
                f"embed the shards (photochrom data embed) with model {embedder.name}, weights "
                f"{config.weights} and fit {fit}, {where}"
            )
            if table is None:
                raise DataError(path, "no readable embeddings", remedy)
            for name, value in wanted.items():
                if about.get(name) != value:
                    raise DataError(
                        path,
                        f"made with {name} {about.get(name)}, but this run has {value}",
                        remedy,
                    )
            keys = json.loads(about["keys"])
            twice = [key for key in keys if key in self._row]
            if twice or len(set(keys)) < len(keys):
                raise DataError(shard, f"a photo's key, {(twice or keys)[0]}, is used twice")
            self._row |= {key: rows + index for index, key in enumerate(keys)}
            rows += len(keys)
            tables.append(table)
        self.table = torch.cat(tables)

    def __call__(self, keys: Sequence[str]) -> Tensor:
        """The embeddings of photos, (N, C); raises DataError for a key that is not there."""
        try:
            return self.table[[self._row[key] for key in keys]]
        except KeyError as error:
            raise DataError(
                error.args[0], "this photo has no embedding", "embed the shards again"
            ) from error


def _stored(path: str) -> tuple[dict[str, str], Tensor | None]:
    """An embeddings file's metadata and table; ({}, None) where there is no readable file."""
    try:
        content = _read(path)
        length = int.from_bytes(content[:8], "little")
        about: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
        return about, safetensors.torch.load(content)["embeddings"]
    except (OSError, ValueError, KeyError, safetensors.SafetensorError):
        return {}, None


def _read(path: str) -> bytes:
    with fsspec.open(path, "rb") as file:
        content: bytes = file.read()
    return content


def _write(path: str, content: bytes) -> None:
    if "://" in path:
        with fsspec.open(path, "wb") as file:
            file.write(content)
        return
    with atomic_write(Path(path)) as part:
        part.write_bytes(content)
