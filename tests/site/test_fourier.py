"""The engine's Fourier transform is that of `numpy.fft`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.browser

SIZES = [(192, 288), (224, 320), (96, 131), (97, 96), (60, 1021), (7, 1), (1, 8), (2, 2), (35, 33)]


@pytest.mark.parametrize("shape", SIZES)
def test_a_spectrum_is_that_of_numpy(engine: Any, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(3).uniform(0, 100, shape).astype(np.float32)
    body = """({ spectrumOf }, { data, height, width }) => {
      const { re, im } = spectrumOf(data, height, width);
      return [Float32Array.from(re), Float32Array.from(im)];
    }"""

    real, imaginary = engine.run("fourier.js", body, picture)

    expected = np.fft.rfft2(picture.astype(float))
    scale = 1e-6 * np.abs(expected).max()
    np.testing.assert_allclose(real.reshape(expected.shape), expected.real, atol=scale)
    np.testing.assert_allclose(imaginary.reshape(expected.shape), expected.imag, atol=scale)


@pytest.mark.parametrize("shape", SIZES)
def test_a_picture_comes_back(engine: Any, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(4).uniform(0, 100, shape).astype(np.float32)
    body = """({ spectrumOf, pictureOf }, { data, height, width }) =>
      Float32Array.from(pictureOf(spectrumOf(data, height, width)))"""

    again = engine.run("fourier.js", body, picture)

    np.testing.assert_allclose(again.reshape(shape), picture, atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 7, 96])
def test_frequencies_and_windows_are_those_of_numpy(engine: Any, length: int) -> None:
    body = """({ frequenciesDown, frequenciesAcross, hann }, length) =>
      [frequenciesDown, frequenciesAcross, hann].map((of) => Float32Array.from(of(length)))"""

    down, across, window = engine.run("fourier.js", body, length)

    if length % 2 == 0:  # the highest frequency has no sign
        down = np.where(np.abs(down) == 0.5, -0.5, down)
    np.testing.assert_allclose(down, np.fft.fftfreq(length), atol=1e-7)
    np.testing.assert_allclose(across, np.fft.rfftfreq(length), atol=1e-7)
    np.testing.assert_allclose(window, np.hanning(length), atol=1e-7)
