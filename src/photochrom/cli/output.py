"""What the command line prints: file names and records on stdout, errors in one line on stderr.

A file's name may hold any byte but a slash and a zero: newlines, escape sequences, invalid Unicode.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from photochrom.cli.flags import flag
from photochrom.cli.streams import discard_output, has_reader
from photochrom.errors import PhotochromError, os_reason


def print_path(name: str) -> None:
    """Print a file's name on stdout, with the bytes that the file system has."""
    _print(os.fsencode(name))


def print_record(record: dict[str, Any], indent: int | None = None) -> None:
    """Print a JSON object on stdout, in ASCII, which can also write names of invalid Unicode."""
    _print(json.dumps(record, indent=indent))


def _print(text: str | bytes) -> None:
    """Print a line on stdout.

    Where its reader has ended, as `head` does, the work goes on; where it cannot be written, as on
    a full disk, the command fails.
    """
    try:
        typer.echo(text)
    except OSError as error:
        discard_output(1)
        if has_reader(error):
            print_error(f"standard output: {os_reason(error)}")
            raise typer.Exit(1) from error


def error_line(error: PhotochromError) -> str:
    """An error in one line, options as flags of the command that runs."""
    return error.line(flag)


def print_error(error: PhotochromError | str) -> None:
    """Print one line on stderr; line breaks and control characters are escaped."""
    line = error if isinstance(error, str) else error_line(error)
    try:
        typer.echo(f"photochrom: {one_line(line)}", err=True)
    except OSError:  # errors cannot be shown any more, and the work goes on
        discard_output(2)


@contextmanager
def show_warnings() -> Iterator[None]:
    """Print each different warning that the block gives once, as one line on stderr."""
    shown = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            print_error(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)  # of what an interruption left open
        warnings.showwarning = show
        yield


def one_line(text: str) -> str:
    """A text without line breaks, control characters and lone surrogates."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
