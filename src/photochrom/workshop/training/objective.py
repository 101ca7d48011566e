"""What a network's output means: its loss in training, its colours in validation and export."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.color.bins import gamut_bins
from photochrom.color.lab import Array
from photochrom.color.vividness import Decoding
from photochrom.workshop.training.augment import Batch
from photochrom.workshop.training.config import LossConfig, RunConfig
from photochrom.workshop.training.damage.objective import DamageObjective
from photochrom.workshop.training.losses import BinEncoder, ColorLoss, count_prior
from photochrom.workshop.training.networks.blocks import AB_SCALE
from photochrom.workshop.training.perceptual import PerceptualLoss

DECODINGS = {
    "faithful": Decoding(1.0, 0.6, 1.0),
    "middle": Decoding(0.5, 0.6, 1.15),
    "trained": Decoding(0.0, 0.38, 1.0),
}


class BinsObjective(nn.Module):
    """For networks that predict a distribution over ab bins."""

    names = tuple(DECODINGS)
    """Of the colours it makes of an output."""
    shown = ("faithful", "trained")
    """Which of them a contact sheet shows."""

    def __init__(self, config: LossConfig, prior: Array) -> None:
        super().__init__()
        encoder = BinEncoder(gamut_bins(), config.smoothing, config.neighbors)
        self.loss = ColorLoss(encoder, prior, config.rebalance, config.mean_color)
        self.perceptual = PerceptualLoss() if config.perceptual else None
        self.perceptual_weight = config.perceptual

    def forward(self, output: Tensor, batch: Batch) -> dict[str, Tensor]:
        """The loss and its named parts, for logits (N, Q, h, w)."""
        parts: dict[str, Tensor] = self.loss(output, batch.target)
        if self.perceptual is None:
            return parts
        ours = self._decode(output, DECODINGS["middle"])
        distance = self.perceptual(ours, batch.target, batch.lightness)
        total = parts["loss"] + self.perceptual_weight * distance
        return {**parts, "loss": total, "perceptual": distance}

    def colors(self, output: Tensor) -> dict[str, Tensor]:
        """The ab (N, 2, h, w), Lab units, that each decoding makes of logits (N, Q, h, w)."""
        return {name: self._decode(output, how) for name, how in DECODINGS.items()}

    def _decode(self, output: Tensor, how: Decoding) -> Tensor:
        return decode(output, self.loss.encoder.centers, self.loss.weights.log(), how)


class AbObjective(nn.Module):
    """For networks that predict ab itself, as the paper's do: the mean squared error."""

    names = ("predicted",)
    shown = ("predicted",)

    def forward(self, output: Tensor, batch: Batch) -> dict[str, Tensor]:
        """The loss, for ab / 128 (N, 2, h, w)."""
        wanted = batch.target / AB_SCALE
        return {"loss": F.mse_loss(output.to(wanted.dtype), wanted)}

    def colors(self, output: Tensor) -> dict[str, Tensor]:
        """The ab (N, 2, h, w), Lab units, of ab / 128."""
        return {"predicted": output.float() * AB_SCALE}


ColorObjective = BinsObjective | AbObjective
Objective = ColorObjective | DamageObjective


def build_objective(network: nn.Module, config: RunConfig, prior: Array) -> Objective:
    """The objective that fits a network's output."""
    if network.output == "damage":
        return DamageObjective(config.damage)
    return build_color_objective(network, config.loss, prior)


def build_color_objective(network: nn.Module, config: LossConfig, prior: Array) -> ColorObjective:
    """The objective of a network that colours."""
    return BinsObjective(config, prior) if network.output == "bins" else AbObjective()


def measure_prior(config: LossConfig, colors: Iterable[Tensor]) -> Array:
    """Share of each bin in the training photos, (Q,).

    colors: (N, 2, h, w) tensors of ab, Lab units.
    """
    encoder = BinEncoder(gamut_bins(), config.smoothing, config.neighbors)
    batches = list(colors)
    return count_prior(encoder.to(batches[0].device), batches).cpu().numpy()


def decode(logits: Tensor, centers: Tensor, log_weights: Tensor, how: Decoding) -> Tensor:
    """The ab (N, 2, h, w) of logits (N, Q, h, w)."""
    z = (logits.float() - how.gamma * log_weights[:, None, None]) / how.temperature
    return how.gain * torch.einsum("nqhw,qc->nchw", z.softmax(1), centers)
