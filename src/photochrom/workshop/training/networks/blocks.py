"""What the paper's networks are built of: 3x3 convolutions, ReLU, nearest upsampling."""

from __future__ import annotations

from torch import nn

AB_SCALE = 128.0
"""The networks' tanh says ab as a share of this, Lab units."""


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution that keeps the size (or divides it by its stride), and ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.ReLU(inplace=True))


def up() -> nn.Upsample:
    """Twice the size, every pixel repeated."""
    return nn.Upsample(scale_factor=2, mode="nearest")


def to_ab(inputs: int) -> nn.Sequential:
    """The last convolution: two channels in -1..1."""
    return nn.Sequential(nn.Conv2d(inputs, 2, 3, padding=1), nn.Tanh())
