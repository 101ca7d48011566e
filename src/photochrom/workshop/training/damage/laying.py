"""Lay damage over a grey photo, and say which pixels it changed visibly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import uniform_filter

from photochrom.workshop.training.damage import scans, shapes
from photochrom.workshop.training.damage.artefacts import Artefacts
from photochrom.workshop.training.damage.scans import Gray
from photochrom.workshop.training.damage.shapes import Opacity, log_uniform

VISIBLE, HIDDEN = 0.05, 0.01
"""Changes of the display code: what is marked, and what is sound. Between them nothing is
learnt or scored."""
ABOVE_GRAIN, ABOVE_TEXTURE = 2.0, 1.0
"""How strong a change must be to be marked, as a share of the grain's strength and of the
deviation of the picture in the `NEIGHBORHOOD` pixels around."""
NEIGHBORHOOD = 7
WIDEST = 24.0
"""Of the damage that is to be found, pixels."""

EXTENTS = {
    "dirt": (30, 200),
    "dots": (3, 28),
    "hair": (20, 300),
    "hair-short": (8, 120),
    "lint": (10, 140),
    "scratches": (60, 400),
    "smut": (6, 60),
    "spots": (40, 300),
    "sprinkles": (20, 160),
    "stain": (6, 50),
}
"""Smallest and largest long side of the cut-outs of each class on a scan, pixels."""
USUAL_EXTENT = (10, 120)
"""Of other classes."""
OFTEN = {
    "hair": 3,
    "hair-short": 3,
    "lint": 2,
    "scratch": 3,
    "scratches": 2,
    "crease": 2,
    "specks": 3,
    "spots": 3,
}
"""How often a class or shape is laid beside those that are not named, which are laid once."""


@dataclass(frozen=True)
class Sample:
    """One training sample, (side, side) each.

    gray: float32, display codes 0..1. target: bool, the pixels to mark. counts: bool, false where
    a change is too faint to be asked for.
    """

    gray: Gray
    target: np.ndarray
    counts: np.ndarray


def undamaged_sample(photo: Gray, random: np.random.Generator) -> Sample:
    """A photo as a scan shows it, with nothing to mark; at times as it is."""
    nothing = np.zeros(photo.shape, bool)
    if random.random() < 0.3:
        return Sample(scans.stored(photo, random), nothing, ~nothing)
    gray = scans.aged(photo, random) + scans.grain(len(photo), random)[0]
    if random.random() < 0.4:
        gray = scans.blur(gray, random.uniform(0.3, 0.9))
    return Sample(scans.stored(gray, random), nothing, ~nothing)


def damaged_sample(
    photo: Gray, random: np.random.Generator, artefacts: Artefacts | None = None
) -> Sample:
    """A photo as a scan of a damaged print or negative shows it."""
    plain = random.random() < 0.2
    gray = photo if plain else scans.aged(photo, random)
    noise, strength = scans.grain(len(photo), random)
    gray = np.clip(gray + noise, 0, 1)
    change = lay(gray, random, artefacts) - gray
    if random.random() < 0.6:
        sharpness = random.uniform(0.3, 1.0)
        gray, change = scans.blur(gray, sharpness), scans.blur(change, sharpness)
    return sample_of(gray, change, scans.stored(gray + change, random), strength)


def sample_of(gray: Gray, change: Gray, damaged: Gray, grain: float = 0.0) -> Sample:
    """A damaged picture, and what is to be marked in it.

    gray: without the damage. change: what the damage adds. grain: the grain's strength.
    """
    seen = np.abs(change)
    texture = np.maximum(ABOVE_GRAIN * grain, ABOVE_TEXTURE * _deviation(gray))
    target = seen >= np.maximum(VISIBLE, texture)
    return Sample(damaged, target, target | (seen < HIDDEN))


def lay(gray: Gray, random: np.random.Generator, artefacts: Artefacts | None = None) -> Gray:
    """Lay a few pieces of damage over a picture; those of a photo are mostly light or dark."""
    mostly_light = random.random() < 0.5
    scale = log_uniform(random, 0.7, 3)
    for _ in range(round(log_uniform(random, 1, 9))):
        light = mostly_light if random.random() < 0.85 else not mostly_light
        opacity = _piece(len(gray), scale, random, artefacts)
        gray = _covered(gray, opacity, light, random)
    return gray


def _deviation(gray: Gray) -> Gray:
    """The standard deviation of the pixels around each pixel."""
    mean, square = (uniform_filter(plane, NEIGHBORHOOD) for plane in (gray, gray * gray))
    return np.sqrt(np.maximum(square - mean * mean, 0))


def _piece(
    side: int, scale: float, random: np.random.Generator, artefacts: Artefacts | None
) -> Opacity:
    if artefacts is not None and random.random() < 0.5:
        kind = _kind(artefacts.classes, random)
        low, high = EXTENTS.get(kind, USUAL_EXTENT)
        extent = log_uniform(random, low, high)
        opacity = _placed(artefacts.draw(kind, random), extent, side, random)
    else:
        kind = _kind(tuple(shapes.SHAPES), random)
        thickest = 8.0 if kind in ("scratch", "hair") else WIDEST
        width = min(thickest, scale * log_uniform(random, 0.6, 5 if kind != "spot" else 10))
        opacity = shapes.SHAPES[kind](side, width, random)
    if random.random() < 0.5:
        opacity = scans.blur(opacity, random.uniform(0.3, 0.5 + 0.4 * scale))
    return opacity


def _kind(kinds: Sequence[str], random: np.random.Generator) -> str:
    often = np.array([OFTEN.get(kind, 1) for kind in kinds])
    return str(random.choice(list(kinds), p=often / often.sum()))


def _placed(
    artefact: Image.Image, extent: float, side: int, random: np.random.Generator
) -> Opacity:
    """A cut-out, turned and resized to a long side of `extent`, somewhere on a square."""
    factor = extent / max(artefact.size)
    size = [max(1, round(length * factor)) for length in artefact.size]
    small = artefact.resize((size[0], size[1]), Image.Resampling.BILINEAR, reducing_gap=1.5)
    if random.random() < 0.5:
        small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    small = small.rotate(random.uniform(0, 360), Image.Resampling.BILINEAR, expand=True)
    page = Image.new("L", (side, side))
    middle = random.uniform(0, side, 2) - np.array(small.size) / 2
    page.paste(small, (round(middle[0]), round(middle[1])))
    opacity = np.asarray(page, np.float32) / 255
    return np.minimum(1, opacity * np.float32(random.uniform(1, 1.6)))


def _covered(gray: Gray, opacity: Opacity, light: bool, random: np.random.Generator) -> Gray:
    """Let an opacity cover a picture with a tone, or lighten or darken what shows through."""
    strength = np.float32(random.uniform(0.5, 1))
    if random.random() < 0.3:
        change = log_uniform(random, 0.12, 0.5) * (1 if light else -1)
        return np.clip(gray + np.float32(change) * opacity, 0, 1)
    tone = np.float32(random.uniform(0.75, 1.0) if light else random.uniform(0, 0.25))
    covered = gray + strength * opacity * (tone - gray)
    if random.random() < 0.15:  # the shadow or the bright edge beside a fold
        step = random.integers(1, 4, 2)
        shadow = np.roll(opacity, step, (0, 1)) * (1 - opacity)
        covered = covered + shadow * np.float32(random.uniform(0.1, 0.4) * (-1 if light else 1))
    return np.clip(covered, 0, 1)
