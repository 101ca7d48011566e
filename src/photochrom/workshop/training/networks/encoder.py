"""Pretrained encoders: a timm network as a list of features, fed with lightness and hints."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.workshop.training.networks.pretrained import build_features

INPUT_CHANNELS = 4
"""L, a, b of hints, mask of hints."""


def build_encoder(name: str, weights: str, drop_path: float = 0.0) -> nn.Module:
    """A timm encoder whose first convolution takes (L, hint a, hint b, mask).

    name: a timm model that supports `features_only`.
    weights: "package", "none", or the path of a safetensors or weights-only .pth file.
    drop_path: as for `build_features`.
    Returns a module from (N, 4, H, W) to features at strides 2, 4, 8, 16 and 32; its
    `feature_info.channels()` gives their widths. The L channel's filters are the sum of the
    pretrained RGB ones, so that it sees a grey photo as the classifier did; the others start at 0.
    """
    encoder, _ = build_features(name, range(5), weights, drop_path)
    _take_hints(encoder)
    pad_statically(encoder)
    return encoder


def _take_hints(encoder: nn.Module) -> None:
    stem = next(module for module in encoder.modules() if isinstance(module, nn.Conv2d))
    weight = stem.weight.new_zeros(stem.out_channels, INPUT_CHANNELS, *stem.kernel_size)
    weight[:, 0] = stem.weight.detach().sum(1)
    stem.weight = nn.Parameter(weight)
    stem.in_channels = INPUT_CHANNELS


class _PaddedConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow's "same" does for inputs that the stride divides.

    timm's own computes the padding from the input's size at run time, which does not export to a
    graph of free size; for multiples of the stride it is a constant.
    """

    def forward(self, x: Tensor) -> Tensor:
        pads = [
            side
            for kernel, stride in zip(self.kernel_size[::-1], self.stride[::-1], strict=True)
            for side in ((kernel - stride) // 2, (kernel - stride + 1) // 2)
        ]
        return F.conv2d(
            F.pad(x, pads), self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )


def pad_statically(encoder: nn.Module) -> None:
    """Give timm's "same" convolutions a constant padding, right for sizes the stride divides."""
    for module in encoder.modules():
        if type(module).__name__ == "Conv2dSame":
            module.__class__ = _PaddedConv2d
