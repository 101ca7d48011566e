"""Real photos, small, and the classifier, for the tests of the evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from support import tiny_workshop

if TYPE_CHECKING:
    from photochrom.workshop.evaluation.classifier import Classifier


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """EfficientNet-Lite1, made ready once."""
    from photochrom.workshop.evaluation.classifier import Classifier

    return Classifier()


@pytest.fixture(scope="session")
def crops() -> list[np.ndarray]:
    """Eight crops of real photos, short side 120."""
    return [np.asarray(crop) for crop in tiny_workshop.color_crops(8)]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, crops: list[np.ndarray]) -> Path:
    """The crops as c0.png, c1.png, ..."""
    path = tmp_path_factory.mktemp("color")
    for index, crop in enumerate(crops):
        Image.fromarray(crop).save(path / f"c{index}.png")
    return path
