"""Figures and a contact sheet during training, at the network's own scale.

They follow a run cheaply; a model's published figures come from `photochrom evaluate`, which
scores the pipeline that users run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from photochrom.color import metrics
from photochrom.workshop.contact_sheet import save_sheet
from photochrom.workshop.data.memory import MemoryPhotos
from photochrom.workshop.training.augment import reveal_squares
from photochrom.workshop.training.config import ValidationConfig
from photochrom.workshop.training.lab import lab_from_srgb, srgb_from_lab
from photochrom.workshop.training.objective import ColorObjective

MULTIPLE = 32
WHITE = 1.0

HINT_RADIUS = 3
"""Of the squares that are revealed, pixels."""
GOLDEN_RATIOS = (0.7548776662466927, 0.5698402909980532)
"""Steps of the R2 sequence, whose first n points are spread evenly for every n.

Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018.
"""

Network = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From lightness (1, 1, H, W), 0..100, hint_ab (1, 2, H, W) and hint_mask (1, 1, H, W) to the
network's output."""


@dataclass(frozen=True)
class Copy:
    """A photo as the network sees it.

    rgb: (1, 3, H, W), 0..1. top, left, height, width: where the photo is in it, the rest is white.
    """

    rgb: Tensor
    top: int
    left: int
    height: int
    width: int

    def photo(self, picture: Tensor) -> Tensor:
        """Cut the photo out of a (..., H, W) tensor."""
        rows = slice(self.top, self.top + self.height)
        return picture[..., rows, self.left : self.left + self.width]


def network_copy(photo: Tensor, size: int, fit: str) -> Copy:
    """Resize a photo (3, H, W) uint8 for the network.

    fit: "crop" for the whole photo with its short side near `size`; "pad" for a white square of
    `size` with the photo in its middle. Sides are multiples of 32.
    """
    sides = photo.shape[1:]
    scale = size / (max(sides) if fit == "pad" else min(sides))
    height, width = (max(1, round(side * scale / MULTIPLE)) * MULTIPLE for side in sides)
    resized = F.interpolate(photo[None].float(), (height, width), mode="bilinear", antialias=True)
    rgb = (resized / 255).clamp(0, 1)
    if fit != "pad":
        return Copy(rgb, 0, 0, height, width)
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = F.pad(rgb, (left, side - width - left, top, side - height - top), value=WHITE)
    return Copy(square, top, left, height, width)


@dataclass(frozen=True)
class _Scored:
    """One photo: its pictures, and the scores of each (PSNR, ab error, ab MSE, colourfulness)."""

    pictures: dict[str, NDArray[np.uint8]]
    scores: dict[str, tuple[float, float, float, float]]


@torch.no_grad()
def validate(
    network: Network,
    objective: ColorObjective,
    photos: MemoryPhotos,
    config: ValidationConfig,
    fit: str,
    fabric: Fabric,
    sheet: Path,
) -> dict[str, float]:
    """Colour the validation photos, write a contact sheet (grey, coloured, real).

    The sheet shows photos that lie evenly in the set. The processes share the photos. Returns, for
    each of the objective's colours, PSNR and ab error as gains over grey (dB, percent), the
    squared error of ab as a share of grey's (percent) and the colourfulness as a ratio to the real
    photos'. Where `config.hint_points` colours are to be revealed to the network, "hinted" stands
    for the first of the objective's colours with them.
    """
    count = min(config.photos, len(photos))
    totals: dict[str, Tensor] = {}
    sheet_step = max(1, count // config.sheet) if config.sheet else 0  # over the whole set
    rows: list[list[NDArray[np.uint8]]] = []
    for index in range(count):
        own = index % fabric.world_size == fabric.global_rank
        shown = fabric.is_global_zero and len(rows) < config.sheet and not index % sheet_step
        if not own and not shown:
            continue
        copy = network_copy(photos.photo(index), config.size, fit)
        scored = _color(network, objective, copy, config.hint_points)
        if own:
            for name, score in scored.scores.items():
                totals[name] = totals.get(name, torch.zeros(4, dtype=torch.float64))
                totals[name] += torch.tensor(score, dtype=torch.float64)
        if shown:
            rows.append([scored.pictures[name] for name in ("grey", *objective.shown, "real")])
    if rows:
        save_sheet(rows, sheet)
    if fabric.world_size > 1:
        hinted = ("hinted",) if config.hint_points else ()
        totals = _sum_over_processes(fabric, totals, (*objective.names, *hinted))
    means = {name: total / count for name, total in totals.items()}
    figures: dict[str, float] = {}
    for name in means.keys() - {"grey", "real"}:
        gain = means[name]
        share, ratio = (gain / means[other].clamp(min=1e-9) for other in ("grey", "real"))
        figures[f"{name}/psnr_gain"] = float(gain[0] - means["grey"][0])
        figures[f"{name}/ab_gain"] = float(100 * (1 - share[1]))
        figures[f"{name}/ab_mse"] = float(100 * share[2])
        figures[f"{name}/colorfulness"] = float(ratio[3])
    return dict(sorted(figures.items()))


def _sum_over_processes(
    fabric: Fabric, totals: dict[str, Tensor], colored: Sequence[str]
) -> dict[str, Tensor]:
    """Add up the sums of all processes; one without photos adds nothing."""
    names = sorted({"grey", "real", *colored})
    table = torch.stack([totals.get(n, torch.zeros(4, dtype=torch.float64)) for n in names])
    summed = fabric.all_reduce(table.to(fabric.device), reduce_op="sum")
    return dict(zip(names, cast(Tensor, summed).cpu(), strict=True))


def _color(network: Network, objective: ColorObjective, copy: Copy, hint_points: int) -> _Scored:
    lab = lab_from_srgb(copy.rgb)
    lightness = lab[:, :1]
    without = torch.zeros_like(lab[:, 1:]), torch.zeros_like(lightness)
    colors = objective.colors(network(lightness, *without))
    if hint_points:
        hinted = network(lightness, *_reveal(lab[:, 1:], hint_points))
        colors["hinted"] = objective.colors(hinted)[objective.names[0]]
    colors["grey"] = torch.zeros_like(lab[:, 1:])
    truth = _bytes(copy.photo(copy.rgb))
    pictures, scores = {"real": truth}, {"real": (0.0, 0.0, 0.0, metrics.colorfulness(truth))}
    for name, coarse in colors.items():
        ab = F.interpolate(coarse, lab.shape[2:], mode="bilinear")
        ours = srgb_from_lab(torch.cat([lightness, ab.to(lab.dtype)], 1))
        pictures[name] = _bytes(copy.photo(ours))
        difference = copy.photo(ab - lab[:, 1:])
        scores[name] = (
            metrics.psnr(pictures[name], truth),
            float(difference.square().sum(1).sqrt().mean()),
            float(difference.square().mean()),
            metrics.colorfulness(pictures[name]),
        )
    return _Scored(pictures, scores)


def _reveal(ab: Tensor, points: int) -> tuple[Tensor, Tensor]:
    """Hints at evenly spread points: hint_ab and hint_mask of a photo's ab (1, 2, H, W)."""
    steps = torch.arange(1, points + 1, dtype=torch.float64)
    y, x = (
        ((steps * ratio % 1) * side).long()[None]
        for ratio, side in zip(GOLDEN_RATIOS, ab.shape[2:], strict=True)
    )
    radius = torch.full_like(y, HINT_RADIUS)
    return reveal_squares(ab, y, x, radius, torch.ones_like(y, dtype=torch.bool))


def _bytes(image: Tensor) -> NDArray[np.uint8]:
    return (image[0] * 255).round().byte().permute(1, 2, 0).cpu().numpy()
