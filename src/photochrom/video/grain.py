"""Grain and faded tones of a shot: what is removed from the network's input, the same all through.

Whether a photo is cleaned is decided for each by itself (`photochrom.pipeline.cleaning`); from one
picture of a film to the next the answer may change, and the colours with it. So it is decided once
for each shot, by nearly all of its pictures that were looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from photochrom.color.lab import Array
from photochrom.pipeline.cleaning import (
    NOISE_MARGIN,
    SMALLEST,
    denoise,
    is_faded,
    level,
    noise_variance,
)
from photochrom.video.shots import Shot

EVERY = 12
"""Pictures from one that is looked at to the next."""
ALIKE = 0.9
"""Share of these that must have a fault: grain is in all pictures of a shot, a texture such as
grass is taken for grain in some of them only."""


@dataclass(frozen=True)
class Grain:
    """What is wrong with the tones of pictures.

    variance: of the noise, squared units of L; 0 for none. faded: whether tones are compressed.
    """

    variance: float = 0.0
    faded: bool = False

    @classmethod
    def of(cls, lightness: Array) -> Grain:
        """What is wrong with a small copy."""
        if min(lightness.shape) < SMALLEST:
            return cls()
        return cls(float(noise_variance(lightness) or 0), bool(is_faded(lightness)))

    def cleaned(self, lightness: Array) -> Array:
        """The network's input: a small copy without these faults."""
        if min(lightness.shape) < SMALLEST:
            return lightness
        if self.variance:
            lightness = denoise(lightness, NOISE_MARGIN * self.variance)
        return level(lightness) if self.faded else lightness


def grain_of(shot: Shot, samples: Sequence[tuple[int, float, bool]]) -> Grain:
    """What is wrong with nearly all pictures of a shot.

    samples: number, variance and fading of pictures of the film.
    """
    own = [sample for sample in samples if shot.first <= sample[0] < shot.end]
    if not own:
        return Grain()
    variances = [variance for _, variance, _ in own if variance]
    faded = sum(sample[2] for sample in own)
    surely = ALIKE * len(own)
    return Grain(median(variances) if len(variances) >= surely else 0.0, faded >= surely)
