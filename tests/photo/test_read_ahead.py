"""Decoding ahead gives the same strips, takes no more than its memory, and ends with its block."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom import ColorizeOptions, Colorizer, Photo, PhotoError, colorize_file
from photochrom.photo import read_ahead, reader
from photochrom.photo.read_ahead import reading_ahead, rows_of, strips_of

SMALL = ColorizeOptions(size=64)
SIDE = 1200


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    values = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8)
    path = tmp_path_factory.mktemp("photos") / "grain.jpg"
    Image.fromarray(values).save(path, quality=90)
    return path


def whole(fetch, photo):
    return np.concatenate([fetch(*span) for span in photo.plan.spans()])


@pytest.mark.parametrize("most", [0, 500_000, 2**30])
def test_the_same_strips(path, most, monkeypatch):
    monkeypatch.setattr(read_ahead, "MOST_BYTES", most)
    photo = Photo(path)
    with reading_ahead(photo):
        ahead = strips_of(photo)
        assert np.array_equal(whole(ahead, photo), whole(photo.strips(), photo))
        assert np.array_equal(whole(strips_of(photo), photo), whole(photo.strips(), photo))


@pytest.mark.parametrize("count", [1, 130, SIDE])
def test_rows_of_any_number(path, count):
    photo = Photo(path)
    expected = whole(photo.strips(), photo)
    with reading_ahead(photo):
        rows = rows_of(photo)
        for top in range(0, SIDE, count):
            part = expected[top : top + count]
            assert np.array_equal(rows(top, len(part)), part)


def test_no_more_than_its_memory(path, monkeypatch):
    photo, decoded = Photo(path), []
    strip = photo.plan.rows * SIDE
    monkeypatch.setattr(read_ahead, "MOST_BYTES", 3 * strip)
    fetch = photo.strips()
    monkeypatch.setattr(photo, "strips", lambda: lambda *span: decoded.append(span) or fetch(*span))
    with reading_ahead(photo):
        for future in read_ahead._passes[photo]._first:
            future.result()
        assert len(decoded) == 3 < len(photo.plan.spans())


def test_its_thread_ends_with_the_block(path):
    photo, before = Photo(path), threading.active_count()
    with reading_ahead(photo):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    assert np.array_equal(whole(strips_of(photo), photo), whole(photo.strips(), photo))


def test_one_examination_serves_all_passes(path, monkeypatch):
    examined, examine = [], reader.jpeg_damage.examine
    monkeypatch.setattr(
        reader.jpeg_damage, "examine", lambda *args: examined.append(args) or examine(*args)
    )
    photo = Photo(path)
    with reading_ahead(photo):
        Colorizer(threads=2).colorize(photo, SMALL)
        whole(strips_of(photo), photo)
    assert len(examined) == 1


def test_a_photo_in_memory_is_not_read_twice(tmp_path):
    file = tmp_path / "progressive.jpg"
    Image.new("L", (900, 900), 99).save(file, progressive=True)
    for photo in (Photo(file), Photo(np.full((900, 900), 99, np.uint8))):
        with reading_ahead(photo):
            assert photo not in read_ahead._passes


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_file_as_without(path, tmp_path, threads):
    colorizer = Colorizer(threads=threads)
    colorize_file(path, tmp_path / "ahead.jpg", SMALL, colorizer=colorizer)
    colorizer.colorize(path, SMALL).save(tmp_path / "plain.jpg")
    assert (tmp_path / "ahead.jpg").read_bytes() == (tmp_path / "plain.jpg").read_bytes()


def test_a_fault_of_the_file_is_raised(path, tmp_path):
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(path.read_bytes()[:20_000])
    colorizer = Colorizer(threads=2)
    with pytest.raises(PhotoError, match=Path(cut).name):
        colorize_file(cut, tmp_path / "out.jpg", SMALL, colorizer=colorizer)
    assert not (tmp_path / "out.jpg").exists()
