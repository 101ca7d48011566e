from __future__ import annotations

import numpy as np
import pytest
import torch

from photochrom.color import lab as numpy_lab
from photochrom.workshop.training import lab

pytestmark = pytest.mark.workshop

CLOSE = 0.01
"""Lab units, the promise of `photochrom.color.lab`."""


@pytest.fixture(scope="module")
def cube() -> np.ndarray:
    """Every fifteenth 8-bit code of each channel, and all greys: (..., 3) in 0..1."""
    steps = np.arange(0, 256, 15, dtype=np.float32) / 255
    colors = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    grays = np.repeat(np.arange(256, dtype=np.float32)[:, None] / 255, 3, 1)
    return np.concatenate([colors, grays])


def as_tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.T.copy())[None, :, None]


def as_array(image: torch.Tensor) -> np.ndarray:
    return image[0, :, 0].T.numpy()


def test_lab_from_srgb(cube: np.ndarray) -> None:
    ours = as_array(lab.lab_from_srgb(as_tensor(cube)))
    assert np.abs(ours - numpy_lab.lab_from_srgb(cube)).max() < CLOSE


def test_lab_of_known_colors() -> None:
    # sRGB red and blue under D65: Lindbloom's calculator
    colors = np.array([[1, 0, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0]], np.float32)
    expected = [[53.24, 80.09, 67.20], [32.30, 79.19, -107.86], [100, 0, 0], [0, 0, 0]]
    found = as_array(lab.lab_from_srgb(as_tensor(colors)))
    np.testing.assert_allclose(found, expected, atol=0.02)  # two digits, and XYZ to 7 digits


def test_srgb_from_lab_inside_the_gamut(cube: np.ndarray) -> None:
    there = lab.lab_from_srgb(as_tensor(cube))
    back = as_array(lab.srgb_from_lab(there))
    assert np.abs(back - cube).max() < 1 / 255


def test_srgb_from_lab_outside_the_gamut() -> None:
    random = np.random.default_rng(0)
    wild = random.uniform((0, -128, -128), (100, 128, 128), (4000, 3)).astype(np.float32)
    ours = as_array(lab.srgb_from_lab(as_tensor(wild)))
    theirs = numpy_lab.srgb_from_lab(wild)
    assert np.abs(numpy_lab.lab_from_srgb(ours) - numpy_lab.lab_from_srgb(theirs)).max() < 0.1
    # codes: well below what eight bits can show
    assert np.abs(ours - theirs).max() < 0.1 / 255


def test_transfer_curve_and_lightness(cube: np.ndarray) -> None:
    image = as_tensor(cube)
    linear = lab.linear_from_srgb(image)
    np.testing.assert_allclose(as_array(linear), numpy_lab.linear_from_srgb(cube), atol=1e-6)
    np.testing.assert_allclose(as_array(lab.srgb_from_linear(linear)), cube, atol=1e-5)
    luminance = np.linspace(0, 1, 1001, dtype=np.float32)
    ours = lab.lightness_from_luminance(torch.from_numpy(luminance)).numpy()
    assert np.abs(ours - numpy_lab.lightness_from_luminance(luminance)).max() < CLOSE
