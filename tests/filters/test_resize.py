import numpy as np
import pytest
from PIL import Image

from photochrom.filters.resize import resize, resize_matrix


@pytest.mark.parametrize(
    ("size", "count", "extent"), [(7, 20, None), (20, 7, None), (5, 5, None), (6, 13, 12.4)]
)
def test_rows_are_means(size, count, extent):
    matrix = resize_matrix(size, count, extent)
    assert matrix.shape == (size, count)
    assert matrix.min() >= 0
    assert matrix.sum(axis=1) == pytest.approx(1, abs=1e-6)  # float32


def test_same_size_changes_nothing():
    assert np.array_equal(resize_matrix(9, 9), np.eye(9, dtype=np.float32))


def test_halving_by_hand():
    # Scale 2, centres 0.5, 2.5, 4.5: the triangle weighs the four pixels around 1:3:3:1.
    assert resize_matrix(3, 6)[1] == pytest.approx(np.array([0, 1, 3, 3, 1, 0]) / 8)


@pytest.mark.parametrize("shape", [(40, 60), (33, 97), (150, 200), (300, 451), (500, 211)])
def test_pillow_agrees(examples, shape):
    gray = Image.open(examples / "cat.jpg").convert("F")
    wanted = np.asarray(gray.resize(shape[::-1], Image.Resampling.BILINEAR))
    found = resize(np.asarray(gray)[..., None], *shape)[..., 0]
    # The same filter in float32; a thousandth of a code is rounding.
    assert np.abs(found - wanted).max() < 1e-2


@pytest.mark.parametrize("extent", [100.0, 99.3, 100.6])
def test_extent_moves_the_samples(extent):
    ramp = np.arange(100, dtype=np.float32)
    found = resize_matrix(10, 100, extent) @ ramp
    centers = (np.arange(10) + 0.5) * extent / 10 - 0.5
    # A triangle is symmetric, so the middle of a ramp is exact; the ends lean on the edge.
    assert found[1:-1] == pytest.approx(centers[1:-1], abs=0.05)


def test_bands_stay_apart():
    image = np.zeros((8, 8, 3), np.float32)
    image[..., 1] = 1
    found = resize(image, 3, 5)
    assert found[..., 1] == pytest.approx(1, abs=1e-6)
    assert not found[..., [0, 2]].any()
