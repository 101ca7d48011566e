"""Presets as files, and what is shipped."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from photochrom import (
    ColorizeOptions,
    ConfigError,
    Hint,
    Preset,
    SaveOptions,
    list_presets,
    load_preset,
)
from photochrom.presets import readable_presets, remove_preset, save_preset
from photochrom.presets.library import SHIPPED

NAMES = ["album", "faithful", "landscape", "portrait", "vivid"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of presets."""
    monkeypatch.setenv("PHOTOCHROM_HOME", str(tmp_path))
    return tmp_path / "presets"


def fault_of(home: Path, text: str | bytes) -> str:
    """The line about a file, without the file's name that it begins with."""
    home.mkdir(exist_ok=True)
    path = home / "mine.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as fault:
        load_preset("mine")
    line = str(fault.value)
    assert line.startswith(f"{path}: ")
    return line.removeprefix(f"{path}: ")


def test_every_shipped_preset_is_read_and_says_what_it_is_for() -> None:
    assert list_presets() == NAMES
    assert [path.stem for path in sorted(SHIPPED.iterdir())] == NAMES
    presets, faults = readable_presets()
    assert faults == []
    for preset in presets:
        assert preset.shipped
        assert preset.purpose.endswith(".")
        table = tomllib.loads(preset.toml())
        assert table == tomllib.loads((SHIPPED / f"{preset.name}.toml").read_text())
        assert len(table) > 1  # no option is written that is the default


def test_shipped_presets_are_ordered_as_they_say() -> None:
    vividness = {name: load_preset(name).colorize.vividness for name in NAMES}
    usual = ColorizeOptions.vividness
    assert vividness["faithful"] < vividness["album"] < vividness["portrait"] < usual
    assert usual < vividness["landscape"] < vividness["vivid"]
    assert load_preset("portrait").colorize.smooth > 0
    assert load_preset("album").colorize.warmth > 0
    assert load_preset("album").save.quality > SaveOptions.quality


def test_saved_preset_is_read_as_it_was(home: Path) -> None:
    preset = Preset(
        name="Oma_1950",
        purpose='Größe "XL" \\ 中',
        colorize=ColorizeOptions(vividness=1, size=320, warmth=-0.25, smooth=1e-5),
        save=SaveOptions(quality=80, profile="keep", reversible=True, keep_time=True),
    )
    assert save_preset(preset) == home / "Oma_1950.toml"
    assert load_preset("Oma_1950") == preset
    assert list_presets() == sorted([*NAMES, "Oma_1950"])
    assert [path.name for path in home.iterdir()] == ["Oma_1950.toml"]
    assert remove_preset("Oma_1950") == home / "Oma_1950.toml"
    assert list_presets() == NAMES


def test_own_preset_replaces_a_shipped_one_only_when_asked(home: Path) -> None:
    own = Preset(name="portrait", colorize=ColorizeOptions(vividness=0.1))
    with pytest.raises(ConfigError, match=r"'portrait': comes with Photochrom; .* overwrite=True"):
        save_preset(own)
    save_preset(own, overwrite=True)
    assert load_preset("portrait") == own
    assert load_preset("portrait", own=False).shipped
    save_preset(Preset(name="other"))
    with pytest.raises(ConfigError, match="there is a preset of this name"):
        save_preset(Preset(name="other"))
    remove_preset("portrait")
    assert load_preset("portrait").shipped
    with pytest.raises(ConfigError, match="comes with Photochrom and cannot be removed"):
        remove_preset("portrait")


def test_unknown_name_brings_the_nearest_and_all() -> None:
    with pytest.raises(ConfigError) as fault:
        load_preset("portait")
    assert str(fault.value) == (
        "preset 'portait': does not exist; did you mean portrait? known: " + ", ".join(NAMES)
    )
    for name in ("", "../portrait", "a b", "-x", "x" * 65, "portrait\n"):
        with pytest.raises(ConfigError, match="does not exist"):
            load_preset(name)


@pytest.mark.parametrize("name", ["", "../up", "a b", "-x", ".hidden", "é", "x" * 65, "a\n"])
def test_names_that_cannot_be_files_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="its name must be of letters"):
        Preset(name=name)
    with pytest.raises(ConfigError, match="its name must be of letters"):
        remove_preset(name)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("vividnes = 1", "unknown key 'vividnes'; did you mean vividness?"),
        ("overwrite = true", "overwrite cannot be part of a preset; remove the line, and give "),
        ("x = 1", "unknown key 'x'; a preset holds purpose, vividness, "),
        ("vividness = 2", "vividness is 2, but must lie in 0..1; correct it, or remove the line"),
        ("warmth = nan", "warmth is nan, but must lie in -1..1; correct it, or remove the line"),
        ("warmth = '1'", "warmth is '1', but must be a number; correct it, or remove the line"),
        ("tint = true", "tint is True, but must be a number; correct it, or remove the line"),
        ("size = 9000", "size is 9000, but must be a whole number of pixels, 32..2048; correct "),
        ("size = 99.5", "size is 99.5, but must be a whole number of pixels, 32..2048; correct "),
        ("quality = 0", "quality is 0, but must lie in 1..100; correct it, or remove the line"),
        ("quality = 9.5", "quality is 9.5, but must be a whole number; correct it, or "),
        ("profile = 'p3'", "profile is 'p3', but must be one of srgb, keep; correct it, or "),
        ("keep_time = 1", "keep_time is 1, but must be true or false; correct it, or "),
        ("purpose = 7", "purpose is 7, but must be a text in quotes; correct it, or "),
        ("vividness = ", "not valid TOML ("),
        (b"\xff\xfe", "not valid TOML ("),
        ("[vividness]\na = 1", "vividness is {'a': 1}, but must be a number; "),
    ],
)
def test_fault_in_a_file_is_one_line(home: Path, text: str | bytes, line: str) -> None:
    assert fault_of(home, text).startswith(line)


def test_purpose_of_two_lines_is_refused(home: Path) -> None:
    assert fault_of(home, 'purpose = "a\\nb"').startswith("purpose must be one line of text; ")


def test_faulty_files_are_listed_beside_the_others(home: Path) -> None:
    home.mkdir()
    (home / "broken.toml").write_text("vividness =")
    (home / "my own.toml").write_text("vividness = 0.2")
    (home / "notes.txt").write_text("no preset")
    (home / "folder.toml").mkdir()
    save_preset(Preset(name="fine"))
    presets, faults = readable_presets()
    assert [preset.name for preset in presets] == sorted([*NAMES, "fine"])
    subjects = sorted(str(fault.subject) for fault in faults)
    files = ("broken.toml", "folder.toml", "my own.toml")
    assert subjects == [str(home / name) for name in files]
    assert readable_presets(own=False)[1] == []


def test_options_of_one_photo_are_no_part_of_a_preset() -> None:
    for options in (ColorizeOptions(hints=[Hint(1, 1, (0, 0))]), ColorizeOptions(recolor=True)):
        with pytest.raises(ConfigError, match="cannot be part of a preset"):
            Preset(name="mine", colorize=options)
    with pytest.raises(ConfigError, match="mark: cannot be part of a preset"):
        Preset(name="mine", save=SaveOptions(mark=False))


def test_folder_that_cannot_be_written_is_one_line(home: Path) -> None:
    home.write_text("a file")
    with pytest.raises(ConfigError, match=r"presets: cannot be a folder \("):
        save_preset(Preset(name="mine"))


def test_without_a_home_presets_lie_among_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PHOTOCHROM_HOME")
    monkeypatch.setattr("platformdirs.user_config_dir", lambda name: str(tmp_path / name))
    save_preset(Preset(name="mine"))
    assert (tmp_path / "photochrom/presets/mine.toml").is_file()
