"""Exit codes, and errors that become one line and an exit code."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from photochrom.cli.output import print_error
from photochrom.cli.streams import discard_lost_terminal
from photochrom.errors import ConfigError, MissingExtraError, PhotochromError

FAILED = 1
WRONG_USAGE = 2
_HUNG_UP = 129
_INTERRUPTED = 130


class HangUp(KeyboardInterrupt):
    """The terminal was closed (SIGHUP); ends the work as an interruption does."""


def raise_hang_up() -> None:
    """Raise `HangUp`."""
    raise HangUp


def on_hang_up(action: Callable[[], None]) -> None:
    """Call `action` when the terminal is closed; not where SIGHUP is ignored, as under `nohup`."""

    def handle(*_: object) -> None:
        discard_lost_terminal()
        action()

    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handle)  # Windows has none


def exit_code_of(interruption: KeyboardInterrupt) -> int:
    """The exit code of a command that was interrupted: 129 by SIGHUP, else 130."""
    return _HUNG_UP if isinstance(interruption, HangUp) else _INTERRUPTED


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print a PhotochromError as one line and exit: a ConfigError with 2, others with 1.

    An interruption that the command does not handle itself is a line, too.
    """
    try:
        yield
    except PhotochromError as error:
        print_error(error)
        wrong = isinstance(error, ConfigError)
        raise typer.Exit(WRONG_USAGE if wrong else FAILED) from error
    except KeyboardInterrupt as interruption:
        print_error("interrupted")
        raise typer.Exit(exit_code_of(interruption)) from None


@contextmanager
def needs_extra(what: str, extra: str) -> Iterator[None]:
    """Raise MissingExtraError, with the install command, where a package of an extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("photochrom"):
            raise
        raise MissingExtraError(what, extra) from error
