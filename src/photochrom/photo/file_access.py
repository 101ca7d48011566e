"""Files as the operating system gives them: opened, or refused in one line."""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from photochrom.errors import DiskFullError, PhotochromError, PhotoError, os_reason

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""How the address of something on another machine begins, as a path; C:/ is a path here."""


def opened(source: Path | bytes) -> BinaryIO:
    """A file, or the bytes of one, to be read."""
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


@contextmanager
def foreseen_os_errors(name: str) -> Iterator[None]:
    """Turn what the operating system says of a file or folder into one line that names it."""
    try:
        yield
    except PhotochromError:  # some are OSErrors too
        raise
    except FileNotFoundError as error:
        check_no_address(name)
        raise PhotoError(name, "no such file", "check the name") from error
    except OSError as error:
        raise os_fault(name, error) from error


def os_fault(name: str, error: OSError) -> PhotoError:
    """The error for what the operating system says of a file or folder."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(name, os_reason(error), "make room on the disk and try again")
    return PhotoError(name, os_reason(error), "choose another name or folder")


def check_no_address(name: str) -> None:
    """Raise PhotoError for the name of a file that is the address of one on another machine."""
    if _ADDRESS.match(name):
        raise PhotoError(name, "is an address, not a file here", "use its copy on this machine")


def file_state(path: Path) -> tuple[int, int, int]:
    """What tells a file from one that was written in its place: its number, length and time."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def check_source(source: Path | bytes, name: str) -> None:
    """Raise PhotoError for a file that is missing, empty or not ordinary."""
    if isinstance(source, Path):
        with foreseen_os_errors(name):
            size = source.stat().st_size
            if source.is_dir():
                raise PhotoError(name, "is a folder, not a photo", "name a photo in it")
            if not source.is_file():
                raise PhotoError(name, "is no ordinary file", "copy it to one first")
        if size == 0:
            raise PhotoError(name, "the file is empty", "copy it again from its source")
    elif not source:
        raise PhotoError(name, "no bytes arrived", "pipe an encoded photo in")
