"""Chroma upsampling in the browser's engine gives what `photochrom.filters.upsample` gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom import Photo
from photochrom.color.lab import Array, lab_from_srgb
from photochrom.filters.upsample import cell_mean, linear_chroma, linear_positions, refine

pytestmark = pytest.mark.browser

STRIDE = 4


@pytest.fixture(scope="module")
def lab(examples: Path) -> Array:
    """Lab of a colour photo's small copy, (192, 288, 3)."""
    return lab_from_srgb(Photo(examples / "color" / "students.jpg").upright_copy(192, 288))


def test_a_photo_is_refined_as_by_python(engine: Any, lab: Array) -> None:
    ab, lightness = cell_mean(lab[..., 1:], STRIDE), np.ascontiguousarray(lab[..., 0])

    fine = engine.run(
        "upsampling.js", "({ refine }, ab, light) => refine(ab, light)", ab, lightness
    )

    np.testing.assert_allclose(fine, refine(ab, lightness), atol=1e-3)


@pytest.mark.parametrize("shape", [(32, 128), (8, 4), (4, 4)])
def test_hard_edges_are_refined_as_by_python(engine: Any, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(5)
    lightness = (100 * (random.random(shape) > 0.5)).astype(np.float32)
    ab = random.uniform(-90, 90, (shape[0] // STRIDE, shape[1] // STRIDE, 2)).astype(np.float32)

    fine = engine.run(
        "upsampling.js", "({ refine }, ab, light) => refine(ab, light)", ab, lightness
    )

    np.testing.assert_allclose(fine, refine(ab, lightness), atol=1e-3)


def test_refining_keeps_pace_with_a_stroke(engine: Any, lab: Array) -> None:
    """A small copy takes 10 to 15 ms on a busy machine; the fastest of several."""
    body = """({ refine }, ab, light) => {
      const times = Array.from({ length: 25 }, () => {
        const start = performance.now();
        refine(ab, light);
        return performance.now() - start;
      });
      return Math.min(...times);
    }"""
    ab, lightness = cell_mean(lab[..., 1:], STRIDE), np.ascontiguousarray(lab[..., 0])

    assert engine.run("upsampling.js", body, ab, lightness) < 60


def test_the_linear_model_is_that_of_python(engine: Any, lab: Array) -> None:
    ab, lightness = np.ascontiguousarray(lab[..., 1:]), np.ascontiguousarray(lab[..., 0])
    body = "({ linearChroma }, ab, light) => linearChroma(ab, light)"

    chroma = engine.run("upsampling.js", body, ab, lightness)

    expected = linear_chroma(ab, lightness)
    assert chroma["kept"] is None
    np.testing.assert_allclose(chroma["slope"], expected.slope, atol=1e-3)
    # at a pixel's own L; the offset itself multiplies the slope's error by L
    own = chroma["slope"] * lightness[..., None] + chroma["offset"]
    fitted = expected.slope * lightness[..., None] + expected.offset
    np.testing.assert_allclose(own, fitted, atol=1e-3)


def test_means_of_cells_are_those_of_python(engine: Any, lab: Array) -> None:
    means = engine.run("upsampling.js", "({ cellMean }, lab) => cellMean(lab, 16)", lab)

    np.testing.assert_allclose(means, cell_mean(lab, 16), atol=1e-4)


@pytest.mark.parametrize(
    ("size", "small", "span"),
    [(3000, 288, (0, 1)), (1024, 192, (0.31, 0.502)), (40, 192, (0, 1)), (5, 1, (0, 1))],
)
def test_positions_are_those_of_python(
    engine: Any, size: int, small: int, span: tuple[float, float]
) -> None:
    body = "({ linearPositions }, size, small, span) => linearPositions(size, small, span)"

    positions = engine.run("upsampling.js", body, size, small, list(span))

    before, after, share = linear_positions(size, small, span)
    assert positions["share"].dtype == np.float32
    np.testing.assert_array_equal(positions["before"], before)
    np.testing.assert_array_equal(positions["after"], after)
    np.testing.assert_allclose(positions["share"], share, atol=1e-6)
