"""Connected pieces of likely damage, kept where enough of it is certain."""

import itertools

import numpy as np
import pytest
from scipy.ndimage import label

from photochrom.restoration.pieces import Pieces


def kept(likely, certain, least, cuts=()):
    pieces = Pieces(likely.shape[1])
    ends = [0, *cuts, len(likely)]
    for top, bottom in itertools.pairwise(ends):
        pieces.add(likely[top:bottom], certain[top:bottom])
    return pieces.kept(least).rows(0, len(likely))


@pytest.mark.parametrize(
    ("shape", "share"),
    [((50, 70), 0.3), ((300, 401), 0.45), ((257, 33), 0.5), ((1, 9), 0.5), ((9, 1), 0.5)],
)
def test_pieces_are_those_of_scipy(shape, share):
    random = np.random.default_rng(0)
    for _ in range(10):
        likely, certain = random.random(shape) < share, random.random(shape) < 0.02
        labels, count = label(likely, np.ones((3, 3)))
        certain_pixels = np.bincount(labels.ravel(), (certain & likely).ravel(), count + 1)
        wanted = (certain_pixels >= 2)[labels] & likely
        cuts = np.sort(random.integers(0, shape[0] + 1, 3))
        assert np.array_equal(kept(likely, certain, 2, cuts), wanted)


def test_all_and_nothing():
    full = np.ones((40, 30), bool)
    assert kept(full, full, 1200).all()
    assert not kept(full, full, 1201).any()
    assert not kept(~full, full, 1).any()
