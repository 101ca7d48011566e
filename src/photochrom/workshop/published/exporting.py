"""From the authors' checkpoints to ONNX files that `--model` takes."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from photochrom.errors import ModelError, Option, Remedy, os_reason
from photochrom.workshop.onnx_export import Parity, compare, save_model, to_onnx
from photochrom.workshop.published.networks import Eccv16, Siggraph17

SIDES = 8
"""The networks' sides are multiples of it."""


@dataclass(frozen=True)
class Published:
    """A network whose authors' checkpoint can be exported.

    sha256: of that checkpoint. name, licence, citation: for the file beside the export.
    """

    name: str
    network: Callable[[], nn.Module]
    sha256: str
    licence: str
    citation: str


PUBLISHED = {
    "eccv16": Published(
        "eccv16",
        Eccv16,
        "9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9",
        "BSD-2-Clause",
        "Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016",
    ),
    "siggraph17": Published(
        "siggraph17",
        Siggraph17,
        "df00044c0a4d7c3edcecf6f75437ce346a66e7a42612d9b968e1a7e17dbc6f66",
        "BSD-2-Clause",
        "Zhang, Zhu, Isola and others: Real-Time User-Guided Image Colorization with Learned Deep "
        "Priors, SIGGRAPH 2017",
    ),
}


def export_published(
    name: str, checkpoint: Path, target: Path, *, any_weights: bool = False
) -> Parity:
    """Write a published network as ONNX, and the TOML file beside it that describes it.

    checkpoint: the authors' file, a state dictionary; only weights are read from it.
    any_weights: take another file of the same tensors, as of a training of one's own.
    Returns how far its ab is from PyTorch's. Raises ModelError where the file is not theirs, or its
    tensors do not fit.
    """
    published = PUBLISHED[name]
    network = load_published(published, checkpoint, any_weights=any_weights)
    example = [torch.rand(1, 1, 64, 64 + SIDES) * 100]
    if len(published.network.inputs) > 1:  # type: ignore[attr-defined]
        example += [torch.zeros(1, 2, 64, 64 + SIDES), torch.zeros(1, 1, 64, 64 + SIDES)]
    rows, columns = torch.export.Dim("rows", min=2), torch.export.Dim("columns", min=2)
    free: dict[int, Any] = {2: SIDES * rows, 3: SIDES * columns}
    names = list(published.network.inputs)  # type: ignore[attr-defined]
    model = to_onnx(network, tuple(example), names, ["ab"], (free,) * len(names))
    save_model(model, target)
    target.with_suffix(".toml").write_text(_description(published, checkpoint), encoding="utf-8")
    return compare(network, target)


def load_published(
    published: Published, checkpoint: Path, *, any_weights: bool = False
) -> nn.Module:
    """The network with the checkpoint's weights; see `export_published`."""
    try:
        digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
        if digest != published.sha256 and not any_weights:
            raise ModelError(
                checkpoint,
                f"not the authors' file of {published.name} (SHA-256 {digest[:12]}..., expected "
                f"{published.sha256[:12]}...)",
                Remedy(
                    "download it again, or take other weights with {}", Option("any_weights", True)
                ),
            )
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        network = published.network().eval()
        network.load_state_dict(state, strict=True)
    except OSError as error:
        raise ModelError(checkpoint, os_reason(error)) from error
    except (RuntimeError, TypeError, AttributeError, EOFError, pickle.UnpicklingError) as error:
        raise ModelError(
            checkpoint,
            f"not a checkpoint of {published.name}",
            "it must hold weights alone, under the authors' names",
        ) from error
    return network


def _description(published: Published, checkpoint: Path) -> str:
    roles = {"L": "light", "hint_ab": "hint_ab", "hint_mask": "hint_mask"}
    names = published.network.inputs  # type: ignore[attr-defined]
    inputs = ", ".join(f'{roles[name]} = "{name}"' for name in names)
    return (
        f'name = "{published.name}"\n'
        f'licence = "{published.licence}"\n'
        f'citation = "{published.citation}"\n'
        f"# exported from {checkpoint.name}\n\n"
        f'[contract]\ninputs = {{{inputs}}}\noutputs = {{ab = "ab"}}\n'
        f'fit = "square"\nusual = 256\nmultiple = {SIDES}\n'
    )
