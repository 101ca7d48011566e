"""The two colorization networks of Zhang and others, layer by layer.

Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016 ("eccv16"), and Zhang, Zhu, Isola and
others, "Real-Time User-Guided Image Colorization with Learned Deep Priors", SIGGRAPH 2017
("siggraph17"), as their authors' releases have them; the names of the parts are those of their
checkpoints.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

MIDDLE, SPAN = 50.0, 100.0
"""L is shown to the networks as (L - 50) / 100."""
AB_UNIT = 110.0
"""Lab units of one unit of the networks' output."""
BINS_2016, BINS_2017 = 313, 529


def _convolutions(
    channels: list[int], *, stride: int = 1, dilation: int = 1, last: nn.Module | None = None
) -> list[nn.Module]:
    """3x3 convolutions with a ReLU behind each; the last has the stride and `last` behind it."""
    layers: list[nn.Module] = []
    for index, (before, after) in enumerate(pairwise(channels)):
        final = index == len(channels) - 2
        step = stride if final else 1
        layers += [nn.Conv2d(before, after, 3, step, dilation, dilation), nn.ReLU()]
    if last is not None:
        layers.append(last)
    return layers


def _block(channels: list[int], *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Convolutions, closed by a batch norm."""
    norm = nn.BatchNorm2d(channels[-1])
    return nn.Sequential(*_convolutions(channels, stride=stride, dilation=dilation, last=norm))


class Eccv16(nn.Module):
    """From L (N, 1, H, W), 0..100, to ab (N, 2, H, W), Lab units; sides are multiples of 8."""

    inputs = ("L",)

    def __init__(self) -> None:
        super().__init__()
        self.model1 = _block([1, 64, 64], stride=2)
        self.model2 = _block([64, 128, 128], stride=2)
        self.model3 = _block([128, 256, 256, 256], stride=2)
        self.model4 = _block([256, 512, 512, 512])
        self.model5 = _block([512, 512, 512, 512], dilation=2)
        self.model6 = _block([512, 512, 512, 512], dilation=2)
        self.model7 = _block([512, 512, 512, 512])
        self.model8 = nn.Sequential(
            nn.ConvTranspose2d(512, 256, 4, 2, 1),
            nn.ReLU(),
            *_convolutions([256, 256, 256]),
            nn.Conv2d(256, BINS_2016, 1),
        )
        self.softmax = nn.Softmax(dim=1)
        self.model_out = nn.Conv2d(BINS_2016, 2, 1, bias=False)
        self.upsample4 = nn.Upsample(scale_factor=4, mode="bilinear", align_corners=False)

    def forward(self, lightness: Tensor) -> Tensor:
        """Ab of L."""
        x = (lightness - MIDDLE) / SPAN
        for block in (self.model1, self.model2, self.model3, self.model4,
                      self.model5, self.model6, self.model7, self.model8):  # fmt: skip
            x = block(x)
        return AB_UNIT * self.upsample4(self.model_out(self.softmax(x)))


class Siggraph17(nn.Module):
    """From L, hints (N, 2, H, W; Lab units) and their mask (N, 1, H, W; 0 or 1) to ab.

    Sides are multiples of 8; L is 0..100, ab (N, 2, H, W) in Lab units.
    """

    inputs = ("L", "hint_ab", "hint_mask")

    def __init__(self) -> None:
        super().__init__()
        self.model1 = _block([4, 64, 64])
        self.model2 = _block([64, 128, 128])
        self.model3 = _block([128, 256, 256, 256])
        self.model4 = _block([256, 512, 512, 512])
        self.model5 = _block([512, 512, 512, 512], dilation=2)
        self.model6 = _block([512, 512, 512, 512], dilation=2)
        self.model7 = _block([512, 512, 512, 512])
        self.model8up = nn.Sequential(nn.ConvTranspose2d(512, 256, 4, 2, 1))
        self.model3short8 = nn.Sequential(nn.Conv2d(256, 256, 3, 1, 1))
        self.model8 = nn.Sequential(
            nn.ReLU(), *_convolutions([256, 256, 256], last=nn.BatchNorm2d(256))
        )
        self.model9up = nn.Sequential(nn.ConvTranspose2d(256, 128, 4, 2, 1))
        self.model2short9 = nn.Sequential(nn.Conv2d(128, 128, 3, 1, 1))
        self.model9 = nn.Sequential(nn.ReLU(), *_convolutions([128, 128], last=nn.BatchNorm2d(128)))
        self.model10up = nn.Sequential(nn.ConvTranspose2d(128, 128, 4, 2, 1))
        self.model1short10 = nn.Sequential(nn.Conv2d(64, 128, 3, 1, 1))
        self.model10 = nn.Sequential(nn.ReLU(), nn.Conv2d(128, 128, 3, 1, 1), nn.LeakyReLU(0.2))
        self.model_class = nn.Sequential(nn.Conv2d(256, BINS_2017, 1))  # of training only
        self.model_out = nn.Sequential(nn.Conv2d(128, 2, 1), nn.Tanh())

    def forward(self, lightness: Tensor, hint_ab: Tensor, hint_mask: Tensor) -> Tensor:
        """Ab of L and hints."""
        shown = [(lightness - MIDDLE) / SPAN, hint_ab / AB_UNIT, hint_mask]
        first = self.model1(torch.cat(shown, dim=1))
        second = self.model2(first[:, :, ::2, ::2])
        third = self.model3(second[:, :, ::2, ::2])
        deep = self.model4(third[:, :, ::2, ::2])
        deep = self.model7(self.model6(self.model5(deep)))
        deep = self.model8(self.model8up(deep) + self.model3short8(third))
        deep = self.model9(self.model9up(deep) + self.model2short9(second))
        deep = self.model10(self.model10up(deep) + self.model1short10(first))
        return AB_UNIT * self.model_out(deep)
