"""Thin damage is continued from its surroundings, along edges and with their grain."""

import numpy as np
import pytest

from photochrom.restoration.inpainting import REACH, inpaint, inpaint_smoothly


def scratch(shape, width, slope=0.0):
    """A scratch across the middle rows, which falls by `slope` pixels a column."""
    rows, columns = np.indices(shape)
    return np.abs(rows - shape[0] / 2 - slope * (columns - shape[1] / 2)) < width / 2


def ramp(shape):
    rows, columns = np.indices(shape)
    return (0.2 + 0.4 * rows / shape[0] + 0.2 * columns / shape[1]).astype(np.float32)[..., None]


@pytest.mark.parametrize("width", [1, 5, 16])
def test_a_slope_is_continued(width):
    image = ramp((120, 160))
    mask = scratch((120, 160), width, 0.3)
    filled = inpaint(np.where(mask[..., None], 1, image).astype(np.float32), mask)
    assert np.abs(filled - image).max() < 0.02


@pytest.mark.parametrize("angle", [0, 30, 60, 90, 120])
def test_an_edge_goes_on_across_a_scratch(angle):
    """A step between two tones that meets the scratch at an angle is as sharp on it."""
    rows, columns = np.indices((128, 128)) - 64
    across = columns * np.sin(np.radians(angle)) - rows * np.cos(np.radians(angle))
    image = (1 / (1 + np.exp(-across))).astype(np.float32)[..., None]
    mask = scratch((128, 128), 9, -np.tan(np.radians(min(angle, 45) - 20)))
    damaged = np.where(mask[..., None], 0.5, image).astype(np.float32)
    error = np.abs(inpaint_smoothly(damaged, mask) - image)[mask]
    assert error.mean() < 0.35 * np.abs(damaged - image)[mask].mean()


def test_grain_is_that_of_the_surroundings():
    rng = np.random.default_rng(3)
    image = (0.5 + rng.normal(0, 0.03, (200, 300, 1))).astype(np.float32)
    mask = scratch((200, 300), 10, 0.2)
    filled = inpaint(np.where(mask[..., None], 1, image).astype(np.float32), mask)
    assert 0.6 < filled[mask].std() / image[~mask].std() < 1.2
    assert abs(filled[mask].mean() - 0.5) < 0.01


def test_no_other_pixel_changes():
    rng = np.random.default_rng(4)
    image = rng.uniform(0, 1, (90, 70, 3)).astype(np.float32)
    mask = scratch((90, 70), 6, 0.5)
    filled = inpaint(image, mask)
    assert np.array_equal(filled[~mask], image[~mask])
    assert not np.array_equal(filled[mask], image[mask])


def test_without_damage_nothing_changes():
    image = ramp((20, 30))
    assert inpaint(image, np.zeros((20, 30), bool)) is image


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 3)])
def test_tiny_and_wholly_damaged_pictures(shape):
    image = np.full((*shape, 1), 0.25, np.float32)
    mask = np.ones(shape, bool)
    assert np.isfinite(inpaint(image, mask)).all()
    mask[0, 0] = False
    assert np.allclose(inpaint(image, mask), 0.25, atol=1e-4)


def test_what_is_beyond_reach_does_not_count():
    rng = np.random.default_rng(5)
    image = rng.uniform(0.3, 0.7, (64 + 2 * REACH, 300, 1)).astype(np.float32)
    mask = np.zeros(image.shape[:2], bool)
    mask[REACH + 30 : REACH + 34, 140:160] = True
    other = image.copy()
    other[: 30 - 1] = 0
    first, second = inpaint(image, mask), inpaint(other, mask)
    assert np.allclose(first[mask], second[mask], atol=0.05)
