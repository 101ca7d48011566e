"""Shapes of damage that are drawn rather than cut out: scratches, hairs, creases, specks, spots.

Each function draws on a square of `side` pixels and returns an opacity (side, side), float32 0..1.
Widths are in pixels.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Opacity = NDArray[np.float32]

FINER = 3
"""Shapes are drawn so many times finer and reduced, which smooths their edges."""


class Sheet:
    """A square that is drawn on with coordinates and widths in its pixels."""

    def __init__(self, side: int) -> None:
        self._image = Image.new("L", (side * FINER, side * FINER))
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: NDArray[np.float64], width: float, opacity: float) -> None:
        """A line through points (N, 2), x and y; one thinner than the grid is fainter instead."""
        fine = max(1, round(width * FINER))
        fill = round(255 * opacity * min(1.0, width * FINER / fine))
        self._draw.line([tuple(p) for p in (points * FINER).tolist()], fill, fine, joint="curve")

    def polygon(self, points: NDArray[np.float64], opacity: float) -> None:
        """A filled polygon of corners (N, 2), x and y."""
        self._draw.polygon([tuple(p) for p in (points * FINER).tolist()], round(255 * opacity))

    def opacity(self) -> Opacity:
        """What was drawn."""
        return np.asarray(self._image.reduce(FINER), np.float32) / np.float32(255)


def log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    """A number whose logarithm is evenly distributed."""
    return float(low * (high / low) ** random.random())


def scratch(side: int, width: float, random: np.random.Generator) -> Opacity:
    """One long scratch or several beside each other, often along the film, often broken."""
    sheet = Sheet(side)
    along = random.random() < 0.5
    angle = math.pi / 2 + random.normal(0, 0.03) if along else random.uniform(0, math.pi)
    broken = random.choice([0.0, 0.15, 0.4])
    for _ in range(1 + int(random.random() < 0.3) * int(random.integers(1, 4))):
        length = side * random.uniform(0.2, 1.6)
        path = _path(side, angle + random.normal(0, 0.02), length, 12, 0.015, random)
        for first in range(len(path) - 1):
            if random.random() >= broken:
                piece = path[first : first + 2]
                sheet.line(piece, width * random.uniform(0.7, 1.3), random.uniform(0.6, 1))
    return sheet.opacity()


def hair(side: int, width: float, random: np.random.Generator) -> Opacity:
    """A curved hair or fibre of even width."""
    sheet = Sheet(side)
    length = log_uniform(random, 8 * width + 6, 1.2 * side + 8 * width)
    bend = random.choice([0.1, 0.25, 0.5])
    path = _path(side, random.uniform(0, 2 * math.pi), length, 24, bend, random)
    sheet.line(path, width, 1)
    return sheet.opacity()


def crease(side: int, width: float, random: np.random.Generator) -> Opacity:
    """A ragged line across the square, as where paper was folded and its coating broke."""
    sheet = Sheet(side)
    angle = random.choice([0, math.pi / 2]) + random.normal(0, 0.25)
    path = _path(side, angle, side * random.uniform(0.5, 2), 40, 0.06, random)
    missing = random.choice([0.0, 0.3, 0.6])
    for first in range(len(path) - 1):
        if random.random() >= missing:
            jitter = random.normal(0, 0.2 * width, (2, 2))
            sheet.line(path[first : first + 2] + jitter, width * random.uniform(0.3, 1.2), 1)
    return sheet.opacity()


def specks(side: int, width: float, random: np.random.Generator) -> Opacity:
    """Grains of dust, of many sizes around `width`."""
    sheet = Sheet(side)
    for _ in range(round(log_uniform(random, 1, 24))):
        size = min(24.0, width * log_uniform(random, 0.5, 2)) / 2
        outline = _outline(random.uniform(0, side, 2), size, 0.35, random)
        sheet.polygon(outline, random.uniform(0.6, 1))
    return sheet.opacity()


def spot(side: int, width: float, random: np.random.Generator) -> Opacity:
    """A round stain with soft edges, at times a ring."""
    y, x = np.ogrid[:side, :side]
    top, left = random.uniform(0, side, 2)
    long = random.uniform(1, 1.6)
    angle = random.uniform(0, math.pi)
    across = (x - left) * math.cos(angle) + (y - top) * math.sin(angle)
    along = (y - top) * math.cos(angle) - (x - left) * math.sin(angle)
    radius = np.hypot(across, along / long) / (width / 2)
    softness = random.uniform(0.1, 0.4)
    inside = 1 / (1 + np.exp(np.clip((radius - 1) / softness, -30, 30)))
    if random.random() < 0.25:
        inside *= np.clip(radius, 0.25, 1)
    return inside.astype(np.float32)


SHAPES = {"scratch": scratch, "hair": hair, "crease": crease, "specks": specks, "spot": spot}


def _path(
    side: int, angle: float, length: float, parts: int, bend: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Points of a line that wanders: its heading changes by about `bend` radians a part."""
    turns = np.cumsum(random.normal(0, bend, parts))
    headings = angle + turns - turns.mean()
    steps = np.stack([np.cos(headings), np.sin(headings)], 1) * (length / parts)
    path = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, 0)])
    return path - path.mean(0) + random.uniform(0, side, 2)


def _outline(
    center: NDArray[np.float64], radius: float, roughness: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Corners of an irregular, somewhat long polygon."""
    angles = np.sort(random.uniform(0, 2 * math.pi, 8))
    radii = radius * (1 + random.uniform(-roughness, roughness, 8))
    points = np.stack([np.cos(angles) * random.uniform(1, 2), np.sin(angles)], 1) * radii[:, None]
    turn = random.uniform(0, math.pi)
    cos, sin = math.cos(turn), math.sin(turn)
    return points @ np.array([[cos, sin], [-sin, cos]]) + center
