"""`photochrom completion`: a shell's script that completes commands and options at Tab."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

# typer.main takes both from here
from typer.completion import completion_init, get_completion_script  # type: ignore[attr-defined]

_PROGRAM = "photochrom"
_VARIABLE = "_PHOTOCHROM_COMPLETE"
"""Set by the script when it asks the command what could stand at the cursor; Typer reads it."""


class Shell(StrEnum):
    """Shells whose scripts are tested."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print a script that lets a shell complete commands and options at Tab.

    For this session: source <(photochrom completion bash). For every session: see the
    documentation, integrations.
    """
    typer.echo(get_completion_script(prog_name=_PROGRAM, complete_var=_VARIABLE, shell=shell.value))


def answer_shells() -> None:
    """Let Typer answer where a shell asks for completions, in the form that its script expects."""
    if _VARIABLE in os.environ:
        completion_init()
