from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np
import pytest
from fsspec.registry import known_implementations
from PIL import Image

from photochrom.errors import DataError
from photochrom.workshop.data.shards import (
    decode_rgb,
    decoded_photos,
    encoded_photos,
    shard_paths,
    stored_photos,
)
from support import tiny_workshop
from support.shard_server import ShardServer, serve

pytestmark = pytest.mark.workshop


@pytest.fixture(scope="module")
def crops() -> list[Image.Image]:
    return tiny_workshop.color_crops(24)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ShardServer]:
    with serve(tmp_path) as running:
        yield running


@pytest.fixture
def memory(crops, tmp_path: Path) -> Iterator[str]:
    """A folder of two shards, of three photos and of two, in fsspec's memory."""
    files = fsspec.filesystem("memory")
    for name, part in (("b.tar", crops[:3]), ("a.tar", crops[3:5])):
        shard = tiny_workshop.write_shard(tmp_path / name, part)
        files.pipe(f"/photos/{name}", shard.read_bytes())
    yield "memory://photos"
    files.rm("/photos", recursive=True)


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


def test_gray_and_transparent_images_become_rgb(crops) -> None:
    for mode in ("L", "LA", "RGBA", "P"):
        assert decode_rgb(tiny_workshop.encode(crops[0].convert(mode), "PNG"), mode).shape[2] == 3


def test_record_before_or_behind_its_image_or_missing(tmp_path: Path, crops) -> None:
    photo = tiny_workshop.encode(crops[0])
    members = [
        ("a.json", b'{"year": 1907}'),
        ("a.webp", photo),
        ("b.WEBP", photo),
        ("b.txt", b"passed over"),
        ("b.json", b'{"year": 1912}'),
        ("c.webp", photo),
        ("d.json", b"no JSON, and no photo that it belongs to"),
        ("e.f.webp", photo),
        ("e.json", b'{"year": 1915}'),
    ]
    shard = tiny_workshop.write_tar(tmp_path / "mixed.tar", members)
    found = list(stored_photos([shard]))
    assert [(photo.key, photo.suffix, photo.record) for photo in found] == [
        ("a", ".webp", {"year": 1907}),
        ("b", ".webp", {"year": 1912}),
        ("c", ".webp", {}),
        ("e.f", ".webp", {}),
    ]
    assert {(stored.encoded, stored.shard) for stored in found} == {(photo, str(shard))}


@pytest.mark.parametrize("record", [b"{", b"[1907]", b"\xff"])
def test_broken_record_is_named(tmp_path: Path, crops, record: bytes) -> None:
    members = [("a.webp", tiny_workshop.encode(crops[0])), ("a.json", record)]
    shard = tiny_workshop.write_tar(tmp_path / "train.tar", members)
    with pytest.raises(DataError, match=r"train\.tar: a\.json is no JSON record \(.+\); write"):
        list(stored_photos([shard]))


@pytest.mark.parametrize("cut", ["behind a photo", "in a header", "in a photo", "a flipped bit"])
def test_torn_shard_is_not_a_short_one(tmp_path: Path, crops, cut: str) -> None:
    photo = tiny_workshop.encode(crops[0])
    path = tiny_workshop.write_tar(tmp_path / "torn.tar", [("a.webp", photo), ("b.webp", photo)])
    whole = path.read_bytes()
    second = 512 + -(-len(photo) // 512) * 512  # a header, and content in blocks of 512 bytes
    flipped = whole[:second] + bytes([whole[second] ^ 1]) + whole[second + 1 :]
    torn = {
        "behind a photo": whole[:second],
        "in a header": whole[: second + 100],
        "in a photo": whole[: second + 700],
        "a flipped bit": flipped,
    }
    path.write_bytes(torn[cut])
    with pytest.raises(DataError, match=r"torn\.tar: not a readable tar shard .*; fetch it again"):
        list(stored_photos([path]))


def test_brace_ranges(tmp_path: Path) -> None:
    assert shard_paths(["https://host/train-{0098..0101}.tar?raw=1"]) == [
        f"https://host/train-{number}.tar?raw=1" for number in ("0098", "0099", "0100", "0101")
    ]
    assert shard_paths(["https://host/{9..10}/{0..1}.tar"]) == [
        f"https://host/{name}.tar" for name in ("9/0", "9/1", "10/0", "10/1")
    ]
    for name in ("t-1.tar", "t-2.tar", "t-3.tar"):
        (tmp_path / name).touch()
    expected = [str(tmp_path / "t-2.tar"), str(tmp_path / "t-3.tar")]
    assert shard_paths([tmp_path / "t-{2..3}.tar"]) == expected
    assert shard_paths([f"file://{tmp_path}/t-{{2..3}}.tar"]) == expected
    with pytest.raises(DataError, match=r"t-4\.tar: no such shard"):
        shard_paths([tmp_path / "t-{1..4}.tar"])
    with pytest.raises(DataError, match=r"t-{4\.\.1}\.tar: the brace range runs backwards"):
        shard_paths([tmp_path / "t-{4..1}.tar"])


def test_folder_and_shard_in_a_file_system(memory: str, crops) -> None:
    assert [path.rpartition("/")[2] for path in shard_paths([memory])] == ["a.tar", "b.tar"]
    found = [encoded for _, encoded in encoded_photos([memory])]
    assert found == [tiny_workshop.encode(crop) for crop in crops[3:5] + crops[:3]]
    assert [key for key, _ in decoded_photos([f"{memory}/b.tar"])] == ["t00000", "t00001", "t00002"]


@pytest.mark.parametrize("name", ["memory://nowhere", "memory://nowhere/train.tar"])
def test_nothing_there_in_a_file_system(name: str) -> None:
    with pytest.raises(DataError, match=f"{name}: no such shard or folder; check the name"):
        list(encoded_photos([name]))


def test_folder_without_shards_in_a_file_system(memory: str) -> None:
    files = fsspec.filesystem("memory")
    files.mv("/photos/a.tar", "/photos/other/a.txt")
    with pytest.raises(DataError, match=r"memory://photos/other: no \.tar shards in this folder"):
        shard_paths([f"{memory}/other"])


def test_shards_of_a_web_server(tmp_path: Path, crops, server: ShardServer) -> None:
    (tmp_path / "set").mkdir()
    for number in range(3):
        part = crops[2 * number : 2 * number + 2]
        tiny_workshop.write_shard(tmp_path / "set" / f"train-{number:02d}.tar", part)
    (tmp_path / "set" / "readme.txt").touch()
    urls = [f"{server.url}/set/train-{number:02d}.tar" for number in range(3)]
    assert shard_paths([f"{server.url}/set/"]) == urls
    assert shard_paths([f"{server.url}/set/train-{{00..02}}.tar"]) == urls
    found = [encoded for _, encoded in encoded_photos([f"{server.url}/set/"])]
    assert found == [tiny_workshop.encode(crop) for crop in crops[:6]]


def test_photos_come_while_the_rest_of_the_shard_is_on_its_way(
    tmp_path: Path, crops, server: ShardServer
) -> None:
    tiny_workshop.write_shard(tmp_path / "train.tar", crops)
    server.gates["/train.tar"] = threading.Event()
    photos = stored_photos([f"{server.url}/train.tar"])
    assert next(photos).key == "t00000"
    assert not server.gates["/train.tar"].is_set()
    server.gates["/train.tar"].set()
    assert len(list(photos)) == len(crops) - 1


@pytest.mark.parametrize("source", ["train.tar", "folder/"])
def test_web_server_without_the_shard(server: ShardServer, source: str) -> None:
    url = f"{server.url}/{source}"
    with pytest.raises(DataError, match=f"{url}: no such shard or folder; check the name"):
        list(encoded_photos([url]))


def test_web_server_that_fails(server: ShardServer) -> None:
    server.broken["/train.tar"] = 503
    with pytest.raises(DataError, match=r"train\.tar: cannot be read \(503, .*\); check the addr"):
        list(encoded_photos([f"{server.url}/train.tar"]))


def test_no_web_server(tmp_path: Path) -> None:
    with serve(tmp_path) as gone:
        url = f"{gone.url}/train.tar"
    with pytest.raises(DataError, match=f"{url}: cannot be read .*; check the address and the co"):
        list(encoded_photos([url]))


def test_connection_that_breaks(tmp_path: Path, crops, server: ShardServer) -> None:
    size = len(tiny_workshop.write_shard(tmp_path / "train.tar", crops).read_bytes())
    server.cut["/train.tar"] = size // 2
    with pytest.raises(DataError, match=r"/train\.tar: cannot be read .*; check the") as info:
        list(encoded_photos([f"{server.url}/train.tar"]))
    assert "\n" not in str(info.value)


def test_torn_shard_on_a_web_server(tmp_path: Path, crops, server: ShardServer) -> None:
    whole = tiny_workshop.write_shard(tmp_path / "train.tar", crops).read_bytes()
    (tmp_path / "train.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"http://.*/train\.tar: not a readable tar shard"):
        list(encoded_photos([f"{server.url}/train.tar"]))


def test_missing_package_has_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"class": "nowherefs.FileSystem", "err": "install it"}
    monkeypatch.setitem(known_implementations, "nowhere", missing)
    with pytest.raises(DataError, match=r"needs the package nowherefs; pip install nowherefs$"):
        shard_paths(["nowhere://bucket/train.tar"])


def test_unknown_protocol() -> None:
    with pytest.raises(DataError, match=r"no file system is known for carrier-pigeon://; name"):
        shard_paths(["carrier-pigeon://roof/train.tar"])
