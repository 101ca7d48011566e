"""What a person types for a command, an option or a photo, and what is meant by it."""

from __future__ import annotations

import glob
import re
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer
from typer.core import TyperGroup

from photochrom.cli.exit_codes import WRONG_USAGE
from photochrom.cli.output import print_error
from photochrom.errors import ConfigError, nearest_name
from photochrom.options import STANDARD_STREAM

_DASHES = "‐‑‒–—―−"
"""What editors and web pages make of hyphens."""
_DOWNLOADS = ("http", "https", "ftp")
_STANDARD_INPUTS = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_WINDOWS = re.compile(r"([A-Za-z]):[\\/]")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class Commands(TyperGroup):
    """The group of all commands, which names the right one for a photo or a misspelt name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as usual after a look at command and options; ends with 2 for an unknown one."""
        if ctx.resilient_parsing:  # a shell asks what could complete an unfinished line
            return super().parse_args(ctx, args)
        name = next((arg for arg in args if not arg.startswith("-")), None)
        if name is not None and name not in self.commands:
            _exit(_unknown_command(name, self.commands))
        if name is not None:
            known = _long_options(self.commands[name])
            for arg in args[: args.index("--") if "--" in args else None]:
                if meant := _misspelt_option(arg, known):
                    _exit(f"{arg}: an option begins with two hyphens; write {meant}")
        return super().parse_args(ctx, args)


def _exit(line: str) -> None:
    print_error(line)
    raise typer.Exit(WRONG_USAGE)


def _unknown_command(name: str, known: Iterable[str]) -> str:
    from photochrom.photo.formats import kind_by_name

    near = nearest_name(name, known)
    if _exists(name) or (kind_by_name(name) is not None and "." in name):
        return f"{name}: is no command; to colour it: photochrom colorize {name}"
    remedy = f"did you mean {near}?" if near else "photochrom --help lists all"
    return f"{name}: no such command; {remedy}"


def _long_options(command: Any) -> set[str]:
    """Option names without hyphens, of a command and of those below it."""
    names = {opt[2:] for param in command.params for opt in param.opts if opt.startswith("--")}
    for below in getattr(command, "commands", {}).values():
        names |= _long_options(below)
    return names | {"help"}


def _misspelt_option(arg: str, known: set[str]) -> str | None:
    """The option that an argument with one hyphen, or with dashes, is meant to be."""
    word = arg.lstrip(_DASHES + "-")
    begin = arg[: len(arg) - len(word)]
    name, equals, value = word.partition("=")
    if not begin or begin == "--" or name not in known or len(name) < 2 or _exists(arg):
        return None
    return f"--{name}{equals}{value}"


def photos_meant(inputs: Sequence[str], *, elsewhere: bool = False) -> list[str]:
    """The names of photos and folders as they are here, of what a person typed.

    A name that exists stays as it is. "~", addresses that begin with file://, patterns in quotes,
    a path of Windows and spaces around a name are what they mean; /dev/stdin is "-".
    elsewhere: other addresses are left to somebody else.
    Raises ConfigError for what cannot be meant.
    """
    meant = [name for given in inputs for name in _meant(given, elsewhere=elsewhere)]
    if len(meant) == 2 and not elsewhere:
        _check_no_output(*meant)
    return meant


def _meant(given: str, *, elsewhere: bool) -> list[str]:
    if not given.strip():
        raise ConfigError(None, "a photo's name is empty", "name a photo or a folder")
    if given in _STANDARD_INPUTS:
        return [STANDARD_STREAM]
    if given == STANDARD_STREAM or _exists(given):
        return [given]
    if _ADDRESS.match(given):
        return [_of_address(given, elsewhere=elsewhere)]
    if given[:1] in _DASHES:
        raise ConfigError(given, "no such file, and an option begins with two hyphens")
    for name in (given.strip(), _expanded(given), given.replace("\\", "/"), _mounted(given)):
        if _exists(name):
            return [name]
    if glob.has_magic(given):
        found = sorted(glob.glob(_expanded(given)))  # noqa: PTH207 - takes absolute patterns
        if not found:
            raise ConfigError(given, "no file has such a name", "check the folder and the pattern")
        return found
    if _WINDOWS.match(given) and sys.platform != "win32":
        raise ConfigError(
            given,
            "is a path of Windows, and nothing is there",
            "name the file as it is called here",
        )
    return [_expanded(given)]


def output_meant(given: str | None) -> str | None:
    """The name of a file or folder to write, of what a person typed after -o."""
    if given is not None and not given.strip():
        raise ConfigError("-o", "its name is empty", "name a file or a folder")
    if given is None or not given.lower().startswith(("~", "file:")):
        return given
    if _ADDRESS.match(given):
        return _of_address(given, elsewhere=True)
    return f"{_expanded(given)}{'/' if given.endswith('/') else ''}"


def _of_address(given: str, *, elsewhere: bool) -> str:
    try:
        parts = urlsplit(given)
    except ValueError as error:
        raise ConfigError(given, f"is no sound address ({error})", "name a file") from error
    if "\0" in given or "%00" in given:
        raise ConfigError(given, "names no file", "name a file")
    if parts.scheme.lower() == "file" and parts.netloc in ("", "localhost"):
        from urllib.request import url2pathname  # slow to import, and seldom needed

        return url2pathname(parts.path)
    if elsewhere:
        return given
    if parts.scheme.lower() in _DOWNLOADS:
        raise ConfigError(
            given,
            "is an address, and nothing is downloaded",
            f"first run curl -o photo.jpg '{given}'",
        )
    remedy = "add --engine ray, or copy it to this machine first"
    raise ConfigError(given, "is an address, not a file or folder", remedy)


def _check_no_output(source: str, other: str) -> None:
    """Raise ConfigError where the second of two photos is where the result is meant to be."""
    from photochrom.photo.formats import kind_of

    if kind_of(other) is None or _exists(other) or not Path(source).is_file():
        return
    raise ConfigError(
        other, "no such file", f"to write there: photochrom colorize {source} -o {other}"
    )


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long, or with a zero
        return False


def _expanded(name: str) -> str:
    try:
        return str(Path(name).expanduser())
    except RuntimeError:  # no such user
        return name


def _mounted(name: str) -> str:
    """Where Linux on Windows has a path of Windows."""
    drive = _WINDOWS.match(name)
    return f"/mnt/{drive[1].lower()}/{name[3:]}".replace("\\", "/") if drive else name


def is_stream(name: str) -> bool:
    """Whether a name is that of a pipe, as `<(...)` is in a shell; it can be read once."""
    try:
        return stat.S_ISFIFO(Path(name).stat().st_mode)
    except (OSError, ValueError):
        return False
