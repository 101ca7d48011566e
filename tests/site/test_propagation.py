"""The engine's propagation of hints against that of `photochrom.pipeline.hint_propagation`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.filters.upsample import linear_chroma
from photochrom.options import Hint
from photochrom.photo import Photo
from photochrom.pipeline.hint_propagation import (
    Dissimilarity,
    HintDistances,
    propagate_hints,
    reach_mask,
    snap_to_hints,
)
from photochrom.pipeline.hints import PlacedHints

pytestmark = pytest.mark.browser

PHOTO = (300, 451)
SHAPE = (96, 144)

FREE = [
    {"x": 100, "y": 80, "ab": [50, 30], "radius": 10, "reach": None},
    {"x": 300.5, "y": 200, "ab": [-20, 5], "radius": None, "reach": None},
]
STROKE = [
    {"x": 200 + 12 * n, "y": 150 + 2 * n, "ab": [-45, 40], "radius": 12, "reach": None}
    for n in range(8)
]
MILD = [
    {"x": 20 + 11 * n, "y": 250, "ab": [-24, 22], "radius": 12, "reach": None} for n in range(9)
]
"""A stroke of a colour that is not far from the predicted one."""
LIMITED = [
    {"x": 60, "y": 200, "ab": [10, -40], "radius": 8, "reach": 55},
    {"x": 68, "y": 203, "ab": [10, -40], "radius": 8, "reach": 55},
    {"x": 449, "y": 2, "ab": [30, 60], "radius": 8, "reach": 1},
]

SPREAD = """async (m, hints, [photo, shape], withHints, withoutHints, lightness) => {
  const { PlacedHints } = await import("/hints.js");
  const placed = PlacedHints.of(hints, photo, shape, "photo");
  const distances = new m.HintDistances(lightness);
  const dissimilarity = new m.Dissimilarity(distances, withoutHints);
  const colors = () => m.hintedColors(placed, withHints, withoutHints, dissimilarity);
  return { ...colors(), again: colors().all, mask: m.reachMask(placed.limited) };
}"""


def sizes(photo: tuple[int, int], shape: tuple[int, ...]) -> list[dict[str, int]]:
    return [{"height": height, "width": width} for height, width in (photo, shape[:2])]


def placed(hints: list[dict[str, Any]]) -> PlacedHints:
    named = [Hint(**{**hint, "ab": tuple(hint["ab"])}) for hint in hints]
    return PlacedHints.of(named, PHOTO, SHAPE, "photo")


@pytest.fixture(scope="module")
def lightness(examples: Path) -> Array:
    srgb = Photo(examples / "cat.jpg").upright_copy(*SHAPE)
    return np.ascontiguousarray(lab_from_srgb(srgb)[..., 0])


@pytest.fixture(scope="module")
def colors(examples: Path) -> Array:
    """Colours of the photo itself, as a network may predict them."""
    srgb = Photo(examples / "color" / "cat.jpg").upright_copy(*SHAPE)
    return np.ascontiguousarray(lab_from_srgb(srgb)[..., 1:])


@pytest.fixture(scope="module")
def tinted(colors: Array) -> Array:
    """The same colours, tinted everywhere, as by a network that follows an unlikely hint."""
    return colors + np.array([12, -7], np.float32)


@pytest.mark.parametrize(
    "hints",
    [FREE, STROKE, MILD, LIMITED, [*FREE, *LIMITED, *STROKE, *MILD]],
    ids=["free", "stroke", "mild stroke", "limited", "all"],
)
def test_hints_spread_as_in_python(
    engine: Any, lightness: Array, colors: Array, tinted: Array, hints: list[dict[str, Any]]
) -> None:
    found = engine.run(
        "propagation.js", SPREAD, hints, sizes(PHOTO, SHAPE), tinted, colors, lightness
    )
    python = placed(hints)
    free, limited = python.only(~python.limited), python.only(python.limited)
    spread = colors
    if len(free.ab):
        spread = propagate_hints(free, tinted, colors, lightness)
    both = spread
    if len(limited.ab):
        dissimilarity = Dissimilarity(HintDistances(lightness), colors)
        both = propagate_hints(limited, spread, spread, lightness, dissimilarity)
    np.testing.assert_allclose(found["free"], spread, atol=1e-3)
    np.testing.assert_allclose(found["all"], both, atol=1e-3)
    np.testing.assert_array_equal(found["again"], found["all"])  # out of the caches
    assert np.abs(both - colors).max() > 20
    np.testing.assert_allclose(found["mask"], reach_mask(limited), atol=1e-5)


def test_a_hint_colors_its_own_pixel(
    engine: Any, lightness: Array, colors: Array, tinted: Array
) -> None:
    found = engine.run(
        "propagation.js", SPREAD, FREE, sizes(PHOTO, SHAPE), tinted, colors, lightness
    )
    for hint, (row, column) in zip(FREE, placed(FREE).pixels, strict=True):
        np.testing.assert_allclose(found["free"][row, column], hint["ab"], atol=0.01)


def test_fields_beyond_the_cache_are_computed_again(
    engine: Any, colors: Array, tinted: Array
) -> None:
    """540 hints, more than the 512 fields that a cache holds."""
    shape = (20, 30)
    small = [np.ascontiguousarray(field[: shape[0], : shape[1]]) for field in (tinted, colors)]
    lightness = np.linspace(20, 80, 600, dtype=np.float32).reshape(shape)
    hints = [
        {"x": n % 30, "y": n // 30, "ab": [n % 7 - 3, n % 11], "radius": None, "reach": None}
        for n in range(540)
    ]
    found = engine.run("propagation.js", SPREAD, hints, sizes(shape, shape), *small, lightness)
    named = [Hint(**{**hint, "ab": tuple(hint["ab"])}) for hint in hints]
    python = PlacedHints.of(named, shape, shape, "photo")
    np.testing.assert_allclose(found["all"], propagate_hints(python, *small, lightness), atol=1e-3)


def test_a_model_is_settled_at_the_hints(engine: Any, lightness: Array, colors: Array) -> None:
    hints = [*FREE, *STROKE]
    chroma = linear_chroma(colors, lightness)
    body = """async (m, hints, [photo, shape], slope, offset, lightness) => {
      const { PlacedHints } = await import("/hints.js");
      const placed = PlacedHints.of(hints, photo, shape, "photo");
      return m.snapToHints(placed, { slope, offset, kept: null }, lightness);
    }"""
    found = engine.run(
        "settling.js", body, hints, sizes(PHOTO, SHAPE), chroma.slope, chroma.offset, lightness
    )
    expected = snap_to_hints(placed(hints), chroma, lightness)
    np.testing.assert_allclose(found["slope"], expected.slope, atol=1e-4)
    np.testing.assert_allclose(found["offset"], expected.offset, atol=2e-3)
    assert found["kept"] is None
    assert np.abs(expected.offset - chroma.offset).max() > 10
