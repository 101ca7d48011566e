"""A scanner, or a person, writes another photo in the place of one that is being coloured."""

import shutil

import pytest

from photochrom import Colorizer, Photo
from photochrom.errors import PhotoError

LINE = "was written anew while it was being coloured; colour it again"


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer(threads=1)


@pytest.fixture(params=["in place", "moved over", "same size"])
def replace(request, examples):
    def replace(path):
        if request.param == "in place":
            path.write_bytes((examples / "otter.jpg").read_bytes())
        elif request.param == "moved over":
            shutil.copy(examples / "otter.jpg", path.with_name("new.jpg"))
            path.with_name("new.jpg").replace(path)
        else:
            path.write_bytes(path.read_bytes())  # as far as its length tells

    return replace


@pytest.mark.parametrize("reversible", [False, True])
def test_before_it_is_saved(examples, colorizer, tmp_path, replace, reversible):
    path = tmp_path / "scan.jpg"
    shutil.copy(examples / "cat.jpg", path)
    result = colorizer.colorize(path, size=64)
    replace(path)
    with pytest.raises(PhotoError, match=LINE) as error:
        result.save(tmp_path / "out.jpg", reversible=reversible)
    assert str(error.value) == f"{path}: {LINE}"
    assert [file.name for file in tmp_path.iterdir()] == ["scan.jpg"]


def test_while_it_is_saved(examples, colorizer, tmp_path, replace, monkeypatch):
    path = tmp_path / "scan.jpg"
    shutil.copy(examples / "cat.jpg", path)
    result = colorizer.colorize(path, size=64)
    start = Photo.strips

    def then_replaced(photo):
        fetch = start(photo)
        first = fetch(0, 1)
        replace(path)
        return lambda top, rows: fetch(top, rows) if top else first.repeat(rows, axis=0)

    monkeypatch.setattr(Photo, "strips", then_replaced)
    with pytest.raises(PhotoError, match=f"{LINE}|damaged"):
        result.save(tmp_path / "out.png")
    assert [file.name for file in tmp_path.iterdir()] == ["scan.jpg"]


def test_a_photo_that_stays_is_saved(examples, colorizer, tmp_path):
    path = tmp_path / "scan.jpg"
    shutil.copy(examples / "cat.jpg", path)
    result = colorizer.colorize(path, size=64)
    path.chmod(0o600)
    path.read_bytes()
    assert result.save(tmp_path / "out.jpg").exists()
