from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from photochrom.errors import ConfigError, DataError
from photochrom.workshop.data.fingerprint import perceptual_hash
from photochrom.workshop.data.gather import gather, read_sources
from photochrom.workshop.data.recipe import Recipe
from photochrom.workshop.data.shards import shard_paths, stored_photos
from support import photo_files

pytestmark = pytest.mark.workshop

SMALL = Recipe(size=96, min_side=64, shard_size=4)
HEADER = "repo,source,split,include,cap,licence,terms\n"


def clone(clones: Path, repository: str, files: dict[str, bytes], bare: bool = False) -> None:
    """A repository with one commit, as an ordinary or a bare clone."""
    work = clones / repository.replace("/", "+")
    work.mkdir(parents=True)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(work)]
    subprocess.run([*git, "init", "-q"], check=True)
    for name, content in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "photos"], check=True)
    if bare:
        target = clones / f"{repository}.git"
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "-q", "--bare", str(work), str(target)], check=True)
        for path in sorted(work.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        work.rmdir()


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return photo_files.color_photos(14)


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory, photos: list[Image.Image]) -> Path:
    """Two repositories: eight photos, a grey one, a broken one; six photos, two of them again."""
    folder = tmp_path_factory.mktemp("clones")
    first = {f"images/p{i}.jpg": photo_files.jpeg(photos[i]) for i in range(8)}
    first["images/grey.jpg"] = photo_files.jpeg(photos[8].convert("L"))
    first["images/broken.jpg"] = b"\xff\xd8\xff nothing"
    first["docs/diagram.jpg"] = photo_files.jpeg(photos[13])
    second = {f"q{i}.JPG": photo_files.jpeg(photos[i]) for i in range(8, 12)}
    second["mirrored.png"] = photo_files.jpeg(ImageOps.mirror(photos[0]))
    second["same.jpg"] = first["images/p1.jpg"]
    second["twice/q8.jpg"] = second["q8.JPG"]
    clone(folder, "anna/albums", first)
    clone(folder, "bert/prints", second, bare=True)
    return folder


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(
        HEADER
        + "anna/albums,albums,train,^images/,100,CC0,free\n"
        + "bert/prints,prints,train,,100,none,unclear\n"
        + "carl/gone,gone,train,,100,none,unclear\n",
        encoding="utf-8",
    )
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


def test_every_source_becomes_a_set(tmp_path, clones, listing):
    out = tmp_path / "corpus"
    gathered = gather(listing, clones, out, SMALL, sheets=tmp_path / "sheets")
    assert gathered.missing == ["carl/gone"]
    assert gathered.tallies["albums"].kept == 8
    assert dict(gathered.tallies["albums"].dropped) == {"grey": 1, "corrupt": 1}
    assert gathered.tallies["prints"].kept == 4
    assert dict(gathered.tallies["prints"].dropped) == {"duplicate": 2}
    table = rows(out / "manifest.csv")
    assert len(table) == len({row["key"] for row in table}) == 12
    twice = {"bert/prints:q8.JPG", "bert/prints:twice/q8.jpg"}  # equal bytes: one of them
    origins = {row["origin"] for row in table if row["source"] == "prints"}
    assert len(origins & twice) == 1
    assert origins - twice == {f"bert/prints:{name}.JPG" for name in ("q9", "q10", "q11")}
    assert {(row["source"], row["terms"]) for row in table} == {
        ("albums", "free"),
        ("prints", "unclear"),
    }
    stored = {photo.key: photo.record for photo in stored_photos([out])}
    assert stored.keys() == {row["key"] for row in table}
    assert all(stored[row["key"]]["source"] == row["source"] for row in table)
    for name in ("albums", "prints"):
        with Image.open(tmp_path / "sheets" / f"{name}.jpg") as sheet:
            assert sheet.height > 100


def test_the_cap_takes_the_same_photos_each_time(tmp_path, clones, listing):
    text = listing.read_text(encoding="utf-8").replace("^images/,100", "^images/,3")
    listing.write_text(text, encoding="utf-8")
    origins = []
    for jobs in (1, 2):
        out = tmp_path / f"corpus-{jobs}"
        gather(listing, clones, out, SMALL, jobs=jobs)
        origins.append([row["origin"] for row in rows(out / "albums/manifest.csv") if row["shard"]])
    assert len(origins[0]) == 3
    assert origins[0] == origins[1]


def test_near_twins_of_excluded_photos_stay_out(tmp_path, clones, listing, photos):
    side = min(photos[2].size)
    square = ImageOps.fit(photos[2], (side, side))
    excluded = tmp_path / "excluded.csv"
    values = [
        perceptual_hash(np.asarray(photos[3])),
        perceptual_hash(np.asarray(ImageOps.mirror(photos[4]))),
        perceptual_hash(np.asarray(square)),
    ]
    excluded.write_text("hash\n" + "".join(f"{value:016x}\n" for value in values))
    out = tmp_path / "corpus"
    gathered = gather(listing, clones, out, SMALL, excluded=[excluded])
    assert gathered.tallies["albums"].dropped["excluded"] == 3
    dropped = {r["origin"] for r in rows(out / "albums/manifest.csv") if r["reason"] == "excluded"}
    assert dropped == {f"anna/albums:images/p{i}.jpg" for i in (2, 3, 4)}


def test_a_published_list_is_built_again(tmp_path, clones, listing):
    gather(listing, clones, tmp_path / "first", SMALL)
    chosen = rows(tmp_path / "first/manifest.csv")[2::3]
    table = tmp_path / "chosen.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["key", "origin", "hash"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(chosen)
    gathered = gather(listing, clones, tmp_path / "again", SMALL, only=table)
    assert gathered.absent == []
    assert gathered.missing == []  # no photo of the list lies there
    again = rows(tmp_path / "again/manifest.csv")
    assert {(r["origin"], r["hash"]) for r in again} == {(r["origin"], r["hash"]) for r in chosen}


def test_a_listed_photo_that_is_gone_is_named(tmp_path, clones, listing):
    table = tmp_path / "chosen.csv"
    table.write_text("origin\nanna/albums:images/p1.jpg\nanna/albums:images/moved.jpg\n")
    command = [
        sys.executable,
        "-m",
        "photochrom",
        "data",
        "gather",
        listing,
        clones,
        tmp_path / "a",
    ]
    finished = subprocess.run(
        [*map(str, command), "--only", str(table), "--min-side", "64"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert "anna/albums:images/moved.jpg: not kept" in finished.stderr
    assert "1 photos of 1 sources kept" in finished.stdout


def test_splits_are_gathered_apart(tmp_path, clones, listing):
    text = listing.read_text(encoding="utf-8").replace("prints,train", "prints,far")
    listing.write_text(text, encoding="utf-8")
    gathered = gather(listing, clones, tmp_path / "far", SMALL, split="far")
    assert list(gathered.tallies) == ["prints"]
    assert {row["split"] for row in rows(tmp_path / "far/manifest.csv")} == {"far"}
    with pytest.raises(DataError, match="no source of the split test"):
        gather(listing, clones, tmp_path / "test", SMALL, split="test")


def test_a_killed_run_goes_on_where_it_was(tmp_path, clones, listing):
    whole = tmp_path / "whole"
    gather(listing, clones, whole, SMALL, jobs=1)
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "photochrom", "data", "gather", listing, clones, out]
    command += ["--size", "96", "--min-side", "64", "--shard-size", "4", "--quality", "90"]
    process = subprocess.Popen([*map(str, command), "--jobs", "1"], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (out / "albums/train-000000.tar").exists() and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = subprocess.run(
        [*map(str, command), "--jobs", "1"], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1  # one repository has no clone
    assert "carl/gone: no clone in" in finished.stderr
    assert "12 photos of 2 sources kept" in finished.stdout
    assert files(out) == files(whole)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("anna,albums,train,,1,CC0,free", "line 2: repo is 'anna', but must be OWNER/NAME"),
        ("anna/a,al bums,train,,1,CC0,free", "line 2: source is 'al bums'"),
        ("anna/a,albums,train,,many,CC0,free", "line 2: cap is 'many'"),
        ("anna/a,albums", "line 2: cap is ''"),
        ("anna/a,albums,train,(,1,CC0,free", "line 2: include is no regular expression"),
        ("anna/a,a,train,,1,C,f\nanna/b,a,train,,1,C,f", "source a occurs twice"),
    ],
)
def test_a_wrong_row_is_one_line(tmp_path, row, message):
    path = tmp_path / "list.csv"
    path.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=message.replace("(", r"\(")):
        read_sources(path)


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("repo,source\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column cap, include, licence, terms"):
        read_sources(path)


def test_a_source_without_photos_is_named(tmp_path, clones, listing):
    text = listing.read_text(encoding="utf-8").replace("^images/", "^nowhere/")
    listing.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="albums: no photo of anna/albums was kept"):
        gather(listing, clones, tmp_path / "corpus", SMALL)


def test_other_exclusions_are_another_set(tmp_path, clones, listing, photos):
    gather(listing, clones, tmp_path / "corpus", SMALL)
    excluded = tmp_path / "excluded.csv"
    excluded.write_text(f"hash\n{perceptual_hash(np.asarray(photos[3])):016x}\n")
    with pytest.raises(ConfigError, match="begun with excluded"):
        gather(listing, clones, tmp_path / "corpus", SMALL, excluded=[excluded])


def test_the_lists_of_the_project_are_lists():
    configs = Path(__file__).parents[3] / "configs"
    sources = read_sources(configs / "corpus.csv")
    assert len(sources) == 94
    assert {source.split for source in sources} == {"train", "far"}
    assert {source.terms for source in sources} == {"free", "research", "unclear"}


def test_a_folder_of_sets_is_a_source_of_shards(tmp_path, clones, listing):
    gather(listing, clones, tmp_path / "corpus", SMALL)
    names = [str(Path(path).relative_to(tmp_path)) for path in shard_paths([tmp_path / "corpus"])]
    assert names == [
        "corpus/albums/train-000000.tar",
        "corpus/albums/train-000001.tar",
        "corpus/prints/train-000000.tar",
    ]
