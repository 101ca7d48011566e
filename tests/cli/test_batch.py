"""Whole folders on the command line, and what single photos may ask of formats."""

import json
import os
import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image


@pytest.fixture
def scans(examples, tmp_path):
    root = tmp_path / "scans"
    (root / "1912").mkdir(parents=True)
    with Image.open(examples / "cat.jpg") as cat:
        small = cat.resize((150, 100))
    small.save(root / "a.jpg")
    small.save(root / "1912" / "b.png")
    (root / "1912" / "broken.tif").write_bytes(b"II*\0")
    with Image.open(examples / "color" / "cat.jpg") as cat:
        cat.resize((150, 100)).save(root / "color.jpg")
    return root


def tree(photochrom, scans, *options):
    return photochrom("colorize", scans, "-o", scans.parent / "out", "--size", "64", *options)


@pytest.mark.slow
def test_a_tree_its_ledger_and_its_end(photochrom, scans):
    done = tree(photochrom, scans, "--recursive", "--jobs", "1")
    out = scans.parent / "out"
    assert done.returncode == 1
    assert sorted(done.stdout.decode().splitlines()) == [
        str(out / "1912" / "b.color.png"), str(out / "a.color.jpg")
    ]  # fmt: skip
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 3
    assert "is in colour already; add --recolor" in lines[0]  # a folder's photos, then its folders
    assert "broken.tif" in lines[1]
    assert lines[2].startswith("photochrom: 2 done, 1 skipped, 1 failed, ")
    assert f"photochrom ledger {out} lists them" in lines[2]

    shown = photochrom("ledger", out)
    assert shown.returncode == 0
    text = shown.stdout.decode()
    assert "2 done" in text
    assert "1 skipped (1 in colour already)" in text
    assert "broken.tif" in text
    rows = [json.loads(line) for line in photochrom("ledger", out, "--json").stdout.splitlines()]
    assert [row["path"] for row in rows] == ["1912/b.png", "1912/broken.tif", "a.jpg", "color.jpg"]
    assert len(rows[0]["sha256"]) == 64
    rows = photochrom("ledger", out, "--json", "--failed").stdout.splitlines()
    assert len(rows) == 1

    done = tree(photochrom, scans, "--recursive")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--resume" in done.stderr
    done = tree(photochrom, scans, "--recursive", "--resume", "--recolor", "--json")
    states = [json.loads(line)["state"] for line in done.stdout.splitlines()]
    assert sorted(states) == ["done", "done", "done", "failed"]  # other settings: all again
    assert (out / "color.color.jpg").is_file()


def test_patterns_and_format(photochrom, scans):
    done = tree(photochrom, scans, "-r", "--exclude", "*.tif", "--include", "1912/",
                "--format", "tif")  # fmt: skip
    assert done.returncode == 0
    [target] = done.stdout.decode().splitlines()
    assert target.endswith("1912/b.color.tif")
    assert tifffile.imread(target).shape == (100, 150, 3)


@pytest.mark.parametrize(
    "options",
    [
        ["a.jpg", "--recursive"],
        ["a.jpg", "--resume"],
        ["a.jpg", "--include", "*.tif"],
        [".", "--jobs", "0"],
        [".", "-o", "out", "--jobs", "0"],
        [".", "-o", "out", "--hints", "h.json"],
        [".", "-o", "out", "--format", "bmp"],
        [".", "-o", "out", "--engine", "spark"],
        [".", "-o", "out", "--address", "here:1"],
        [".", "-o", "s3://bucket/out", "--engine", "ray"],
        ["a.jpg", "--profile", "mine"],
    ],
    ids=" ".join,
)
def test_wrong_usage(command, scans, options):
    before = sorted(scans.rglob("*"))
    done = command("colorize", *options, cwd=scans)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert sorted(scans.rglob("*")) == before


def test_a_folder_without_a_ledger(command, tmp_path):
    done = command("ledger", tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1


def test_a_color_photo_is_refused(photochrom, scans):
    done = photochrom("colorize", "color.jpg", cwd=scans)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == (
        b"photochrom: color.jpg: is in colour already; add --recolor to colour it anew\n"
    )
    done = photochrom("colorize", "color.jpg", "--recolor", cwd=scans)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_a_format_cannot_hold_is_said_once(photochrom, scans):
    for name in ("c.tif", "d.tif"):
        with Image.open(scans / "a.jpg") as photo:
            tifffile.imwrite(scans / name, 257 * np.asarray(photo).astype(np.uint16))
    done = photochrom("colorize", "c.tif", "d.tif", "--format", "jpg", cwd=scans)
    assert done.returncode == 0
    assert done.stdout.decode().split() == ["c.color.jpg", "d.color.jpg"]
    assert done.stderr.decode().splitlines() == [
        "photochrom: warning: c.tif: the file cannot hold 16-bit depth"
    ]


def test_names_of_any_bytes(photochrom, scans):
    strange = ["two\nlines.jpg", "写真.jpg", "\x1b[31mred.jpg"]
    for name in strange:
        shutil.copy(scans / "a.jpg", scans / name)
    raw = os.fsencode(scans) + b"/\xff\xfe.jpg"
    shutil.copy(scans / "a.jpg", raw)
    done = photochrom("colorize", *strange, os.fsdecode(b"\xff\xfe.jpg"), cwd=scans)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"two\nlines.color.jpg\n" + "写真.color.jpg\n".encode() + (
        b"\x1b[31mred.color.jpg\n\xff\xfe.color.jpg\n"
    )
    done = photochrom("colorize", *strange, os.fsdecode(b"\xff\xfe.jpg"), "--json", cwd=scans)
    assert done.returncode == 1  # they exist
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 4
    assert "two\\nlines.color.jpg" in lines[0]
    assert all(line.isprintable() for line in lines)


def test_pages(photochrom, scans):
    with Image.open(scans / "a.jpg") as photo:
        photo.save(scans / "album.tif", save_all=True, append_images=[photo.rotate(180)])
    done = photochrom("colorize", "album.tif", cwd=scans)
    assert done.stdout.decode().split() == ["album.color.tif"]
    with tifffile.TiffFile(scans / "album.color.tif") as album:
        assert len(album.pages) == 2
