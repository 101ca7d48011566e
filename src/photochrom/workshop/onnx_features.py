"""Features: what a network recognizes at each place of a photo, as outputs of its file.

Places that show like things have like features, in one photo or in two; `pipeline.references` finds
by them which colours of a reference belong where. They are layers of the network itself: the ends
of four stages of the encoder, from textures to objects, and of the decoder. A network computes them
in any case, so that these outputs cost it nothing; `photochrom.models.session` makes one vector of
them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import onnx

from photochrom.color.lab import Array
from photochrom.errors import ModelError
from photochrom.models.session import METADATA_KEY


@dataclass(frozen=True)
class Layer:
    """One layer of the features.

    weights: the name that the weights of its last convolution have in the file, a regular
    expression; of several, the last in order counts. share: of the similarity.
    """

    weights: str
    share: float


LAYERS = (
    Layer(r"network\.encoder\.blocks\.1\.\d+\.conv_pwl\.weight", 0.125),
    Layer(r"network\.encoder\.blocks\.2\.\d+\.conv_pwl\.weight", 0.25),
    Layer(r"network\.encoder\.blocks\.4\.\d+\.conv_pwl\.weight", 0.25),
    Layer(r"network\.encoder\.blocks\.6\.\d+\.conv_pwl\.weight", 0.125),
    Layer(r"network\.decoder\.blocks\.2\.0\.weight", 0.25),
)
"""Shares were chosen among a dozen on the pairs of `benchmarks/reference.py` --split constants."""


def layer_tensors(model: Any) -> list[str]:
    """The tensors (1, C, H / s, W / s) of the layers, in the order of `LAYERS`.

    Raises ModelError for a network without such an encoder and decoder.
    """
    nodes = list(model.graph.node)
    return [_end_of(nodes, _last_convolution(nodes, layer)) for layer in LAYERS]


def add_outputs(model: Any, tensors: Sequence[str]) -> None:
    """Make tensors of a graph outputs of it; changes the model."""
    for tensor in tensors:
        model.graph.output.append(
            onnx.helper.make_tensor_value_info(
                tensor, onnx.TensorProto.FLOAT, [1, None, None, None]
            )
        )


def add_features(model: Any, centers: Sequence[Array]) -> None:
    """Make the layers outputs of a model, and describe them in its metadata; changes the model.

    centers: the mean of each layer over photos, (C,).
    """
    tensors = layer_tensors(model)
    add_outputs(model, tensors)
    [properties] = [entry for entry in model.metadata_props if entry.key == METADATA_KEY]
    record = json.loads(properties.value)
    record["features"] = [
        {"output": tensor, "share": layer.share, "center": [round(float(c), 4) for c in center]}
        for layer, tensor, center in zip(LAYERS, tensors, centers, strict=True)
    ]
    properties.value = json.dumps(record)


def _last_convolution(nodes: Sequence[Any], layer: Layer) -> Any:
    """The node of a layer's last convolution; its weights may be stored as integers or fp16."""
    suffixes = r"(_DequantizeLinear_Output)?"
    found = [
        node
        for node in nodes
        if node.op_type == "Conv" and re.fullmatch(layer.weights + suffixes, node.input[1])
    ]
    if not found:
        raise ModelError(
            "the network", f"has no layer {layer.weights}", "features are those of a U-Net"
        )
    return found[-1]


def _end_of(nodes: Sequence[Any], convolution: Any) -> str:
    """What follows a convolution in its layer: the sum with the layer's input, the activation."""
    tensor = str(convolution.output[0])
    while True:
        after = [node for node in nodes if tensor in node.input]
        quantized = [node for node in after if node.op_type == "QuantizeLinear"]
        if quantized:  # its tensor stays inside an operation on integers
            [back] = [node for node in nodes if quantized[0].output[0] in node.input]
            tensor = str(back.output[0])
            continue
        ends = [node for node in after if node.op_type in ("Add", "Relu")]
        if len(after) != len(ends) or len(ends) != 1:
            return tensor
        tensor = str(ends[0].output[0])
