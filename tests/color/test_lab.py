import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2lab

from photochrom.color.lab import (
    XYZ_FROM_RGB,
    lab_from_srgb,
    lightness_from_luminance,
    linear_from_lab,
    linear_from_srgb,
    luminance_from_lightness,
    reduce_chroma,
    srgb_from_lab,
    srgb_from_linear,
)
from photochrom.filters.upsample import LinearChroma
from photochrom.photo.strips import StripPlan
from photochrom.pipeline.full_size import colored_strips

AGREEMENT = 0.01
"""What photochrom.color.lab promises of the backends; Lab units or shares of 0..1."""


@pytest.fixture(scope="module")
def colors():
    """All corners of the sRGB cube, a ramp through the dark toe, and random colours."""
    corners = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), axis=-1).reshape(-1, 3)
    toe = np.linspace(0, 0.06, 200)[:, None] * [1, 0.7, 0.3]
    random = np.random.default_rng(0).random((20000, 3))
    return np.concatenate([corners, toe, random]).astype(np.float32)


def test_round_trip(colors):
    back = srgb_from_lab(lab_from_srgb(colors))
    # A tenth of an 8-bit code: float32 and a matrix inverse leave far less.
    assert np.abs(back - colors).max() < 0.1 / 255


def test_transfer_curves_undo_each_other():
    codes = np.linspace(0, 1, 65536).astype(np.float32)
    assert np.abs(srgb_from_linear(linear_from_srgb(codes)) - codes).max() < 0.1 / 65535 * 5
    lightness = np.linspace(0, 100, 10001).astype(np.float32)
    back = lightness_from_luminance(luminance_from_lightness(lightness))
    assert np.abs(back - lightness).max() < 1e-3  # float32 near 100 has steps of 8e-6


@pytest.mark.parametrize(
    ("srgb", "lab"),
    [
        # Lindbloom's calculator (D65, sRGB, no adaptation), rounded to two places.
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_primaries(srgb, lab):
    found = lab_from_srgb(np.array(srgb, np.float32))
    assert found == pytest.approx(lab, abs=0.02)  # two places, and matrices of seven digits


def test_scikit_image_agrees(colors):
    assert np.abs(lab_from_srgb(colors) - rgb2lab(colors)).max() < AGREEMENT


def test_grays_are_neutral():
    grays = np.repeat(np.linspace(0, 1, 65536, dtype=np.float32)[:, None], 3, axis=1)
    # Zero up to rounding: float32 f values near 1 have steps of 6e-8, times 500.
    assert np.abs(lab_from_srgb(grays)[:, 1:]).max() < 2e-4


@given(arrays(np.float32, (16, 3), elements=st.floats(-2, 3, width=32)))
def test_reduce_chroma_keeps_luminance(linear):
    inside = reduce_chroma(linear)
    assert inside.min() >= 0
    assert inside.max() <= 1
    wanted = np.clip(linear @ XYZ_FROM_RGB[1], 0, 1)
    # float32 arithmetic on values up to 3, and weights that sum to 1 + 1e-7.
    assert np.abs(inside @ XYZ_FROM_RGB[1] - wanted).max() < 1e-5


@given(arrays(np.float32, (16, 3), elements=st.floats(1 / 64, 63 / 64, width=32)))
def test_reduce_chroma_leaves_srgb_alone(linear):
    assert np.abs(reduce_chroma(linear) - linear).max() < 1e-6  # float32


def test_reduce_chroma_keeps_hue_direction():
    linear = linear_from_lab(np.array([[60, 120, -90]], np.float32))
    inside = reduce_chroma(linear)
    luminance = (linear @ XYZ_FROM_RGB[1])[:, None]
    before, after = linear - luminance, inside - luminance
    cosine = (before * after).sum() / np.linalg.norm(before) / np.linalg.norm(after)
    assert cosine > 0.9999
    assert np.linalg.norm(after) < np.linalg.norm(before)


@pytest.mark.workshop
def test_torch_backend_agrees(colors):
    import torch

    from photochrom.workshop.training import lab

    tensor = torch.from_numpy(colors.T.copy())[None, :, :, None]
    found = lab.lab_from_srgb(tensor)
    ours = lab_from_srgb(colors)
    assert np.abs(found[0, :, :, 0].T.numpy() - ours).max() < AGREEMENT
    wide = ours * np.array([1, 1.8, 1.8], np.float32)  # many outside sRGB: the reduction too
    back = lab.srgb_from_lab(torch.from_numpy(wide.T.copy())[None, :, :, None])
    assert np.abs(back[0, :, :, 0].T.numpy() - srgb_from_lab(wide)).max() < AGREEMENT


@pytest.mark.parametrize("ab", [(0, 0), (12, -7), (-40, 35), (60, 50), (20, -90)])
def test_stream_agrees_on_8_bit(ab):
    codes = np.arange(256, dtype=np.uint8)
    chroma = LinearChroma(
        np.zeros((2, 2, 2), np.float32), np.broadcast_to(np.float32(ab), (2, 2, 2)).copy()
    )
    strip = codes[None, :, None]
    (found,) = colored_strips(lambda top, rows: strip, StripPlan(256, 1, 1), chroma)
    lab = lab_from_srgb(np.repeat(codes[:, None], 3, axis=1).astype(np.float32) / 255)
    lab[:, 1:] = ab
    wanted = np.rint(srgb_from_lab(lab) * 255)
    assert np.abs(found[0].astype(int) - wanted).max() <= 1  # rounding may fall either way
