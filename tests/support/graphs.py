"""Small ONNX files that follow the contracts of published models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Side = int | str


def save(
    path: Path,
    inputs: Sequence[tuple[str, Sequence[Side]]],
    outputs: Sequence[tuple[str, Sequence[Side]]],
    nodes: Sequence[Any],
    initializers: Sequence[Any] = (),
    *,
    kind: int | None = None,
    kind_out: int | None = None,
    opset: int = 18,
    external: bool = False,
) -> Path:
    import onnx

    kind = kind or onnx.TensorProto.FLOAT
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        list(nodes),
        "graph",
        [value(name, kind, list(shape)) for name, shape in inputs],
        [value(name, kind_out or kind, list(shape)) for name, shape in outputs],
        list(initializers),
    )
    ids = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(graph, opset_imports=ids, ir_version=8)
    onnx.checker.check_model(model)
    if external:
        onnx.save(model, path, save_as_external_data=True, size_threshold=0, location="data.bin")
    else:
        onnx.save(model, path)
    return path


def convolution(channels_in: int, channels_out: int, seed: int = 0, scale: float = 1.0) -> Any:
    """Weights of a 1x1 convolution."""
    import onnx

    random = np.random.default_rng(seed)
    weights = random.normal(0, scale, (channels_out, channels_in, 1, 1)).astype(np.float32)
    return onnx.numpy_helper.from_array(weights, "w")


def ddcolor_like(
    path: Path,
    sides: tuple[Side, Side] = ("h", "w"),
    name: str = "gray",
    out: str = "ab",
    **how: Any,
) -> Path:
    """Neutral sRGB (1, 3, H, W), 0..1, to ab; ab = (40 R - 20 G, 30 B)."""
    import onnx

    weights = np.float32([[40, -20, 0], [0, 0, 30]])[..., None, None]
    if how.get("kind") == onnx.TensorProto.FLOAT16:
        weights = weights.astype(np.float16)
    node = onnx.helper.make_node("Conv", [name, "w"], [out])
    return save(
        path,
        [(name, (1, 3, *sides))],
        [(out, (1, 2, *sides))],
        [node],
        [onnx.numpy_helper.from_array(weights, "w")],
        **how,
    )


def deoldify_like(
    path: Path,
    sides: tuple[Side, Side] = ("h", "w"),
    name: str = "gray",
    out: str = "rgb",
    **how: Any,
) -> Path:
    """sRGB in the range it came in: red and green exchanged with blue's shares; a warm tone."""
    import onnx

    weights = np.float32([[1, 0, 0], [0, 0.8, 0], [0, 0, 0.6]])[..., None, None]
    node = onnx.helper.make_node("Conv", [name, "w"], [out])
    return save(
        path,
        [(name, (1, 3, *sides))],
        [(out, (1, 3, *sides))],
        [node],
        [onnx.numpy_helper.from_array(weights, "w")],
        **how,
    )


def inpainting_like(
    path: Path,
    fill: Sequence[int] | None = None,
    image: str = "image",
    mask: str = "mask",
    out: str = "result",
) -> Path:
    """Holes (mask 0) become one colour of bytes, or the mean of what is known (mask 255)."""
    import onnx

    node = onnx.helper.make_node
    constants = {"white": 255.0, "one": 1.0, "color": [[[[c]] for c in fill or (0, 0, 0)]]}
    by_mean = [
        node("Mul", ["picture", "known"], ["seen"]),
        node("ReduceSum", ["seen", "axes"], ["sum"]),
        node("ReduceSum", ["known", "axes"], ["count"]),
        node("Div", ["sum", "count"], ["new"]),
    ]
    nodes = [
        node("Cast", [image], ["picture"], to=onnx.TensorProto.FLOAT),
        node("Cast", [mask], ["weights"], to=onnx.TensorProto.FLOAT),
        node("Div", ["weights", "white"], ["known"]),
        node("Sub", ["one", "known"], ["hole"]),
        *(by_mean if fill is None else [node("Identity", ["color"], ["new"])]),
        node("Mul", ["picture", "known"], ["kept"]),
        node("Mul", ["new", "hole"], ["filled"]),
        node("Add", ["kept", "filled"], ["sums"]),
        node("Round", ["sums"], ["rounded"]),
        node("Cast", ["rounded"], [out], to=onnx.TensorProto.UINT8),
    ]
    arrays = {name: np.float32(value) for name, value in constants.items()}
    arrays["axes"] = np.int64([2, 3])
    return save(
        path,
        [(image, (1, 3, "h", "w")), (mask, (1, 1, "h", "w"))],
        [(out, (1, 3, "h", "w"))],
        nodes,
        [onnx.numpy_helper.from_array(value, name) for name, value in arrays.items()],
        kind=onnx.TensorProto.UINT8,
    )


def light_to_ab(path: Path, sides: tuple[Side, Side] = ("h", "w"), name: str = "L") -> Path:
    """L to ab = (L / 4, L / 2)."""
    import onnx

    weights = np.float32([[0.25], [0.5]])[..., None, None]
    node = onnx.helper.make_node("Conv", [name, "w"], ["ab"])
    return save(
        path,
        [(name, (1, 1, *sides))],
        [("ab", (1, 2, *sides))],
        [node],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
