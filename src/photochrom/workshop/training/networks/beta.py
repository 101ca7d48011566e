"""Beta, the paper's second network: large enough to learn from many photos, blind to the whole.

Wallner, "Colorizing B&W photos with neural networks", 2017, the beta version.
"""

from __future__ import annotations

from torch import Tensor, nn

from photochrom.workshop.training.config import NetworkConfig
from photochrom.workshop.training.networks.blocks import conv, to_ab, up


class Beta(nn.Module):
    """Nine convolutions down to an eighth of the size, then back up; no embedding."""

    output = "ab"
    inputs = ("lightness",)
    stride = 1
    multiple = 8

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(
            conv(1, 64),
            conv(64, 64, stride=2),
            conv(64, 128),
            conv(128, 128, stride=2),
            conv(128, 256),
            conv(256, 256, stride=2),
            conv(256, 512),
            conv(512, 256),
            conv(256, 128),
        )
        self.climb = nn.Sequential(up(), conv(128, 64), up(), conv(64, 32), to_ab(32), up())

    def forward(self, lightness: Tensor) -> Tensor:
        """(N, 1, H, W), L in 0..100, to ab / 128, (N, 2, H, W); H and W multiples of 8."""
        return self.climb(self.down(lightness / 50 - 1))


def build_beta(_config: NetworkConfig, _bins: int) -> Beta:
    """Build the network; it has no options."""
    return Beta()
