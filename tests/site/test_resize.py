"""Resizing in the browser's engine gives what `photochrom.filters.resize` gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom import Photo
from photochrom.filters.resize import resize, resize_matrix

pytestmark = pytest.mark.browser

WEIGHTS = """({ resizeMatrix }, size, count, extent) => {
  const { first, span, weights } = resizeMatrix(size, count, extent ?? undefined);
  const whole = new Float32Array(size * count);
  for (let i = 0; i < size; i += 1)
    for (let k = 0; k < span; k += 1) whole[i * count + first[i] + k] += weights[i * span + k];
  return whole;
}"""


@pytest.mark.parametrize(
    ("size", "count", "extent"),
    [
        (192, 400, None),
        (288, 599, 598.4),
        (192, 401, 400.25),
        (96, 97, 97.9),
        (50, 20, None),
        (7, 7, None),
        (1, 33, None),
        (5, 1, None),
        (3, 2, 1.5),
    ],
)
def test_weights_are_those_of_python(
    engine: Any, size: int, count: int, extent: float | None
) -> None:
    weights = engine.run("resize.js", WEIGHTS, size, count, extent)

    np.testing.assert_allclose(
        weights.reshape(size, count), resize_matrix(size, count, extent), atol=1e-6
    )


def test_a_photo_is_resized_as_by_python(engine: Any, examples: Path) -> None:
    photo = Photo(examples / "color" / "students.jpg").upright_copy(400, 600)
    body = "({ resize }, photo) => resize(photo, 192, 288, [399.5, 598.25])"

    resized = engine.run("resize.js", body, photo)

    assert resized.shape == (192, 288, 3)
    np.testing.assert_allclose(resized, resize(photo, 192, 288, (399.5, 598.25)), atol=1e-5)


def test_all_is_covered_by_default(engine: Any) -> None:
    ramp = np.arange(30, dtype=np.float32).reshape(5, 6)

    resized = engine.run("resize.js", "({ resize }, ramp) => resize(ramp, 8, 3)", ramp)

    np.testing.assert_allclose(resized, resize(ramp[..., None], 8, 3)[..., 0], atol=1e-5)
