"""Reading and changing the graphs of model files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import onnx

from photochrom._system.onnx_runtime import onnxruntime
from photochrom.color.lab import Array
from photochrom.models.session import METADATA_KEY

Feed = dict[str, Array]
"""What a model file takes, by the names of its inputs."""


def plain_floats(model: Any) -> Any:
    """Undo the storage of weights in fp16: no Cast behind each any more; changes the model.

    The inverse of `photochrom.workshop.onnx_export`'s, up to the digits that fp16 lost.
    """
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        if node.op_type != "Cast" or node.input[0] not in stored:
            nodes.append(node)
            continue
        tensor = stored[node.input[0]]
        values = onnx.numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, node.output[0]))
    set_nodes(model, nodes)
    return model


def set_nodes(model: Any, nodes: Sequence[Any]) -> None:
    """Give a graph other nodes and drop the constants and shapes that these do not know."""
    graph = model.graph
    used = {name for node in nodes for name in node.input}
    constants = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants)


def ancestors(nodes: Sequence[Any], tensor: str) -> set[str]:
    """Names of all tensors that a tensor is computed from, and its own.

    nodes: sorted, each behind those that it needs.
    """
    names = {tensor}
    for node in reversed(nodes):
        if names.intersection(node.output):
            names.update(node.input)
    return names


def makers(model: Any) -> dict[str, Any]:
    """The node that makes each tensor."""
    return {output: node for node in model.graph.node for output in node.output}


def constants(model: Any) -> dict[str, Any]:
    """The graph's constants by name, to be changed in place."""
    return {tensor.name: tensor for tensor in model.graph.initializer}


def value(tensor: Any) -> Array:
    """A constant's numbers."""
    return onnx.numpy_helper.to_array(tensor)


def set_value(tensor: Any, array: Array) -> None:
    """Give a constant other numbers, as float32."""
    tensor.CopyFrom(onnx.numpy_helper.from_array(array.astype(np.float32), tensor.name))


def record_of(model: Any) -> dict[str, Any]:
    """The metadata that describes the file, see `photochrom.models.session`."""
    properties = {item.key: item.value for item in model.metadata_props}
    return json.loads(properties[METADATA_KEY])


def run(model: Any, outputs: Sequence[str], feeds: Sequence[Feed]) -> Iterator[list[Array]]:
    """The outputs for every feed."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    for feed in feeds:
        yield session.run(outputs, feed)


def measure(
    model: Any, tensors: Sequence[str], feeds: Sequence[Feed], figure: Callable[[Array], Any]
) -> dict[str, list[Any]]:
    """A figure of tensors inside a model, one for every feed."""
    names = list(dict.fromkeys(tensors))
    if not names:
        return {}
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    rows = [[figure(array) for array in arrays] for arrays in run(probe, names, feeds)]
    return {name: column for name, *column in zip(names, *rows, strict=True)}
