"""Figures and a contact sheet during training, at the network's own scale.

They follow a run cheaply; a model's published figures come from `photochrom evaluate`, which
scores the pipeline that users run.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom import metrics
from photochrom.data.memory import MemoryPhotos
from photochrom.dial import Decoding
from photochrom.sheet import save_sheet
from photochrom.training.config import ValidationConfig
from photochrom.training.lab import lab_from_srgb, srgb_from_lab

MULTIPLE = 32


DECODINGS = {
    "faithful": Decoding(1.0, 0.6, 1.0),
    "middle": Decoding(0.5, 0.6, 1.15),
    "trained": Decoding(0.0, 0.38, 1.0),
}


def network_copy(photo: Tensor, size: int) -> Tensor:
    """Resize a photo (3, H, W) uint8 to (1, 3, h, w) in 0..1, short side near `size`."""
    short = min(photo.shape[1:])
    sides = [max(1, round(side * size / short / MULTIPLE)) * MULTIPLE for side in photo.shape[1:]]
    resized = F.interpolate(photo[None].float(), sides, mode="bilinear", antialias=True)
    return (resized / 255).clamp(0, 1)


def decode(logits: Tensor, centres: Tensor, log_weights: Tensor, how: Decoding) -> Tensor:
    """The ab (N, 2, h, w) of logits (N, Q, h, w)."""
    z = (logits.float() - how.gamma * log_weights[:, None, None]) / how.temperature
    return how.gain * torch.einsum("nqhw,qc->nchw", z.softmax(1), centres)


@torch.no_grad()
def validate(
    network: nn.Module,
    photos: MemoryPhotos,
    config: ValidationConfig,
    centres: Tensor,
    log_weights: Tensor,
    sheet: Path,
) -> dict[str, float]:
    """Colour the validation photos, write a contact sheet (grey, faithful, trained, real).

    Returns, for each decoding, PSNR and ab error as gains over grey (dB, percent) and the
    colourfulness as a ratio to the real photos'.
    """
    totals: dict[str, list[tuple[float, float, float]]] = {}
    rows = []
    for index in range(min(config.photos, len(photos))):
        real = network_copy(photos.photo(index), config.size)
        lab = lab_from_srgb(real)
        lightness = lab[:, :1]
        none = torch.zeros_like(lab[:, 1:])
        logits = network(lightness, none, none[:, :1])
        truth = _bytes(real)
        pictures = {}
        for name, how in (DECODINGS | {"grey": None}).items():
            if how is None:
                ab = none
            else:
                ab = decode(logits, centres, log_weights, how)
                ab = F.interpolate(ab, lab.shape[2:], mode="bilinear")
            picture = _bytes(srgb_from_lab(torch.cat([lightness, ab], 1)))
            pictures[name] = picture
            distance = float((ab - lab[:, 1:]).norm(dim=1).mean())
            score = (metrics.psnr(picture, truth), distance, metrics.colourfulness(picture))
            totals.setdefault(name, []).append(score)
        totals.setdefault("real", []).append((0.0, 0.0, metrics.colourfulness(truth)))
        if index < config.sheet:
            rows.append([pictures["grey"], pictures["faithful"], pictures["trained"], truth])
    if rows:
        save_sheet(rows, sheet)
    means = {name: np.mean(scores, axis=0) for name, scores in totals.items()}
    figures: dict[str, float] = {}
    for name in DECODINGS:
        figures[f"{name}/psnr_gain"] = float(means[name][0] - means["grey"][0])
        figures[f"{name}/ab_gain"] = float(100 * (1 - means[name][1] / means["grey"][1]))
        figures[f"{name}/colourfulness"] = float(means[name][2] / means["real"][2])
    return figures


def _bytes(image: Tensor) -> np.ndarray:
    return (image[0] * 255).round().byte().permute(1, 2, 0).cpu().numpy()
