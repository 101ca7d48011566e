"""Reversible results from end to end: Python, command line, folders, and what is refused."""

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageCms

from photochrom import (
    ColorizeOptions,
    PhotoError,
    SaveOptions,
    check_luma,
    colorize,
    colorize_file,
    restore_original,
)
from photochrom.photo.metadata.digital_source import SOURCE_TYPE
from support.pictures import GRAY_PROFILES, scene

SMALL = ColorizeOptions(size=64)
REVERSIBLE = SaveOptions(reversible=True)


@pytest.fixture
def photo(examples, tmp_path):
    path = tmp_path / "cat.jpg"
    path.write_bytes((examples / "cat.jpg").read_bytes())
    return path


def test_a_result_gives_the_photo_back(photo):
    report = colorize_file(photo, options=SMALL, save=REVERSIBLE)
    (path,) = report.outputs
    assert restore_original(path) == photo.read_bytes()
    assert restore_original(path.read_bytes()) == photo.read_bytes()
    luma = check_luma(path, photo)
    assert luma.original_bytes == photo.stat().st_size
    assert luma.largest_difference <= 1
    assert luma.share_beyond_rounding == 0


def test_it_has_the_colors_of_an_ordinary_result(examples, lab_of):
    """Measured on the eight examples: 0.6 to 2.0 units of ab on average, 0.1 to 2.5 of L."""
    result = colorize(examples / "cat.jpg")
    kept = np.asarray(Image.open(io.BytesIO(result.encode(".jpg", REVERSIBLE))))
    difference = np.abs(lab_of(kept) - lab_of(result.rgb))
    assert difference[..., 0].mean() < 0.3
    assert np.linalg.norm(difference[..., 1:], axis=-1).mean() < 1


def test_the_mark_stands_in_its_xmp_unless_it_shall_not(photo):
    result = colorize(photo, SMALL)
    assert SOURCE_TYPE.encode() in result.encode(".jpg", REVERSIBLE)
    bare = result.encode(".jpg", REVERSIBLE, mark=False)
    assert SOURCE_TYPE.encode() not in bare
    assert restore_original(bare) == photo.read_bytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_colored_as_it_is_stored(tmp_path, orientation, lab_of):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.jpg"
    Image.fromarray(scene(1, np.uint8)[..., 0]).save(path, exif=exif, quality=95)
    result = colorize(path, SMALL)
    kept = Image.open(io.BytesIO(result.encode(".jpg", REVERSIBLE)))
    usual = Image.open(io.BytesIO(result.encode(".jpg")))
    assert kept.getexif()[0x0112] == orientation
    difference = lab_of(np.asarray(kept)) - lab_of(np.asarray(usual))
    assert np.abs(difference[..., 1:]).mean() < 3


def test_a_grey_profile_becomes_an_rgb_one_with_its_curve(tmp_path):
    path = tmp_path / "profiled.jpg"
    profile = GRAY_PROFILES["gamma 1.8"]
    Image.fromarray(scene(1, np.uint8)[..., 0]).save(path, icc_profile=profile)
    kept = colorize(path, SMALL).encode(".jpg", REVERSIBLE)
    written = Image.open(io.BytesIO(kept)).info["icc_profile"]
    assert ImageCms.ImageCmsProfile(io.BytesIO(written)).profile.xcolor_space.strip() == "RGB"
    assert restore_original(kept) == path.read_bytes()


def test_other_kinds_are_refused_with_the_reason(tmp_path, examples):
    png = tmp_path / "photo.png"
    Image.fromarray(scene(1, np.uint8)[..., 0]).save(png)
    with pytest.raises(PhotoError, match=r"cannot be coloured reversibly: it is a PNG file"):
        colorize(png, SMALL).save(tmp_path / "a.jpg", REVERSIBLE)
    with pytest.raises(PhotoError, match="it is an array"):
        colorize(scene(1, np.uint8)[..., 0], SMALL).save(tmp_path / "a.jpg", REVERSIBLE)
    with pytest.raises(PhotoError, match=r"cat.jpg: cannot be coloured reversibly into a PNG"):
        colorize(examples / "cat.jpg", SMALL).save(tmp_path / "a.png", REVERSIBLE)
    with pytest.raises(PhotoError, match=r"the grey file cannot be restored: it is no reversible"):
        restore_original(examples / "cat.jpg")
    assert sorted(tmp_path.iterdir()) == [png]


def test_the_command_line_there_and_back(photo, command):
    done = command("colorize", "--reversible", "--size", "64", photo.name, cwd=photo.parent)
    assert done.returncode == 0
    done = command("verify", "--json", "cat.color.jpg", "cat.jpg", cwd=photo.parent)
    assert json.loads(done.stdout)["share_beyond_rounding"] == 0
    done = command("undo", "cat.color.jpg", cwd=photo.parent)
    assert done.stdout.decode().strip() == "cat.color.gray.jpg"
    assert photo.with_name("cat.color.gray.jpg").read_bytes() == photo.read_bytes()
    assert (photo.with_name("cat.color.gray.jpg").stat().st_mode & 0o777) == (
        photo.stat().st_mode & 0o777
    )
    wrong = command("undo", "cat.color.jpg", "-o", "grey.png", cwd=photo.parent)
    assert wrong.returncode == 2
    assert b"grey.png: the grey file is a JPEG" in wrong.stderr
    again = command("undo", "cat.color.jpg", cwd=photo.parent)
    assert again.returncode == 1
    assert b"exists already; add --overwrite" in again.stderr
    none = command("verify", "cat.jpg", cwd=photo.parent)
    assert none.returncode == 1
    assert none.stderr.count(b"\n") == 1
    other = command("verify", "cat.color.jpg", "cat.color.jpg", cwd=photo.parent)
    assert other.returncode == 1
    assert b"was not made of cat.color.jpg" in other.stderr


def test_pipes_there_and_back(photo, photochrom):
    gray = photo.read_bytes()
    colored = photochrom("colorize", "--reversible", "--size", "64", "-", stdin=gray).stdout
    assert photochrom("undo", "-", stdin=colored).stdout == gray
    done = photochrom("undo", "-", "-o", "back.jpg", stdin=colored, cwd=photo.parent)
    assert done.stdout == b"back.jpg\n"
    assert photo.with_name("back.jpg").read_bytes() == gray
    photo.with_name("c.jpg").write_bytes(colored)
    assert photochrom("undo", "c.jpg", "-o", "-", cwd=photo.parent).stdout == gray
    done = photochrom("verify", "--json", "-", photo, stdin=colored)
    assert json.loads(done.stdout)["input"] == "-"
    for arguments in (["undo", "-"], ["verify", "-"]):
        wrong = photochrom(*arguments, stdin=gray)
        assert (wrong.returncode, wrong.stdout) == (1, b"")
        assert wrong.stderr.startswith(b"photochrom: standard input: the grey file cannot be")
    none = photochrom("undo", "none.jpg", cwd=photo.parent)
    assert none.stderr.startswith(b"photochrom: none.jpg: no such file")


def test_variants_are_reversible(photo, command):
    done = command("variants", photo.name, "--reversible", "--size", "64", "-n", "2",
                   cwd=photo.parent)  # fmt: skip
    first, second, _ = done.stdout.decode().split()
    for name in (first, second):
        assert restore_original(photo.with_name(name)) == photo.read_bytes()
    assert photo.with_name(first).read_bytes() != photo.with_name(second).read_bytes()


def test_a_folder_is_colored_reversibly_and_tells_what_it_cannot(photo, command):
    Image.fromarray(scene(1, np.uint8)[..., 0]).save(photo.with_name("scan.png"))
    done = command(
        "colorize", "--reversible", "--size", "64", "--json", ".", "-o", "out", cwd=photo.parent
    )
    assert done.returncode == 1
    records = {line["input"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert records["cat.jpg"]["state"] == "done"
    assert "reversible" in records["scan.png"]["error"]
    assert restore_original(photo.parent / "out/cat.color.jpg") == photo.read_bytes()
