import io
import json
import re
import shutil
import signal
import subprocess

import numpy as np
import pytest
from PIL import Image

from photochrom.photo.metadata.digital_source import SOURCE_TYPE
from support.records import FIELDS


@pytest.fixture
def album(examples, tmp_path):
    """A folder of two photos, copied, so that results may lie beside them."""
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("cat.jpg", "astronaut.jpg"):
        shutil.copy(examples / name, folder)
    return folder


def is_colored(picture, size):
    image = Image.open(picture)
    pixels = np.asarray(image.convert("RGB")).astype(int)
    # Measured 23 and 36 (codes); JPEG alone makes no colour of grey.
    return image.size == size and np.ptp(pixels, axis=2).mean() > 3


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_default_name_and_no_overwriting(photochrom, album):
    original = (album / "cat.jpg").read_bytes()
    target = album / "cat.color.jpg"
    done = photochrom("colorize", "cat.jpg", cwd=album)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().split() == ["cat.color.jpg"]
    assert is_colored(target, (451, 300))
    assert (album / "cat.jpg").read_bytes() == original

    target.write_bytes(b"retouched by hand")
    done = photochrom("colorize", "cat.jpg", cwd=album)
    assert (done.returncode, done.stdout) == (1, b"")
    assert target.read_bytes() == b"retouched by hand"
    message = done.stderr.decode()
    assert message.count("\n") == 1
    assert "cat.color.jpg" in message
    assert "--overwrite" in message

    done = photochrom("colorize", "cat.jpg", "--overwrite", cwd=album)
    assert (done.returncode, done.stderr) == (0, b"")
    assert is_colored(target, (451, 300))
    assert names(album) == ["astronaut.jpg", "cat.color.jpg", "cat.jpg"]


def test_a_folder_twice(photochrom, album):
    """Results of an earlier run, hidden files, other files and subfolders are passed over."""
    (album / "notes.txt").write_text("not a photo")
    (album / ".hidden.jpg").write_bytes(b"")
    (album / "more").mkdir()
    shutil.copy(album / "cat.jpg", album / "more" / "kitten.jpg")
    done = photochrom("colorize", album)
    assert done.returncode == 0
    left, summary = done.stderr.splitlines()
    assert left == b"photochrom: warning: photos in subfolders are left out; add --recursive"
    assert re.fullmatch(rb"photochrom: 2 done, [0-9.]+ photos/s", summary)
    results = [str(album / n) for n in ("astronaut.color.jpg", "cat.color.jpg")]
    assert sorted(done.stdout.decode().splitlines()) == results
    assert is_colored(album / "astronaut.color.jpg", (512, 512))
    done = photochrom("colorize", album)
    assert done.returncode == 1
    assert done.stderr.count(b"exists already") == 2
    done = photochrom("colorize", album, "--overwrite", "--recursive")
    results.append(str(album / "more" / "kitten.color.jpg"))
    assert sorted(done.stdout.decode().splitlines()) == results
    left_beside = {".hidden.jpg", "more", "notes.txt"}
    assert set(names(album)) == {"cat.jpg", "astronaut.jpg"} | {
        *left_beside,
        "astronaut.color.jpg",
        "cat.color.jpg",
    }  # no ledger


def test_folders_beside_photos(photochrom, album, examples):
    """As a shell gives them for `album/*`: the folder is a job, the photo is coloured here."""
    (album / "more").mkdir()
    shutil.copy(examples / "cat.jpg", album / "more" / "kitten.jpg")
    done = photochrom("colorize", album / "cat.jpg", album / "more", "--size", "64", "--json")
    assert done.returncode == 0
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["output"] for record in records] == [
        str(album / "cat.color.jpg"),
        str(album / "more" / "kitten.color.jpg"),
    ]


@pytest.mark.parametrize("option", ["--resume", "--retry-failed"])
def test_resuming_needs_a_ledger(photochrom, album, option):
    done = photochrom("colorize", album, option)
    assert done.returncode == 2
    assert b"add -o FOLDER" in done.stderr
    assert names(album) == ["astronaut.jpg", "cat.jpg"]


def test_an_output_folder_and_json(photochrom, album, tmp_path):
    out = tmp_path / "new" / "folder"
    done = photochrom("colorize", album, "-o", out, "--json", "--size", "64")
    assert done.returncode == 0
    assert re.fullmatch(rb"photochrom: 2 done, [0-9.]+ photos/s\n", done.stderr)
    records = sorted(  # they come as they end
        (json.loads(line) for line in done.stdout.splitlines()), key=lambda record: record["input"]
    )
    assert [record["output"] for record in records] == [
        str(out / "astronaut.color.jpg"),
        str(out / "cat.color.jpg"),
    ]
    for record, size in zip(records, [(512, 512), (451, 300)], strict=True):
        assert set(record) == FIELDS | {"now"}
        assert (record["width"], record["height"]) == size
        assert record["seconds"] > 0
        assert is_colored(record["output"], size)
    assert names(album) == ["astronaut.jpg", "cat.jpg"]


def test_an_output_file_of_another_format(command, album):
    done = command("colorize", album / "cat.jpg", "-o", album / "cat.png")
    assert (done.returncode, done.stderr) == (0, b"")
    with Image.open(album / "cat.png") as image:
        assert image.format == "PNG"


@pytest.mark.parametrize("output", [[], ["-o", "-"]])
def test_a_pipe(photochrom, examples, output):
    done = photochrom("colorize", "-", *output, stdin=(examples / "cat.jpg").read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert is_colored(io.BytesIO(done.stdout), (451, 300))


def test_a_bad_pipe(photochrom):
    for data in (b"", b"Dear grandmother"):
        done = photochrom("colorize", "-", stdin=data)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.startswith(b"photochrom: standard input: ")
        assert done.stderr.count(b"\n") == 1


def test_one_bad_photo_does_not_stop_the_others(photochrom, album):
    data = (album / "cat.jpg").read_bytes()
    (album / "broken.jpg").write_bytes(data[: len(data) // 2])
    done = photochrom("colorize", album, album / "nowhere.jpg", "--json")
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 3  # one a failure, the folder's sum, and no progress bar
    assert "nowhere.jpg" in lines[0]
    assert "broken.jpg" in lines[1]
    assert "2 done, 1 failed" in lines[2]
    assert all(line.startswith("photochrom: ") for line in lines)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(record) - {"now"} == FIELDS for record in records)
    assert sorted(record["state"] for record in records) == ["done", "done", "failed", "failed"]
    for record in records:
        assert record["reason"] == (None if record["state"] == "done" else "PhotoError")
        assert (record["error"] is None) == (record["state"] == "done")
    assert is_colored(album / "astronaut.color.jpg", (512, 512))
    assert is_colored(album / "cat.color.jpg", (451, 300))
    assert not (album / "broken.color.jpg").exists()
    assert not [name for name in names(album) if "part" in name]


def test_no_mark(command, album):
    command("colorize", album / "cat.jpg", "-o", album / "marked.jpg")
    command("colorize", album / "cat.jpg", "-o", album / "plain.jpg", "--no-mark")
    marked, plain = ((album / f"{n}.jpg").read_bytes() for n in ("marked", "plain"))
    assert SOURCE_TYPE.encode() in marked
    assert b"DigitalSourceType" in marked
    assert b"DigitalSourceType" not in plain


def test_vividness_and_quality_reach_the_file(command, album):
    sizes = {}
    for name, options in {
        "low": ["--quality", "20"],
        "high": ["--quality", "95"],
    }.items():
        target = album / f"{name}.jpg"
        command("colorize", album / "cat.jpg", "-o", target, *options)
        sizes[name] = target.stat().st_size
    assert sizes["low"] < sizes["high"] / 2


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["colorize"],
        ["colorise", "cat.jpg"],
        ["colorize", "cat.jpg", "--vividness", "2"],
        ["colorize", "cat.jpg", "--size", "5"],
        ["colorize", "cat.jpg", "--quality", "0"],
        ["colorize", "cat.jpg", "--nonsense"],
        ["colorize", "-", "-"],
        ["colorize", "-", "--json"],
        ["colorize", "-", "-o", "folder"],
        ["colorize", "cat.jpg", "astronaut.jpg", "-o", "one.jpg"],
        ["colorize", "cat.jpg", "astronaut.jpg", "-o", "-"],
        ["colorize", "empty"],
    ],
    ids=" ".join,
)
def test_wrong_usage(command, album, arguments):
    (album / "empty").mkdir()
    before = names(album)
    done = command(*arguments, cwd=album)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert names(album) == before


def test_an_unknown_model(command, album):
    done = command("colorize", album / "cat.jpg", "--model", "photochron")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"did you mean photochrom?" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_file_where_the_output_folder_should_be(command, album):
    (album / "out").write_bytes(b"a file")
    done = command("colorize", "cat.jpg", "-o", "out", cwd=album)
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    assert done.stderr.startswith(b"photochrom: out")
    assert done.stderr.count(b"\n") == 1
    assert (album / "out").read_bytes() == b"a file"


def test_a_folder_that_takes_no_files(command, album):
    done = command("colorize", "cat.jpg", "-o", "/proc/cat.jpg", cwd=album)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_an_interrupt(script):
    command = [str(script), "colorize", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdin.write(bytes(1_000_000))  # more than a pipe holds: it reads when this ends
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.decode().strip() == "photochrom: interrupted; finished photos are kept"


def test_version(photochrom):
    from photochrom import __version__

    done = photochrom("--version")
    assert (done.returncode, done.stdout.decode().strip()) == (0, f"photochrom {__version__}")


def test_two_photos_of_one_name_are_refused(command, examples, tmp_path):
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "cat.jpg"
    twin.write_bytes((examples / "cat.jpg").read_bytes())
    target = tmp_path / "out"
    done = command("colorize", examples / "cat.jpg", twin, "-o", f"{target}/", "--overwrite")
    assert done.returncode == 2
    assert "would become" in done.stderr.decode()
    assert list(target.iterdir()) == []


def test_a_confidence_map(command, album):
    done = command("colorize", "cat.jpg", "--confidence", "sure.png", "--json", cwd=album)
    assert (done.returncode, done.stderr) == (0, b"")
    record = json.loads(done.stdout)
    assert set(record) == FIELDS | {"confidence"}
    assert record["confidence"] == "sure.png"
    with Image.open(album / "sure.png") as image:
        assert image.size[0] == 451
        assert image.size[1] > 300  # the map and its legend
    assert is_colored(album / "cat.color.jpg", (451, 300))

    before = (album / "sure.png").read_bytes()
    done = command("colorize", "cat.jpg", "-o", "x.png", "--confidence", "sure.png", cwd=album)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"sure.png" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert (album / "sure.png").read_bytes() == before
    assert not (album / "x.png").exists()
    arguments = ["cat.jpg", "-o", "x.png", "--confidence", "sure.png", "--overwrite"]
    done = command("colorize", *arguments, cwd=album)
    assert done.stdout.decode().split() == ["x.png", "sure.png"]


def test_a_confidence_map_of_a_pipe(photochrom, album):
    data = (album / "cat.jpg").read_bytes()
    done = photochrom("colorize", "-", "--confidence", "sure.webp", stdin=data, cwd=album)
    assert (done.returncode, done.stderr) == (0, b"")
    assert is_colored(io.BytesIO(done.stdout), (451, 300))
    with Image.open(album / "sure.webp") as image:
        assert image.format == "WEBP"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([".", "--confidence", "sure.png"], 2),
        (["cat.jpg", "--confidence", "sure.bmp"], 1),
        (["cat.jpg", "--confidence", "cat.jpg", "--overwrite"], 1),
        (["cat.jpg", "--confidence", "cat.color.jpg"], 1),
        (["cat.jpg", "--confidence", "nowhere/sure.png"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_confidence_map_that_cannot_be(command, album, arguments, code):
    before = {path: path.read_bytes() for path in album.iterdir()}
    done = command("colorize", *arguments, cwd=album)
    assert (done.returncode, done.stdout) == (code, b"")
    assert done.stderr.startswith(b"photochrom: ")
    assert done.stderr.count(b"\n") == 1
    assert {path: path.read_bytes() for path in album.iterdir()} == before


@pytest.mark.workshop
def test_a_confidence_map_of_a_model_that_has_none(command, album, tmp_path):
    from support.linear_model import write_model

    model = write_model(tmp_path / "simple.onnx", "stretch")
    before = names(album)
    done = command("colorize", "cat.jpg", "--model", model, "--confidence", "a.png", cwd=album)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"predicts no confidence" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert names(album) == before


# Hints


@pytest.fixture
def hints(tmp_path):
    def write(text):
        path = tmp_path / "hints.json"
        path.write_text(text)
        return path

    return write


def test_hints_reach_the_file(command, album, hints, lab_of):
    path = hints('{"hints": [{"x": 225, "y": 150, "color": "#5a6a9a"}]}')
    done = command("colorize", album / "cat.jpg", "--hints", path, "-o", album / "blue.png")
    assert (done.returncode, done.stderr) == (0, b"")
    with Image.open(album / "blue.png") as image:
        ab = lab_of(np.asarray(image))[150, 225, 1:]
    # By scikit-image's rgb2lab; sRGB has it at this lightness.
    assert np.linalg.norm(ab - (6.8, -28.0)) < 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '{"hints": [{"x": 451, "y": 150, "ab": [0, 0]}]}',
            ["cat.jpg: hint 1: x is 451", "0..450"],
        ),
        ('{"hints": [{"x": 1, "y": 1, "colour": "#ffffff"}]}', ["hints.json", "mean color"]),
        ("x, y, color", ["hints.json", "not valid JSON"]),
    ],
)
def test_wrong_hints(command, album, hints, text, words):
    done = command("colorize", album / "cat.jpg", "--hints", hints(text))
    assert (done.returncode, done.stdout) == (1, b"")
    message = done.stderr.decode()
    assert all(word in message for word in words)
    assert message.count("\n") == 1
    assert names(album) == ["astronaut.jpg", "cat.jpg"]


def test_hints_belong_to_one_photo(command, album, hints):
    done = command("colorize", album, "--hints", hints('{"hints": []}'))
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"one photo at a time" in done.stderr
    assert names(album) == ["astronaut.jpg", "cat.jpg"]


def test_folders_and_photos_are_not_mixed_into_one_folder(command, album, tmp_path):
    done = command("colorize", album / "cat.jpg", album, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert b"is for folders or for photos, not for both" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_does_not_stop_the_others(photochrom, album, tmp_path):
    (tmp_path / "empty").mkdir()
    done = photochrom("colorize", tmp_path / "empty", album, album, "--size", "64", "--json")
    assert done.returncode == 0
    assert done.stderr.count(b"no photos there") == 1
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(record["input"] for record in records) == [
        str(album / "astronaut.jpg"),
        str(album / "cat.jpg"),
    ]  # each once, as they were named
    done = photochrom("colorize", tmp_path / "empty")
    assert done.returncode == 2


def test_a_pipe_has_standard_output_to_itself(command, album):
    done = command("colorize", "-", album / "cat.jpg")
    assert done.returncode == 2
    assert b"colour it alone" in done.stderr
    assert done.stdout == b""
