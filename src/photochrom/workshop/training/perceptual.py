"""How different a classifier finds two colourings of one photo: wrong hues weigh most."""

from __future__ import annotations

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.workshop.training.lab import srgb_from_lab
from photochrom.workshop.training.networks.pretrained import build_features

CLASSIFIER = "tf_efficientnet_lite0"
"""Its weights come as a package; evaluation uses another classifier."""
LEVELS = (1, 2, 3)
"""Which of its features are compared: strides 4, 8 and 16."""


class PerceptualLoss(nn.Module):
    """Distance of two colourings in a frozen classifier's features.

    Zhang, Isola, Efros, Shechtman, Wang, "The Unreasonable Effectiveness of Deep Features as a
    Perceptual Metric", CVPR 2018, without the learnt weights: squared differences of features that
    have unit length at every position.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        features, classifier = build_features(CLASSIFIER, LEVELS, "package")
        settings = timm.data.resolve_data_config({}, model=classifier)
        self.features = features.requires_grad_(False)
        for buffer, key in (("mean", "mean"), ("spread", "std")):
            self.register_buffer(buffer, torch.tensor(settings[key])[:, None, None])
        self.train()

    def train(self, mode: bool = True) -> PerceptualLoss:  # noqa: ARG002
        """Stay in evaluation mode, whatever becomes of the objective around it."""
        return super().train(False)

    def forward(self, ours: Tensor, real: Tensor, lightness: Tensor) -> Tensor:
        """The mean distance over features and photos, a scalar.

        ours, real: (N, 2, h, w), ab, Lab units. lightness: (N, 1, H, W), 0..100.
        """
        described = self._describe(ours, lightness)
        with torch.no_grad():
            wanted = self._describe(real, lightness)
        distances = [(a - b).square().sum(1).mean() for a, b in zip(described, wanted, strict=True)]
        return torch.stack(distances).mean()

    def _describe(self, ab: Tensor, lightness: Tensor) -> list[Tensor]:
        enlarged = F.interpolate(ab, lightness.shape[2:], mode="bilinear")
        picture = srgb_from_lab(torch.cat([lightness, enlarged], 1))
        levels: list[Tensor] = self.features((picture - self.mean) / self.spread)
        return [F.normalize(level, dim=1) for level in levels]
