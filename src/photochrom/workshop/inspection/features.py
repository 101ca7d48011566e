"""What the layers of a network answer, caught by hooks; the first layer down to its arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import ModelError
from photochrom.workshop.training.networks.unet import ColorUNet

ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.SiLU, nn.GELU, nn.Hardswish)
FAINT, FEW = 0.05, 0.01
"""A channel sleeps where fewer than this share of its places reach this share of its strongest."""


@contextmanager
def catch(modules: Mapping[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """Keep what modules answer while the context lasts; the hooks are gone after it.

    Yields a dict that each forward fills, by the names of `modules`. Answers are copied, because a
    ReLU behind may work in place; of a list of features the first is taken.
    """
    caught: dict[str, Tensor] = {}

    def hook(name: str) -> Any:
        def keep(_module: nn.Module, _inputs: Any, output: Tensor | list[Tensor]) -> None:
            feature = output if isinstance(output, Tensor) else output[0]
            caught[name] = feature.detach().clone()

        return keep

    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    try:
        yield caught
    finally:
        for handle in handles:
            handle.remove()


@dataclass(frozen=True)
class Nine:
    """One filter at one place: every number of the arithmetic.

    channel: the filter's. row, column: of its answer, in the map of answers.
    pixels, weights, products: (k, k). bias, total: before the activation. response: after it.
    """

    channel: int
    row: int
    column: int
    pixels: Tensor
    weights: Tensor
    products: Tensor
    bias: float
    total: float
    response: float


@dataclass(frozen=True)
class FirstLayer:
    """The first convolution with all that follows it up to its activation, for one photo.

    plane: (H, W), the lightness as the network takes it, -1..1.
    weights: (C, k, k), for lightness; a batch norm behind is part of them, hints are not there.
    bias: (C,). stride: pixels from one place to the next. before: rows and columns of zeros that
    are added above and to the left. activation: a module.
    responses: (C, h, w), the network's own, after the activation.
    """

    plane: Tensor
    weights: Tensor
    bias: Tensor
    stride: int
    before: int
    activation: nn.Module
    responses: Tensor

    @property
    def size(self) -> int:
        """Side of a filter, pixels."""
        return int(self.weights.shape[-1])

    def patch(self, row: int, column: int) -> Tensor:
        """The (k, k) pixels that the answer at a place looks at; zeros outside the photo."""
        after = self.size
        padded = F.pad(self.plane, (self.before, after, self.before, after))
        top, left = row * self.stride, column * self.stride
        return padded[top : top + self.size, left : left + self.size]

    def center(self, row: int, column: int) -> tuple[int, int]:
        """Row and column of the middle pixel that the answer at a place looks at."""
        shift = self.size // 2 - self.before
        return row * self.stride + shift, column * self.stride + shift

    def at(self, channel: int, row: int, column: int) -> Nine:
        """The arithmetic of one filter at one place of the map of answers."""
        pixels, weights = self.patch(row, column), self.weights[channel]
        products = pixels * weights
        total = products.sum() + self.bias[channel]
        response = self.activation(total.reshape(1, 1, 1, 1).clone())
        return Nine(
            channel,
            row,
            column,
            pixels,
            weights,
            products,
            float(self.bias[channel]),
            float(total),
            float(response),
        )

    def most_interesting(self, inside: tuple[slice, slice]) -> Nine:
        """Where pixels resemble most what a filter looks for, and it says so.

        A filter that adds up brightness answers strongly to every white wall; so a filter is
        judged without its mean, and by its shape instead of its size. Places where the activation
        cuts the sum off come last. inside: rows and columns of the plane to look in.
        """
        height, width = self.responses.shape[1:]
        relief = self.weights - self.weights.mean((1, 2), keepdim=True)
        relief = relief / relief.norm(dim=(1, 2), keepdim=True).clamp(min=1e-12)
        after = self.size
        padded = F.pad(self.plane, (self.before, after, self.before, after))[None, None]
        likeness = F.conv2d(padded, relief[:, None], stride=self.stride)[0, :, :height, :width]
        totals = F.conv2d(padded, self.weights[:, None], self.bias, self.stride)
        whole = (totals[0, :, :height, :width] - self.responses).abs() < 1e-3
        score = likeness.clamp(min=0) * (self.responses > 0) * torch.where(whole, 1.0, 0.01)
        allowed = torch.zeros(height, width, dtype=torch.bool)
        rows, columns = (_places(part, self.stride, self.size) for part in inside)
        allowed[rows, columns] = True
        best = int(score.masked_fill(~allowed, -torch.inf).argmax())
        channel, place = divmod(best, height * width)
        return self.at(channel, *divmod(place, width))

    def strongest_at(self, row: int, column: int) -> Nine:
        """The filter that answers most strongly at a pixel (row, column) of the plane."""
        height, width = self.responses.shape[1:]
        place = min(row // self.stride, height - 1), min(column // self.stride, width - 1)
        totals = [self.at(channel, *place) for channel in range(len(self.weights))]
        return max(totals, key=lambda nine: (nine.response, nine.total))


def _places(part: slice, stride: int, size: int) -> slice:
    """The answers whose pixels all lie inside a part of the plane."""
    start = -(-(part.start + size) // stride)
    return slice(start, max(start + 1, (part.stop - size) // stride))


@dataclass(frozen=True)
class Features:
    """What one pass of a photo left in a network.

    halved: (C, h, w), of the first layer that looks at half the size.
    deep: (C, h, w), the last before the decoder.
    output: the network's answer.
    """

    first: FirstLayer
    halved: Tensor
    deep: Tensor
    output: Tensor


@torch.no_grad()
def look(network: nn.Module, inputs: list[Tensor]) -> Features:
    """Send one photo through a network and keep what its layers answer.

    inputs: the network's, the lightness (1, 1, H, W), 0..100, first.
    Raises ModelError where the network is of no kind whose layers are known.
    """
    convolution, norm, activation = _stem(network)
    halved, deep = _taps(network)
    with catch({"first": activation, "halved": halved, "deep": deep}) as caught:
        output = network(*inputs)
    weights, bias = _folded(convolution, norm)
    first = FirstLayer(
        inputs[0][0, 0] / 50 - 1,
        weights,
        bias,
        convolution.stride[0],
        _zeros_before(convolution),
        activation,
        caught["first"][0],
    )
    return Features(first, caught["halved"][0], caught["deep"][0], output)


def _stem(network: nn.Module) -> tuple[nn.Conv2d, nn.BatchNorm2d | None, nn.Module]:
    """The first convolution, the batch norm behind it if there is one, and its activation."""
    modules = network.modules()
    convolution = next(m for m in modules if isinstance(m, nn.Conv2d))
    norm = None
    for module in modules:
        if isinstance(module, nn.BatchNorm2d):
            norm = module
        if isinstance(module, ACTIVATIONS):
            return convolution, norm, module
    raise ModelError(type(network).__name__, "its first layer has no activation that is known")


def _taps(network: nn.Module) -> tuple[nn.Module, nn.Module]:
    """The modules whose answers are shown: at half the size, and before the decoder."""
    if isinstance(network, ColorUNet):
        return network.encoder, network.neck
    if not isinstance(getattr(network, "down", None), nn.Sequential):
        raise ModelError(type(network).__name__, "its layers to show are not listed")
    blocks = list(network.down)  # type: ignore[arg-type]
    scale, halved = 1, blocks[-1]
    for block in blocks:
        if scale == 2:
            halved = block
            break
        scale *= block[0].stride[0]
    return halved, blocks[-1]


def _zeros_before(convolution: nn.Conv2d) -> int:
    """Rows of zeros above; timm's "same" convolutions pad by themselves, more below."""
    padding = convolution.padding
    own = int(padding[0]) if not isinstance(padding, str) else 0
    if own or convolution.kernel_size[0] == 1:
        return own
    return (convolution.kernel_size[0] - convolution.stride[0]) // 2


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d | None) -> tuple[Tensor, Tensor]:
    """The filters for lightness (C, k, k) and their biases (C,), with the batch norm taken in."""
    weights = convolution.weight.detach()[:, 0]
    bias = torch.zeros(len(weights)) if convolution.bias is None else convolution.bias.detach()
    if norm is None:
        return weights, bias
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
    return weights * scale[:, None, None], (bias - norm.running_mean) * scale + norm.bias.detach()


def awake(maps: Tensor) -> Tensor:
    """Which channels (C,) of maps (C, h, w) answer at more than a few single places."""
    strength = maps.flatten(1).abs()
    largest = strength.amax(1, keepdim=True)
    shares = (strength > FAINT * largest.clamp(min=1e-12)).float().mean(1)
    return (shares >= FEW) & (maps.flatten(1).std(1) > 1e-6)


def most_different(maps: Tensor, count: int) -> list[int]:
    """Channels that resemble each other least, the most varied first.

    maps: (C, h, w). Channels that sleep are left out. Each next channel is the one whose largest
    correlation with those before is smallest.
    """
    alive = awake(maps)
    if not alive.any():
        return []
    centered = maps.flatten(1) - maps.flatten(1).mean(1, keepdim=True)
    norms = centered.norm(dim=1)
    units = centered / norms.clamp(min=1e-12)[:, None]
    chosen = [int(norms.masked_fill(~alive, -1).argmax())]
    nearest = (units @ units[chosen[0]]).abs().masked_fill(~alive, torch.inf)
    nearest[chosen] = torch.inf
    while len(chosen) < min(count, int(alive.sum())):
        chosen.append(int(nearest.argmin()))
        nearest = torch.maximum(nearest, (units @ units[chosen[-1]]).abs())
        nearest[chosen] = torch.inf
    return chosen
