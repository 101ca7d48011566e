"""The engine's strokes against those of `photochrom.pipeline.local_edits`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from photochrom.color.lab import Array
from photochrom.filters.upsample import LinearChroma
from photochrom.pipeline.local_edits import LocalColors, _keeping, _Masks
from photochrom.strokes import Stroke

pytestmark = pytest.mark.browser

PHOTO, SHAPE = (600, 901), (48, 72)
SIZES = [{"height": height, "width": width} for height, width in (PHOTO, SHAPE)]
STROKES: list[dict[str, Any]] = [
    {
        "effect": "saturation",
        "points": [[100, 90], [400, 300], [410, 310]],
        "radius": 60,
        "value": 0,
    },
    {"effect": "saturation", "points": [[300, 300], [600, 200]], "radius": 90, "value": 2.5},
    {"effect": "erase", "points": [[500, 500]], "radius": 100},
    {"effect": "erase", "points": [[100, 500], [140, 520]], "radius": 2},
    {"effect": "vividness", "points": [[-300, 50], [40, 50]], "radius": 50, "value": 0.25},
    {"effect": "vividness", "points": [[0, 50], [900, 599]], "radius": 20, "value": 1},
    {"effect": "original", "points": [[5000, 5000], [6000, 4000]], "radius": 30},
    {"effect": "original", "points": [[899, 10], [1200, 300]], "radius": 150},
]


@pytest.fixture(scope="module")
def expected() -> _Masks:
    return _Masks([Stroke(**stroke) for stroke in STROKES], PHOTO, SHAPE)


def _masked(engine: Any, body: str) -> Any:
    made = "const masks = new m.Masks(strokes, photo, shape);"
    return engine.run(
        "strokes.js",
        f"(m, strokes, [photo, shape]) => {{ {made} return {body}; }}",
        STROKES,
        SIZES,
    )


@pytest.mark.parametrize("effect", ["erase", "original"])
def test_weights_of_effects_without_a_value(engine: Any, expected: _Masks, effect: str) -> None:
    found = _masked(engine, f"masks.weight('{effect}')")
    np.testing.assert_allclose(found, expected.weight(effect), atol=1e-5)
    assert found.max() > 0.9
    assert found.min() == 0


def test_values_lie_over_each_other(engine: Any, expected: _Masks) -> None:
    found = _masked(engine, "masks.values('saturation', 1)")
    np.testing.assert_allclose(found, expected.values("saturation", 1.0), atol=1e-5)
    assert found.min() == 0
    assert found.max() == 2.5


def test_weights_by_value(engine: Any, expected: _Masks) -> None:
    found = _masked(engine, "masks.byValue('vividness')")
    assert [value for value, _ in found] == [0.25, 1]
    for (_, weight), (_, other) in zip(found, expected.by_value("vividness"), strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-5)
        assert weight.max() == 1


def test_effects_that_strokes_have(engine: Any) -> None:
    body = "['erase', 'original', 'saturation', 'vividness', 'other'].map((one) => masks.has(one))"
    assert _masked(engine, body) == [True, True, True, True, False]


@pytest.fixture(scope="module")
def fields() -> list[Array]:
    """ab, slope and offset of two kinds of colours, and a weight."""
    random = np.random.default_rng(3)
    pairs = [random.normal(0, 20, (9, 13, 2)).astype(np.float32) for _ in range(6)]
    return [*pairs, random.uniform(0, 1, (9, 13)).astype(np.float32)]


def _colors(ab: Array, slope: Array, offset: Array) -> LocalColors:
    return LocalColors(ab, LinearChroma(slope, offset), None)


def _mixes(engine: Any, body: str, fields: list[Array]) -> dict[str, Any]:
    return engine.run(
        "strokes.js",
        f"""(m, ab, slope, offset, ab2, slope2, offset2, weight) => {{
          const colors = {{ ab, chroma: {{ slope, offset, kept: null }}, confidence: null }};
          const chroma = {{ slope: slope2, offset: offset2, kept: null }};
          const other = {{ ab: ab2, chroma, confidence: weight }};
          return {body};
        }}""",
        *fields,
    )


def _agree(found: dict[str, Any], expected: LocalColors) -> None:
    np.testing.assert_allclose(found["ab"], expected.ab, atol=1e-4)
    np.testing.assert_allclose(found["chroma"]["slope"], expected.chroma.slope, atol=1e-4)
    np.testing.assert_allclose(found["chroma"]["offset"], expected.chroma.offset, atol=1e-4)
    assert found["confidence"] is None


def test_mixed_colors(engine: Any, fields: list[Array]) -> None:
    found = _mixes(engine, "m.mixed(colors, other, weight)", fields)
    _agree(found, _colors(*fields[:3]).mixed(_colors(*fields[3:6]), fields[6]))


def test_scaled_colors(engine: Any, fields: list[Array]) -> None:
    found = _mixes(engine, "m.scaled(colors, weight)", fields)
    ab, slope, offset, *_, factor = fields
    scaled = LinearChroma(slope, offset).scaled(factor)
    _agree(found, LocalColors(ab * factor[..., None], scaled, None))


@pytest.mark.parametrize("bands", [1, 3])
def test_kept_colors(engine: Any, fields: list[Array], bands: int) -> None:
    found = _mixes(engine, f"m.keeping(colors, weight, ab2, {bands})", fields)
    expected = _keeping(_colors(*fields[:3]), fields[6], fields[3], bands)
    _agree(found, expected)
    if bands == 1:
        assert found["chroma"]["kept"] is None
    else:
        np.testing.assert_array_equal(found["chroma"]["kept"], fields[6])
