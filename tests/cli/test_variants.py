import json
import shutil

import numpy as np
import pytest
from PIL import Image

from photochrom.photo.metadata.digital_source import SOURCE_TYPE
from support.records import FIELDS

FOUR = [f"cat.color.{n}.jpg" for n in (1, 2, 3, 4)]


@pytest.fixture
def album(examples, tmp_path):
    """A folder with a photo, copied, so that results may lie beside it."""
    shutil.copy(examples / "cat.jpg", tmp_path)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def test_four_beside_the_photo_and_a_sheet(photochrom, album):
    done = photochrom("variants", "cat.jpg", cwd=album)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().split() == [*FOUR, "cat.variants.jpg"]
    assert names(album) == sorted([*FOUR, "cat.jpg", "cat.variants.jpg"])
    photochrom("colorize", "cat.jpg", cwd=album)
    first, *others = (pixels(album / name) for name in FOUR)
    assert np.array_equal(first, pixels(album / "cat.color.jpg"))
    for other in others:
        assert other.shape == (300, 451, 3)
        assert np.abs(other - first).mean() > 1  # codes; measured 4 and more
    sheet = pixels(album / "cat.variants.jpg")
    assert sheet.shape[1] > 5 * 451
    for name in [*FOUR, "cat.variants.jpg"]:
        assert SOURCE_TYPE.encode() in (album / name).read_bytes()


def test_nothing_is_overwritten(command, album):
    (album / "cat.color.3.jpg").write_bytes(b"mine")
    done = command("variants", "cat.jpg", "--json", cwd=album)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"cat.color.3.jpg" in done.stderr
    assert b"--overwrite" in done.stderr
    record = json.loads(done.stdout)
    assert set(record) == FIELDS | {"sheet", "seed"}
    assert (record["state"], record["outputs"], record["sheet"]) == ("failed", [], None)
    assert names(album) == ["cat.color.3.jpg", "cat.jpg"]  # not even the first two
    assert (album / "cat.color.3.jpg").read_bytes() == b"mine"
    done = command("variants", "cat.jpg", "--overwrite", cwd=album)
    assert (done.returncode, done.stderr) == (0, b"")
    assert pixels(album / "cat.color.3.jpg").shape == (300, 451, 3)


def test_a_folder_json_and_the_seed(command, album):
    outputs = {}
    for seed in ("7", "7", "8"):
        out = album / f"out{len(outputs)}"
        options = ["-n", "2", "--seed", seed, "--no-mark", "--json"]
        done = command("variants", album / "cat.jpg", "-o", out, *options)
        assert (done.returncode, done.stderr) == (0, b"")
        record = json.loads(done.stdout)
        assert set(record) == FIELDS | {"sheet", "seed"}
        assert record["outputs"] == [str(out / f"cat.color.{n}.jpg") for n in (1, 2)]
        assert record["sheet"] == str(out / "cat.variants.jpg")
        assert (record["width"], record["height"], record["seed"]) == (451, 300, int(seed))
        assert names(out) == ["cat.color.1.jpg", "cat.color.2.jpg", "cat.variants.jpg"]
        outputs[out] = (out / "cat.color.2.jpg").read_bytes()
        assert SOURCE_TYPE.encode() not in outputs[out]
    first, again, other = outputs.values()
    assert first == again != other


def test_colorize_passes_them_over(photochrom, album):
    assert photochrom("variants", "cat.jpg", "-n", "2", cwd=album).returncode == 0
    done = photochrom("colorize", ".", cwd=album)
    assert done.stdout.decode().split() == ["cat.color.jpg"]


def test_a_name_without_a_suffix(command, album):
    (album / "cat.jpg").rename(album / "scan")
    done = command("variants", "scan", "-n", "2", cwd=album)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().split() == [
        "scan.color.1.jpg",
        "scan.color.2.jpg",
        "scan.variants.jpg",
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [("nowhere.jpg", None), ("broken.jpg", b"Dear grandmother"), ("half.jpg", ...), (".", None)],
)
def test_no_photo(command, album, name, data):
    if data is not None:
        whole = (album / "cat.jpg").read_bytes()
        (album / name).write_bytes(whole[: len(whole) // 2] if data is ... else data)
    before = names(album)
    done = command("variants", name, cwd=album)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"photochrom: ")
    assert done.stderr.count(b"\n") == 1
    assert names(album) == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["cat.jpg", "cat.jpg"],
        ["cat.jpg", "-n", "1"],
        ["cat.jpg", "-n", "13"],
        ["cat.jpg", "--seed", "-1"],
        ["cat.jpg", "--vividness", "2"],
        ["cat.jpg", "-o", "one.jpg"],
        ["cat.jpg", "-o", "cat.jpg"],
        ["cat.jpg", "-o", "notes.txt"],
        ["-"],
    ],
    ids=" ".join,
)
def test_wrong_usage(command, album, arguments):
    (album / "notes.txt").write_text("a file")
    before = names(album)
    done = command("variants", *arguments, cwd=album)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert names(album) == before
