"""`photochrom presets`, and --preset of the commands that colour."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from photochrom.presets import load_preset, readable_presets


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path / "home"))
    return tmp_path / "home/presets"


@pytest.fixture
def cat(examples, tmp_path):
    return Path(shutil.copy(examples / "cat.jpg", tmp_path))


def test_list_says_what_each_is_for(command):
    done = command("presets")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == command("presets", "list").stdout
    text = done.stdout.decode()
    for preset in readable_presets()[0]:
        assert f"{preset.name:9}  {preset.purpose}\n" in text
    assert "vividness 0.3, warmth 0.08, smooth 0.15, quality 98, keep time\n" in text
    assert "your own" not in text
    listed = json.loads(command("presets", "list", "--json").stdout)
    assert listed == {"presets": [preset.record() for preset in readable_presets()[0]]}


def test_save_show_and_remove(command, home):
    path = home / "mine.toml"
    options = ("--vividness", 0.3, "--size", 320, "--profile", "keep", "--keep-time")
    done = command("presets", "save", "mine", *options, "--purpose", "For me.")
    assert (done.returncode, done.stdout.decode().strip()) == (0, str(path))
    shown = command("presets", "show", "mine")
    assert shown.stdout == path.read_bytes()
    assert shown.stdout.decode().splitlines() == [
        'purpose = "For me."',
        "vividness = 0.3",
        "size = 320",
        'profile = "keep"',
        "keep_time = true",
    ]
    assert json.loads(command("presets", "show", "mine", "--json").stdout) == (
        load_preset("mine").record()
    )
    assert "mine       For me. (your own)\n" in command("presets").stdout.decode()
    assert command("presets", "remove", "mine").stdout.decode().strip() == str(path)
    assert not path.exists()


def test_save_begins_with_another_preset(command):
    command("presets", "save", "mine", "--preset", "album", "--warmth", 0.3, "--no-keep-time")
    album, mine = load_preset("album").values, load_preset("mine").values
    assert mine == album | {"warmth": 0.3, "keep_time": False}


def test_names_that_are_taken(command, home):
    done = command("presets", "save", "vivid", "--vividness", 1)
    assert (done.returncode, done.stderr.decode()) == (
        2,
        "photochrom: preset 'vivid': comes with Photochrom; choose another name, or add "
        "--overwrite to have yours instead\n",
    )
    assert command("presets", "save", "vivid", "--vividness", 1, "--overwrite").returncode == 0
    done = command("presets", "save", "vivid")
    assert done.stderr.decode() == (
        f"photochrom: {home / 'vivid.toml'}: there is a preset of this name; add --overwrite to "
        "replace it\n"
    )
    assert load_preset("vivid").colorize.vividness == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("colorize", "cat.jpg"),
        ("variants", "cat.jpg"),
        ("repair", "cat.jpg"),
        ("video", "film.mkv"),
        ("presets", "save", "mine"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_unknown_name_is_one_line(command, arguments):
    done = command(*arguments, "--preset", "portait")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        "photochrom: preset 'portait': does not exist; did you mean portrait? known: album, "
        "faithful, landscape, portrait, vivid\n"
    )


def test_faulty_file_is_one_line_and_the_list_goes_on(command, home):
    home.mkdir(parents=True)
    (home / "mine.toml").write_text("vividness = 7")
    line = (
        f"photochrom: {home / 'mine.toml'}: vividness is 7, but must lie in 0..1; correct it, or "
        "remove the line\n"
    )
    for arguments in (("colorize", "x.jpg", "--preset", "mine"), ("presets", "show", "mine")):
        done = command(*arguments)
        assert (done.returncode, done.stderr.decode()) == (2, line)
    done = command("presets")
    assert (done.returncode, done.stderr.decode()) == (1, line)
    assert b"portrait" in done.stdout


def test_colorize_takes_the_options_of_a_preset(command, cat, tmp_path):
    spelled = ("--vividness", 0.3, "--warmth", 0.08, "--smooth", 0.15, "--quality", 98)
    command("colorize", cat, "-o", tmp_path / "spelled.jpg", *spelled)
    command("colorize", cat, "-o", tmp_path / "preset.jpg", "--preset", "album")
    made = tmp_path / "preset.jpg"
    assert made.read_bytes() == (tmp_path / "spelled.jpg").read_bytes()
    assert made.stat().st_mtime_ns == cat.stat().st_mtime_ns  # keep_time


def test_given_options_count_more_wherever_they_stand_and_if_they_are_the_default(
    command, cat, tmp_path
):
    usual = ("--vividness", 0.5, "--warmth", 0, "--smooth", 0, "--quality", 95, "--no-keep-time")
    command("colorize", cat, "-o", tmp_path / "usual.jpg")
    command("colorize", cat, "-o", tmp_path / "before.jpg", *usual, "--preset", "album")
    command("colorize", cat, "-o", tmp_path / "behind.jpg", "--preset", "album", *usual)
    for name in ("before.jpg", "behind.jpg"):
        made = tmp_path / name
        assert made.read_bytes() == (tmp_path / "usual.jpg").read_bytes()
        assert made.stat().st_mtime_ns != cat.stat().st_mtime_ns


def test_variants_have_the_colours_of_the_preset(command, cat, tmp_path):
    command("colorize", cat, "-o", tmp_path / "portrait.jpg", "--preset", "portrait")
    done = command("variants", cat, "-n", 2, "-o", tmp_path / "some", "--preset", "portrait")
    assert (done.returncode, done.stderr) == (0, b"")
    first = tmp_path / "some/cat.color.1.jpg"
    assert first.read_bytes() == (tmp_path / "portrait.jpg").read_bytes()


def test_repair_takes_how_files_are_saved(command, cat, tmp_path):
    command("repair", cat, "-o", tmp_path / "spelled.jpg", "--quality", 98, "--keep-time")
    command("repair", cat, "-o", tmp_path / "preset.jpg", "--preset", "album")
    made = tmp_path / "preset.jpg"
    assert made.read_bytes() == (tmp_path / "spelled.jpg").read_bytes()
    assert made.stat().st_mtime_ns == cat.stat().st_mtime_ns


def test_film_takes_the_colours_of_the_preset(command, tmp_path):
    pytest.importorskip("av", reason="needs the packages of the extra 'video'")
    from support.films import scene, write_film

    film = write_film(tmp_path / "reel.mkv", [scene(n, size=(32, 48)) for n in range(3)])
    quick = ("--encoder-preset", "ultrafast")
    spelled = ("--vividness", 0.8, "--saturation", 1.1)
    for name, options in (("preset", ("--preset", "vivid")), ("spelled", spelled), ("usual", ())):
        done = command("video", film, tmp_path / f"{name}.mkv", *quick, *options)
        assert done.returncode == 0, done.stderr
    preset, spelled, usual = (
        pictures(tmp_path / f"{name}.mkv") for name in ("preset", "spelled", "usual")
    )
    assert preset == spelled != usual


def pictures(path):
    import av

    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in film.decode(video=0)]
