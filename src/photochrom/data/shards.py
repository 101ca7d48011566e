"""Read photographs out of WebDataset tar shards and folders.

A shard is a plain tar of encoded images, named KEY.EXT; other members (KEY.json, ...) are passed
over here.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from photochrom.errors import DataError

IMAGE_SUFFIXES = frozenset({".webp", ".jpg", ".jpeg", ".png", ".tif", ".tiff"})


def shard_paths(sources: Sequence[str | Path]) -> list[Path]:
    """Expand files and folders to a sorted list of tar shards.

    Raises DataError where a source does not exist or a folder holds no shard.
    """
    paths: list[Path] = []
    for source in map(Path, sources):
        if source.is_dir():
            found = sorted(source.glob("*.tar"))
            if not found:
                raise DataError(f"{source}: no .tar shards in this folder; name another one")
            paths += found
        elif source.is_file():
            paths.append(source)
        else:
            raise DataError(f"{source}: no such shard or folder; check the name")
    return paths


def encoded_photos(sources: Sequence[str | Path]) -> Iterator[tuple[str, bytes]]:
    """Yield (key, encoded bytes) of every image, shard by shard, in stored order."""
    for path in shard_paths(sources):
        try:
            with tarfile.open(path) as shard:
                for member in shard:
                    name = PurePosixPath(member.name)
                    if not member.isfile() or name.suffix.lower() not in IMAGE_SUFFIXES:
                        continue
                    stream = shard.extractfile(member)
                    if stream is not None:
                        yield str(name.with_suffix("")), stream.read()
        except tarfile.TarError as error:
            raise DataError(
                f"{path}: not a readable tar shard ({error}); fetch it again"
            ) from error


def decode_rgb(encoded: bytes, key: str) -> NDArray[np.uint8]:
    """Decode one photo to upright sRGB, (H, W, 3) uint8.

    Raises DataError naming `key` where the bytes are no image.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DataError(f"{key}: not a readable image ({error}); drop it from the shard") from error


def decoded_photos(
    sources: Sequence[str | Path], workers: int | None = None
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield (key, sRGB (H, W, 3) uint8) of every photo, decoded on several threads, in order."""
    count = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(count) as pool:
        pending: deque[tuple[str, Future[NDArray[np.uint8]]]] = deque()
        for key, encoded in encoded_photos(sources):
            pending.append((key, pool.submit(decode_rgb, encoded, key)))
            if len(pending) > 8 * count:
                first, future = pending.popleft()
                yield first, future.result()
        for key, future in pending:
            yield key, future.result()
