"""Adjustments in the browser's engine are those of `photochrom.pipeline.adjustments`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom import Adjustments, Photo
from photochrom.color.lab import Array, lab_from_srgb
from photochrom.filters.upsample import LinearChroma, linear_chroma

pytestmark = pytest.mark.browser

BODY = """({ adjusted }, ab, slope, offset, kept, lightness, adjustments) =>
  adjusted({ ab, chroma: { slope, offset, kept }, confidence: "kept" }, lightness, adjustments)"""


@pytest.fixture(scope="module")
def lab(examples: Path) -> Array:
    """Lab of a colour photo's small copy, (192, 288, 3)."""
    return lab_from_srgb(Photo(examples / "color" / "students.jpg").upright_copy(192, 288))


@pytest.mark.parametrize("with_kept", [True, False])
@pytest.mark.parametrize(
    "adjustments",
    [
        Adjustments(),
        Adjustments(saturation=1.4, warmth=-0.3, tint=0.2),
        Adjustments(saturation=0),
        Adjustments(smooth=0.01),  # the smallest window
        Adjustments(smooth=0.5, saturation=0.8, tint=-1),  # a radius of 7.68
    ],
)
def test_colors_are_adjusted_as_by_python(
    engine: Any, lab: Array, adjustments: Adjustments, with_kept: bool
) -> None:
    ab, lightness = np.ascontiguousarray(lab[..., 1:]), np.ascontiguousarray(lab[..., 0])
    fitted = linear_chroma(ab, lightness)
    kept = (lightness / 100).astype(np.float32) if with_kept else None

    found = engine.run(
        "adjustments.js",
        BODY,
        ab,
        fitted.slope,
        fitted.offset,
        kept,
        lightness,
        asdict(adjustments),
    )

    chroma = LinearChroma(fitted.slope, fitted.offset, kept)
    new_ab, new = adjustments.apply(ab, chroma, lightness)
    assert found["confidence"] == "kept"
    np.testing.assert_allclose(found["ab"], new_ab, atol=2e-3)
    np.testing.assert_allclose(found["chroma"]["slope"], new.slope, atol=1e-3)
    own = found["chroma"]["slope"] * lightness[..., None] + found["chroma"]["offset"]
    np.testing.assert_allclose(own, new.slope * lightness[..., None] + new.offset, atol=2e-3)
    if with_kept:
        np.testing.assert_array_equal(found["chroma"]["kept"], kept)
    else:
        assert found["chroma"]["kept"] is None
