"""What makes a picture unfit to learn colours from: no colour, one tint, or drawn flat.

The thresholds were fitted on real sets, looking at what each drops; docs/data.md says how to see
that for another set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.color.metrics import colorfulness
from photochrom.workshop.data.manifest import Reason

LEAST_VARIETY = 1.75
"""Colour variety, ab units. Sepia and duotones saved as JPEG stay below 1.6, whatever they show;
none of 8,173 colour photos lies below 1.75."""
TINT_VARIETY, TINT_WIDTH = 2.4, 0.85
"""A stained or fading tint varies more, but along one line of the ab plane."""
GRAY_CHROMA = 3.0
"""Mean chroma, ab units, that tells grey from tinted; scans of grey prints have up to 2.7."""

FLAT_PIXELS = 0.25
"""Share of pixels that equal their right and lower neighbours, at least this in a graphic: where
there is light there is noise."""
SHARP_PIXELS = 0.04
"""Share of pixels next to a step of more than SHARP_STEP codes: outlines."""
SHARP_STEP = 32
PALETTE_SHARE, SUBJECT_SHARE = 0.45, 0.20
"""Shares of pixels within PALETTE_NEAR codes of the commonest colours: of all pixels, and of those
without the commonest colour, which in photos too may be an even background."""
PALETTE_NEAR, PALETTE_FAR, PALETTE_SIZE = 4, 40, 6
"""A palette's colours lie more than PALETTE_FAR codes apart, so that shading is not a palette."""


@dataclass(frozen=True)
class Verdict:
    """Whether a picture may stay: the reason if not, and the figures behind it."""

    colorfulness: float
    reason: Reason | None = None
    detail: str = ""


def judge(pixels: NDArray[np.uint8], min_colorfulness: float) -> Verdict:
    """Judge whether a reduced picture shows enough colour, and the world rather than a drawing.

    pixels: (H, W, 3), sRGB, the short side about 256.
    min_colorfulness: as `metrics.colorfulness` measures it.
    """
    figure = colorfulness(pixels[::2, ::2])
    variety, width, chroma = color_variety(pixels)
    if variety < LEAST_VARIETY or (variety < TINT_VARIETY and width < TINT_WIDTH):
        reason = Reason.GRAY if chroma < GRAY_CHROMA else Reason.TINTED
        return Verdict(figure, reason, f"colour variety {variety:.2f}, chroma {chroma:.1f}")
    if figure < min_colorfulness:
        return Verdict(figure, Reason.DULL, f"colourfulness {figure:.1f}")
    if is_graphic(pixels):
        return Verdict(figure, Reason.GRAPHIC, "few colours, flat areas, hard edges")
    return Verdict(figure)


def color_variety(pixels: NDArray[np.uint8]) -> tuple[float, float, float]:
    """How much of the colour lightness does not explain.

    In a grey or tinted picture ab is a function of L, up to the noise of its file; so what a
    polynomial in L leaves of ab is measured, on means of 4 x 4 pixels, which hold little noise.
    Returns, in ab units: the RMS of what is left, its RMS across its main direction, and the mean
    chroma.
    """
    lab = lab_from_srgb(_means(pixels, min(4, *pixels.shape[:2]))).reshape(-1, 3)
    powers = np.polynomial.legendre.legvander(lab[:, 0] / 50 - 1, 5)
    gram = powers.T @ powers + 1e-6 * len(lab) * np.eye(6)
    left = lab[:, 1:] - powers @ np.linalg.solve(gram, powers.T @ lab[:, 1:])
    across, along = np.maximum(np.linalg.eigvalsh(left.T @ left / len(left)), 0)
    chroma = np.linalg.norm(lab[:, 1:], axis=1).mean()
    return float(np.sqrt(across + along)), float(np.sqrt(across)), float(chroma)


def is_graphic(pixels: NDArray[np.uint8]) -> bool:
    """Whether a picture is drawn: flat areas of a few clearly different colours, hard edges.

    Cut-out objects on plain paper pass, because what they show is shaded.
    """
    here, right, below = pixels[:-1:2, :-1], pixels[:-1:2, 1:], pixels[1::2, :-1]
    step = np.maximum(_distance(here, right), _distance(here, below))
    flat, sharp = np.count_nonzero(step == 0), np.count_nonzero(step > SHARP_STEP)
    if flat < FLAT_PIXELS * step.size or sharp < SHARP_PIXELS * step.size:
        return False
    palette, subject = _palette_shares(pixels[::2, ::2].reshape(-1, 3).astype(np.int32))
    return palette > PALETTE_SHARE and subject > SUBJECT_SHARE


def _distance(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Largest difference of the three codes of each pixel."""
    apart = np.maximum(first, second) - np.minimum(first, second)
    return np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2])


def _palette_shares(codes: NDArray[np.int32]) -> tuple[float, float]:
    """Shares of pixels that are one of the commonest colours: of all, and without the first's."""
    left = codes
    near: list[int] = []
    taken: list[int] = []
    while len(near) < PALETTE_SIZE and len(left) > 0.01 * len(codes):
        cells = (left[:, 0] >> 3 << 10) | (left[:, 1] >> 3 << 5) | (left[:, 2] >> 3)
        color = np.median(left[cells == np.bincount(cells).argmax()], axis=0)
        distance = np.abs(left - color).max(axis=1)
        near.append(int(np.count_nonzero(distance <= PALETTE_NEAR)))
        taken.append(int(np.count_nonzero(distance <= PALETTE_FAR)))
        left = left[distance > PALETTE_FAR]
    subject = len(codes) - taken[0]
    return sum(near) / len(codes), sum(near[1:]) / max(subject, 0.05 * len(codes))


def _means(pixels: NDArray[np.uint8], block: int) -> Array:
    """Means of every other block x block pixels of both axes, in 0..1."""
    height, width = (side // block * block for side in pixels.shape[:2])
    cut = pixels[:height, :width].reshape(height // block, block, width // block, block, 3)
    return cut[::2, :, ::2].mean(axis=(1, 3), dtype=np.float32) / 255
