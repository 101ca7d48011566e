"""Arrays and Pillow's images of every type and mode: right values, or one line."""

import io

import numpy as np
import pytest
from PIL import Image

from photochrom import colorize
from photochrom.errors import PhotoError
from photochrom.photo import Photo, as_photo
from support.pictures import scene


def pixels_of(source):
    photo = as_photo(source)
    return photo, np.array(photo.strips()(0, photo.height))


STEPS = np.linspace(0, 255, 48 * 64).reshape(48, 64)
"""From black to white; what it is in 8 bit is computed here by hand."""
EIGHT = STEPS.astype(np.uint8)
DEEP = (STEPS * 257).astype(np.uint16)


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (EIGHT, EIGHT),
        (EIGHT > 99, np.where(EIGHT > 99, 255, 0).astype(np.uint8)),
        *((EIGHT.astype(kind), EIGHT) for kind in ("i2", "i4", "i8", "u4", "u8", ">i4")),
        *((DEEP.astype(kind), DEEP) for kind in ("i4", "i8", "u4", "u8", ">u2", ">i8")),
        ((DEEP // 2).astype("i2"), DEEP // 2),
        (STEPS / 255, (STEPS / 255).astype(np.float32)),
        ((STEPS / 255).astype(np.float16), (STEPS / 255).astype(np.float16).astype(np.float32)),
        ((STEPS / 255).astype(">f8"), (STEPS / 255).astype(np.float32)),
        ((STEPS / 85).astype(np.float32), (STEPS / 85).astype(np.float32)),  # highlights
        (EIGHT.T, EIGHT.T),
        (EIGHT[::-1, ::2], EIGHT[::-1, ::2]),
        (np.broadcast_to(EIGHT[..., None], (48, 64, 3)), np.stack([EIGHT] * 3, axis=2)),
        (np.stack([EIGHT, EIGHT[::-1]], axis=2), np.stack([EIGHT, EIGHT[::-1]], axis=2)),
        (np.asfortranarray(np.stack([DEEP] * 4, axis=2)), np.stack([DEEP] * 4, axis=2)),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_an_array_of_any_type_is_read_by_a_stated_rule(array, wanted):
    array.flags.writeable = False
    photo, found = pixels_of(array)
    assert photo.dtype == wanted.dtype
    np.testing.assert_array_equal(found.squeeze(), wanted)
    np.testing.assert_array_equal(Photo(array).strips()(0, photo.height), found)


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (EIGHT.astype(np.int16) - 1, "its numbers reach from -1 to 254, but black is 0"),
        (DEEP.astype(np.int64) + 1, "from 1 to 65536, but black is 0 and white 255 or 65535"),
        (STEPS, "its floats reach 255, but white is 1"),
        (STEPS.astype(np.float16), "its floats reach 255, but white is 1"),
        (STEPS + 0j, "an array of complex128 holds no pixels"),
        (STEPS.astype(object), "an array of object holds no pixels"),
        (EIGHT[:0], r"an array of shape \(0, 64\) has no pixels"),
        (EIGHT[0], r"an array of shape \(64,\) is no picture"),
        (np.stack([EIGHT] * 3), "put the channels last"),
        (np.stack([EIGHT] * 5, axis=2), r"\(48, 64, 5\) is no picture"),
    ],
    ids=lambda value: f"{value.dtype.str}{value.shape}" if isinstance(value, np.ndarray) else "",
)
def test_an_array_that_is_no_picture_is_one_line(array, problem):
    for make in (as_photo, Photo, colorize):
        with pytest.raises(PhotoError, match=problem) as error:
            make(array)
        assert ";" in str(error.value)
        assert "\n" not in str(error.value)


def test_what_is_no_number_is_no_maximum():
    array = (STEPS / 255).astype(np.float64)
    array[3, 4], array[5, 6] = np.nan, np.inf
    photo, found = pixels_of(array)
    assert np.isnan(found[3, 4, 0])
    assert np.isfinite(photo.small_copy(24, 32)).all()
    assert Photo(np.full((8, 8), np.nan)).small_copy(8, 8).max() == 0


def gray_steps():
    return Image.fromarray(EIGHT)


def in_mode(mode):
    color = Image.fromarray(np.stack([EIGHT, EIGHT[::-1], EIGHT[:, ::-1]], axis=2))
    return gray_steps().convert(mode) if mode in ("1", "I", "F", "LA") else color.convert(mode)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBX", "CMYK", "HSV", "YCbCr", "P"])
def test_a_pillow_image_has_the_values_that_pillow_shows(mode):
    image = in_mode(mode)
    _, found = pixels_of(image)
    shown = np.asarray(image.convert("L" if mode == "L" else "RGB"))
    np.testing.assert_array_equal(found.squeeze(), shown)


def test_pillow_images_of_numbers():
    np.testing.assert_array_equal(pixels_of(in_mode("I"))[1][..., 0], EIGHT)
    deep = Image.fromarray(DEEP.astype(np.int32))
    assert deep.mode == "I"
    np.testing.assert_array_equal(pixels_of(deep)[1][..., 0], DEEP)
    floats = Image.fromarray((STEPS / 255).astype(np.float32))
    assert floats.mode == "F"
    np.testing.assert_array_equal(pixels_of(floats)[1][..., 0], (STEPS / 255).astype(np.float32))
    for mode, order in (("I;16", "<"), ("I;16L", "<"), ("I;16B", ">")):
        stored = Image.frombytes(mode, (64, 48), DEEP.astype(f"{order}u2").tobytes())
        np.testing.assert_array_equal(pixels_of(stored)[1][..., 0], DEEP)
    with pytest.raises(PhotoError, match="its floats reach 255, but white is 1"):
        as_photo(in_mode("F"))
    with pytest.raises(PhotoError, match="reach from 0 to 70000"):
        as_photo(Image.fromarray(np.array([[0, 70000]], np.int32)))
    black_and_white = pixels_of(gray_steps().convert("1", dither=Image.Dither.NONE))[1]
    np.testing.assert_array_equal(black_and_white[..., 0], np.where(EIGHT > 127, 255, 0))


def test_pillow_images_with_transparency():
    alpha = EIGHT[:, ::-1]
    clear = Image.merge("LA", [gray_steps(), Image.fromarray(alpha)])
    photo, found = pixels_of(clear)
    assert (photo.alpha, photo.color_bands) == (True, 1)
    np.testing.assert_array_equal(found, np.stack([EIGHT, alpha], axis=2))
    premultiplied = clear.convert("RGBA").convert("RGBa")
    np.testing.assert_array_equal(
        pixels_of(premultiplied)[1], np.asarray(premultiplied.convert("RGBA"))
    )
    palette = gray_steps().convert("P")
    palette.info["transparency"] = 7
    photo, found = pixels_of(palette)
    assert photo.alpha
    np.testing.assert_array_equal(found[..., 3], np.where(EIGHT == 7, 0, 255))
    gray = gray_steps()
    gray.info["transparency"] = 9
    np.testing.assert_array_equal(pixels_of(gray)[1][..., 1], np.where(EIGHT == 9, 0, 255))
    stream = io.BytesIO()
    palette.save(stream, "PNG", transparency=7)
    np.testing.assert_array_equal(pixels_of(Image.open(stream))[1][..., 3] == 0, EIGHT == 7)


def test_a_mode_that_is_not_read_is_one_line():
    lab = Image.frombytes("LAB", (4, 4), bytes(48))
    with pytest.raises(PhotoError, match="a PIL image: its mode LAB is not read; convert it to L"):
        as_photo(lab)


def test_deep_gray_of_mode_i_is_colored_as_the_same_array():
    """A Pillow image of mode I came out white."""
    deep = scene(1, np.uint16)[..., 0]
    found = np.asarray(colorize(Image.fromarray(deep.astype(np.int32))).image).astype(float)
    wanted = np.asarray(colorize(deep).image)
    np.testing.assert_array_equal(found, wanted)
    small = as_photo(scene()[..., 0]).small_copy(60, 80)
    assert np.abs(as_photo(deep.astype(np.int32)).small_copy(60, 80) - small).max() < 0.003
