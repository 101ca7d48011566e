"""What a set is to be made like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from photochrom.errors import ConfigError, Option


class Fit(StrEnum):
    """What becomes of a photo that is no square."""

    KEEP = "keep"
    CROP = "crop"
    PAD = "pad"


@dataclass(frozen=True)
class Recipe:
    """How photos are stored, and which ones.

    size: short side of a stored photo, pixels (fit pad: side of the square).
    fit: keep the shape, crop the middle square, or pad with white to a square.
    min_side: shorter photos are dropped. min_colorfulness: duller photos are dropped.
    quality: of the WebP files, 1..100. shard_size: photos in a shard.
    duplicate_distance: bits of 64 in which the hashes of near duplicates may differ.
    """

    size: int = 256
    fit: Fit = Fit.KEEP
    min_side: int = 128
    min_colorfulness: float = 8.0
    quality: int = 90
    shard_size: int = 1000
    duplicate_distance: int = 4

    def __post_init__(self) -> None:
        """Raise ConfigError for values that make no set."""
        limits = {
            "size": (16, 16383),
            "min_side": (16, 16383),
            "quality": (1, 100),
            "shard_size": (1, 1_000_000),
            "duplicate_distance": (0, 16),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(Option(name, getattr(self, name)), f"must lie in {low}..{high}")
