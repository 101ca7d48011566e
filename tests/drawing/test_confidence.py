from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from photochrom.color.lab import lab_from_srgb
from photochrom.drawing.confidence import (
    MAX_SIDE,
    MIN_SIDE,
    MIN_WIDTH,
    color_mapped,
    confidence_picture,
)
from photochrom.errors import ModelError

LEGEND = 68
"""Its height, pixels: margins, ramp and text."""


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((300, 451), (300, 451)),
        ((3000, 4510), (681, MAX_SIDE)),
        ((4510, 3000), (MAX_SIDE, 681)),
        ((30, 45), (171, MIN_SIDE)),
        ((1, 20000), (1, MAX_SIDE)),
    ],
)
def test_the_map_has_the_photos_aspect(size, wanted):
    picture = confidence_picture(np.full((48, 72), 0.5, np.float32), size)
    assert picture.shape == (wanted[0] + LEGEND, wanted[1], 3)
    assert picture.dtype == np.uint8


def test_a_narrow_map_still_has_a_legend():
    picture = confidence_picture(np.zeros((192, 48), np.float32), (20000, 3))
    assert picture.shape == (MAX_SIDE + LEGEND, MIN_WIDTH, 3)
    assert (picture[:MAX_SIDE, 1:] == 255).all()  # paper beside a map one pixel wide
    assert (picture[:MAX_SIDE, 0] == color_mapped(np.float32(0))).all()


def test_colors_are_in_their_places():
    field = np.zeros((48, 72), np.float32)
    field[:24, 36:] = 1
    picture = confidence_picture(field, (480, 720))
    sure, guess = color_mapped(np.float32(1)), color_mapped(np.float32(0))
    assert (picture[60, 600] == sure).all()
    for place in ((60, 100), (400, 600), (400, 100)):
        assert (picture[place] == guess).all()


def test_it_is_smooth():
    """Cells of ten pixels do not show: no step between two pixels is a large part of a cell's."""
    field = np.random.default_rng(0).random((48, 72)).astype(np.float32)
    picture = confidence_picture(field, (480, 720))[:480].astype(int)
    steps = np.abs(np.diff(picture, axis=1)).max(axis=2)
    blocks = color_mapped(field).repeat(10, 0).repeat(10, 1).astype(int)
    assert steps.max() < 0.4 * np.abs(np.diff(blocks, axis=1)).max()


def test_the_color_map_is_even():
    """Lightness rises all the way, in steps that look alike."""
    lab = lab_from_srgb(color_mapped(np.linspace(0, 1, 33)).astype(np.float32) / 255)
    assert (np.diff(lab[:, 0]) > 0).all()
    steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    # The original's own steps differ by a factor of 1.9 in CIE76; a rainbow's by far more.
    assert steps.max() < 2.5 * steps.min()
    assert np.array_equal(color_mapped(np.float32([-1, 2])), color_mapped(np.float32([0, 1])))


def test_the_legend_shows_the_whole_ramp_and_both_ends():
    legend = confidence_picture(np.zeros((8, 12), np.float32), (400, 600))[400:]
    ramp = legend[12, 10:-10]
    assert np.array_equal(ramp, color_mapped(np.linspace(0, 1, 580, dtype=np.float32)))
    ink = legend[36:58] < 128
    columns = np.flatnonzero(ink.any(axis=(0, 2)))
    assert 10 <= columns.min() < 20
    assert 575 < columns.max() < 590
    assert not ink[:, 200:400].any()  # two labels, apart


def test_a_results_picture(colorizer, examples, tmp_path):
    with Image.open(examples / "ceremony.jpg") as upright:
        exif = Image.Exif()
        exif[274] = 6
        upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "sideways.png", exif=exif)
        size = upright.size
    plain = colorizer.colorize(examples / "ceremony.jpg")
    picture = plain.confidence_picture()
    assert picture.shape == (size[1] + LEGEND, size[0], 3)
    turned = colorizer.colorize(tmp_path / "sideways.png").confidence_picture()
    assert np.abs(turned.astype(int) - picture).mean() < 2  # upright; JPEG's rounding alone
    # The brightest part of the map is where the confidence is highest.
    y, x = np.unravel_index(plain.confidence.argmax(), plain.confidence.shape)
    rows, columns = plain.confidence.shape
    there = picture[int((y + 0.5) / rows * size[1]), int((x + 0.5) / columns * size[0])]
    middle = np.median(picture[: size[1]].reshape(-1, 3), axis=0)
    assert lab_from_srgb(there / 255.0)[0] > lab_from_srgb(middle / 255.0)[0]


def test_a_model_without_confidence(colorizer, examples):
    silent = replace(colorizer.colorize(examples / "cat.jpg"), confidence=None)
    with pytest.raises(ModelError, match="predicts no confidence") as error:
        silent.confidence_picture()
    assert "\n" not in str(error.value)
