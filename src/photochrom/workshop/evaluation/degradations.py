"""Colour photos as old cameras, prints and scanners would have left them: the robustness track.

Every degradation is a pure function of an 8-bit sRGB colour photo (H, W, 3) and a generator, and
returns what a user would hand in: grey, or sepia, somewhat damaged. Lengths are shares of the short
side, so that a photo looks the same at every size; only JPEG's blocks have a size in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.filters import gaussian

from photochrom._system.vips import pyvips, use_libvips
from photochrom.color.lab import (
    XYZ_FROM_RGB,
    Array,
    gray_from_lightness,
    lightness_from_luminance,
    linear_from_srgb,
    luminance_from_lightness,
    srgb_from_lab,
)

Picture = NDArray[np.uint8]

ORTHOCHROMATIC = (0.02, 0.43, 0.55)
"""Shares of linear R, G, B. Silver halide sees blue, its dye adds green up to about 590 nm; under
the red safelight such film stays dark."""
BLUE_SENSITIVE = (0.0, 0.08, 0.92)
"""Collodion and undyed dry plates end at about 500 nm: blue, and green's near flank."""

SEPIA_AB = (9.0, 22.0)
"""a and b of a sulphide-toned silver print where its tint is strongest, in the mid-tones."""
SEPIA_PAPER_AB = (1.0, 11.0)
"""a and b of its aged paper."""
SEPIA_RANGE = (8.0, 92.0)
"""L of its blacks and of its paper, which is yellow and so not white."""

FADED_RANGE = (30.0, 76.0)
"""L of a faded print's blacks, whose silver has gone, and of its stained paper."""
FADED_GAMMA = 0.8
"""Fading takes mid-tones sooner than blacks: the scale is bent upwards."""

GRAIN = 5.0
"""Standard deviation of L in mid-tones. A fast film (RMS granularity 17) at a quarter of a 35 mm
frame has 3 for pixels of 1/256 of the short side; pushed, or of a smaller frame, more."""
GRAIN_SIZE = 1 / 350
"""Sigma of a clump of grain, of the short side."""
SENSOR_NOISE = 2.0
"""Standard deviation of L that a cheap scanner or a phone adds, the same in every tone."""

BLUR = 1 / 125
"""Sigma of the spread of a missed focus, of the short side: 2 pixels of 250."""
JPEG_QUALITY = 25
"""Of pictures that went through messengers and early web pages."""

SCREEN_LINES = 80
"""Rows of dots across the short side: a newspaper's 55 an inch, and a picture 1.5 inches wide."""
SCREEN_RANGE = (22.0, 84.0)
"""L of newsprint's ink and paper."""
SCREEN_SAMPLES = 6
"""Samples a pixel and axis when dots are drawn."""

MOUNT = 0.05
"""Width of a paper mount a side, of the short side."""
LID = 0.03
"""Width of what the scanner saw beside the mount, a side, of the short side."""
MOUNT_LIGHTNESS = 93.0
LID_LIGHTNESS = 14.0
"""L of the dark inside of a scanner's lid."""
BORDER_SLOPE = 2.0
"""By how much the light falls off across the scanner's bed, L."""
BORDER_NOISE = 0.6
"""Standard deviation of L on mount and lid."""


@dataclass(frozen=True)
class Degraded:
    """What became of a photo.

    photo: (H', W') or (H', W', 3), 8-bit sRGB.
    top, left: where the colour photo's own H x W pixels begin in it; 0, 0 where it is no larger.
    """

    photo: Picture
    top: int = 0
    left: int = 0


def on_film(photo: Picture, sensitivity: Sequence[float]) -> Degraded:
    """A photo taken on film that sees linear R, G, B in these shares; they add up to 1."""
    return Degraded(_gray(_lightness(photo, sensitivity)))


def sepia(photo: Picture) -> Degraded:
    """A toned print, scanned in colour: (H, W, 3)."""
    share = (_lightness(photo) / 100)[..., None]
    black, paper = SEPIA_RANGE
    tint = 4 * share * (1 - share) * SEPIA_AB + share**2 * np.array(SEPIA_PAPER_AB)
    lab = np.concatenate([black + (paper - black) * share, tint], axis=-1)
    srgb = srgb_from_lab(lab.astype(np.float32))
    return Degraded(np.rint(srgb * 255).astype(np.uint8))


def low_contrast(photo: Picture) -> Degraded:
    """A faded print."""
    black, paper = FADED_RANGE
    return Degraded(_gray(black + (paper - black) * (_lightness(photo) / 100) ** FADED_GAMMA))


def noise_and_grain(photo: Picture, random: np.random.Generator) -> Degraded:
    """Film grain in clumps, strongest in mid-tones, and a sensor's noise everywhere."""
    lightness = _lightness(photo)
    clumps = gaussian(random.standard_normal(lightness.shape), GRAIN_SIZE * min(lightness.shape))
    share = lightness / 100
    grain = GRAIN * np.sqrt(4 * share * (1 - share)) * clumps / clumps.std()
    return Degraded(_gray(lightness + grain + random.normal(0, SENSOR_NOISE, lightness.shape)))


def blur(photo: Picture) -> Degraded:
    """A missed focus; light spreads, so linear light is blurred."""
    luminance = luminance_from_lightness(_lightness(photo))
    spread = gaussian(luminance, BLUR * min(luminance.shape))
    return Degraded(_gray(lightness_from_luminance(spread)))


def jpeg(photo: Picture) -> Degraded:
    """A grey JPEG file of low quality."""
    use_libvips()
    gray = pyvips.Image.new_from_array(_gray(_lightness(photo)))
    file = gray.jpegsave_buffer(Q=JPEG_QUALITY)
    return Degraded(np.asarray(pyvips.Image.new_from_buffer(file, "").numpy()))


def half_tone(photo: Picture) -> Degraded:
    """Newsprint: round dots on a screen at 45°, as large as the tone is dark, then scanned."""
    luminance = np.clip(luminance_from_lightness(_lightness(photo)), 0, 1)
    height, width = luminance.shape
    pitch = SCREEN_SAMPLES * min(height, width) / SCREEN_LINES
    y, x = np.ogrid[: height * SCREEN_SAMPLES, : width * SCREEN_SAMPLES]
    turn = 2 * np.pi / pitch / np.sqrt(2)
    hills = np.cos(turn * (x + y)) + np.cos(turn * (x - y))
    # Dots must cover the share of the paper that the tone asks for: the screen's levels, ranked.
    levels = np.quantile(hills, np.linspace(0, 1, 257))
    paper = np.interp(hills, levels, np.linspace(1, 0, 257))
    inked = paper < (1 - luminance).repeat(SCREEN_SAMPLES, 0).repeat(SCREEN_SAMPLES, 1)
    cells = inked.reshape(height, SCREEN_SAMPLES, width, SCREEN_SAMPLES)
    covered = cells.mean(axis=(1, 3), dtype=np.float32)
    ink, blank = luminance_from_lightness(np.array(SCREEN_RANGE, np.float32))
    return Degraded(_gray(lightness_from_luminance(blank + (ink - blank) * covered)))


def scan_border(photo: Picture, random: np.random.Generator) -> Degraded:
    """A photo on its mount on a scanner's bed; no two sides are alike."""
    lightness = _lightness(photo)
    height, width = lightness.shape
    short = min(height, width)
    uneven = random.uniform(0.75, 1.25, (2, 4))
    mount, lid = (np.rint(uneven * [[MOUNT], [LID]] * short)).astype(int)
    above, below, left, right = mount + lid
    shape = (above + height + below, left + width + right)
    scan = np.full(shape, LID_LIGHTNESS, np.float32)
    scan[lid[0] : shape[0] - lid[1], lid[2] : shape[1] - lid[3]] = MOUNT_LIGHTNESS
    slope_y, slope_x = random.uniform(-BORDER_SLOPE, BORDER_SLOPE, 2)
    scan += slope_y * np.linspace(-0.5, 0.5, shape[0])[:, None]
    scan += slope_x * np.linspace(-0.5, 0.5, shape[1])
    scan += random.normal(0, BORDER_NOISE, shape)
    scan[above : above + height, left : left + width] = lightness
    return Degraded(_gray(scan), int(above), int(left))


DEGRADATIONS: dict[str, Callable[[Picture, np.random.Generator], Degraded]] = {
    "red-blind film": lambda photo, _: on_film(photo, ORTHOCHROMATIC),
    "blue-sensitive film": lambda photo, _: on_film(photo, BLUE_SENSITIVE),
    "sepia": lambda photo, _: sepia(photo),
    "low contrast": lambda photo, _: low_contrast(photo),
    "noise and grain": noise_and_grain,
    "blur": lambda photo, _: blur(photo),
    "JPEG": lambda photo, _: jpeg(photo),
    "half-tone": lambda photo, _: half_tone(photo),
    "scan border": scan_border,
}
"""By name, in the order to be shown. The generator gives all the noise there is."""


def _lightness(photo: Picture, sensitivity: Sequence[float] = tuple(XYZ_FROM_RGB[1])) -> Array:
    """L (H, W) of what film of this sensitivity sees; the eye's by default, so CIE L."""
    linear = linear_from_srgb(photo.astype(np.float32) / 255)
    return lightness_from_luminance((linear @ np.asarray(sensitivity)).astype(np.float32))


def _gray(lightness: NDArray[np.floating]) -> Picture:
    """8-bit grey (H, W) of L."""
    return gray_from_lightness(np.clip(lightness, 0, 100))
