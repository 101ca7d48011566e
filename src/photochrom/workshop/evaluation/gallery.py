"""The pictures of an evaluation, stored on the disk until the report is written."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom.workshop.evaluation.original import Picture


class Gallery:
    """Pictures by photo and row, as PNG files in one folder."""

    def __init__(self, folder: Path, most: int | None = None) -> None:
        """Keep the pictures of the first `most` photos, or of all."""
        self._folder = folder
        self._most = most
        self._files: dict[str, dict[str, Path]] = defaultdict(dict)

    def keep(self, key: str, row: str, picture: Picture) -> None:
        """Store a picture, (H, W, 3) uint8."""
        if key not in self._files and len(self._files) == self._most:
            return
        files = self._files[key]
        files[row] = self._folder / f"{len(self._files)}-{len(files)}.png"
        Image.fromarray(picture).save(files[row], compress_level=1)

    def pictures(self, key: str) -> dict[str, Picture]:
        """The pictures of one photo by row, in the order they came."""
        return {row: _read(file) for row, file in self._files[key].items()}

    @property
    def keys(self) -> list[str]:
        """The photos' keys, in the order they came."""
        return list(self._files)


@contextmanager
def temporary_gallery(most: int | None = None) -> Iterator[Gallery]:
    """A gallery that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        yield Gallery(Path(folder), most)


def _read(file: Path) -> Picture:
    with Image.open(file) as image:
        return np.asarray(image)
