"""Exit codes, and errors that become one line and an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from photochrom.cli.output import print_error
from photochrom.errors import ConfigError, MissingExtraError, PhotochromError

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print a PhotochromError as one line and exit: a ConfigError with 2, others with 1."""
    try:
        yield
    except PhotochromError as error:
        print_error(error)
        wrong = isinstance(error, ConfigError)
        raise typer.Exit(WRONG_USAGE if wrong else FAILED) from error


@contextmanager
def needs_extra(what: str, extra: str) -> Iterator[None]:
    """Raise MissingExtraError, with the install command, where a package of an extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("photochrom"):
            raise
        raise MissingExtraError(what, extra) from error
