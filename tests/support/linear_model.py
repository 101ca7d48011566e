"""A model that predicts ab directly: fixed shares of L."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from photochrom.color.vividness import GAIN_ONLY
from photochrom.models.session import METADATA_KEY

SLOPES = (0.2, -0.1)
"""ab of the model below, as shares of L."""


def write_model(path: Path, fit: str, stride: int = 1) -> Path:
    """A graph that says a = 0.2 L, b = -0.1 L, after averaging over cells of `stride`."""
    nodes = [
        helper.make_node(
            "AveragePool", ["L"], ["cells"], kernel_shape=[stride] * 2, strides=[stride] * 2
        ),
        helper.make_node("Mul", ["cells", "slopes"], ["ab"]),
    ]
    slopes = helper.make_tensor("slopes", TensorProto.FLOAT, [1, 2, 1, 1], SLOPES)
    graph = helper.make_graph(
        nodes,
        "ab",
        [helper.make_tensor_value_info("L", TensorProto.FLOAT, [1, 1, "H", "W"])],
        [helper.make_tensor_value_info("ab", TensorProto.FLOAT, [1, 2, "h", "w"])],
        [slopes],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    record = {
        "name": "linear",
        "licence": "CC0-1.0",
        "output": "ab",
        "fit": fit,
        "stride": stride,
        "size": 256,
        "bins": [],
        "log_weights": [],
        "dial": GAIN_ONLY.as_lists(),
    }
    helper.set_model_props(model, {METADATA_KEY: json.dumps(record)})
    onnx.save(model, path)
    return path
