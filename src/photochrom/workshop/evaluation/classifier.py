"""What an ImageNet classifier sees in a picture: features for the Fréchet distance, and a class.

EfficientNet-Lite1 serves evaluation alone: it is no encoder, no embedder and in no loss, so that no
network can have learned to please it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor, nn

from photochrom.color.lab import Array
from photochrom.workshop.evaluation.original import Picture
from photochrom.workshop.training.graph import as_onnx
from photochrom.workshop.training.networks.pretrained import build_classifier, load_classifier

NETWORK = "tf_efficientnet_lite1"


@dataclass(frozen=True)
class Sight:
    """The classifier's output for one picture.

    features: (1280,), pooled, before the last layer. label: the likeliest class, 0..999.
    """

    features: Array
    label: int


class Classifier:
    """EfficientNet-Lite1 with ImageNet weights, run by ONNX Runtime."""

    def __init__(self) -> None:
        """Load the weights from their package; raises ModelError where it is not installed."""
        network = build_classifier(NETWORK).eval().requires_grad_(False)
        load_classifier(network, NETWORK, "package")
        settings = timm.data.resolve_data_config({}, model=network)
        self.size: tuple[int, int] = tuple(settings["input_size"][1:])
        self._mean, self._spread = (torch.tensor(settings[name]) for name in ("mean", "std"))
        last = network.get_classifier()  # type: ignore[operator]
        self._weight, self._bias = (tensor.numpy() for tensor in (last.weight, last.bias))
        self._features = as_onnx(_Features(network), self.prepare(np.zeros((8, 8, 3), np.uint8)))

    def prepare(self, picture: Picture) -> Tensor:
        """The network's input, (1, 3, 240, 240), normalised as in its training.

        The whole picture, (H, W, 3), is stretched, bicubic and antialiased: as Fréchet distances
        are computed (Parmar, Zhang, Zhu, "On aliased resizing and surprising subtleties in GAN
        evaluation", CVPR 2022), so that no part of the photo goes unseen.
        """
        height, width = self.size
        resized = Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC)
        rgb = torch.from_numpy(np.array(resized)).float() / 255
        return ((rgb - self._mean) / self._spread).permute(2, 0, 1)[None]

    def look(self, picture: Picture) -> Sight:
        """Classify a picture, (H, W, 3), 8-bit sRGB."""
        features: Array = self._features(self.prepare(picture))[0].numpy()
        return Sight(features, int((self._weight @ features + self._bias).argmax()))


class _Features(nn.Module):
    """A timm classifier up to its pooled features."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        deep = self.network.forward_features(pictures)  # type: ignore[operator]
        return self.network.forward_head(deep, pre_logits=True)  # type: ignore[operator]
