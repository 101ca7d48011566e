"""The network that finds damage: a small U-net over strides 2 to 16, fast at full size.

It sees the picture as blocks of 2x2 pixels and answers in such blocks, so that no convolution runs
at full resolution. Dense convolutions of few channels, which processors compute faster than
depthwise ones; dilated ones at stride 16 see some 300 pixels around.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.workshop.training.config import NetworkConfig

BLOCK = 2
"""Side of the blocks in which pixels enter and leave."""
CHANNELS = (16, 32, 64, 96)
"""At strides 2, 4, 8, 16: multiples of 16, which ONNX Runtime's kernels compute in one piece."""
RARE = -4.0
"""The logit that an untrained network gives everywhere: damage is rare."""


def conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """3x3 convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions, added to their input."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = conv(channels, channels, dilation=dilation)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to the same shape."""
        return F.relu(x + self.norm(self.second(self.first(x))))


class Climb(nn.Module):
    """Twice the size, added to the encoder's features of that size, and mixed."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(inputs, outputs, 1)
        self.mix = conv(outputs, outputs)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        """(N, inputs, h, w) and (N, outputs, 2h, 2w) to the shape of the second."""
        return self.mix(beside + F.interpolate(self.narrow(x), scale_factor=2.0, mode="nearest"))


class DamageNetwork(nn.Module):
    """From a grey picture to the logits of damage, one a pixel."""

    output = "damage"
    inputs = ("gray",)
    stride = 1
    multiple = 16

    def __init__(self) -> None:
        super().__init__()
        two, four, eight, sixteen = CHANNELS
        self.at2 = nn.Sequential(conv(BLOCK**2, two), conv(two, two))
        self.at4 = nn.Sequential(conv(two, four, 2), Residual(four))
        self.at8 = nn.Sequential(conv(four, eight, 2), Residual(eight), Residual(eight))
        self.at16 = nn.Sequential(
            conv(eight, sixteen, 2), Residual(sixteen), Residual(sixteen, 2), Residual(sixteen, 4)
        )
        self.to8, self.to4, self.to2 = Climb(sixteen, eight), Climb(eight, four), Climb(four, two)
        self.head = nn.Conv2d(two, BLOCK**2, 3, padding=1)
        nn.init.constant_(self.head.bias, RARE)  # type: ignore[arg-type]

    def forward(self, gray: Tensor) -> Tensor:
        """(N, 1, H, W), display codes 0..1, to logits (N, 1, H, W); sides multiples of 16."""
        at2 = self.at2(F.pixel_unshuffle(4 * gray - 2, BLOCK))
        at4 = self.at4(at2)
        at8 = self.at8(at4)
        climbed = self.to2(self.to4(self.to8(self.at16(at8), at8), at4), at2)
        return F.pixel_shuffle(self.head(climbed), BLOCK)


def build_damage(_config: NetworkConfig, _bins: int) -> DamageNetwork:
    """Build the network; it has no options."""
    return DamageNetwork()
