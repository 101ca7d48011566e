"""Cleaning in the browser's engine gives what `photochrom.pipeline.cleaning` gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom import Photo
from photochrom.color.lab import Array, lab_from_srgb
from photochrom.pipeline import cleaning

pytestmark = pytest.mark.browser

CLEAN = """({ clean }, lightness) => {
  const cleaned = clean(lightness);
  return { cleaned, same: cleaned === lightness };
}"""
SCREEN = "({ findScreen }, lightness) => findScreen(lightness)"
SHAPES = {
    "students": (192, 288),
    "otter": (192, 256),
    "ceremony": (256, 192),
    "harbour": (192, 416),
}


@pytest.fixture(scope="module", params=SHAPES)
def sound(request: pytest.FixtureRequest, examples: Path) -> Array:
    """L of a photo's small copy."""
    copy = Photo(examples / f"{request.param}.jpg").upright_copy(*SHAPES[request.param])
    return np.ascontiguousarray(lab_from_srgb(copy)[..., 0])


def _noisy(lightness: Array) -> Array:
    """With noise as soft as it is in a reduced photo."""
    noise = np.random.default_rng(0).normal(0, 6, lightness.shape)
    for axis in (0, 1):
        noise = (4 * noise + np.roll(noise, 1, axis) + np.roll(noise, -1, axis)) / 6
    return np.clip(lightness + noise, 0, 100).astype(np.float32)


def _screened(lightness: Array, strength: float, turn: float = 0.6) -> Array:
    """With two waves at right angles, of a third of a cycle a pixel."""
    y, x = np.mgrid[: lightness.shape[0], : lightness.shape[1]]
    along = np.cos(turn) * x + np.sin(turn) * y
    aside = np.cos(turn) * y - np.sin(turn) * x
    waves = np.sin(2 * np.pi * along / 3) + np.sin(2 * np.pi * aside / 3)
    return np.clip(lightness + strength * waves, 0, 100).astype(np.float32)


def _faded(lightness: Array) -> Array:
    return (40 + 0.25 * lightness).astype(np.float32)


def _agree(engine: Any, lightness: Array, *, changed: bool) -> None:
    found = engine.run("cleaning.js", CLEAN, lightness)

    expected = cleaning.clean(lightness)
    assert (expected is not lightness) == changed
    assert found["same"] == (not changed)
    # NumPy adds up windows in float32, the engine in doubles; levels stretch the difference
    np.testing.assert_allclose(found["cleaned"], expected, atol=5e-3)


def test_a_sound_photo_stays_as_it_is(engine: Any, sound: Array) -> None:
    _agree(engine, sound, changed=False)


def test_noise_is_removed_as_by_python(engine: Any, sound: Array) -> None:
    noisy = _noisy(sound)

    variance = engine.run("cleaning.js", "({ noiseVariance }, l) => noiseVariance(l)", noisy)

    assert variance == pytest.approx(cleaning.noise_variance(noisy), rel=1e-3)
    _agree(engine, noisy, changed=True)


def test_noise_of_a_given_variance_is_removed_as_by_python(engine: Any, sound: Array) -> None:
    denoised = engine.run("cleaning.js", "({ denoise }, l, v) => denoise(l, v)", sound, 9.5)

    np.testing.assert_allclose(denoised, cleaning.denoise(sound, 9.5), atol=1e-3)


@pytest.mark.parametrize("turn", [0.1, 0.6, 1.2, -0.4])
def test_a_screen_is_found_and_removed_as_by_python(engine: Any, sound: Array, turn: float) -> None:
    screened = _screened(sound, 8.0, turn)

    screen = engine.run("cleaning.js", SCREEN, screened)

    expected = cleaning.find_screen(screened)
    assert expected is not None
    waves = sorted([np.abs(screen["first"]).tolist(), np.abs(screen["second"]).tolist()])
    np.testing.assert_allclose(
        waves, sorted(np.abs([expected.first, expected.second]).tolist()), atol=1e-9
    )
    assert screen["deviation"] == pytest.approx(expected.deviation, rel=1e-4)
    _agree(engine, screened, changed=True)


@pytest.mark.parametrize("sound", ["students", "otter"], indirect=True)
def test_a_faint_screen_is_found_and_left(engine: Any, sound: Array) -> None:
    screened = _screened(sound, 3.5)
    expected = cleaning.find_screen(screened)
    assert expected is not None

    screen = engine.run("cleaning.js", SCREEN, screened)

    assert screen["deviation"] == pytest.approx(expected.deviation, rel=1e-4)
    _agree(engine, screened, changed=False)


def test_a_faded_photo_is_levelled_as_by_python(engine: Any, sound: Array) -> None:
    _agree(engine, _faded(sound), changed=True)


def test_a_nearly_blank_picture_is_not_stretched_into_one(engine: Any, sound: Array) -> None:
    _agree(engine, (50 + 0.02 * sound).astype(np.float32), changed=True)


def test_noise_and_fading_are_both_removed(engine: Any, sound: Array) -> None:
    _agree(engine, _noisy(_faded(sound)), changed=True)


@pytest.mark.parametrize("level", [0, 50, 100])
def test_a_blank_picture_has_no_screen_and_no_noise(engine: Any, level: float) -> None:
    blank = np.full((128, 192), level, np.float32)

    assert engine.run("cleaning.js", SCREEN, blank) is None
    assert engine.run("cleaning.js", "({ noiseVariance }, l) => noiseVariance(l)", blank) == 0


@pytest.mark.parametrize("sound", ["students"], indirect=True)
def test_a_small_picture_is_left_as_it_is(engine: Any, sound: Array) -> None:
    _agree(engine, _noisy(sound[:96]), changed=False)


@pytest.mark.parametrize("sound", ["students"], indirect=True)
def test_a_screen_is_removed_in_a_moment(engine: Any, sound: Array) -> None:
    """0.4 s; 0.13 s were measured on a busy machine, the fastest of several."""
    body = """({ clean }, lightness) => Math.min(...Array.from({ length: 5 }, () => {
      const start = performance.now();
      clean(lightness);
      return performance.now() - start;
    }))"""

    assert engine.run("cleaning.js", body, _screened(sound, 8.0)) < 400
