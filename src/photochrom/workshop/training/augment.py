"""From colour crops to training samples: a robust grey copy, revealed hints, the target.

Every random number belongs to a sample (`photochrom.workshop.data.draws`), so that a resumed run
repeats them and several processes share a batch as one process would make it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.workshop.data.draws import Draws
from photochrom.workshop.training.config import AugmentConfig
from photochrom.workshop.training.lab import (
    lab_from_srgb,
    lightness_from_luminance,
    linear_from_srgb,
    srgb_from_linear,
)


@dataclass(frozen=True)
class Batch:
    """What a training step sees.

    lightness: (N, 1, H, W), 0..100. hint_ab: (N, 2, H, W), Lab units. hint_mask: (N, 1, H, W).
    target: (N, 2, H/s, W/s), the photos' ab at the network's stride.
    embedding: (N, C), what a classifier says of the photos; empty where no network asks for it.
    """

    lightness: Tensor
    hint_ab: Tensor
    hint_mask: Tensor
    target: Tensor
    embedding: Tensor

    def take(self, names: Sequence[str]) -> list[Tensor]:
        """The inputs that a network takes, in its order."""
        return [getattr(self, name) for name in names]


def make_batch(crops: Tensor, config: AugmentConfig, stride: int, draws: Draws) -> Batch:
    """Turn colour crops (N, 3, H, W), sRGB 0..1, into a batch without embeddings.

    draws: the samples' random numbers, on the crops' device.
    """
    if config.rotation or config.shear or config.zoom:
        crops = warp(crops, config.rotation, config.shear, config.zoom, draws)
    lab = lab_from_srgb(crops)
    ab = target_colors(crops, config, draws) if _changes_color(config) else lab[:, 1:]
    lightness = lab[:, :1]
    if config.robust_gray:
        robust = _chance(config.robust_gray, draws)
        lightness = torch.where(robust, film_lightness(crops, draws), lightness)
    hint_ab, hint_mask = torch.zeros_like(ab), torch.zeros_like(lightness)
    if config.hints:
        hint_ab, hint_mask = reveal_hints(ab, config.hints, config.hint_points, draws)
    target = F.avg_pool2d(ab, stride) if stride > 1 else ab
    return Batch(lightness, hint_ab, hint_mask, target, ab.new_empty(len(ab), 0))


def _changes_color(config: AugmentConfig) -> bool:
    return config.saturation != (1.0, 1.0) or config.white_balance > 0


def target_colors(crops: Tensor, config: AugmentConfig, draws: Draws) -> Tensor:
    """The crops' ab (N, 2, H, W) under another white balance, more or less saturated.

    crops: (N, 3, H, W), sRGB 0..1.
    """
    red, blue = (config.white_balance * (2 * draws.uniform(2) - 1)).exp().unbind(1)
    factors = torch.stack([red, torch.ones_like(red), blue], 1)[:, :, None, None]
    balanced = srgb_from_linear((linear_from_srgb(crops) * factors).clamp(0, 1))
    low, high = config.saturation
    saturation = low + (high - low) * draws.uniform()[:, :, None, None]
    return saturation * lab_from_srgb(balanced)[:, 1:]


def warp(crops: Tensor, rotation: float, shear: float, zoom: float, draws: Draws) -> Tensor:
    """Turn, shear and zoom squares about their centre; edges repeat.

    crops: (N, 3, H, H). rotation: largest angle, degrees. shear: largest angle, radians.
    zoom: largest change of scale, as a share, of each axis by itself.
    The random affine of the beta network's published training (Keras' ImageDataGenerator).
    """
    turned, sheared, *zoomed = (2 * draws.uniform(4) - 1).unbind(1)
    angle = turned * torch.pi * rotation / 180
    slant = sheared * shear
    wide, high = (1 + zoom * change for change in zoomed)
    cos, sin = angle.cos(), angle.sin()
    nothing = torch.zeros_like(angle)
    affine = torch.stack(
        [
            torch.stack([wide * cos, -high * (angle + slant).sin(), nothing], 1),
            torch.stack([wide * sin, high * (angle + slant).cos(), nothing], 1),
        ],
        1,
    )
    grid = F.affine_grid(affine.to(crops.dtype), list(crops.shape), align_corners=False)
    return F.grid_sample(crops, grid, padding_mode="border", align_corners=False)


def film_lightness(crops: Tensor, draws: Draws) -> Tensor:
    """Lightness (N, 1, H, W) of the crops as some camera, film, print and scanner gave it.

    Random spectral weights, then each with its own chance: tone curve, contrast, blur, grain, JPEG.
    """

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * draws.uniform()[:, :, None, None]

    def chance(p: float) -> Tensor:
        return _chance(p, draws)

    spectral = draws.uniform(3) ** 1.5 + 0.05
    spectral = spectral / spectral.sum(1, keepdim=True)
    luminance = torch.einsum("nc,nchw->nhw", spectral, linear_from_srgb(crops))[:, None]
    tone = lightness_from_luminance(luminance) / 100
    tone = torch.where(chance(0.6), tone.clamp(min=1e-4) ** (2 ** uniform(-0.7, 0.7)), tone)
    black, white = uniform(0, 0.2), uniform(0.8, 1.0)
    tone = torch.where(chance(0.4), black + (white - black) * tone, tone)
    tone = torch.where(chance(0.25), _blur(tone), tone)
    tone = tone + _grain(tone, 0.3, draws)
    tone = torch.where(chance(0.3), jpeg_luma(tone, uniform(0.5, 4.0)), tone)
    return tone.clamp(0, 1) * 100


def _grain(like: Tensor, share: float, draws: Draws) -> Tensor:
    """Normal noise in a share of the samples, drawn on the tensor's own device."""
    grain = torch.zeros_like(like)
    for noise, (choice, strength, seed) in zip(grain, draws.on_cpu(3).tolist(), strict=True):
        if choice < share:
            own = torch.Generator(like.device).manual_seed(int(seed * 2**24))
            noise.normal_(0, 0.01 + 0.04 * strength, generator=own)
    return grain


def _chance(share: float, draws: Draws) -> Tensor:
    """Which samples something happens to, (N, 1, 1, 1) bool."""
    return draws.uniform()[:, :, None, None] < share


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


def reveal_hints(ab: Tensor, share: float, most: int, draws: Draws) -> tuple[Tensor, Tensor]:
    """Reveal the colour of a few small squares in some samples.

    ab: (N, 2, H, W), Lab units. share: how many samples get hints. most: points a sample, drawn
    evenly from 1 to `most`; squares have sides of 1 to 9 pixels and one colour, the local mean.
    Returns hint_ab (N, 2, H, W), zero outside the mask, and hint_mask (N, 1, H, W).
    """
    height, width = ab.shape[2:]
    draw = draws.uniform(3 * most).view(-1, most, 3)
    count = 1 + (draws.uniform() * most).long()
    active = torch.arange(most, device=ab.device) < count
    active &= draws.uniform() < share
    y = (draw[..., 0] * height).long()
    x = (draw[..., 1] * width).long()
    return reveal_squares(ab, y, x, (draw[..., 2] * 5).long(), active)


def reveal_squares(
    ab: Tensor, y: Tensor, x: Tensor, radius: Tensor, active: Tensor
) -> tuple[Tensor, Tensor]:
    """Reveal the colour of given squares, each with the mean of the 7x7 pixels at its centre.

    ab: (N, 2, H, W), Lab units. y, x, radius: (N, points), pixels, whole numbers. active:
    (N, points), which of them to reveal.
    Returns hint_ab (N, 2, H, W), zero outside the mask, and hint_mask (N, 1, H, W).
    """
    n, _, height, width = ab.shape
    local = F.avg_pool2d(ab, 7, 1, 3, count_include_pad=False).flatten(2)
    colors = local.gather(2, (y * width + x)[:, None].expand(-1, 2, -1))
    rows = torch.arange(height, device=ab.device)
    columns = torch.arange(width, device=ab.device)
    hint_ab = torch.zeros_like(ab)
    hint_mask = ab.new_zeros(n, 1, height, width)
    for point in range(y.shape[1]):
        reach = radius[:, point, None]
        inside_y = (rows - y[:, point, None]).abs() <= reach
        inside_x = (columns - x[:, point, None]).abs() <= reach
        square = inside_y[:, :, None] & inside_x[:, None] & active[:, point, None, None]
        hint_ab = torch.where(square[:, None], colors[:, :, point, None, None], hint_ab)
        hint_mask = torch.where(square[:, None], 1.0, hint_mask)
    return hint_ab, hint_mask
