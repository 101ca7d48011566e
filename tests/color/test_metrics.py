import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from photochrom.color.metrics import (
    ab_distance,
    ab_error,
    absolute_colorfulness,
    colorfulness,
    psnr,
)


def test_psnr_by_hand():
    black, off_by_one = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4, 3), np.uint8)
    assert psnr(off_by_one, black) == pytest.approx(20 * np.log10(255))
    assert psnr(black, off_by_one) == psnr(off_by_one, black)  # no wrap-around of uint8
    assert psnr(black, black) == 99


def test_psnr_agrees_with_scikit_image(examples):
    gray = np.asarray(Image.open(examples / "cat.jpg").convert("RGB"))
    color = np.asarray(Image.open(examples / "color" / "cat.jpg"))
    assert psnr(gray, color) == pytest.approx(peak_signal_noise_ratio(color, gray), abs=1e-9)


def test_ab_error_by_hand():
    zero = np.zeros((1, 2, 2), np.float32)
    ab = np.array([[[3, 4], [0, 0]]], np.float32)
    assert ab_distance(ab, zero).tolist() == [[5, 0]]
    assert ab_error(ab, zero) == 2.5


def test_colorfulness_by_hand():
    # rg = (255, -255), yb = (127.5, 127.5): spread 255, mean (0, 127.5), 255 + 0.3 * 127.5.
    red_and_green = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)
    assert colorfulness(red_and_green) == pytest.approx(293.25)
    # One blue colour: no spread, mean (0, -255).
    assert colorfulness(np.full((3, 3, 3), (0, 0, 255), np.uint8)) == pytest.approx(76.5)
    assert colorfulness(np.full((3, 3, 3), 130, np.uint8)) == 0


def test_absolute_colorfulness_by_hand():
    # |rg| = (255, 255), |yb| = (127.5, 127.5): no spread, and the means no longer cancel.
    red_and_green = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)
    assert absolute_colorfulness(red_and_green) == pytest.approx(0.3 * np.hypot(255, 127.5))
    # Where all differences have one sign the two variants agree.
    blue = np.array([[[0, 0, 255], [0, 0, 100]]], np.uint8)
    assert absolute_colorfulness(blue) == pytest.approx(colorfulness(blue))
    assert absolute_colorfulness(np.full((3, 3, 3), 130, np.uint8)) == 0


def test_colorfulness_of_photographs(examples):
    for photo in sorted((examples / "color").glob("*.jpg")):
        color = Image.open(photo)
        gray = np.asarray(color.convert("L").convert("RGB"))
        # Hasler and Süsstrunk's scale: 0 not, 15 slightly, 109 extremely colourful.
        assert 10 < colorfulness(np.asarray(color)) < 110
        assert colorfulness(gray) == 0
