"""Faded tones are stretched; whole tones, high-key and low-key photos are left."""

import numpy as np
import pytest
from PIL import Image

from photochrom import repair
from photochrom.photo import Photo
from photochrom.restoration.levels import levels_of

NONE = np.zeros((300, 451), np.uint8)


@pytest.fixture
def clean(examples):
    return np.asarray(Image.open(examples / "cat.jpg").convert("L"))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_a_faded_photo_gets_its_tones_back(clean, kind):
    inner = clean[20:-20, 30:-30]
    clean = np.interp(clean, np.percentile(inner, (0.6, 99.4)), (0, 255)).astype(np.uint8)
    assert levels_of(Photo(clean)) is None
    faded = 0.25 + clean / 255 * 0.5
    white = 1 if kind == np.float32 else np.iinfo(kind).max
    pixels = (faded * white).astype(kind)
    repaired = repair(pixels, mask=NONE, levels=True)
    assert repaired.levels.black == pytest.approx(0.25, abs=0.03)
    assert repaired.levels.white == pytest.approx(0.75, abs=0.03)
    after = repaired.photo.strips()(0, 64)[..., 0] / white
    assert np.abs(after - clean[:64] / 255).mean() < 0.05
    assert "tones stretched" in repaired.photo.edits[-1]


def test_off_by_default(clean):
    assert repair(clean // 2 + 60, mask=NONE).levels is None


def test_a_border_of_paper_is_not_counted():
    page = np.full((400, 500), 250, np.uint8)
    page[20:-20, 24:-24] = np.random.default_rng(0).integers(90, 170, (360, 452))
    levels = levels_of(Photo(page))
    assert levels.white < 0.75


@pytest.mark.parametrize(("low", "high"), [(190, 255), (0, 60)])
def test_high_key_and_low_key_photos_keep_their_tones(low, high):
    photo = np.random.default_rng(0).integers(low, high, (300, 400)).astype(np.uint8)
    levels = levels_of(Photo(photo))
    assert levels.black <= 0.35
    assert levels.white >= 0.65
