from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from photochrom.workshop.evaluation.classifier import NETWORK, Classifier
from photochrom.workshop.training.networks.pretrained import build_classifier, load_classifier

pytestmark = pytest.mark.workshop

CATS = {281, 282, 283, 284, 285}
"""ImageNet's domestic cats."""


def test_knows_a_cat(classifier: Classifier, examples: Path) -> None:
    cat = np.asarray(Image.open(examples / "color" / "cat.jpg").convert("RGB"))
    sight = classifier.look(cat)
    assert sight.label in CATS
    assert sight.features.shape == (1280,)
    assert sight.features.std() > 0


def test_says_what_pytorch_says(classifier: Classifier, crops: list[np.ndarray]) -> None:
    network = build_classifier(NETWORK).eval()
    load_classifier(network, NETWORK, "package")
    pictures = torch.cat([classifier.prepare(crop) for crop in crops[:2]])
    with torch.no_grad():
        deep = network.forward_features(pictures)
        features, labels = network.forward_head(deep, pre_logits=True), network(pictures).argmax(1)
    for index in range(2):
        sight = classifier.look(crops[index])
        # two implementations of the same sums in single precision
        assert sight.features == pytest.approx(features[index].numpy(), abs=1e-3)
        assert sight.label == labels[index]


def test_sees_the_whole_picture_as_in_its_training(classifier: Classifier) -> None:
    assert classifier.size == (240, 240)
    wide = np.zeros((60, 400, 3), np.uint8)
    wide[:, -40:, 0] = 255  # red at the edge that a square crop would lose
    prepared = classifier.prepare(wide)
    assert prepared.shape == (1, 3, 240, 240)
    assert prepared[0, :, 120, 2].tolist() == [-1, -1, -1]
    assert prepared[0, :, 120, -2].tolist() == [1, -1, -1]
    settings = timm.data.resolve_data_config({}, model=build_classifier(NETWORK))
    assert settings["mean"] == settings["std"] == (0.5, 0.5, 0.5)
