"""The data commands, as a person runs them."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from support import photo_files

pytestmark = pytest.mark.workshop

SMALL = ("--size", "96", "--min-side", "64", "--shard-size", "4")


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten photos and a grey one."""
    photos = photo_files.color_photos(10)
    folder = photo_files.write_jpegs(tmp_path_factory.mktemp("cli") / "album", photos)
    (folder / "grey.jpg").write_bytes(photo_files.jpeg(photos[0].convert("L")))
    return folder


@pytest.fixture(scope="module")
def made(album: Path, photochrom) -> Path:
    """The set made of the album by the command, which says so."""
    done = photochrom("data", "prepare", album, album.parent / "set", *SMALL, "--licence", "CC0")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().splitlines() == [
        f"10 of 11 photos kept: {album.parent / 'set'}",
        "       1 grey",
    ]
    assert done.stderr == b""  # no bar in a pipe
    return album.parent / "set"


def test_prepare(made: Path) -> None:
    assert len(list(made.glob("train-*.tar"))) == 3
    with (made / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["licence"] for row in rows} == {"CC0"}
    assert [row["file"] for row in rows if row["reason"]] == ["album/grey.jpg"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill so")
def test_prepare_goes_on_after_a_kill(tmp_path: Path, album: Path, made: Path, script) -> None:
    out = tmp_path / "set"
    command = [str(script), "data", "prepare", str(album), str(out), *SMALL, "--licence", "CC0"]
    with subprocess.Popen([*command, "--jobs", "1"], stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not (out / "train-000000.tar").exists():
            time.sleep(0.001)
        process.kill()
    subprocess.run(command, check=True, capture_output=True)
    for name in ("manifest.csv", *(f"train-{i:06d}.tar" for i in range(3))):
        assert (out / name).read_bytes() == (made / name).read_bytes()


def test_stats(tmp_path: Path, made: Path, command) -> None:
    table = command("data", "stats", made)
    assert table.returncode == 0
    assert table.stdout.decode().startswith("10 photos, 0 unreadable\n")
    done = command("data", "stats", made, "--json", "--plot", tmp_path / "plot.png")
    assert done.returncode == 0, done.stderr.decode()
    summary = json.loads(done.stdout)
    assert summary["photos"] == 10
    assert summary["short_side"]["p50"] == 96
    with Image.open(tmp_path / "plot.png") as plot:
        assert plot.format == "PNG"


def test_unsplash_without_a_network(tmp_path: Path, command) -> None:
    """Port 9 of this machine answers nobody, and the manifest says so of every photo."""
    table = tmp_path / "photos.tsv"
    table.write_text("photo_id\tphoto_image_url\nabc\thttp://127.0.0.1:9/a\n", encoding="utf-8")
    done = command("data", "unsplash", table, tmp_path / "set", "--tries", "1")
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1
    assert "no photo was kept" in done.stderr.decode()
    manifest = (tmp_path / "set" / "manifest.csv").read_text(encoding="utf-8")
    assert "unavailable,gave up after one try: Connect" in manifest


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (("prepare", "nowhere", "out"), 1, "nowhere: no such file or folder"),
        (("unsplash", "photos.tsv", "out"), 1, "photos.tsv: no such table"),
        (("stats", "nowhere"), 1, "nowhere: no such file or folder"),
        (("prepare", ".", "out"), 2, "out: lies inside ."),
    ],
)
def test_failures_are_one_line(
    tmp_path: Path, command, arguments: tuple[str, ...], code: int, line: str
) -> None:
    done = command("data", *arguments, cwd=tmp_path)
    assert done.returncode == code
    assert done.stderr.decode().startswith(f"photochrom: {line}")
    assert done.stderr.decode().count("\n") == 1


def test_interruption_is_one_line(tmp_path: Path, album: Path, script) -> None:
    many = photo_files.write_jpegs(tmp_path / "many", photo_files.color_photos(10) * 30)
    command = [str(script), "data", "prepare", str(many), str(tmp_path / "set"), "--jobs", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not (tmp_path / "set" / ".unfinished").exists():
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.decode() == ("photochrom: interrupted; the same command goes on from here\n")
