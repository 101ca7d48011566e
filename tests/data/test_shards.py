from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tiny_workshop
from photochrom.data.shards import decode_rgb, decoded_photos, encoded_photos, shard_paths
from photochrom.errors import DataError

pytestmark = pytest.mark.workshop


@pytest.fixture(scope="module")
def crops() -> list[Image.Image]:
    return tiny_workshop.colour_crops(24)


def test_photos_come_in_stored_order_shard_by_shard(tmp_path: Path, crops) -> None:
    first = tiny_workshop.write_shard(tmp_path / "b.tar", crops[:3])
    second = tiny_workshop.write_shard(tmp_path / "a.tar", crops[3:5])
    keys = [key for key, _ in encoded_photos([first, second])]
    assert keys == ["t00000", "t00001", "t00002", "t00000", "t00001"]
    folder = [encoded for _, encoded in encoded_photos([tmp_path])]
    assert folder == [tiny_workshop.encode(crop) for crop in crops[3:5] + crops[:3]]


def test_only_images_are_read(tmp_path: Path, crops) -> None:
    photo = tiny_workshop.encode(crops[0])
    members = [("a.json", b"{}"), ("b.WEBP", photo), ("c.txt", b"x"), ("d/e.webp", photo)]
    shard = tiny_workshop.write_tar(tmp_path / "mixed.tar", members)
    assert [key for key, _ in encoded_photos([shard])] == ["b", "d/e"]


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_threads_keep_the_order_and_the_pixels(tmp_path: Path, crops, workers) -> None:
    shard = tiny_workshop.write_shard(tmp_path / "train.tar", crops)
    found = list(decoded_photos([shard], workers))
    assert [key for key, _ in found] == [f"t{index:05d}" for index in range(24)]
    for (_, photo), crop in zip(found, crops, strict=True):
        assert photo.dtype == np.uint8
        assert np.array_equal(photo, np.asarray(crop))


def test_source_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.tar: no such shard or folder"):
        shard_paths([tmp_path / "nowhere.tar"])


def test_folder_without_shards(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.tar shards in this folder"):
        shard_paths([tmp_path])


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100])
def test_file_that_is_no_shard(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.tar"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged\.tar: not a readable tar shard"):
        list(encoded_photos([path]))


def test_shard_cut_inside_a_photo(tmp_path: Path, crops) -> None:
    whole = tiny_workshop.write_shard(tmp_path / "whole.tar", crops[:4]).read_bytes()
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[: len(tiny_workshop.encode(crops[0])) // 2])
    with pytest.raises(DataError, match=r"cut\.tar: not a readable tar shard"):
        list(encoded_photos([cut]))


def test_bytes_that_are_no_image() -> None:
    with pytest.raises(DataError, match=r"t00007: not a readable image"):
        decode_rgb(b"no image", "t00007")


@pytest.mark.parametrize("kind", ["WEBP", "JPEG", "PNG"])
def test_image_cut_short(crops, kind: str) -> None:
    encoded = tiny_workshop.encode(crops[0], kind)
    with pytest.raises(DataError, match=r"t00007: not a readable image"):
        decode_rgb(encoded[: len(encoded) // 2], "t00007")


def test_damaged_image_in_a_shard_is_named(tmp_path: Path, crops) -> None:
    members = [
        ("good.webp", tiny_workshop.encode(crops[0])),
        ("bad.jpg", b"no image"),
        ("after.webp", tiny_workshop.encode(crops[1])),
    ]
    shard = tiny_workshop.write_tar(tmp_path / "train.tar", members)
    photos = decoded_photos([shard])
    assert next(photos)[0] == "good"
    with pytest.raises(DataError, match=r"bad: not a readable image"):
        next(photos)


def test_photos_are_turned_upright(crops) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # EXIF orientation: turn clockwise to see it upright
    crops[0].save(stream, "PNG", exif=exif)
    upright = decode_rgb(stream.getvalue(), "turned")
    assert np.array_equal(upright, np.rot90(np.asarray(crops[0]), -1))


def test_grey_and_transparent_images_become_rgb(crops) -> None:
    for mode in ("L", "LA", "RGBA", "P"):
        assert decode_rgb(tiny_workshop.encode(crops[0].convert(mode), "PNG"), mode).shape[2] == 3
