"""Files that an archive has and nobody wants: each is answered by a picture or by one line."""

import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from photochrom import Colorizer
from photochrom.errors import PhotochromError, PhotoError
from photochrom.photo import Photo
from support import pictures

SEEDS = Path(__file__).with_name("seeds")


@pytest.fixture(scope="module")
def one_thread():
    return Colorizer(threads=1)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    for name, (write, *_) in pictures.MADE.items():
        write(folder / name)
    return {name: (folder / name).read_bytes() for name in pictures.MADE}


def answered(colorizer, data, folder, suffix):
    """Colour a file; returns the error or the warning, if any. Nothing may be left."""
    source, target = folder / f"in{suffix}", folder / f"out{suffix}"
    source.write_bytes(data)
    line = None
    try:
        photo = Photo(source, max_pixels=4_000_000)
        colorizer.colorize(photo, size=32).save(target)
        line = photo.notes[0] if photo.notes else None
    except PhotochromError as error:
        line = str(error)
        assert "\n" not in line
        assert str(source) in line or "photochrom[" in line
    else:
        assert Photo(target).small_copy(32, 32).shape == (32, 32, 3)
        target.unlink()
    source.unlink()
    assert list(folder.iterdir()) == []
    return line


@pytest.mark.parametrize("name", pictures.MADE)
def test_cut_at_every_tenth(one_thread, sound, tmp_path, name):
    data, suffix = sound[name], f".{name.split('.')[1]}"
    lines = [
        answered(one_thread, data[: len(data) * tenth // 10], tmp_path, suffix)
        for tenth in range(10)
    ]
    assert lines[0] is not None
    assert "empty" in lines[0]
    # what is cut is noticed; text-like kinds and some codecs fill a missing end
    missed = sum(line is None for line in lines)
    assert missed <= (3 if suffix in (".jp2", ".heic", ".gif", ".pgm", ".ppm") else 0), lines


@pytest.mark.parametrize("name", pictures.MADE)
def test_changed_bytes(one_thread, sound, tmp_path, name):
    chance, suffix = random.Random(name), f".{name.split('.')[1]}"
    for _ in range(6):
        data = bytearray(sound[name])
        for _ in range(chance.choice((1, 4, 30))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        answered(one_thread, bytes(data), tmp_path, suffix)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif", ".gif", ".jp2"])
@pytest.mark.parametrize("length", [1, 3, 100, 5000])
def test_noise(one_thread, tmp_path, suffix, length):
    line = answered(one_thread, random.Random(length).randbytes(length), tmp_path, suffix)
    assert "not an image of a kind" in line


@pytest.mark.parametrize("shape", [(1, 1), (1, 60_000), (60_000, 1), (2, 3)])
def test_strange_shapes(one_thread, tmp_path, shape):
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    tifffile.imwrite(tmp_path / "strange.tif", picture)
    result = one_thread.colorize(tmp_path / "strange.tif")
    result.save(tmp_path / "out.tif")
    assert tifffile.imread(tmp_path / "out.tif").shape == (*shape, 3)


def test_things_that_are_no_files(one_thread, tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "dangling.jpg").symlink_to("nowhere.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    for name in ("folder.jpg", "loop.jpg", "dangling.jpg", "pipe.jpg"):
        with pytest.raises(PhotoError) as error:
            one_thread.colorize(tmp_path / name)
        assert name in str(error.value)
        assert "\n" not in str(error.value)


def test_a_full_disk(examples, tmp_path):
    """A limit on the size of files is what a full disk looks like; here it is 30 kB."""
    program = (
        "import sys; from pathlib import Path; from photochrom import Colorizer\n"
        "result = Colorizer(threads=1).colorize(sys.argv[1])\n"
        "from photochrom.errors import PhotoError\n"
        "for suffix in ('.jpg', '.png', '.tif', '.webp', '.ppm'):\n"
        "    try: result.save(f'{sys.argv[2]}/out{suffix}')\n"
        "    except PhotoError as error: print(error)\n"
        "    else: print('written', suffix)\n"
    )

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    done = subprocess.run(
        [sys.executable, "-c", program, str(examples / "harbour.jpg"), str(tmp_path)],
        capture_output=True,
        text=True,
        preexec_fn=limited,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert all(str(tmp_path / "out.") in line for line in lines)
    assert not any(line.startswith("written") for line in lines)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, b"<x:xmpmeta" * 9])
def test_damaged_metadata_costs_only_itself(one_thread, tmp_path, damage):
    import pyvips

    image = pyvips.Image.new_from_array(pictures.scene()).copy(interpretation="b-w")
    for name in ("exif-data", "xmp-data", "iptc-data", "icc-profile-data"):
        image.set_type(pyvips.GValue.blob_type, name, damage or b"x")
    for suffix in (".jpg", ".png", ".tif", ".webp"):
        path = tmp_path / f"in{suffix}"
        try:
            image.write_to_file(str(path))
        except pyvips.Error:
            continue  # libvips itself refuses to write such
        one_thread.colorize(path).save(tmp_path / f"out{suffix}")
        assert Photo(tmp_path / f"out{suffix}").width == pictures.WIDTH


def test_vanished_while_read(one_thread, sound, tmp_path):
    path = tmp_path / "gone.jpg"
    path.write_bytes(sound["grey.jpg"])
    result = one_thread.colorize(path)
    path.unlink()
    with pytest.raises(PhotoError, match=r"gone\.jpg"):
        result.save(tmp_path / "out.jpg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", sorted(SEEDS.iterdir()), ids=lambda path: path.name)
def test_what_fuzzing_found_is_one_line(seed):
    """Files that once were an unforeseen error: benchmarks/faults.py fuzz."""
    if seed.suffix == ".heic":
        pytest.importorskip("pillow_heif")
    with pytest.raises(PhotoError) as caught:
        Photo(seed).small_copy(32, 32)
    assert "\n" not in str(caught.value)
    assert seed.name in str(caught.value)
