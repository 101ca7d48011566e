"""What makes a photo look like a scan, and what is no damage: fading, grain, screens, captions.

Functions on a grey picture (side, side), float32, display codes 0..1.
"""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter, zoom

from photochrom.workshop.training.damage.shapes import log_uniform

Gray = NDArray[np.float32]

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-'& "
REACH = 2.5
"""Standard deviations after which a blur's kernel ends."""


def blur(picture: Gray, sigma: float) -> Gray:
    """Blur with a Gaussian of `sigma` pixels."""
    return gaussian_filter(picture, sigma, truncate=REACH)


def aged(gray: Gray, random: np.random.Generator) -> Gray:
    """The photo as an old print or negative shows it, without damage."""
    if random.random() < 0.4:
        gray = np.clip(gray, 1e-3, 1) ** np.float32(2 ** random.uniform(-0.8, 0.8))
    if random.random() < 0.5:
        black, white = random.uniform(0, 0.3), random.uniform(0.65, 1)
        gray = black + (white - black) * gray
    if random.random() < 0.3:
        gray = blur(gray, random.uniform(0.4, 1.6))
    if random.random() < 0.3:
        gray = gray + _clouds(len(gray), random)
    if random.random() < 0.06:
        gray = _screened(gray, random)
    if random.random() < 0.08:
        gray = _captioned(gray, random)
    if random.random() < 0.1:
        gray = _bordered(gray, random)
    return gray


def grain(side: int, random: np.random.Generator) -> tuple[Gray, float]:
    """A film's grain and its strength, zero for a third of the photos."""
    if random.random() < 0.33:
        return np.zeros((side, side), np.float32), 0.0
    strength = log_uniform(random, 0.004, 0.06)
    noise = random.standard_normal((side, side), np.float32)
    if random.random() < 0.6:
        noise = blur(noise, random.uniform(0.4, 1.2))
        noise /= noise.std()
    return noise * np.float32(strength), strength


def stored(gray: Gray, random: np.random.Generator) -> Gray:
    """What a file holds of a picture: 8 bits, at times a JPEG's."""
    codes = (np.clip(gray, 0, 1) * 255 + 0.5).astype(np.uint8)
    if random.random() < 0.4:
        memory = io.BytesIO()
        Image.fromarray(codes).save(memory, "JPEG", quality=int(random.integers(35, 96)))
        codes = np.asarray(Image.open(memory))
    return codes.astype(np.float32) / np.float32(255)


def _clouds(side: int, random: np.random.Generator) -> Gray:
    """Uneven fading: soft light and dark, far wider than damage that is to be found."""
    coarse = random.normal(0, random.uniform(0.02, 0.1), (4, 4)).astype(np.float32)
    return zoom(coarse, side / 4, order=1)[:side, :side]


def _screened(gray: Gray, random: np.random.Generator) -> Gray:
    """A half-tone print: dots on a turned grid."""
    y, x = np.indices(gray.shape, np.float32)
    angle, period = random.uniform(0, math.pi / 2), random.uniform(2.5, 8)
    u = (x * math.cos(angle) + y * math.sin(angle)) * np.float32(2 * math.pi / period)
    v = (y * math.cos(angle) - x * math.sin(angle)) * np.float32(2 * math.pi / period)
    dots = 0.5 + 0.25 * (np.cos(u) + np.cos(v))
    inked = 1 / (1 + np.exp(-(gray - dots) * random.uniform(6, 16)))
    share = random.uniform(0.3, 1)
    return ((1 - share) * gray + share * inked).astype(np.float32)


def _captioned(gray: Gray, random: np.random.Generator) -> Gray:
    """Letters, printed light or dark, of one line or several."""
    side = len(gray)
    page = Image.new("L", (side, side))
    size = log_uniform(random, 6, 40)
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(page)
    top = random.uniform(-size, side)
    for _ in range(int(random.integers(1, 5))):
        text = "".join(random.choice(list(LETTERS), int(random.integers(2, 24))))
        draw.text((random.uniform(-side / 2, side * 0.7), top), text, fill=255, font=font)
        top += size * 1.3
    page = page.rotate(random.choice([0, 0, 90, random.uniform(-10, 10)]))
    opacity = np.asarray(page, np.float32) / 255 * np.float32(random.uniform(0.5, 1))
    ink = random.choice([random.uniform(0, 0.2), random.uniform(0.8, 1)])
    return (gray * (1 - opacity) + np.float32(ink) * opacity).astype(np.float32)


def _bordered(gray: Gray, random: np.random.Generator) -> Gray:
    """The white or black margin of a print or a negative along some edges, turned a little."""
    side = len(gray)
    page = Image.new("L", (side, side), 255)
    box = [random.uniform(-0.6, 0.35) * side for _ in range(4)]
    corners = (box[0], box[1], side - box[2], side - box[3])
    ImageDraw.Draw(page).rounded_rectangle(
        (corners[0], corners[1], max(corners[2], corners[0] + 1), max(corners[3], corners[1] + 1)),
        radius=random.choice([0, 0, random.uniform(2, 30)]),
        fill=0,
    )
    page = page.rotate(random.normal(0, 2), Image.Resampling.BILINEAR, fillcolor=255)
    outside = np.asarray(page, np.float32) / np.float32(255)
    margin = np.float32(random.choice([random.uniform(0, 0.15), random.uniform(0.75, 1)]))
    return gray * (1 - outside) + margin * outside
