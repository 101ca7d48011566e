"""Masks: from pictures and back, shares, and what of them is thin."""

import numpy as np
import pytest

from photochrom import PhotoError
from photochrom.photo import Photo
from photochrom.restoration.mask import DamageMask, eroded, grown, mask_of_picture, thin_part


def packed(mask):
    return DamageMask(mask.shape[1], mask.shape[0], np.packbits(mask, axis=1))


@pytest.fixture
def spots():
    return np.random.default_rng(0).uniform(size=(700, 333)) < 0.02


def test_rows_and_share(spots):
    mask = packed(spots)
    assert mask.share == pytest.approx(spots.mean())
    assert np.array_equal(mask.rows(100, 400), spots[100:400])
    beyond = mask.rows(-5, 703)
    assert np.array_equal(beyond[5:-3], spots)
    assert not beyond[:5].any()
    assert not beyond[-3:].any()


def test_picture(spots):
    picture = packed(spots).picture()
    assert picture.dtype == np.uint8
    assert np.array_equal(picture > 0, spots)
    photo = Photo(np.zeros(spots.shape, np.uint8))
    assert np.array_equal(mask_of_picture(Photo(picture), photo).rows(0, 700), spots)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_of_a_turned_photo(spots, orientation, tmp_path):
    """A mask is drawn on the upright photo, and kept as the photo is stored."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.zeros(spots.shape, np.uint8)).save(tmp_path / "photo.jpg", exif=exif)
    photo = Photo(tmp_path / "photo.jpg")
    upright = photo.turn.apply(packed(spots).picture())
    assert np.array_equal(
        mask_of_picture(Photo(np.ascontiguousarray(upright)), photo).rows(0, 700), spots
    )


def test_mask_of_another_size(spots):
    picture = Photo(packed(spots).picture(), "mask.png")
    with pytest.raises(PhotoError, match=r"mask\.png: is 333 x 700 pixels, and the photo is 5 x 4"):
        mask_of_picture(picture, Photo(np.zeros((4, 5), np.uint8)))


@pytest.mark.parametrize("most", [14, 16, 48])
def test_thin_damage_is_told_from_wide(most):
    mask = np.zeros((900, 600), bool)
    mask[:, 50 : 50 + most] = True  # a scratch from edge to edge, over all bands
    mask[240:280, 200 : 200 + 3 * most] = True
    mask[700 : 700 + most + 6, 300:420] = True
    thin = thin_part(packed(mask), most).rows(0, 900)
    wide = mask & ~thin
    assert thin[:, 50 : 50 + most].all()
    assert not wide[:, :190].any()
    assert wide[700 : 700 + most + 6, 300:420].all()
    assert wide[240:280, 200 : 200 + 3 * most].all() == (most < 40 < 3 * most)


def test_grown_and_eroded():
    mask = np.zeros((9, 11), bool)
    mask[4, 5] = True
    assert grown(mask, 2).sum() == 25
    assert np.array_equal(eroded(grown(mask, 2), 2), mask)
    assert eroded(np.ones((4, 4), bool), 3).all()  # nothing is known beyond the edges
