"""The darktable script, run by Lua with an imitation of darktable's API and the real command."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from photochrom.photo import Photo
from support.programs import program

IMITATION = Path(__file__).with_name("darktable.lua")
Told = list[tuple[str, str]]
Export = Callable[..., Told]


@pytest.fixture
def export(integrations: Path, script: Path) -> Export:
    """Export images to the storage; returns what the script says and does, by kind."""

    def run(
        *pairs: Path, command: str = str(script), system: str = "linux", vividness: float = 0.5
    ) -> Told:
        done = subprocess.run(
            [
                program("lua5.4"),
                IMITATION,
                integrations / "darktable" / "photochrom.lua",
                system,
                command,
                str(vividness),
                *pairs,
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        lines = [line.partition("\t") for line in done.stdout.splitlines()]
        return [(kind, text) for kind, _, text in lines]

    return run


@pytest.fixture
def exported(tmp_path: Path, examples: Path) -> Path:
    """A file as darktable exports it, in a folder for temporary files."""
    folder = tmp_path / "it's temporary"
    folder.mkdir()
    return Path(shutil.copy(examples / "cat.jpg", folder / "DSC 1.jpg"))


def of(told: Told, kind: str) -> list[str]:
    return [text for one, text in told if one == kind]


def test_the_syntax(integrations: Path) -> None:
    for file in (integrations / "darktable" / "photochrom.lua", IMITATION):
        subprocess.run([program("luac5.4"), "-p", file], check=True)


def test_results_are_imported_beside_their_originals(
    export: Export, album: Path, exported: Path
) -> None:
    other = Path(shutil.copy(exported, exported.with_name("DSC 2.jpg")))
    told = export(album / "DSC 1.CR2", exported, album / '$(x) `y` "z".NEF', other)
    results = [album / "DSC 1.color.jpg", album / '$(x) `y` "z".color.jpg']
    assert of(told, "imported") == list(map(str, results))
    assert of(told, "group") == ["leader of DSC 1.CR2", 'leader of $(x) `y` "z".NEF']
    assert of(told, "error") == []
    assert of(told, "print") == [
        "Photochrom: exporting 1 of 2",
        "Photochrom: exporting 2 of 2",
        "Photochrom: colouring 1 of 2",
        "Photochrom: colouring 2 of 2",
        "Photochrom: 2 coloured",
    ]
    assert of(told, "destroyed") == ["photochrom"]
    assert of(told, "preference") == ["photochrom/command"]
    assert [(Photo(path).width, Photo(path).height) for path in results] == [(451, 300)] * 2
    assert list(exported.parent.iterdir()) == []  # what was exported is removed


def test_formats(export: Export) -> None:
    assert of(export(), "supported") == ["jpg tif png"]


def test_no_file_is_replaced(export: Export, album: Path, exported: Path) -> None:
    taken = album / "DSC 1.color.jpg"
    taken.write_text("somebody's")
    told = export(album / "DSC 1.CR2", exported)
    assert of(told, "imported") == [str(album / "DSC 1.color-2.jpg")]
    assert taken.read_text() == "somebody's"


def test_vividness_reaches_the_command(
    export: Export, album: Path, exported: Path, photochrom
) -> None:
    wanted = album / "wanted.jpg"
    photochrom("colorize", exported, "-o", wanted, "--vividness", "0.9")
    told = export(album / "DSC 1.CR2", exported, vividness=0.9)
    assert Path(*of(told, "imported")).read_bytes() == wanted.read_bytes()


def test_a_failure_is_one_line_and_the_others_are_colored(
    export: Export, album: Path, exported: Path
) -> None:
    color = exported.with_name("DSC 0.jpg")
    shutil.copy(album / "in <b>colour & done.jpg", color)
    told = export(album / "DSC 0.CR2", color, album / "DSC 1.CR2", exported)
    line = f"photochrom: {color}: is in colour already; add --recolor to colour it anew"
    assert of(told, "error") == [f"DSC 0.CR2: {line}"]
    assert of(told, "print")[-1] == f"Photochrom: 1 of 2 failed; DSC 0.CR2: {line}"
    assert of(told, "imported") == [str(album / "DSC 1.color.jpg")]


def test_without_the_command(export: Export, album: Path, exported: Path) -> None:
    told = export(album / "DSC 1.CR2", exported, command="/nowhere/photo chrom")
    assert of(told, "error") == [
        "DSC 1.CR2: /nowhere/photo chrom: no such command; set its path in the preferences, "
        "Lua options"
    ]
    assert of(told, "imported") == []


def test_windows_is_told(export: Export) -> None:
    told = export(system="windows")
    assert of(told, "error") == [
        "Photochrom: this script runs on Linux and macOS; on Windows use the command"
    ]
    assert of(told, "supported") == []
