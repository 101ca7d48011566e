from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import pytest

from photochrom.errors import ConfigError
from photochrom.options import RANGES, ColorizeOptions, SaveOptions


@pytest.mark.parametrize("name", RANGES)
def test_a_number_out_of_range(name: str) -> None:
    low, high = RANGES[name]
    for value in (low, high):
        assert getattr(ColorizeOptions(**{name: value}), name) == value
    for value in (low - 0.01, high + 0.01, math.nan, math.inf):
        with pytest.raises(ConfigError, match=f"{name}=.*: must lie in"):
            ColorizeOptions(**{name: value})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"variant": 12}, r"variant=12: must lie in 0\.\.11"),
        ({"variant": -1}, "variant=-1"),
        ({"seed": -1}, "seed=-1: must not be negative"),
    ],
)
def test_wrong_variants(options: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ColorizeOptions(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"quality": 0}, r"quality=0: must lie in 1\.\.100"),
        ({"quality": 101}, "quality=101"),
        ({"profile": "adobe"}, "profile='adobe': must be one of srgb, keep"),
    ],
)
def test_wrong_files(options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        SaveOptions(**options)


def test_keywords_count_before_options() -> None:
    given = ColorizeOptions(vividness=0.2, warmth=0.5)
    found = ColorizeOptions.of(given, {"vividness": 0.9})
    assert (found.vividness, found.warmth) == (0.9, 0.5)
    assert ColorizeOptions.of(None, {}) == ColorizeOptions()


def test_options_are_values() -> None:
    assert len({ColorizeOptions(hints=[]), ColorizeOptions(), ColorizeOptions(seed=1)}) == 2
    with pytest.raises(FrozenInstanceError):
        ColorizeOptions().seed = 1
    with pytest.raises(TypeError):
        ColorizeOptions(0.5)


def test_the_options_without_adjustments() -> None:
    options = ColorizeOptions(vividness=0.3, saturation=1.2, warmth=0.1, tint=0.1, smooth=0.1)
    assert options.unadjusted == ColorizeOptions(vividness=0.3)
