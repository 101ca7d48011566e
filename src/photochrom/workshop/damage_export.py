"""From a checkpoint of a network that finds damage to the ONNX file that the runtime runs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from photochrom._system.onnx_runtime import onnxruntime
from photochrom.errors import ModelError
from photochrom.models.session import METADATA_KEY
from photochrom.workshop.onnx_export import save_model, store_in_half, to_onnx
from photochrom.workshop.training.checkpoint import load_network

INPUT, OUTPUT = "gray", "damage"


class DamageGraph(nn.Module):
    """The probability of damage, shifted so that a threshold of the network's becomes 0.5."""

    def __init__(self, network: nn.Module, threshold: float) -> None:
        super().__init__()
        self.network = network
        self.shift = math.log(threshold / (1 - threshold))

    def forward(self, gray: Tensor) -> Tensor:
        """(N, 1, H, W), display codes 0..1, to probabilities of the same shape."""
        return (self.network(gray) - self.shift).sigmoid()


def export_damage(
    checkpoint: Path,
    target: Path,
    *,
    name: str,
    licence: str,
    version: str = "1",
    threshold: float = 0.5,
    half: bool = True,
) -> float:
    """Write a checkpoint's averaged network as ONNX and compare it with PyTorch.

    The file takes "gray" (1, 1, H, W), display codes 0..1 of sides that are multiples of the
    network's, and gives "damage" of the same shape, probabilities.

    name, licence, version: for the file's metadata. threshold: the network's probability that
    becomes 0.5, the default at which pixels are marked. half: store the weights in fp16; the
    arithmetic stays fp32.
    Returns the largest difference of a probability. Raises ModelError where the checkpoint does not
    load or its network finds no damage.
    """
    network, config, progress = load_network(checkpoint)
    if network.output != "damage":
        raise ModelError(checkpoint, "colours photos, and finds no damage", "name another one")
    graph = DamageGraph(network, threshold).eval()
    multiple = int(network.multiple)  # type: ignore[arg-type]
    model = _graph_of(graph, multiple)
    if half:
        store_in_half(model)
    record: dict[str, Any] = {
        "name": name,
        "licence": licence,
        "version": version,
        "output": "damage",
        "multiple": multiple,
        "threshold": threshold,
        "config": config.as_dict(),
        "samples": progress.samples,
    }
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(record)})
    onnx.checker.check_model(model, full_check=True)
    save_model(model, target)
    return _largest_difference(graph, target, multiple)


def _graph_of(graph: nn.Module, multiple: int) -> Any:
    rows, columns = torch.export.Dim("rows", min=2), torch.export.Dim("columns", min=2)
    free = {2: multiple * rows, 3: multiple * columns}
    example = torch.rand(1, 1, 8 * multiple, 9 * multiple)
    return to_onnx(graph, (example,), [INPUT], [OUTPUT], (free,))


def _largest_difference(graph: nn.Module, path: Path, multiple: int) -> float:
    """Between a file's probabilities and PyTorch's, on noise of two sizes."""
    session = onnxruntime.InferenceSession(str(path))
    random = np.random.default_rng(0)
    differences = []
    for height, width in ((16, 12), (10, 20)):
        gray = random.random((1, 1, multiple * height, multiple * width), np.float32)
        with torch.no_grad():
            wanted = graph(torch.from_numpy(gray)).numpy()
        differences.append(np.abs(session.run([OUTPUT], {INPUT: gray})[0] - wanted).max())
    return float(max(differences))
