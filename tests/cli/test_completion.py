"""`photochrom completion`: the scripts, loaded by their shells."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import typer.main

from photochrom.cli.main import app
from support.programs import program

IN_BASH = """\
source <(photochrom completion bash)
complete -p photochrom >&2
COMP_WORDS=({words}) COMP_CWORD=$(({count} - 1))
_photochrom_completion photochrom
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
IN_ZSH = """\
autoload -U compinit && compinit -u -D
source <(photochrom completion zsh)
print -r -- "registered $_comps[photochrom]" >&2
_arguments() {{ print -r -- "$@" }}
_files() {{ print files }}
words=({words}) CURRENT={count}
_photochrom_completion
"""
IN_FISH = """\
photochrom completion fish | source
complete --do-complete '{line}'
"""

Complete = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def complete(script: Path, examples: Path, tmp_path: Path) -> Complete:
    """What a shell offers for an unfinished line, in a folder with a photo."""
    shutil.copy(examples / "cat.jpg", tmp_path / "my cat.jpg")

    def run(shell: str, text: str, line: str) -> subprocess.CompletedProcess[str]:
        words = f"{line}''" if line.endswith(" ") else line
        count = len(line.split()) + line.endswith(" ")
        options = ["-f"] if shell == "zsh" else []
        return subprocess.run(
            [program(shell), *options, "-c", text.format(words=words, count=count, line=line)],
            cwd=tmp_path,
            env={
                **os.environ,
                "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(tmp_path / "home"),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )

    return run


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("photochrom colo", ["colorize"]),
        ("photochrom colorize --viv", ["--vividness"]),
        ("photochrom models pu", ["pull"]),
        ("photochrom completion ", ["bash", "zsh", "fish"]),
        ("photochrom colorize m", [""]),  # so bash completes the names of files
        ("photochrom nonsense --viv", [""]),
    ],
)
def test_bash(complete: Complete, line: str, offered: list[str]) -> None:
    done = complete("bash", IN_BASH, line)
    assert done.stdout.splitlines() == offered
    assert done.stderr == "complete -o default -F _photochrom_completion photochrom\n"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("photochrom colo", '*: :(("colorize":"Colour black-and-white photos."))'),
        ("photochrom models pu", '"pull":"'),
        ("photochrom colorize m", "files\n"),
    ],
)
def test_zsh(complete: Complete, line: str, offered: str) -> None:
    done = complete("zsh", IN_ZSH, line)
    assert offered in done.stdout
    assert done.stderr == "registered _photochrom_completion\n"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("photochrom colo", "colorize\tColour black-and-white photos."),
        ("photochrom models pu", "pull\t"),
        ("photochrom colorize m", "my cat.jpg"),
    ],
)
def test_fish(complete: Complete, line: str, offered: str) -> None:
    done = complete("fish", IN_FISH, line)
    assert [entry for entry in done.stdout.splitlines() if entry.startswith(offered)]
    assert done.stderr == ""


def test_every_command_is_offered(complete: Complete) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert complete("bash", IN_BASH, "photochrom ").stdout.split() == list(commands)


def test_another_shell_is_wrong_usage(command) -> None:
    done = command("completion", "tcsh")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"'tcsh' is not one of 'bash', 'zsh', 'fish'" in done.stderr


def test_help_has_no_options_of_typers(command) -> None:
    for arguments in (["--help"], ["completion", "--help"]):
        done = command(*arguments)
        assert done.returncode == 0
        assert b"-completion" not in done.stdout
    assert b"completion" in command("--help").stdout
