from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from photochrom.errors import DataError
from photochrom.workshop.data.on_demand import ShardPhotos
from photochrom.workshop.data.sources import photos_from
from support import tiny_workshop

pytestmark = pytest.mark.workshop


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("album")
    return tiny_workshop.write_shard(folder / "few.tar", tiny_workshop.color_crops(6))


def test_any_photo_at_any_time(shard):
    photos = ShardPhotos([shard])
    expected = dict(photos_from([shard]))
    assert photos.keys == list(expected)
    for key, pixels in photos.photos([4, 0, 5, 4]):
        np.testing.assert_array_equal(pixels, expected[key])
    assert [key for key, _ in photos.photos([4, 0, 5, 4])] == [photos.keys[i] for i in (4, 0, 5, 4)]


def test_sources_are_told_by_record_or_folder(shard, tmp_path):
    assert set(ShardPhotos([shard]).sources) == {"examples"}
    crops = tiny_workshop.color_crops(2)
    bare = tiny_workshop.write_tar(
        tmp_path / "bare.tar",
        [(f"b{i}.webp", tiny_workshop.encode(p)) for i, p in enumerate(crops)],
    )
    both = ShardPhotos([shard, bare])
    assert both.sources == ["examples"] * 6 + [tmp_path.name] * 2


def test_only_the_keys_that_are_meant(shard):
    assert ShardPhotos([shard], only={"t00003"}).keys == ["t00003"]
    with pytest.raises(DataError, match="no photos there"):
        ShardPhotos([shard], only={"elsewhere"})


def test_a_compressed_shard_is_refused(shard, tmp_path):
    packed = tmp_path / "packed.tar"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(shard.parent, "album")
    with pytest.raises(DataError, match=r"packed\.tar: no readable uncompressed shard"):
        ShardPhotos([packed])


def test_a_remote_shard_is_refused():
    with pytest.raises(DataError, match="not on this disk"):
        ShardPhotos(["https://127.0.0.1:9/train.tar"])


def test_a_damaged_photo_is_named(tmp_path):
    path = tiny_workshop.write_tar(tmp_path / "broken.tar", [("b0.webp", b"RIFF nothing")])
    with pytest.raises(DataError, match=r"broken\.tar: b0: not a readable image"):
        ShardPhotos([path]).photos([0])
