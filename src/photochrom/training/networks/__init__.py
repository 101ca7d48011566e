"""The networks that `photochrom train` knows, by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from photochrom.errors import ConfigError
from photochrom.training.config import NetworkConfig
from photochrom.training.networks.unet import build_unet

ARCHITECTURES: dict[str, Callable[[NetworkConfig, int], nn.Module]] = {"unet": build_unet}


def build_network(config: NetworkConfig, bins: int) -> nn.Module:
    """Build the network that a configuration names, with its encoder's pretrained weights.

    bins: how many ab bins the head tells apart.
    Raises ConfigError where no such architecture or encoder exists, ModelError where the encoder's
    weights do not fit.
    """
    if config.architecture not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise ConfigError(f"no architecture {config.architecture!r}; known: {known}")
    return ARCHITECTURES[config.architecture](config, bins)
