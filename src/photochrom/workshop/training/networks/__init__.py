"""The networks that `photochrom train` knows, by name.

Every network says of itself, as class attributes:

    inputs    which parts of a `Batch` its forward takes, in order: lightness, hint_ab, hint_mask,
              embedding; or of a `DamageBatch`: gray
    output    "bins": logits over the ab bins; "ab": ab / 128; "damage": logits of damage
    stride    at which scale it answers
    multiple  what its input's height and width must be multiples of
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from photochrom.errors import ConfigError
from photochrom.workshop.training.config import NetworkConfig
from photochrom.workshop.training.networks.alpha import build_alpha
from photochrom.workshop.training.networks.beta import build_beta
from photochrom.workshop.training.networks.damage import build_damage
from photochrom.workshop.training.networks.koala import build_koala
from photochrom.workshop.training.networks.unet import build_unet

ARCHITECTURES: dict[str, Callable[[NetworkConfig, int], nn.Module]] = {
    "alpha": build_alpha,
    "beta": build_beta,
    "damage": build_damage,
    "koala": build_koala,
    "unet": build_unet,
}


def build_network(config: NetworkConfig, bins: int) -> nn.Module:
    """Build the network that a configuration names, with its encoder's pretrained weights.

    bins: how many ab bins the head tells apart.
    Raises ConfigError where no such architecture or encoder exists, ModelError where the encoder's
    weights do not fit.
    """
    if config.architecture not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise ConfigError(
            "network.architecture", f"there is no {config.architecture!r}", f"known: {known}"
        )
    return ARCHITECTURES[config.architecture](config, bins)
