"""What a person types: each does what is meant, or names the right command in one line."""

import os
import shutil
import subprocess
import sys
import threading

import pytest
from PIL import Image

from photochrom.files import colorize_file
from photochrom.options import ColorizeOptions


@pytest.fixture
def folder(examples, tmp_path):
    shutil.copy(examples / "cat.jpg", tmp_path / "in.jpg")
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def format_of(data_or_path):
    with Image.open(data_or_path) as picture:
        return picture.format, picture.mode


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["in.jpg"], "in.jpg: is no command; to colour it: photochrom colorize in.jpg"),
        (["lost.png"], "lost.png: is no command; to colour it: photochrom colorize lost.png"),
        (["colorise", "in.jpg"], "colorise: no such command; did you mean colorize?"),
        (["xyzzy"], "xyzzy: no such command; photochrom --help lists all"),
        (
            ["colorize", "in.jpg", "out.jpg"],
            "out.jpg: no such file; to write there: photochrom colorize in.jpg -o out.jpg",
        ),
        (
            ["colorize", "-vividness", "0.8", "in.jpg"],
            "-vividness: an option begins with two hyphens; write --vividness",
        ),
        (
            ["colorize", "in.jpg", "-output=x.jpg"],
            "-output=x.jpg: an option begins with two hyphens; write --output=x.jpg",
        ),
        (
            ["colorize", "in.jpg", "\N{EN DASH}vividness", "0.8"],
            "\N{EN DASH}vividness: an option begins with two hyphens; write --vividness",
        ),
        (
            ["variants", "in.jpg", "\N{EM DASH}count", "3"],
            "\N{EM DASH}count: an option begins with two hyphens; write --count",
        ),
        (
            ["colorize", "\N{EN DASH}x", "in.jpg"],
            "\N{EN DASH}x: no such file, and an option begins with two hyphens",
        ),
        (
            ["colorize", "https://example.org/a.jpg"],
            "https://example.org/a.jpg: is an address, and nothing is downloaded; "
            "first run curl -o photo.jpg 'https://example.org/a.jpg'",
        ),
        (
            ["variants", "http://example.org/a.jpg"],
            "http://example.org/a.jpg: is an address, and nothing is downloaded; "
            "first run curl -o photo.jpg 'http://example.org/a.jpg'",
        ),
        (
            ["colorize", "*.tif"],
            "*.tif: no file has such a name; check the folder and the pattern",
        ),
        (["colorize", " "], "a photo's name is empty; name a photo or a folder"),
        (
            ["colorize", r"C:\Users\me\in.jpg"],
            r"C:\Users\me\in.jpg: is a path of Windows, and nothing is there; "
            "name the file as it is called here",
        ),
    ],
)
def test_wrong_usage_is_one_line_with_the_right_one(command, folder, arguments, line):
    done = command(*arguments, cwd=folder)
    assert done.stderr.decode() == f"photochrom: {line}\n"
    assert (done.returncode, done.stdout) == (2, b"")
    assert names(folder) == ["in.jpg"]


@pytest.mark.parametrize("name", ["lost.jpg", "nowhere/lost.jpg", "lost", "nowhere/lost.xyz"])
@pytest.mark.parametrize("options", [[], ["-o", "nowhere/out.jpg"], ["-o", "out.xyz"]])
def test_the_missing_photo_is_what_is_said_to_be_missing(command, folder, name, options):
    done = command("colorize", name, *options, cwd=folder)
    assert done.returncode == 1
    assert done.stderr.decode() == f"photochrom: {name}: no such file; check the name\n"


def test_a_folder_where_a_photo_is_meant(command, folder):
    (folder / "album").mkdir()
    done = command("variants", "album", cwd=folder)
    assert done.returncode == 1
    assert done.stderr == b"photochrom: album: is a folder, not a photo; name a photo in it\n"


@pytest.mark.parametrize("typed", ["~/in.jpg", "file://{folder}/in.jpg", " in.jpg ", "*.jpg"])
@pytest.mark.parametrize("verb", ["colorize", "variants"])
def test_what_is_meant_is_found(command, folder, monkeypatch, typed, verb):
    monkeypatch.setenv("HOME", str(folder))
    options = ["--size", "64"] if verb == "colorize" else ["--size", "64", "--count", "2"]
    done = command(verb, typed.format(folder=folder), *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert len(names(folder)) == (2 if verb == "colorize" else 4)


def test_percent_signs_of_an_address_and_backslashes(command, folder):
    (folder / "old scans").mkdir()
    (folder / "in.jpg").rename(folder / "old scans" / "in.jpg")
    for typed in (f"file://{folder}/old%20scans/in.jpg", r"old scans\in.jpg"):
        done = command("colorize", typed, "--size", "64", "--overwrite", cwd=folder)
        assert done.returncode == 0, done.stderr
    assert names(folder / "old scans") == ["in.color.jpg", "in.jpg"]


def test_a_home_folder_in_quotes_after_o(command, folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    done = command("colorize", "in.jpg", "-o", "~/out/", "--size", "64", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert names(folder / "out") == ["in.color.jpg"]


@pytest.mark.parametrize(
    ("name", "result"),
    [("scan", "scan.color.png"), ("scan.xyz", "scan.color.png"), ("scan.png ", "scan.color.png")],
)
def test_a_photo_is_known_by_its_first_bytes(command, folder, name, result):
    with Image.open(folder / "in.jpg") as picture:
        picture.save(folder / name, "PNG")
    done = command("colorize", name, "--size", "64", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert format_of(folder / result) == ("PNG", "RGB")
    (folder / result).unlink()
    report = colorize_file(folder / name, options=ColorizeOptions(size=64))
    assert report.outputs == (folder / result,)


def test_what_is_no_picture_is_said_of_the_photo(command, folder):
    (folder / "letter").write_text("Dear Anna")
    done = command("colorize", "letter", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.startswith(b"photochrom: letter: not an image")


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes")
@pytest.mark.parametrize("options", [[], ["-o", "out.png"]])
def test_a_pipe_with_a_name(command, folder, options):
    """As `<(...)` is: without a suffix, and to be read once."""
    os.mkfifo(folder / "63")
    data = (folder / "in.jpg").read_bytes()
    writer = threading.Thread(target=(folder / "63").write_bytes, args=(data,))
    writer.start()
    done = command("colorize", "63", *options, "--size", "64", cwd=folder)
    writer.join()
    assert done.returncode == 0, done.stderr
    if options:
        assert format_of(folder / "out.png") == ("PNG", "RGB")
    else:
        assert done.stdout.startswith(b"\xff\xd8\xff")


@pytest.mark.skipif(sys.platform == "win32", reason="no such file")
def test_standard_input_by_its_name(folder):
    photochrom = [sys.executable, "-m", "photochrom"]
    with (folder / "in.jpg").open("rb") as file:
        done = subprocess.run(
            [*photochrom, "colorize", "/dev/stdin", "--size", "64"],
            stdin=file,
            capture_output=True,
            cwd=folder,
            check=True,
        )
    assert done.stdout.startswith(b"\xff\xd8\xff")
