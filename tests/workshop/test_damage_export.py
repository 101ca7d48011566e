"""The exported file of a network that finds damage, as the runtime will ask it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import photochrom
from photochrom.errors import ModelError
from photochrom.models.paths import SHIPPED
from photochrom.models.session import METADATA_KEY
from photochrom.photo import Photo
from photochrom.workshop import damage_export
from photochrom.workshop.damage_export import DamageGraph, export_damage
from photochrom.workshop.inspection.reading import Model
from photochrom.workshop.onnx_export import export
from photochrom.workshop.training.checkpoint import Progress, load_network, save_checkpoint
from photochrom.workshop.training.config import config_from_dict
from photochrom.workshop.training.networks import build_network
from support.tiny_workshop import traced_once

pytestmark = pytest.mark.workshop

SHIPPED_FILE = SHIPPED / "damage.onnx"
LARGEST = 3_000_000
"""Bytes of the shipped file."""


def save_untrained(folder: Path, architecture: str = "damage") -> Path:
    table = {
        "name": "tiny",
        "data": {"train": ["train.tar"], "validation": ["val.tar"]},
        "network": {"architecture": architecture, "encoder_weights": "none"},
        "schedule": {"stages": [{"samples": 8, "crop": 64, "batch": 4}]},
    }
    config = config_from_dict(table, "tiny")
    torch.manual_seed(0)
    network = build_network(config.network, 261)
    optimizer = torch.optim.AdamW(network.parameters())
    progress = Progress(8, np.zeros(0, np.float32), {})
    save_checkpoint(folder / "latest", config, progress, network, network, optimizer)
    return folder / "latest"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_untrained(tmp_path_factory.mktemp("damage"))


@pytest.fixture(scope="module")
def files(checkpoint: Path) -> tuple[Path, Path]:
    """The network exported in fp32 and as it is by default; its trace takes most of the time."""
    full, half = checkpoint.with_name("full.onnx"), checkpoint.with_name("half.onnx")
    about = {"name": "photochrom-damage", "licence": "CC0-1.0", "version": "3"}
    with traced_once(damage_export, "_graph_of"):
        assert export_damage(checkpoint, full, half=False, **about) < 1e-5
        assert export_damage(checkpoint, half, **about) < 1e-2
    return full, half


@pytest.fixture(scope="module")
def full(files: tuple[Path, Path]) -> Path:
    return files[0]


@pytest.fixture(scope="module")
def half(files: tuple[Path, Path]) -> Path:
    return files[1]


def ask(path: Path, gray: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path))
    return session.run(["damage"], {"gray": gray})[0]


def test_the_file_gives_what_pytorch_gives(checkpoint: Path, full: Path, half: Path) -> None:
    assert half.stat().st_size < 0.6 * full.stat().st_size
    gray = np.random.default_rng(1).random((1, 1, 48, 112), np.float32)
    network = load_network(checkpoint)[0]
    with torch.no_grad():
        wanted = network(torch.from_numpy(gray)).sigmoid().numpy()
    assert ask(full, gray).shape == gray.shape
    assert np.abs(ask(full, gray) - wanted).max() < 1e-5


def check_threshold(before: np.ndarray, threshold: float, after: np.ndarray, near: float) -> None:
    """Probabilities, and those of the same network where the threshold has become a half."""
    apart = np.abs(before - threshold) > near
    assert apart.mean() > 0.9
    assert np.array_equal((before > threshold)[apart], (after > 0.5)[apart])


def test_the_threshold_becomes_a_half(checkpoint: Path, full: Path) -> None:
    gray = np.random.default_rng(1).random((1, 1, 64, 64), np.float32)
    before = ask(full, gray)
    middle = float(np.median(before))
    graph = DamageGraph(load_network(checkpoint)[0], middle).eval()
    with torch.no_grad():
        after = graph(torch.from_numpy(gray)).numpy()
    assert 0.3 < (after > 0.5).mean() < 0.7
    check_threshold(before, middle, after, near=1e-6)


def test_the_metadata(half: Path) -> None:
    properties = {item.key: item.value for item in onnx.load(half).metadata_props}
    record = json.loads(properties[METADATA_KEY])
    assert record["name"] == "photochrom-damage"
    assert record["licence"] == "CC0-1.0"
    assert record["version"] == "3"
    assert record["output"] == "damage"
    assert record["multiple"] == 16


def test_networks_of_the_other_kind_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    alpha = save_untrained(tmp_path, "alpha")
    with pytest.raises(ModelError, match="colours photos, and finds no damage"):
        export_damage(alpha, tmp_path / "x.onnx", name="x", licence="x")
    with pytest.raises(ModelError, match="finds damage, and gives no colours"):
        export(checkpoint, tmp_path / "x.onnx", name="x", licence="x", size=64)
    with pytest.raises(ModelError, match="finds damage, and gives no colours"):
        Model(checkpoint)
    assert not (tmp_path / "x.onnx").exists()


class TestCommand:
    def test_it_writes_the_file(
        self, checkpoint: Path, full: Path, tmp_path: Path, command
    ) -> None:
        gray = np.random.default_rng(1).random((1, 1, 64, 64), np.float32)
        threshold = round(float(np.median(ask(full, gray))), 4)
        path = tmp_path / "x.onnx"
        about = ("--name", "photochrom-damage", "--threshold", str(threshold))
        result = command("export", checkpoint, path, *about)
        assert result.returncode == 0
        assert "probabilities against PyTorch's" in result.stdout.decode()
        check_threshold(ask(full, gray), threshold, ask(path, gray), near=1e-4)

    @pytest.mark.parametrize("option", [["--size", "64"], ["--mirrored"]])
    def test_options_of_networks_that_colour(
        self, checkpoint: Path, tmp_path: Path, command, option: list[str]
    ) -> None:
        result = command("export", checkpoint, tmp_path / "x.onnx", "--name", "x", *option)
        assert result.returncode != 0
        assert f"{option[0]}: is of networks that colour photos" in result.stderr.decode()


class TestShipped:
    def test_it_keeps_its_contract(self) -> None:
        session = onnxruntime.InferenceSession(str(SHIPPED_FILE))
        [source], [answer] = session.get_inputs(), session.get_outputs()
        assert (source.name, answer.name) == ("gray", "damage")
        assert source.type == answer.type == "tensor(float)"
        record = json.loads(session.get_modelmeta().custom_metadata_map[METADATA_KEY])
        assert record["name"] == "photochrom-damage"
        assert SHIPPED_FILE.stat().st_size <= LARGEST

    def test_it_finds_a_scratch_and_leaves_a_plain_picture(self) -> None:
        random = np.random.default_rng(0)
        gray = 115 + np.linspace(-50, 50, 256) + random.normal(0, 2.5, (256, 256))
        codes = gray.round().astype(np.uint8)
        assert photochrom.find_damage(Photo(codes), sensitivity=1).share == 0
        codes[20:230, 100:102] = 242
        marks = photochrom.find_damage(Photo(codes), sensitivity=1).rows(0, 256)
        assert marks[40:210, 98:104].any(axis=1).mean() > 0.9
        marks[:, 95:107] = False
        assert not marks.any()
