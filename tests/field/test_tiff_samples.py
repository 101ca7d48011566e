"""TIFF samples of every type: read right, as computed here, or refused by their right name."""

import io
import json
import zlib

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import PhotoError
from photochrom.photo import Photo
from support import tiffs
from support.tiffs import HEIGHT, WIDTH, made_tiff, packed, tags_of, written

GRAY, RGB = tiffs.gray(), tiffs.rgb()
DEEP = (GRAY.astype(np.uint32) * 257).astype(np.uint16)
ONE_LEFT_OUT = ("a sample that is neither colour nor transparency was left out",)


def read(data):
    photo = Photo(data, "scan.tif")
    return photo, photo.strips()(0, photo.height)


def test_an_unspecified_sample_is_not_transparency(command, tmp_path):
    infrared = 255 - GRAY
    layouts = {
        (2, 1): np.dstack([GRAY, infrared]),
        (4, 2): np.dstack([RGB, infrared]),
    }
    for (samples, photometric), picture in layouts.items():
        for extra in ({338: (3, [0])}, {}):  # a tag that does not say what it is, and no tag
            tags = tags_of(samples, 8, photometric) | extra
            photo, pixels = read(made_tiff(tags, [picture.tobytes()]))
            assert not photo.alpha
            assert photo.notes == ONE_LEFT_OUT
            assert np.array_equal(pixels, picture[..., : samples - 1])
    deep = np.dstack([DEEP, 65535 - DEEP]).tobytes()
    (tmp_path / "scan.tif").write_bytes(made_tiff(tags_of(2, 16, 1, t338=(3, [0])), [deep]))
    done = command("colorize", "scan.tif", "-o", "out.png", "--size", "64", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["warnings"] == list(ONE_LEFT_OUT)
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.mode == "RGB"


@pytest.mark.parametrize("extra", [[2], [2, 0], [0, 2], [1], [1, 0], [0, 1]])
def test_alpha_stays_alpha(extra):
    alpha = np.tile(np.linspace(64, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))
    colors = np.rint(RGB * (alpha[..., None] / 255)) if 1 in extra else RGB  # 1: premultiplied
    picture = np.dstack([colors, *(alpha if kind else 255 - GRAY for kind in extra)])
    tags = tags_of(3 + len(extra), 8, 2, t338=(3, extra))
    photo, pixels = read(made_tiff(tags, [picture.astype(np.uint8).tobytes()]))
    assert photo.alpha
    assert photo.notes == (() if len(extra) == 1 else ONE_LEFT_OUT)
    assert np.array_equal(pixels[..., 3], alpha)
    off = np.abs(pixels[..., :3].astype(int) - RGB).max()
    assert off <= (3 if 1 in extra else 0)  # half a step, divided by an alpha of a quarter, and one


def test_a_spot_colour_beside_cmyk():
    inks = np.dstack([RGB, GRAY // 4])
    plain = read(made_tiff(tags_of(4, 8, 5), [inks.tobytes()]))[1]
    more = np.dstack([inks, 255 - GRAY])
    photo, pixels = read(made_tiff(tags_of(5, 8, 5, t338=(3, [0])), [more.tobytes()]))
    assert photo.notes == ONE_LEFT_OUT
    assert np.array_equal(pixels, plain)


def test_a_measurement_of_many_bands_is_refused():
    many = np.repeat(GRAY[..., None], 7, axis=2)
    with pytest.raises(PhotoError, match="7 bands are not supported"):
        read(made_tiff(tags_of(7, 8, 1), [many.tobytes()]))


@pytest.mark.parametrize("bits", [3, 6, 10, 12, 14, 24])
@pytest.mark.parametrize("samples", [1, 3])
def test_packed_samples(bits, samples):
    full = (1 << bits) - 1
    values = np.rint((GRAY if samples == 1 else RGB).reshape(HEIGHT, -1) / 255.0 * full)
    rows = packed(values.astype(np.uint32), bits)
    top = 255 if bits < 8 else 65535
    expected = np.rint(values * (top / full)).reshape(HEIGHT, WIDTH, samples)
    tags = tags_of(samples, bits, 1 if samples == 1 else 2)
    cut = rows[:200].tobytes(), rows[200:].tobytes()
    zipped = [zlib.compress(strip) for strip in cut]
    for data in (
        made_tiff(tags, [rows.tobytes()]),
        made_tiff(tags | {278: (4, [200]), 259: (3, [8])}, zipped),
    ):
        photo, pixels = read(data)
        assert np.array_equal(pixels, expected)
        assert photo.bits == (bits if 8 < bits < 16 else 8 if bits < 8 else 16)


def test_packed_samples_low_bit_first_and_white_is_zero():
    values = (GRAY.astype(np.uint32) * 4095 // 255).reshape(HEIGHT, -1)
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
    data = packed(values, 12).tobytes()
    expected = np.rint(values * (65535 / 4095))
    _, pixels = read(made_tiff(tags_of(1, 12, 1, t266=(3, [2])), [data.translate(turned)]))
    assert np.array_equal(pixels[..., 0], expected)
    _, pixels = read(made_tiff(tags_of(1, 12, 0), [data]))
    assert np.array_equal(pixels[..., 0], 65535 - expected)


def test_damage_in_packed_samples_is_named():
    rows = packed(GRAY.astype(np.uint32) * 16, 12)
    strips = [zlib.compress(rows[top : top + 8].tobytes()) for top in range(0, HEIGHT, 8)]
    strips[3] = strips[3][:60] + bytes(20) + strips[3][80:]
    photo, _ = read(made_tiff(tags_of(1, 12, 1, 8, t278=(4, [8])), strips))
    assert photo.notes == ("damaged: rows 25 to 32 of 300 cannot be decoded",)


def test_32_bit_integers():
    values = GRAY.astype(np.uint32) * 16843009
    for photometric, expected in ((1, DEEP), (0, 65535 - DEEP)):
        photo, pixels = read(made_tiff(tags_of(1, 32, photometric), [values.tobytes()]))
        assert photo.notes == ("its 32-bit integers were read as 16 bit",)
        assert np.array_equal(pixels[..., 0], expected)
    with pytest.raises(PhotoError, match=r"integers reach 2\d\d, but white is 4294967295"):
        read(made_tiff(tags_of(1, 32, 1), [GRAY.astype(np.uint32).tobytes()]))


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8"])
def test_floats(dtype):
    values = (RGB / 255).astype(dtype)
    for photometric, picture in ((2, values), (1, values[..., 0]), (0, values[..., 0])):
        samples = 3 if photometric == 2 else 1
        bits = 8 * values.itemsize
        tags = tags_of(samples, bits, photometric, t339=(3, [3] * samples))
        photo, pixels = read(made_tiff(tags, [picture.tobytes()], dtype[0]))
        assert pixels.dtype == np.float32
        expected = picture.astype(np.float32)
        expected = 1 - expected if photometric == 0 else expected
        assert np.allclose(pixels.squeeze(), expected, atol=1e-6)
        assert bool(photo.notes) == (bits == 64)


@pytest.mark.parametrize(
    ("bits", "kind", "name"),
    [
        (8, 2, "signed integers of 8 bit"),
        (16, 2, "signed integers of 16 bit"),
        (32, 2, "signed integers of 32 bit"),
        (64, 1, "integers of 64 bit"),
        (64, 6, "complex numbers"),
        (24, 3, "floats of 24 bit"),
    ],
)
def test_other_numbers_are_refused_by_name(bits, kind, name):
    data = bytes(HEIGHT * WIDTH * bits // 8)
    with pytest.raises(PhotoError, match=f"scan.tif: {name}.* not supported; save it") as error:
        read(made_tiff(tags_of(1, bits, 1, t339=(3, [kind])), [data]))
    assert "damaged" not in str(error.value)


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (tags_of(3, 8, 10), "ITU Lab colours"),
        (tags_of(3, 8, 2, t258=(3, [5, 6, 5])), "samples of different depths"),
        (tags_of(1, 16, 3), "a palette of 16 bit"),
        (tags_of(4, 8, 5, t332=(3, [2])), "inks other than CMYK"),
        (tags_of(3, 32, 8), "Lab colours of 32 bit"),
        (tags_of(3, 16, 6), "YCbCr of 16 bit"),
        (tags_of(1, 8, 999), "colours of TIFF's kind 999"),
        (tags_of(3, 8, 6, 6), "old-style JPEG compression in this arrangement"),
        (tags_of(1, 8, 1, 12345), "TIFF files compressed with number 12345"),
    ],
)
def test_other_colours_are_refused_by_name(tags, name):
    with pytest.raises(PhotoError, match=name) as error:
        read(made_tiff(tags, [bytes(2_000_000)]))
    assert "damaged" not in str(error.value)


def srgb_of_lab(lightness, a, b):
    """CIE's formulas, with the white of sRGB (IEC 61966-2-1)."""
    fy = (lightness + 16) / 116
    cubes = (
        np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
        for f in (fy + a / 500, fy, fy - b / 200)
    )
    xyz = np.stack(list(cubes), axis=-1) * [0.95047, 1, 1.08883]
    matrix = [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
    linear = (xyz @ np.array(matrix).T).clip(0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_lab_of_both_kinds_and_depths():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    L, a, b = 30 + 50.0 * y / HEIGHT, 25 * np.sin(x / 50), 25 * np.cos(x / 70)
    stored = {
        (8, 8): [np.rint(L * 2.55), np.rint(a) % 256, np.rint(b) % 256],
        (8, 16): [np.rint(L * 655.35), np.rint(a * 256) % 65536, np.rint(b * 256) % 65536],
        (9, 8): [np.rint(L * 2.55), np.rint(a + 128), np.rint(b + 128)],
        (9, 16): [np.rint(L * 652.8), np.rint((a + 128) * 256), np.rint((b + 128) * 256)],
    }
    for (photometric, bits), planes in stored.items():
        picture = np.dstack(planes).astype("u1" if bits == 8 else "<u2")
        photo, pixels = read(made_tiff(tags_of(3, bits, photometric), [picture.tobytes()]))
        assert (photo.bits, photo.notes) == (bits, ())
        expected = (L, a, b)
        if bits == 8:
            expected = (np.rint(L * 2.55) / 2.55, np.rint(a), np.rint(b))
        assert np.abs(pixels / 65535 - srgb_of_lab(*expected)).max() < 0.002


def ycbcr(rgb):
    red, green, blue = np.moveaxis(rgb.astype(float), 2, 0)
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    return y, (blue - y) / 1.772 + 128, (red - y) / 1.402 + 128


@pytest.mark.parametrize("factors", [(1, 1), (2, 1), (2, 2), (4, 2)])
@pytest.mark.parametrize("compression", [1, 8])
def test_ycbcr_without_jpeg(factors, compression):
    across, down = factors
    y, *chroma = (np.rint(plane).clip(0, 255) for plane in ycbcr(RGB))
    blocks = y.reshape(HEIGHT // down, down, WIDTH // across, across).transpose(0, 2, 1, 3)
    parts = [blocks.reshape(HEIGHT // down, WIDTH // across, -1)]
    for plane in chroma:
        mean = plane.reshape(HEIGHT // down, down, WIDTH // across, across).mean(axis=(1, 3))
        parts.append(np.rint(mean)[..., None])
    rows = np.concatenate(parts, axis=2).astype(np.uint8)
    data = rows.tobytes()
    strip = zlib.compress(data) if compression == 8 else data
    tags = tags_of(3, 8, 6, compression, t530=(3, [across, down]))
    _, pixels = read(made_tiff(tags, [strip]))
    assert pixels.shape == RGB.shape
    luminance = ycbcr(pixels)[0]
    assert np.abs(luminance - y).max() < 2  # rounding, and colours at the edge of RGB
    if factors == (1, 1):
        assert np.abs(pixels.astype(int) - RGB).max() <= 2


def test_old_style_jpeg_of_a_whole_stream():
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, "JPEG", quality=95)
    jpeg = stream.getvalue()
    expected = np.asarray(Image.open(io.BytesIO(jpeg)))
    tags = tags_of(3, 8, 6, 6, t513=(4, [8]), t514=(4, [len(jpeg)]))
    _, pixels = read(made_tiff(tags, [jpeg]))
    assert np.abs(pixels.astype(int) - expected).max() <= 3  # two versions of libjpeg
    with pytest.raises(PhotoError, match="damaged"):
        read(made_tiff(tags, [jpeg[: len(jpeg) // 2]]))[0].small_copy(32, 32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_planes_and_tiles(dtype):
    picture = RGB.astype(dtype) * (257 if dtype is np.uint16 else 1)
    apart = np.ascontiguousarray(np.moveaxis(picture, 2, 0))
    for options in (
        {"rowsperstrip": 64},
        {"tile": (128, 128)},
        {"tile": (64, 128), "compression": "deflate"},
        {"tile": (64, 128), "byteorder": ">"},
        {"bigtiff": True},
    ):
        data = written(apart, photometric="rgb", planarconfig="separate", **options)
        assert np.array_equal(read(data)[1], picture), options
        data = written(picture, photometric="rgb", **options)
        assert np.array_equal(read(data)[1], picture), options


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_and_palettes(bits):
    values = (GRAY >> (8 - bits)).astype(np.uint32)
    full = (1 << bits) - 1
    data = [packed(values, bits).tobytes()]
    assert np.array_equal(
        read(made_tiff(tags_of(1, bits, 1), data))[1][..., 0], values * 255 // full
    )
    _, pixels = read(made_tiff(tags_of(1, bits, 0), data))
    assert np.array_equal(pixels[..., 0], 255 - values * 255 // full)
    colors = np.random.default_rng(2).integers(0, 256, (3, full + 1))
    _, pixels = read(made_tiff(tags_of(1, bits, 3, t320=(3, list((colors * 257).ravel()))), data))
    assert np.array_equal(pixels, colors.T[values])
