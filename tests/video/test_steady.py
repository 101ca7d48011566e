"""Colours within a shot: steadier than the network's own, and never another shot's."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom.video.grain import Grain, grain_of
from photochrom.video.motion import BLOCK, Motion, MotionFinder
from photochrom.video.shots import THUMBNAIL, Shot, ShotFinder
from photochrom.video.steady import Lead, Observation, spread, steady
from support.films import scene

SHAPE = 48, 64


def still(shape=SHAPE):
    rows, columns = shape[0] * 2 // BLOCK, shape[1] * 2 // BLOCK
    none = np.zeros((rows, columns, 2), np.float32)
    return Motion(none, none)


def observation(ab, lightness, motion=None, weight=0.5):
    field = np.broadcast_to(np.float32(ab), (*SHAPE, 2)).copy()
    return Observation(field, np.full(SHAPE, weight, np.float32), lightness, motion or still())


@pytest.fixture
def lightness():
    return (scene(0, 3, SHAPE) * 100).astype(np.float32)


def test_flicker_is_averaged_both_ways(lightness):
    random = np.random.default_rng(0)
    colors = np.add([20, 10], random.normal(0, 6, (40, 2)))
    maps, _ = steady([observation(ab, lightness) for ab in colors], 40, None)
    found = np.array([ab.mean(axis=(0, 1)) for ab in maps])
    assert np.abs(np.diff(found, axis=0)).mean() < 0.1 * np.abs(np.diff(colors, axis=0)).mean()
    assert np.abs(found.mean(axis=0) - [20, 10]).max() < 2
    assert np.abs(found[0] - colors[:15].mean(axis=0)).max() < 3  # the first knows what follows


def test_pulsing_brightness_does_not_count(lightness):
    pulsing = [lightness * (1 + 0.15 * (-1) ** number) for number in range(20)]
    colors = [[20 + 8 * (-1) ** number, 10] for number in range(20)]
    pairs = zip(colors, pulsing, strict=True)
    maps, _ = steady([observation(ab, one) for ab, one in pairs], 20, None)
    assert np.ptp([ab[..., 0].mean() for ab in maps[5:15]]) < 2


def test_what_enters_has_its_own_color_at_once(lightness):
    """A dark thing appears on a light ground: no colour of the ground stays on it, or behind it."""
    thing = np.zeros(SHAPE, bool)
    thing[10:30, 20:44] = True
    observations = []
    for number in range(20):
        there = 8 <= number < 14
        one = observation([0, 40], np.full(SHAPE, 80, np.float32) + lightness / 50)
        if there:
            one.lightness[thing] = 20
            one.ab[thing] = [30, -30]
        observations.append(one)
    maps, _ = steady(observations, 20, None)
    inside = np.s_[13:27, 23:41]
    for number, ab in enumerate(maps):
        wanted = [30, -30] if 8 <= number < 14 else [0, 40]
        assert np.abs(ab[inside].mean(axis=(0, 1)) - wanted).max() < 2, number


def test_colors_move_with_what_they_belong_to():
    """A pan by 4 pixels of the map a picture: the colour at a place of the scene stays the same."""
    wide = np.repeat(np.random.default_rng(1).uniform(20, 80, (12, 60)), 4, axis=0).repeat(
        4, axis=1
    )
    hue = np.linspace(-40, 40, wide.shape[1])
    random = np.random.default_rng(2)
    vectors = np.zeros((12, 16, 2), np.float32)
    vectors[..., 1] = 8  # what was 4 pixels of the map further right, in pixels of the small copy
    motion = Motion(vectors, -vectors)
    observations = []
    for number in range(20):
        part = np.s_[:, 4 * number : 4 * number + 64]
        one = observation([0, 0], wide[part].astype(np.float32), motion)
        one.ab[..., 0] = np.broadcast_to(hue, wide.shape)[part] + random.normal(0, 6)
        observations.append(one)
    maps, _ = steady(observations, 20, None)
    own = np.array([one.ab[24, 32, 0] - hue[4 * n + 32] for n, one in enumerate(observations)])
    ours = np.array([ab[24, 32, 0] - hue[4 * n + 32] for n, ab in enumerate(maps)])
    assert ours[4:16].std() < 0.35 * own[4:16].std()


def test_pieces_follow_each_other_without_a_seam(lightness):
    random = np.random.default_rng(5)
    observations = [
        observation(np.add([20, 10], random.normal(0, 6, 2)), lightness) for _ in range(80)
    ]
    whole, _ = steady(observations, 80, None)
    first, state = steady(observations, 40, None)
    second, _ = steady(observations[40:], 40, state)
    np.testing.assert_array_equal(whole, first + second)


def test_set_colors_are_carried_from_the_key_picture_both_ways(lightness):
    observations = [observation([0, 0], lightness) for _ in range(21)]
    weight = np.zeros(SHAPE, np.float32)
    weight[10:20, 10:20] = 1
    lead = Lead(np.full((*SHAPE, 2), 30, np.float32), weight)
    leads = spread(lead, observations, 10)
    for one in (leads[0], leads[20]):
        assert one.weight[12:18, 12:18].min() > 0.95
        assert one.weight[30:, 30:].max() < 0.05


def thumbnails(*shots):
    for seed, count in shots:
        for number in range(count):
            yield scene(number, seed, THUMBNAIL) * 255


def found(pictures):
    finder = ShotFinder()
    for picture in pictures:
        finder.add(np.clip(picture, 0, 255).astype(np.uint8))
    return [shot.first for shot in finder.shots()]


def test_cuts_are_found():
    assert found(thumbnails((0, 40), (1, 25), (2, 60))) == [0, 40, 65]


def test_a_flash_and_pulsing_are_no_cuts():
    pictures = list(thumbnails((0, 80)))
    pictures[40] = pictures[40] * 0.3 + 178
    pictures[41] = pictures[41] * 0.2 + 200
    pictures = [one * (1 + 0.1 * (-1) ** number) for number, one in enumerate(pictures)]
    assert found(pictures) == [0]


def test_a_fade_through_black_is_one_border():
    pictures = list(thumbnails((0, 50), (1, 50)))
    for number in range(12):
        pictures[49 - number] = pictures[49 - number] * number / 12
        pictures[50 + number] = pictures[50 + number] * number / 12
    starts = found(pictures)
    assert len(starts) == 2
    assert 44 <= starts[1] <= 56


def test_a_dissolve_is_one_border():
    first, second = (list(thumbnails((seed, 60))) for seed in (0, 1))
    mixed = [
        (1 - share) * first[40 + index] + share * second[index]
        for index, share in enumerate(np.linspace(0.05, 0.95, 20))
    ]
    starts = found(first[:40] + mixed + second[20:])
    assert len(starts) == 2
    assert 40 <= starts[1] <= 60


def test_motion_is_found_between_small_copies():
    av = pytest.importorskip("av")
    wide = (np.random.default_rng(0).random((8, 40)) * 200).repeat(8, axis=0).repeat(8, axis=1)
    finder = MotionFinder(av)
    motions = []
    for number in range(5):
        copy = np.ascontiguousarray(wide[:, 4 * number : 4 * number + 128].astype(np.uint8))
        motions += finder.add(copy)
    motions += finder.end()
    assert len(motions) == 5
    assert np.median(motions[2].before[..., 1]) == 4
    assert np.median(motions[2].behind[..., 1]) == -4
    assert not motions[0].before.any()


def test_grain_counts_where_nearly_all_pictures_have_it():
    samples = [(12 * n, 10.0 if n != 3 else 0.0, False) for n in range(20)]
    assert grain_of(Shot(0, 240), samples) == Grain(10.0, False)
    assert grain_of(Shot(0, 60), samples) == Grain(0.0, False)
    assert grain_of(Shot(1, 5), samples) == Grain()
