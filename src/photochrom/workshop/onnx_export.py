"""From a training checkpoint to the ONNX file that the runtime runs."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from photochrom._system.atomic import atomic_write
from photochrom.color.bins import CHROMA_FLOOR, gamut_bins, rebalancing_weights
from photochrom.color.vividness import GAIN_ONLY, UNFITTED, Decoding, Dial
from photochrom.errors import ModelError, Option, Remedy, os_reason
from photochrom.models import MULTIPLE
from photochrom.models.session import INPUTS, METADATA_KEY, Session
from photochrom.workshop.training.checkpoint import Progress, load_network
from photochrom.workshop.training.config import EmbedderConfig, RunConfig
from photochrom.workshop.training.embedder import Embedder, load_embedder
from photochrom.workshop.training.graph import OPSET, quiet_export
from photochrom.workshop.training.networks.blocks import AB_SCALE

OUTPUTS = {"bins": ("ab", "entropy", "logits"), "ab": ("ab",)}
HALF_FROM = 256
"""Tensors of fewer elements stay fp32 when the weights are stored in fp16."""


@dataclass(frozen=True)
class Parity:
    """Distance of the exported graph's ab from PyTorch's, Lab units."""

    mean: float
    largest: float


class BinsGraph(nn.Module):
    """The fixed graph of `photochrom.models.session` around a network over bins."""

    log_weights: Tensor
    ones: Tensor
    ones_and_squares: Tensor
    centers_and_ones: Tensor

    def __init__(
        self,
        network: nn.Module,
        centers: np.ndarray,
        log_weights: np.ndarray,
        mirrored: bool = False,
    ) -> None:
        """Wrap a network.

        mirrored: ask it about the photo's mirror image too, and take the mean of both logits.
        """
        super().__init__()
        self.network = network
        self.mirrored = mirrored
        ones = torch.ones(1, len(centers))
        summed = torch.cat([torch.from_numpy(centers.T.copy()).float(), ones])
        self.register_buffer("log_weights", torch.from_numpy(log_weights.copy())[:, None, None])
        squares = torch.from_numpy(np.square(centers).sum(axis=1)).float()[None]
        self.register_buffer("ones", ones[..., None, None])
        self.register_buffer("ones_and_squares", torch.cat([ones, squares])[..., None, None])
        self.register_buffer("centers_and_ones", summed[..., None, None])

    def forward(
        self,
        lightness: Tensor,
        hint_ab: Tensor,
        hint_mask: Tensor,
        gamma: Tensor,
        temperature: Tensor,
        chroma_power: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """ab, entropy and logits; shapes and units as in `photochrom.models.session`.

        The entropy is that of the distribution at T 1, as a share of its largest, log Q: the
        dial's temperature does not make the network surer.

        Softmax over channels is slow in ONNX Runtime: two of them take longer than the network.
        Hence exponentials and sums, the sums as 1x1 convolutions, which are quicker than ReduceSum.
        """
        logits = self._ask(lightness, hint_ab, hint_mask)
        balanced = logits - gamma * self.log_weights
        z = balanced - balanced.amax(1, keepdim=True)
        weights = z.exp()
        sums = nn.functional.conv2d(weights, self.ones_and_squares)
        total, expected = sums[:, :1], (sums[:, 1:] / sums[:, :1]).mean()
        mean_z = nn.functional.conv2d(weights * z, self.ones) / total
        entropy = (total.log() - mean_z) / float(np.log(len(self.log_weights)))
        sums = nn.functional.conv2d((z / temperature).exp(), self.centers_and_ones)
        ab = sums[:, :2] / sums[:, 2:]
        found = 2 * ab.square().mean()
        ratio = (expected + CHROMA_FLOOR**2) / (found + CHROMA_FLOOR**2)
        return ab * ratio ** (chroma_power / 2), entropy, logits

    def _ask(self, *photo: Tensor) -> Tensor:
        logits: Tensor
        if not self.mirrored:
            logits = self.network(*photo)
            return logits
        both = self.network(*(torch.cat([plane, plane.flip(3)]) for plane in photo))
        logits = (both[:1] + both[1:].flip(3)) / 2
        return logits


class AbGraph(nn.Module):
    """The graph around a network that predicts ab; its embedder, if any, is inside."""

    def __init__(self, network: nn.Module, embedder: Embedder | None) -> None:
        super().__init__()
        self.network = network
        self.embedder = embedder

    def forward(self, lightness: Tensor) -> Tensor:
        """From L (1, 1, H, W), 0..100, to ab (1, 2, H, W), Lab units."""
        inputs = [lightness] if self.embedder is None else [lightness, self.embedder(lightness)]
        return AB_SCALE * self.network(*inputs)


def export(
    checkpoint: Path,
    target: Path,
    *,
    name: str,
    licence: str,
    size: int,
    dial: Dial | None = None,
    half: bool = True,
    mirrored: bool = False,
    embedder: EmbedderConfig | None = None,
) -> Parity:
    """Write a checkpoint's averaged network as ONNX and compare it with PyTorch.

    name, licence: for the file's metadata. size: the input size, pixels: the short side, or the
    square's of a network that was trained on padded photos.
    dial: of the network; by default unfitted stops, or a gain where there is no distribution.
    half: store the weights in fp16; the arithmetic stays fp32.
    mirrored: ask a network over bins about the mirror image too: a little better, twice the time.
    embedder: where its weights are, by default where the training had them.
    Returns the parity on random photos' worth of noise at two sizes. Raises ModelError where the
    checkpoint does not load, or the embedder is not the one of the training.
    """
    network, config, progress = load_network(checkpoint)
    output = str(network.output)
    if output not in OUTPUTS:
        raise ModelError(checkpoint, "finds damage, and gives no colours", "use export_damage")
    record: dict[str, Any] = {
        "name": name,
        "licence": licence,
        "output": output,
        "fit": "pad" if config.data.fit == "pad" else "stretch",
        "stride": int(network.stride),  # type: ignore[arg-type]
        "size": size,
        "config": config.as_dict(),
        "samples": progress.samples,
    }
    graph: nn.Module
    if output == "bins":
        centers = gamut_bins()
        log_weights = np.log(rebalancing_weights(progress.prior, config.loss.rebalance))
        graph = BinsGraph(network, centers, log_weights, mirrored)
        record["mirrored"] = mirrored
        record["bins"] = centers.tolist()
        record["log_weights"] = [round(float(w), 6) for w in log_weights]
        record["dial"] = (dial or UNFITTED).as_lists()
    else:
        graph = AbGraph(network, _embedder(network, config, progress, embedder))
        record |= {"bins": [], "log_weights": [], "dial": (dial or GAIN_ONLY).as_lists()}
    graph.eval()
    model = _to_onnx(graph, output)
    if half:
        store_in_half(model)
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(record)})
    onnx.checker.check_model(model, full_check=True)
    save_model(model, target)
    return compare(graph, target)


def save_model(model: Any, target: Path) -> None:
    """Write a model, whole or not at all; raises ModelError where it cannot be written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(target) as part:
            onnx.save(model, part, format="protobuf")
    except OSError as error:
        raise ModelError(
            target, f"cannot be written ({os_reason(error)})", "name another file"
        ) from error


def _embedder(
    network: nn.Module, config: RunConfig, progress: Progress, chosen: EmbedderConfig | None
) -> Embedder | None:
    """The embedder that a network was trained with."""
    if "embedding" not in network.inputs:  # type: ignore[operator]
        return None
    embedder = load_embedder(chosen or config.embedder)
    if embedder.digest() != progress.embedder:
        raise ModelError(
            embedder.name,
            f"these weights are not those that {config.name} was trained with",
            Remedy("name the others by {}", Option("embedder_weights")),
        )
    return embedder


def _to_onnx(graph: nn.Module, output: str) -> Any:
    side = 8 * MULTIPLE
    lightness = torch.rand(1, 1, side, side + MULTIPLE) * 100
    example: tuple[Tensor, ...] = (lightness,)
    height, width = torch.export.Dim("rows", min=2), torch.export.Dim("columns", min=2)
    free = {2: MULTIPLE * height, 3: MULTIPLE * width}
    shapes: tuple[dict[int, Any] | None, ...] = (free,)
    if output == "bins":
        none = torch.zeros_like(lightness)
        scalars = torch.ones(3).unbind()  # three tensors: one, repeated, would become one input
        example += (none.expand(-1, 2, -1, -1).clone(), none, *scalars)
        shapes = (free, free, free, None, None, None)
    return to_onnx(graph, example, list(INPUTS[output]), list(OUTPUTS[output]), shapes)


def to_onnx(
    graph: nn.Module,
    example: tuple[Tensor, ...],
    inputs: list[str],
    outputs: list[str],
    shapes: tuple[dict[int, Any] | None, ...],
) -> Any:
    """An ONNX model of a graph. example: one of each input; shapes: which of its sides are free."""
    with tempfile.TemporaryDirectory() as folder, quiet_export():
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            graph,
            example,
            str(path),
            input_names=inputs,
            output_names=outputs,
            opset_version=OPSET,
            dynamic_shapes=shapes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        return onnx.load(path)


def store_in_half(model: Any) -> None:
    """Store large fp32 tensors as fp16 with a Cast behind; ONNX Runtime folds it on loading."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < HALF_FROM:
            continue
        stored = f"{tensor.name}_fp16"
        half = onnx.numpy_helper.from_array(values.astype(np.float16), stored)
        node = onnx.helper.make_node("Cast", [stored], [tensor.name], to=onnx.TensorProto.FLOAT)
        casts.append(node)
        tensor.CopyFrom(half)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)


def compare(graph: nn.Module, path: Path) -> Parity:
    """Distance of a file's ab from PyTorch's, with a hint where it takes one, at two sizes."""
    session = Session(path)
    random = np.random.default_rng(0)
    distances = []
    for height, width in ((256, 192), (160, 320)):
        coarse = random.uniform(0, 100, (height // 16, width // 16)).astype(np.float32)
        lightness = coarse.repeat(16, 0).repeat(16, 1)
        lightness += random.normal(0, 2, lightness.shape).astype(np.float32)
        inputs = [torch.from_numpy(lightness)[None, None]]
        hint_ab = hint_mask = None
        if session.contract.hints:
            hint_ab = np.zeros((height, width, 2), np.float32)
            hint_mask = np.zeros((height, width), np.float32)
            hint_ab[40:46, 40:46], hint_mask[40:46, 40:46] = (40, -20), 1
            inputs += [
                torch.from_numpy(hint_ab).permute(2, 0, 1)[None],
                torch.from_numpy(hint_mask)[None, None],
            ]
        if session.contract.output == "bins":
            inputs += [torch.tensor(1.0), torch.tensor(0.6), torch.tensor(0.2)]
        with torch.no_grad():
            answer = graph(*inputs)
        ab = answer[0] if session.contract.output == "bins" else answer
        predicted = session.predict(lightness, Decoding(1.0, 0.6, 1.0, 0.2), hint_ab, hint_mask).ab
        distances.append(np.abs(predicted - ab[0].permute(1, 2, 0).numpy()))
    return Parity(
        float(np.mean([d.mean() for d in distances])), float(max(d.max() for d in distances))
    )
