"""Damaged photos whose damage is known: held-out artefacts, and annotated scans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from photochrom.workshop.data.draws import Draws
from photochrom.workshop.data.memory import Framing, MemoryPhotos
from photochrom.workshop.training.config import DamageConfig
from photochrom.workshop.training.damage import scans
from photochrom.workshop.training.damage.artefacts import Artefacts
from photochrom.workshop.training.damage.batches import DamageBatches
from photochrom.workshop.training.damage.laying import Sample, lay, sample_of
from photochrom.workshop.training.damage.validation import LUMA

Gray = NDArray[np.float32]

SEED = 20_000
"""Of the damage; no training run has it."""
FRAMING = Framing("crop", (0.2, 1.0), 1.15, 0.5)
SIDE = 192
GRAIN = 0.012
"""Of the photos under the annotated scans."""


def as_gray(codes: Image.Image) -> Gray:
    return np.asarray(codes.convert("L"), np.float32) / np.float32(255)


def gray_of(photo: torch.Tensor) -> Gray:
    weights = torch.tensor(LUMA)
    return torch.einsum("c,chw->hw", weights, photo.float() / 255).numpy()


class HeldOut:
    """Damage that training never saw: held-out cut-outs, drawn shapes of other seeds."""

    def __init__(self, artefacts: Path) -> None:
        folder = artefacts / "synthetic"
        config = DamageConfig(artefacts=str(folder), damaged=1.0)
        self._batches, self._artefacts = (
            DamageBatches(config, held_out=True),
            Artefacts(folder, True),
        )

    def square(self, photos: MemoryPhotos, index: int) -> Sample:
        """A square of a photo as training sees one: aged, with grain, and damaged."""
        draws = Draws(SEED, [index])
        squares = photos.squares(torch.tensor([index]), SIDE, FRAMING, draws)
        batch = self._batches(squares, draws)
        gray, target, counts = (
            plane[0, 0].numpy() for plane in (batch.gray, batch.target, batch.counts)
        )
        return Sample(gray, target > 0, counts > 0)

    def whole(self, gray: Gray, index: int) -> Sample:
        """A square photo of its own size, changed by nothing but damage."""
        random = np.random.default_rng([SEED, index])
        change = scans.blur(lay(gray, random, self._artefacts) - gray, random.uniform(0.3, 1.0))
        damaged = np.clip(gray + change, 0, 1)
        return sample_of(gray, change, (damaged * 255).round().astype(np.float32) / 255)


class Scans:
    """The polygons of the annotated scans."""

    def __init__(self, artefacts: Path) -> None:
        self.scans = [
            [
                np.array([(point["x"], point["y"]) for point in piece["points"]], np.float64)
                for piece in json.loads(path.read_text(encoding="utf-8")).values()
            ]
            for path in sorted((artefacts / "scans").glob("*.json"))
        ]

    def lay(self, photo: Gray, index: int) -> Sample:
        """A photo, twice as large, under a window of a scan around one of its pieces."""
        random = np.random.default_rng([SEED, index])
        size = (2 * photo.shape[1], 2 * photo.shape[0])
        enlarged = Image.fromarray((photo * 255).round().astype(np.uint8)).resize(
            size, Image.Resampling.LANCZOS
        )
        gray = as_gray(enlarged)
        pieces = self.scans[index % len(self.scans)]
        middle = pieces[random.integers(len(pieces))].mean(0)
        corner = middle - random.uniform(0.2, 0.8, 2) * size
        page = Image.new("L", size)
        draw = ImageDraw.Draw(page)
        for piece in pieces:
            place = piece - corner
            if (place.max(0) > 0).all() and (place.min(0) < size).all():
                fill = round(255 * random.uniform(0.6, 1))
                draw.polygon([tuple(point) for point in place.tolist()], fill)
        opacity = scans.blur(as_gray(page), 0.7)
        noise = random.standard_normal(gray.shape, np.float32) * np.float32(GRAIN)
        gray = np.clip(gray + noise, 0, 1)
        change = opacity * (np.float32(random.uniform(0.85, 1)) - gray)
        return sample_of(gray, change, scans.stored(gray + change, random), GRAIN)
