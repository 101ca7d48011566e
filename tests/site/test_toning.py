"""Whether a picture is grey, toned or in colour is judged as by `photochrom.pipeline.toning`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from photochrom.color.lab import Array, lab_from_srgb
from photochrom.pipeline import toning

pytestmark = pytest.mark.browser

TONE = "({ toneOf }, srgb) => toneOf(srgb)"
MEASURES = """({ fineness, hueSpread, strongShare, cellChroma }, colors) =>
  [fineness(colors), hueSpread(colors), strongShare(colors, 6), cellChroma(colors)]"""
NAMES = ("astronaut", "cat", "harbour", "students")
SEPIA = (20, 10, 0), (255, 240, 200), (140, 110, 80)
CYANOTYPE = (0, 10, 40), (235, 245, 255), (60, 110, 170)

Picture = Image.Image


def _srgb(picture: Picture, side: int = 192) -> Array:
    """The small copy of a picture, sRGB 0..1."""
    scale = side / min(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    small = picture.convert("RGB").resize(size, Image.Resampling.BOX)
    return np.asarray(small, np.float32) / np.float32(255)


def _of(pixels: Any) -> Picture:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _gray(examples: Path, name: str) -> Picture:
    return Image.open(examples / f"{name}.jpg").convert("L")


def _color(examples: Path, name: str) -> Picture:
    return Image.open(examples / "color" / f"{name}.jpg").convert("RGB")


def _toned(examples: Path, name: str) -> Picture:
    black, white, middle = SEPIA if name < "d" else CYANOTYPE
    return ImageOps.colorize(_gray(examples, name), black, white, middle)


def _yellowed(examples: Path, name: str) -> Picture:
    gray = _gray(examples, name).convert("RGB")
    return ImageOps.expand(gray, min(gray.size) // 8, "#e8d6aa")


def _stamped(examples: Path, name: str) -> Picture:
    picture = _gray(examples, name).convert("RGB")
    width, height = picture.size
    picture.paste("#c82828", (width - width // 7, height - height // 8, width - 9, height - 9))
    return picture


def _out_of_register(examples: Path, name: str) -> Picture:
    gray = np.asarray(_gray(examples, name))
    return _of(np.stack([np.roll(gray, 4, 0), gray, np.roll(gray, -4, 0)], axis=-1))


def _moire(examples: Path, name: str) -> Picture:
    gray = np.asarray(_gray(examples, name), float)[..., None]
    y, x = np.mgrid[: gray.shape[0], : gray.shape[1]]
    phase = 2 * np.pi * (0.8 * x + 0.6 * y) / (0.06 * min(gray.shape[:2]))
    return _of(gray + 18 * np.sin(phase[..., None] + 2 * np.pi / 3 * np.arange(3)))


def _with_flower(examples: Path, name: str) -> Picture:
    pixels = np.asarray(_gray(examples, name).convert("RGB"), float).copy()
    height, width = pixels.shape[:2]
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - 0.4 * height, x - 0.6 * width) < 0.12 * min(height, width)
    pixels[inside] = 0.4 * pixels[inside] + 0.6 * np.array((200, 40, 120))
    return _of(pixels)


def _faded(examples: Path, name: str) -> Picture:
    pixels = np.asarray(_color(examples, name), float)
    return _of((0.4 * pixels + 0.6 * pixels.mean(axis=2, keepdims=True)) * [1, 0.95, 0.85])


def _sky_and_meadow(examples: Path, name: str) -> Picture:
    pixels = np.asarray(_gray(examples, name).convert("RGB"), float).copy()
    half = len(pixels) // 2
    pixels[:half] += (-40, 0, 60)
    pixels[half:] += (-10, 40, -50)
    return _of(pixels)


MADE: dict[Callable[[Path, str], Picture], str | None] = {
    _gray: "grey",
    _color: "color",
    _toned: "tinted",
    _yellowed: "tinted",
    _stamped: "tinted",
    _sky_and_meadow: "color",
    _out_of_register: None,
    _moire: None,
    _with_flower: None,
    _faded: None,
}
"""What is made of an example, and its tone where that is beyond doubt."""


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_judged_as_by_python(
    engine: Any, examples: Path, make: Callable[[Path, str], Picture], name: str
) -> None:
    srgb = _srgb(make(examples, name))

    judged = engine.run("toning.js", TONE, srgb)

    assert judged == toning.tone_of(srgb).value
    assert judged == (MADE[make] or judged)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (3, 2), (3, 40), (20, 30), (37, 400)])
@pytest.mark.parametrize("colored", [True, False])
def test_pictures_without_room(engine: Any, shape: tuple[int, int], colored: bool) -> None:
    random = np.random.default_rng(1)
    pixel = random.random((*shape, 3)) if colored else np.full((*shape, 3), 0.5)
    srgb = pixel.astype(np.float32)

    assert engine.run("toning.js", TONE, srgb) == toning.tone_of(srgb).value


def _lab(picture: Picture, side: int = 96) -> Array:
    return lab_from_srgb(_srgb(picture, side))


@pytest.mark.parametrize("make", [_color, _yellowed, _moire, _out_of_register, _sky_and_meadow])
@pytest.mark.parametrize("name", NAMES)
def test_measures_are_those_of_python(
    engine: Any, examples: Path, make: Callable[[Path, str], Picture], name: str
) -> None:
    lab = _lab(make(examples, name))
    difference = lab[..., 1:] - toning._usual(lab)
    rest = toning._without_fringes(difference, lab[..., 0])

    usual = engine.run("toning.js", "({ usualColors }, lab) => usualColors(lab)", lab)
    explained = engine.run(
        "tone_measures.js",
        "({ withoutFringes }, difference, light) => withoutFringes(difference, light)",
        difference,
        np.ascontiguousarray(lab[..., 0]),
    )
    measures = engine.run("tone_measures.js", MEASURES, rest)

    np.testing.assert_allclose(usual, toning._usual(lab), atol=1e-3)
    np.testing.assert_allclose(explained, rest, atol=2e-3)
    expected = [
        toning._fineness(rest),
        toning._hue_spread(rest),
        toning._strong_share(rest),
        toning._cell_chroma(rest),
    ]
    np.testing.assert_allclose(measures, expected, atol=1e-3)


@pytest.mark.parametrize("make", [_color, _yellowed, _sky_and_meadow])
@pytest.mark.parametrize("name", NAMES)
def test_mats_hues_and_yellow_are_found_as_by_python(
    engine: Any, examples: Path, make: Callable[[Path, str], Picture], name: str
) -> None:
    lab = _lab(make(examples, name))
    body = """({ withoutMat, hasTwoHues, isYellowed }, lab) =>
      [withoutMat(lab), hasTwoHues(lab), isYellowed(lab)]"""

    inside, two_hues, yellowed = engine.run("toning.js", body, lab)

    np.testing.assert_array_equal(inside, toning._without_mat(lab))
    assert two_hues == toning._has_two_hues(lab)
    assert yellowed == toning._is_yellowed(lab)


def test_a_mat_is_cut_off_each_side(engine: Any, examples: Path) -> None:
    picture = ImageOps.expand(_gray(examples, "cat").convert("RGB"), (40, 70, 0, 90), "#7a2020")
    lab = _lab(picture, 120)

    inside = engine.run("toning.js", "({ withoutMat }, lab) => withoutMat(lab)", lab)

    assert inside.shape[0] < lab.shape[0]
    assert inside.shape[1] < lab.shape[1]
    np.testing.assert_array_equal(inside, toning._without_mat(lab))


def test_a_flat_picture_has_no_fringes(engine: Any) -> None:
    difference = np.random.default_rng(2).normal(0, 5, (40, 50, 2)).astype(np.float32)
    body = "({ withoutFringes }, difference, light) => withoutFringes(difference, light)"

    rest = engine.run("tone_measures.js", body, difference, np.full((40, 50), 50, np.float32))

    np.testing.assert_array_equal(rest, difference)
