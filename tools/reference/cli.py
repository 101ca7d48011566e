"""The reference of the command line: every command with its arguments and options."""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from photochrom.cli.main import app
from tools.reference.markdown import code, one_line, page, table

_PLACEHOLDERS = {int: "N", float: "NUMBER", str: "TEXT", Path: "PATH"}

INTRODUCTION = """\
Every command and option, as `photochrom COMMAND --help` shows them. Exit codes: 0 all done, 1 some
failed (one line each on stderr), 2 wrong usage, 130 interrupted."""


def cli_page() -> str:
    """The page `docs/reference/cli.md`."""
    entries = list(commands())
    index = table(
        ["command", ""],
        ([f"[{name}](#{name.replace(' ', '-')})", _summary(command)] for name, command in entries),
    )
    sections = (part for name, command in entries for part in _section(name, command))
    return page("The command line", INTRODUCTION, index, *sections)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, groups that do something themselves among them."""
    yield from _below("photochrom", typer.main.get_command(app))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    members = getattr(command, "commands", {})
    if not members or command.invoke_without_command or name == "photochrom":
        yield name, command
    for part, member in members.items():
        yield from _below(f"{name} {part}", member)


def _section(name: str, command: Any) -> Iterator[str]:
    shown = [param for param in command.params if not getattr(param, "hidden", False)]
    arguments = [param for param in shown if param.param_type_name == "argument"]
    options = [param for param in shown if param.param_type_name == "option"]
    kinds = typing.get_type_hints(command.callback)
    yield f"## {name}"
    yield f"```text\n{' '.join([name, *_usage(command, arguments)])}\n```"
    yield from inspect.cleandoc(command.help or "").split("\n\n")
    if arguments:
        rows = ([code(_name_of(param)), _about(param)] for param in arguments)
        yield table(["argument", ""], rows)
    for panel in dict.fromkeys(getattr(param, "rich_help_panel", None) for param in options):
        chosen = [p for p in options if getattr(p, "rich_help_panel", None) == panel]
        rows = ([code(_flag(param, kinds)), _default(param), _about(param)] for param in chosen)
        if panel:
            yield f"{panel}:"
        yield table(["option", "default", ""], rows)


def _usage(command: Any, arguments: list[Any]) -> list[str]:
    usage = [_name_of(one) if one.required else f"[{_name_of(one)}]" for one in arguments]
    return ["[OPTIONS]", *usage, *(["COMMAND"] if hasattr(command, "commands") else [])]


def _name_of(argument: Any) -> str:
    name: str = (argument.metavar or argument.name.upper()).strip("[]")
    return f"{name}..." if argument.nargs == -1 and not name.endswith("...") else name


def _flag(option: Any, kinds: dict[str, Any]) -> str:
    names = ", ".join([*sorted(option.opts, key=len), *option.secondary_opts])
    value = "" if option.is_flag else option.metavar or _placeholder(kinds[option.name])
    return f"{names} {value}".strip()


def _placeholder(annotation: Any) -> str:
    kinds = [part for part in typing.get_args(annotation) if part is not type(None)]
    if typing.get_origin(annotation) is typing.Literal:
        return "|".join(map(str, kinds))
    if kinds:
        return _placeholder(kinds[0])
    if issubclass(annotation, enum.Enum):
        return "|".join(str(member.value) for member in annotation)
    return _PLACEHOLDERS[annotation]


def _default(option: Any) -> str:
    default = option.default
    if option.is_flag or default in (None, "", ()) or callable(default):
        return ""
    values = default if isinstance(default, list | tuple) else [default]
    return ", ".join(code(getattr(value, "value", value)) for value in values)


def _about(param: Any) -> str:
    low, high = param.min, param.max
    text = one_line(param.help)
    if low is not None or high is not None:
        limits = f"at least {low:g}" if high is None else f"{low:g} to {high:g}"
        text = f"{text} ({limits})" if text else limits
    return text


def _summary(command: Any) -> str:
    return one_line((command.help or "").split("\n\n")[0])
