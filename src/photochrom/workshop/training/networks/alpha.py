"""Alpha, the paper's first network: so small that it can only learn one photo by heart.

Wallner, "Colorizing B&W photos with neural networks", 2017, the alpha version.
"""

from __future__ import annotations

from photochrom.workshop.training.config import NetworkConfig
from photochrom.workshop.training.networks.blocks import PlainNetwork, conv, to_ab, up


class Alpha(PlainNetwork):
    """Six convolutions down to an eighth of the size, three back up."""

    def __init__(self) -> None:
        super().__init__(
            down=[
                conv(1, 8, stride=2),
                conv(8, 8),
                conv(8, 16),
                conv(16, 16, stride=2),
                conv(16, 32),
                conv(32, 32, stride=2),
            ],
            climb=[up(), conv(32, 32), up(), conv(32, 16), up(), to_ab(16)],
        )


def build_alpha(_config: NetworkConfig, _bins: int) -> Alpha:
    """Build the network; it has no options."""
    return Alpha()
