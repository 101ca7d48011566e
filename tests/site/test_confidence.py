"""The confidence map in the browser's engine has the colours of the server's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from photochrom.drawing.confidence import OVERLAY_RANGE, color_mapped

pytestmark = pytest.mark.browser


def test_colors_are_those_of_python(engine: Any) -> None:
    confidence = np.linspace(0, 1, 48 * 72, dtype=np.float32).reshape(48, 72)
    confidence[0, :2] = OVERLAY_RANGE
    body = "({ confidencePicture }, confidence) => confidencePicture(confidence)"

    picture = engine.run("confidence.js", body, confidence)

    assert (picture["height"], picture["width"]) == (48, 72)
    pixels = picture["data"].reshape(48, 72, 4)
    assert (pixels[..., 3] == 255).all()
    off = np.abs(pixels[..., :3].astype(int) - color_mapped(confidence, *OVERLAY_RANGE))
    assert off.max() <= 1
    assert (off > 0).mean() < 0.01  # where rounding flips
