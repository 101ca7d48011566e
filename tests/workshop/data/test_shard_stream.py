from __future__ import annotations

import gc
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photochrom.errors import ConfigError, DataError
from photochrom.workshop.data import stream
from photochrom.workshop.data.shards import StoredPhoto
from photochrom.workshop.data.stream import Drawn, Place, ShardStream
from support import tiny_workshop
from support.shard_server import serve

pytestmark = pytest.mark.workshop

PER_SHARD = 5


@pytest.fixture(scope="module")
def crops() -> list[Image.Image]:
    return tiny_workshop.color_crops(4 * PER_SHARD, short=16)


@pytest.fixture(scope="module")
def folder(crops, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four shards of five photos, with keys 00 ... 19."""
    folder = tmp_path_factory.mktemp("shards")
    for shard in range(4):
        members = [
            (f"{index:02d}.webp", tiny_workshop.encode(crops[index]))
            for index in range(shard * PER_SHARD, (shard + 1) * PER_SHARD)
        ]
        tiny_workshop.write_tar(folder / f"train-{shard}.tar", members)
    return folder


def draw(source: str | Path, count: int, **options: Any) -> list[Drawn]:
    photos = iter(ShardStream([source], **{"seed": 1, "buffer": 6, "workers": 2, **options}))
    try:
        return list(islice(photos, count))
    finally:
        photos.close()


def keys(photos: list[Drawn]) -> list[str]:
    return [photo.key for photo in photos]


def trace(photos: list[Drawn]) -> list[tuple[str, Place, bytes]]:
    return [(photo.key, photo.after, photo.pixels.tobytes()) for photo in photos]


def epoch_of(source: str | Path, epoch: int, **options: Any) -> list[str]:
    """The keys of one epoch, which ends where the place behind a photo starts the next."""
    photos = iter(
        ShardStream([source], **{"seed": 1, "buffer": 6, "start": Place(epoch), **options})
    )
    found = []
    for photo in islice(photos, 50):
        found.append(photo.key)
        if photo.after.epoch != epoch:
            assert photo.after == Place(epoch + 1, 0)
            break
        assert photo.after == Place(epoch, len(found))
    photos.close()
    return found


def count_decodes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the photos that will be decoded."""
    decoded: list[str] = []
    decode_rgb = stream.decode_rgb

    def counted(encoded: bytes, key: str) -> NDArray[np.uint8]:
        decoded.append(key.rpartition(": ")[2])
        return decode_rgb(encoded, key)

    monkeypatch.setattr(stream, "decode_rgb", counted)
    return decoded


def test_pixels_are_those_of_the_key(folder: Path, crops) -> None:
    for photo in draw(folder, 20):
        assert np.array_equal(photo.pixels, np.asarray(crops[int(photo.key)]))


def test_order_is_the_same_on_every_machine(folder: Path) -> None:
    # Places in saved checkpoints lose their meaning where this order changes.
    assert " ".join(keys(draw(folder, 24))) == (
        "04 00 01 07 05 02 15 08 17 19 03 10 11 13 12 16 18 06 14 09 12 16 13 10"
    )


@pytest.mark.parametrize("workers", [1, 3])
def test_order_depends_on_seed_and_epoch_alone(folder: Path, workers: int) -> None:
    first = draw(folder, 60, workers=workers)
    assert trace(first) == trace(draw(folder, 60))
    epochs = [tuple(keys(first[start : start + 20])) for start in (0, 20, 40)]
    assert len({*epochs, tuple(keys(draw(folder, 20, seed=2)))}) == 4


def test_buffer_mixes_the_photos_of_several_shards(folder: Path) -> None:
    def shards_of(photos: list[str]) -> list[int]:
        return [int(key) // PER_SHARD for key in photos]

    unmixed = shards_of(epoch_of(folder, 0, buffer=1))
    assert sum(a != b for a, b in pairwise(unmixed)) == 3
    mixed = shards_of(epoch_of(folder, 0, buffer=20))
    assert sum(a != b for a, b in pairwise(mixed)) > 6


@pytest.mark.parametrize("shards", ["1..1", "0..1", "0..2", "0..3"])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_parts_together_see_each_photo_once_an_epoch(folder: Path, shards: str, parts: int) -> None:
    source = folder / f"train-{{{shards}}}.tar"
    first, last = map(int, shards.split(".."))
    expected = [f"{index:02d}" for index in range(first * PER_SHARD, (last + 1) * PER_SHARD)]
    for epoch in (0, 1):
        seen = [epoch_of(source, epoch, part=part, parts=parts) for part in range(parts)]
        assert sorted(key for part in seen for key in part) == expected
        assert all(seen)


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("source", ["", "train-2.tar"])
def test_resumes_behind_every_photo(folder: Path, source: str, part: int) -> None:
    whole = draw(folder / source, 30, part=part, parts=2)
    assert Counter(photo.after.epoch for photo in whole)[0] < 28  # goes over the epoch's end
    for index, photo in enumerate(whole[:24]):
        resumed = draw(folder / source, 6, part=part, parts=2, start=photo.after)
        assert trace(resumed) == trace(whole[index + 1 : index + 7])


def test_place_at_the_end_of_an_epoch_is_the_next_ones_start(folder: Path) -> None:
    assert keys(draw(folder, 5, start=Place(0, 20))) == keys(draw(folder, 5, start=Place(1)))


def test_nothing_is_decoded_on_the_way_to_a_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = keys(draw(folder, 20))
    decoded = count_decodes(monkeypatch)
    assert keys(draw(folder, 1, workers=1, start=Place(0, 12))) == order[12:13]
    assert decoded == order[12 : 12 + len(decoded)]
    assert 1 <= len(decoded) <= 1 + stream.DECODED_AHEAD


@pytest.fixture(scope="module")
def half_gray(crops, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shard with every other photo grey."""
    pictures = [crop.convert("L") if index % 2 else crop for index, crop in enumerate(crops[:12])]
    members = [(f"{i:02d}.png", tiny_workshop.encode(p, "PNG")) for i, p in enumerate(pictures)]
    return tiny_workshop.write_tar(tmp_path_factory.mktemp("grey") / "grey.tar", members)


def test_dull_photos_are_passed_over_but_counted(half_gray: Path) -> None:
    everything = draw(half_gray, 36)
    colorful = draw(half_gray, 18, min_colorfulness=1)
    assert trace(colorful) == trace([p for p in everything if int(p.key) % 2 == 0])
    for index, photo in enumerate(colorful[:14]):
        resumed = draw(half_gray, 3, min_colorfulness=1, start=photo.after)
        assert trace(resumed) == trace(colorful[index + 1 : index + 4])


@pytest.mark.parametrize(("start", "seen"), [(Place(), 12), (Place(3, 5), 7 + 12)])
def test_epoch_without_a_colorful_photo(
    half_gray: Path, monkeypatch: pytest.MonkeyPatch, start: Place, seen: int
) -> None:
    decoded = count_decodes(monkeypatch)
    with pytest.raises(DataError, match=r"grey\.tar: part 0 of 1 .* without a photo as colourful"):
        draw(half_gray, 1, min_colorfulness=1000, workers=1, start=start)
    assert seen <= len(decoded) <= seen + stream.DECODED_AHEAD


def test_part_without_a_photo(half_gray: Path) -> None:
    assert keys(draw(half_gray, 2, part=11, parts=13)) == ["11", "11"]
    with pytest.raises(DataError, match=r"grey\.tar: part 12 of 13 .* add shards, use fewer"):
        draw(half_gray, 1, part=12, parts=13)


def test_place_that_is_not_in_the_set(folder: Path) -> None:
    with pytest.raises(DataError, match=r"epoch 2 has 20 photos for this part, none behind 21"):
        draw(folder, 1, start=Place(2, 21))


@pytest.mark.parametrize("wrong", [{"part": 2, "parts": 2}, {"part": -1}, {"buffer": 0}])
def test_numbers_out_of_range(folder: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="parts count from 0"):
        ShardStream([folder], seed=0, **wrong)


def test_damaged_photo_is_named(tmp_path: Path, crops) -> None:
    members = [("good.webp", tiny_workshop.encode(crops[0])), ("bad.jpg", b"no image")]
    shard = tiny_workshop.write_tar(tmp_path / "train.tar", members)
    with pytest.raises(DataError, match=r"/train\.tar: bad: not a readable image .*; drop it"):
        draw(shard, 2)


def test_same_photos_by_url(folder: Path) -> None:
    files = fsspec.filesystem("memory")
    for shard in folder.iterdir():
        files.pipe(f"/stream/{shard.name}", shard.read_bytes())
    expected = trace(draw(folder, 30))
    assert trace(draw("memory://stream", 30)) == expected
    files.rm("/stream", recursive=True)
    with serve(folder) as server:
        urls = f"{server.url}/train-{{0..3}}.tar"
        assert trace(draw(urls, 30)) == expected
        assert trace(draw(urls, 10, start=expected[17][1])) == expected[18:28]


def test_connection_that_breaks(folder: Path) -> None:
    with serve(folder) as server:
        server.cut["/train-3.tar"] = 2000
        with pytest.raises(DataError, match=r"http://.*/train-3\.tar: cannot be read"):
            draw(f"{server.url}/", 20)


def test_next_shard_is_read_while_the_current_one_is_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    photos_in = stream.photos_in

    def watched(shard: str) -> Iterator[StoredPhoto]:
        opened.append(shard)
        return photos_in(shard)

    monkeypatch.setattr(stream, "photos_in", watched)
    photos = iter(ShardStream([folder], seed=0, buffer=1, workers=1))
    next(photos)
    deadline = time.monotonic() + 60
    while len(opened) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    photos.close()
    assert len(opened) >= 3  # with one photo drawn and 1 + DECODED_AHEAD of 5 decoded


def test_memory_is_bounded(tmp_path: Path, crops, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer, count, workers = 40, 1000, 2
    photo = tiny_workshop.encode(crops[0].resize((1, 1)), "PNG")
    members = [(f"{index:04d}.png", photo) for index in range(count)]
    shard = tiny_workshop.write_tar(tmp_path / "train.tar", members)
    born = most = 0
    faded: list[None] = []  # appending is one step, whichever thread drops a photo
    photos_in = stream.photos_in

    def watched(shard: str) -> Iterator[StoredPhoto]:
        nonlocal born, most
        for photo in photos_in(shard):
            born += 1
            most = max(most, born - len(faded))
            weakref.finalize(photo, faded.append, None)
            yield photo

    monkeypatch.setattr(stream, "photos_in", watched)
    draw(shard, 2 * count, buffer=buffer, workers=workers)
    ahead = stream.READ_TOGETHER * stream.READ_AHEAD
    decoding = stream.DECODED_AHEAD * workers
    # and a few in hand: one to know the epoch's end by, one coming in, one in each thread
    assert buffer + ahead // 2 < most <= buffer + ahead + decoding + 3 + workers


def test_closing_or_dropping_ends_the_threads(folder: Path) -> None:
    before = set(threading.enumerate())
    with serve(folder) as server:
        serving = set(threading.enumerate())
        for source in (folder, f"{server.url}/"):
            closed = iter(ShardStream([source], seed=0))
            dropped = iter(ShardStream([source], seed=0))
            next(closed), next(dropped)
            assert len(set(threading.enumerate()) - serving) > 3
            closed.close()
            del dropped
            gc.collect()
            left = {thread.name for thread in set(threading.enumerate()) - serving}
            assert not {name for name in left if name.startswith("ThreadPool")}
    assert not {t for t in set(threading.enumerate()) - before if t.name.startswith("ThreadPool")}
