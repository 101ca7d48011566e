"""What a screen shows is what the file will hold: the whole reduced, and pieces exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvips

from photochrom.colorizer import Colorizer
from photochrom.errors import PhotoError
from photochrom.photo import Photo
from photochrom.server.screen import MOST_PIXELS, Box, View


@pytest.fixture(scope="module")
def harbour(examples: Path) -> pyvips.Image:
    return pyvips.Image.new_from_file(str(examples / "harbour.jpg"))


def saved(image: pyvips.Image, path: Path) -> Path:
    image.write_to_file(str(path))
    return path


@pytest.fixture(params=["grey", "deep", "alpha", "turned", "toned"])
def photo(request: pytest.FixtureRequest, harbour: pyvips.Image, tmp_path: Path) -> Photo:
    """The same picture: 8 bit, 16 bit, with transparency, stored on its side, brownish."""
    if request.param == "deep":
        deep = (harbour.cast("ushort") * 257).cast("ushort").copy(interpretation="grey16")
        return Photo(saved(deep, tmp_path / "deep.tif"))
    if request.param == "alpha":
        ramp = pyvips.Image.xyz(harbour.width, harbour.height)[0] / harbour.width * 255
        return Photo(saved(harbour.bandjoin(ramp.cast("uchar")), tmp_path / "alpha.png"))
    if request.param == "turned":
        side = harbour.rot90().copy()
        side.set_type(pyvips.GValue.gint_type, "orientation", 8)
        return Photo(saved(side, tmp_path / "turned.tif"))
    if request.param == "toned":
        brown = harbour.bandjoin([harbour * 0.9, harbour * 0.75]).cast("uchar")
        return Photo(saved(brown.copy(interpretation="srgb"), tmp_path / "toned.png"))
    return Photo(saved(harbour, tmp_path / "grey.png"))


def upright(result) -> np.ndarray:
    pixels = result.rgb
    return np.rint(pixels / 257).astype(np.uint8) if pixels.dtype == np.uint16 else pixels


def test_a_piece_is_what_the_file_holds(photo: Photo, colorizer: Colorizer, tmp_path: Path) -> None:
    result = colorizer.colorize(photo)
    height, width = photo.upright_size
    view, box = View(photo, tmp_path), Box(301, 107, 203, 150)
    found = view.piece(result, box)
    wanted = upright(result)[107:257, 301:504]
    assert found.shape == wanted.shape
    apart = np.abs(found.astype(int) - wanted.astype(int))
    # Places are fractions, rounded; 16 bit is rounded before it is coloured here, after it there.
    assert apart.max() <= 1
    assert apart.mean() < (0.3 if photo.bits > 8 else 0.001)
    assert view.piece(result, Box(-50, -50, width + 100, height + 100)).shape[:2] == (height, width)


def test_the_original_is_the_photo_itself(photo: Photo, tmp_path: Path) -> None:
    view = View(photo, tmp_path)
    height, width = photo.upright_size
    piece = view.piece(None, Box(0, 0, width, height))
    stored = pyvips.Image.new_from_file(str(photo.source)).autorot()
    pixels = stored.numpy().reshape(height, width, -1)
    pixels = np.rint(pixels / 257).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    assert np.array_equal(piece, pixels)
    assert np.array_equal(view.whole(None, 4000), piece)


def test_the_whole_is_reduced_and_never_enlarged(photo: Photo, colorizer: Colorizer) -> None:
    result, view = colorizer.colorize(photo), View(photo)
    height, width = photo.upright_size
    whole = view.whole(result, 512)
    assert max(whole.shape[:2]) == 512
    assert view.whole(result, 2500).shape[:2] == (height, width)
    shrunk = pyvips.Image.new_from_array(upright(result)[..., :3])
    shrunk = shrunk.resize(whole.shape[1] / width, vscale=whole.shape[0] / height, kernel="linear")
    apart = np.abs(whole[..., :3].astype(int) - shrunk.numpy().astype(int))
    # Colour is given to the reduced picture, not reduced with it: measured 0.6 to 0.9 codes.
    assert apart.mean() < 1.5


def test_a_large_piece_is_reduced(examples: Path, colorizer: Colorizer, tmp_path: Path) -> None:
    large = pyvips.Image.new_from_file(str(examples / "harbour.jpg")).resize(5)
    photo = Photo(saved(large, tmp_path / "large.png"))
    view, result = View(photo, tmp_path), colorizer.colorize(photo)
    whole = view.piece(result, Box(0, 0, large.width, large.height))
    assert 0.95 * MOST_PIXELS < whole.shape[0] * whole.shape[1] <= 1.01 * MOST_PIXELS
    half = view.piece(result, Box(1000, 500, 800, 600), 400)
    assert half.shape == (300, 400, 3)
    exact = view.piece(result, Box(1000, 500, 800, 600)).astype(float)
    mean = exact.reshape(300, 2, 400, 2, 3).mean(axis=(1, 3))
    assert np.abs(half - mean).mean() < 1.5  # in place: half a pixel off is 3 and more


def test_a_piece_outside_is_refused(examples: Path) -> None:
    view = View(Photo(examples / "cat.jpg"))
    with pytest.raises(PhotoError, match="lies outside the photo of 451x300"):
        view.piece(None, Box(451, 0, 10, 10))
