"""The engine's sRGB and Lab against those of `photochrom.color.lab`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.color import lab
from photochrom.color.lab import Array
from photochrom.photo import Photo

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def srgb(examples: Path) -> Array:
    """A photo in colour, and in its first rows the corners of the cube and dark greys."""
    pixels = Photo(examples / "color" / "cat.jpg").upright_copy(60, 80)
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    pixels[0, :8] = corners
    pixels[1] = np.linspace(0, 0.1, 80)[:, None]
    return pixels


@pytest.fixture(scope="module")
def colors() -> Array:
    """Lab over the whole range, most of it outside sRGB."""
    lightness, a, b = np.meshgrid(
        np.linspace(0, 100, 9), np.linspace(-128, 128, 17), np.linspace(-128, 128, 17)
    )
    return np.stack([lightness, a, b], axis=-1).reshape(51, 51, 3).astype(np.float32)


def test_lab_of_srgb(engine: Any, srgb: Array) -> None:
    found = engine.run("lab.js", "(m, srgb) => m.labFromSrgb(srgb)", srgb)
    np.testing.assert_allclose(found, lab.lab_from_srgb(srgb), atol=1e-3)


def test_srgb_of_lab_fits_srgb(engine: Any, colors: Array) -> None:
    found = engine.run("lab.js", "(m, lab) => m.srgbFromLab(lab)", colors)
    np.testing.assert_allclose(found, lab.srgb_from_lab(colors), atol=1e-4)
    assert found.min() >= 0
    assert found.max() <= 1


def test_linear_rgb_leaves_the_gamut_until_its_chroma_is_reduced(
    engine: Any, colors: Array
) -> None:
    body = "(m, lab) => [m.linearFromLab(lab), m.reduceChroma(m.linearFromLab(lab))]"
    linear, reduced = engine.run("lab.js", body, colors)
    np.testing.assert_allclose(linear, lab.linear_from_lab(colors), rtol=1e-4, atol=1e-5)
    assert linear.min() < -0.5
    np.testing.assert_allclose(reduced, lab.reduce_chroma(lab.linear_from_lab(colors)), atol=1e-4)


def test_single_colors_are_those_of_fields(engine: Any, srgb: Array) -> None:
    color = srgb[30, 40]
    there, back = engine.run(
        "lab.js", "(m, c) => [m.labFromSrgb(c), m.srgbFromLab(m.labFromSrgb(c))]", color.tolist()
    )
    np.testing.assert_allclose(there, lab.lab_from_srgb(color), atol=1e-3)
    np.testing.assert_allclose(back, color, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("linearFromSrgb", lab.linear_from_srgb),
        ("srgbFromLinear", lab.srgb_from_linear),
        ("lightnessFromLuminance", lab.lightness_from_luminance),
    ],
)
def test_curves(engine: Any, name: str, function: Any) -> None:
    values = np.concatenate([np.linspace(0, 0.05, 50), np.linspace(0.05, 1, 50)])
    found = engine.run("lab.js", f"(m, values) => values.map(m.{name})", values.tolist())
    np.testing.assert_allclose(found, function(values), rtol=1e-5)


def test_luminance_of_lightness(engine: Any) -> None:
    values = np.linspace(0, 100, 101)
    found = engine.run("lab.js", "(m, v) => v.map(m.luminanceFromLightness)", values.tolist())
    np.testing.assert_allclose(found, lab.luminance_from_lightness(values), rtol=1e-5)


def test_constants(engine: Any) -> None:
    found = engine.run("lab.js", "(m) => [m.RGB_FROM_XYZ, m.WHITE, m.EPSILON, m.KAPPA]")
    np.testing.assert_allclose(found[0], lab.RGB_FROM_XYZ, rtol=1e-12)
    np.testing.assert_allclose(found[1], lab.WHITE, rtol=1e-12)
    assert found[2:] == [lab.EPSILON, lab.KAPPA]


def test_ab_of_lab(engine: Any, colors: Array) -> None:
    found = engine.run("lab.js", "(m, lab) => m.abOf(lab)", colors)
    np.testing.assert_array_equal(found, colors[..., 1:])
