"""The figures of one picture against the real photo."""

from __future__ import annotations

from skimage.color import deltaE_ciede2000
from skimage.metrics import structural_similarity

from photochrom.color import metrics
from photochrom.color.lab import Array
from photochrom.errors import DataError
from photochrom.workshop.evaluation.original import Original, Picture

SSIM_WINDOW = 7
"""Side of the window of equal weights in which SSIM compares, pixels; scikit-image's default."""


def quick_scores(picture: Picture, ab: Array, original: Original) -> dict[str, float]:
    """PSNR (dB), ab error (Lab units) and colourfulness.

    picture: (H, W, 3), 8-bit sRGB. ab: its a and b, (H, W, 2).
    """
    return {
        "psnr": metrics.psnr(picture, original.real),
        "ab_error": metrics.ab_error(ab, original.lab[..., 1:]),
        "colorfulness": metrics.colorfulness(picture),
    }


def full_scores(picture: Picture, lab: Array, original: Original) -> dict[str, float]:
    """All figures of one picture: the quick ones, SSIM, CIEDE2000, the other colourfulness.

    lab: the picture's, (H, W, 3). Raises DataError for a photo smaller than SSIM's window.
    """
    if min(picture.shape[:2]) < SSIM_WINDOW:
        raise DataError(original.key, f"smaller than {SSIM_WINDOW} pixels", "leave this photo out")
    ssim = structural_similarity(
        picture, original.real, win_size=SSIM_WINDOW, channel_axis=2, data_range=255
    )
    return quick_scores(picture, lab[..., 1:], original) | {
        "ssim": float(ssim),
        "ciede2000": float(deltaE_ciede2000(original.lab, lab).mean()),
        "colorfulness_absolute": metrics.absolute_colorfulness(picture),
    }
