"""Files of a cluster's job, wherever fsspec reaches them."""

from __future__ import annotations

import os
import posixpath
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photochrom._system.atomic import atomic_write
from photochrom._system.attributes import set_attributes

_EARLIEST = 10**17
"""1973, in nanoseconds: what stores without readable times have is a smaller number."""


def size_and_time(facts: dict[str, Any]) -> tuple[int, int]:
    """A file's size and time (ns, 0 where its store keeps none), of an entry as fsspec lists it."""
    names = ("mtime", "LastModified", "last_modified", "updated")
    when = next((facts[name] for name in names if facts.get(name)), 0)
    seconds = when.timestamp() if hasattr(when, "timestamp") else when
    try:
        return int(facts.get("size") or 0), int(float(seconds) * 1e9)
    except ValueError:  # a text, as some stores have it
        return int(facts.get("size") or 0), zlib.crc32(str(seconds).encode())


def fetch(system: Any, remote: str, path: Path) -> None:
    """Copy a photo here, with its modification time, and its permissions where it has any."""
    system.get_file(remote, str(path))
    if "file" in _protocols(system):
        shutil.copystat(remote, path)
        return
    _, modified = size_and_time(system.info(remote))
    if modified >= _EARLIEST:
        os.utime(path, ns=(modified, modified))


def deliver(system: Any, path: Path, target: str, keep_time: bool) -> None:
    """Write a file to a path of `system`, whole or not at all; stores have times of their own."""
    system.makedirs(posixpath.dirname(target), exist_ok=True)
    if "file" not in _protocols(system):
        system.put_file(str(path), target)  # stores show an object when it is complete
        return
    with atomic_write(Path(target), durable=True) as part:
        system.put_file(str(path), str(part))
        set_attributes(part, Path(target), path, keep_time=keep_time)


def _protocols(system: Any) -> Sequence[str]:
    names = system.protocol
    return [names] if isinstance(names, str) else names
