"""The engine's placed hints against those of `photochrom.pipeline.hints`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from photochrom.errors import HintError
from photochrom.options import Hint
from photochrom.pipeline.hints import PlacedHints, check_inside, place_in

pytestmark = pytest.mark.browser

PHOTO, SHAPE = (600, 901), (48, 72)
SIZES = [{"height": height, "width": width} for height, width in (PHOTO, SHAPE)]
HINTS: list[dict[str, Any]] = [
    {"x": 0, "y": 0, "ab": [60.3, -20.1], "radius": None, "reach": None},
    {"x": 900.4, "y": 599, "ab": [5, 50], "radius": 40, "reach": None},
    {"x": 300, "y": 300, "ab": [10, 10], "radius": 20, "reach": 90},
    {"x": 330, "y": 305, "ab": [10, 10], "radius": 20, "reach": 90},
    {"x": 345, "y": 330, "ab": [10, 10], "radius": 20, "reach": 90},
    {"x": 346, "y": 330, "ab": [-10, 10], "radius": 20, "reach": 1},  # in the same pixel
    {"x": 440, "y": 330, "ab": [-10, 10], "radius": 20, "reach": 90},  # too far for one stroke
    {"x": 420, "y": 100, "ab": [0, 0], "radius": 60, "reach": None},
    {"x": 470, "y": 130, "ab": [9, 9], "radius": 60, "reach": None},  # overlaps
    {"x": 3, "y": 3, "ab": [1, 2], "radius": 4, "reach": None},  # in the first one's pixel
]

PLACED = """(m, hints, [photo, shape]) => {
  const placed = m.PlacedHints.of(hints, photo, shape, "photo");
  const { points, pixels, inStrokes, free, limited } = placed;
  const counts = [placed.length, free.length, limited.length];
  const reach = points.map((point) => point.reach.map((value) => Math.min(value, 1e9)));
  return { points: points.map((point) => ({ ...point, reach: null })), reach, pixels, inStrokes,
    counts, inputs: placed.inputs(1.25) };
}"""


def python_hints(hints: list[dict[str, Any]]) -> list[Hint]:
    return [Hint(**{**hint, "ab": tuple(hint["ab"])}) for hint in hints]


@pytest.fixture(scope="module")
def expected() -> PlacedHints:
    return PlacedHints.of(python_hints(HINTS), PHOTO, SHAPE, "photo")


def test_placed_hints(engine: Any, expected: PlacedHints) -> None:
    found = engine.run("hints.js", PLACED, HINTS, SIZES)
    for name in ("place", "ab", "radius", "stroke"):
        values = [point[name] for point in found["points"]]
        np.testing.assert_allclose(values, getattr(expected, name), rtol=1e-9)
    np.testing.assert_allclose(found["reach"], np.minimum(expected.reach, 1e9))
    assert [tuple(pixel) for pixel in found["pixels"]] == expected.pixels
    assert found["inStrokes"] == expected.in_strokes.tolist()
    assert True in found["inStrokes"]
    limited = int(expected.limited.sum())
    assert found["counts"] == [len(expected.ab), len(expected.ab) - limited, limited]


def test_inputs_of_a_network(engine: Any, expected: PlacedHints) -> None:
    found = engine.run("hints.js", PLACED, HINTS, SIZES)["inputs"]
    ab, mask = expected.inputs(1.25)
    np.testing.assert_allclose(found["ab"], ab, rtol=1e-6)
    np.testing.assert_array_equal(found["mask"], mask)


def test_a_network_is_not_asked_about_hints_with_a_reach(engine: Any) -> None:
    body = "(m, hints, [photo, shape]) => m.hintInputs(hints, photo, shape, 1.5, 'photo')"
    found = engine.run("hints.js", body, HINTS, SIZES)
    free = [hint for hint in python_hints(HINTS) if hint.reach is None]
    ab, mask = PlacedHints.of(free, PHOTO, SHAPE, "photo").inputs(1.5)
    np.testing.assert_allclose(found["ab"], ab, rtol=1e-6)
    np.testing.assert_array_equal(found["mask"], mask)


def test_places_reach_the_edges_and_no_further(engine: Any) -> None:
    points = [(-0.5, -0.5), (0, 0), (450.2, 300.7), (900.49, 599.49)]
    body = "(m, points, [photo, shape]) => points.map(([x, y]) => m.placeIn(x, y, photo, shape))"
    found = engine.run("hints.js", body, points, SIZES)
    np.testing.assert_allclose(found, [place_in(x, y, PHOTO, SHAPE) for x, y in points])


@pytest.mark.parametrize(
    ("x", "y"), [(-0.6, 3), (900.5, 3), (3, -1), (3, 599.5), (float("nan"), 3)]
)
def test_points_outside_the_photo_are_refused(engine: Any, x: float, y: float) -> None:
    body = """(m, x, y, [photo]) => {
      try { m.checkInside(x, y, photo, "photo: hint 1"); } catch (error) { return error.message; }
    }"""
    with pytest.raises(HintError) as refusal:
        check_inside(x, y, PHOTO, "photo: hint 1")
    found = engine.run("hints.js", body, x, y, SIZES)
    if np.isfinite(x):  # NaN is spelled in two ways
        assert found == str(refusal.value)
    assert "pixels wide" in found or "pixels high" in found


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"x": "4"}, "must be numbers"),
        ({"ab": [0]}, "two numbers in -128..128"),
        ({"ab": [0, 128.5]}, "two numbers in -128..128"),
        ({"radius": 0}, "radius is 0, but must be a number above 0"),
        ({"reach": -1}, "reach is -1, but must be a number above 0"),
        ({"y": 700}, "y is 700, but the photo is 600 pixels high"),
    ],
)
def test_what_is_no_hint_is_refused(engine: Any, change: dict[str, Any], problem: str) -> None:
    body = """(m, hints, [photo, shape]) => {
      try { m.PlacedHints.of(hints, photo, shape, "cat.jpg"); }
      catch (error) { return [error instanceof m.HintError, error.message]; }
    }"""
    found = engine.run("hints.js", body, [HINTS[0], {**HINTS[1], **change}], SIZES)
    assert found[0]
    assert found[1].startswith("cat.jpg: hint 2: ")
    assert problem in found[1]


def test_halves_are_rounded_to_even_numbers(engine: Any) -> None:
    values = [-1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, 2.5001, 7]
    found = engine.run("numbers.js", "(m, values) => values.map(m.roundToEven)", values)
    assert found == np.rint(values).tolist()
