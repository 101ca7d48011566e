"""Strokes that correct a mask, against distances to their lines."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom.photo import Photo, Turn
from photochrom.repaired import repair_damage
from photochrom.restoration.mask import DamageMask, reduced
from photochrom.restoration.options import RepairOptions
from photochrom.restoration.strokes import DamageStroke, corrected, painted

LINES = [
    ([(40.0, 30.0)], 6.0),
    ([(10.0, 20.0), (150.0, 20.0)], 3.5),
    ([(30.0, 5.0), (30.0, 290.0)], 2.0),
    ([(20.0, 40.0), (140.0, 270.0), (60.0, 300.0)], 7.3),
    ([(12.0, 12.0), (12.0, 12.0), (60.5, 33.25)], 0.6),
    ([(-20.0, -20.0), (25.0, 600.0)], 30.0),
    ([(80.0, 255.0), (90.0, 256.0)], 1.0),
]


def near(shape, points, radius):
    """Which pixels lie within a radius of a line, by their distance to each segment."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    places = np.stack([x, y], 2).astype(float)
    mask = np.zeros(shape, bool)
    for start, end in zip(points[:-1] or points, points[1:] or points, strict=True):
        start, way = np.array(start), np.subtract(end, start)
        share = ((places - start) @ way / max(way @ way, 1e-12)).clip(0, 1)
        mask |= np.hypot(*np.moveaxis(places - start - share[..., None] * way, 2, 0)) <= radius
    return mask


def photo_of(height, width, orientation=1):
    photo = Photo(np.zeros((height, width), np.uint8))
    photo.turn = Turn.from_exif(orientation)
    return photo


def mask_of(pixels):
    height, width = pixels.shape
    return DamageMask(width, height, np.packbits(pixels, axis=1))


@pytest.mark.parametrize(("points", "radius"), LINES)
def test_a_line_is_as_wide_as_the_brush(points, radius):
    photo = photo_of(310, 160)  # two bands
    stroke = DamageStroke(True, tuple(points), radius)
    mask = painted([stroke], photo).rows(0, 310)
    expected = near((310, 160), points, radius)
    assert expected.any()
    assert np.array_equal(mask, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_lines_are_those_of_the_upright_photo(orientation):
    photo = photo_of(120, 70, orientation)
    points = ((5.0, 8.0), (40.0, 60.0))
    mask = painted([DamageStroke(True, points, 4)], photo).rows(0, 120)
    assert np.array_equal(photo.turn.apply(mask), near(photo.upright_size, points, 4))


def test_later_strokes_count():
    photo = photo_of(100, 100)
    found = np.zeros((100, 100), bool)
    found[20:24] = True
    sound = DamageStroke(False, ((0, 21), (99, 21)), 10)
    damaged = DamageStroke(True, ((50, 21),), 5)
    assert corrected(mask_of(found), [damaged, sound], photo).share == 0
    both = corrected(mask_of(found), [sound, damaged], photo).rows(0, 100)
    assert np.array_equal(both, near((100, 100), [(50, 21)], 5))
    same = mask_of(found)
    assert corrected(same, [], photo) is same


def test_far_outside_nothing_is_painted():
    photo = photo_of(300, 300)
    strokes = [DamageStroke(True, ((-900.0, 40.0), (-500.0, 5e8)), 100)]
    assert painted(strokes, photo).share == 0


def test_what_is_painted_may_be_wider_than_what_is_found():
    photo = photo_of(200, 200)
    found = np.zeros((200, 200), bool)
    found[98:102] = True  # a scratch, which the strokes below cross
    across = DamageStroke(True, ((60.0, 20.0), (60.0, 180.0)), 20)
    hole = DamageStroke(True, ((150.0, 100.0),), 45)
    options = RepairOptions(max_width=16)
    crossed = repair_damage(photo, mask_of(found), options, [across])
    assert np.array_equal(crossed.mended.packed, crossed.damage.packed)
    with_hole = repair_damage(photo, mask_of(found), options, [across, hole])
    left = with_hole.damage.rows(0, 200) & ~with_hole.mended.rows(0, 200)
    assert left[100, 150]
    assert not left[:, :100].any()
    assert "more than 16 pixels wide" in with_hole.photo.notes[0]
    assert crossed.photo.notes == photo.notes == ()
    assert "corrected by hand" in with_hole.photo.edits[0]


@pytest.mark.parametrize("size", [(31, 40), (7, 9), (1, 1), (310, 400)])
def test_single_pixels_stay_visible_in_a_small_picture(size):
    mask = np.zeros((310, 400), bool)
    rng = np.random.default_rng(3)
    places = rng.integers(0, (310, 400), (12, 2))
    mask[tuple(places.T)] = True
    picture = reduced(mask_of(mask), *size)
    expected = np.zeros(size, bool)
    expected[places[:, 0] * size[0] // 310, places[:, 1] * size[1] // 400] = True
    assert np.array_equal(picture == 255, expected)
    assert set(np.unique(picture)) <= {0, 255}
