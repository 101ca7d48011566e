"""Decoding in the browser's engine is that of `photochrom.color.bins`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from photochrom.color.bins import annealed_mean, chroma_factor, gamut_bins

pytestmark = pytest.mark.browser

BODY = """({ abOfLogits }, logits, bins, logWeights, gamma, temperature, chromaPower) => {
  const planes = { data: logits.data, height: 24, width: 36 };
  return abOfLogits(planes, { bins, logWeights }, { gamma, temperature, chromaPower });
}"""


@pytest.mark.parametrize("decoding", [(1.0, 0.5, 0.0), (1.0, 0.65, 0.5), (0.25, 1.0, 1.0)])
def test_colors_are_those_of_python(engine: Any, decoding: tuple[float, float, float]) -> None:
    gamma, temperature, power = decoding
    bins = gamut_bins()
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (1, len(bins), 24, 36)).astype(np.float32)
    logits -= (np.linalg.norm(bins, axis=1) / 15)[None, :, None, None].astype(np.float32)
    weights = random.normal(0, 0.5, len(bins)).astype(np.float32)

    picture = engine.run("decoding.js", BODY, logits[0], bins.tolist(), weights.tolist(), *decoding)

    mean = annealed_mean(logits, bins, weights, gamma, temperature)
    factor = chroma_factor(logits, bins, weights, gamma, mean, power)
    assert power == 0 or factor > 1.2
    found = picture.reshape(24, 36, 2).transpose(2, 0, 1)
    assert np.abs(found - factor * mean[0]).max() < 2e-3
