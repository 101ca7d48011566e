"""A picture beyond a format's limit is refused before the work, with a kind that can hold it."""

import json

import numpy as np
import pytest
import tifffile

from photochrom import colorize_file
from photochrom.errors import PhotoError
from photochrom.options import SaveOptions
from photochrom.photo import Photo, save_picture
from photochrom.photo.formats import KINDS

LIMITS = {".jpg": 65_500, ".webp": 16_383, ".avif": 16_384, ".gif": 65_535, ".jp2": 65_535,
          ".heic": 65_528}  # fmt: skip


def wide(path, width):
    tifffile.imwrite(path, np.full((4, width), 90, np.uint8))
    return path


@pytest.fixture(scope="module")
def too_wide(tmp_path_factory):
    return wide(tmp_path_factory.mktemp("wide") / "wide.tif", 70_000)


@pytest.mark.parametrize("suffix", LIMITS)
def test_it_is_refused_before_the_network_is_asked(suffix, too_wide, tmp_path, monkeypatch):
    def asked(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("photochrom.colorizer.Colorizer.colorize_pages", asked)
    target = tmp_path / f"out{suffix}"
    with pytest.raises(PhotoError) as error:
        colorize_file(too_wide, target)
    name = next(kind.name for kind in KINDS if suffix in kind.suffixes)
    assert str(error.value) == (
        f"{target}: 70000 x 4 pixels are too many for a {name} file, which has at most "
        f"{LIMITS[suffix]} a side; write a PNG or TIFF instead"
    )


@pytest.mark.slow
@pytest.mark.parametrize("suffix", LIMITS)
def test_the_largest_is_written_and_read_and_one_more_is_refused(suffix, tmp_path):
    """So the limits are those of whoever writes, not of a table alone."""
    largest = LIMITS[suffix]
    rows = 64
    path = save_picture(np.full((rows, largest, 3), 90, np.uint8), tmp_path / f"out{suffix}")
    assert (Photo(path).height, Photo(path).width) == (rows, largest)
    with pytest.raises(PhotoError, match="too many"):
        save_picture(np.full((rows, largest + 1, 3), 90, np.uint8), tmp_path / f"more{suffix}")
    assert not (tmp_path / f"more{suffix}").exists()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".ppm"])
def test_others_hold_it(suffix, too_wide, tmp_path):
    colorize_file(too_wide, tmp_path / f"out{suffix}")
    assert Photo(tmp_path / f"out{suffix}").width == 70_000


def test_a_pipe_too(too_wide, tmp_path):
    with (tmp_path / "out").open("wb") as stream, pytest.raises(PhotoError, match="too many"):
        colorize_file(too_wide, stream, SaveOptions(), format="jpg")


def test_command_and_folder(too_wide, tmp_path, photochrom):
    one = photochrom("colorize", str(too_wide), "-o", str(tmp_path / "out.webp"))
    assert one.returncode != 0
    assert b"at most 16383 a side; write a PNG or TIFF instead" in one.stderr
    many = photochrom("colorize", str(too_wide.parent), "-o", str(tmp_path / "all"), "--format",
                      "jpg", "--json")  # fmt: skip
    assert many.returncode != 0
    assert "at most 65500 a side" in json.loads(many.stdout.splitlines()[0])["error"]


def test_the_server(too_wide):
    from photochrom.server.requests import FileOptions, ModelAndOptions

    with pytest.raises(PhotoError, match="at most 16384 a side; write a PNG or TIFF instead"):
        FileOptions(format="avif").suffix(Photo(too_wide), 1, ModelAndOptions("photochrom"))
    assert (
        FileOptions(format="png").suffix(Photo(too_wide), 1, ModelAndOptions("photochrom"))
        == ".png"
    )
