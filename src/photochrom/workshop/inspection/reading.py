"""A network's output for a photo: colours, labels, the fusion's effect, the confidence."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import timm
import torch
from torch import Tensor, nn

from photochrom.color.bins import rebalancing_weights
from photochrom.color.lab import Array
from photochrom.errors import ConfigError, ModelError, Option, Remedy
from photochrom.filters.upsample import refine
from photochrom.workshop.inspection.features import Features, look
from photochrom.workshop.inspection.subject import Subject
from photochrom.workshop.training.checkpoint import Progress, load_network
from photochrom.workshop.training.config import EmbedderConfig, RunConfig
from photochrom.workshop.training.embedder import Embedder, load_embedder
from photochrom.workshop.training.objective import DECODINGS, build_color_objective

DECODING = {"bins": "middle", "ab": "predicted"}
"""Which of an objective's colours are shown."""
LABELS = 5
POINTS = (0.98, 0.65, 0.35, 0.02)
"""The points shown are the photo's most confident, its least, and two between (shares of it)."""
APART = 0.15
"""Least distance between two points, as a share of the photo's long side."""


@dataclass(frozen=True)
class Labels:
    """What a classifier sees in the grey photo.

    classifier: its name in timm. names, shares: of the most likely classes; likeliest first.
    """

    classifier: str
    names: list[str]
    shares: list[float]


@dataclass(frozen=True)
class Point:
    """The distribution that a network over bins predicts at one place.

    place: row and column on the copy. lightness: L there. shares: (Q,), of the bins.
    confidence: 1 - entropy. ab: the colour chosen there. real: the photo's own, where it has any.
    """

    place: tuple[int, int]
    lightness: float
    shares: Array
    confidence: float
    ab: Array
    real: Array | None


@dataclass(frozen=True)
class Distribution:
    """The output of a network over bins: its confidence (h, w) at its stride, and points."""

    confidence: Array
    points: list[Point]


@dataclass(frozen=True)
class Reading:
    """All that is shown of one photo and one network.

    ab: (1, 2, H, W), the colours on the copy, Lab units. blind: the same with an embedding of
    zeros, of a network that has one. why_no_labels: the reason where labels are missing.
    """

    features: Features
    ab: Tensor
    blind: Tensor | None
    labels: Labels | None
    why_no_labels: str
    distribution: Distribution | None


class Model:
    """A checkpoint's network, with its embedder where it has one."""

    def __init__(self, folder: Path, embedder_weights: str | None = None) -> None:
        """Load a checkpoint.

        embedder_weights: of the embedder, where they are not where the training had them.
        Raises ModelError where there is no checkpoint or the embedder is not the training's.
        """
        _check_is_checkpoint(folder)
        network, config, progress = load_network(folder)
        if network.output == "damage":
            raise ModelError(folder, "finds damage, and gives no colours", "name another one")
        self.network: nn.Module = network
        self.config: RunConfig = config
        self.progress: Progress = progress
        self.inputs: tuple[str, ...] = tuple(network.inputs)  # type: ignore[arg-type]
        self.over_bins = network.output == "bins"
        self.embedder = self._load_embedder(embedder_weights)

    def _load_embedder(self, weights: str | None) -> Embedder | None:
        if "embedding" not in self.inputs:
            return None
        settings = self.config.embedder
        embedder = load_embedder(replace(settings, weights=weights or settings.weights))
        if embedder.digest() != self.progress.embedder:
            raise ModelError(
                embedder.name,
                f"these weights are not those that {self.config.name} was trained with",
                Remedy("name the others by {}", Option("embedder_weights")),
            )
        return embedder

    @torch.no_grad()
    def read(self, subject: Subject, at: tuple[int, int] | None) -> Reading:
        """Look at a photo; `at` is a (row, column) of the copy that shall be among the points."""
        lightness = subject.lightness
        logits = None if self.embedder is None else self.embedder(lightness)
        features = look(self.network, self._inputs(lightness, logits))
        ab = self._colors(features.output, subject)
        blind = None
        if logits is not None:
            output = self.network(*self._inputs(lightness, torch.zeros_like(logits)))
            blind = self._colors(output, subject)
        labels, why = self._labels(lightness, logits)
        distribution = self._distribution(features.output, subject, ab, at)
        return Reading(features, ab, blind, labels, why, distribution)

    def _inputs(self, lightness: Tensor, embedding: Tensor | None) -> list[Tensor]:
        known = {
            "lightness": lightness,
            "hint_ab": lightness.new_zeros(1, 2, *lightness.shape[2:]),
            "hint_mask": torch.zeros_like(lightness),
            "embedding": embedding,
        }
        return [tensor for name in self.inputs if (tensor := known[name]) is not None]

    def _colors(self, output: Tensor, subject: Subject) -> Tensor:
        """The ab (1, 2, H, W) of an output, enlarged along the edges as the pipeline does."""
        objective = build_color_objective(self.network, self.config.loss, self.progress.prior)
        coarse = objective.colors(output)[DECODING[str(self.network.output)]]
        fine = refine(coarse[0].permute(1, 2, 0).numpy(), subject.lightness[0, 0].numpy())
        return torch.from_numpy(fine).permute(2, 0, 1)[None]

    def _labels(self, lightness: Tensor, logits: Tensor | None) -> tuple[Labels | None, str]:
        """The labels of the network's embedder, or of the classifier that its encoder was."""
        if logits is not None and self.embedder is not None:
            return name_classes(self.embedder.name, logits), ""
        name, weights = self.config.network.encoder, self.config.network.encoder_weights
        if not hasattr(self.network, "encoder"):
            return None, "It has no classifier beside it, so nothing tells it what the photo shows."
        if weights == "none":
            return None, "Its encoder began with random weights, so it was never a classifier."
        try:
            classifier = load_embedder(EmbedderConfig(name, weights))
        except (ModelError, ConfigError) as error:
            return None, f"The classifier that its encoder was cannot be shown: {error}."
        return name_classes(name, classifier(lightness)), ""

    def _distribution(
        self, output: Tensor, subject: Subject, ab: Tensor, at: tuple[int, int] | None
    ) -> Distribution | None:
        if not self.over_bins:
            return None
        weights = rebalancing_weights(self.progress.prior, self.config.loss.rebalance)
        gamma = DECODINGS[DECODING["bins"]].gamma
        balanced = output[0] - gamma * torch.from_numpy(weights).log()[:, None, None]
        log_p = balanced.log_softmax(0)
        entropy = -(log_p.exp() * log_p).sum(0) / math.log(len(log_p))
        confidence: Array = (1 - entropy).numpy()
        stride = subject.lightness.shape[2] // len(confidence)
        copy = subject.copy
        rows = slice(copy.top // stride, (copy.top + copy.height) // stride)
        columns = slice(copy.left // stride, (copy.left + copy.width) // stride)
        cells = [(r + rows.start, c + columns.start) for r, c in spread(confidence[rows, columns])]
        if at is not None:
            cells = [(at[0] // stride, at[1] // stride), *cells[:-1]]
        lab = subject.lab[0]
        points = []
        for row, column in cells:
            place = row * stride + stride // 2, column * stride + stride // 2
            points.append(
                Point(
                    place,
                    float(lab[0, place[0], place[1]]),
                    log_p[:, row, column].exp().numpy(),
                    float(confidence[row, column]),
                    ab[0, :, place[0], place[1]].numpy(),
                    lab[1:, place[0], place[1]].numpy() if subject.in_color else None,
                )
            )
        return Distribution(confidence[rows, columns], points)


def spread(confidence: Array) -> list[tuple[int, int]]:
    """Cells of differing confidence, away from each other and from the edges; surest first.

    confidence: (h, w). Returns (row, column) for each of `POINTS`.
    """
    height, width = confidence.shape
    margin = max(1, round(0.04 * max(height, width)))
    rows, columns = np.mgrid[:height, :width]
    free = (rows >= margin) & (rows < height - margin)
    free &= (columns >= margin) & (columns < width - margin)
    if not free.any():
        free[:] = True
    cells: list[tuple[int, int]] = []
    for share in POINTS:
        if not free.any():
            break
        wanted = np.quantile(confidence, share)
        distance = np.where(free, np.abs(confidence - wanted), np.inf)
        row, column = divmod(int(distance.argmin()), width)
        cells.append((row, column))
        far = np.hypot(rows - row, columns - column) >= APART * max(height, width)
        free &= far
    return cells


def name_classes(classifier: str, logits: Tensor) -> Labels:
    """The likeliest classes of a classifier's logits (1, classes), by name."""
    best = logits[0].softmax(0).topk(min(LABELS, logits.shape[1]))
    classes = [int(index) for index in best.indices]
    if logits.shape[1] == 1000:
        names = [_name(index) for index in classes]
    else:
        names = [f"class {index}" for index in classes]
    return Labels(classifier, names, [float(share) for share in best.values])


def _name(index: int) -> str:
    """ImageNet's first word for a class."""
    description = str(timm.data.ImageNetInfo().index_to_description(index))
    return description.split(",")[0]


def _check_is_checkpoint(folder: Path) -> None:
    """Say what a folder is taken for where it is no checkpoint."""
    if folder.is_file():
        raise ModelError(
            folder,
            "is a file, but only a training checkpoint, a folder like out/koala/latest, can be "
            "looked into",
            "photochrom train makes one",
        )
    if (folder / "latest" / "checkpoint.json").is_file():
        raise ModelError(folder, "is a run's folder", f"name its checkpoint, {folder / 'latest'}")
    if not (folder / "checkpoint.json").is_file():
        raise ModelError(
            folder,
            "no checkpoint there",
            "name a folder that photochrom train wrote, like out/koala/latest",
        )
