from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import ConfigError, DataError
from photochrom.workshop.data.manifest import COLUMNS, read_entries
from photochrom.workshop.data.prepare import prepare
from photochrom.workshop.data.recipe import Fit, Recipe
from photochrom.workshop.data.shards import stored_photos
from support import photo_files, tiny_workshop

pytestmark = pytest.mark.workshop

SMALL = Recipe(size=96, min_side=64, shard_size=4)


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return photo_files.color_photos(14)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, photos) -> Path:
    """Fourteen good photos, a grey one among them."""
    where = photo_files.write_jpegs(tmp_path_factory.mktemp("sources") / "album", photos)
    (where / "p05-grey.jpg").write_bytes(photo_files.jpeg(photos[5].convert("L")))
    return where


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, folder) -> Path:
    """The set made of `folder` without an interruption."""
    out = tmp_path_factory.mktemp("whole") / "set"
    prepare([str(folder)], out, SMALL, jobs=1)
    return out


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def test_each_kind_goes_for_its_reason(tmp_path: Path, photos) -> None:
    album = photo_files.write_jpegs(tmp_path / "album", photos[:3])
    good = photo_files.jpeg(photos[3])
    contents = {
        "q0-grey.jpg": photo_files.jpeg(photos[4].convert("L")),
        "q1-sepia.jpg": photo_files.jpeg(photo_files.sepia(photos[4])),
        "q2-drawing.jpg": photo_files.jpeg(photo_files.graphic()),
        "q3-small.jpg": photo_files.jpeg(photos[4].resize((60, 90))),
        "q4-again.jpg": photo_files.jpeg(photos[0].resize((130, 130)), 70),
        "q5-cut.jpg": good[: len(good) // 2],
        "q6-text.jpg": b"no image",
        "q7-empty.jpg": b"",
    }
    for name, content in contents.items():
        (album / name).write_bytes(content)
    (album / "notes.txt").write_text("not a photo, not in the manifest")
    (album / ".hidden.jpg").write_bytes(good)
    tally = prepare([str(album)], tmp_path / "set", SMALL)
    reasons = {row["file"].removeprefix("album/"): row["reason"] for row in rows(tmp_path / "set")}
    assert reasons == {
        "p00.jpg": "",
        "p01.jpg": "",
        "p02.jpg": "",
        "q0-grey.jpg": "grey",
        "q1-sepia.jpg": "tinted",
        "q2-drawing.jpg": "graphic",
        "q3-small.jpg": "small",
        "q4-again.jpg": "duplicate",
        "q5-cut.jpg": "corrupt",
        "q6-text.jpg": "corrupt",
        "q7-empty.jpg": "corrupt",
    }
    assert tally.kept == 3
    assert tally.dropped.total() == 8
    again = next(row for row in rows(tmp_path / "set") if row["reason"] == "duplicate")
    assert again["detail"] == "of 000000000"
    assert all(row["detail"] for row in rows(tmp_path / "set") if row["reason"])


def test_shards_hold_what_the_manifest_says(whole: Path, photos) -> None:
    kept = [row for row in rows(whole) if not row["reason"]]
    assert [row["shard"] for row in kept] == [f"train-{i // 4:06d}" for i in range(len(photos))]
    assert sorted(path.name for path in whole.iterdir()) == [
        "manifest.csv",
        "recipe.json",
        *(f"train-{i:06d}.tar" for i in range(4)),
    ]
    stored = list(stored_photos([whole]))
    assert [photo.key for photo in stored] == [row["key"] for row in kept]
    for photo, row, original in zip(stored, kept, photos, strict=True):
        assert photo.suffix == ".webp"
        assert {name: str(photo.record[name]) for name in ("key", "width", "height", "file")} == {
            name: row[name] for name in ("key", "width", "height", "file")
        }
        with Image.open(io.BytesIO(photo.encoded)) as image:
            assert (str(image.width), str(image.height)) == (row["width"], row["height"])
            assert min(image.size) == 96
            difference = np.asarray(image, float) - np.asarray(original.resize(image.size), float)
        # Two resizing filters and lossy WebP apart; another of the photos is above 40.
        assert np.abs(difference).mean() < 6


def test_manifest_has_the_columns_of_the_documentation(whole: Path, repository: Path) -> None:
    header = (whole / "manifest.csv").read_text(encoding="utf-8").splitlines()[0]
    assert tuple(header.split(",")) == COLUMNS
    text = (repository / "docs" / "data.md").read_text(encoding="utf-8")
    assert all(f"`{column}`" in text for column in COLUMNS)


@pytest.mark.parametrize(
    ("fit", "sizes"),
    [
        (Fit.KEEP, [(150, 100), (100, 150), (80, 70)]),
        (Fit.CROP, [(100, 100), (100, 100), (70, 70)]),
        (Fit.PAD, [(100, 100), (100, 100), (100, 100)]),
    ],
)
def test_fit(tmp_path: Path, photos, fit: Fit, sizes: list[tuple[int, int]]) -> None:
    shapes = [(300, 200), (200, 300), (80, 70)]  # the last is smaller than --size: not enlarged
    pictures = [photo.resize(shape) for photo, shape in zip(photos, shapes, strict=False)]
    photo_files.write_jpegs(tmp_path / "a", pictures)
    recipe = Recipe(size=100, fit=fit, min_side=64, min_colorfulness=0)
    prepare([str(tmp_path / "a")], tmp_path / "set", recipe)
    decoded = [
        np.asarray(Image.open(io.BytesIO(photo.encoded)))
        for photo in stored_photos([tmp_path / "set"])
    ]
    assert [picture.shape[1::-1] for picture in decoded] == sizes
    if fit == Fit.PAD:
        lying, upright, little = decoded
        borders = (lying[:15], lying[-15:], upright[:, :15], upright[:, -15:], little[:13])
        for border in (*borders, little[:, :8], little[:, -8:]):
            assert border.min() > 235  # white; lossy WebP strays a little next to the picture
        assert max(lying[18:82].mean(), upright[:, 18:82].mean()) < 235


def test_stored_upright(tmp_path: Path, photos) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # EXIF orientation: turn clockwise to see it upright
    upright = photos[0].resize((200, 300))
    (tmp_path / "a").mkdir()
    upright.rotate(90, expand=True).save(tmp_path / "a" / "turned.jpg", exif=exif, quality=95)
    prepare([str(tmp_path / "a")], tmp_path / "set", SMALL)
    stored = next(stored_photos([tmp_path / "set"]))
    picture = Image.open(io.BytesIO(stored.encoded))
    assert picture.size == (96, 144)
    apart = np.asarray(picture, float) - np.asarray(upright.resize((96, 144)), float)
    assert np.abs(apart).mean() < 8


def test_sixteen_bits_and_transparency(tmp_path: Path, photos) -> None:
    import pyvips

    (tmp_path / "a").mkdir()
    deep = pyvips.Image.new_from_array(np.asarray(photos[0])).copy(interpretation="srgb")
    deep.colourspace("rgb16").write_to_file(str(tmp_path / "a" / "deep.png"))
    seen_through = photos[1].convert("RGBA")
    seen_through.putalpha(Image.linear_gradient("L").resize(seen_through.size))
    seen_through.save(tmp_path / "a" / "seen-through.png")
    tally = prepare([str(tmp_path / "a")], tmp_path / "set", SMALL)
    assert tally.kept == 2
    pictures = [
        np.asarray(Image.open(io.BytesIO(photo.encoded)), float)
        for photo in stored_photos([tmp_path / "set"])
    ]
    small = np.asarray(photos[0].resize(pictures[0].shape[1::-1]), float)
    assert np.abs(pictures[0] - small).mean() < 6
    assert pictures[1][:2].mean() > 240  # clear at the top: white paper


def test_archives_and_shards_are_read_like_folders(tmp_path: Path, photos) -> None:
    (tmp_path / "in" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "er" / "a.jpg").write_bytes(photo_files.jpeg(photos[0]))
    with zipfile.ZipFile(tmp_path / "in" / "b.zip", "w") as archive:
        archive.writestr("inner/b.JPG", photo_files.jpeg(photos[1]))
        archive.writestr("readme.txt", "no photo")
        archive.writestr("__MACOSX/inner/._b.JPG", "no photo either")
    with tarfile.open(tmp_path / "in" / "c.tar.gz", "w:gz") as archive:
        archive.add(photo_files.write_jpegs(tmp_path / "c", [photos[2]]) / "p00.jpg", "c/c.jpg")
    tiny_workshop.write_shard(tmp_path / "in" / "d.tar", photos[3:5])
    (tmp_path / "in" / "e.zip").write_bytes(b"no archive")
    whole = (tmp_path / "in" / "d.tar").read_bytes()
    (tmp_path / "in" / "f.tar").write_bytes(whole[: len(whole) // 4])
    prepare([str(tmp_path / "in")], tmp_path / "set", SMALL)
    found = [(row["file"], row["reason"]) for row in rows(tmp_path / "set")]
    assert found == [
        ("in/b.zip/inner/b.JPG", ""),
        ("in/c.tar.gz/c/c.jpg", ""),
        ("in/d.tar/t00000.webp", ""),
        ("in/d.tar/t00001.webp", ""),
        ("in/e.zip", "corrupt"),
        ("in/f.tar", "corrupt"),
        ("in/deep/er/a.jpg", ""),
    ]


def test_names_and_credits_that_are_no_text(tmp_path: Path, photos) -> None:
    """A name in Latin-1, a name with line breaks, a record with half a character: all are kept."""
    (tmp_path / "album").mkdir()
    for name, photo in zip((b"caf\xe9.jpg", b"two\r\nlines.jpg"), photos, strict=False):
        (tmp_path / "album" / os.fsdecode(name)).write_bytes(photo_files.jpeg(photo))
    record = b'{"author": "Ann \\ud83d,\\r\\nBee", "note": "\\ud83d"}'
    members = [("k.webp", tiny_workshop.encode(photos[2])), ("k.json", record)]
    tiny_workshop.write_tar(tmp_path / "album" / "s.tar", members)
    out = tmp_path / "set"
    recipe = Recipe(size=96, min_side=64, shard_size=1)

    def stop(size: int, tally) -> None:
        if tally.total == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare([str(tmp_path / "album")], out, recipe, report=stop)
    assert prepare([str(tmp_path / "album")], out, recipe).kept == 3
    assert [row["file"] for row in rows(out)] == [
        "album/caf\\udce9.jpg",
        "album/s.tar/k.webp",
        "album/two lines.jpg",
    ]
    assert rows(out)[1]["author"] == "Ann \\ud83d, Bee"
    assert [photo.record.get("note") for photo in stored_photos([out])] == [None, "\ud83d", None]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_cut_photos_are_corrupt_wherever_they_lie(tmp_path: Path, photos, kind: str) -> None:
    stream = io.BytesIO()
    photos[0].save(stream, kind)
    cut = stream.getvalue()[: len(stream.getvalue()) * 2 // 3]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"loose.{kind.lower()}").write_bytes(cut)
    tiny_workshop.write_tar(tmp_path / "in" / "shard.tar", [(f"member.{kind.lower()}", cut)])
    with pytest.raises(DataError, match=r"no photo was kept"):
        prepare([str(tmp_path / "in")], tmp_path / "set", SMALL)
    assert [row["reason"] for row in rows(tmp_path / "set")] == ["corrupt", "corrupt"]


def test_duplicates_are_found_across_sources(tmp_path: Path, photos) -> None:
    first = photo_files.write_jpegs(tmp_path / "first", photos[:3])
    second = photo_files.write_jpegs(tmp_path / "second", [photos[2].resize((140, 140)), photos[3]])
    prepare([str(first), str(second)], tmp_path / "set", SMALL)
    assert [row["reason"] for row in rows(tmp_path / "set")] == ["", "", "", "duplicate", ""]


def test_credits_come_from_records_then_tables_then_labels(tmp_path: Path, photos) -> None:
    encoded = [tiny_workshop.encode(photo) for photo in photos[:3]]
    record = {"licence": "from the record", "author": "Ann", "camera": "box"}
    shards = tmp_path / "shards"
    shards.mkdir()
    tiny_workshop.write_tar(
        shards / "s0.tar",
        [
            ("k0.webp", encoded[0]),
            ("k0.json", json.dumps(record).encode()),
            ("k1.webp", encoded[1]),
        ],
    )
    (shards / "manifest.csv").write_text(
        "key,split,shard,source,width,height,licence,terms,author,origin\n"
        "k0,train,s0,museum,1,1,from the table,free,Bob,there\n"
        "k1,train,s0,museum,1,1,from the table,free,Bob,there\n"
        "k1,train,s1,wrong,1,1,wrong,wrong,wrong,wrong\n",
        encoding="utf-8",
    )
    photo_files.write_jpegs(tmp_path / "gallery", [photos[3], photos[4]])
    (tmp_path / "gallery.csv").write_text(
        "file,licence,author,origin\ngallery/p00.jpg,CC0,Eve,here\n", encoding="utf-8"
    )
    labels = {"source": "mine", "licence": "unstated", "terms": ""}
    out = tmp_path / "set"
    prepare([str(shards), str(tmp_path / "gallery")], out, SMALL, labels=labels)
    credits = [
        tuple(row[name] for name in ("source", "licence", "terms", "author", "origin"))
        for row in rows(out)
    ]
    assert credits == [
        ("museum", "from the record", "free", "Ann", "there"),
        ("museum", "from the table", "free", "Bob", "there"),
        ("mine", "CC0", "", "Eve", "here"),
        ("mine", "unstated", "", "", ""),
    ]
    first = next(stored_photos([out])).record
    assert first["camera"] == "box"
    assert first["licence"] == "from the record"


KILLED = """
import os, signal, sys
from pathlib import Path
from photochrom._system import atomic

source, out, moves, photos = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
done = {"moves": 0, "photos": 0}

def count(what, limit):
    done[what] += 1
    if done[what] == limit:
        os.kill(os.getpid(), signal.SIGKILL)

def move_into_place(part, target, *, move=atomic.move_into_place, **how):
    count("moves", moves)
    move(part, target, **how)

atomic.move_into_place = move_into_place
from photochrom.workshop.data.prepare import prepare
from photochrom.workshop.data.recipe import Recipe

recipe = Recipe(size=96, min_side=64, shard_size=4)
prepare([source], out, recipe, jobs=2, report=lambda *_: count("photos", photos))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill so")
@pytest.mark.parametrize(
    "kills",
    [
        # Inside the second shard, then inside the third.
        [(0, 6), (0, 11)],
        # Before the moves of recipe, shard 0, its rows, shard 1's rows, shard 2, manifest.
        [(1, 0), (2, 0), (3, 0), (5, 0), (3, 0), (5, 0)],
    ],
    ids=["photos", "moves"],
)
def test_killed_runs_go_on_to_the_same_set(
    tmp_path: Path, folder: Path, whole: Path, kills: Sequence[tuple[int, int]]
) -> None:
    out = tmp_path / "set"
    for moves, photos in kills:
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(folder), str(out), str(moves), str(photos)],
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
        assert not (out / "manifest.csv").exists()
        for shard in out.glob("*.tar"):  # what has its name is whole
            assert shard.read_bytes() == (whole / shard.name).read_bytes()
    finished = {path: path.stat().st_mtime_ns for path in out.glob("*.tar")}
    committed = len(list((out / ".unfinished").glob("[0-9]*.csv")))
    prepare([str(folder)], out, SMALL)
    assert files(out) == files(whole)
    for path in sorted(finished)[:committed]:
        assert path.stat().st_mtime_ns == finished[path], f"{path.name} was written again"


def test_the_number_of_threads_changes_nothing(tmp_path: Path, folder: Path, whole: Path) -> None:
    prepare([str(folder)], tmp_path / "set", SMALL, jobs=5)
    assert files(tmp_path / "set") == files(whole)


def test_finished_set_is_left_alone(folder: Path, whole: Path) -> None:
    before = files(whole)
    (whole / ".unfinished").mkdir()  # as a kill behind the manifest's move leaves it
    prepare([str(folder)], whole, SMALL)
    times = {path: path.stat().st_mtime_ns for path in whole.iterdir()}
    tally = prepare([str(folder)], whole, SMALL)
    assert (tally.kept, dict(tally.dropped)) == (14, {"grey": 1})
    assert files(whole) == before
    assert {path: path.stat().st_mtime_ns for path in whole.iterdir()} == times


def test_other_options_do_not_mix_with_a_set(folder: Path, whole: Path) -> None:
    with pytest.raises(ConfigError, match=r"begun with size = 96, not 128"):
        prepare([str(folder)], whole, Recipe(size=128, min_side=64, shard_size=4))
    with pytest.raises(ConfigError, match=r"begun with labels"):
        prepare([str(folder)], whole, SMALL, labels={"licence": "CC0"})


def test_changed_source_is_noticed(tmp_path: Path, photos) -> None:
    album = photo_files.write_jpegs(tmp_path / "album", photos[:6])
    out = tmp_path / "set"

    def stop(size: int, tally) -> None:
        if tally.total == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare([str(album)], out, SMALL, report=stop)
    (album / "p01.jpg").unlink()
    with pytest.raises(DataError, match=r"album/p01\.jpg is no longer where it was"):
        prepare([str(album)], out, SMALL)


def test_output_among_other_things(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "theirs.tar").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"holds other shards already"):
        prepare([str(folder)], tmp_path, SMALL)
    with pytest.raises(ConfigError, match=r"lies inside"):
        prepare([str(folder)], folder / "set", SMALL)


def test_sources_that_are_not_there_or_nothing(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: no such file or folder"):
        prepare([str(tmp_path / "nowhere")], tmp_path / "a", SMALL)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty.*: no photos there"):
        prepare([str(tmp_path / "empty")], tmp_path / "b", SMALL)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"notes\.txt: neither a photo nor an archive"):
        prepare([str(tmp_path / "notes.txt")], tmp_path / "c", SMALL)
    gray = tmp_path / "grey"
    gray.mkdir()
    (gray / "g.jpg").write_bytes((folder / "p05-grey.jpg").read_bytes())
    with pytest.raises(DataError, match=r"no photo was kept"):
        prepare([str(gray)], tmp_path / "d", SMALL)


@pytest.mark.parametrize("wrong", [{"size": 8}, {"quality": 0}, {"shard_size": 0}])
def test_recipe_that_makes_no_set(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Recipe(**wrong)


def test_a_manifest_with_an_earlier_columns_name(whole: Path, tmp_path: Path) -> None:
    text = (whole / "manifest.csv").read_text(encoding="utf-8")
    header, rows = text.split("\n", 1)
    earlier = header.replace("colorfulness", "colourfulness")
    assert earlier != header
    (tmp_path / "manifest.csv").write_text(f"{earlier}\n{rows}", encoding="utf-8")
    found = list(read_entries(tmp_path / "manifest.csv"))
    assert found == list(read_entries(whole / "manifest.csv"))
    assert found[0].colorfulness
