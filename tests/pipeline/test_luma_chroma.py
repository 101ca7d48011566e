"""Chroma for a luma that is kept: the wanted a and b, the very Y', inside the cube."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color.lab import lab_from_srgb
from photochrom.color.rgb_space import SRGB, Curve, RgbSpace
from photochrom.filters.upsample import LinearChroma
from photochrom.pipeline.luma_chroma import ChromaSolver, LumaCoding, _Block, _blocks, chroma_planes

GAMMA = RgbSpace("gamma 1.8", Curve(np.linspace(0, 1, 65536) ** 1.8), SRGB.xyz_from_rgb)


pytestmark = pytest.mark.usefixtures("native_kernel")


def constant(ab):
    offset = np.broadcast_to(np.float32(ab), (2, 3, 2)).copy()
    return LinearChroma(np.zeros_like(offset), offset)


def random_chroma(seed):
    random = np.random.default_rng(seed)
    slope = random.normal(0, 0.3, (5, 7, 2)).astype(np.float32)
    return LinearChroma(slope, random.normal(0, 30, (5, 7, 2)).astype(np.float32))


def planes_of(gray, chroma, space=SRGB):
    def fetch(top, rows):
        return gray[top : top + rows, :, None]

    return chroma_planes(fetch, gray.shape, chroma, space, threads=2)


def rgb_of(gray, cb, cr):
    """RGB codes, not clipped, of a picture whose chroma is enlarged by repetition."""
    height, width = gray.shape
    cb, cr = (
        np.repeat(np.repeat(plane, 2, 0), 2, 1)[:height, :width].astype(float) - 128
        for plane in (cb, cr)
    )
    red, blue = gray + 1.402 * cr, gray + 1.772 * cb
    return np.stack([red, (gray - 0.299 * red - 0.114 * blue) / 0.587, blue], axis=-1)


@pytest.mark.parametrize("ab", [(0, 0), (12, 18), (-20, 15), (5, -30)])
def test_a_flat_picture_gets_the_wanted_a_and_b_at_its_own_luma(ab):
    for code in (60, 128, 190):
        gray = np.full((8, 8), code, np.uint8)
        cb, cr = planes_of(gray, constant(ab))
        rgb = rgb_of(gray, cb, cr)
        assert np.abs(rgb @ [0.299, 0.587, 0.114] - code).max() < 1e-9
        # half a code of rounding in Cb and Cr is about half a Lab unit
        assert np.abs(lab_from_srgb(rgb / 255)[..., 1:] - ab).max() < 1.2


def test_no_color_is_neutral_to_the_code():
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for plane in planes_of(gray, constant((0, 0))):
        assert (plane == 128).all()


@pytest.mark.parametrize("space", [SRGB, GAMMA], ids=lambda space: space.name)
@pytest.mark.parametrize("ab", [(90, 80), (-90, 80), (60, -100), (-40, -40)])
def test_strong_colors_stay_inside_the_cube(ab, space):
    """Outside it a decoder clips, and the luma that is seen is another."""
    gray = np.random.default_rng(1).integers(0, 256, (64, 64)).astype(np.uint8)
    gray[:32] = np.linspace(0, 255, 32 * 64).reshape(32, 64)
    rgb = rgb_of(gray, *planes_of(gray, constant(ab), space))
    assert rgb.min() > -0.5
    assert rgb.max() < 255.5


def test_a_grey_next_to_white_and_black_keeps_its_place():
    """Each sample counts the 16 pixels that it reaches, those of the neighbours among them."""
    gray = np.full((16, 16), 128, np.uint8)
    gray[:, 9] = 255
    gray[:, 4] = 0
    cb, _ = planes_of(gray, constant((20, -60)))
    near = np.abs(cb.astype(int) - 128)[4]
    assert (near[[1, 2, 4, 5]] == 0).all()
    assert near[7] > 20


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 2), (2, 1), (3, 5), (64, 64), (127, 33), (129, 65), (300, 40)], ids=str
)
def test_planes_are_half_the_size_and_strips_leave_no_trace(size):
    gray = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    chroma = random_chroma(0)
    planes = np.stack(planes_of(gray, chroma))
    assert planes.shape == (2, -(-size[0] // 2), -(-size[1] // 2))
    solver = ChromaSolver(SRGB, chroma, size)
    padded = np.pad(gray, ((1, 1 + size[0] % 2), (0, 0)), mode="edge")
    np.testing.assert_array_equal(planes, solver(_Block(0, padded)))


@pytest.mark.parametrize("steps", [(1, 1), (1, 2), (2, 1)], ids=str)
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (64, 5), (65, 33), (129, 40), (300, 7)], ids=str)
def test_finer_chroma_is_that_of_the_enlarged_picture(size, steps):
    """Rows are fetched once, in order."""
    gray = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    enlarged = gray.repeat(2 // steps[0], 0).repeat(2 // steps[1], 1)
    fetched = 0

    def fetch(top, rows):
        nonlocal fetched
        assert top == fetched
        fetched = top + rows
        assert fetched <= size[0]
        return gray[top : top + rows, :, None].repeat(3, 2)

    chroma = random_chroma(0)
    planes = np.stack(chroma_planes(fetch, size, chroma, SRGB, threads=2, steps=steps))
    assert planes.shape == (2, -(-size[0] // steps[0]), -(-size[1] // steps[1]))
    assert fetched == size[0]
    np.testing.assert_array_equal(planes, planes_of(enlarged, chroma))


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 70),
    st.integers(1, 70),
    st.sampled_from([SRGB, GAMMA]),
)
def test_both_kernels_find_the_same_chroma(seed, height, width, space):
    gray = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    solver = ChromaSolver(space, random_chroma(seed), (height, width))
    for block in _blocks(lambda t, n: gray[t : t + n, :, None], height):
        fast = solver.native(block.rows, block.top)
        kept, solver.native = solver.native, None
        np.testing.assert_array_equal(fast, solver(block))
        solver.native = kept


CODINGS = st.builds(
    LumaCoding,
    kr=st.sampled_from([0.299, 0.2126, 0.2627]),
    kb=st.sampled_from([0.114, 0.0722, 0.0593]),
    depth=st.sampled_from([8, 10, 12, 16]),
    full=st.booleans(),
    across=st.sampled_from([1, 2, 4]),
    down=st.sampled_from([1, 2]),
)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 70), CODINGS)
def test_both_kernels_find_the_same_chroma_in_every_coding(seed, height, width, coding):
    random = np.random.default_rng(seed)
    luma = random.integers(0, coding.largest + 1, (height, width)).astype(coding.dtype)
    solver = ChromaSolver(SRGB, random_chroma(seed), luma.shape, coding)
    fast = solver.planes(luma)
    assert fast.shape == (2, -(-height // coding.down), -(-width // coding.across))
    assert fast.dtype == coding.dtype
    solver.native = None
    np.testing.assert_array_equal(fast, solver.planes(luma))


@given(CODINGS)
def test_the_wanted_a_and_b_are_found_in_every_coding(coding):
    """Against the standards' own equations: Y' and two differences, each in its range of codes."""
    gray, ab = 0.5, (12, 18)
    luma = np.full((8, 8), round(coding.black + gray * coding.luma_range), coding.dtype)
    planes = ChromaSolver(SRGB, constant(ab), luma.shape, coding).planes(luma)
    cb, cr = ((p.astype(float)[1, 1] - coding.neutral) / coding.chroma_range for p in planes)
    y = (float(luma[0, 0]) - coding.black) / coding.luma_range
    red, blue = y + 2 * (1 - coding.kr) * cr, y + 2 * (1 - coding.kb) * cb
    green = (y - coding.kr * red - coding.kb * blue) / (1 - coding.kr - coding.kb)
    assert np.abs(lab_from_srgb(np.array([red, green, blue]))[1:] - ab).max() < 1.2
