"""The walk through Huffman-coded data: sound files of every layout pass, impossible data does not.

What passes must be sound for a decoder too, and the walk must see whatever a decoder warns of.
"""

import re
import subprocess
from contextlib import suppress

import hatch_build
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photochrom._system import kernel
from photochrom.photo.jpeg.damage import _is_sound
from photochrom.photo.jpeg.markers import END, JpegStructureError
from photochrom.photo.jpeg.stream import pieces
from photochrom.photo.jpeg.structure import end_of, frame_of, structure_of
from photochrom.photo.jpeg.walk import ScanStruct, walk
from support import pictures
from support.programs import program

SIZES = [(1, 1), (1, 9), (7, 8), (8, 8), (9, 17), (33, 65), (70, 101)]
SAMPLINGS = ["1x1", "2x1", "1x2", "2x2", "4x1", "3x2", "2x2,2x1,2x1", "1x2,2x1,2x1"]
CODINGS = {
    "baseline": [],
    "optimised": ["-optimize"],
    "progressive": ["-progressive"],
    "restarts": ["-restart", "3B"],
    "progressive with restarts": ["-progressive", "-restart", "2B"],
    "fine": ["-quality", "100"],
    "coarse": ["-quality", "1", "-progressive"],
}


pytestmark = pytest.mark.usefixtures("native_kernel")


def picture(height, width, seed=0):
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (height // 3 + 2, width // 3 + 2, 3)).astype(np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def run(command, data):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def by_cjpeg(pixels, *options):
    return run([program("cjpeg"), *options], pictures.encoded(pixels, format="PPM"))


def walked(data):
    return walk(data, frame_of(data))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_sound_files_pass_and_end_where_their_data_ends(sampling, coding):
    for size in SIZES:
        data = by_cjpeg(picture(*size), "-sample", sampling, *CODINGS[coding])
        found = walked(data)
        assert (found.sound, found.ended, found.row) == (True, True, size[0])
        assert found.end == data.rindex(END)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_sound_grey_files_pass(size, coding):
    data = by_cjpeg(picture(*size).convert("L"), *CODINGS[coding])
    assert walked(data).sound
    assert not walked(data[: -len(END) - 1] + END).sound  # its last byte is needed


SCANS = {
    "one of each component": "0;1;2;",
    "two and one": "0;1,2;",
    "grey first": "0: 0-0, 0, 0; 1,2: 0-0, 0, 1; 1: 1-63, 0, 0; 2: 1-63, 0, 0; 0: 1-5, 0, 3;"
    "0: 6-63, 0, 0; 0: 1-5, 3, 2; 0: 1-5, 2, 1; 0: 1-5, 1, 0; 1,2: 0-0, 1, 0;",
}


@pytest.mark.parametrize("scans", SCANS)
def test_scripts_of_scans(scans, tmp_path):
    (tmp_path / "script").write_text(SCANS[scans], encoding="utf-8")
    for size in SIZES:
        for sampling in ("2x2", "1x1", "3x2"):
            options = ["-sample", sampling, "-scans", str(tmp_path / "script")]
            data = by_cjpeg(picture(*size), *options)
            assert walked(data).sound
            assert not walked(data[: data.rindex(b"\xff\xda")] + END).sound or "first" in scans


@pytest.mark.parametrize("name", ["harbour", "students", "astronaut"])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_walk_sees_what_is_cut(examples, name, coding):
    with Image.open(examples / f"{name}.jpg") as photo:
        photo = photo.convert("RGB").resize((200, 150))
    data = by_cjpeg(photo, *CODINGS[coding])
    start = frame_of(data).data
    rows = []
    for end in np.linspace(start, len(data) - 3, 20).astype(int):
        found = walked(data[:end])
        assert not found.sound
        rows.append(found.row)
    if "progressive" not in coding and coding != "coarse":
        assert rows == sorted(rows)
        assert rows[0] == 0
        assert rows[-1] >= 128


def test_the_row_of_a_code_that_does_not_exist(examples):
    """Standard tables have no code of sixteen ones; stuffed bytes give them."""
    with Image.open(examples / "harbour.jpg") as photo:
        photo = photo.convert("L").resize((320, 240))
    data = by_cjpeg(photo, "-restart", "1")
    marks = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", data)]
    for number in (0, 5, 28):
        place = marks[number] + 2
        damaged = data[:place] + b"\xff\0\xff\0\xff\0" + data[place + 6 :]
        assert walked(damaged).row == 8 * (number + 1)


@pytest.mark.parametrize("missing_marker", [0, 4, 12])
def test_restart_markers_are_counted(missing_marker):
    data = by_cjpeg(picture(120, 64).convert("L"), "-restart", "1")
    marks = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", data)]
    place = marks[missing_marker]
    gone = data[:place] + data[place + 2 :]
    renumbered = data[:place] + bytes([0xFF, 0xD0 + (missing_marker + 3) % 8]) + data[place + 2 :]
    filled = data[:place] + b"\xff\xff\xff" + data[place:]
    assert not walked(gone).sound
    assert walked(renumbered).row == 8 * (missing_marker + 1)
    assert walked(filled).sound  # a marker may be preceded by any number of these


def test_a_shade_that_no_samples_have():
    """Sixteen steps of 100 up, of which eleven are within the range, in otherwise possible data."""
    data = bytearray(by_cjpeg(Image.new("L", (320, 8), 128), "-quality", "100"))
    start = frame_of(data).data
    up = "11110" + f"{100:07b}" + "1010"
    for steps, sound in ((10, True), (16, False)):
        bits = up * steps + "001010" * (40 - steps)
        bits += "1" * (-len(bits) % 8)
        coded = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        assert walked(bytes(data[:start]) + coded.replace(b"\xff", b"\xff\0") + END).sound == sound


def test_bytes_left_over_and_padding():
    data = by_cjpeg(picture(40, 50))
    end = data.rindex(END)
    assert not walked(data[:end] + b"\x12" + END).sound
    assert walked(data[:end] + b"\x12" + END).row == 40
    assert walked(data[:end] + bytes(9) + b"\xff" * 9 + END).sound
    assert walked(data + b"anything").sound
    assert walked(data[:end]).ended is False
    comment = b"\xff\xfe\0\5abc"
    assert walked(data[:end] + comment + END).end == end + len(comment)


def test_what_is_not_walked(monkeypatch):
    data = by_cjpeg(picture(20, 20))
    frame = data.index(b"\xff\xc0")
    for code in (0xC3, 0xC9, 0xCA):
        assert walked(data[: frame + 1] + bytes([code]) + data[frame + 2 :]) is None
    assert walked(data[: frame + 4] + b"\x0c" + data[frame + 5 :]) is None
    monkeypatch.setenv(kernel.VARIABLE, "numpy")
    kernel.library.cache_clear()
    assert walked(data) is None
    kernel.library.cache_clear()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_walk_sees_what_a_decoder_warns_of(data):
    """The walk is stricter than counting by a decoder, never laxer."""
    options = CODINGS[data.draw(st.sampled_from(list(CODINGS)))]
    sound = by_cjpeg(picture(64, 96, data.draw(st.integers(0, 9))), *options)
    frame = frame_of(sound)
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(frame.data, len(damaged) - 3))
        if data.draw(st.booleans()):
            damaged[place] = data.draw(st.integers(0, 255))
        else:
            del damaged[place : min(len(damaged) - 2, place + data.draw(st.integers(1, 20)))]
    damaged = bytes(damaged)
    if walked(damaged).sound:
        assert _is_sound(damaged[: end_of(damaged, frame)], frame)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_bytes_are_walked(data):
    """Headers too: whatever is changed, the walk ends with an answer."""
    coding = CODINGS[data.draw(st.sampled_from(list(CODINGS)))]
    damaged = bytearray(by_cjpeg(picture(24, 40), *coding))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(2, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    frame = frame_of(bytes(damaged))
    if frame is not None and frame.height * frame.width < 4_000_000:
        found = walk(bytes(damaged), frame)
        assert found is None or 0 <= found.end <= len(damaged)


def test_the_struct_is_that_of_the_c_file():
    text = (hatch_build.ROOT / "src/photochrom/photo/jpeg/walk.c").read_text(encoding="utf-8")
    body = re.sub(r"/\*.*?\*/", "", text.split("struct scan {")[1].split("};")[0], flags=re.DOTALL)
    lists = re.findall(r"^ *(?:const )?\w+ ([^;/]+);", body, re.MULTILINE)
    declared = [re.search(r"\w+", name)[0] for names in lists for name in names.split(",")]
    assert declared == [name for name, *_ in ScanStruct._fields_]


@pytest.mark.parametrize("coding", ["baseline", "restarts", "fine"])
def test_a_hole_that_a_decoder_fills_exactly(coding):
    """Zeros may be possible codes; but then every block has all coefficients, and the same."""
    data = by_cjpeg(picture(120, 160).convert("L"), *CODINGS[coding])
    end = data.rindex(END)
    for length in (100, 200, 300):
        for padding in range(0, 400, 25):
            assert not walked(data[: end - length] + bytes(length + padding) + END).sound


@pytest.mark.parametrize("coding", ["baseline", "optimised", "progressive", "restarts"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_one_shade_is_no_hole(coding, mode):
    plain = Image.new(mode, (1600, 1200), 200 if mode == "L" else (200, 90, 30))
    plain.paste(picture(60, 60).convert(mode), (40, 40))
    assert walked(by_cjpeg(plain, *CODINGS[coding])).sound


@pytest.mark.parametrize("where", ["header", "data", "behind"])
def test_a_long_run_of_one_byte_takes_no_longer(where):
    """A megabyte took hours where a marker was looked for from each of its bytes."""
    sound = by_cjpeg(picture(40, 40))
    run_of_ones = b"\xff" * 1_000_000 + b"\0"
    place = {"header": 2, "data": frame_of(sound).data + 9, "behind": sound.rindex(END)}[where]
    data = sound[:place] + run_of_ones + sound[place:]
    assert walked(data).sound == (where != "data")
    structure_of(data, frame_of(data))
    with suppress(JpegStructureError):
        list(pieces(data))
