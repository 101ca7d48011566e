"""The engine's suggestions against those of `photochrom.pipeline.suggestions`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom.color.bins import gamut_bins
from photochrom.color.lab import Array
from photochrom.colorizer import Colorizer
from photochrom.photo import Photo
from photochrom.pipeline.inference import Member, SmallCopy, distribution
from photochrom.pipeline.suggestions import hex_of, in_gamut, likely_colors

pytestmark = pytest.mark.browser

LIKELY = "(m, p, bins, ...rest) => m.likelyColors(p, bins, ...rest)"
AT = "(m, cells, ...rest) => m.distribution(cells, ...rest)"


@pytest.fixture(scope="module")
def member(colorizer: Colorizer) -> Member:
    return Member(colorizer.session, 1.0)


@pytest.fixture(scope="module")
def cells(member: Member, examples: Path) -> Array:
    photo = Photo(examples / "cat.jpg")
    size = member.copy_size(*photo.upright_size, None)
    return np.ascontiguousarray(member.logits(SmallCopy.of(photo, *size)))


def _place(around: Array) -> Array:
    """The distribution that a place's suggestions are made of, as in `Workspace.suggestions`."""
    return (around[1, 1] + around.mean(axis=(0, 1))) / 2


@pytest.mark.parametrize("corner", [(0, 0), (0.5, 0.5), (1, 1), (0, 0.7)])
def test_distribution_of_a_place(
    engine: Any, member: Member, cells: Array, corner: tuple[float, float]
) -> None:
    cell = tuple(int(share * (size - 1)) for share, size in zip(corner, cells.shape, strict=False))
    log_weights = member.session.contract.log_weights
    found = engine.run("suggestions.js", AT, cells, list(cell), log_weights.tolist())
    expected = _place(distribution(member, cells, cell))
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("place", [(0.2, 0.2), (0.5, 0.5), (0.7, 0.4), (0.9, 0.9)])
@pytest.mark.parametrize(("lightness", "gain"), [(60.0, 1.0), (15.0, 1.4), (97.0, 1.2)])
def test_likely_colors_of_a_photo(
    engine: Any,
    member: Member,
    cells: Array,
    place: tuple[float, float],
    lightness: float,
    gain: float,
) -> None:
    cell = tuple(int(share * size) for share, size in zip(place, cells.shape, strict=False))
    predicted = _place(distribution(member, cells, cell))
    bins = member.session.contract.bins
    found = engine.run(
        "suggestions.js", LIKELY, predicted.tolist(), bins.tolist(), lightness, gain, 6
    )
    expected = likely_colors(predicted, bins, lightness, gain, 6)
    assert len(found) == len(expected) > 1
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one["ab"], other.ab, atol=0.01)
        assert one["probability"] == pytest.approx(other.probability, abs=1e-5)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_likely_colors_of_noise(engine: Any, count: int) -> None:
    """Many peaks, among them some too near to another and some that are too unlikely."""
    bins = gamut_bins()
    noise = np.random.default_rng(8).uniform(0, 1, len(bins)) ** 40
    noise /= noise.sum()
    found = engine.run("suggestions.js", LIKELY, noise.tolist(), bins.tolist(), 55, 1.1, count)
    expected = likely_colors(noise, bins, 55, 1.1, count)
    assert [one["ab"] for one in found] == [pytest.approx(other.ab, abs=0.01) for other in expected]
    assert 0 < len(found) <= count


@pytest.mark.parametrize("ab", [(0.0, 0.0), (20.0, -30.0), (-120.0, 120.0), (127.0, -128.0)])
@pytest.mark.parametrize("lightness", [0.0, 5.0, 50.0, 99.0, 100.0])
def test_colors_fit_srgb(engine: Any, ab: tuple[float, float], lightness: float) -> None:
    body = "(m, ab, lightness) => [m.inGamut(ab, lightness), m.hexOf(ab, lightness)]"
    fitted, color = engine.run("suggestions.js", body, ab, lightness)
    np.testing.assert_allclose(fitted, in_gamut(np.array(ab), lightness), atol=0.02)
    assert color == hex_of(ab, lightness)
