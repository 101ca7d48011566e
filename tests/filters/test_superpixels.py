import numpy as np
import pytest
from PIL import Image

from photochrom.color.bins import gamut_bins
from photochrom.filters.superpixels import REGIONS, SUPERPIXELS, object_regions, superpixels
from photochrom.filters.upsample import cell_mean

RED, BLUE, GRAY = (60, 40), (20, -60), (0, 0)


def certain(height, width, color):
    """A distribution that gives one bin 80 % and the others the rest."""
    bins = gamut_bins()
    p = np.full((height, width, len(bins)), 0.2 / (len(bins) - 1), np.float32)
    p[..., np.flatnonzero((bins == color).all(axis=1))[0]] = 0.8
    return p


def painted(*stripes):
    """Stripes beside each other, (width, colour, lightness) each, 48 cells high."""
    distribution = np.concatenate([certain(48, width, color) for width, color, _ in stripes], 1)
    light = np.concatenate([np.full((48, width), at, np.float32) for width, _, at in stripes], 1)
    return distribution, light


def owners(distribution, lightness):
    return object_regions(distribution, gamut_bins(), lightness).argmax(axis=-1)


def test_things_of_unlike_colors_are_apart():
    found = owners(*painted((36, RED, 50), (36, BLUE, 50)))
    assert len(np.unique(found)) == 2
    assert len(np.unique(found[:, :34])) == len(np.unique(found[:, 38:])) == 1


def test_a_wall_behind_a_head_is_one_thing():
    found = owners(*painted((24, RED, 70), (24, BLUE, 30), (24, RED, 72)))
    assert found[20, 5] == found[20, 65] != found[20, 36]


def test_things_of_unlike_lightness_are_apart():
    """A network may say the same of a dark coat and a light wall."""
    found = owners(*painted((36, GRAY, 20), (36, GRAY, 80)))
    assert found[20, 5] != found[20, 65]


def test_borders_are_sharp_where_lightness_has_an_edge_and_soft_where_not():
    def widths(light):
        members = object_regions(
            *painted((36, RED, 50), (36, BLUE, light))[:1],
            gamut_bins(),
            painted((36, RED, 50), (36, BLUE, light))[1],
        )
        mixed = members.max(axis=-1) < 0.9
        return mixed[24].sum()

    assert widths(90) == 0
    assert 3 <= widths(50) <= 12  # the window of the filter is 7 cells, applied twice


@pytest.mark.parametrize("name", ["students", "ceremony", "harbour", "cat"])
def test_regions_of_a_photo(colorizer, examples, lab_of, name):
    small = Image.open(examples / f"{name}.jpg").resize((288, 192))
    lightness = np.ascontiguousarray(lab_of(np.asarray(small))[..., 0])
    contract = colorizer.session.contract
    logits = colorizer.session.logits(lightness).transpose(1, 2, 0)
    distribution = np.exp(logits - logits.max(axis=-1, keepdims=True))
    distribution /= distribution.sum(axis=-1, keepdims=True)
    cells = cell_mean(lightness, contract.stride)
    members = object_regions(distribution, contract.bins, cells)
    assert members.shape[:2] == cells.shape
    assert 2 <= members.shape[2] <= REGIONS
    assert members.min() >= 0
    assert np.abs(members.sum(axis=-1) - 1).max() < 1e-5
    # Things, not speckles: nearly every cell has the owner of the cell beside it. Owners drawn
    # for each cell would agree in about one case of ten.
    owner = members.argmax(axis=-1)
    assert (owner[:, 1:] == owner[:, :-1]).mean() > 0.85


def test_superpixels_are_compact_and_of_one_kind(examples, lab_of):
    small = Image.open(examples / "students.jpg").resize((72, 48))
    light = lab_of(np.asarray(small))[..., :1]
    labels = superpixels(light / 200, SUPERPIXELS)
    counts = np.bincount(labels.ravel())
    assert 0.7 * SUPERPIXELS < len(counts) < 1.3 * SUPERPIXELS
    assert counts.min() > 0
    y, x = np.mgrid[:48, :72]
    side = (48 * 72 / SUPERPIXELS) ** 0.5
    for label in range(len(counts)):
        own = labels == label
        assert max(np.ptp(y[own]), np.ptp(x[own])) <= 4 * side  # the nine nearest seeds
    within = np.sqrt(np.mean([light[labels == label].var() for label in range(len(counts))]))
    assert within < 0.5 * light.std()
