"""Photochrom's network: a pretrained encoder, a U-shaped decoder, a head over ab bins.

The published idea of fusing a global embedding into the decoder stays: the encoder's pooled
features are broadcast over the neck.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import ConfigError
from photochrom.workshop.training.config import NetworkConfig
from photochrom.workshop.training.networks.encoder import build_encoder

DEEPEST = 32
"""Stride of the encoder's last feature."""
HINT_CHANNELS = 3
"""a, b and nearness of the hints."""
LARGEST_AB, TYPICAL_AB = 110.0, 25.0
"""ab units, by which hints are divided: about the largest of sRGB for the encoder's stem, and what
gives the decoder numbers of its other features' size."""


class ConvBlock(nn.Sequential):
    """3x3 convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Neck(nn.Module):
    """Fuse the encoder's pooled features into every position of its last feature."""

    def __init__(self, channels: int, fuse: bool = True) -> None:
        super().__init__()
        self.embed = nn.Linear(channels, channels) if fuse else None
        self.fuse = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to the same shape."""
        if self.embed is None:
            return F.relu(self.fuse(x))
        embedding = self.embed(x.mean((2, 3)))
        return F.relu(self.fuse(x) + embedding[:, :, None, None])


class AttentionBlock(nn.Module):
    """Self-attention and a perceptron over all positions, each added to its normalised input.

    A depthwise convolution before them encodes positions, at every size
    (Chu and others, "Conditional positional encodings for vision transformers", 2021). The last
    layers start at 0, so that a new block changes nothing.
    """

    def __init__(self, channels: int, head: int = 32) -> None:
        super().__init__()
        self.heads = channels // head
        if self.heads * head != channels:
            raise ConfigError(
                None, f"attention needs a multiple of {head} channels, not {channels}"
            )
        self.position = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.first_norm = nn.LayerNorm(channels)
        self.to_qkv = nn.Linear(channels, 3 * channels)
        self.to_out = nn.Linear(channels, channels)
        self.second_norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 2 * channels)
        self.narrow = nn.Linear(2 * channels, channels)
        for layer in (self.position, self.to_out, self.narrow):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to the same shape."""
        placed = x + self.position(x)
        tokens: Tensor = placed.flatten(2).transpose(1, 2)
        tokens = tokens + self._attend(self.first_norm(tokens))
        tokens = tokens + self.narrow(F.gelu(self.widen(self.second_norm(tokens))))
        return tokens.transpose(1, 2).reshape(x.shape)

    def _attend(self, tokens: Tensor) -> Tensor:
        n, count, channels = tokens.shape
        qkv = self.to_qkv(tokens).view(n, count, 3, self.heads, channels // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.to_out(attended.transpose(1, 2).reshape(n, count, channels))


class Decoder(nn.Module):
    """Climb from stride 32 to the output's, taking the encoder's feature in at every step.

    beside: channels that are given beside each of those features.
    """

    def __init__(
        self, encoder_channels: Sequence[int], channels: Sequence[int], beside: int = 0
    ) -> None:
        super().__init__()
        skips = list(encoder_channels)[-2::-1][: len(channels)]
        inputs = [encoder_channels[-1], *channels[:-1]]
        self.blocks = nn.ModuleList(
            ConvBlock(below + skip + beside, out)
            for below, skip, out in zip(inputs, skips, channels, strict=True)
        )

    def forward(self, x: Tensor, skips: Sequence[Tensor]) -> Tensor:
        """From the neck and the features at strides 16, 8, ... to (N, C, H / s, W / s)."""
        for block, skip in zip(self.blocks, skips, strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skip], 1))
        return x


def spread_hints(hint_ab: Tensor, hint_mask: Tensor, levels: int, finest: int = 4) -> list[Tensor]:
    """Fill the plane with the colours of the nearest hints, at strides `finest`, twice that, ...

    From coarse to fine, a cell with hints has their mean colour and a nearness of 1; the others
    take the colour of the coarser level and half of its nearness. Coarsest of all is the mean of
    the photo's hints: so every place knows of every hint. Without hints all is 0.

    hint_ab: (N, 2, H, W), zero outside the mask. hint_mask: (N, 1, H, W), 0 or 1.
    Returns (N, 3, H / s, W / s) for each stride s.

    The push and pull of Gortler, Grzeszczuk, Szeliski, Cohen, "The Lumigraph", 1996, section 3.4.
    """
    hints = torch.cat([hint_ab, hint_mask], 1)
    filled = _mean_hint(hints.mean((2, 3), keepdim=True), 1 / hints.shape[2] / hints.shape[3])
    levels_filled = []
    for level in reversed(range(levels + 1)):  # one level beyond those returned
        stride = finest << level
        own = _mean_hint(F.avg_pool2d(hints, stride), 1 / stride**2)
        color, nearness = filled[:, :2], filled[:, 2:] / 2
        coarse = torch.cat([color, nearness], 1)
        if coarse.shape[2:] == (1, 1):
            coarse = coarse.expand_as(own)
        else:
            coarse = F.interpolate(coarse, scale_factor=2.0, mode="bilinear")
        filled = torch.where(own[:, 2:] > 0, own, coarse)
        levels_filled.append(filled)
    return levels_filled[:0:-1]


def _mean_hint(mean: Tensor, least: float) -> Tensor:
    """From means over all pixels of (a, b, mask) to the hints' mean (a, b) and their presence.

    least: the share of a cell that one pixel is.
    """
    covered = mean[:, 2:]
    color = mean[:, :2] / covered.clamp(min=0.5 * least)
    return torch.cat([color, (covered > 0).to(color.dtype)], 1)


class ColorUNet(nn.Module):
    """Predict a distribution over ab bins of a photo's lightness, at stride 4 or 2."""

    output = "bins"
    inputs = ("lightness", "hint_ab", "hint_mask")
    multiple = DEEPEST

    def __init__(
        self,
        encoder: nn.Module,
        decoder: Sequence[int],
        bins: int,
        *,
        fuse: bool = True,
        attention_blocks: int = 0,
        decoder_hints: bool = False,
        half_decoder: bool = False,
        dropout: float = 0.0,
    ) -> None:
        """Put a network together.

        decoder: channels at strides 16, 8, ...; the last is the output's.
        attention_blocks: how many work on the encoder's last feature.
        decoder_hints: give the hints to every step of the decoder, not to the encoder alone.
        half_decoder: run what follows the encoder in bf16 while training.
        dropout: share of the maps before the head that are left out in training.
        """
        super().__init__()
        widths = encoder.feature_info.channels()  # type: ignore[union-attr, operator]
        self.encoder = encoder
        self.half_decoder = half_decoder
        self.stride = DEEPEST >> len(decoder)
        blocks = [AttentionBlock(widths[-1]) for _ in range(attention_blocks)]
        self.neck = (
            nn.Sequential(*blocks, Neck(widths[-1], fuse)) if blocks else Neck(widths[-1], fuse)
        )
        self.decoder_hints = decoder_hints
        self.decoder = Decoder(widths, decoder, HINT_CHANNELS if decoder_hints else 0)
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(decoder[-1], bins, 1)

    def forward(self, lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> Tensor:
        """Logits (N, Q, H / stride, W / stride) over the ab bins.

        lightness: (N, 1, H, W), 0..100; H and W multiples of 32.
        hint_ab: (N, 2, H, W), Lab units; only read where the mask is 1.
        hint_mask: (N, 1, H, W), 0 or 1.
        """
        hints = torch.cat([hint_ab * hint_mask / LARGEST_AB, hint_mask], 1)
        x = torch.cat([lightness / 50 - 1, hints], 1)
        *features, deepest = self.encoder(x)
        skips = features[-len(self.decoder.blocks) :]
        if self.decoder_hints:
            own_ab = hint_ab * hint_mask / TYPICAL_AB
            spread = spread_hints(own_ab, hint_mask, len(skips), self.stride)
            skips = [torch.cat(pair, 1) for pair in zip(skips, spread, strict=True)]
        half = self.half_decoder and self.training
        with torch.autocast(x.device.type, torch.bfloat16) if half else nullcontext():
            decoded = self.decoder(self.neck(deepest), skips[::-1])
            logits: Tensor = self.head(self.dropout(decoded))
        return logits


def build_unet(config: NetworkConfig, bins: int) -> ColorUNet:
    """Build the network from its configuration."""
    if len(config.decoder) not in (3, 4):
        raise ConfigError("network.decoder", f"needs 3 or 4 widths, but has {len(config.decoder)}")
    return ColorUNet(
        build_encoder(config.encoder, config.encoder_weights, config.drop_path),
        config.decoder,
        bins,
        fuse=config.fuse,
        attention_blocks=config.attention_blocks,
        decoder_hints=config.decoder_hints,
        half_decoder=config.decoder_precision == "bf16",
        dropout=config.dropout,
    )
