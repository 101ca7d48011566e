"""Files and folders that appear whole or not at all: written beside their name, then renamed.

While a file is written, it has a hidden name that begins with a digest of its target's name. So
what a killed process leaves can be recognized, and removed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PART = "photochrom-part"
"""Part of the name of a file that is being written."""


@contextmanager
def atomic_write(target: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield an empty file, which gets the target's name where the block succeeds.

    A file that has the name is replaced. durable: as for `move_into_place`.
    """
    with temporary_beside(target) as part:
        yield part
        move_into_place(part, target, durable=durable)


@contextmanager
def temporary_beside(target: Path, mode: int = 0o666) -> Iterator[Path]:
    """Yield an empty file in the target's folder, with its suffix; it is removed afterwards.

    mode: its permissions, less those of the umask.
    """
    part = _part_of(target)
    part.touch(mode, exist_ok=False)
    try:
        yield part
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


@contextmanager
def temporary_folder_beside(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside the target; it is removed afterwards, unless it was renamed.

    The target's folder is made where it is missing.
    """
    part = _part_of(target)
    part.mkdir(parents=True)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def move_into_place(
    part: Path, target: Path, *, overwrite: bool = True, durable: bool = False
) -> None:
    """Rename a finished file to its target, in the same file system.

    overwrite: whether a file that has the name is replaced; else FileExistsError is raised, also
    where another process took the name just now.
    durable: wait until the disk has the file and then its name, so that neither outlives a power
    cut without the other.
    """
    if durable:
        _make_durable(part)
    if overwrite:
        part.replace(target)
    else:
        _link_or_rename(part, target)
    if durable:
        _make_durable(target.parent)


def is_part(name: str) -> bool:
    """Whether a name is that of a file that is being written, or was when its process died."""
    return name.startswith(".") and _PART in name


def remove_parts(target: Path) -> None:
    """Remove the parts of a file, of its pages, or of a folder, that killed processes left."""
    with suppress(OSError):
        for entry in os.scandir(target.parent):
            if not (is_part(entry.name) and entry.name.startswith(_prefix(target))):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def _part_of(target: Path) -> Path:
    return target.with_name(f"{_prefix(target)}{secrets.token_hex(6)}.{_PART}{target.suffix}")


def _prefix(target: Path) -> str:
    whole = target.with_stem(re.sub(r"-\d+$", "", target.stem))  # a page's name without its number
    return f".{hashlib.sha256(os.fsencode(whole.name)).hexdigest()[:16]}-"


def _link_or_rename(part: Path, target: Path) -> None:
    try:
        os.link(part, target)  # of two processes that link to one name, one fails
    except FileExistsError:
        raise
    except OSError as error:  # a file system without links
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        part.replace(target)
    else:
        part.unlink()


def _make_durable(path: Path) -> None:
    """Wait until the disk has a file's content, or the names in a folder."""
    folder = path.is_dir()
    if folder and os.name != "posix":
        return
    # a file may be read-only, as its source is; Windows flushes only what it may write
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # of file systems without fsync
            raise
    finally:
        os.close(descriptor)
