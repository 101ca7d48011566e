"""How the command line spells the options that errors name: as flags of the command that runs."""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from typing import Any

import typer

from photochrom.errors import Option

_FLAGS = {
    "kind": "--model-kind",
    "path": "--output",
    "references": "--reference",
    "settle": "--watch-settle",
}
"""Flags whose name differs from the option's name in Python."""

_known: ContextVar[frozenset[str] | None] = ContextVar("flags", default=None)


def use_flags_of_command(context: typer.Context) -> None:
    """Remember the flags of the invoked command until it has run.

    context: of the group of all commands.
    """
    group: Any = context.command
    known = frozenset(_flags(group.commands.get(context.invoked_subcommand)))
    context.call_on_close(partial(_known.reset, _known.set(known)))


def _flags(command: Any) -> list[str]:
    if command is None:
        return []
    flags = [flag for parameter in command.params for flag in parameter.opts]
    for below in getattr(command, "commands", {}).values():
        flags += _flags(below)
    return flags


def flag(option: Option) -> str | None:
    """An option as a flag with its value; None where the running command has no such flag."""
    name = _FLAGS.get(option.name, f"--{option.name.replace('_', '-')}")
    known = _known.get()
    if known is not None and name not in known:
        return None
    if option.value is None or option.value is True:
        return name
    values = option.value if isinstance(option.value, tuple) else (option.value,)
    return " ".join([name, *map(str, values)])
