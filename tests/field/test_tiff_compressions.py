"""TIFF compressions that libvips cannot read: read by packages, or refused by their names."""

import io
import sys

import imagecodecs
import numpy as np
import pytest
import tifffile

from photochrom.errors import MissingExtraError, PhotoError
from photochrom.photo import Photo
from support import tiffs
from support.tiffs import HEIGHT, made_tiff, packed, tags_of, with_damage, written

NAMES = {
    "zstd": "ZSTD", "lzma": "LZMA", "lerc": "LERC", "jpeg2000": "JPEG 2000", "jpegxl": "JPEG XL",
    "png": "PNG", "jpegxr": "JPEG XR",
}  # fmt: skip
PICTURES = {"gray": tiffs.gray(), "rgb": tiffs.rgb()}
WAYS = {"strips": {"rowsperstrip": 64}, "tiles": {"tile": (128, 128)}}


def made(codec, picture, **options):
    photometric = "rgb" if picture.ndim == 3 else "minisblack"
    return written(picture, compression=codec, photometric=photometric, **options)


@pytest.mark.parametrize("codec", [*NAMES, "webp"])
@pytest.mark.parametrize("way", WAYS)
def test_read_as_tifffile_does(codec, way):
    for name, picture in PICTURES.items():
        if codec == "webp" and name == "gray":
            continue  # WebP has no grey
        data = made(codec, picture, **WAYS[way])
        photo = Photo(data)
        pixels = photo.strips()(0, HEIGHT).squeeze()
        assert np.array_equal(pixels, tifffile.imread(io.BytesIO(data))), name
        assert photo.notes == ()


@pytest.mark.parametrize("codec", ["zstd", "lzma", "jpeg2000"])
def test_deep_ones(codec):
    deep = tiffs.rgb().astype(np.uint16) * 257
    photo = Photo(made(codec, deep))
    assert photo.bits == 16
    assert np.array_equal(photo.strips()(0, HEIGHT), deep)


def test_twelve_bits_and_floats():
    values = tiffs.gray().astype(np.uint16) * 16
    strip = imagecodecs.zstd_encode(packed(values, 12).tobytes())
    data = made_tiff(tags_of(1, 12, 1, 50000), [strip])
    pixels = Photo(data).strips()(0, HEIGHT)[..., 0]
    assert np.array_equal(pixels, np.rint(values * (65535 / 4095)))
    floats = (tiffs.gray() / 255).astype(np.float32)
    pixels = Photo(made("lerc", floats)).strips()(0, HEIGHT)[..., 0]
    assert np.array_equal(pixels, floats)


@pytest.mark.parametrize("codec", NAMES)
def test_without_the_packages_one_line_names_it(codec, monkeypatch):
    data = made(codec, tiffs.rgb())
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(MissingExtraError) as error:
        Photo(data, "scan.tif")
    line = str(error.value)
    assert line == (
        f"TIFF files compressed with {NAMES[codec]}: needs extra packages; "
        "pip install 'photochrom[formats]'"
    )


def test_damage_is_named_or_refused():
    sound = made("lzma", tiffs.gray(), rowsperstrip=8)
    photo = Photo(with_damage(sound, 20))
    assert photo.notes == ("damaged: rows 161 to 168 of 300 cannot be decoded",)
    pixels = photo.strips()(0, HEIGHT)[..., 0]
    kept = [row for row in range(HEIGHT) if not 160 <= row < 168]
    assert np.array_equal(pixels[kept], tiffs.gray()[kept])
    with pytest.raises(PhotoError, match="damaged, 300 of its 300 rows cannot be decoded"):
        Photo(with_damage(made("lzma", tiffs.gray()), 0))


def test_too_large_for_memory_is_refused_before_it_is_decoded():
    tags = tags_of(1, 8, 1, 50000, t256=(4, [20_000]), t257=(4, [20_000]), t278=(4, [20_000]))
    with pytest.raises(PhotoError, match="400 megapixels, the limit here is 150"):
        Photo(made_tiff(tags, [b"nothing"]))
