"""sRGB and CIE Lab for torch tensors; the same definition as `photochrom.color.lab`.

Colour is axis 1 here: tensors are (N, 3, H, W), on any device.
"""

from __future__ import annotations

import torch
from torch import Tensor

from photochrom.color.lab import EPSILON, KAPPA, RGB_FROM_XYZ, WHITE, XYZ_FROM_RGB


def _mix(matrix: object, image: Tensor) -> Tensor:
    weights = torch.as_tensor(matrix, dtype=image.dtype, device=image.device)
    return torch.einsum("oc,nchw->nohw", weights, image)


def linear_from_srgb(srgb: Tensor) -> Tensor:
    """Undo the sRGB transfer curve; values 0..1 in and out."""
    high = ((srgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(srgb <= 0.04045, srgb / 12.92, high)


def srgb_from_linear(linear: Tensor) -> Tensor:
    """Apply the sRGB transfer curve; values 0..1 in and out."""
    high = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, linear * 12.92, high)


def _f(t: Tensor) -> Tensor:
    return torch.where(t > EPSILON, t.clamp(min=1e-6) ** (1 / 3), (KAPPA * t + 16) / 116)


def lightness_from_luminance(luminance: Tensor) -> Tensor:
    """CIE L (0..100) of relative luminance Y (0..1)."""
    return 116 * _f(luminance) - 16


def luminance_from_lightness(lightness: Tensor) -> Tensor:
    """Relative luminance Y (0..1) of CIE L (0..100)."""
    root = (lightness + 16) / 116
    return torch.where(lightness > 8, root**3, lightness / KAPPA)


def lab_from_srgb(srgb: Tensor) -> Tensor:
    """Convert sRGB (N, 3, H, W) in 0..1 to Lab (N, 3, H, W): L 0..100, a and b in CIE units."""
    x, y, z = _f(_mix(XYZ_FROM_RGB / WHITE[:, None], linear_from_srgb(srgb))).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def srgb_from_lab(lab: Tensor) -> Tensor:
    """Convert Lab (N, 3, H, W) to sRGB in 0..1, reducing chroma at constant L where it must."""
    lightness, a, b = lab.unbind(1)
    fy = (lightness + 16) / 116
    f = torch.stack([fy + a / 500, fy, fy - b / 200], 1)
    xyz = torch.where(f > 6 / 29, f**3, (116 * f - 16) / KAPPA)
    linear = _mix(RGB_FROM_XYZ * WHITE, xyz)
    luminance = xyz[:, 1:2].clamp(0, 1)
    above = (linear.amax(1, keepdim=True) - luminance).clamp(min=1e-9)
    below = (luminance - linear.amin(1, keepdim=True)).clamp(min=1e-9)
    t = torch.minimum((1 - luminance) / above, luminance / below).clamp(max=1)
    return srgb_from_linear((luminance + t * (linear - luminance)).clamp(0, 1))
