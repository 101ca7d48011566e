"""What the paper's networks are built of: 3x3 convolutions, ReLU, nearest upsampling."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

AB_SCALE = 128.0
"""Scale of the networks' tanh output, Lab units of a or b."""


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution that keeps the size (or divides it by its stride), and ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.ReLU(inplace=True))


def up() -> nn.Upsample:
    """Twice the size, every pixel repeated."""
    return nn.Upsample(scale_factor=2, mode="nearest")


def to_ab(inputs: int) -> nn.Sequential:
    """The last convolution: two channels in -1..1."""
    return nn.Sequential(nn.Conv2d(inputs, 2, 3, padding=1), nn.Tanh())


class PlainNetwork(nn.Module):
    """Convolutions down to an eighth of the size and back up; lightness is all that it sees."""

    output = "ab"
    inputs = ("lightness",)
    stride = 1
    multiple = 8

    def __init__(self, down: Sequence[nn.Module], climb: Sequence[nn.Module]) -> None:
        super().__init__()
        self.down = nn.Sequential(*down)
        self.climb = nn.Sequential(*climb)

    def forward(self, lightness: Tensor) -> Tensor:
        """(N, 1, H, W), L in 0..100, to ab / 128, (N, 2, H, W); H and W multiples of 8."""
        return self.climb(self.down(lightness / 50 - 1))
