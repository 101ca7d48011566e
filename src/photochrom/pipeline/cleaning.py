"""Cleaning of a damaged photo's small copy for the network; a sound copy is returned unchanged.

Three faults mislead a network that was trained on sound photos: the dots of a printed screen,
grain, and tones compressed by fading. Each is removed only where it is unmistakable, and only from
the network's input: the photo's own lightness is never changed. Thresholds lie between the sound
photos of the validation set and the degraded ones of docs/robustness.md; lengths are pixels of the
small copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Array
from photochrom.filters.guided_filter import window_mean

SMALLEST = 128
"""Short side below which there are too few pixels to distinguish a fault from the picture."""

SCREEN_FREQUENCY = 0.15
"""Frequency of the coarsest screen detected, cycles a pixel; coarser dots are objects of the
picture."""
SCREEN_SHARE = 0.15
"""Share of the finer detail's power that each of a screen's two directions holds at least.
Of 512 sound photos none has more than 0.11, screened ones have 0.20 to 0.47."""
SCREEN_REACH = 3
"""Bins of the spectrum around a wave that are counted with it, since the picture modulates it."""
SCREEN_DEVIATION = 0.5
"""Standard deviation of L that each wave of a screen has at least."""
FAINT_SCREEN = 3.0
"""Standard deviation of L below which a screen is left in: its dots mislead the network less than
the loss of equally fine detail."""
SCREEN_ORDER = 2
"""Highest order of the sums and differences of the two waves that are removed with them; they alias
at the pixel grid."""
SCREEN_NOTCH = 0.06
"""Sigma of a notch in the spectrum, cycles a pixel."""
SCREEN_MARGIN = 16
"""Pixels mirrored at the edges before a screen is removed."""

RADIUS = 3
"""Radius of the windows in which noise is measured and removed: 7 x 7 pixels."""
NOISE_TONES = (20.0, 90.0)
"""Range of mean L in which noise has its full variance."""
UNCLIPPED_TONES = (8.0, 95.0)
"""Range of mean L in which noise is not clipped away."""
NOISE_FLOOR = 0.6
"""Least fine detail, L, that even the smoothest windows of a noisy photo have."""
NOISE_FINENESS = (0.18, 0.55)
"""Range of that detail relative to the standard deviation of noise: texture lies below it, faint
screen dots above."""
NOISE_LIMIT = 6.0
"""Standard deviation of L above which it is not noise but texture all over the picture."""
NOISE_MARGIN = 1.5
"""Variance to remove, as a multiple of that of the smoothest tenth of the windows, which is lower
than in most."""

FADED_BLACK, FADED_WHITE, FADED_RANGE = 25.0, 80.0, 50.0
"""A print is faded where its blacks are lighter, its whites darker and its range smaller than
this. Fog keeps its whites and night its blacks, so both stay what they are."""
LEVELLED = (5.0, 92.0)
"""L of blacks and whites after levelling: the validation photos' medians."""
LEVELLING_LIMIT = 3.0
"""Largest factor on contrast, so that a nearly blank picture is not stretched into one."""


@dataclass(frozen=True)
class Screen:
    """A half-tone screen: two waves at right angles.

    first, second: their frequencies down and across, cycles a pixel.
    deviation: standard deviation of L of the weaker one.
    """

    first: tuple[float, float]
    second: tuple[float, float]
    deviation: float


def clean(lightness: Array) -> Array:
    """Remove screen, noise and fading from a small copy.

    lightness: (H, W), 0..100.
    Returns (H, W), 0..100; the same object where no fault is detected.
    """
    if min(lightness.shape) < SMALLEST:
        return lightness
    screen = find_screen(lightness)
    if screen is None:
        if variance := noise_variance(lightness):
            lightness = denoise(lightness, NOISE_MARGIN * variance)
    elif screen.deviation > FAINT_SCREEN:
        lightness = descreen(lightness, screen)
    return level(lightness) if is_faded(lightness) else lightness


def find_screen(lightness: Array) -> Screen | None:
    """The half-tone screen of a small copy, or None where there is none.

    Its two waves stand at right angles, and little else in the photo is as fine.
    """
    height, width = lightness.shape
    window = np.hanning(height)[:, None] * np.hanning(width)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    spectrum = np.fft.rfft2((lightness - lightness.mean()) * window)
    power = np.square(np.abs(spectrum)) * 2 / np.square(window).sum() / lightness.size
    power[np.hypot(down, across) < SCREEN_FREQUENCY] = 0  # the rest sums to a variance of L
    row, column = _highest(power)
    v, u = down[row, 0], across[column]
    v, u = (-u, v) if v >= 0 else (u, -v)  # a quarter turn, into the stored half-plane
    perpendicular = _around(power, round(v * height), round(u * width))
    candidates = np.zeros_like(power)
    candidates[perpendicular] = power[perpendicular]
    peaks = (row, column), _highest(candidates)
    weaker = min(power[_around(power, *peak)].sum() for peak in peaks)
    if weaker <= max(SCREEN_SHARE * power.sum(), SCREEN_DEVIATION**2):
        return None
    first, second = ((float(down[row, 0]), float(across[column])) for row, column in peaks)
    return Screen(first, second, float(np.sqrt(weaker)))


def descreen(lightness: Array, screen: Screen) -> Array:
    """Remove a screen's waves, their harmonics, sums and differences from the spectrum."""
    (v, u), (other_v, other_u) = screen.first, screen.second
    padded = np.pad(lightness, SCREEN_MARGIN, mode="reflect")
    down, across = np.fft.fftfreq(padded.shape[0]), np.fft.rfftfreq(padded.shape[1])
    spectrum = np.fft.rfft2(padded)
    for m, n in product(range(-SCREEN_ORDER, SCREEN_ORDER + 1), repeat=2):
        if 0 < abs(m) + abs(n) <= SCREEN_ORDER:
            rows = _notch(down - m * v - n * other_v)
            spectrum *= 1 - np.outer(rows, _notch(across - m * u - n * other_u))
    inner = slice(SCREEN_MARGIN, -SCREEN_MARGIN)
    descreened: Array = np.fft.irfft2(spectrum, padded.shape)[inner, inner].astype(np.float32)
    return np.clip(descreened, 0, 100)


def noise_variance(lightness: Array) -> float:
    """Variance of the noise in L, 0 where no significant noise is detected.

    Noise is present everywhere, even in the smoothest windows, and is finer than texture.
    """
    mean, variance = _statistics(lightness)
    detail = np.zeros_like(lightness)
    detail[1:-1, 1:-1] = _second_difference(_second_difference(lightness).T).T / 6
    inner = np.s_[RADIUS:-RADIUS:2, RADIUS:-RADIUS:2]
    tones, variance = mean[inner], variance[inner]
    fine = window_mean(np.square(detail), RADIUS)[inner]
    unclipped = (tones > UNCLIPPED_TONES[0]) & (tones < UNCLIPPED_TONES[1])
    middle = (tones > NOISE_TONES[0]) & (tones < NOISE_TONES[1])
    if middle.mean() < 0.1:
        return 0.0
    floor = float(np.sqrt(np.quantile(fine[unclipped], 0.02)))
    deviation = float(np.sqrt(np.quantile(variance[middle], 0.1)))
    coarsest, finest = NOISE_FINENESS
    is_noise = coarsest * deviation < floor < finest * deviation
    return deviation**2 if is_noise and floor > NOISE_FLOOR and deviation < NOISE_LIMIT else 0.0


def denoise(lightness: Array, variance: float) -> Array:
    """Remove noise of this variance and keep stronger detail.

    Lee, "Digital image enhancement and noise filtering by use of local statistics", 1980; its
    coefficients are averaged over windows as those of a guided filter (He, Sun, Tang, 2010).
    """
    mean, local = _statistics(lightness)
    slope = np.maximum(local - variance, 0) / np.maximum(local, 1e-6)
    offset = mean - slope * mean
    denoised = window_mean(slope, RADIUS) * lightness + window_mean(offset, RADIUS)
    return np.clip(denoised.astype(np.float32), 0, 100)


def level(lightness: Array) -> Array:
    """Stretch the tones to a sound photo's range, by no more than LEVELLING_LIMIT."""
    black, white = np.percentile(lightness, (1, 99))
    factor = (LEVELLED[1] - LEVELLED[0]) / max(float(white - black), 1e-3)
    if factor <= 1:
        return lightness
    share = min(1.0, (LEVELLING_LIMIT - 1) / (factor - 1))
    stretched = LEVELLED[0] + (lightness - black) * factor
    levelled: Array = (lightness + share * (stretched - lightness)).astype(np.float32)
    return np.clip(levelled, 0, 100)


def is_faded(lightness: Array) -> bool:
    """Whether blacks, whites and range are those of a faded print."""
    black, white = np.percentile(lightness, (1, 99))
    return bool(black > FADED_BLACK and white < FADED_WHITE and white - black < FADED_RANGE)


def _highest(power: NDArray[np.floating]) -> tuple[int, int]:
    row, column = np.unravel_index(power.argmax(), power.shape)
    return int(row), int(column)


def _around(power: NDArray[np.floating], row: int, column: int) -> tuple[Any, ...]:
    """Index of the bins around a frequency in a half-plane spectrum; only rows wrap around."""
    reach = np.arange(-SCREEN_REACH, SCREEN_REACH + 1)
    columns = column + reach
    rows, columns = (row + reach) % len(power), columns[(columns >= 0) & (columns < power.shape[1])]
    return np.ix_(rows, columns)


def _second_difference(image: Array) -> Array:
    """Second difference along axis 1; the result has two columns fewer."""
    return image[:, :-2] - 2 * image[:, 1:-1] + image[:, 2:]


def _statistics(lightness: Array) -> tuple[Array, Array]:
    """Mean and variance of the window around every pixel."""
    mean = window_mean(lightness, RADIUS)
    return mean, np.maximum(window_mean(np.square(lightness), RADIUS) - np.square(mean), 0)


def _notch(distance: NDArray[np.floating]) -> NDArray[np.floating]:
    """1 at a frequency and its aliases, falling to 0 away from them."""
    aliased = (distance + 0.5) % 1 - 0.5
    return np.exp(-np.square(aliased) / (2 * SCREEN_NOTCH**2))
