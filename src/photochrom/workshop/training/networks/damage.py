"""The network that finds damage: a pretrained encoder at strides 2 to 16 and a light decoder.

What is damage and what is a wire, a hair or a letter depends on what is around, which an encoder
that has learnt to recognise things tells sooner than one that begins with random weights. It
answers in blocks of 2x2 pixels, so that no convolution runs at full resolution; what an encoder
does not need, the finest grain, comes from two convolutions of their own over such blocks.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.workshop.training.config import NetworkConfig
from photochrom.workshop.training.networks.encoder import pad_statically
from photochrom.workshop.training.networks.pretrained import build_features

BLOCK = 2
"""Side of the blocks in which pixels enter and leave."""
CHANNELS = (24, 48, 80, 128)
"""Of the decoder, at strides 2, 4, 8, 16."""
RARE = -4.0
"""The logit that an untrained network gives everywhere: damage is rare."""


def conv(inputs: int, outputs: int) -> nn.Sequential:
    """3x3 convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Neck(nn.Module):
    """Mix the encoder's last feature, with what is two positions around each."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.narrow = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )
        self.around = nn.Conv2d(outputs, outputs, 3, padding=2, dilation=2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, h, w) to (N, outputs, h, w)."""
        x = self.narrow(x)
        return F.relu(x + self.norm(self.around(x)))


class Climb(nn.Module):
    """Twice the size, added to the encoder's features of that size, and mixed."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(inputs, outputs, 1)
        self.beside = nn.Conv2d(skip, outputs, 1)
        self.mix = conv(outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """(N, inputs, h, w) and (N, skip, 2h, 2w) to (N, outputs, 2h, 2w)."""
        large = F.interpolate(self.narrow(x), scale_factor=2.0, mode="nearest")
        return self.mix(large + self.beside(skip))


class DamageNetwork(nn.Module):
    """From a grey picture to the logits of damage, one a pixel."""

    output = "damage"
    inputs = ("gray",)
    stride = 1
    multiple = 16

    def __init__(self, encoder: nn.Module) -> None:
        """encoder: from (N, 1, H, W) to features at strides 2, 4, 8 and 16."""
        super().__init__()
        of2, of4, of8, of16 = encoder.feature_info.channels()  # type: ignore[union-attr, operator]
        two, four, eight, sixteen = CHANNELS
        self.encoder = encoder
        self.fine = nn.Sequential(conv(BLOCK**2, two), conv(two, two))
        self.neck = Neck(of16, sixteen)
        self.to8 = Climb(sixteen, of8, eight)
        self.to4 = Climb(eight, of4, four)
        self.to2 = Climb(four, of2 + two, two)
        self.head = nn.Conv2d(two, BLOCK**2, 3, padding=1)
        nn.init.constant_(self.head.bias, RARE)  # type: ignore[arg-type]

    def forward(self, gray: Tensor) -> Tensor:
        """(N, 1, H, W), display codes 0..1, to logits (N, 1, H, W); sides multiples of 16."""
        x = 4 * gray - 2
        at2, at4, at8, at16 = self.encoder(x)
        fine = self.fine(F.pixel_unshuffle(x, BLOCK))
        climbed = self.to4(self.to8(self.neck(at16), at8), at4)
        return F.pixel_shuffle(self.head(self.to2(climbed, torch.cat([at2, fine], 1))), BLOCK)


def build_damage(config: NetworkConfig, _bins: int) -> DamageNetwork:
    """Build the network with the encoder of a configuration; it has no other options."""
    encoder, _ = build_features(config.encoder, range(4), config.encoder_weights)
    stem = next(module for module in encoder.modules() if isinstance(module, nn.Conv2d))
    stem.weight = nn.Parameter(stem.weight.detach().sum(1, keepdim=True))
    stem.in_channels = 1
    pad_statically(encoder)
    last = encoder.feature_info.get_dicts()[-1]["module"]  # type: ignore[union-attr, operator]
    del encoder.blocks[int(last.removeprefix("blocks.")) + 1 :]  # type: ignore[operator, union-attr]
    return DamageNetwork(encoder)
