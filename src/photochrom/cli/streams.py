"""The standard streams of the process: closed ones, broken pipes, full disks, lost terminals."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from photochrom.errors import PhotochromError, PhotoError, os_reason
from photochrom.photo.file_access import os_fault

_NAMES = ("stdin", "stdout", "stderr")
"""By descriptor, in `sys`."""
_NO_READER = (errno.EPIPE, errno.EIO)
"""Errors of an output that nobody reads any more: a pipe, or a terminal that was closed."""
_closed: set[str] = set()


def open_closed_streams() -> None:
    """Open the null device for each standard stream that the process was started without.

    The next file that is opened would get the free descriptor, and what is printed would go into
    that file.
    """
    for descriptor, name in enumerate(_NAMES):
        if getattr(sys, name) is not None or _is_open(descriptor):
            continue
        _closed.add(name)
        _discard(descriptor)
        stream = os.fdopen(descriptor, "r" if descriptor == 0 else "w", closefd=False)
        setattr(sys, name, stream)


def is_closed(name: str) -> bool:
    """Whether the process was started without one of stdin, stdout and stderr."""
    return name in _closed


def is_output_error(error: OSError) -> bool:
    """Whether an error that names no file may come from writing to standard output."""
    return error.errno in (*_NO_READER, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def has_reader(error: OSError) -> bool:
    """Whether somebody still reads the output whose writing raised this error."""
    return error.errno not in _NO_READER


def discard_output(descriptor: int) -> None:
    """Send everything that is still written to standard output or error to the null device."""
    with suppress(OSError):
        _discard(descriptor)


def discard_lost_terminal() -> None:
    """Do that for outputs to a terminal that was closed, where every write would fail."""
    for descriptor in (1, 2):
        with suppress(OSError):
            device = stat.S_ISCHR(os.fstat(descriptor).st_mode)
            if device and not os.isatty(descriptor):
                _discard(descriptor)


@contextmanager
def standard_output_errors() -> Iterator[None]:
    """Turn an error of writing to standard output into a PhotoError."""
    try:
        yield
    except PhotochromError:  # some are OSErrors too
        raise
    except OSError as error:
        discard_output(1)
        if has_reader(error):
            raise os_fault("standard output", error) from error
        remedy = "check the program that reads it"
        raise PhotoError("standard output", os_reason(error), remedy) from error


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _discard(descriptor: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null == descriptor:
        os.set_inheritable(descriptor, True)
        return
    os.dup2(null, descriptor)
    os.close(null)
