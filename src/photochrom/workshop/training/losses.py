"""Soft-encoded, rebalanced cross-entropy over ab bins, and the prior it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.color.bins import rebalancing_weights
from photochrom.color.lab import Array

TABLE_RADIUS = 112
"""The encoding table covers a and b in -112..112 at steps of one unit; sRGB needs -108..98."""
ROWS_TOGETHER = 1024
"""Cells whose loss is computed together on a processor: 1 MB of its cache for each copy."""
HUBER_UNIT = 10.0
"""Lab units at which the mean colour's loss turns from squares to distances."""


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


def _by_cell(x: Tensor) -> Tensor:
    """(N, C, h, w) as (N h w, C), without a copy where the channels come last in memory."""
    return x.permute(0, 2, 3, 1).flatten(0, 2)


class ColorLoss(nn.Module):
    """Cross-entropy against the soft encoding, each cell weighted by how rare its colour is.

    Beside it, where `mean_color` is its weight, the Huber loss of the distributions' mean colours.
    """

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
        """The loss and its named parts; gradients pass through "loss" alone.

        logits: (N, Q, h, w). ab: (N, 2, h, w), the photo's colours, Lab units.
        """
        indices, shares = self.encoder(ab)
        weights = self.weights[indices[:, 0]].flatten()
        cells = _Cells(_by_cell(indices), _by_cell(shares), _by_cell(ab), weights)
        loss, cross_entropy, mean_color = _CellLoss.apply(
            _by_cell(logits.float()),
            cells,
            self.weights.log(),
            self.encoder.centers,
            self.mean_color,
        )
        parts = {"mean_color": mean_color} if self.mean_color else {}
        return {"loss": loss, "cross_entropy": cross_entropy, **parts}


@dataclass(frozen=True)
class _Cells:
    """What M cells should be: bins (M, K), their shares (M, K), ab (M, 2), weights (M,)."""

    indices: Tensor
    shares: Tensor
    ab: Tensor
    weights: Tensor


class _CellLoss(torch.autograd.Function):
    """The loss of M cells, whose gradient is made with it, a few rows at a time.

    Autograd would pass through memory for every operation: a quarter of a step's time on a
    processor. A few rows stay in its cache.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, cells: _Cells, log_weights: Tensor, centers: Tensor, share: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, the cross-entropy and the mean colour's loss.

        logits: (M, Q). log_weights: (Q,), of the bins. centers: (Q, 2), Lab units. share: of the
        mean colour's loss in the whole.
        """
        count = len(logits)
        gradient = torch.empty_like(logits)
        cross_entropy, mean_color = logits.new_zeros(2).unbind()
        rows = ROWS_TOGETHER if logits.device.type == "cpu" else count
        for first in range(0, count, rows):
            part = slice(first, first + rows)
            indices, shares, weights = (
                x[part] for x in (cells.indices, cells.shares, cells.weights[:, None])
            )
            log_p = logits[part].log_softmax(1)
            p = log_p.exp()
            cross_entropy -= (log_p.gather(1, indices) * shares * weights).sum()
            wanted = shares * weights / -count
            torch.mul(p, weights / count, out=gradient[part]).scatter_add_(1, indices, wanted)
            if share:
                faithful = (log_p - log_weights).softmax(1)
                mean = faithful @ centers
                off = (mean - cells.ab[part]) / HUBER_UNIT
                mean_color += F.huber_loss(off, torch.zeros_like(off), reduction="sum")
                slope = off.clamp(-1, 1) * (share / HUBER_UNIT / (2 * count))
                along = torch.addmm(-(mean * slope).sum(1, keepdim=True), slope, centers.T)
                gradient[part] += faithful.mul_(along)
        ctx.save_for_backward(gradient)
        cross_entropy, mean_color = cross_entropy / count, mean_color / (2 * count)
        ctx.mark_non_differentiable(cross_entropy, mean_color)
        return cross_entropy + share * mean_color, cross_entropy, mean_color

    @staticmethod
    def backward(ctx: Any, of_loss: Tensor, *_of_parts: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return gradient * of_loss, None, None, None, None
