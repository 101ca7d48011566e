"""From colour crops to training samples: a robust grey copy, revealed hints, the target.

Every draw hangs on a CPU generator, so that a step's samples are a function of (seed, step) alone
and a resumed run repeats them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.training.config import AugmentConfig
from photochrom.training.lab import lab_from_srgb, lightness_from_luminance, linear_from_srgb


@dataclass(frozen=True)
class Batch:
    """What a training step sees.

    lightness: (N, 1, H, W), 0..100. hint_ab: (N, 2, H, W), Lab units. hint_mask: (N, 1, H, W).
    target: (N, 2, H/s, W/s), the photos' ab at the network's stride.
    """

    lightness: Tensor
    hint_ab: Tensor
    hint_mask: Tensor
    target: Tensor


def make_batch(
    crops: Tensor, config: AugmentConfig, stride: int, generator: torch.Generator
) -> Batch:
    """Turn colour crops (N, 3, H, W), sRGB 0..1, into a batch."""
    lab = lab_from_srgb(crops)
    ab = lab[:, 1:]
    robust = _choose(len(crops), config.robust_grey, crops, generator)
    lightness = torch.where(robust, film_lightness(crops, generator), lab[:, :1])
    hint_ab, hint_mask = reveal_hints(ab, config.hints, config.hint_points, generator)
    return Batch(lightness, hint_ab, hint_mask, F.avg_pool2d(ab, stride))


def film_lightness(crops: Tensor, generator: torch.Generator) -> Tensor:
    """Lightness (N, 1, H, W) of the crops as some camera, film, print and scanner gave it.

    Random spectral weights, then each with its own chance: tone curve, contrast, blur, grain, JPEG.
    """
    n = len(crops)

    def uniform(low: float, high: float) -> Tensor:
        draw = torch.rand(n, 1, 1, 1, generator=generator).to(crops.device)
        return low + (high - low) * draw

    def chance(p: float) -> Tensor:
        return _choose(n, p, crops, generator)

    spectral = torch.rand(n, 3, generator=generator).to(crops.device) ** 1.5 + 0.05
    spectral = spectral / spectral.sum(1, keepdim=True)
    luminance = torch.einsum("nc,nchw->nhw", spectral, linear_from_srgb(crops))[:, None]
    tone = lightness_from_luminance(luminance) / 100
    tone = torch.where(chance(0.6), tone.clamp(min=1e-4) ** (2 ** uniform(-0.7, 0.7)), tone)
    black, white = uniform(0, 0.2), uniform(0.8, 1.0)
    tone = torch.where(chance(0.4), black + (white - black) * tone, tone)
    tone = torch.where(chance(0.25), _blur(tone), tone)
    grain = _grain(tone, generator) * uniform(0.01, 0.05)
    tone = torch.where(chance(0.3), tone + grain, tone)
    tone = torch.where(chance(0.3), jpeg_luma(tone, uniform(0.5, 4.0)), tone)
    return tone.clamp(0, 1) * 100


def _grain(like: Tensor, generator: torch.Generator) -> Tensor:
    """Normal noise, drawn on the tensor's own device from a seed of the CPU generator."""
    seed = int(torch.randint(2**62, (1,), generator=generator))
    own = torch.Generator(like.device).manual_seed(seed)
    return torch.randn(like.shape, generator=own, device=like.device)


def _choose(n: int, share: float, like: Tensor, generator: torch.Generator) -> Tensor:
    return (torch.rand(n, 1, 1, 1, generator=generator) < share).to(like.device)


def _blur(image: Tensor) -> Tensor:
    kernel = image.new_tensor([1, 4, 6, 4, 1]) / 16
    padded = F.pad(image, (2, 2, 2, 2), mode="replicate")
    return F.conv2d(padded, torch.outer(kernel, kernel)[None, None])


JPEG_LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""The luminance quantisation table of ITU-T T.81, annex K.1."""


def jpeg_luma(image: Tensor, coarseness: Tensor) -> Tensor:
    """Quantise 8x8 DCT blocks as a JPEG encoder does.

    image: (N, 1, H, W) in 0..1, sides multiples of 8. coarseness: (N, 1, 1, 1), factor on the
    standard table; 1 is quality 50.
    """
    n, _, height, width = image.shape
    k = torch.arange(8, device=image.device, dtype=image.dtype)
    dct = torch.cos((2 * k[None] + 1) * k[:, None] * torch.pi / 16) / 2
    dct[0] /= 2**0.5
    blocks = image.view(n, height // 8, 8, width // 8, 8).transpose(2, 3) * 255
    steps = image.new_tensor(JPEG_LUMA) * coarseness[..., None]
    coefficients = (dct @ blocks @ dct.T / steps).round() * steps
    decoded: Tensor = dct.T @ coefficients @ dct / 255
    return decoded.transpose(2, 3).reshape(n, 1, height, width)


def reveal_hints(
    ab: Tensor, share: float, most: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Reveal the colour of a few small squares in some samples.

    ab: (N, 2, H, W), Lab units. share: how many samples get hints. most: points a sample, drawn
    evenly from 1 to `most`; squares have sides of 1 to 9 pixels and one colour, the local mean.
    Returns hint_ab (N, 2, H, W), zero outside the mask, and hint_mask (N, 1, H, W).
    """
    n, _, height, width = ab.shape
    draw = torch.rand(n, most, 3, generator=generator).to(ab.device)
    count = torch.randint(1, most + 1, (n, 1), generator=generator).to(ab.device)
    active = torch.arange(most, device=ab.device) < count
    active &= _choose(n, share, ab, generator)[:, :, 0, 0]
    y = (draw[..., 0] * height).long()
    x = (draw[..., 1] * width).long()
    radius = (draw[..., 2] * 5).long()
    local = F.avg_pool2d(ab, 7, 1, 3, count_include_pad=False).flatten(2)
    colours = local.gather(2, (y * width + x)[:, None].expand(-1, 2, -1))
    rows = torch.arange(height, device=ab.device)
    columns = torch.arange(width, device=ab.device)
    hint_ab = torch.zeros_like(ab)
    hint_mask = ab.new_zeros(n, 1, height, width)
    for point in range(most):
        reach = radius[:, point, None]
        inside_y = (rows - y[:, point, None]).abs() <= reach
        inside_x = (columns - x[:, point, None]).abs() <= reach
        square = inside_y[:, :, None] & inside_x[:, None] & active[:, point, None, None]
        hint_ab = torch.where(square[:, None], colours[:, :, point, None, None], hint_ab)
        hint_mask = torch.where(square[:, None], 1.0, hint_mask)
    return hint_ab, hint_mask
