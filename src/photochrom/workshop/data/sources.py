"""Decoded photos out of whatever a person names: shards, folders of shards or photos, one file."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.workshop.data.shards import IMAGE_SUFFIXES, decode_rgb, decoded_photos


def photos_from(
    sources: Sequence[str | Path], only: Container[str] | None = None
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield (key, sRGB (H, W, 3) uint8) of every photo, source by source, in stored order.

    A folder that holds shards is read as shards, whatever else lies in it. A photo file's key is
    its name without the suffix.
    only: the keys that are meant, all where None; the others are not decoded.
    Raises DataError where a source does not exist, holds nothing, or a photo cannot be read.
    """
    for source in sources:
        files = _photo_files(source)
        if files:
            for file in files:
                if only is not None and file.stem not in only:
                    continue
                yield file.stem, decode_rgb(file.read_bytes(), str(file))
        else:
            yield from decoded_photos([source], only=only)


def _photo_files(source: str | Path) -> list[Path]:
    if "://" in str(source):
        return []
    path = Path(source)
    if path.is_dir() and (any(path.glob("*.tar")) or any(path.glob("*/*.tar"))):
        return []
    files = [path] if path.is_file() else sorted(path.glob("*")) if path.is_dir() else []
    return [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES]
