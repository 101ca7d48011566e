"""What stands behind the logits of a model file, with arithmetic that ONNX Runtime is quick at."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from photochrom.quantization.graph import ancestors, set_nodes
from photochrom.session import Contract

DECODING = """
decoding (float[1, Q, h, w] logits, float gamma, float temperature)
    => (float[1, 2, h, w] ab, float[1, 1, h, w] entropy)
    <int64[1] bins_axis = {1}, int64[2] bins_split = {2, 1}>
{
    bins_shift = Mul (gamma, bins_log_weights)
    bins_balanced = Sub (logits, bins_shift)
    bins_highest = ReduceMax <keepdims = 1> (bins_balanced, bins_axis)
    bins_z = Sub (bins_balanced, bins_highest)

    bins_exp = Exp (bins_z)
    bins_exp_z = Mul (bins_exp, bins_z)
    bins_total = Conv (bins_exp, bins_ones)
    bins_total_z = Conv (bins_exp_z, bins_ones)
    bins_mean_z = Div (bins_total_z, bins_total)
    bins_log_total = Log (bins_total)
    bins_nats = Sub (bins_log_total, bins_mean_z)
    entropy = Div (bins_nats, bins_log_count)

    bins_cooled = Div (bins_z, temperature)
    bins_shares = Exp (bins_cooled)
    bins_sums = Conv (bins_shares, bins_centres_and_ones)
    bins_ab, bins_sum = Split <axis = 1> (bins_sums, bins_split)
    ab = Div (bins_ab, bins_sum)
}
"""
"""The results of `photochrom.export.BinsGraph`, in fp32.

Softmax over channels is slow in ONNX Runtime: two of them take longer than the network. With
exponentials and sums a whole fp32 file takes half the time; sums are 1x1 convolutions because
ReduceSum takes twice as long.
"""


def decode_by_sums(model: Any, contract: Contract) -> Any:
    """Replace what is behind the logits by `DECODING`; changes the model."""
    nodes = list(model.graph.node)
    kept = ancestors(nodes, "logits")
    count = len(contract.bins)
    decoding = onnx.parser.parse_graph(DECODING)
    ones = np.ones((1, count), np.float32)
    constants = {
        "bins_log_weights": contract.log_weights[None, :, None, None],
        "bins_ones": ones[..., None, None],
        "bins_centres_and_ones": np.concatenate([contract.bins.T, ones])[..., None, None],
        "bins_log_count": np.log(np.float32(count)),
    }
    model.graph.initializer.extend(decoding.initializer)
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in constants.items()
    )
    set_nodes(model, [node for node in nodes if node.output[0] in kept] + list(decoding.node))
    return model
