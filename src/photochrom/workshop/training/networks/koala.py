"""Koala, the paper's network: an encoder and decoder, fused with what a classifier sees.

Baldassarre, González Morín, Rodés-Guirao, "Deep Koalarization", 2017; the paper's classifier is
Inception-ResNet-v2 (`photochrom.workshop.training.embedder` takes any).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from photochrom.workshop.training.config import NetworkConfig
from photochrom.workshop.training.networks.blocks import conv, to_ab, up

ENCODED = 256


class Fusion(nn.Module):
    """Put the embedding of the photo beside every position, and mix with a 1x1 convolution."""

    def __init__(self, embedding: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Conv2d(ENCODED + embedding, ENCODED, 1), nn.ReLU(inplace=True))

    def forward(self, encoded: Tensor, embedding: Tensor) -> Tensor:
        """(N, 256, h, w) and (N, C) to (N, 256, h, w)."""
        repeated = embedding[:, :, None, None].expand(-1, -1, *encoded.shape[2:])
        return self.mix(torch.cat([encoded, repeated.to(encoded.dtype)], 1))


class Koala(nn.Module):
    """Encoder to an eighth of the size, fusion with the embedding, decoder."""

    output = "ab"
    inputs = ("lightness", "embedding")
    stride = 1
    multiple = 8

    def __init__(self, embedding: int) -> None:
        super().__init__()
        self.down = nn.Sequential(
            conv(1, 64, stride=2),
            conv(64, 128),
            conv(128, 128, stride=2),
            conv(128, 256),
            conv(256, 256, stride=2),
            conv(256, 512),
            conv(512, 512),
            conv(512, ENCODED),
        )
        self.fusion = Fusion(embedding)
        self.climb = nn.Sequential(
            conv(ENCODED, 128),
            up(),
            conv(128, 64),
            conv(64, 64),
            up(),
            conv(64, 32),
            to_ab(32),
            up(),
        )

    def forward(self, lightness: Tensor, embedding: Tensor) -> Tensor:
        """Colour a photo.

        lightness: (N, 1, H, W), L in 0..100; H and W multiples of 8.
        embedding: (N, C), the classifier's logits for the same photos.
        Returns (N, 2, H, W), ab / 128.
        """
        return self.climb(self.fusion(self.down(lightness / 50 - 1), embedding))


def build_koala(config: NetworkConfig, _bins: int) -> Koala:
    """Build the network for embeddings of the configuration's width."""
    return Koala(config.embedding)
