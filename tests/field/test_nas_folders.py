"""Folders as file servers and desktops have them: their own files, and pictures of other kinds."""

import json
import os
from pathlib import Path

import pytest

from photochrom.batch import Patterns, photos_in
from support.trees import SMALL, files_in, save_gray_photos

SYSTEM = [
    "@eaDir", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", "$RECYCLE.BIN", "RECYCLER",
    "System Volume Information", ".Trash", ".Trash-1000", ".Trashes", "lost+found", ".thumbnails",
    "__MACOSX", "Network Trash Folder", "~snapshot",
]  # fmt: skip


@pytest.mark.parametrize("name", SYSTEM)
def test_folders_of_servers_and_desktops_are_passed_over(tmp_path, name):
    for path in ("a.jpg", f"{name}/a.jpg/thumb.jpg", f"1912/{name.upper()}/b.jpg", "1912/b.jpg"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert list(photos_in(tmp_path, recursive=True, patterns=Patterns())) == ["a.jpg", "1912/b.jpg"]


def test_such_a_folder_is_walked_where_it_is_named(tmp_path):
    (tmp_path / "#recycle").mkdir()
    (tmp_path / "#recycle" / "a.jpg").touch()
    found = photos_in(tmp_path / "#recycle", recursive=True, patterns=Patterns())
    assert list(found) == ["a.jpg"]


@pytest.fixture
def archive(tmp_path):
    """A photo, five pictures of kinds that cannot be read, and files that are no pictures."""
    root = save_gray_photos(tmp_path / "archive", "a.jpg")
    (root / "1912").mkdir()
    for name in (
        "b.xcf", "c.XCF", "1912/d.xcf", "1912/e.x3f", "f.X3F", "._g.xcf", "Thumbs.db", ".DS_Store",
        "a.xmp", "notes.txt", "photochrom-ledger.sqlite", "index.json", "desktop.ini",
    ):  # fmt: skip
        (root / name).write_bytes(b"gimp xcf")
    return root


def test_pictures_of_other_kinds_are_counted_at_the_end(command, archive):
    done = command("colorize", archive, "-r", "-o", archive.parent / "out", *SMALL)
    assert done.returncode == 0
    first, last = done.stderr.decode().splitlines()
    assert first.startswith("photochrom: 1 done, ")
    assert last == "photochrom: 5 files passed over: 3 XCF, 2 X3F"
    assert files_in(archive.parent / "out") == [
        "a.color.jpg", "photochrom-ledger.sqlite", "photochrom-ledger.sqlite.lock"
    ]  # fmt: skip


def test_each_has_a_record(command, archive):
    done = command("colorize", archive, "-r", "--json", "--exclude", "*.x3f", *SMALL)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    passed_over = {
        record["input"]: record["reason"] for record in records if record["state"] == "passed over"
    }
    names = ("b.xcf", "c.XCF", "f.X3F", "1912/d.xcf")  # patterns mind the case of letters
    assert passed_over == dict.fromkeys(
        (str(archive / name) for name in names), "unsupported format"
    )
    assert [record["state"] for record in records if record["input"].endswith(".jpg")] == ["done"]
    assert set(records[0]) == set(records[-1])
    assert done.stderr.decode().endswith("photochrom: 4 files passed over: 3 XCF, 1 X3F\n")


def test_only_other_kinds(command, archive):
    (archive / "a.jpg").unlink()
    done = command("colorize", archive, *SMALL)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        f"photochrom: {archive}: no photos there; 3 files passed over: 2 XCF, 1 X3F\n"
    )


def test_a_folder_of_other_kinds_beside_one_with_photos(command, archive, tmp_path):
    drawings = tmp_path / "drawings"
    drawings.mkdir()
    (drawings / "a.svg").write_bytes(b"<svg/>")
    done = command("colorize", drawings, archive, *SMALL)
    assert done.returncode == 0
    assert b"1 file passed over: 1 SVG\n" in done.stderr
    assert done.stdout.decode() == f"{archive / 'a.color.jpg'}\n"


def test_kinds_that_are_read_only_are_photos(tmp_path):
    for name in ("a.bmp", "b.psd", "c.jxl", "d.nef", "e.tif", "f.svg"):
        (tmp_path / name).touch()
    found = photos_in(tmp_path, recursive=False, patterns=Patterns())
    assert list(found) == ["a.bmp", "b.psd", "c.jxl", "d.nef", "e.tif"]


def test_a_folder_that_cannot_be_read_is_a_failure(command, tmp_path, monkeypatch):
    root = save_gray_photos(tmp_path / "scans", "a.jpg", "locked/b.jpg", "@eaDir/c.jpg")
    scandir = os.scandir

    def refused(folder):  # also for root, who may read everything
        if Path(folder).name in ("locked", "@eaDir"):
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)
    done = command("colorize", root, "-r", *SMALL)
    assert done.returncode == 1
    first, last = done.stderr.decode().splitlines()
    assert first == f"photochrom: {root / 'locked'}: cannot be read; check the folder's permissions"
    assert last.startswith("photochrom: 1 done, 1 failed, ")
