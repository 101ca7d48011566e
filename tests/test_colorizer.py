import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image, ImageOps

import photochrom
from photochrom.color import metrics
from photochrom.colorizer import Colorizer, network_size
from photochrom.errors import ConfigError, OutputExistsError, PhotoError
from photochrom.models import MAX_ASPECT

NAMES = ("astronaut", "cat", "ceremony", "colosseum", "harbour", "otter", "students")
LOSSLESS = (".png", ".tif")
FORMATS = {".jpg": "JPEG", ".png": "PNG", ".tif": "TIFF", ".webp": "WEBP"}
ORIENTATION = 274


def read(photo):
    with Image.open(photo) as image:
        return np.asarray(image)


def distance(one, other):
    return float(np.linalg.norm(one - other, axis=-1).mean())


@pytest.fixture(scope="module")
def gray(examples):
    """Every example as an array (H, W)."""
    return {name: read(examples / f"{name}.jpg") for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_size_depth_color_and_lightness(colorizer, gray, lab_of, chroma_of, name):
    result = colorizer.colorize(gray[name])
    assert result.rgb.shape == (*gray[name].shape, 3)
    assert result.rgb.dtype == np.uint8
    assert result.model == colorizer.session.name
    lab = lab_of(result.rgb)
    # The promise; rounding three channels to 8 bit costs about 0.08.
    assert np.abs(lab[..., 0] - lab_of(gray[name])[..., 0]).mean() < 0.1
    assert chroma_of(lab[..., 1:]) > 2  # measured 6 to 20; grey has 0
    assert result.ab.shape[:2] == network_size(*gray[name].shape, colorizer.session.contract.size)
    assert 0 <= result.confidence.min() <= result.confidence.max() <= 1


@pytest.mark.parametrize("name", ["students", "harbour"])
def test_a_mirrored_photo_gets_mirrored_colors(colorizer, gray, chroma_of, name):
    plain = colorizer.colorize(gray[name]).ab
    mirrored = colorizer.colorize(gray[name][:, ::-1]).ab[:, ::-1]
    # Training mirrors half the photos, so the network all but agrees: measured 0.10, 0.13.
    assert distance(mirrored, plain) < 0.4 * chroma_of(plain)


@pytest.mark.parametrize("name", ["students", "otter"])
def test_colors_do_not_depend_on_the_photos_size(colorizer, gray, name):
    height, width = gray[name].shape
    twice = Image.fromarray(gray[name]).resize((2 * width, 2 * height), Image.Resampling.BICUBIC)
    plain = colorizer.colorize(gray[name])
    large = colorizer.colorize(np.asarray(twice))
    assert large.rgb.shape == (2 * height, 2 * width, 3)
    # The small copies are all but the same picture: measured 0.06 and 0.74; a difference of 2.3
    # is about the least that one can see.
    assert distance(large.ab, plain.ab) < 1.5


@pytest.mark.parametrize("code", [0, 64, 128, 192, 255])
def test_a_gray_card_stays_near_neutral(colorizer, chroma_of, code):
    result = colorizer.colorize(np.full((300, 400), code, np.uint8))
    assert chroma_of(result.ab) < 12  # a pale tint; the best constant colour of photos has 6.7


def test_vividness(colorizer, gray):
    for name in ("cat", "students", "harbour"):
        muted, middle, vivid = (
            metrics.colorfulness(colorizer.colorize(gray[name], vividness=v).rgb)
            for v in (0, 0.5, 1)
        )
        assert muted < middle < vivid


def test_the_network_sees_the_chosen_size(colorizer, gray):
    assert colorizer.colorize(gray["cat"], size=64).ab.shape == (64, 96, 2)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((300, 451), (192, 288)),
        ((451, 300), (288, 192)),
        ((1, 1), (192, 192)),
        ((3, 20000), (192, 192 * MAX_ASPECT)),
        ((20000, 3), (192 * MAX_ASPECT, 192)),
        ((1000, 1100), (192, 224)),  # 211 is nearer to 224 than to 192
    ],
)
def test_network_size(shape, wanted):
    assert network_size(*shape, 192) == wanted


@pytest.mark.parametrize("options", [{"size": 16}, {"size": 4096}, {"vividness": 1.5}])
def test_options_out_of_range(colorizer, gray, options):
    with pytest.raises(ConfigError):
        colorizer.colorize(gray["cat"], **options)


# Orientation


@pytest.fixture
def sideways(examples, tmp_path):
    """A photo as a camera held sideways stores it, EXIF orientation 6; and its upright pixels."""

    def save(suffix):
        with Image.open(examples / "ceremony.jpg") as upright:
            exif = Image.Exif()
            exif[ORIENTATION] = 6
            path = tmp_path / f"sideways{suffix}"
            stored = upright.transpose(Image.Transpose.ROTATE_90)
            stored.save(path, exif=exif, **({"quality": 95} if suffix == ".jpg" else {}))
            return path, np.asarray(upright)

    return save


def test_colors_of_a_sideways_photo(colorizer, sideways, chroma_of):
    path, upright = sideways(".jpg")
    plain = colorizer.colorize(upright)
    turned = colorizer.colorize(path)
    assert turned.rgb.shape == plain.rgb.shape
    assert turned.ab.shape == plain.ab.shape
    # The same picture but for JPEG's rounding: measured 0.04.
    assert distance(turned.ab, plain.ab) < 0.5
    assert np.abs(turned.rgb.astype(int) - plain.rgb).mean() < 2  # codes; JPEG again


@pytest.mark.parametrize("source", [".jpg", ".tif", ".png"])
@pytest.mark.parametrize("target", [".jpg", ".tif", ".png", ".webp"])
def test_a_sideways_photo_comes_out_upright(colorizer, sideways, tmp_path, source, target):
    path, upright = sideways(source)
    plain = colorizer.colorize(upright).rgb
    saved = colorizer.colorize(path).save(tmp_path / f"out{target}")
    with Image.open(saved) as image:
        tag = image.getexif().get(ORIENTATION, 1)
        shown = np.asarray(ImageOps.exif_transpose(image))
    # JPEG and TIFF keep the pixels and the tag; viewers of the others may not look at a tag.
    assert tag == (6 if target in (".jpg", ".tif") else 1)
    assert shown.shape == plain.shape
    # Measured 0.3 to 1.0, the most in WebP; the wrong way up it would be 90.
    assert np.abs(shown.astype(int) - plain).mean() < 4


# Kinds of input


def test_all_kinds_of_input_give_the_same(colorizer, gray, tmp_path):
    path = tmp_path / "cat.png"
    Image.fromarray(gray["cat"]).save(path)
    data = path.read_bytes()
    wanted = colorizer.colorize(path).rgb
    with Image.open(path) as image:
        sources = [str(path), data, bytearray(data), memoryview(data), gray["cat"], image]
        for source in sources:
            assert np.array_equal(colorizer.colorize(source).rgb, wanted), type(source)
        rgb = image.convert("RGB")
    # Luminance of three equal bands is a float32 sum of three, which can tip a rounding.
    for source in (rgb, np.asarray(rgb)):
        assert np.abs(colorizer.colorize(source).rgb.astype(int) - wanted).max() <= 1


def test_arrays_need_not_be_contiguous(colorizer, gray):
    turned = gray["cat"].T[::2]
    wanted = colorizer.colorize(turned.copy()).rgb
    assert np.array_equal(colorizer.colorize(turned).rgb, wanted)


def test_a_pil_image_is_turned_upright(colorizer, sideways):
    path, upright = sideways(".png")
    with Image.open(path) as image:
        assert np.array_equal(colorizer.colorize(image).rgb, colorizer.colorize(upright).rgb)


@pytest.mark.parametrize("thing", [None, 7, ["a.jpg"]])
def test_what_is_no_photo(colorizer, thing):
    with pytest.raises(PhotoError, match=type(thing).__name__):
        colorizer.colorize(thing)


def test_a_color_photo_is_colored_by_its_lightness(colorizer, examples, lab_of):
    photo = read(examples / "color" / "cat.jpg")
    lab = lab_of(colorizer.colorize(photo, recolor=True).rgb)
    assert np.abs(lab[..., 0] - lab_of(photo)[..., 0]).mean() < 0.1
    from_gray = lab_of(colorizer.colorize(examples / "cat.jpg").rgb)
    # Its own colours do not shine through; the grey file differs from its L by JPEG's rounding.
    assert distance(lab[..., 1:], from_gray[..., 1:]) < 2


# 16 bit and alpha


@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_16_bit_stays_16_bit(colorizer, gray, lab_of, tmp_path, suffix):
    # A photo with more than 256 codes: the mean of four neighbours.
    fine = gray["cat"].astype(np.uint16)
    codes = (fine[:-1, :-1] + fine[1:, :-1] + fine[:-1, 1:] + fine[1:, 1:]) * np.uint16(64)
    path = tmp_path / f"scan{suffix}"
    if suffix == ".tif":
        tifffile.imwrite(path, codes)
    else:
        Image.fromarray(codes).save(path)
    result = colorizer.colorize(path)
    assert result.rgb.dtype == np.uint16
    assert len(np.unique(result.rgb)) > 5000  # the low byte is in use
    # In 16 bit rounding costs nothing that counts.
    assert np.abs(lab_of(result.rgb)[..., 0] - lab_of(codes)[..., 0]).mean() < 0.01
    saved = tifffile.imread(result.save(tmp_path / "out.tif"))
    assert saved.dtype == np.uint16
    assert np.array_equal(saved, result.rgb)
    png = result.save(tmp_path / "out.png").read_bytes()
    assert (png[24], png[25]) == (16, 2)  # the header's bit depth and colour type: RGB
    assert np.array_equal(colorizer.colorize(codes).rgb, result.rgb)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_alpha_is_kept(colorizer, gray, tmp_path, mode, suffix):
    image = Image.fromarray(gray["cat"]).convert(mode)
    alpha = np.tile(np.linspace(0, 255, 451).astype(np.uint8), (300, 1))
    image.putalpha(Image.fromarray(alpha))
    path = tmp_path / "cutout.png"
    image.save(path)
    result = colorizer.colorize(path)
    assert result.rgb.shape == (300, 451, 4)
    assert np.array_equal(result.rgb[..., 3], alpha)
    with Image.open(result.save(tmp_path / f"out{suffix}")) as saved:
        assert saved.mode == "RGBA"
        assert np.array_equal(np.asarray(saved)[..., 3], alpha)  # lossless in WebP too


# Extreme sizes


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 20000), (20000, 3)])
def test_extreme_sizes(colorizer, tmp_path, shape):
    codes = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    result = colorizer.colorize(codes)
    assert result.rgb.shape == (*shape, 3)
    saved = read(result.save(tmp_path / "out.png"))
    assert np.array_equal(saved, result.rgb)


# Files


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_every_format_in_and_out(colorizer, gray, lab_of, chroma_of, tmp_path, source, target):
    path = tmp_path / f"cat{source}"
    Image.fromarray(gray["cat"]).save(path, **({} if source in LOSSLESS else {"quality": 95}))
    result = colorizer.colorize(path, size=64)
    out = result.save(tmp_path / f"out{target}")
    with Image.open(out) as saved:
        assert saved.format == FORMATS[target]
        assert saved.mode == "RGB"
        pixels = np.asarray(saved)
    assert pixels.shape == result.rgb.shape == (300, 451, 3)
    if target in LOSSLESS:
        assert np.array_equal(pixels, result.rgb)
    assert chroma_of(lab_of(pixels)[..., 1:]) > 2
    # Measured 0.4 at most, WebP to WebP.
    assert np.abs(lab_of(pixels)[..., 0] - lab_of(gray["cat"])[..., 0]).mean() < 1
    data = result.encode(target)
    with Image.open(io.BytesIO(data)) as encoded:
        assert encoded.format == FORMATS[target]
        assert np.array_equal(np.asarray(encoded), pixels)


def test_save_keeps_what_exists(colorizer, gray, tmp_path):
    result = colorizer.colorize(gray["cat"], size=64)
    target = tmp_path / "out.png"
    target.write_bytes(b"mine")
    with pytest.raises(OutputExistsError, match=r"out\.png"):
        result.save(target)
    assert target.read_bytes() == b"mine"
    assert result.save(str(target), overwrite=True) == target
    assert np.array_equal(read(target), result.rgb)


def test_a_photo_cut_between_reading_and_saving(colorizer, examples, tmp_path):
    path = tmp_path / "cut.jpg"
    data = (examples / "harbour.jpg").read_bytes()
    path.write_bytes(data)
    result = colorizer.colorize(path)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(PhotoError, match=r"cut\.jpg"):
        result.save(tmp_path / "out.jpg")
    assert [p.name for p in tmp_path.iterdir()] == ["cut.jpg"]


# Threads


def test_many_threads_share_one_colorizer(colorizer, examples):
    paths = [examples / f"{name}.jpg" for name in ("cat", "astronaut", "harbour", "students")] * 4
    wanted = {path: colorizer.colorize(path).rgb for path in set(paths)}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda path: colorizer.colorize(path).rgb, paths))
    for path, rgb in zip(paths, found, strict=True):
        assert np.array_equal(rgb, wanted[path]), path


def test_the_number_of_threads_does_not_matter(colorizer, examples):
    one = Colorizer(threads=1).colorize(examples / "cat.jpg").rgb
    # The network's sums may be taken in another order, which can tip a rounding.
    assert np.abs(one.astype(int) - colorizer.colorize(examples / "cat.jpg").rgb).max() <= 1


def test_a_colorizer_takes_the_path_of_a_model(colorizer, gray):
    from photochrom.models import locate

    _, path = locate(None)
    found = Colorizer(Path(path)).colorize(gray["cat"]).rgb
    assert np.array_equal(found, colorizer.colorize(gray["cat"]).rgb)


def test_a_result_shows_itself_briefly(colorizer, examples):
    result = colorizer.colorize(examples / "cat.jpg")
    name = str(examples / "cat.jpg")
    assert repr(result) == f"<Result of {name}, 451 x 300, by photochrom>"
    shown = pyvips.Image.new_from_buffer(result._repr_png_(), "")
    assert (shown.width, shown.height, shown.bands) == (451, 300, 3)


def test_a_large_result_is_reduced_in_a_notebook(colorizer):
    result = colorizer.colorize(np.full((600, 3000), 128, np.uint8))
    shown = pyvips.Image.new_from_buffer(result._repr_png_(), "")
    assert (shown.width, shown.height) == (1200, 240)


def test_saving_to_an_open_file(colorizer, examples, tmp_path):
    result = colorizer.colorize(examples / "cat.jpg")
    sink = io.BytesIO()
    assert result.save(sink, format="png") is None
    assert np.array_equal(read(io.BytesIO(sink.getvalue())), result.rgb)
    with (tmp_path / "cat.jpg").open("wb") as file:
        result.save(file, quality=90)  # by default in the photo's own format
    assert (tmp_path / "cat.jpg").read_bytes()[:2] == b"\xff\xd8"
    with pytest.raises(ConfigError, match=r"cat\.png: its suffix chooses the format"):
        result.save(tmp_path / "cat.png", format="jpg")


@pytest.mark.workshop
def test_a_result_as_a_pillow_image(colorizer, examples):
    result = colorizer.colorize(examples / "cat.jpg")
    assert np.array_equal(np.asarray(result.image), result.rgb)


def test_one_call(examples):
    options = photochrom.ColorizeOptions(vividness=0.9)
    by_options = photochrom.colorize(examples / "cat.jpg", options).rgb
    by_keyword = photochrom.colorize(examples / "cat.jpg", vividness=0.9).rgb
    assert np.array_equal(by_options, by_keyword)
    assert not np.array_equal(by_options, photochrom.colorize(examples / "cat.jpg").rgb)
