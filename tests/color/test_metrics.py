import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from photochrom.color.metrics import (
    ab_distance,
    ab_error,
    absolute_colourfulness,
    colourfulness,
    psnr,
)


def test_psnr_by_hand():
    black, off_by_one = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4, 3), np.uint8)
    assert psnr(off_by_one, black) == pytest.approx(20 * np.log10(255))
    assert psnr(black, off_by_one) == psnr(off_by_one, black)  # no wrap-around of uint8
    assert psnr(black, black) == 99


def test_psnr_agrees_with_scikit_image(examples):
    grey = np.asarray(Image.open(examples / "cat.jpg").convert("RGB"))
    colour = np.asarray(Image.open(examples / "colour" / "cat.jpg"))
    assert psnr(grey, colour) == pytest.approx(peak_signal_noise_ratio(colour, grey), abs=1e-9)


def test_ab_error_by_hand():
    zero = np.zeros((1, 2, 2), np.float32)
    ab = np.array([[[3, 4], [0, 0]]], np.float32)
    assert ab_distance(ab, zero).tolist() == [[5, 0]]
    assert ab_error(ab, zero) == 2.5


def test_colourfulness_by_hand():
    # rg = (255, -255), yb = (127.5, 127.5): spread 255, mean (0, 127.5), 255 + 0.3 * 127.5.
    red_and_green = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)
    assert colourfulness(red_and_green) == pytest.approx(293.25)
    # One blue colour: no spread, mean (0, -255).
    assert colourfulness(np.full((3, 3, 3), (0, 0, 255), np.uint8)) == pytest.approx(76.5)
    assert colourfulness(np.full((3, 3, 3), 130, np.uint8)) == 0


def test_absolute_colourfulness_by_hand():
    # |rg| = (255, 255), |yb| = (127.5, 127.5): no spread, and the means no longer cancel.
    red_and_green = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)
    assert absolute_colourfulness(red_and_green) == pytest.approx(0.3 * np.hypot(255, 127.5))
    # Where all differences have one sign the two variants agree.
    blue = np.array([[[0, 0, 255], [0, 0, 100]]], np.uint8)
    assert absolute_colourfulness(blue) == pytest.approx(colourfulness(blue))
    assert absolute_colourfulness(np.full((3, 3, 3), 130, np.uint8)) == 0


def test_colourfulness_of_photographs(examples):
    for photo in sorted((examples / "colour").glob("*.jpg")):
        colour = Image.open(photo)
        grey = np.asarray(colour.convert("L").convert("RGB"))
        # Hasler and Süsstrunk's scale: 0 not, 15 slightly, 109 extremely colourful.
        assert 10 < colourfulness(np.asarray(colour)) < 110
        assert colourfulness(grey) == 0
