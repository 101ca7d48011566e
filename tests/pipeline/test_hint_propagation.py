"""Spreading: at a hint its colour, around it the picture's region, nowhere beyond both."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom.filters.upsample import linear_chroma
from photochrom.options import Hint
from photochrom.pipeline import hint_propagation
from photochrom.pipeline.hint_propagation import propagate_hints, snap_to_hints
from photochrom.pipeline.hints import PlacedHints

SHAPE = (96, 128)
NETWORK = np.full((*SHAPE, 2), (5, 10), np.float32)
"""The prediction of a network that sees one colour everywhere, whatever its hints."""


def halves(left: float, right: float) -> np.ndarray:
    lightness = np.full(SHAPE, left, np.float32)
    lightness[:, 64:] = right
    return lightness


def place(*hints: Hint) -> PlacedHints:
    """Hints of a photo that is its own small copy."""
    return PlacedHints.of(hints, SHAPE, SHAPE, "photo.jpg")


def rendered(hints: PlacedHints, ab: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """What the full-size pass makes of it, where the photo is its own small copy."""
    chroma = snap_to_hints(hints, linear_chroma(ab, lightness), lightness)
    return chroma.slope * lightness[..., None] + chroma.offset


def test_a_hint_colors_its_side_of_an_edge_and_not_the_other() -> None:
    lightness = halves(35, 70)
    found = propagate_hints(place(Hint(30, 50, (60, -20))), NETWORK, NETWORK, lightness)
    assert found[50, 30] == pytest.approx((60, -20), abs=0.01)
    # Measured 0.5 in the side's far corner and 0.1 beyond the edge, of 63 between the colours.
    assert np.linalg.norm(found[:, :60] - (60, -20), axis=-1).max() < 3
    assert np.abs(found[:, 64:] - NETWORK[:, 64:]).max() < 0.5


def test_a_line_is_an_edge_too() -> None:
    lightness = halves(50, 50)
    lightness[:, 62:66] = 5
    found = propagate_hints(place(Hint(30, 50, (60, -20))), NETWORK, NETWORK, lightness)
    assert np.linalg.norm(found[:, :60] - (60, -20), axis=-1).max() < 3
    assert np.abs(found[:, 68:] - NETWORK[:, 68:]).max() < 0.5


def test_a_network_that_tints_all_of_the_picture_is_not_believed_far_from_an_unlikely_hint() -> (
    None
):
    tinted = np.full_like(NETWORK, (60, 0))
    found = propagate_hints(place(Hint(30, 50, (75, 10))), tinted, NETWORK, halves(35, 70))
    assert np.linalg.norm(found[:, :60] - (75, 10), axis=-1).max() < 4
    assert np.linalg.norm(found[:, 64:] - NETWORK[:, 64:], axis=-1).max() < 2


def test_a_network_is_believed_farther_on_a_likely_hint() -> None:
    """A hint in one half also improves the prediction in the other half."""
    with_hint = NETWORK.copy()
    with_hint[:, :64], with_hint[:, 64:] = (9, 13), (0, 30)
    found = propagate_hints(place(Hint(30, 50, (9, 13))), with_hint, NETWORK, halves(35, 70))
    believed = (found[50, 90] - NETWORK[50, 90]) / (with_hint - NETWORK)[50, 90]
    assert 0.5 < believed.min() <= believed.max() < 1


def test_what_the_network_takes_for_something_else_is_left() -> None:
    plain = NETWORK.copy()
    plain[:, 64:] = (-30, 30)
    found = propagate_hints(place(Hint(30, 50, (60, -20))), plain, plain, halves(50, 50))
    assert np.linalg.norm(found[:, :60] - (60, -20), axis=-1).max() < 3
    assert np.abs(found[:, 64:] - plain[:, 64:]).max() < 3


def test_a_gray_hint_makes_its_region_neutral() -> None:
    random = np.random.default_rng(0)
    ab = NETWORK + random.normal(0, 3, NETWORK.shape).astype(np.float32)
    found = propagate_hints(place(Hint(30, 50, (0, 0))), ab, NETWORK, halves(35, 70))
    assert np.linalg.norm(ab[:, :60], axis=-1).mean() > 10
    # The residual is about 11: a third of the correction keeps the variation, see HALF_REPLACED.
    assert np.linalg.norm(found[:, :60], axis=-1).mean() < 3


def test_a_hint_that_the_network_obeyed_changes_hardly_anything() -> None:
    random = np.random.default_rng(0)
    ab = NETWORK + random.normal(0, 3, NETWORK.shape).astype(np.float32)
    hint = Hint(30, 50, tuple(ab[50, 30].tolist()))
    np.testing.assert_allclose(
        propagate_hints(place(hint), ab, NETWORK, halves(50, 50)), ab, atol=0.1
    )


@pytest.mark.parametrize("apart", [1, 2, 5, 40])
def test_contradicting_hints_stay_within_their_colors(apart: int) -> None:
    random = np.random.default_rng(apart)
    lightness = random.uniform(20, 80, SHAPE).astype(np.float32)
    hints = place(Hint(40, 50, (80, 60)), Hint(40 + apart, 50, (-80, -60)))
    found = propagate_hints(hints, NETWORK, NETWORK, lightness)
    assert np.abs(found).max() <= 80.01
    # The linear model follows the noise of L: measured 90 at most.
    assert np.abs(rendered(hints, found, lightness)).max() < 100


def test_hints_survive_the_linear_model(rng_hints: list[Hint]) -> None:
    random = np.random.default_rng(1)
    lightness = np.repeat(np.repeat(random.uniform(20, 80, (24, 32)), 4, 0), 4, 1)
    lightness = lightness.astype(np.float32)
    hints = place(*rng_hints)
    found = propagate_hints(hints, NETWORK, NETWORK, lightness)
    lost = linear_chroma(found, lightness)
    before = lost.slope * lightness[..., None] + lost.offset
    after = rendered(hints, found, lightness)
    rows, columns = np.transpose(hints.pixels)
    missed = [np.linalg.norm(ab[rows, columns] - hints.ab, axis=-1) for ab in (before, after)]
    assert (missed[0] > 5).mean() > 0.1  # else settling would have nothing to do
    assert (missed[1] < 5).mean() >= 0.95


def test_settling_holds_a_hint_against_a_lighter_pixel_of_the_photo() -> None:
    lightness = halves(30, 60)
    hints = place(Hint(63, 50, (40, 0)), Hint(70, 50, (-40, 0)))
    found = propagate_hints(hints, NETWORK, NETWORK, lightness)
    plain = linear_chroma(found, lightness)
    settled = snap_to_hints(hints, plain, lightness)
    lighter = lightness[50, 63] + 15
    ab = [c.slope[50, 63] * lighter + c.offset[50, 63] for c in (plain, settled)]
    distances = [np.linalg.norm(color - (40, 0)) for color in ab]
    assert distances[1] < distances[0] / 3


def test_many_hints_are_taken_in_parts(
    rng_hints: list[Hint], monkeypatch: pytest.MonkeyPatch
) -> None:
    lightness = np.random.default_rng(2).uniform(40, 60, SHAPE).astype(np.float32)
    hints = place(*rng_hints)
    whole = propagate_hints(hints, NETWORK, NETWORK, lightness)
    monkeypatch.setattr(hint_propagation, "_CHUNK_SIZE", 7 * lightness.size)
    np.testing.assert_allclose(
        propagate_hints(hints, NETWORK, NETWORK, lightness), whole, atol=0.05
    )


@pytest.fixture
def rng_hints() -> list[Hint]:
    """Thirty hints at random points, of random colours."""
    random = np.random.default_rng(0)
    places = random.integers((0, 0), (SHAPE[1], SHAPE[0]), (30, 2)).tolist()
    colors = random.uniform(-50, 50, (30, 2)).tolist()
    return [Hint(x, y, (a, b)) for (x, y), (a, b) in zip(places, colors, strict=True)]
