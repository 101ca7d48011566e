"""The ComfyUI node, loaded from its one file and given tensors as ComfyUI gives them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import pyvips

from photochrom.options import RANGES, ColorizeOptions

torch = pytest.importorskip("torch", reason="needs the packages of the extra 'train'")
pytestmark = pytest.mark.workshop


def load(file: Path) -> ModuleType:
    """A file of custom_nodes as ComfyUI loads it."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def module(integrations: Path) -> ModuleType:
    return load(integrations / "comfyui" / "photochrom_node.py")


@pytest.fixture
def node(module: ModuleType):
    """An instance and its function, found as ComfyUI finds them."""
    kind = module.NODE_CLASS_MAPPINGS["PhotochromColorize"]
    return getattr(kind(), kind.FUNCTION)


def tensor(*photos: Path, size: int = 96):
    """Photos as one batch, (B, H, W, 3)."""
    pictures = [
        pyvips.Image.thumbnail(str(photo), size, height=size, size="force", crop="none")
        .colourspace("srgb")
        .numpy()
        for photo in photos
    ]
    return torch.from_numpy(np.stack(pictures).astype(np.float32) / 255)


def chroma(batch) -> float:
    return float((batch[..., :3].amax(-1) - batch[..., :3].amin(-1)).mean())


def test_names_and_inputs_are_as_comfyui_wants_them(module: ModuleType) -> None:
    assert set(module.NODE_CLASS_MAPPINGS) == set(module.NODE_DISPLAY_NAME_MAPPINGS)
    kind = module.NODE_CLASS_MAPPINGS["PhotochromColorize"]
    assert kind.RETURN_TYPES == ("IMAGE",)
    assert isinstance(kind.CATEGORY, str)
    required = kind.INPUT_TYPES()["required"]
    assert required.pop("image") == ("IMAGE",)
    assert required.pop("recolor") == ("BOOLEAN", {"default": ColorizeOptions.recolor})
    assert set(required) == {"vividness", "saturation", "warmth", "tint", "smooth"}
    for name, (kind_of_input, widget) in required.items():
        assert kind_of_input == "FLOAT"
        assert (widget["min"], widget["max"]) == RANGES[name]
        assert widget["default"] == getattr(ColorizeOptions, name)


def test_a_batch_of_two_is_what_the_library_gives(node, examples: Path, colorizer) -> None:
    batch = tensor(examples / "cat.jpg", examples / "otter.jpg")
    before = batch.clone()
    (result,) = node(image=batch, vividness=0.8, warmth=0.2)
    assert (result.shape, result.dtype) == (batch.shape, torch.float32)
    assert torch.equal(batch, before)
    assert float(result.min()) >= 0
    assert float(result.max()) <= 1
    for gray, color in zip(batch, result, strict=True):
        wanted = colorizer.colorize(gray.numpy(), vividness=0.8, warmth=0.2).rgb
        assert np.array_equal(color.numpy(), wanted)
    assert chroma(batch) == 0
    assert chroma(result) > 0.1  # 0.197 measured


@pytest.mark.parametrize(("given", "returned"), [(1, 3), (3, 3), (4, 4)])
def test_channels(node, examples: Path, given: int, returned: int) -> None:
    batch = tensor(examples / "cat.jpg")
    alpha = torch.linspace(0, 1, batch[..., :1].numel()).reshape(batch[..., :1].shape)
    channels = torch.cat([batch, alpha], dim=-1)[..., :given]
    (result,) = node(image=channels)
    assert result.shape == (*batch.shape[:3], returned)
    assert chroma(result) > 0.08  # 0.162 measured
    if given == 4:
        assert torch.equal(result[..., 3:], alpha)


def test_options_count(node, examples: Path) -> None:
    batch = tensor(examples / "cat.jpg")
    (dull,), (vivid,) = node(image=batch, saturation=0.0), node(image=batch, vividness=1.0)
    assert chroma(dull) < 1e-4  # rounding of floats
    assert chroma(vivid) > chroma(node(image=batch, vividness=0.0)[0])


def test_half_precision_and_values_out_of_range(node, examples: Path) -> None:
    batch = tensor(examples / "cat.jpg").half() * 1.2 - 0.1
    (result,) = node(image=batch)
    assert result.dtype == torch.float16
    assert torch.isfinite(result).all()


def test_an_image_in_color_is_one_line(node, examples: Path) -> None:
    batch = tensor(examples / "cat.jpg", examples / "color" / "cat.jpg")
    with pytest.raises(RuntimeError) as caught:
        node(image=batch)
    assert str(caught.value) == (
        "Photochrom, image 2 of 2: is in colour already; add recolor=True to colour it anew"
    )
    (result,) = node(image=batch, recolor=True)
    assert result.shape == batch.shape


def test_without_photochrom_the_import_names_the_remedy(
    integrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "photochrom", None)
    with pytest.raises(ImportError, match="Photochrom is not in ComfyUI's Python") as caught:
        load(integrations / "comfyui" / "photochrom_node.py")
    assert f"{sys.executable} -m pip install" in str(caught.value)
    assert "\n" not in str(caught.value)
