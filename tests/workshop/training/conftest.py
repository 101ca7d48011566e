"""Shards and configurations shared by the tests of the training package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support import tiny_workshop


@pytest.fixture(scope="session")
def tiny_train(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shard of 24 colour photos, short side 120."""
    folder = tmp_path_factory.mktemp("shards")
    return tiny_workshop.write_shard(folder / "train.tar", tiny_workshop.color_crops())


@pytest.fixture(scope="session")
def tiny_validation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shard of 4 other crops."""
    folder = tmp_path_factory.mktemp("shards")
    crops = tiny_workshop.color_crops(28)[24:]
    return tiny_workshop.write_shard(folder / "val.tar", crops)


@pytest.fixture(scope="session")
def color_batch():
    """Eight 64 x 64 crops of real photos, (8, 3, 64, 64) sRGB in 0..1."""
    torch = pytest.importorskip("torch")
    crops = [np.asarray(c.crop((20, 20, 84, 84))) for c in tiny_workshop.color_crops(8)]
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
