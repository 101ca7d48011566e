"""Soft-encoded, rebalanced cross-entropy over ab bins, and the prior it needs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.color.bins import rebalancing_weights
from photochrom.color.lab import Array

TABLE_RADIUS = 112
"""The encoding table covers a and b in -112..112 at steps of one unit; sRGB needs -108..98."""


class BinEncoder(nn.Module):
    """Encode colours as distributions over their nearest bins.

    Zhang and others 2016, section 2.2: the nearest bins, weighted by a Gaussian of their distance.
    Neighbours are looked up in a table at whole ab units; the weights use the exact distance.
    """

    centers: Tensor
    table: Tensor

    def __init__(self, centers: Array, smoothing: float, neighbors: int) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.register_buffer("centers", torch.from_numpy(centers.copy()))
        axis = torch.arange(-TABLE_RADIUS, TABLE_RADIUS + 1, dtype=torch.float32)
        plane = torch.cartesian_prod(axis, axis)
        nearest = torch.cdist(plane, self.centers).topk(neighbors, largest=False).indices
        self.register_buffer("table", nearest)

    def forward(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Nearest bins and their shares.

        ab: (N, 2, h, w), Lab units.
        Returns indices (N, K, h, w), nearest first, and shares (N, K, h, w) that sum to 1.
        """
        cell = (ab.round() + TABLE_RADIUS).long().clamp(0, 2 * TABLE_RADIUS)
        indices = self.table[cell[:, 0] * (2 * TABLE_RADIUS + 1) + cell[:, 1]]
        squared = (self.centers[indices] - ab.permute(0, 2, 3, 1)[:, :, :, None]).square().sum(-1)
        shares = torch.softmax(-squared / (2 * self.smoothing**2), dim=-1)
        return indices.permute(0, 3, 1, 2), shares.permute(0, 3, 1, 2)


def count_prior(encoder: BinEncoder, batches: list[Tensor]) -> Tensor:
    """Share of each bin among the colours of a list of (N, 2, h, w) ab tensors, (Q,)."""
    counts = torch.zeros(len(encoder.centers), device=encoder.centers.device)
    for ab in batches:
        indices, shares = encoder(ab)
        counts.index_add_(0, indices.flatten(), shares.flatten())
    return counts / counts.sum()


class ColorLoss(nn.Module):
    """Cross-entropy against the soft encoding, each cell weighted by how rare its colour is."""

    weights: Tensor

    def __init__(
        self, encoder: BinEncoder, prior: Array, rebalance: float, mean_color: float
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.mean_color = mean_color
        weights = rebalancing_weights(prior, rebalance)
        self.register_buffer("weights", torch.from_numpy(weights))

    def forward(self, logits: Tensor, ab: Tensor) -> dict[str, Tensor]:
        """The loss and its named parts.

        logits: (N, Q, h, w). ab: (N, 2, h, w), the photo's colours, Lab units.
        """
        indices, shares = self.encoder(ab)
        log_p = logits.float().log_softmax(1)
        cell_weight = self.weights[indices[:, 0]]
        cross_entropy = -(log_p.gather(1, indices) * shares).sum(1)
        parts = {"cross_entropy": (cross_entropy * cell_weight).mean()}
        if self.mean_color:
            faithful = (log_p - self.weights.log()[:, None, None]).softmax(1)
            mean = torch.einsum("nqhw,qc->nchw", faithful, self.encoder.centers)
            parts["mean_color"] = F.huber_loss(mean / 10, ab / 10)
        total = parts["cross_entropy"] + self.mean_color * parts.get("mean_color", 0)
        return {"loss": total, **parts}
