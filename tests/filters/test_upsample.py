import numpy as np
import pytest
from PIL import Image

from photochrom.filters.upsample import LinearChroma, linear_chroma, refine

STRIDE = 4
RED, BLUE = np.float32([45, 30]), np.float32([5, -45])


def cell_mean(image):
    height, width, bands = image.shape
    cells = image.reshape(height // STRIDE, STRIDE, width // STRIDE, STRIDE, bands)
    return cells.mean(axis=(1, 3))


@pytest.fixture(scope="module")
def real(examples, lab_of):
    """Lab of a real colour photo, 192 x 288."""
    photo = Image.open(examples / "color" / "students.jpg").resize((288, 192))
    return lab_of(np.asarray(photo))


def two_halves(edge, dark=25.0, light=75.0):
    lightness = np.full((32, 64), dark, np.float32)
    lightness[:, edge:] = light
    ab = np.broadcast_to(RED, (32, 64, 2)).copy()
    ab[:, edge:] = BLUE
    return lightness, ab


@pytest.mark.parametrize("edge", [32, 33, 34, 35])
def test_a_sharp_edge_keeps_two_colors_apart(edge):
    """Also where the edge cuts through cells, whose own colour is a mixture."""
    lightness, real = two_halves(edge)
    found = refine(cell_mean(real), lightness)
    error = np.linalg.norm(found - real, axis=-1)
    # The colours are 85 apart. At 50 of L, eight sigmas, a neighbour weighs exp(-35); what is left
    # comes from the cells that the edge cuts unevenly: measured 3.9, and 0.01 where it cuts evenly.
    # Linear enlargement errs by some 40 at the edge.
    assert error.max() < 8
    model = linear_chroma(found, lightness)
    applied = model.slope * lightness[..., None] + model.offset
    assert np.linalg.norm(applied - real, axis=-1).max() < 8  # the guided filter's own smoothing


def test_back_projection_keeps_cell_means(real):
    coarse = cell_mean(real[..., 1:])
    found = refine(coarse, np.ascontiguousarray(real[..., 0]))
    error = np.abs(cell_mean(found) - coarse)
    # Measured 0.38 on this photo; 0.77 without back-projection.
    assert error.mean() < 0.55


def test_real_colors_come_back(real):
    """Better than plain linear enlargement of the same coarse grid."""
    coarse = cell_mean(real[..., 1:]).astype(np.float32)
    found = refine(coarse, np.ascontiguousarray(real[..., 0]))
    planes = [
        np.asarray(Image.fromarray(coarse[..., i]).resize((288, 192), Image.Resampling.BILINEAR))
        for i in range(2)
    ]
    ours = np.linalg.norm(found - real[..., 1:], axis=-1).mean()
    linear = np.linalg.norm(np.stack(planes, axis=-1) - real[..., 1:], axis=-1).mean()
    assert ours < linear


def test_constant_ab_stays_constant(real):
    lightness = np.ascontiguousarray(real[..., 0])
    coarse = np.broadcast_to(RED, (48, 72, 2)).copy()
    found = refine(coarse, lightness)
    assert np.abs(found - RED).max() < 1e-3  # float32 on values up to 45
    model = linear_chroma(found, lightness)
    applied = model.slope * lightness[..., None] + model.offset
    assert np.abs(applied - RED).max() < 0.02  # covariances of L up to 100 in float32


@pytest.mark.parametrize("stride", [4, 8, 16])
def test_any_whole_stride(stride):
    lightness = np.linspace(0, 100, 64 * 96, dtype=np.float32).reshape(64, 96)
    found = refine(np.zeros((64 // stride, 96 // stride, 2), np.float32) + RED, lightness)
    assert found.shape == (64, 96, 2)
    assert np.abs(found - RED).max() < 1e-3


def test_refine_does_not_shift(real):
    """Mirroring the input mirrors the output."""
    lightness = np.ascontiguousarray(real[..., 0])
    coarse = cell_mean(real[..., 1:])
    found = refine(coarse, lightness)
    for flip in (np.fliplr, np.flipud):
        mirrored = refine(flip(coarse), np.ascontiguousarray(flip(lightness)))
        assert np.abs(flip(mirrored) - found).max() < 0.01  # order of float32 sums


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_turned(quarters, mirrored):
    random = np.random.default_rng(0)
    slope, offset = random.random((2, 5, 7, 2)).astype(np.float32)
    found = LinearChroma(slope, offset).turned(quarters, mirrored)
    for ours, field in ((found.slope, slope), (found.offset, offset)):
        wanted = np.rot90(np.fliplr(field) if mirrored else field, quarters)
        assert np.array_equal(ours, wanted)
        assert ours.flags.c_contiguous
