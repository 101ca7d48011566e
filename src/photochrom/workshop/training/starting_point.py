"""Weights that a run begins with: those of a checkpoint, or of an exported model.

An export folds every batch norm into the convolution before it, as a factor on each of its filters
and a bias. `StartingPoint.give_to` makes trainable batch norms of that again: each gets the mean
and the variance of what reaches it on a batch of training photos, and the weight and the bias that
make it answer, in evaluation mode, as the file does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from photochrom.errors import ModelError, first_line
from photochrom.models import find
from photochrom.workshop.training.checkpoint import read_record

CALIBRATION = 256
"""Training crops on which the batch norms of an exported network are measured."""
_EXPORTED, _HALF = "network.", "_fp16"
"""How the export's tensors are named: a prefix, and a suffix of those stored in fp16."""
_REMEDY = "set the table network as that model's was, or name another model"

Inputs = Callable[[], tuple[Tensor, ...]]
"""Makes what the network's forward takes for a batch of training photos."""


@dataclass(frozen=True)
class StartingPoint:
    """Weights of an earlier training.

    path: of their file. tensors: by their names in the network; of an exported network, a folded
    batch norm is the bias of the convolution before it.
    """

    path: Path
    tensors: Mapping[str, Tensor]

    def give_to(self, network: nn.Module, inputs: Inputs) -> None:
        """Set a network's weights.

        inputs: called once, where there are folded batch norms.
        Raises ModelError for weights of another network.
        """
        state = network.state_dict()
        folded = _folded_norms(network, self.tensors)
        biases = _folded_biases(network, self.tensors)
        own = {
            name: tensor
            for name, tensor in state.items()
            if name.rpartition(".")[0] not in folded and not name.endswith(".num_batches_tracked")
        }
        given = {name: tensor for name, tensor in self.tensors.items() if name in state}
        strange = sorted(set(self.tensors) - set(given) - {f"{name}.bias" for name in biases})
        self._check(own, given, strange)
        if len(folded) != len(biases):
            raise self._wrong(f"has {len(biases)} folded batch norms, not {len(folded)}")
        lengths = {name: _filter_lengths(state[f"{name}.weight"]) for name in biases}
        network.load_state_dict({**state, **given})
        if folded:
            scales = {
                name: _rescale(network.get_submodule(name), length)
                for name, length in lengths.items()
            }
            self._unfold(network, folded, biases, scales, inputs())

    def _check(
        self, own: Mapping[str, Tensor], given: Mapping[str, Tensor], strange: list[str]
    ) -> None:
        """Refuse weights that are not this network's: names and shapes must be its own."""
        for name, tensor in own.items():
            if name not in given:
                raise self._wrong(f"has no {name}, which this configuration's network has")
            if given[name].shape != tensor.shape:
                raise self._wrong(
                    f"{name} is {_shape(given[name])}, but {_shape(tensor)} in this "
                    "configuration's network"
                )
        if strange:
            raise self._wrong(f"has {strange[0]}, which this configuration's network lacks")

    def _unfold(
        self,
        network: nn.Module,
        folded: Mapping[str, _BatchNorm],
        biases: Mapping[str, Tensor],
        scales: Mapping[str, Tensor],
        inputs: tuple[Tensor, ...],
    ) -> None:
        """Measure and set the folded batch norms, in the order in which they run."""
        produced: dict[int, tuple[str, Tensor]] = {}  # the tensor is kept, so that its id is

        def convolved(name: str) -> Callable[..., None]:
            def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
                produced[id(output)] = name, output

            return hook

        def measure(norm: _BatchNorm, arguments: tuple[Tensor, ...]) -> None:
            name, values = produced.pop(id(arguments[0]), ("", arguments[0]))
            if not name:
                raise self._wrong("a batch norm of this network follows no convolution of the file")
            _set_norm(norm, values, biases[name].to(values), scales[name].to(values))

        training = network.training
        with ExitStack() as hooks, torch.no_grad():
            for name in biases:
                module = network.get_submodule(name)
                hooks.callback(module.register_forward_hook(convolved(name)).remove)
            for norm in folded.values():
                hooks.callback(norm.register_forward_pre_hook(measure).remove)
            network.eval()(*inputs)
        network.train(training)

    def _wrong(self, problem: str) -> ModelError:
        return ModelError(self.path, problem, _REMEDY)


def read_starting_point(model: str) -> StartingPoint:
    """The weights of a model.

    model: a checkpoint's folder, of which the averaged weights are read; the path of an .onnx file
    that `photochrom export` wrote; or the name of a model of ours, such as "photochrom".
    Raises ModelError where there is no such model or its file is not readable.
    """
    folder = Path(model)
    if (folder / "checkpoint.json").is_file():
        return _of_checkpoint(folder)
    if folder.is_dir() and len(folder.parts) > 1:
        raise ModelError(folder, "is no checkpoint", "name a folder such as out/NAME/latest")
    return _of_export(find(model).path)


def _of_checkpoint(folder: Path) -> StartingPoint:
    read_record(folder)
    path = folder / "ema.safetensors"
    try:
        tensors = safetensors.torch.load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise ModelError(
            path, f"cannot be read ({first_line(error)})", "name another checkpoint"
        ) from error
    return StartingPoint(path, tensors)


def _of_export(path: Path) -> StartingPoint:
    try:
        graph = onnx.load(path).graph
        stored = {
            tensor.name.removesuffix(_HALF): torch.from_numpy(
                onnx.numpy_helper.to_array(tensor).copy()
            )
            for tensor in graph.initializer
        }
    except Exception as error:  # a damaged file raises whatever its reader trips over
        raise ModelError(
            path, f"cannot be read ({first_line(error)})", "name another model"
        ) from error
    if any(node.op_type == "DequantizeLinear" for node in graph.node):
        raise ModelError(
            path,
            "stores its weights as whole numbers, too coarse to train on",
            "name the model that it was made of",
        )
    tensors = {name: tensor for name, tensor in stored.items() if name.startswith(_EXPORTED)}
    for node in graph.node:
        weight = node.input[1] if node.op_type == "Conv" else ""
        if weight in tensors and len(node.input) > 2:
            bias = tensors.pop(node.input[2], stored[node.input[2]])
            tensors[weight.removesuffix("weight") + "bias"] = bias
    if not tensors:
        raise ModelError(
            path,
            "stores no weights that a training can begin with",
            "name a checkpoint, or a file that `photochrom export` wrote",
        )
    return StartingPoint(
        path, {name.removeprefix(_EXPORTED): tensor.float() for name, tensor in tensors.items()}
    )


def _folded_norms(network: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, _BatchNorm]:
    """The batch norms that have no weights of their own among the tensors."""
    return {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, _BatchNorm) and f"{name}.running_mean" not in tensors
    }


def _folded_biases(network: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The biases among the tensors of convolutions that have none, by the convolution's name."""
    return {
        name: tensors[f"{name}.bias"]
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d) and module.bias is None and f"{name}.bias" in tensors
    }


def _filter_lengths(weight: Tensor) -> Tensor:
    """The Euclidean length of every filter, (C,)."""
    return weight.detach().flatten(1).norm(dim=1)


def _rescale(convolution: nn.Module, lengths: Tensor) -> Tensor:
    """Give filters the lengths that they have in a new network; returns the factors, (C,).

    A folded filter's length says nothing, since the batch norm divides by it; but how far a step
    turns a filter depends on it, and the learning rates are made for those of a new network.
    """
    weight = convolution.get_parameter("weight")
    own = _filter_lengths(weight)
    factors = torch.where((own > 0) & (lengths > 0), lengths / own, 1.0)
    with torch.no_grad():
        weight.mul_(factors[:, None, None, None])
    return factors


def _set_norm(norm: _BatchNorm, values: Tensor, bias: Tensor, scale: Tensor) -> None:
    """Make a batch norm of `values` (N, C, H, W) answer values / scale + bias."""
    var, mean = torch.var_mean(values, (0, 2, 3), correction=0)
    norm.get_buffer("running_mean").copy_(mean)
    norm.get_buffer("running_var").copy_(var)
    norm.get_parameter("weight").copy_((var + norm.eps).sqrt() / scale)
    norm.get_parameter("bias").copy_(bias + mean / scale)


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape))
