"""Beta, the paper's second network: large enough to learn from many photos, blind to the whole.

Wallner, "Colorizing B&W photos with neural networks", 2017, the beta version.
"""

from __future__ import annotations

from photochrom.workshop.training.config import NetworkConfig
from photochrom.workshop.training.networks.blocks import PlainNetwork, conv, to_ab, up


class Beta(PlainNetwork):
    """Nine convolutions down to an eighth of the size, then back up; no embedding."""

    def __init__(self) -> None:
        super().__init__(
            down=[
                conv(1, 64),
                conv(64, 64, stride=2),
                conv(64, 128),
                conv(128, 128, stride=2),
                conv(128, 256),
                conv(256, 256, stride=2),
                conv(256, 512),
                conv(512, 256),
                conv(256, 128),
            ],
            climb=[up(), conv(128, 64), up(), conv(64, 32), to_ab(32), up()],
        )


def build_beta(_config: NetworkConfig, _bins: int) -> Beta:
    """Build the network; it has no options."""
    return Beta()
