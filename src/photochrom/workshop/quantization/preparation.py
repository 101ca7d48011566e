"""Changes to a float network that it hardly notices, and that make its int8 twin better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx

from photochrom.color.lab import Array
from photochrom.workshop.quantization.graph import (
    Feed,
    constants,
    makers,
    measure,
    set_nodes,
    set_value,
    value,
)

STEPS = 64
"""Weights become whole numbers in -64..64, of the int8 range.

Processors older than VNNI add two products in 16 bits, which overflow beyond that; so a file says
the same colours on all of them.
"""


def rounded(weight: Array) -> Array:
    """Weights (outputs, ...) rounded to what their int8 numbers stand for."""
    scale = np.abs(weight).max(axis=tuple(range(1, weight.ndim)), keepdims=True) / STEPS
    scale[scale == 0] = 1
    return np.round(weight / scale) * scale


def equalize(model: Any, inner: Sequence[str], feeds: Sequence[Feed]) -> None:
    """Let all that is concatenated for a convolution use the same range of values.

    A concatenation has one int8 scale, so that small values beside large ones would lose their
    digits. A branch is multiplied in the convolution that makes it or, where it stays fp32, by a
    node of its own; the weights behind the concatenation are divided. A branch that others use too
    stays as it is. Changes the model; what it computes stays the same.

    inner: names of the nodes that become int8.

    After Nagel, van Baalen, Blankevoort, Welling, "Data-free quantization through weight
    equalization and bias correction", ICCV 2019, section 4.1, with measured ranges.
    """
    nodes, maker, tensors = list(model.graph.node), makers(model), constants(model)
    users = Counter(name for node in nodes for name in node.input)
    joints = [
        (node, slots)
        for node in nodes
        if node.name in inner
        and node.op_type == "Conv"
        and (slots := _slots(node.input[0], maker, users, inner))
    ]
    branches = [concat.input[place] for _, slots in joints for concat, place in slots]
    seen = measure(model, branches, feeds, lambda array: (array.shape[1], np.abs(array).max()))
    products: dict[str, list[Any]] = {}
    for convolution, slots in joints:
        own = [seen[concat.input[place]] for concat, place in slots]
        widths = [figures[0][0] for figures in own]
        ranges = [float(max(top for _, top in figures)) for figures in own]
        weight = value(tensors[convolution.input[1]]).copy()
        for (concat, place), start, width, top in zip(
            slots, np.cumsum([0, *widths]), widths, ranges, strict=False
        ):
            factor = max(ranges) / top if top else 1.0
            branch = concat.input[place]
            source = _source(branch, maker, users)
            if source is not None:
                for name in source.input[1:]:
                    set_value(tensors[name], value(tensors[name]) * factor)
            elif branch not in maker or maker[branch].name not in inner:
                product = f"{branch} for {concat.name}"
                model.graph.initializer.append(
                    onnx.numpy_helper.from_array(np.float32(factor), f"factor of {product}")
                )
                node = onnx.helper.make_node("Mul", [branch, f"factor of {product}"], [product])
                products.setdefault(concat.name, []).append(node)
                concat.input[place] = product
            else:
                continue
            weight[:, start : start + width] /= factor
        set_value(tensors[convolution.input[1]], weight)
    set_nodes(model, [one for node in nodes for one in (*products.get(node.name, []), node)])


def _slots(
    tensor: str, maker: dict[str, Any], users: Counter[str], inner: Sequence[str]
) -> list[tuple[Any, int]]:
    """Where a tensor's parts come in: concatenations, nested ones too, and places among inputs."""
    node = maker.get(tensor)
    if node is None or node.op_type != "Concat" or node.name not in inner or users[tensor] > 1:
        return []
    slots = []
    for place, name in enumerate(node.input):
        slots += _slots(name, maker, users, inner) or [(node, place)]
    return slots


def _source(tensor: str, maker: dict[str, Any], users: Counter[str]) -> Any | None:
    """The convolution whose multiple a tensor is, where nothing else depends on it."""
    made = maker.get(tensor)
    while made is not None and users[tensor] == 1 and made.op_type in ("Resize", "Relu"):
        tensor = made.input[0]
        made = maker.get(tensor)
    single = made is not None and users[tensor] == 1 and made.op_type == "Conv"
    return made if single else None


def mend_biases(model: Any, inner: Sequence[str], feeds: Sequence[Feed]) -> None:
    """Let biases take up what rounding the weights will change on average; changes the model.

    The same paper, section 4.2, with measured averages.
    """
    tensors = constants(model)
    convolutions = [
        node
        for node in model.graph.node
        if node.name in inner and node.op_type == "Conv" and len(node.input) == 3
    ]
    sources = [node.input[0] for node in convolutions]
    means = measure(model, sources, feeds, lambda array: array.mean(axis=(0, 2, 3)))
    for node in convolutions:
        weight, bias = (value(tensors[name]) for name in node.input[1:])
        mean = np.mean(means[node.input[0]], axis=0)
        lost = (weight - rounded(weight)).sum(axis=(2, 3))
        groups = len(mean) // lost.shape[1]
        lost = lost.reshape(groups, -1, lost.shape[1])
        change = np.einsum("goi,gi->go", lost, mean.reshape(groups, -1))
        set_value(tensors[node.input[2]], bias + change.reshape(-1))
