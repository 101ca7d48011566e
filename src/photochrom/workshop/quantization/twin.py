"""From a model file to its int8 twin.

Static quantisation as ONNX Runtime does it: weights int8, one scale a channel; activations uint8,
their least and greatest values found on real photos.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from photochrom.errors import DataError, ModelError
from photochrom.models import Contract, locate
from photochrom.models.session import METADATA_KEY, Session
from photochrom.options import ColorizeOptions
from photochrom.workshop.onnx_export import save_model
from photochrom.workshop.quantization.examples import examples
from photochrom.workshop.quantization.graph import (
    Feed,
    ancestors,
    makers,
    plain_floats,
    record_of,
    run,
)
from photochrom.workshop.quantization.preparation import equalize, mend_biases

FIRST = 3
"""So many convolutions from the input stay fp32: in EfficientNet the stem and the first block.

They have few channels and many pixels, so int8 makes them no faster, and weights of very unequal
size. Being fp32, they also take hints, which are zero nearly everywhere, as they are.
"""


def quantize(
    model: str | Path,
    target: Path,
    sources: Sequence[str],
    *,
    name: str | None = None,
    photos: int = 64,
) -> float:
    """Write the int8 twin of an exported model.

    model: a name, or the path of an .onnx file with weights in fp16 or fp32.
    sources: colour photos that show which values the network computes with, as in
    `photochrom.workshop.data.sources.photos_from`; of those the first `photos`.
    name: the twin's, for its metadata; by default the model's with "-int8" behind.
    Returns the mean distance between the twins' ab on those photos, Lab units. Raises ModelError
    where the model is not there, is no Photochrom model or int8 already, or the target cannot be
    written; DataError where there are no photos.
    """
    _, path = locate(model)
    contract = Session(path).contract
    if target.exists() and target.samefile(path):
        raise ModelError(target, "is the model itself", "name another file")
    original = plain_floats(onnx.load(path))
    if any(node.op_type == "DequantizeLinear" for node in original.graph.node):
        raise ModelError(path, "is int8 already", "name the model that it was made from")
    feeds = list(islice(examples(sources, contract), photos))
    if not feeds:
        raise DataError(", ".join(sources), "no photos there", "name some in colour")
    before = [ab for [ab] in run(original, ["ab"], feeds)]
    inner = inner_nodes(original, contract)
    equalize(original, inner, feeds)
    mend_biases(original, inner, feeds)
    twin = _to_int8(original, inner, feeds)
    changes = {"name": name or f"{contract.name}-int8", "twin_of": contract.name}
    record = json.dumps(record_of(original) | changes)
    onnx.helper.set_model_props(twin, {METADATA_KEY: record})
    onnx.checker.check_model(twin, full_check=True)
    save_model(twin, target)
    after = [ab for [ab] in run(twin, ["ab"], feeds)]
    distances = [np.linalg.norm(a - b, axis=1).mean() for a, b in zip(before, after, strict=True)]
    return contract.dial.at(ColorizeOptions.vividness).gain * float(np.mean(distances))


def inner_nodes(model: Any, contract: Contract) -> list[str]:
    """Names of the nodes between the first convolutions and the head: one piece, without holes.

    A float convolution between int8 ones would be worse than an int8 one: ONNX Runtime quantises
    its weights while loading, with one scale for all channels.
    """
    nodes, maker = list(model.graph.node), makers(model)
    head = maker["logits" if contract.output == "bins" else "ab"]
    while head.op_type != "Conv":
        head = next(maker[name] for name in head.input if name in maker)
    before_head = ancestors(nodes, head.input[0])
    depth: dict[str, int] = {}
    inner = []
    for node in nodes:
        behind = max((depth.get(name, 0) for name in node.input), default=0)
        depth |= dict.fromkeys(node.output, behind + (node.op_type == "Conv"))
        if behind >= FIRST and node.output[0] in before_head:
            inner.append(node.name)
    return inner


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """The photos as ONNX Runtime asks for them, one by one."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> Feed | None:
        return next(self._feeds, None)


def _to_int8(model: Any, inner: Sequence[str], feeds: Sequence[Feed]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        prepared, written = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
        # only for the shapes of all tensors: export has fused what there is to fuse
        quant_pre_process(model, prepared, skip_optimization=True, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            written,
            _Reader(feeds),
            nodes_to_quantize=list(inner),
            per_channel=True,
            reduce_range=True,  # to the steps of `preparation.STEPS`
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(written)
