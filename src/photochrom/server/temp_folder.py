"""A server's temporary folder: removed at its end, or at the next start after a kill."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "photochrom-"
_LOCK = "lock"
_YOUNGEST_S = 60.0
"""A folder made a moment ago may not have its lock yet."""


@contextmanager
def workplace(parent: Path | None) -> Iterator[Path]:
    """A folder that only this user reads, for as long as a server runs.

    parent: where; the system's folder of temporary files by default.
    """
    _remove_abandoned(Path(parent or tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        with FileLock(folder / _LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def removed_on_failure(folder: Path) -> Iterator[Callable[[], None]]:
    """Remove a folder where the work in it fails, or is cancelled.

    Yields the function that removes it, for work that ends after its client is gone.
    """
    remove = partial(shutil.rmtree, folder, ignore_errors=True)
    try:
        yield remove
    except BaseException:
        remove()
        raise


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders of servers that ended: no process holds their locks."""
    for folder in parent.glob(f"{PREFIX}*"):
        lock = folder / _LOCK
        with suppress(OSError, Timeout):
            if lock.is_file() and time.time() - lock.stat().st_mtime > _YOUNGEST_S:
                with FileLock(lock, timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
