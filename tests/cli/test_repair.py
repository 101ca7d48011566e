"""`photochrom repair`, and `photochrom colorize --repair`, with masks that are given."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw


@pytest.fixture
def folder(examples, tmp_path):
    """A scratched photo, and the picture of its scratch."""
    with Image.open(examples / "cat.jpg") as image:
        photo = image.convert("L")
    mask = Image.new("L", photo.size)
    ImageDraw.Draw(mask).line([(90, 0), (200, 299)], 255, 5)
    photo.paste(255, mask=mask)
    photo.save(tmp_path / "scan.png")
    mask.save(tmp_path / "mask.png")
    return tmp_path


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_default_name_and_no_overwriting(command, folder):
    done = command("repair", "scan.png", "--mask-in", "mask.png", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().split() == ["scan.repaired.png"]
    before, after = pixels(folder / "scan.png"), pixels(folder / "scan.repaired.png")
    drawn = pixels(folder / "mask.png") > 0
    assert np.array_equal(after[~drawn], before[~drawn])
    assert (after[drawn] < before[drawn]).mean() > 0.9
    done = command("repair", "scan.png", "--mask-in", "mask.png", cwd=folder)
    assert done.returncode == 1
    assert (
        "scan.repaired.png: exists already; add --overwrite to replace it" in done.stderr.decode()
    )
    assert names(folder) == ["mask.png", "scan.png", "scan.repaired.png"]


def test_json_and_the_mask_as_a_picture(command, folder):
    done = command(
        *("repair", "scan.png", "--mask-in", "mask.png", "--mask", "found.png"),
        *("-o", "out.tif", "--json", "--max-width", "3"),
        cwd=folder,
    )
    record = json.loads(done.stdout)
    assert record["output"] == "out.tif"
    assert record["mask"] == "found.png"
    assert record["model"] is None
    assert record["mended"] == 0
    assert "damaged more than 3 pixels wide, and stay as they are" in record["warnings"][0]
    assert np.array_equal(pixels(folder / "found.png"), pixels(folder / "mask.png"))
    assert np.array_equal(pixels(folder / "out.tif"), pixels(folder / "scan.png"))


def test_pipe(command, folder):
    data = (folder / "scan.png").read_bytes()
    done = command("repair", "-", "--mask-in", "mask.png", stdin=data, cwd=folder)
    assert done.returncode == 0
    drawn = pixels(folder / "mask.png") > 0
    after = np.asarray(Image.open(io.BytesIO(done.stdout)))
    assert np.array_equal(after[~drawn], pixels(folder / "scan.png")[~drawn])


def test_colors_of_a_repaired_photo(command, folder):
    done = command(
        *("colorize", "scan.png", "--repair", "--mask-in", "mask.png", "--json", "--size", "64"),
        cwd=folder,
    )
    record = json.loads(done.stdout)
    drawn = pixels(folder / "mask.png") > 0
    assert record["mended"] == pytest.approx(drawn.mean())
    colored = pixels(folder / "scan.color.png")
    assert (colored[drawn].mean(1) < 250).mean() > 0.9
    assert np.ptp(colored.astype(int), axis=2).mean() > 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("colorize", "scan.png", "--levels"), "the options of a repair need --repair"),
        (("colorize", "scan.png", "--sensitivity", "0.2"), "need --repair; add --repair"),
        (("repair", "scan.png", "mask.png", "--mask", "m.png"), "belongs to one photo"),
        (("repair", "scan.png", "--mask-in", "none.png"), "none.png: no such file"),
        (("repair", "none.png"), "none.png: no such file"),
        (
            ("repair", "scan.png", "--mask-in", "mask.png", "--mask", "scan.repaired.png"),
            "is the repaired photo; name another file for the mask",
        ),
        (("repair", "scan.png", "--mask-in", "small.png"), "small.png: is 5 x 4 pixels"),
    ],
)
def test_wrong_usage_is_one_line(command, folder, arguments, problem):
    Image.new("L", (5, 4)).save(folder / "small.png")
    done = command(*arguments, cwd=folder)
    assert done.returncode in (1, 2)
    line = done.stderr.decode()
    assert line.count("\n") == 1
    assert problem in line
    assert "scan.repaired.png" not in names(folder)


def test_folder_is_a_job(photochrom, folder):
    """Each photo is searched for damage; the results of an earlier run are passed over."""
    album = folder / "album"
    album.mkdir()
    for name in ("a", "b"):
        shutil.copy(folder / "scan.png", album / f"{name}.png")
    done = photochrom("repair", "album", "-o", "out", "--jobs", "1", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert {record["output"] for record in records} == {
        "out/a.repaired.png",
        "out/b.repaired.png",
    }
    assert all(0 < record["mended"] < 0.1 for record in records)
    again = photochrom("repair", "album", "-o", "out", "--resume", cwd=folder)
    assert "2 done before" in again.stderr.decode()
