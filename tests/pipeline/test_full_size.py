import numpy as np
import pytest
from PIL import Image

from photochrom.color.lab import srgb_from_lab
from photochrom.color.rgb_space import SRGB, RgbSpace
from photochrom.filters.upsample import LinearChroma
from photochrom.photo.strips import STRIP_PIXELS, StripPlan
from photochrom.pipeline.full_size import colored_strips


def chroma_like(ab, shape=(3, 4)):
    offset = np.broadcast_to(np.float32(ab), (*shape, 2)).copy()
    return LinearChroma(np.zeros_like(offset), offset)


def random_chroma(shape=(12, 17), seed=0):
    random = np.random.default_rng(seed)
    slope = random.normal(0, 0.3, (*shape, 2)).astype(np.float32)
    return LinearChroma(slope, random.normal(0, 25, (*shape, 2)).astype(np.float32))


def color(pixels, chroma, rows=None, threads=None):
    height, width, _ = pixels.shape
    plan = StripPlan.of(width, height) if rows is None else StripPlan(width, height, rows)
    strips = colored_strips(lambda top, n: pixels[top : top + n], plan, chroma, threads)
    return np.concatenate(list(strips))


def with_bands(gray, bands):
    """Grey, grey and alpha, RGB or RGBA of the same grey; alpha differs from pixel to pixel."""
    planes = [gray] * (1 if bands < 3 else 3)
    if bands in (2, 4):
        planes.append(gray[::-1, ::-1])
    return np.stack(planes, axis=-1)


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize(("dtype", "shape"), [(np.uint8, (16, 16)), (np.uint16, (256, 256))])
def test_no_chroma_passes_every_code_unchanged(dtype, shape, bands):
    codes = np.arange(np.prod(shape)).astype(dtype).reshape(shape)
    assert len(np.unique(codes)) == np.iinfo(dtype).max + 1
    pixels = with_bands(codes, bands)
    found = color(pixels, chroma_like((0, 0)))
    assert found.dtype == dtype
    for band in range(3):
        assert np.array_equal(found[..., band], codes)
    assert found.shape[2] == (4 if bands in (2, 4) else 3)
    if bands in (2, 4):
        assert np.array_equal(found[..., 3], pixels[..., -1])


@pytest.mark.parametrize("ab", [(15, 20), (-30, 10), (70, -80), (-90, 90)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.uint8, 1), (np.uint16, 129)])
def test_constant_ab_is_that_of_the_color_module(dtype, tolerance, ab, lab_of):
    """One code in 8 bit; in 16 bit half an 8-bit code, what the table of f costs in the shadows."""
    codes = np.linspace(0, np.iinfo(dtype).max, 256).astype(dtype)[None]
    lab = lab_of(codes)
    lab[..., 1:] = ab
    wanted = np.rint(srgb_from_lab(lab) * np.iinfo(dtype).max)
    found = color(codes[..., None], chroma_like(ab))
    assert np.abs(found.astype(int) - wanted).max() <= tolerance


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_a_profile_whose_primaries_are_damaged_gives_colors(kind):
    """Mutated profiles had a green of negative luminance; what comes out must still be codes."""
    space = RgbSpace("odd", SRGB.curve, SRGB.xyz_from_rgb * [[1, 1, 1], [3, -2, 1], [1, 1, 1]])
    pixels = np.random.default_rng(0).random((32, 48, 3))
    pixels = (pixels * (1 if kind == np.float32 else np.iinfo(kind).max)).astype(kind)
    strips = colored_strips(
        lambda top, n: pixels[top : top + n], StripPlan.of(48, 32), random_chroma(), source=space
    )
    assert np.isfinite(np.concatenate(list(strips))).all()


def test_floats_next_to_nothing_are_black():
    pixels = np.geomspace(1e-44, 1e-3, 4096, dtype=np.float32).reshape(64, 64, 1)
    found = color(pixels, random_chroma())
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found[0].max() == 0


@pytest.mark.parametrize("seed", [0, 1])
def test_lightness_is_kept(examples, seed, lab_of):
    photo = np.asarray(Image.open(examples / "color" / "cat.jpg"))
    found = color(photo, random_chroma(seed=seed))
    assert np.abs(found.astype(int) - photo).mean() > 5  # the colours did change
    difference = np.abs(lab_of(found)[..., 0] - lab_of(photo)[..., 0])
    assert difference.mean() < 0.1  # the promise; rounding to 8 bit costs 0.075
    assert difference.max() < 1


def test_lightness_is_kept_in_16_bit(examples, lab_of):
    photo = np.asarray(Image.open(examples / "cat.jpg")).astype(np.uint16) * 257
    found = color(photo[..., None], random_chroma())
    # No rounding to speak of is left: the table of Y has 65536 steps, 0.014 of L at black.
    assert np.abs(lab_of(found)[..., 0] - lab_of(photo)[..., 0]).mean() < 0.01


@pytest.mark.parametrize("rows", [1, 2, 7, 64, 299])
@pytest.mark.parametrize("bands", [1, 4])
def test_strips_of_any_size_give_the_same(examples, rows, bands):
    gray = np.asarray(Image.open(examples / "cat.jpg"))
    pixels = with_bands(gray, bands)
    whole = color(pixels, random_chroma(), rows=len(pixels))
    assert np.array_equal(color(pixels, random_chroma(), rows=rows), whole)


def test_threads_do_not_matter(examples):
    gray = np.asarray(Image.open(examples / "cat.jpg"))[..., None]
    alone = color(gray, random_chroma(), rows=5, threads=1)
    assert np.array_equal(color(gray, random_chroma(), rows=5, threads=8), alone)


def test_chroma_lies_where_it_should(lab_of):
    """Two halves of the small copy, red and blue, are two halves of the picture."""
    offset = np.zeros((2, 4, 2), np.float32)
    offset[:, :2], offset[:, 2:] = (50, 30), (10, -50)
    chroma = LinearChroma(np.zeros_like(offset), offset)
    found = lab_of(color(np.full((20, 400, 1), 120, np.uint8), chroma))
    # Beyond the middle of the cells next to the border the colour is flat; 8-bit rounding is 1.
    assert np.abs(found[:, :149, 1:] - (50, 30)).max() < 1
    assert np.abs(found[:, 251:, 1:] - (10, -50)).max() < 1
    assert found[:, 200, 1:] == pytest.approx(np.tile([30, -10], (20, 1)), abs=1.5)


def test_slope_follows_lightness(lab_of):
    slope = np.zeros((2, 2, 2), np.float32)
    slope[..., 0] = 0.4
    codes = np.arange(60, 140, dtype=np.uint8)[None]  # beyond, sRGB ends
    lab = lab_of(color(codes[..., None], LinearChroma(slope, np.zeros_like(slope))))
    assert np.abs(lab[..., 1] - lab_of(codes)[..., 0] * 0.4).max() < 1  # 8-bit rounding
    assert np.abs(lab[..., 2]).max() < 1


@pytest.mark.parametrize("size", [(1, 1), (3, 20000), (20000, 3), (1000, 2000)])
def test_plans_cover_every_row_once(size):
    plan = StripPlan.of(*size)
    spans = plan.spans()
    rows = [row for top, count in spans for row in range(top, top + count)]
    assert rows == list(range(plan.height))
    assert plan.rows * plan.width <= max(STRIP_PIXELS, plan.width)


def test_work_ahead_is_bounded():
    """Strips are fetched as they are needed: a huge photo must not be held at once."""
    fetched = []

    def fetch(top, rows):
        fetched.append(top)
        return np.zeros((rows, 8, 1), np.uint8)

    strips = colored_strips(fetch, StripPlan(8, 1000, 1), chroma_like((0, 0)), threads=2)
    next(strips)
    assert fetched == list(range(len(fetched)))
    assert len(fetched) <= 8
