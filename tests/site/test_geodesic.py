"""The engine's geodesic distances against those of `photochrom.filters.geodesic`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.filters.geodesic import StepCosts
from photochrom.photo import Photo

pytestmark = pytest.mark.browser

DISTANCES = """(m, lightness, seeds) => {
  const costs = new m.StepCosts(lightness);
  return seeds.map(([row, column]) => costs.distances(row, column));
}"""


def _agree(engine: Any, lightness: Array, seeds: list[tuple[int, int]]) -> Array:
    found = engine.run("geodesic.js", DISTANCES, lightness, seeds)
    expected = StepCosts(lightness).distances(seeds)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    return expected


def test_distances_in_a_photo(engine: Any, examples: Path) -> None:
    srgb = Photo(examples / "cat.jpg").upright_copy(96, 132)
    lightness = np.ascontiguousarray(lab_from_srgb(srgb)[..., 0])
    expected = _agree(engine, lightness, [(0, 0), (50, 60), (95, 131), (10, 131)])
    assert expected.max() > 2  # edges count: the picture is only 1.7 short sides long


def test_distances_in_a_maze_need_several_rounds(engine: Any) -> None:
    lightness = np.zeros((41, 61), np.float32)
    for number, row in enumerate(range(4, 41, 6)):
        lightness[row, (slice(0, 57), slice(4, 61))[number % 2]] = 100
    expected = _agree(engine, lightness, [(0, 0)])
    assert expected[0, -1, -1] > 4  # around the walls


def test_distances_in_noise_end_after_the_same_rounds(engine: Any) -> None:
    noise = np.random.default_rng(5).uniform(0, 100, (48, 33)).astype(np.float32)
    _agree(engine, noise, [(47, 0), (20, 16)])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2)])
def test_distances_in_tiny_pictures(engine: Any, shape: tuple[int, int]) -> None:
    lightness = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) * 30
    _agree(engine, lightness, [(0, 0), (shape[0] - 1, shape[1] - 1)])
