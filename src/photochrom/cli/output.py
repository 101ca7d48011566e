"""What the command line says: names as they are on stdout, complaints in one line on stderr.

A file's name may hold anything but a slash and a zero: newlines, escape sequences, bytes that are
no text.
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
from photochrom.errors import PhotochromError


def print_path(name: str) -> None:
    """Print a file's name on stdout, byte by byte what the file system calls it."""
    typer.echo(os.fsencode(name))


def print_record(record: dict[str, Any], indent: int | None = None) -> None:
    """Print a JSON object on stdout; ASCII, so that names that are no text are told too."""
    typer.echo(json.dumps(record, indent=indent))


def error_line(error: PhotochromError) -> str:
    """An error in one line, options as flags of the command that runs."""
    return error.line(flag)


def print_error(words: PhotochromError | str) -> None:
    """Print one line on stderr; what would break the line or the terminal is escaped."""
    line = words if isinstance(words, str) else error_line(words)
    typer.echo(f"photochrom: {one_line(line)}", err=True)


@contextmanager
def show_warnings() -> Iterator[None]:
    """Print every warning of what is done inside as one line on stderr, each once."""
    told = set()

    def tell(message: Warning | str, *_: Any, **__: Any) -> None:
        if str(message) not in told:
            told.add(str(message))
            print_error(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = tell
        yield


def one_line(text: str) -> str:
    """A text without line breaks, control characters and lone surrogates."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
