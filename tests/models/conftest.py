"""The published networks, rebuilt with random weights that colour strongly, as files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.color.lab import lab_from_srgb

SIDE = 128
"""Half of the size that networks are run at: enough for statistics, in a quarter of the time."""


@dataclass(frozen=True)
class Rebuilt:
    """A network, its checkpoint and its export. ab: of the photos it was calibrated on."""

    network: Any
    checkpoint: Path
    onnx: Path
    spread: float


def squares(examples: Path) -> np.ndarray:
    """L of the example photos, stretched to small squares, (N, 1, SIDE, SIDE)."""
    found = []
    for path in sorted(examples.glob("*.jpg")):
        with Image.open(path) as image:
            small = np.asarray(image.convert("RGB").resize((SIDE, SIDE)), np.float32) / 255
        found.append(lab_from_srgb(small)[None, ..., 0])
    return np.stack(found)


@pytest.fixture(scope="session")
def rebuilt(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> dict[str, Rebuilt]:
    """eccv16 and siggraph17 at full size; their ab spreads by some 25 units over photos."""
    torch = pytest.importorskip("torch")
    from photochrom.workshop.published.exporting import PUBLISHED, export_published

    folder = tmp_path_factory.mktemp("published")
    lightness = torch.from_numpy(squares(examples))
    none = torch.zeros(len(lightness), 3, SIDE, SIDE)
    made = {}
    for name, published in PUBLISHED.items():
        torch.manual_seed(0)
        network = published.network()
        shown = (lightness,) if name == "eccv16" else (lightness, none[:, :2], none[:, 2:])
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # the statistics of these photos
        with torch.no_grad():
            network.train()(*shown)
            network.eval()
            if name == "eccv16":
                network.model8[-1].weight *= 40  # a distribution that is not even
            last = network.model_out if name == "eccv16" else network.model_out[0]
            for _ in range(3):
                last.weight *= 25 / network(*shown).std()
            spread = float(network(*shown).std())
        checkpoint = folder / f"{name}.pth"
        torch.save(network.state_dict(), checkpoint)
        target = folder / f"{name}.onnx"
        export_published(name, checkpoint, target, any_weights=True)
        made[name] = Rebuilt(network, checkpoint, target, spread)
    return made


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def runner() -> Any:
    """The command line, in this process."""
    from typer.testing import CliRunner

    return CliRunner()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for what is pulled."""
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"
