"""The actions of Nautilus and Dolphin, with the command and with imitations of message windows."""

from __future__ import annotations

import configparser
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from photochrom.photo.formats import KINDS
from support.programs import program

IN_COLOR = "is in colour already; add --recolor to colour it anew"
SYSTEM = ("sh", "awk", "grep", "sed", "id")
"""What the script takes of the system."""

Act = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def commands(tmp_path: Path, script: Path) -> Path:
    """A folder with all commands there are; none shows windows."""
    folder = tmp_path / "commands"
    folder.mkdir()
    for name in SYSTEM:
        (folder / name).symlink_to(program(name))
    (folder / "photochrom").symlink_to(script)
    return folder


@pytest.fixture
def act(integrations: Path, album: Path, commands: Path) -> Act:
    """Run the script in the album, as a file manager does."""

    def run(
        *arguments: str, shell: str = "sh", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program(shell), str(integrations / "file-managers" / "photochrom-files"), *arguments],
            cwd=album,
            env={**os.environ, "PATH": str(commands), "HOME": str(commands), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def window(commands: Path, name: str, code: int = 0) -> Path:
    """An imitation of a program that shows messages; what it was given lies in the file."""
    given = commands / f"{name}.given"
    (commands / name).write_text(f"#!{sys.executable}\n{IMITATION.format(str(given), code)}")
    (commands / name).chmod(0o755)
    return given


IMITATION = """\
import pathlib, sys
pathlib.Path({!r}).write_text(repr(sys.argv[1:]))
sys.exit({})
"""


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_nautilus_gives_names_within_its_folder(act: Act, album: Path, shell: str) -> None:
    gray = ["a cat.jpg", "two\nlines.jpg", "-o.jpg"]
    done = act(*gray, shell=shell)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    results = {path.name for path in album.glob("*.color.jpg")}
    assert results == {name.replace(".jpg", ".color.jpg") for name in gray}


def test_nautilus_variables(act: Act, album: Path) -> None:
    gray = [album / "a cat.jpg", album / "two\nlines.jpg"]
    done = act(
        NAUTILUS_SCRIPT_SELECTED_URIS="".join(f"{path.as_uri()}\n" for path in gray),
        NAUTILUS_SCRIPT_SELECTED_FILE_PATHS="".join(f"{path}\n" for path in gray),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert all(path.with_suffix(".color.jpg").is_file() for path in gray)


def test_nautilus_on_another_machine(act: Act, album: Path) -> None:
    """Addresses of other machines come with paths where the system has them."""
    mounted = album / "a cat.jpg"
    address = {"NAUTILUS_SCRIPT_SELECTED_URIS": "sftp://host/a%20cat.jpg\n"}
    done = act(**address, NAUTILUS_SCRIPT_SELECTED_FILE_PATHS=f"{mounted}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert mounted.with_suffix(".color.jpg").is_file()
    done = act(**address)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "photochrom: no file of this machine is chosen; choose photos or folders first"
    ]


def test_a_folder(act: Act, album: Path) -> None:
    done = act(str(album))
    assert done.returncode == 0  # the one in colour is skipped
    assert len(list(album.glob("*.color.jpg"))) == 3


def shown(given: Path) -> str:
    return given.read_text() if given.exists() else ""


def test_a_failure_is_shown_once_and_the_others_are_colored(
    act: Act, album: Path, commands: Path
) -> None:
    notified, asked = window(commands, "notify-send"), window(commands, "zenity")
    (album / "notes.jpg").write_text("no picture")
    names = ["in <b>colour & done.jpg", "a cat.jpg", "notes.jpg"]
    done = act(*names)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert f"in <b>colour & done.jpg: {IN_COLOR}" in done.stderr
    assert (album / "a cat.color.jpg").is_file()
    # its text is markup
    assert f"in &lt;b&gt;colour &amp; done.jpg: {IN_COLOR}" in shown(notified)
    assert "notes.jpg" in shown(notified)
    assert shown(asked) == ""


@pytest.mark.parametrize("there", [["zenity"], ["kdialog"], ["zenity", "kdialog"]])
def test_the_first_program_that_works_shows_it(
    act: Act, commands: Path, there: Sequence[str]
) -> None:
    silent = window(commands, "notify-send", code=1)  # as without a session bus
    given = [window(commands, name) for name in there]
    assert act("missing.jpg").returncode == 1
    assert "missing.jpg: no such file" in shown(silent)
    assert "missing.jpg: no such file" in shown(given[0])
    assert [shown(other) for other in given[1:]] == [""] * (len(there) - 1)


def test_many_failures_are_cut_short(act: Act, commands: Path) -> None:
    notified = window(commands, "notify-send")
    done = act(*[f"missing-{number}.jpg" for number in range(20)])
    assert len(done.stderr.splitlines()) == 20
    assert "missing-7.jpg" in shown(notified)
    assert "missing-8.jpg" not in shown(notified)
    assert "... and 12 more" in shown(notified)


def test_without_the_command(act: Act, commands: Path) -> None:
    (commands / "photochrom").unlink()
    done = act("a cat.jpg")
    assert done.returncode == 127
    assert done.stderr.startswith("photochrom: the command is not installed for ")
    assert done.stderr.count("\n") == 1


@pytest.fixture
def service_menu(integrations: Path) -> Path:
    return integrations / "file-managers" / "photochrom.desktop"


def test_the_service_menu_is_a_desktop_file(service_menu: Path) -> None:
    """KDE defines what a file of the type Service may have beside the standard's keys."""
    done = subprocess.run(
        [program("desktop-file-validate"), service_menu], capture_output=True, text=True
    )
    told = [line.partition(": error: ")[2] for line in done.stdout.splitlines()]
    assert told == [
        f'key "{key}" is present in group "Desktop Entry", but the type is "Service" while this '
        'key is only valid for type "Application"'
        for key in ("MimeType", "Actions")
    ]


def test_the_service_menu_calls_the_script(service_menu: Path, integrations: Path) -> None:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(service_menu)
    [action] = parser["Desktop Entry"]["Actions"].strip(";").split(";")
    called = shlex.split(parser[f"Desktop Action {action}"]["Exec"])
    script = service_menu.with_name(called[0])
    assert os.access(script, os.X_OK)
    assert called[1:] == ["%F"]
    kinds = parser["Desktop Entry"]["MimeType"].strip(";").split(";")
    assert "inode/directory" in kinds
    assert len(kinds) > len([kind for kind in KINDS if kind.becomes is None])
