"""`photochrom video`: its words, files and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("av", reason="needs the packages of the extra 'video'")

from support.films import lumas_of, planes_of, scene, write_film


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two shots."""
    pictures = [scene(number, seed) for seed in (0, 1) for number in range(40)]
    return write_film(tmp_path_factory.mktemp("film") / "reel.mkv", pictures)


def chroma_of(path, place):
    return np.abs(planes_of(path)[place][1].astype(int) - 128).mean()


def test_the_result_lies_beside_the_film(command, tmp_path):
    source = write_film(tmp_path / "reel.mkv", [scene(0)])
    done = command("video", source, "--size", 32)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().strip() == str(tmp_path / "reel.color.mp4")
    assert len(lumas_of(tmp_path / "reel.color.mp4")) == 1


def test_json(command, film, tmp_path):
    target = tmp_path / "out.mkv"
    done = command("video", film, target, "--lossless", "--size", 32, "--json")
    record = json.loads(done.stdout)
    assert record["status"] == "done"
    assert (record["frames"], record["shots"], record["seconds"]) == (80, 2, 3.2)
    assert record["output"] == str(target)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--crf", "18", "--codec", "no-such"], "--codec no-such: FFmpeg here has no such encoder"),
        (["--start", "1:xx"], "--start 1:xx: is no time; write seconds, or H:MM:SS"),
        (["--start", "3", "--end", "2"], "--end 2.0: must lie behind the start"),
        (["--container", "avi"], "--container avi: must be one of mp4, mkv, mov"),
        (["--lossless", "--codec", "libx264"], "--codec libx264: is not lossless; leave it out"),
        (
            ["--shots-file", "none.json"],
            "none.json: there is no such file",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_2(command, film, tmp_path, arguments, line):
    extra = [] if "--container" in arguments else [tmp_path / "out.mkv"]
    done = command("video", film, *extra, "--size", 32, *arguments)
    assert done.returncode == 2
    assert done.stderr.decode().startswith(f"photochrom: {line}")
    assert done.stderr.count(b"\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_taken_name_is_one_line_and_1(command, film, tmp_path):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"mine")
    done = command("video", film, target, "--size", 32)
    assert done.returncode == 1
    assert b"exists already; use --overwrite" in done.stderr
    assert target.read_bytes() == b"mine"


def test_without_pyav_it_is_one_line(film, tmp_path):
    code = (
        "import sys; sys.modules['av'] = None; sys.argv = ['photochrom', 'video', *sys.argv[1:]];"
        "from photochrom.cli.main import main; main()"
    )
    command = [sys.executable, "-c", code, str(film), str(tmp_path / "out.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "photochrom: video: needs extra packages; pip install 'photochrom[video]'\n"
    )


@pytest.fixture
def sheet(command, film, tmp_path):
    film.with_name("reel.color.mp4").touch()  # a result is no hindrance to a sheet
    done = command("video", film, "--shots", tmp_path / "shots.html", "--size", 32)
    film.with_name("reel.color.mp4").unlink()
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_the_sheet_shows_each_shot_grey_and_colored(sheet, examples):
    from PIL import Image

    record = json.loads((sheet / "shots.json").read_text())
    assert [(shot["start"], shot["end"]) for shot in record["shots"]] == [(0, 1.6), (1.6, 3.2)]
    page = (sheet / "shots.html").read_text()
    pictures = sorted((sheet / "shots.pictures").iterdir())
    assert [picture.name for picture in pictures] == [
        f"frame-{number:06d}.{kind}.png" for number in (20, 60) for kind in ("color", "gray")
    ]
    for picture in pictures:
        assert f"shots.pictures/{picture.name}" in page
        spread = np.ptp(np.asarray(Image.open(picture)).astype(int), axis=-1).max()
        assert (spread > 5) == ("color" in picture.name)


def test_shots_are_colored_as_the_file_says(command, film, sheet):
    record = json.loads((sheet / "shots.json").read_text())
    record["shots"][0]["saturation"] = 0
    record["shots"][1]["hints"] = [{"x": 48, "y": 32, "color": "#2040ff", "radius": 12}]
    (sheet / "shots.json").write_text(json.dumps(record))
    arguments = ["--lossless", "--size", 32, "--shots-file", sheet / "shots.json"]
    done = command("video", film, sheet / "out.mkv", *arguments)
    assert done.returncode == 0, done.stderr
    plain = command("video", film, sheet / "plain.mkv", "--lossless", "--size", 32)
    assert plain.returncode == 0
    assert chroma_of(sheet / "out.mkv", 20) == 0
    hinted, usual = (planes_of(sheet / name)[60] for name in ("out.mkv", "plain.mkv"))
    near = np.s_[13:19, 21:27]  # chroma around the hint
    assert hinted[1][near].mean() > usual[1][near].mean() + 5  # bluer
    later, usual = (planes_of(sheet / name)[66] for name in ("out.mkv", "plain.mkv"))
    moved = np.s_[13:19, 24:30]  # the scene moves by a pixel a picture
    assert later[1][moved].mean() > usual[1][moved].mean() + 4


def test_another_picture_leads_a_shot(command, film, sheet):
    from PIL import Image

    picture = np.asarray(Image.open(sheet / "shots.pictures" / "frame-000020.gray.png")).copy()
    picture[..., 0] = np.minimum(255, picture[..., 0].astype(int) + 60)  # reddish
    Image.fromarray(picture).save(sheet / "mine.png")
    record = json.loads((sheet / "shots.json").read_text())
    record["shots"][0]["keyframe"] = "mine.png"
    (sheet / "shots.json").write_text(json.dumps(record))
    arguments = ["--lossless", "--size", 32, "--shots-file", sheet / "shots.json"]
    assert command("video", film, sheet / "out.mkv", *arguments).returncode == 0
    assert command("video", film, sheet / "plain.mkv", "--lossless", "--size", 32).returncode == 0
    led, plain = (planes_of(sheet / name) for name in ("out.mkv", "plain.mkv"))
    for place in (0, 20, 39):
        assert led[place][2].mean() > plain[place][2].mean() + 4, place
    for mine, own in zip(led[50], plain[50], strict=True):
        np.testing.assert_array_equal(mine, own)  # the other shot sees nothing of it


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"vividnes": 1}, 'shot 1: "vividnes" is unknown; "vividness" is the nearest'),
        ({"saturation": 9}, "shot 1: must lie in 0..3"),
        ({"start": "zero"}, 'shot 1: "start" must be a number'),
        ({"keyframe": "none.png"}, "shot 1: there is no picture 'none.png'"),
        ({"hints": [{"x": 1}]}, "shot 1: hint 1: y is missing"),
        ({"key": 99, "hints": [{"x": 1, "y": 1, "color": "#000000"}]}, "shot 1: its key picture"),
    ],
)
def test_a_wrong_shots_file_is_one_line(command, film, sheet, change, line):
    record = json.loads((sheet / "shots.json").read_text())
    record["shots"][0] |= change
    (sheet / "shots.json").write_text(json.dumps(record))
    done = command(
        "video", film, sheet / "out.mkv", "--size", 32, "--shots-file", sheet / "shots.json"
    )
    assert done.returncode == 2
    assert line in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
